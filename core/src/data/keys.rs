//! Commands on keys of any type: which are there, and away with them.
//!
//! The rule (Redis 7.0, `db.c`): DEL and UNLINK propagate as given if they deleted anything. KEYS
//! leaves out expired keys without deleting them, SCAN deletes those it comes upon. SCAN looks at
//! about COUNT keys, then drops those that do not match, so that a page may be empty before the
//! iteration ends; whatever is there from its beginning to its end is returned.
//!
//! How we differ: Redis goes through its hash table, in an order that changes from process to
//! process; we go from the newest key to the oldest, and every page has exactly COUNT candidates.

use bytes::Bytes;

use super::Reply;
use super::category::Categories;
use super::execute::{Context, Outcome, Role};
use super::glob::glob_matches;
use super::key_use::KeyUse;
use super::keyspace::Keyspace;
use super::number::integer_argument;
use super::row::Row;
use super::spec::{Flags, Group, KeySpec, Spec, c_text};
use super::strings::{READ_FAST, STRING, WRITE_FAST};

/// What most rows of this file have in common.
const GENERIC: Spec =
    Spec { keys: KeySpec::ALL, usage: "key [key ...]", group: Group::Generic, ..STRING };

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "del",
            arity: -2,
            flags: Flags::WRITE,
            summary: "Delete a key",
            uses: &[KeyUse::DELETES],
            tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
            ..GENERIC
        },
        run: del,
    },
    Row {
        spec: Spec {
            name: "unlink",
            arity: -2,
            flags: WRITE_FAST,
            summary: "Delete a key asynchronously in another thread. \
                      Otherwise it is just as DEL, but non blocking.",
            since: "4.0.0",
            uses: &[KeyUse::DELETES],
            tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
            ..GENERIC
        },
        run: del,
    },
    Row {
        spec: Spec {
            name: "exists",
            arity: -2,
            flags: READ_FAST,
            summary: "Determine if a key exists",
            uses: &[KeyUse::LOOKS_AT],
            tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
            ..GENERIC
        },
        run: exists,
    },
    Row {
        spec: Spec {
            name: "touch",
            arity: -2,
            flags: READ_FAST,
            summary: "Alters the last access time of a key(s). \
                      Returns the number of existing keys specified.",
            since: "3.2.1",
            uses: &[KeyUse::LOOKS_AT],
            tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
            ..GENERIC
        },
        run: exists,
    },
    Row {
        spec: Spec {
            name: "type",
            arity: 2,
            flags: READ_FAST,
            keys: KeySpec::ONE,
            usage: "key",
            summary: "Determine the type stored at key",
            uses: &[KeyUse::LOOKS_AT],
            ..GENERIC
        },
        run: type_of,
    },
    Row {
        spec: Spec {
            name: "keys",
            arity: 2,
            flags: Flags::READONLY.and(Flags::TOUCHES_ARBITRARY_KEYS),
            keys: KeySpec::NONE,
            usage: "pattern",
            summary: "Find all keys matching the given pattern",
            tips: &["request_policy:all_shards", "nondeterministic_output_order"],
            categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
            ..GENERIC
        },
        run: keys,
    },
    Row {
        spec: Spec {
            name: "scan",
            arity: -2,
            flags: Flags::READONLY.and(Flags::TOUCHES_ARBITRARY_KEYS),
            keys: KeySpec::NONE,
            usage: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
            summary: "Incrementally iterate the keys space",
            since: "2.8.0",
            tips: &["nondeterministic_output", "request_policy:special"],
            ..GENERIC
        },
        run: scan,
    },
];

type Done = Result<Outcome, Reply>;

fn del(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let mut touched = Vec::new();
    for key in &args[1..] {
        context.exists(keyspace, key);
        if keyspace.remove(key).is_some() {
            touched.push(key.clone());
        }
    }
    let reply = Reply::Integer(touched.len() as i64);
    if touched.is_empty() {
        return Ok(reply.into());
    }
    Ok(Outcome { propagate: vec![args.to_vec()], touched, ..Outcome::from(reply) })
}

fn exists(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let present = args[1..].iter().filter(|key| context.exists(keyspace, key));
    Ok(Reply::Integer(present.count() as i64).into())
}

fn type_of(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let value = context.lookup(keyspace, &args[1]);
    let name = value.map_or("none", |value| value.type_name());
    Ok(Reply::simple(name).into())
}

fn keys(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let pattern = &args[1];
    let found = keyspace
        .names()
        .filter(|key| matches_all(pattern) || glob_matches(pattern, key))
        .filter(|key| !keyspace.is_expired(key, context.now))
        .map(|key| Reply::Bulk(key.clone()))
        .collect();
    Ok(Reply::Array(found).into())
}

/// The pattern that even the empty key matches.
fn matches_all(pattern: &[u8]) -> bool {
    pattern == b"*"
}

struct ScanOptions {
    pattern: Bytes,
    count: usize,
    type_name: Option<Bytes>,
}

fn scan(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let cursor = parse_cursor(&args[1]).ok_or_else(|| Reply::error("ERR invalid cursor"))?;
    let options = parse_scan_options(&args[2..])?;
    let (mut page, next) = keyspace.scan(cursor, options.count);
    page.retain(|key| {
        (matches_all(&options.pattern) || glob_matches(&options.pattern, key))
            && has_type(keyspace, context, key, options.type_name.as_deref())
    });
    let page = page.into_iter().map(Reply::Bulk).collect();
    let cursor = Reply::bulk(next.to_string());
    Ok(Reply::Array(vec![cursor, Reply::Array(page)]).into())
}

