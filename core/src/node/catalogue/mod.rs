//! COMMAND: clients ask which commands there are, and where their keys stand.
//!
//! The problem: a client of a cluster must know the keys of a call before it sends it, for commands
//! that it was not written for too. The idea: the table by which calls are checked describes them
//! to clients as well, so that the two never differ; what there is no row for is not listed.
//!
//! The rule (Redis 7.0, `server.c: commandCommand, commandListCommand, commandDocsCommand`, `db.c:
//! getKeysSubcommandImpl`): a subcommand's full name is `config|get`. COUNT, and lists without
//! names, count a command with its subcommands as one; LIST with a filter names subcommands too.
//! What is asked for and is not there is null in INFO, and left out in DOCS.
//!
//! How we differ: Redis lists in the order of a hash table, and we in that of our tables; the words
//! of DOCS are our own, and arguments are read off the usage (`arguments`).

mod arguments;
mod docs;
mod info;

use bytes::Bytes;

use super::Node;
use super::command::{self, NodeRow, Run, TABLES};
use super::family::FAMILIES;
use super::port::Effects;
use super::report;
use crate::data::{self, Categories, Flags, Group, KeyUse, Reply, Spec, glob_matches};
use crate::words::ConnId;

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::LOADING.and(Flags::STALE),
        usage,
        summary,
        since: "2.8.13",
        group: Group::Server,
        categories: Some(Categories::CONNECTION),
        ..Spec::BLANK
    }
}

const ANY_ORDER: &[&str] = &["nondeterministic_output_order"];

/// COMMAND without more words.
pub(super) const ALONE: NodeRow = NodeRow {
    spec: spec("command", -1, "", "All commands.").tips(ANY_ORDER),
    run: Run::Reply(all),
};

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("command|count", 2, "", "How many commands there are."),
        run: Run::Reply(|_, _, _, _| Reply::Integer(commands().count() as i64)),
    },
    NodeRow {
        spec: spec("command|info", -2, "[command-name [command-name ...]]", "What commands are.")
            .tips(ANY_ORDER),
        run: Run::Reply(|node, conn, args, out| match &args[2..] {
            [] => all(node, conn, args, out),
            names => Reply::Array(names.iter().map(|name| info_of(name)).collect()),
        }),
    },
    NodeRow {
        spec: Spec {
            since: "7.0.0",
            ..spec("command|docs", -2, "[command-name [command-name ...]]", "Words on commands.")
        }
        .tips(ANY_ORDER),
        run: Run::Reply(|_, _, args, _| match &args[2..] {
            [] => Reply::Map(commands().map(docs::entry).collect()),
            names => {
                let found = names.iter().filter_map(|name| named(name));
                Reply::Map(found.map(docs::entry).collect())
            }
        }),
    },
    NodeRow {
        spec: Spec {
            since: "7.0.0",
            ..spec(
                "command|list",
                -2,
                "[FILTERBY MODULE module-name|ACLCAT category|PATTERN pattern]",
                "The names of commands.",
            )
        }
        .tips(ANY_ORDER),
        run: Run::Reply(|_, _, args, _| list(&args[2..])),
    },
    NodeRow {
        spec: spec("command|getkeys", -4, "command [argument ...]", "The keys of a call."),
        run: Run::Reply(|_, _, args, _| match keys_of_call(&args[2..]) {
            Ok(keys) => Reply::Array(keys.into_iter().map(|(key, _)| Reply::Bulk(key)).collect()),
            Err(error) => error,
        }),
    },
    NodeRow {
        spec: Spec {
            since: "7.0.0",
            ..spec(
                "command|getkeysandflags",
                -4,
                "command [argument ...]",
                "The keys of a call, and what it does to them.",
            )
        },
        run: Run::Reply(|_, _, args, _| match keys_of_call(&args[2..]) {
            Ok(keys) => Reply::Array(keys.into_iter().map(with_flags).collect()),
            Err(error) => error,
        }),
    },
    NodeRow {
        spec: Spec { since: "5.0.0", ..spec("command|help", 2, "", "What there is of COMMAND.") },
        run: Run::Reply(|_, _, _, _| report::command_help()),
    },
];

