//! A look at all nodes: what each of them says of itself and of the others, in small parts.
//!
//! A part is compared by itself: of CLUSTER NODES the line about one node, of INFO a field. What
//! grows with time is masked. Looking is asking what any client may ask; it changes nothing.

use std::collections::BTreeMap;

use hashslot_core::data::Reply;
use hashslot_core::world::step::Port;

use super::masks::masked;

/// One thing that can be seen of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub node: Port,
    pub aspect: Aspect,
    /// Of what within the reply: a node's address, a field, the slots of a shard.
    pub about: String,
}

/// Where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    State,
    Role,
    Nodes,
    Slots,
    Shards,
    Info,
}

/// What is seen at one moment.
pub type Look = BTreeMap<Place, String>;

/// An aspect: the call that shows it, and how its reply falls into parts.
struct Row {
    aspect: Aspect,
    words: &'static [&'static str],
    parts: fn(&Reply) -> Vec<(String, String)>,
}

const ROWS: &[Row] = &[
    Row {
        aspect: Aspect::State,
        words: &["CLUSTER", "INFO"],
        parts: |reply| fields(reply, STATE_FIELDS),
    },
    Row { aspect: Aspect::Role, words: &["ROLE"], parts: |reply| vec![whole(reply)] },
    Row { aspect: Aspect::Nodes, words: &["CLUSTER", "NODES"], parts: lines_by_address },
    Row { aspect: Aspect::Slots, words: &["CLUSTER", "SLOTS"], parts: items },
    Row { aspect: Aspect::Shards, words: &["CLUSTER", "SHARDS"], parts: items },
    Row {
        aspect: Aspect::Info,
        words: &["INFO", "replication"],
        parts: |reply| fields(reply, INFO_FIELDS),
    },
    Row {
        aspect: Aspect::Info,
        words: &["INFO", "keyspace"],
        parts: |reply| fields(reply, &["db0"]),
    },
];

const STATE_FIELDS: &[&str] = &[
    "cluster_state",
    "cluster_slots_assigned",
    "cluster_slots_ok",
    "cluster_slots_pfail",
    "cluster_slots_fail",
    "cluster_known_nodes",
    "cluster_size",
    "cluster_current_epoch",
    "cluster_my_epoch",
];

/// The fields of INFO whose values follow from the script, and not from time or machine.
const INFO_FIELDS: &[&str] =
    &["role", "connected_slaves", "master_host", "master_port", "master_link_status"];

impl Aspect {
    pub fn name(self) -> &'static str {
        match self {
            Aspect::State => "CLUSTER INFO",
            Aspect::Role => "ROLE",
            Aspect::Nodes => "CLUSTER NODES",
            Aspect::Slots => "CLUSTER SLOTS",
            Aspect::Shards => "CLUSTER SHARDS",
            Aspect::Info => "INFO",
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (node, aspect) = (self.node, self.aspect.name());
        match self.about.is_empty() {
            true => write!(f, "{node}> {aspect}"),
            false => write!(f, "{node}> {aspect}, {}", self.about),
        }
    }
}

/// Looks at nodes through `ask`, which gives a node's reply, or nothing if it does not run.
pub fn look(ports: &[Port], mut ask: impl FnMut(Port, &[&str]) -> Option<Reply>) -> Look {
    let mut look = Look::new();
    for &node in ports {
        for row in ROWS {
            let Some(reply) = ask(node, row.words) else { break };
            let call: Vec<bytes::Bytes> =
                row.words.iter().map(|word| (*word).to_owned().into()).collect();
            for (about, value) in (row.parts)(&masked(&call, reply)) {
                let place = Place { node, aspect: row.aspect, about };
                let seen = look.entry(place).or_default();
                if !seen.is_empty() {
                    seen.push_str(" | ");
                }
                seen.push_str(&value);
            }
        }
    }
    look
}

fn text_of(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(text) | Reply::Verbatim { text, .. } => {
            String::from_utf8_lossy(text).into_owned()
        }
        other => flat(other),
    }
}

fn fields(reply: &Reply, wanted: &[&str]) -> Vec<(String, String)> {
    let text = text_of(reply);
    let pairs = text.lines().filter_map(|line| line.trim_end().split_once(':'));
    let wanted = pairs.filter(|(name, _)| wanted.contains(name));
    wanted.map(|(name, value)| (name.to_owned(), first_part(name, value))).collect()
}

/// Of a database the number of its keys; the rest depends on time.
fn first_part(name: &str, value: &str) -> String {
    let is_database = name.starts_with("db");
    let part = if is_database { value.split(',').next().unwrap_or_default() } else { value };
    part.to_owned()
}

fn whole(reply: &Reply) -> (String, String) {
    (String::new(), flat(reply))
}

/// The lines of CLUSTER NODES by the address of the node that they are about.
fn lines_by_address(reply: &Reply) -> Vec<(String, String)> {
    let text = text_of(reply);
    let part = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (_id, address, rest) = (words.next()?, words.next()?, words.next()?);
        let address = address.split('@').next().unwrap_or_default();
        let rest = rest.replace("<time> <time> ", "").replace("myself,", "");
        Some((address.to_owned(), rest))
    };
    text.lines().filter_map(part).collect()
}

/// The items of a list by what stands first in each: their slots.
fn items(reply: &Reply) -> Vec<(String, String)> {
    let Reply::Array(items) = reply else { return vec![whole(reply)] };
    let about = |item: &Reply| match item {
        Reply::Array(parts) => match parts.as_slice() {
            [Reply::Integer(first), Reply::Integer(last), ..] => format!("{first}-{last}"),
            [_, slots, ..] => flat(slots),
            _ => String::new(),
        },
        _ => String::new(),
    };
    items.iter().map(|item| (about(item), flat(item))).collect()
}

/// A reply on one line.
pub fn flat(reply: &Reply) -> String {
    let all = |items: &[Reply]| items.iter().map(flat).collect::<Vec<_>>().join(" ");
    match reply {
        Reply::Simple(text) => text.to_string(),
        Reply::Error(text) => format!("(error) {text}"),
        Reply::Integer(number) => number.to_string(),
        Reply::Bulk(text) | Reply::Verbatim { text, .. } => {
            String::from_utf8_lossy(text).into_owned()
        }
        Reply::Null | Reply::NullArray => "(nil)".to_owned(),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => format!("[{}]", all(items)),
        Reply::Map(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{}={}", flat(name), flat(value)))
                .collect();
            format!("[{}]", pairs.join(" "))
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_falls_into_parts_that_are_compared_by_themselves() {
        let node = Port::new(7000).unwrap();
        let id = "a".repeat(40);
        let seen = look(&[node], |_, words| {
            Some(match words {
                ["CLUSTER", "INFO"] => Reply::bulk("cluster_state:ok\r\ncluster_stats_x:1\r\n"),
                ["CLUSTER", "NODES"] => Reply::bulk(format!(
                    "{id} 127.0.0.1:7000@17000 myself,master - 0 12 1 connected 0-9\n"
                )),
                _ => Reply::Array(Vec::new()),
            })
        });
        let shown: Vec<String> = seen.iter().map(|(at, value)| format!("{at}: {value}")).collect();
        let wanted = [
            "7000> CLUSTER INFO, cluster_state: ok",
            "7000> ROLE: []",
            "7000> CLUSTER NODES, 127.0.0.1:7000: master - 1 connected 0-9",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn a_node_that_does_not_run_shows_nothing() {
        assert_eq!(look(&[Port::new(7000).unwrap()], |_, _| None), Look::new());
    }
}
