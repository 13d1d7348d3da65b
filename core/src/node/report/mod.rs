//! Reports: what a node says of itself and of its beliefs, in the words of Redis.
//!
//! One file per reply; the fields and their order are those of Redis 7.0.

mod info;
mod nodes;
mod role;
mod shards;
mod slots;

pub(super) use info::info;
pub(super) use nodes::{nodes, replicas};
pub(super) use role::{hello, role};
pub(super) use shards::shards;
pub(super) use slots::slots;

use super::Node;
use super::peers::{MYSELF, PeerIdx};
use crate::words::Addr;

/// An address as replies print it: empty while it is not known.
pub(super) fn ip_text(addr: Addr) -> String {
    if addr.ip.is_unspecified() { String::new() } else { addr.ip.to_string() }
}

/// The replication offset of a node, as this one knows it.
fn offset_of(node: &Node, index: PeerIdx) -> u64 {
    if index == MYSELF { node.replication.offset() } else { node.peers.cold(index).repl_offset }
}
