//! CLUSTER SLOTS (Redis 7.0, `cluster.c: clusterReplyMultiBulkSlots`).

use super::{ip_text, offset_of};
use crate::data::Reply;
use crate::node::Node;
use crate::node::peers::PeerIdx;

/// Each run of slots with its master and those replicas that are not failed and have data.
pub(in crate::node) fn slots(node: &Node) -> Reply {
    let runs = node.slots.runs().into_iter().map(|(first, last, owner)| {
        let bound = |slot: crate::words::Slot| Reply::Integer(i64::from(slot.number()));
        let mut run = vec![bound(first), bound(last), describe(node, owner)];
        let replicas = node.peers.cold(owner).replicas.iter().copied();
        let available =
            |&index: &PeerIdx| !node.peers[index].is_fail() && offset_of(node, index) != 0;
        run.extend(replicas.filter(available).map(|index| describe(node, index)));
        Reply::Array(run)
    });
    Reply::Array(runs.collect())
}

fn describe(node: &Node, index: PeerIdx) -> Reply {
    let peer = &node.peers[index];
    Reply::Array(vec![
        Reply::bulk(ip_text(peer.addr)),
        Reply::Integer(i64::from(peer.addr.port)),
        Reply::bulk(peer.id.to_string()),
        Reply::Map(Vec::new()),
    ])
}
