//! Commands with subcommands.
//!
//! The rule (Redis 7.0, `server.c: lookupCommandLogic, commandCheckExistence`): the first argument
//! of such a command names the row; without it the number of arguments is wrong, unless the command
//! means something alone. The command itself has a description too, which COMMAND shows.

use bytes::Bytes;

use super::command::{Command, NodeRow};
use super::{catalogue, client_rows, cluster, config, function, pubsub_rows, watchers};
use crate::data::{self, Categories, Group, Reply, Spec};

/// A command with subcommands, and the tables in which they stand; those that are about keys are
/// rows of `data`.
pub(super) struct Family {
    pub spec: Spec,
    /// What the command is without a subcommand, if it is anything.
    alone: Option<&'static NodeRow>,
    tables: &'static [&'static [NodeRow]],
}

const fn family(
    name: &'static str,
    since: &'static str,
    group: Group,
    tables: &'static [&'static [NodeRow]],
) -> Family {
    let summary = "A command that has subcommands.";
    let spec = Spec {
        name,
        since,
        group,
        arity: -2,
        usage: "subcommand [argument ...]",
        summary,
        categories: Some(Categories::NONE),
        ..Spec::BLANK
    };
    Family { spec, alone: None, tables }
}

pub(super) const FAMILIES: &[Family] = &[
    family("cluster", "3.0.0", Group::Cluster, cluster::TABLES),
    family("pubsub", "2.8.0", Group::PubSub, &[pubsub_rows::INTROSPECTION]),
    family("client", "2.4.0", Group::Connection, &[client_rows::ROWS]),
    family("config", "2.0.0", Group::Server, &[config::call::ROWS]),
    family("function", "7.0.0", Group::Scripting, &[function::ROWS]),
    family("object", "2.2.3", Group::Generic, &[watchers::OBJECT]),
    family("memory", "4.0.0", Group::Server, &[watchers::MEMORY]),
    family("latency", "2.8.13", Group::Server, &[watchers::LATENCY]),
    family("slowlog", "2.2.12", Group::Server, &[watchers::SLOWLOG]),
    family("module", "4.0.0", Group::Server, &[watchers::MODULE]),
    family("acl", "6.0.0", Group::Server, &[watchers::ACL]),
    Family {
        spec: catalogue::ALONE.spec,
        alone: Some(&catalogue::ALONE),
        tables: &[catalogue::ROWS],
    },
];

impl Family {
    /// The rows of this layer.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'static NodeRow> + use<> {
        self.tables.iter().copied().flatten()
    }

    /// Every subcommand.
    pub(super) fn subcommands(&self) -> impl Iterator<Item = &'static Spec> {
        let of_data = data::subcommands(self.spec.name).map(|row| &row.spec);
        of_data.chain(self.rows().map(|row| &row.spec))
    }

    /// The row of a call's subcommand; the error is the reply.
    pub(super) fn find(&self, args: &[Bytes]) -> Result<Command, Reply> {
        let Some(subcommand) = args.get(1) else {
            return self.alone.map(Command::Node).ok_or_else(|| self.spec.wrong_arity());
        };
        let named = |spec: &Spec| {
            let (_, name) = spec.name.split_once('|').expect("a subcommand has a parent");
            subcommand.eq_ignore_ascii_case(name.as_bytes())
        };
        if let Some(row) = data::subcommands(self.spec.name).find(|row| named(&row.spec)) {
            return Ok(Command::Data(row));
        }
        let own = self.rows().find(|row| named(&row.spec));
        own.map(Command::Node).ok_or_else(|| data::unknown_subcommand(args))
    }
}