/// Whether the key is there and of the wanted type, if any is wanted.
///
/// A master that finds a key expired deletes it, and then a scan for the type `none` names it.
fn has_type(
    keyspace: &mut Keyspace,
    context: &mut Context,
    key: &[u8],
    wanted: Option<&[u8]>,
) -> bool {
    match (context.lookup(keyspace, key), wanted) {
        (None, None) => false,
        (None, Some(wanted)) => {
            context.role == Role::Master && wanted.eq_ignore_ascii_case(b"none")
        }
        (Some(_), None) => true,
        (Some(value), Some(wanted)) => wanted.eq_ignore_ascii_case(value.type_name().as_bytes()),
    }
}

/// Reads a cursor as C's `strtoul` does: nothing at all is 0, a sign is allowed, a negative number
/// counts down from 2^64, and a byte of zero ends it.
fn parse_cursor(text: &[u8]) -> Option<u64> {
    let (negative, digits) = match c_text(text, text.len()) {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        [] => return Some(0),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative { number.wrapping_neg() } else { number })
}

fn parse_scan_options(words: &[Bytes]) -> Result<ScanOptions, Reply> {
    let mut options = ScanOptions { pattern: Bytes::from_static(b"*"), count: 10, type_name: None };
    for option in words.chunks(2) {
        let [word, value] = option else {
            return Err(Reply::syntax_error());
        };
        match word.to_ascii_uppercase().as_slice() {
            b"MATCH" => options.pattern = value.clone(),
            b"TYPE" => options.type_name = Some(value.clone()),
            b"COUNT" => {
                let count = integer_argument(value)?;
                if count < 1 {
                    return Err(Reply::syntax_error());
                }
                options.count = usize::try_from(count).unwrap_or(usize::MAX);
            }
            _ => return Err(Reply::syntax_error()),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn keys_are_counted_and_deleted() {
        Server::master().replies(&[
            ("MSET a 1 b 2", "OK"),
            ("EXISTS a a b x", "(integer) 3"),
            ("TOUCH a x", "(integer) 1"),
            ("TYPE a", "string"),
            ("TYPE x", "none"),
            ("DEL a a x", "(integer) 1"),
            ("UNLINK b", "(integer) 1"),
            ("DEL b", "(integer) 0"),
        ]);
        Server::master().propagates(&[
            ("mset a 1 b 2", "mset a 1 b 2"),
            ("del a x", "del a x"),
            ("del a x", ""),
            ("unlink b", "unlink b"),
        ]);
    }

    #[test]
    fn keys_match_patterns() {
        Server::master().replies(&[
            ("MSET one 1 two 2 three 3 \"\" 4", "OK"),
            ("KEYS t*", "1) \"three\"\n2) \"two\""),
            ("KEYS *", "1) \"\"\n2) \"three\"\n3) \"two\"\n4) \"one\""),
            ("KEYS **", "1) \"three\"\n2) \"two\"\n3) \"one\""),
            ("KEYS x", "(empty array)"),
            ("SET one v PXAT 1", "OK"),
            ("KEYS o*", "(empty array)"),
            ("DBSIZE", "(integer) 4"),
        ]);
    }

    #[test]
    fn scan_goes_page_by_page() {
        Server::master().replies(&[
            ("MSET a 1 b 2 c 3 d 4 e 5", "OK"),
            ("SCAN 0 COUNT 2", "1) \"3\"\n2) 1) \"e\"\n   2) \"d\""),
            ("SCAN 3 COUNT 2", "1) \"1\"\n2) 1) \"c\"\n   2) \"b\""),
            ("SCAN 1 COUNT 2", "1) \"0\"\n2) 1) \"a\""),
            ("SCAN 0 MATCH [ab] TYPE STRING", "1) \"0\"\n2) 1) \"b\"\n   2) \"a\""),
            ("SCAN 0 TYPE nope", "1) \"0\"\n2) (empty array)"),
            ("SCAN 0 TYPE none", "1) \"0\"\n2) (empty array)"),
            ("SCAN -0 COUNT 9223372036854775807 MATCH a", "1) \"0\"\n2) 1) \"a\""),
            ("SET e v PXAT 1", "OK"),
            ("SCAN 0 TYPE none", "1) \"0\"\n2) 1) \"e\""),
            ("SCAN 0 TYPE none", "1) \"0\"\n2) (empty array)"),
        ]);
    }

    #[test]
    fn scan_fails_as_on_the_real_server() {
        let cursor = "(error) ERR invalid cursor";
        let syntax = "(error) ERR syntax error";
        Server::master().replies(&[
            ("SCAN x", cursor),
            ("SCAN \" 0\"", cursor),
            ("SCAN 0x", cursor),
            ("SCAN 18446744073709551616", cursor),
            ("SCAN \"\"", "1) \"0\"\n2) (empty array)"),
            ("SCAN +0", "1) \"0\"\n2) (empty array)"),
            ("SCAN 0 COUNT", syntax),
            ("SCAN 0 COUNT 0", syntax),
            ("SCAN 0 COUNT x", "(error) ERR value is not an integer or out of range"),
            ("SCAN 0 foo bar", syntax),
        ]);
    }
}
