//! CLUSTER SHARDS (Redis 7.0, `cluster.c: clusterReplyShards`).

use super::{ip_text, offset_of};
use crate::data::Reply;
use crate::node::Node;
use crate::node::peers::PeerIdx;

/// One shard for each master that is known, its own node first.
pub(in crate::node) fn shards(node: &Node) -> Reply {
    let masters = node.peers.indices().iter().filter(|&&index| node.peers[index].is_master());
    Reply::Array(masters.map(|&master| shard(node, master)).collect())
}

fn shard(node: &Node, master: PeerIdx) -> Reply {
    let cold = node.peers.cold(master);
    let bounds = cold.slots().ranges().into_iter().flat_map(|range| [range.first, range.last]);
    let bounds = bounds.map(|slot| Reply::Integer(i64::from(slot.number()))).collect();
    let members = std::iter::once(master).chain(node.peers.replicas_of(master));
    let members = members.map(|index| member(node, index)).collect();
    Reply::Map(vec![
        (Reply::bulk("slots"), Reply::Array(bounds)),
        (Reply::bulk("nodes"), Reply::Array(members)),
    ])
}

fn member(node: &Node, index: PeerIdx) -> Reply {
    let peer = &node.peers[index];
    let offset = offset_of(node, index);
    let health = match (peer.is_fail(), peer.is_replica() && offset == 0) {
        (true, _) => "fail",
        (false, true) => "loading",
        (false, false) => "online",
    };
    let role = if peer.is_master() { "master" } else { "replica" };
    let field = |name: &'static str, value: Reply| (Reply::bulk(name), value);
    let mut fields = vec![field("id", Reply::bulk(peer.id.to_string()))];
    if peer.addr.port != 0 {
        fields.push(field("port", Reply::Integer(i64::from(peer.addr.port))));
    }
    fields.extend([
        field("ip", Reply::bulk(ip_text(peer.addr))),
        field("endpoint", Reply::bulk(node.endpoint_of(index))),
    ]);
    if let Some(hostname) = node.hostname_of(index) {
        fields.push(field("hostname", Reply::bulk(hostname.to_owned())));
    }
    fields.extend([
        field("role", Reply::bulk(role)),
        field("replication-offset", Reply::Integer(offset as i64)),
        field("health", Reply::bulk(health)),
    ]);
    Reply::Map(fields)
}
