//! ROLE and HELLO (Redis 7.0, `replication.c: roleCommand`, `networking.c: helloCommand`).

use super::ip_text;
use crate::data::{Protocol, Reply};
use crate::node::Node;
use crate::node::replication::LinkPhase;

/// The node's part in replication.
pub(in crate::node) fn role(node: &Node) -> Reply {
    let replication = &node.replication;
    let (Some(phase), Some(addr)) = (replication.link_phase(), replication.source_addr()) else {
        return master_role(node);
    };
    let connected = phase == LinkPhase::Connected;
    let offset = if connected { replication.offset() as i64 } else { -1 };
    Reply::Array(vec![
        Reply::bulk("slave"),
        Reply::bulk(ip_text(addr)),
        Reply::Integer(i64::from(addr.port)),
        Reply::bulk(phase.name()),
        Reply::Integer(offset),
    ])
}

fn master_role(node: &Node) -> Reply {
    let replicas = node.replication.online_replicas().map(|(ip, port, acked)| {
        let fields = [ip.to_string(), port.to_string(), acked.to_string()];
        Reply::Array(fields.map(Reply::bulk).into())
    });
    Reply::Array(vec![
        Reply::bulk("master"),
        Reply::Integer(node.replication.offset() as i64),
        Reply::Array(replicas.collect()),
    ])
}

/// What the server says of itself to a client that says hello.
pub(in crate::node) fn hello(node: &Node, client_id: u64, protocol: Protocol) -> Reply {
    let replica = node.peers.me().is_replica();
    let version = match protocol {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    };
    let field = |name: &'static str, value: Reply| (Reply::bulk(name), value);
    Reply::Map(vec![
        field("server", Reply::bulk("redis")),
        field("version", Reply::bulk("7.0.15")),
        field("proto", Reply::Integer(version)),
        field("id", Reply::Integer(client_id as i64)),
        field("mode", Reply::bulk("cluster")),
        field("role", Reply::bulk(if replica { "replica" } else { "master" })),
        field("modules", Reply::Array(Vec::new())),
    ])
}
