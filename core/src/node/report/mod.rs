//! Reports: what a node says of itself and of its beliefs, in the words of Redis.
//!
//! One file per reply; the fields and their order are those of Redis 7.0.

mod debug_help;
mod help;
mod info;
mod links;
mod nodes;
mod role;
mod server;
mod shards;
mod slots;

pub(super) use help::{
    acl_help, cluster_help, command_help, debug_help, function_help, latency_doctor, latency_help,
    memory_help, module_help, object_help, pubsub_help, slowlog_help,
};
pub(super) use info::info;
pub(super) use links::links;
pub(super) use nodes::{flag_names, flags_named, nodes, replicas};
pub(super) use role::{hello, role};
pub(super) use server::server_info;
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
