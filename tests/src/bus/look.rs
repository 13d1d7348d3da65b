//! What can be seen of a node, as lines that are the same on both sides.

use std::io;

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::words::split_args;

use super::script::{Link, OTHERS, STRANGER, named, with_ids};
use super::side::Side;

/// What can be seen of a node after a step.
pub type Seen = Vec<String>;

/// Adds what can be seen of a node, which has written these lines.
pub fn look(side: &mut impl Side, written: Vec<String>, seen: &mut Seen) -> io::Result<()> {
    for peer in OTHERS {
        for link in [Link::Nodes, Link::Peers] {
            seen.push(format!("{link:?} links to {peer}: {}", side.links(peer, link)));
            let mut heard = side.heard(peer, link);
            // Others may be said to be where the stranger is: then it has several links.
            if peer == STRANGER {
                heard.sort_by(|one, other| one.text.cmp(&other.text));
            }
            seen.extend(heard.iter().map(|heard| named(&format!("{peer} hears {}", heard.text))));
        }
    }
    for line in ["CLUSTER NODES", "CLUSTER INFO"] {
        let reply = side.ask(&call(line))?;
        let Some(Reply::Bulk(text)) = &reply else { panic!("{line}: {reply:?}") };
        let text = String::from_utf8_lossy(text);
        seen.extend(if line == "CLUSTER INFO" { info(&text) } else { rows(line, &text) });
    }
    seen.extend(rows(FILE, &side.nodes_conf()?));
    seen.extend(log(written));
    Ok(())
}

const FILE: &str = "nodes.conf";

/// The rows of a table of nodes, without the times of ping and pong. nodes.conf does not follow
/// links, nor a change of the node's own port while it was down.
fn rows(table: &str, text: &str) -> Seen {
    let row = |line: &str| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if words.len() > 7 {
            if table == FILE {
                words.remove(7);
            }
            words.drain(4..6);
            if words[2].contains("myself") {
                words.remove(1);
            }
        }
        named(&format!("{table}: {}", words.join(" ")))
    };
    let mut rows: Seen = text.lines().filter(|line| !line.is_empty()).map(row).collect();
    rows.sort();
    rows
}

/// What CLUSTER INFO tells that does not depend on time.
const INFO: [&str; 8] = [
    "cluster_state",
    "cluster_slots_assigned",
    "cluster_slots_pfail",
    "cluster_slots_fail",
    "cluster_known_nodes",
    "cluster_size",
    "cluster_current_epoch",
    "cluster_my_epoch",
];

fn info(text: &str) -> Seen {
    let is_told = |line: &&str| INFO.iter().any(|name| line.starts_with(name));
    text.lines().filter(is_told).map(|line| line.trim_end().to_owned()).collect()
}

/// What comes again and again, tells of sockets, or has a random id in it: how lines begin that are
/// not compared.
const OTHER_LINES: [&str; 9] = [
    "# Setting secondary replication ID",
    "- Accept",
    "- Connection with Node",
    "* Connecting to MASTER",
    "* MASTER <-> REPLICA sync started",
    "# Error condition on socket for SYNC",
    "- DB 0",
    "- Client closed",
    "- I/O error",
];

fn log(lines: Vec<String>) -> Seen {
    let is_other = |line: &String| OTHER_LINES.iter().any(|other| line.starts_with(other));
    let line = |line: String| {
        // What follows is how long it is to a next vote, or to an election.
        let lead = [" before ", " delayed for "].iter().find_map(|word| line.split_once(word));
        named(&format!("log: {}", lead.map_or(&line[..], |(lead, _)| lead)))
    };
    lines.into_iter().filter(|line| !is_other(line)).map(line).collect()
}

/// A reply; rows of nodes without their times.
pub fn shown(reply: Option<Reply>) -> Seen {
    match &reply {
        Some(Reply::Array(list)) => {
            let text = |item: &Reply| match item {
                Reply::Bulk(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{other:?}"),
            };
            rows("reply", &list.iter().map(text).collect::<Vec<_>>().join("\n"))
        }
        other => vec![named(&format!("reply: {other:?}"))],
    }
}

/// The call that a line of a script spells.
pub fn call(line: &str) -> Vec<Bytes> {
    split_args(&with_ids(line)).expect("a line of a script is a call")
}
