//! An entry of COMMAND INFO.
//!
//! The rule (Redis 7.0, `server.c: addReplyCommandInfo, addReplyCommandKeySpecs`): name, arity,
//! flags, first and last key and their step, categories, tips, key specifications, subcommands. A
//! key specification says where to begin (at a place, or after a word) and how far to go, counted
//! from there, or from the end if it is negative.

use super::subcommands;
use crate::data::{Flags, KeyUse, Reply, Spec};

/// How COMMAND INFO shows a command.
pub(super) fn entry(spec: &'static Spec) -> Reply {
    let below: Vec<Reply> = subcommands(spec).map(entry).collect();
    let categories = spec.all_categories();
    let category = |name: &str| Reply::Simple(format!("@{name}").into());
    Reply::Array(vec![
        Reply::bulk(spec.name),
        Reply::Integer(i64::from(spec.arity)),
        Reply::Set(spec.flags.names().map(Reply::simple).collect()),
        Reply::Integer(i64::from(spec.keys.first)),
        Reply::Integer(i64::from(spec.keys.last)),
        Reply::Integer(i64::from(spec.keys.step)),
        Reply::Set(categories.names().map(category).collect()),
        Reply::Set(spec.tips.iter().map(|&tip| Reply::bulk(tip)).collect()),
        Reply::Set(key_specs(spec)),
        if below.is_empty() { Reply::Set(below) } else { Reply::Array(below) },
    ])
}

/// One for all keys, or one for each.
fn key_specs(spec: &Spec) -> Vec<Reply> {
    let (first, last, step) = (spec.keys.first, spec.keys.last, spec.keys.step);
    let span = if last < 0 { last } else { last - first };
    match spec.uses {
        [] => Vec::new(),
        [all] => vec![key_spec(all, at_place(first), range(span, step))],
        [one, other] if spec.flags.contains(Flags::MOVABLE_KEYS) => vec![
            key_spec(one, at_place(first), range(span, step)),
            key_spec(other, after_word("KEYS", -2), range(-1, 1)),
        ],
        each => {
            let places = each.iter().zip(first..);
            let single = |(key_use, place)| key_spec(key_use, at_place(place), range(0, 1));
            places.map(single).collect()
        }
    }
}

fn key_spec(key_use: &KeyUse, begin: Reply, find: Reply) -> Reply {
    let flags = key_use.flags.iter().map(|&flag| Reply::simple(flag)).collect();
    let mut pairs = Vec::new();
    if let Some(note) = key_use.note {
        pairs.push((Reply::bulk("notes"), Reply::bulk(note)));
    }
    pairs.push((Reply::bulk("flags"), Reply::Set(flags)));
    pairs.push((Reply::bulk("begin_search"), begin));
    pairs.push((Reply::bulk("find_keys"), find));
    Reply::Map(pairs)
}

fn method(kind: &'static str, details: Vec<(Reply, Reply)>) -> Reply {
    Reply::Map(vec![
        (Reply::bulk("type"), Reply::bulk(kind)),
        (Reply::bulk("spec"), Reply::Map(details)),
    ])
}

fn number(name: &'static str, value: i32) -> (Reply, Reply) {
    (Reply::bulk(name), Reply::Integer(i64::from(value)))
}

fn at_place(place: i32) -> Reply {
    method("index", vec![number("index", place)])
}

fn after_word(word: &'static str, from: i32) -> Reply {
    let word = (Reply::bulk("keyword"), Reply::bulk(word));
    method("keyword", vec![word, number("startfrom", from)])
}

fn range(last: i32, step: i32) -> Reply {
    method("range", vec![number("lastkey", last), number("keystep", step), number("limit", 0)])
}
