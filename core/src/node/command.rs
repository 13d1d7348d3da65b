//! The commands that need a cluster node, as rows; with those of `data` they are one registry.

use bytes::Bytes;

use super::Node;
use super::client::{Asking, Reads};
use super::connection::Answer;
use super::family::{FAMILIES, Family};
use super::login::{self, ANY_TIME};
use super::port::Effects;
use super::{
    blocked, debug, migrate, monitor, persistence, pubsub_rows, refused, replication, report,
    transaction, watchers,
};
use crate::data::{self, Categories, Flags, Group, Reply, Row, Spec};
use crate::words::ConnId;

/// One command of a cluster node.
#[derive(Debug)]
pub(super) struct NodeRow {
    pub spec: Spec,
    pub run: Run,
}

/// The function that does a row's command for a client, whose number of arguments was checked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// It gives the one reply.
    Reply(fn(&mut Node, ConnId, &[Bytes], &mut Effects) -> Reply),
    /// It gives any number of replies, or blocks the client.
    Answer(fn(&mut Node, ConnId, &[Bytes], &mut Effects) -> Answer),
}

/// A command of either table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Data(&'static Row),
    Node(&'static NodeRow),
}

impl Command {
    pub(super) fn spec(self) -> &'static Spec {
        match self {
            Command::Data(row) => &row.spec,
            Command::Node(row) => &row.spec,
        }
    }
}

/// The tables of commands without subcommands.
pub(super) const TABLES: &[&[NodeRow]] = &[
    ROWS,
    login::ROWS,
    refused::ROWS,
    migrate::ROWS,
    transaction::ROWS,
    pubsub_rows::ROWS,
    debug::ROWS,
    persistence::ROWS,
    watchers::RANDOM,
    replication::ROWS,
];

/// The error of a subcommand that takes a varying number of arguments, but not this many
/// (`networking.c: addReplySubcommandSyntaxError`).
pub(super) fn wrong_subcommand(args: &[Bytes]) -> Reply {
    let text = |arg: &Bytes| String::from_utf8_lossy(data::c_text(arg, 128)).into_owned();
    let (command, typed) = (text(&args[0]).to_ascii_uppercase(), text(&args[1]));
    Reply::error(format!(
        "ERR unknown subcommand or wrong number of arguments for '{typed}'. Try {command} HELP."
    ))
}

/// Every command that a node answers, subcommands included, and no command that only has them.
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    let own = TABLES.iter().copied().flatten().chain(FAMILIES.iter().flat_map(Family::rows));
    data::rows().map(|row| &row.spec).chain(own.map(|row| &row.spec))
}

/// The command that a call names; the error is the reply.
pub(super) fn find(args: &[Bytes]) -> Result<Command, Reply> {
    let name = args.first().expect("a call has a name");
    if let Some(row) = data::row(name) {
        return Ok(Command::Data(row));
    }
    let named = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if let Some(family) = FAMILIES.iter().find(|family| named(family.spec.name)) {
        return family.find(args);
    }
    let row = TABLES.iter().copied().flatten().find(|row| named(row.spec.name));
    row.map(Command::Node).ok_or_else(|| data::unknown_command(args))
}

/// The name under which a call counts; a family's own if no subcommand is named.
pub(super) fn name(args: &[Bytes]) -> Option<&'static str> {
    let family = |name: &[u8]| {
        let named = |family: &&Family| name.eq_ignore_ascii_case(family.spec.name.as_bytes());
        FAMILIES.iter().find(named).map(|family| family.spec.name)
    };
    match (find(args), args) {
        (Ok(command), _) => Some(command.spec().name),
        (Err(_), [name]) => family(name),
        (Err(_), _) => None,
    }
}

/// A row's function runs while its client is there.
pub(super) const CONNECTED: &str = "the client of a call is connected";

const fn connection_spec(name: &'static str, arity: i32, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::FAST,
        usage: "",
        summary,
        since: "3.0.0",
        group: Group::Cluster,
        ..Spec::BLANK
    }
}

