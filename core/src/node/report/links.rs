//! CLUSTER LINKS (Redis 7.0, `cluster.c: addReplyClusterLinksDescription`).

use crate::data::Reply;
use crate::node::Node;
use crate::node::links::{Conn, LinkState};
use crate::words::{ConnId, NodeId};

/// The links of every peer: the one that this node opened, then the one that the peer did.
pub(in crate::node) fn links(node: &Node) -> Reply {
    let mut list = Vec::new();
    for &index in node.peers.indices() {
        let (id, inbound) = (node.peers[index].id, node.peers.cold(index).inbound);
        let ends = node.peers[index].link.into_iter().chain(inbound);
        list.extend(ends.filter_map(|conn| describe(node, id, conn)));
    }
    Reply::Array(list)
}

/// One link. What is sent leaves at once here, so the buffers are as Redis shows those of a link
/// that has been idle since its last tick: empty, and given back. A link that is not up yet waits
/// for nothing.
fn describe(node: &Node, id: NodeId, conn: ConnId) -> Option<Reply> {
    let (direction, created_ms, events) = match *node.conns.get(conn)? {
        Conn::ToPeer { created_ms, state: LinkState::Up, .. } => ("to", created_ms, "r"),
        Conn::ToPeer { created_ms, state: LinkState::Connecting, .. } => ("to", created_ms, ""),
        Conn::FromPeer { created_ms, .. } => ("from", created_ms, "r"),
        Conn::FromClient(_) | Conn::ToMaster | Conn::FromReplica(_) | Conn::ToTarget => {
            return None;
        }
    };
    let field = |name: &'static str, value: Reply| (Reply::bulk(name), value);
    Some(Reply::Map(vec![
        field("direction", Reply::bulk(direction)),
        field("node", Reply::bulk(id.to_string())),
        field("create-time", Reply::Integer(created_ms as i64)),
        field("events", Reply::bulk(events)),
        field("send-buffer-allocated", Reply::Integer(0)),
        field("send-buffer-used", Reply::Integer(0)),
    ]))
}
