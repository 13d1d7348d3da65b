//! CONFIG: reading, changing and keeping settings while the node runs.
//!
//! The rule (Redis 7.0, `config.c: configGetCommand, configSetCommand, configRewriteCommand`):
//! GET takes names and patterns, and gives each setting once, under the name by which it was found
//! first. SET takes pairs and sets all of them or none: first every name is looked at, then every
//! value. REWRITE writes what is set into the file that the next start reads. How we differ: GET
//! answers in the order of the table, where Redis has the order of a hash table; there always is a
//! file to rewrite.

use bytes::Bytes;

use super::Config;
use super::value::{Entry, Refusal};
use crate::data::{self, Flags, Group, Reply, Spec};
use crate::node::Node;
use crate::node::command::{NodeRow, Run};
use crate::node::fact::Fact;
use crate::node::notice::Notice;
use crate::node::port::Effects;
use crate::words::ConnId;

const CONFIG_FLAGS: Flags = Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE);

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: CONFIG_FLAGS,
        usage,
        summary,
        since: "2.0.0",
        group: Group::Server,
        ..Spec::BLANK
    }
}

pub(in crate::node) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("config|get", -3, "parameter [parameter ...]", "The values of settings."),
        run: Run::Reply(|node, _, args, _| get(node, &args[2..])),
    },
    NodeRow {
        spec: spec("config|set", -4, "parameter value [parameter value ...]", "Change settings.")
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        run: Run::Reply(|node, _, args, _| set(node, &args[2..])),
    },
    NodeRow {
        spec: spec("config|resetstat", 2, "", "Begin to count anew."),
        run: Run::Reply(|node, _, _, _| {
            node.stats.reset();
            Reply::ok()
        }),
    },
    NodeRow {
        spec: spec("config|rewrite", 2, "", "Keep the settings for the next start.").since("2.8.0"),
        run: Run::Reply(rewrite),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::LOADING.and(Flags::STALE),
            since: "5.0.0",
            ..spec("config|help", 2, "", "What there is of CONFIG.")
        },
        run: Run::Reply(|_, _, _, _| {
            Reply::Array(HELP.iter().map(|&line| Reply::simple(line)).collect())
        }),
    },
];

const HELP: [&str; 11] = [
    "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
    "HELP",
    "    Prints this help.",
];

fn get(node: &Node, patterns: &[Bytes]) -> Reply {
    let mut found: Vec<(Bytes, Entry)> = Vec::new();
    for pattern in patterns {
        let exact = !pattern.iter().any(|byte| matches!(byte, b'[' | b'*' | b'?'));
        let matching = |entry: &Entry| {
            let name = entry.name().as_bytes();
            if exact {
                return name.eq_ignore_ascii_case(pattern);
            }
            data::glob_matches(&pattern.to_ascii_lowercase(), name)
        };
        for entry in Entry::all().filter(matching) {
            if found.iter().all(|(_, known)| known.name() != entry.name()) {
                let own = Bytes::from_static(entry.name().as_bytes());
                found.push((if exact { pattern.clone() } else { own }, entry));
            }
        }
    }
    let pair =
        |(name, entry): (Bytes, Entry)| (Reply::Bulk(name), Reply::bulk(entry.row().read_of(node)));
    Reply::Map(found.into_iter().map(pair).collect())
}

fn set(node: &mut Node, args: &[Bytes]) -> Reply {
    if args.len() % 2 == 1 {
        return Reply::syntax_error();
    }
    let entries = match find_all(args) {
        Ok(entries) => entries,
        Err(error) => return error,
    };
    let mut config: Config = node.config.clone();
    for (entry, value) in entries.iter().zip(args.iter().skip(1).step_by(2)) {
        let value = String::from_utf8_lossy(value);
        match entry.write(&mut config, &value) {
            Ok(()) => {}
            Err(Refusal::Fixed(why)) => return refused(entry.name(), why),
            Err(Refusal::Value(why)) => return refused(entry.name(), &why),
        }
    }
    node.config = config;
    node.follow_settings();
    Reply::ok()
}

/// The settings that are named; the error is the reply.
fn find_all(args: &[Bytes]) -> Result<Vec<Entry>, Reply> {
    let mut entries: Vec<Entry> = Vec::new();
    for name in args.iter().step_by(2) {
        let typed = String::from_utf8_lossy(data::c_text(name, name.len()));
        let Some(entry) = Entry::find(name) else {
            return Err(Reply::error(format!(
                "ERR Unknown option or number of arguments for CONFIG SET - '{typed}'"
            )));
        };
        if let Some(why) = entry.fixed() {
            return Err(refused(&typed, why));
        }
        if entries.iter().any(|known| known.name() == entry.name()) {
            return Err(refused(&typed, "duplicate parameter"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn refused(name: &str, why: &str) -> Reply {
    Reply::error(format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"))
}

fn rewrite(node: &mut Node, _: ConnId, _: &[Bytes], out: &mut Effects) -> Reply {
    node.config_file = node.config.clone();
    out.note(Fact::Logged(Notice::ConfigRewritten));
    Reply::ok()
}
