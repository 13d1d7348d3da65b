//! CLUSTER SLOTS (Redis 7.0, `cluster.c: clusterReplyMultiBulkSlots`).

use super::{ip_text, offset_of};
use crate::data::Reply;
use crate::node::Node;
use crate::node::config::Endpoint;
use crate::node::peers::PeerIdx;

/// Each run of slots with its master and those replicas that are not failed and have data.
pub(in crate::node) fn slots(node: &Node) -> Reply {
    let runs = node.slots.runs().into_iter().map(|(first, last, owner)| {
        let bound = |slot: crate::words::Slot| Reply::Integer(i64::from(slot.number()));
        let mut run = vec![bound(first), bound(last), describe(node, owner)];
        let replicas = node.peers.replicas_of(owner);
        let available =
            |&index: &PeerIdx| !node.peers[index].is_fail() && offset_of(node, index) != 0;
        run.extend(replicas.filter(available).map(|index| describe(node, index)));
        Reply::Array(run)
    });
    Reply::Array(runs.collect())
}

/// One node: its preferred endpoint, and in the last element the others that are known.
fn describe(node: &Node, index: PeerIdx) -> Reply {
    let peer = &node.peers[index];
    let preferred = node.config.preferred_endpoint;
    let endpoint = match preferred {
        Endpoint::Unknown => Reply::Null,
        Endpoint::Ip | Endpoint::Hostname => Reply::bulk(node.endpoint_of(index)),
    };
    let mut others = Vec::new();
    if preferred != Endpoint::Ip {
        others.push((Reply::bulk("ip"), Reply::bulk(ip_text(peer.addr))));
    }
    if let (true, Some(hostname)) = (preferred != Endpoint::Hostname, node.hostname_of(index)) {
        others.push((Reply::bulk("hostname"), Reply::bulk(hostname.to_owned())));
    }
    Reply::Array(vec![
        endpoint,
        Reply::Integer(i64::from(peer.addr.port)),
        Reply::bulk(peer.id.to_string()),
        Reply::Map(others),
    ])
}
