//! CLUSTER NODES and REPLICAS (Redis 7.0, `cluster.c: clusterGenNodesDescription,
//! clusterCommand`).

use std::fmt::Write;

use super::ip_text;
use crate::data::Reply;
use crate::node::Node;
use crate::node::nodes_conf::write_open;
use crate::node::peers::{Flags, MYSELF, PeerIdx};

/// The flags that are shown, in the order in which they are.
const FLAG_NAMES: [(Flags, &str); 8] = [
    (Flags::MYSELF, "myself"),
    (Flags::MASTER, "master"),
    (Flags::REPLICA, "slave"),
    (Flags::PFAIL, "fail?"),
    (Flags::FAIL, "fail"),
    (Flags::HANDSHAKE, "handshake"),
    (Flags::NOADDR, "noaddr"),
    (Flags::NOFAILOVER, "nofailover"),
];

/// One line for each node that is known.
pub(in crate::node) fn nodes(node: &Node) -> Reply {
    let mut text = String::new();
    for &index in node.peers.indices() {
        line(node, index, &mut text);
        text.push('\n');
    }
    Reply::verbatim(text)
}

/// The same line, without its end, for each replica of a master.
pub(in crate::node) fn replicas(node: &Node, master: PeerIdx) -> Reply {
    let lines = node.peers.replicas_of(master).map(|index| {
        let mut text = String::new();
        line(node, index, &mut text);
        Reply::bulk(text)
    });
    Reply::Array(lines.collect())
}

fn line(node: &Node, index: PeerIdx, text: &mut String) {
    let peer = &node.peers[index];
    let addr = peer.addr;
    let shard = node.peers.shard_master(index).unwrap_or(index);
    let epoch = node.peers.cold(shard).config_epoch;
    let master = match peer.master {
        Some(master) => node.peers[master].id.to_string(),
        None => "-".to_owned(),
    };
    let linked = index == MYSELF || peer.link.is_some();
    let written = write!(
        text,
        "{} {}:{}@{}{} {} {} {} {} {} {}",
        peer.id,
        ip_text(addr),
        addr.port,
        addr.bus_port,
        node.hostname_of(index).map(|name| format!(",{name}")).unwrap_or_default(),
        flag_names(peer.flags),
        master,
        peer.ping_sent_ms,
        peer.pong_received_ms,
        epoch,
        if linked { "connected" } else { "disconnected" },
    );
    written.expect("a String takes all that is written");
    for range in node.peers.cold(index).slots().ranges() {
        write!(text, " {range}").expect("a String takes all that is written");
    }
    if index == MYSELF {
        open_slots(node, text);
    }
}

fn open_slots(node: &Node, text: &mut String) {
    for (slot, open) in node.open.iter() {
        write_open(slot, open.map(|peer| node.peers[peer].id), text);
    }
}

pub(in crate::node) fn flag_names(flags: Flags) -> String {
    let shown = FLAG_NAMES.iter().filter(|(flag, _)| flags.any(*flag));
    let names: Vec<&str> = shown.map(|&(_, name)| name).collect();
    if names.is_empty() { "noflags".to_owned() } else { names.join(",") }
}

/// The flags of these names; nothing if one is not known.
pub(in crate::node) fn flags_named(names: &str) -> Option<Flags> {
    let mut flags = Flags::NONE;
    for name in names.split(',').filter(|name| *name != "noflags") {
        let (flag, _) = FLAG_NAMES.iter().find(|(_, known)| *known == name)?;
        flags.set(*flag);
    }
    Some(flags)
}
