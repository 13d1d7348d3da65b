//! What became of the writes that a person's own clients made.
//!
//! The problem: "OK" says that one node has a write, and a person wants to know who has it now. The
//! idea: what a write should have left behind is known from its command and its reply; the
//! keyspaces of the moment say who has that. Only the newest acknowledged write of a key can be
//! looked for, as every later one replaces it. Of commands whose effect depends on what was there
//! before, such as APPEND, of values that expire, and of keys that a workload writes as well,
//! nothing is claimed but the answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::names::Names;
use super::slot_map::owner_in;
use super::stage::{Stage, Truth};
use crate::data::{Keyspace, Reply, Value, row};
use crate::words::{ActorId, Span, Time, quote_arg, slot_of_key};
use crate::world::World;
use crate::world::client::{ClientNote, Then};
use crate::world::event::{Event, EventKind};
use crate::world::trace::Trace;

/// One write of a person's own client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnWrite {
    /// The position of the event in which it was asked for the last time.
    pub position: usize,
    pub elapsed: Span,
    pub client: String,
    pub command: String,
    pub key: String,
    pub fate: Fate,
}

/// What became of a write, at the moment that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// No answer yet.
    Open,
    /// The answer was an error, or that nothing was changed.
    Refused(String),
    /// The connection ended without an answer: it may have happened, or not.
    Unanswered,
    /// It was acknowledged, and what it left behind cannot be told from its command.
    Acknowledged { by: u16 },
    /// It was acknowledged, and a later one of the same key was, too.
    Replaced { by: u16 },
    /// The owner of the slot has it, and so have these other nodes that run.
    Kept { owner: u16, copies: Vec<u16> },
    /// It was acknowledged, and who owns the slot now does not have it.
    Lost { by: u16, owner: Option<u16>, copies: Vec<u16> },
}

/// At most so many writes are told, the newest.
const OWN_MAX: usize = 50;

/// A write that was asked for, and what is known of its answer.
struct Asked {
    position: usize,
    at: Time,
    client: ActorId,
    args: Vec<Bytes>,
    key: Bytes,
    answer: Answer,
}

enum Answer {
    Open,
    Lost,
    Given { by: u16, reply: Reply },
}

/// The writes of all clients among the first `until` events, oldest first.
pub fn own_writes(world: &World, trace: &Trace, stage: &Stage, until: usize) -> Vec<OwnWrite> {
    let names = Names::of(world);
    let asked = asked(trace, until);
    let newest = newest(&asked);
    let first = asked.len().saturating_sub(OWN_MAX);
    let told = |(index, write): (usize, &Asked)| OwnWrite {
        position: write.position,
        elapsed: write.at.since(world.origin()),
        client: names.actor(write.client).to_owned(),
        command: write.args.iter().map(|arg| quote_arg(arg)).collect::<Vec<_>>().join(" "),
        key: quote_arg(&write.key),
        fate: fate(world, stage, write, newest.get(&write.key) == Some(&index)),
    };
    asked.iter().enumerate().skip(first).map(told).collect()
}

/// The newest acknowledged write of each key. A node that was told to flush has none any more.
fn newest(asked: &[Asked]) -> BTreeMap<Bytes, usize> {
    let mut newest: BTreeMap<Bytes, usize> = BTreeMap::new();
    for (index, write) in asked.iter().enumerate() {
        let Some(by) = acknowledged(write) else { continue };
        if is_named(write, "flushall") || is_named(write, "flushdb") {
            newest.retain(|_, &mut known| acknowledged(&asked[known]) != Some(by));
        }
        newest.insert(write.key.clone(), index);
    }
    newest
}

