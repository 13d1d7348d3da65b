//! What may be sent to a cluster that is not ours.
//!
//! A list that was gone through command by command: what is on it reads or writes only the keys
//! that it names, or asks about the cluster. What changes the cluster needs the leave of whoever
//! plays the lesson, kind by kind. What is not on it is never sent: it would reach keys, clients or
//! settings of others (FLUSHALL, KEYS, PUBLISH, CONFIG), or end processes.

use bytes::Bytes;
use hashslot_core::node::specs;
use hashslot_core::words::nearest;
use hashslot_core::world::step::{Line, Step};

use crate::live::Trouble;

/// What a person may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// CLUSTER FAILOVER: masters and replicas change their roles.
    Failover,
    /// Slots are opened, moved, given and taken.
    Slots,
    /// Nodes are met, forgotten, and made replicas.
    Membership,
    /// Clients of a node wait.
    Pause,
}

impl Fault {
    pub const ALL: [Fault; 4] = [Fault::Failover, Fault::Slots, Fault::Membership, Fault::Pause];

    pub fn name(self) -> &'static str {
        match self {
            Fault::Failover => "failover",
            Fault::Slots => "slots",
            Fault::Membership => "membership",
            Fault::Pause => "pause",
        }
    }
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let names = || Fault::ALL.iter().map(|fault| fault.name());
        let found = Fault::ALL.into_iter().find(|fault| fault.name() == text);
        found.ok_or_else(|| match nearest(text, names()) {
            Some(near) => format!("there is no kind `{text}`; did you mean {near}?"),
            None => format!("the kinds are {}", names().collect::<Vec<_>>().join(", ")),
        })
    }
}

/// Commands that are always sent.
const FREE: &[&str] = &[
    "append",
    "asking",
    "cluster|count-failure-reports",
    "cluster|info",
    "cluster|keyslot",
    "cluster|myid",
    "cluster|nodes",
    "cluster|replicas",
    "cluster|shards",
    "cluster|slaves",
    "cluster|slots",
    "copy",
    "decr",
    "decrby",
    "del",
    "discard",
    "dump",
    "echo",
    "exec",
    "exists",
    "expire",
    "expireat",
    "expiretime",
    "get",
    "getdel",
    "getex",
    "getset",
    "incr",
    "incrby",
    "mget",
    "mset",
    "msetnx",
    "multi",
    "persist",
    "pexpire",
    "pexpireat",
    "pexpiretime",
    "ping",
    "psetex",
    "pttl",
    "readonly",
    "readwrite",
    "rename",
    "renamenx",
    "role",
    "set",
    "setex",
    "setnx",
    "strlen",
    "touch",
    "ttl",
    "type",
    "unlink",
    "unwatch",
    "wait",
    "watch",
];

/// Commands that need leave, and which.
const ALLOWED: &[(&str, Fault)] = &[
    ("cluster|failover", Fault::Failover),
    ("cluster|setslot", Fault::Slots),
    ("cluster|addslots", Fault::Slots),
    ("cluster|addslotsrange", Fault::Slots),
    ("cluster|delslots", Fault::Slots),
    ("cluster|delslotsrange", Fault::Slots),
    ("cluster|bumpepoch", Fault::Slots),
    ("migrate", Fault::Slots),
    ("cluster|meet", Fault::Membership),
    ("cluster|forget", Fault::Membership),
    ("cluster|replicate", Fault::Membership),
    ("client|pause", Fault::Pause),
    ("client|unpause", Fault::Pause),
];

/// Whether a line may be done; if not, why, and what would make it so.
pub fn check(line: &Line, allowed: &[Fault]) -> Result<(), Trouble> {
    match line {
        Line::Step(Step::Command { args, .. }) => check_call(args, allowed),
        Line::Step(Step::Client { .. } | Step::Run(_) | Step::RunUntil { .. }) => Ok(()),
        Line::Step(_) => Err(Trouble::new(
            "it takes more than a connection to a cluster that exists already: play the lesson on \
             processes",
        )),
        Line::Ask(_) => Err(Trouble::new(
            "only a node's own machine can say that: play the lesson on processes",
        )),
    }
}

fn check_call(args: &[Bytes], allowed: &[Fault]) -> Result<(), Trouble> {
    let name = name_of(args);
    if FREE.contains(&&name[..]) {
        return Ok(());
    }
    let shown = name.replace('|', " ").to_uppercase();
    match ALLOWED.iter().find(|(known, _)| *known == name) {
        Some((_, fault)) if allowed.contains(fault) => Ok(()),
        Some((_, fault)) => {
            let fault = fault.name();
            let hint = format!("{shown} changes the cluster: allow it with --allow-faults {fault}");
            Err(Trouble::new(hint))
        }
        None => Err(Trouble::new(format!(
            "{shown} is not sent to a cluster that exists already: play the lesson on processes"
        ))),
    }
}

/// The name of a call's command as tables have it: `get`, `cluster|nodes`.
pub fn name_of(args: &[Bytes]) -> String {
    let word = |index: usize| {
        let word = args.get(index).map(|word| String::from_utf8_lossy(word).to_ascii_lowercase());
        word.unwrap_or_default()
    };
    let family = format!("{}|", word(0));
    match specs().any(|spec| spec.name.starts_with(&family)) {
        true => format!("{family}{}", word(1)),
        false => word(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(line: &str, allowed: &[Fault]) -> String {
        let line: Line = Line::parse(line).unwrap();
        check(&line, allowed).map_or_else(|trouble| trouble.to_string(), |()| "sent".to_owned())
    }

    #[test]
    fn what_reaches_beyond_its_own_keys_is_not_sent() {
        for call in ["GET k", "cluster nodes", "MSET a 1 b 2", "WAIT 1 0"] {
            assert_eq!(judge(&format!("7000> {call}"), &[]), "sent", "{call}");
        }
        let never = [
            "FLUSHALL",
            "FLUSHDB",
            "KEYS *",
            "SCAN 0",
            "CONFIG SET a b",
            "CONFIG GET a",
            "DEBUG SLEEP 1",
            "SHUTDOWN",
            "SCRIPT KILL",
            "PUBLISH a b",
            "CLUSTER RESET",
            "CLUSTER FLUSHSLOTS",
            "CLIENT KILL TYPE normal",
            "MONITOR",
            "EVAL x 0",
            "SAVE",
            "CLUSTER GETKEYSINSLOT 1 1",
            "RESTORE a 0 b",
            "DBSIZE",
            "SPUBLISH a b",
            "INFO",
        ];
        for call in never {
            let said = judge(&format!("7000> {call}"), &Fault::ALL);
            assert!(said.contains("is not sent to a cluster"), "{call}: {said}");
        }
        assert!(judge("$ kill 7000", &Fault::ALL).contains("play the lesson on processes"));
        assert_eq!(judge("$ run 1s", &[]), "sent");
    }

    #[test]
    fn what_changes_the_cluster_needs_leave_of_its_kind() {
        let said = judge("7003> CLUSTER FAILOVER", &[Fault::Slots]);
        assert_eq!(
            said,
            "CLUSTER FAILOVER changes the cluster: allow it with --allow-faults failover"
        );
        assert_eq!(judge("7003> CLUSTER FAILOVER", &[Fault::Failover]), "sent");
    }

    #[test]
    fn every_command_of_the_lists_is_one() {
        let names = FREE.iter().chain(ALLOWED.iter().map(|(name, _)| name));
        for name in names {
            assert!(specs().any(|spec| spec.name == *name), "{name} is no command");
        }
    }
}
