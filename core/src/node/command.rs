//! The commands that need a cluster node, as rows; with those of `data` they are one registry.

use bytes::Bytes;

use super::Node;
use super::connection::{Client, Reads};
use super::port::Effects;
use super::{cluster, report};
use crate::data::{self, Flags, Group, KeySpec, Protocol, Reply, Row, Spec};

/// One command of a cluster node.
pub(super) struct NodeRow {
    pub spec: Spec,
    pub run: fn(&mut Node, &mut Client, &[Bytes], &mut Effects) -> Reply,
}

/// A command of either table.
#[derive(Clone, Copy)]
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

/// Every command that a node answers, subcommands included.
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    let own = ROWS.iter().chain(cluster::ROWS).map(|row| &row.spec);
    data::rows().map(|row| &row.spec).chain(own)
}

/// The command that a call names; the error is the reply.
pub(super) fn find(args: &[Bytes]) -> Result<Command, Reply> {
    let name = args.first().expect("a call has a name");
    if let Some(row) = data::row(name) {
        return Ok(Command::Data(row));
    }
    if name.eq_ignore_ascii_case(b"cluster") {
        return cluster::find(args).map(Command::Node);
    }
    let row = ROWS.iter().find(|row| name.eq_ignore_ascii_case(row.spec.name.as_bytes()));
    row.map(Command::Node).ok_or_else(|| data::unknown_command(args))
}

const fn connection_spec(name: &'static str, arity: i32, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::FAST,
        keys: KeySpec::NONE,
        usage: "",
        summary,
        since: "3.0.0",
        group: Group::Cluster,
    }
}

const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: connection_spec("readonly", 1, "Accept reads from a replica of the slot's owner."),
        run: |_, client, _, _| {
            client.set_reads(Reads::FromReplica);
            Reply::ok()
        },
    },
    NodeRow {
        spec: connection_spec("readwrite", 1, "Accept reads from masters only."),
        run: |_, client, _, _| {
            client.set_reads(Reads::FromMaster);
            Reply::ok()
        },
    },
    NodeRow {
        spec: Spec {
            usage: "index",
            since: "1.0.0",
            group: Group::Connection,
            ..connection_spec("select", 2, "Change the database; a cluster has only number 0.")
        },
        run: |_, _, args, _| match data::parse_integer(&args[1]) {
            None => Reply::error("ERR value is not an integer or out of range"),
            Some(0) => Reply::ok(),
            Some(_) => Reply::error("ERR SELECT is not allowed in cluster mode"),
        },
    },
    NodeRow {
        spec: Spec {
            usage: "[protover]",
            since: "6.0.0",
            group: Group::Connection,
            ..connection_spec("hello", -1, "Greet the server, and choose the protocol.")
        },
        run: hello,
    },
    NodeRow {
        spec: Spec {
            since: "2.8.12",
            group: Group::Server,
            ..connection_spec("role", 1, "The node's part in replication.")
        },
        run: |node, _, _, _| report::role(node),
    },
];

fn hello(node: &mut Node, client: &mut Client, args: &[Bytes], _: &mut Effects) -> Reply {
    if let Some(version) = args.get(1) {
        let protocol = match data::parse_integer(version) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Reply::error("NOPROTO unsupported protocol version"),
            None => {
                return Reply::error("ERR Protocol version is not an integer or out of range");
            }
        };
        if let Some(option) = args.get(2) {
            let option = String::from_utf8_lossy(option);
            return Reply::error(format!("ERR Syntax error in HELLO option '{option}'"));
        }
        client.set_protocol(protocol);
    }
    report::hello(node, client.protocol())
}