/// Reads the notes of clients: a command that was sent on counts once, as it was asked last.
fn asked(trace: &Trace, until: usize) -> Vec<Asked> {
    let mut writes: Vec<Asked> = Vec::new();
    let mut open: BTreeMap<ActorId, usize> = BTreeMap::new();
    for position in trace.start()..until.min(trace.len()) {
        let Some(event) = trace.get(position) else { continue };
        let EventKind::Client(note) = &event.kind else { continue };
        let client = event.id.owner;
        match &**note {
            ClientNote::Asked { args, .. } => {
                let Some(write) = write_of(event, position, args) else {
                    // ASKING, and the question for the map, stand between two tries.
                    continue;
                };
                let again = open.get(&client).copied();
                match again.filter(|&index| writes[index].args == write.args) {
                    Some(index) => writes[index] = write,
                    None => {
                        writes.push(write);
                        open.insert(client, writes.len() - 1);
                    }
                }
            }
            ClientNote::Answered { node, reply, .. } => {
                if let Some(index) = open.remove(&client) {
                    let (by, reply) = (node.port(), reply.clone());
                    writes[index].answer = Answer::Given { by, reply };
                }
            }
            ClientNote::Failed { then: Then::GivesUp, .. } => {
                if let Some(index) = open.remove(&client) {
                    writes[index].answer = Answer::Lost;
                }
            }
            _ => {}
        }
    }
    writes
}

fn write_of(event: &Event, position: usize, args: &[Bytes]) -> Option<Asked> {
    let row = row(args.first()?).filter(|row| row.is_write())?;
    let key = row.keys_of(args).next().cloned().unwrap_or_default();
    let (at, client, args) = (event.at, event.id.owner, args.to_vec());
    Some(Asked { position, at, client, args, key, answer: Answer::Open })
}

/// Who acknowledged a write.
fn acknowledged(write: &Asked) -> Option<u16> {
    match &write.answer {
        Answer::Given { by, reply } if !is_refusal(write, reply) => Some(*by),
        _ => None,
    }
}

/// Whether a reply says that nothing was written.
fn is_refusal(write: &Asked, reply: &Reply) -> bool {
    match reply {
        Reply::Error(_) => true,
        Reply::Null => is_named(write, "set") && !has_get(write),
        Reply::Integer(0) => is_named(write, "setnx") || is_named(write, "msetnx"),
        _ => false,
    }
}

fn is_named(write: &Asked, name: &str) -> bool {
    write.args[0].eq_ignore_ascii_case(name.as_bytes())
}

/// SET with GET answers with the old value, whether or not it wrote.
fn has_get(write: &Asked) -> bool {
    write.args.iter().skip(3).any(|arg| arg.eq_ignore_ascii_case(b"get"))
}

fn fate(world: &World, stage: &Stage, write: &Asked, is_newest: bool) -> Fate {
    let (by, reply) = match &write.answer {
        Answer::Open => return Fate::Open,
        Answer::Lost => return Fate::Unanswered,
        Answer::Given { by, reply } => (*by, reply),
    };
    if is_refusal(write, reply) {
        return Fate::Refused(match reply {
            Reply::Error(text) => text.clone(),
            _ => "nothing was changed".to_owned(),
        });
    }
    if !is_newest {
        return Fate::Replaced { by };
    }
    let is_shared = world.workload().is_some() && write.key.starts_with(b"key:");
    let expected = left_behind(write, reply).filter(|_| !is_shared);
    let Some(expected) = expected else { return Fate::Acknowledged { by } };
    let owner = owner_in(&stage.ring, slot_of_key(&write.key));
    let is_running = |port: u16| {
        let mut nodes = stage.nodes.iter();
        nodes.any(|node| node.port == port && node.truth != Truth::Gone)
    };
    let has_it = |keyspace: &Keyspace| value(keyspace, &write.key) == expected.as_ref();
    let mut holders: Vec<u16> = world
        .servers()
        .map(|(_, port, server)| (port.number(), server.node.keyspace()))
        .filter(|&(port, keyspace)| is_concerned(world, port, owner) && has_it(keyspace))
        .map(|(port, _)| port)
        .filter(|&port| is_running(port) || Some(port) == owner)
        .collect();
    holders.sort_unstable();
    let (own, copies): (Vec<u16>, Vec<u16>) =
        holders.into_iter().partition(|&port| Some(port) == owner);
    match own.first() {
        Some(&owner) => Fate::Kept { owner, copies },
        None => Fate::Lost { by, owner, copies },
    }
}

