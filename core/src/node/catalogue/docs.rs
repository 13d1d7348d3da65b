//! An entry of COMMAND DOCS (Redis 7.0, `server.c: addReplyCommandDocs`): what clients show as
//! help.
//!
//! Summaries are our own words; complexity, history and what is deprecated are left out.

use super::arguments::Argument;
use super::subcommands;
use crate::data::{Reply, Spec};

/// The name of a command and what there is to say about it.
pub(super) fn entry(spec: &'static Spec) -> (Reply, Reply) {
    let text = |name: &'static str, value: &'static str| (Reply::bulk(name), Reply::bulk(value));
    let mut pairs = vec![
        text("summary", spec.summary),
        text("since", spec.since),
        text("group", spec.group.name()),
    ];
    let below: Vec<(Reply, Reply)> = subcommands(spec).map(entry).collect();
    let arguments = if below.is_empty() { Argument::read_all(spec) } else { Vec::new() };
    if !arguments.is_empty() {
        let arguments = arguments.iter().map(argument).collect();
        pairs.push((Reply::bulk("arguments"), Reply::Array(arguments)));
    }
    if !below.is_empty() {
        pairs.push((Reply::bulk("subcommands"), Reply::Map(below)));
    }
    (Reply::bulk(spec.name), Reply::Map(pairs))
}

fn argument(one: &Argument) -> Reply {
    let text = |name: &'static str, value: &str| (Reply::bulk(name), Reply::bulk(value.to_owned()));
    let mut pairs = vec![text("name", &one.name), text("type", one.kind.name())];
    if let Some(place) = one.key_spec {
        pairs.push((Reply::bulk("key_spec_index"), Reply::Integer(place as i64)));
    }
    if let Some(token) = &one.token {
        pairs.push(text("token", token));
    }
    let flags: Vec<Reply> = one.flags().map(Reply::simple).collect();
    if !flags.is_empty() {
        pairs.push((Reply::bulk("flags"), Reply::Array(flags)));
    }
    if !one.parts.is_empty() {
        let parts = one.parts.iter().map(argument).collect();
        pairs.push((Reply::bulk("arguments"), Reply::Array(parts)));
    }
    Reply::Map(pairs)
}