/// The same, of a command that needs neither loaded nor fresh data.
const fn any_data_spec(name: &'static str, arity: i32, summary: &'static str) -> Spec {
    let flags = Flags::LOADING.and(Flags::STALE).and(Flags::FAST);
    Spec { flags, ..connection_spec(name, arity, summary) }
}

const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: connection_spec("asking", 1, "Have an importing slot serve the next call.")
            .within(Categories::CONNECTION),
        run: Run::Reply(|node, conn, _, _| {
            node.client_mut(conn).expect(CONNECTED).set_asking(Asking::Yes);
            Reply::ok()
        }),
    },
    NodeRow {
        spec: any_data_spec("readonly", 1, "Accept reads from a replica of the slot's owner.")
            .within(Categories::CONNECTION),
        run: Run::Reply(|node, conn, _, _| {
            node.client_mut(conn).expect(CONNECTED).set_reads(Reads::FromReplica);
            Reply::ok()
        }),
    },
    NodeRow {
        spec: any_data_spec("readwrite", 1, "Accept reads from masters only.")
            .within(Categories::CONNECTION),
        run: Run::Reply(|node, conn, _, _| {
            node.client_mut(conn).expect(CONNECTED).set_reads(Reads::FromMaster);
            Reply::ok()
        }),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::NOSCRIPT,
            usage: "numreplicas timeout",
            group: Group::Generic,
            tips: &["request_policy:all_shards", "response_policy:agg_min"],
            categories: Some(Categories::CONNECTION),
            ..connection_spec("wait", 3, "Wait until replicas have this client's writes.")
        },
        run: Run::Answer(blocked::wait),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
            since: "1.0.0",
            group: Group::Server,
            ..connection_spec("monitor", 1, "See the calls of all clients.")
        },
        run: Run::Answer(monitor::monitor),
    },
    NodeRow {
        spec: Spec {
            flags: ANY_TIME,
            since: "1.0.0",
            group: Group::Connection,
            ..connection_spec("quit", -1, "Close the connection.")
        },
        run: Run::Answer(|node, conn, _, _| {
            node.reply_to_client(conn, &Reply::ok());
            node.close_after_reply(conn);
            Answer::Nothing
        }),
    },
    NodeRow {
        spec: Spec {
            flags: ANY_TIME,
            since: "6.2.0",
            group: Group::Connection,
            ..connection_spec("reset", 1, "Have the connection as it was when it was new.")
        },
        run: Run::Reply(|node, conn, _, _| {
            if node.replication.has_replica(conn) {
                return Reply::error("ERR can only reset normal client connections");
            }
            node.renew_client(conn);
            Reply::simple("RESET")
        }),
    },
    NodeRow {
        spec: Spec {
            usage: "index",
            since: "1.0.0",
            group: Group::Connection,
            ..any_data_spec("select", 2, "Change the database; a cluster has only number 0.")
        },
        run: Run::Reply(|_, _, args, _| match data::parse_integer(&args[1]) {
            None => Reply::error("ERR value is not an integer or out of range"),
            Some(0) => Reply::ok(),
            Some(index) if i32::try_from(index).is_err() => Reply::error(format!(
                "ERR value is out of range, value must between {} and {}",
                i32::MIN,
                i32::MAX
            )),
            Some(_) => Reply::error("ERR SELECT is not allowed in cluster mode"),
        }),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST),
            since: "2.8.12",
            group: Group::Server,
            categories: Some(Categories::ADMIN.and(Categories::DANGEROUS)),
            ..connection_spec("role", 1, "The node's part in replication.")
        },
        run: Run::Reply(|node, _, _, _| report::role(node)),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::LOADING.and(Flags::STALE),
            usage: "[section [section ...]]",
            since: "1.0.0",
            group: Group::Server,
            tips: &[
                "nondeterministic_output",
                "request_policy:all_shards",
                "response_policy:special",
            ],
            categories: Some(Categories::DANGEROUS),
            ..connection_spec("info", -1, "What the server says of itself.")
        },
        run: Run::Reply(|node, _, args, _| report::server_info(node, &args[1..])),
    },
];