/// Whether a node is the owner, or follows it: nobody else should have the key, and not to have a
/// key that was deleted is no copy of anything.
fn is_concerned(world: &World, port: u16, owner: Option<u16>) -> bool {
    let node_at = |wanted: u16| {
        world.servers().find(|(_, port, _)| port.number() == wanted).map(|(_, _, server)| server)
    };
    let Some(owner) = owner else { return true };
    let follows = || {
        let master = node_at(port).and_then(|server| server.node.master());
        master.is_some() && master == node_at(owner).map(|server| server.node.id())
    };
    port == owner || follows()
}

fn value<'a>(keyspace: &'a Keyspace, key: &[u8]) -> Option<&'a Bytes> {
    keyspace.get_stored(key).map(|Value::String(bytes)| bytes)
}

/// What stands at the key after the write: `Some(None)` is no value; nothing if it cannot be told.
fn left_behind(write: &Asked, reply: &Reply) -> Option<Option<Bytes>> {
    let name = String::from_utf8_lossy(&write.args[0]).to_ascii_lowercase();
    let arg = |index: usize| write.args.get(index).cloned();
    match (name.as_str(), reply) {
        ("set", Reply::Simple(_)) if write.args.len() == 3 => arg(2).map(Some),
        ("setnx" | "getset" | "mset" | "msetnx", _) if write.args.len() == 3 => arg(2).map(Some),
        ("incr" | "incrby" | "decr" | "decrby", Reply::Integer(now)) => {
            Some(Some(Bytes::from(now.to_string())))
        }
        ("del" | "unlink" | "getdel", _) => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::stage;
    use crate::world::session::Session;
    use crate::world::setup::Setup;
    use crate::world::step::Step;

    fn fates(lines: &[&str]) -> Vec<Fate> {
        let mut session = Session::new(Setup::default());
        for line in lines {
            session.apply(&Step::parse(line).unwrap());
        }
        let (world, trace) = (session.world(), session.trace());
        let told = own_writes(world, trace, &stage(world), trace.len());
        told.into_iter().map(|write| write.fate).collect()
    }

    #[test]
    fn a_write_that_was_replicated_is_kept_and_a_later_one_replaces_it() {
        let kept = Fate::Kept { owner: 7002, copies: vec![7005] };
        assert_eq!(fates(&["7002> SET foo a", "$ run 1s"]), std::slice::from_ref(&kept));
        let twice = fates(&["> SET foo a", "> SET foo b", "> GET foo", "$ run 1s"]);
        assert_eq!(twice, [Fate::Replaced { by: 7002 }, kept]);
    }

    #[test]
    fn what_was_not_written_is_said() {
        let moved = Fate::Refused("MOVED 12182 127.0.0.1:7002".to_owned());
        assert_eq!(fates(&["7000> SET foo a"]), [moved]);
        let twice = fates(&["7002> SET foo a NX", "7002> SET foo b NX"]);
        assert_eq!(twice[1], Fate::Refused("nothing was changed".to_owned()));
    }

    #[test]
    fn a_write_that_no_replica_has_is_lost_with_its_master() {
        let told = fates(&[
            "$ drop replication 7002 -> 7005",
            "7002> SET foo a",
            "$ kill 7002",
            "$ run until 7005 is master",
        ]);
        assert_eq!(told, [Fate::Lost { by: 7002, owner: Some(7005), copies: vec![] }]);
    }

    #[test]
    fn nothing_is_claimed_of_what_expires() {
        let told = fates(&["7002> SET foo a PX 100", "$ run 1s"]);
        assert_eq!(told, [Fate::Acknowledged { by: 7002 }]);
    }
}
