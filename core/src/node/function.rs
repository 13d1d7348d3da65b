//! FUNCTION, of a server that has no functions.
//!
//! redis-cli asks for the functions of a node before it adds another one, and hands them on. The
//! rule (Redis 7.0, `functions.c`): LIST, DUMP, RESTORE and FLUSH mean all libraries. How we
//! differ: there are none and none can be made: LOAD refuses every one that Redis would take, and
//! RESTORE takes only the dump of no library.

use bytes::Bytes;

use super::Node;
use super::command::{NodeRow, Run, wrong_subcommand};
use super::port::Effects;
use super::report;
use crate::data::{self, Flags, Group, Reply, Spec};
use crate::words::ConnId;

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::NOSCRIPT,
        usage,
        summary,
        since: "7.0.0",
        group: Group::Scripting,
        ..Spec::BLANK
    }
}

/// One that changes the libraries.
const fn changes(spec: Spec) -> Spec {
    Spec { flags: spec.flags.and(Flags::WRITE), ..spec }.tips(EVERYWHERE)
}

const EVERYWHERE: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec(
            "function|list",
            -2,
            "[LIBRARYNAME library-name-pattern] [WITHCODE]",
            "The libraries; there are none.",
        )
        .tips(&["nondeterministic_output_order"]),
        run: Run::Reply(|_, _, args, _| list(&args[2..])),
    },
    NodeRow {
        spec: spec("function|dump", 2, "", "All libraries as a payload."),
        run: Run::Reply(|_, _, _, _| Reply::Bulk(data::empty_payload())),
    },
    NodeRow {
        spec: {
            let spec = changes(spec(
                "function|restore",
                -3,
                "serialized-value [FLUSH|APPEND|REPLACE]",
                "Take libraries from a payload.",
            ));
            Spec { flags: spec.flags.and(Flags::DENYOOM), ..spec }
        },
        run: Run::Reply(restore),
    },
    NodeRow {
        spec: changes(spec("function|flush", -2, "[ASYNC|SYNC]", "Remove all libraries.")),
        run: Run::Reply(flush),
    },
    NodeRow {
        spec: changes(spec("function|delete", 3, "library-name", "Remove a library.")),
        run: Run::Reply(|_, _, _, _| Reply::error("ERR Library not found")),
    },
    NodeRow {
        spec: {
            let spec = changes(spec(
                "function|load",
                -3,
                "[REPLACE] function-code",
                "Make a library; here it is refused.",
            ));
            Spec { flags: spec.flags.and(Flags::DENYOOM), ..spec }
        },
        run: Run::Reply(|_, _, args, _| load(&args[2..])),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::NOSCRIPT.and(Flags::ALLOW_BUSY),
            ..spec("function|kill", 2, "", "End the function that runs.")
        }
        .tips(&["request_policy:all_shards", "response_policy:one_succeeded"]),
        run: Run::Reply(|_, _, _, _| Reply::error("NOTBUSY No scripts in execution right now.")),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::NOSCRIPT.and(Flags::ALLOW_BUSY),
            ..spec("function|stats", 2, "", "Which function runs, and how many there are.")
        }
        .tips(&[
            "nondeterministic_output",
            "request_policy:all_shards",
            "response_policy:special",
        ]),
        run: Run::Reply(|_, _, _, _| stats()),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::LOADING.and(Flags::STALE),
            ..spec("function|help", 2, "", "What there is of FUNCTION.")
        },
        run: Run::Reply(|_, _, _, _| report::function_help()),
    },
];

fn list(mut words: &[Bytes]) -> Reply {
    let (mut named, mut with_code) = (false, false);
    while let [word, rest @ ..] = words {
        words = rest;
        match word.to_ascii_lowercase().as_slice() {
            b"withcode" if !with_code => with_code = true,
            b"libraryname" if !named => match rest {
                [] => return Reply::error("ERR library name argument was not given"),
                [_, rest @ ..] => (named, words) = (true, rest),
            },
            _ => {
                let typed = String::from_utf8_lossy(data::c_text(word, word.len()));
                return Reply::error(format!("ERR Unknown argument {typed}"));
            }
        }
    }
    Reply::Array(Vec::new())
}

fn restore(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let policy = match &args[3..] {
        [] => None,
        [policy] => Some(policy.to_ascii_lowercase()),
        _ => return wrong_subcommand(args),
    };
    if !matches!(policy.as_deref(), None | Some(b"flush" | b"append" | b"replace")) {
        return Reply::error(
            "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
        );
    }
    if args[2] == data::empty_payload() {
        return changed(node, args);
    }
    match data::is_sealed(&args[2]) {
        true => Reply::error("ERR Functions are not supported: only an empty payload is restored"),
        false => Reply::error("ERR DUMP payload version or checksum are wrong"),
    }
}

fn flush(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    match &args[2..] {
        [] => changed(node, args),
        [how] if how.eq_ignore_ascii_case(b"sync") || how.eq_ignore_ascii_case(b"async") => {
            changed(node, args)
        }
        [_] => Reply::error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"),
        _ => wrong_subcommand(args),
    }
}

/// What changes the libraries goes to replicas, though there was nothing to change.
fn changed(node: &mut Node, args: &[Bytes]) -> Reply {
    node.stats.changed(1);
    node.also_propagate(vec![args.to_vec()]);
    Reply::ok()
}

fn load(words: &[Bytes]) -> Reply {
    let (code, options) = words.split_last().expect("the arity was checked");
    for option in options {
        if !option.eq_ignore_ascii_case(b"replace") {
            let typed = String::from_utf8_lossy(data::c_text(option, option.len()));
            return Reply::error(format!("ERR Unknown option given: {typed}"));
        }
    }
    if !code.starts_with(b"#!") {
        return Reply::error("ERR Missing library metadata");
    }
    Reply::error("ERR Functions are not supported")
}

fn stats() -> Reply {
    let count = |name| (Reply::bulk(name), Reply::Integer(0));
    let counts = Reply::Map(vec![count("libraries_count"), count("functions_count")]);
    let engines = Reply::Map(vec![(Reply::bulk("LUA"), counts)]);
    Reply::Map(vec![
        (Reply::bulk("running_script"), Reply::Null),
        (Reply::bulk("engines"), engines),
    ])
}