/// Every command, those with subcommands as one.
fn commands() -> impl Iterator<Item = &'static Spec> {
    let single = data::rows().map(|row| &row.spec).filter(|spec| !spec.name.contains('|'));
    let own = TABLES.iter().copied().flatten().map(|row| &row.spec);
    single.chain(own).chain(FAMILIES.iter().map(|family| &family.spec))
}

/// The subcommands of a command.
fn subcommands(spec: &Spec) -> impl Iterator<Item = &'static Spec> + use<> {
    let family = FAMILIES.iter().find(|family| family.spec.name == spec.name);
    family.into_iter().flat_map(|family| family.subcommands())
}

/// Commands and subcommands.
fn everything() -> impl Iterator<Item = &'static Spec> {
    commands().flat_map(|spec| std::iter::once(spec).chain(subcommands(spec)))
}

/// The command or subcommand of this full name, in any case.
fn named(name: &[u8]) -> Option<&'static Spec> {
    everything().find(|spec| name.eq_ignore_ascii_case(spec.name.as_bytes()))
}

fn all(_: &mut Node, _: ConnId, _: &[Bytes], _: &mut Effects) -> Reply {
    Reply::Array(commands().map(info::entry).collect())
}

fn info_of(name: &[u8]) -> Reply {
    named(name).map_or(Reply::Null, info::entry)
}

/// The names of all commands in a category.
pub(super) fn names_in(category: Categories) -> Vec<Reply> {
    let found = everything().filter(|spec| spec.all_categories().contains(category));
    found.map(|spec| Reply::bulk(spec.name)).collect()
}

fn list(words: &[Bytes]) -> Reply {
    let names = |found: &mut dyn Iterator<Item = &'static Spec>| {
        Reply::Array(found.map(|spec| Reply::bulk(spec.name)).collect())
    };
    let [filter, kind, wanted] = words else {
        let plain = words.is_empty();
        return if plain { names(&mut everything()) } else { Reply::syntax_error() };
    };
    if !filter.eq_ignore_ascii_case(b"filterby") {
        return Reply::syntax_error();
    }
    match kind.to_ascii_lowercase().as_slice() {
        b"module" => Reply::Array(Vec::new()),
        b"aclcat" => Reply::Array(Categories::named(wanted).map(names_in).unwrap_or_default()),
        b"pattern" => {
            let wanted = wanted.to_ascii_lowercase();
            names(&mut everything().filter(|spec| glob_matches(&wanted, spec.name.as_bytes())))
        }
        _ => Reply::syntax_error(),
    }
}

/// A key of a call, and what is done to it.
type Key = (Bytes, &'static [&'static str]);

/// The keys of a call that is not made; the error is the reply.
fn keys_of_call(args: &[Bytes]) -> Result<Vec<Key>, Reply> {
    let invalid = |what| Reply::error(format!("ERR Invalid {what}"));
    let spec = command::find(args).map_err(|_| invalid("command specified"))?.spec();
    let keyless = spec.uses.is_empty() || spec.uses == [KeyUse::NO_KEY];
    if keyless {
        return Err(Reply::error("ERR The command has no key arguments"));
    }
    if spec.check_arity(args).is_some() {
        return Err(invalid("number of arguments specified for command"));
    }
    let positions: Vec<usize> = spec.key_positions(args).collect();
    let keys = positions.iter().enumerate().map(|(place, &position)| {
        let key_use = spec.uses.get(place).filter(|_| !moves_keys(spec));
        (args[position].clone(), flags_in(key_use.unwrap_or(&spec.uses[0]), spec, args))
    });
    Ok(keys.collect())
}

fn moves_keys(spec: &Spec) -> bool {
    spec.flags.contains(Flags::MOVABLE_KEYS)
}

/// SET reads the old value only if it is told to.
fn flags_in(key_use: &KeyUse, spec: &Spec, args: &[Bytes]) -> &'static [&'static str] {
    let gets = || args.iter().skip(3).any(|arg| arg.eq_ignore_ascii_case(b"get"));
    match spec.name {
        "set" if gets() => KeyUse::CHANGES.flags,
        "set" => KeyUse::REPLACES.flags,
        _ => key_use.flags,
    }
}

fn with_flags((key, flags): Key) -> Reply {
    let flags = flags.iter().map(|&flag| Reply::simple(flag)).collect();
    Reply::Array(vec![Reply::Bulk(key), Reply::Set(flags)])
}
