//! LATENCY, SLOWLOG, MODULE and ACL, of a server of which there is little to tell; and RANDOMKEY.
//!
//! Tools and clients ask these before or while they do something else. The rule (Redis 7.0,
//! `latency.c: latencyCommand`, `slowlog.c: slowlogCommand`, `module.c: moduleCommand`, `acl.c:
//! aclCommand`). How we differ: commands take no time, so that no latency and no slow call is ever
//! recorded; there are no modules, and one user.

use bytes::Bytes;

use super::command::{NodeRow, Run, wrong_subcommand};
use super::{catalogue, report};
use crate::data::{self, Categories, Flags, Group, Reply, Spec};

const EVERY_NODE: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];
const EACH_ITS_OWN: &[&str] =
    &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec { name, arity, usage, summary, group: Group::Server, ..Spec::BLANK }
}

const fn help(name: &'static str, since: &'static str) -> Spec {
    let flags = Flags::LOADING.and(Flags::STALE);
    Spec { flags, since, ..spec(name, 2, "", "What there is of this command.") }
}

const fn latency(name: &'static str, arity: i32, usage: &'static str) -> Spec {
    Spec {
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
        since: "2.8.13",
        ..spec(name, arity, usage, "How long the process was held up, if that was measured.")
    }
}

const fn slowlog(name: &'static str, arity: i32, usage: &'static str) -> Spec {
    Spec {
        flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE),
        since: "2.2.12",
        ..spec(name, arity, usage, "The calls that took long.")
    }
}

const fn acl(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE),
        since: "6.0.0",
        ..spec(name, arity, usage, summary)
    }
}

const fn none() -> Run {
    Run::Reply(|_, _, _, _| Reply::Array(Vec::new()))
}

pub(super) const LATENCY: &[NodeRow] = &[
    NodeRow { spec: latency("latency|latest", 2, "").tips(EACH_ITS_OWN), run: none() },
    NodeRow { spec: latency("latency|history", 3, "event").tips(EACH_ITS_OWN), run: none() },
    NodeRow {
        spec: latency("latency|reset", -2, "[event [event ...]]").tips(EVERY_NODE),
        run: Run::Reply(|_, _, _, _| Reply::Integer(0)),
    },
    NodeRow {
        spec: latency("latency|graph", 3, "event").tips(EACH_ITS_OWN),
        run: Run::Reply(|_, _, args, _| {
            let event = String::from_utf8_lossy(data::c_text(&args[2], args[2].len()));
            Reply::error(format!("ERR No samples available for event '{event}'"))
        }),
    },
    NodeRow {
        spec: latency("latency|doctor", 2, "").tips(EACH_ITS_OWN),
        run: Run::Reply(|_, _, _, _| report::latency_doctor()),
    },
    NodeRow {
        spec: help("latency|help", "2.8.13"),
        run: Run::Reply(|_, _, _, _| report::latency_help()),
    },
];

pub(super) const SLOWLOG: &[NodeRow] = &[
    NodeRow {
        spec: slowlog("slowlog|get", -2, "[count]")
            .tips(&["request_policy:all_nodes", "nondeterministic_output"]),
        run: Run::Reply(|_, _, args, _| slow_calls(args)),
    },
    NodeRow {
        spec: slowlog("slowlog|len", 2, "").tips(&[
            "request_policy:all_nodes",
            "response_policy:agg_sum",
            "nondeterministic_output",
        ]),
        run: Run::Reply(|_, _, _, _| Reply::Integer(0)),
    },
    NodeRow {
        spec: slowlog("slowlog|reset", 2, "").tips(EVERY_NODE),
        run: Run::Reply(|_, _, _, _| Reply::ok()),
    },
    NodeRow {
        spec: help("slowlog|help", "6.2.0"),
        run: Run::Reply(|_, _, _, _| report::slowlog_help()),
    },
];

pub(super) const MODULE: &[NodeRow] = &[
    NodeRow {
        spec: Spec {
            flags: Flags::ADMIN.and(Flags::NOSCRIPT),
            since: "4.0.0",
            ..spec("module|list", 2, "", "The modules; there are none.")
        }
        .tips(&["nondeterministic_output_order"]),
        run: none(),
    },
    NodeRow {
        spec: help("module|help", "5.0.0"),
        run: Run::Reply(|_, _, _, _| report::module_help()),
    },
];

pub(super) const ACL: &[NodeRow] = &[
    NodeRow {
        spec: acl("acl|whoami", 2, "", "The user of this connection."),
        run: Run::Reply(|_, _, _, _| Reply::bulk("default")),
    },
    NodeRow {
        spec: acl("acl|cat", -2, "[category]", "The categories, or the commands in one."),
        run: Run::Reply(|_, _, args, _| categories(args)),
    },
    NodeRow { spec: help("acl|help", "6.0.0"), run: Run::Reply(|_, _, _, _| report::acl_help()) },
];

/// What is about keys stands in `data`.
pub(super) const OBJECT: &[NodeRow] = &[NodeRow {
    spec: Spec { group: Group::Generic, ..help("object|help", "6.2.0") },
    run: Run::Reply(|_, _, _, _| report::object_help()),
}];

pub(super) const MEMORY: &[NodeRow] = &[NodeRow {
    spec: help("memory|help", "4.0.0"),
    run: Run::Reply(|_, _, _, _| report::memory_help()),
}];

/// RANDOMKEY, which draws with the node's own dice.
pub(super) const RANDOM: &[NodeRow] = &[NodeRow {
    spec: Spec {
        flags: Flags::READONLY,
        group: Group::Generic,
        ..spec("randomkey", 1, "", "A key at random.")
    }
    .tips(&["request_policy:all_shards", "nondeterministic_output"]),
    run: Run::Reply(|node, _, _, _| node.random_key()),
}];

fn slow_calls(args: &[Bytes]) -> Reply {
    match &args[2..] {
        [] => Reply::Array(Vec::new()),
        [count] if data::parse_integer(count).is_some_and(|count| count >= -1) => {
            Reply::Array(Vec::new())
        }
        [_] => Reply::error("ERR count should be greater than or equal to -1"),
        _ => wrong_subcommand(args),
    }
}

fn categories(args: &[Bytes]) -> Reply {
    match &args[2..] {
        [] => Reply::Array(Categories::all_names().map(Reply::bulk).collect()),
        [name] => match Categories::named(name) {
            Some(category) => Reply::Array(catalogue::names_in(category)),
            None => {
                let name = String::from_utf8_lossy(data::c_text(name, name.len()));
                Reply::error(format!("ERR Unknown category '{name}'"))
            }
        },
        _ => wrong_subcommand(args),
    }
}
