//! Strings: reading, replacing, appending, counting.
//!
//! The rule (Redis 7.0, `t_string.c`): a string is at most 512 MB of any bytes. Counters are
//! strings that spell a 64-bit integer; a missing key counts as 0, and a step that would leave the
//! range fails without effect. Writes in place (APPEND, INCR) keep the key's time to live, writes
//! that replace the value (MSET, GETSET) remove it. Calls propagate as they were given, but for
//! GETSET, which becomes SET, and GETDEL, which becomes DEL.

use bytes::{Bytes, BytesMut};

use super::Reply;
use super::execute::{Context, Outcome, delete};
use super::key_use::KeyUse;
use super::keyspace::{Keyspace, Value};
use super::number::integer_argument;
use super::row::Row;
use super::spec::{Flags, Group, KeySpec, Spec};

/// The longest string that a key may hold (`proto-max-bulk-len`).
pub(super) const STRING_BYTES_MAX: usize = 512 * 1024 * 1024;

/// What most rows of strings have in common.
pub(super) const STRING: Spec = Spec { keys: KeySpec::ONE, group: Group::String, ..Spec::BLANK };

pub(super) const READ_FAST: Flags = Flags::READONLY.and(Flags::FAST);
pub(super) const WRITE_GROW: Flags = Flags::WRITE.and(Flags::DENYOOM);
pub(super) const WRITE_GROW_FAST: Flags = WRITE_GROW.and(Flags::FAST);
pub(super) const WRITE_FAST: Flags = Flags::WRITE.and(Flags::FAST);

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "get",
            arity: 2,
            flags: READ_FAST,
            usage: "key",
            summary: "Get the value of a key",
            uses: &[KeyUse::READS],
            ..STRING
        },
        run: get,
    },
    Row {
        spec: Spec {
            name: "getset",
            arity: 3,
            flags: WRITE_GROW_FAST,
            usage: "key value",
            summary: "Set the string value of a key and return its old value",
            uses: &[KeyUse::CHANGES],
            ..STRING
        },
        run: getset,
    },
    Row {
        spec: Spec {
            name: "getdel",
            arity: 2,
            flags: WRITE_FAST,
            usage: "key",
            summary: "Get the value of a key and delete the key",
            since: "6.2.0",
            uses: &[KeyUse::TAKES],
            ..STRING
        },
        run: getdel,
    },
    Row {
        spec: Spec {
            name: "mget",
            arity: -2,
            flags: READ_FAST,
            keys: KeySpec::ALL,
            usage: "key [key ...]",
            summary: "Get the values of all the given keys",
            uses: &[KeyUse::READS],
            tips: &["request_policy:multi_shard"],
            ..STRING
        },
        run: mget,
    },
    Row {
        spec: Spec {
            name: "mset",
            arity: -3,
            flags: WRITE_GROW,
            keys: KeySpec::PAIRS,
            usage: "key value [key value ...]",
            summary: "Set multiple keys to multiple values",
            since: "1.0.1",
            uses: &[KeyUse::REPLACES],
            tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
            ..STRING
        },
        run: mset,
    },
    Row {
        spec: Spec {
            name: "msetnx",
            arity: -3,
            flags: WRITE_GROW,
            keys: KeySpec::PAIRS,
            usage: "key value [key value ...]",
            summary: "Set multiple keys to multiple values, only if none of the keys exist",
            since: "1.0.1",
            uses: &[KeyUse::CREATES],
            tips: &["request_policy:multi_shard", "response_policy:agg_min"],
            ..STRING
        },
        run: msetnx,
    },
    Row {
        spec: Spec {
            name: "append",
            arity: 3,
            flags: WRITE_GROW_FAST,
            usage: "key value",
            summary: "Append a value to a key",
            since: "2.0.0",
            uses: &[KeyUse::GROWS],
            ..STRING
        },
        run: append,
    },
    Row {
        spec: Spec {
            name: "strlen",
            arity: 2,
            flags: READ_FAST,
            usage: "key",
            summary: "Get the length of the value stored in a key",
            since: "2.2.0",
            uses: &[KeyUse::LOOKS_AT],
            ..STRING
        },
        run: strlen,
    },
    Row {
        spec: Spec {
            name: "incr",
            arity: 2,
            flags: WRITE_GROW_FAST,
            usage: "key",
            summary: "Increment the integer value of a key by one",
            uses: &[KeyUse::CHANGES],
            ..STRING
        },
        run: incr,
    },
    Row {
        spec: Spec {
            name: "decr",
            arity: 2,
            flags: WRITE_GROW_FAST,
            usage: "key",
            summary: "Decrement the integer value of a key by one",
            uses: &[KeyUse::CHANGES],
            ..STRING
        },
        run: decr,
    },
    Row {
        spec: Spec {
            name: "incrby",
            arity: 3,
            flags: WRITE_GROW_FAST,
            usage: "key increment",
            summary: "Increment the integer value of a key by the given amount",
            uses: &[KeyUse::CHANGES],
            ..STRING
        },
        run: incrby,
    },
    Row {
        spec: Spec {
            name: "decrby",
            arity: 3,
            flags: WRITE_GROW_FAST,
            usage: "key decrement",
            summary: "Decrement the integer value of a key by the given number",
            uses: &[KeyUse::CHANGES],
            ..STRING
        },
        run: decrby,
    },
];

type Done = Result<Outcome, Reply>;

/// The reply to a read of this key: its value, or null.
pub(super) fn value_reply(keyspace: &mut Keyspace, context: &mut Context, key: &[u8]) -> Reply {
    match context.lookup(keyspace, key) {
        Some(Value::String(text)) => Reply::Bulk(text.clone()),
        None => Reply::Null,
    }
}

fn get(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    Ok(value_reply(keyspace, context, &args[1]).into())
}

fn getset(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let reply = value_reply(keyspace, context, &args[1]);
    keyspace.insert(args[1].clone(), Value::String(args[2].clone()));
    let call = vec![Bytes::from_static(b"SET"), args[1].clone(), args[2].clone()];
    Ok(Outcome::changed(reply, &args[1], call))
}

fn getdel(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let reply = value_reply(keyspace, context, &args[1]);
    if reply == Reply::Null {
        return Ok(reply.into());
    }
    keyspace.remove(&args[1]);
    Ok(Outcome::changed(reply, &args[1], delete(&args[1])))
}

fn mget(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let values = args[1..].iter().map(|key| value_reply(keyspace, context, key)).collect();
    Ok(Reply::Array(values).into())
}

fn mset(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    check_pairs(args, "mset")?;
    Ok(set_pairs(keyspace, context, args, Reply::ok()))
}

fn msetnx(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    check_pairs(args, "msetnx")?;
    let mut keys = args[1..].iter().step_by(2);
    if keys.any(|key| context.exists(keyspace, key)) {
        return Ok(Reply::Integer(0).into());
    }
    Ok(set_pairs(keyspace, context, args, Reply::Integer(1)))
}

fn check_pairs(args: &[Bytes], name: &'static str) -> Result<(), Reply> {
    if args.len() % 2 == 1 {
        return Ok(());
    }
    Err(Spec { name, ..STRING }.wrong_arity())
}

fn set_pairs(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
    reply: Reply,
) -> Outcome {
    let mut touched = Vec::new();
    for pair in args[1..].chunks_exact(2) {
        context.exists(keyspace, &pair[0]);
        keyspace.insert(pair[0].clone(), Value::String(pair[1].clone()));
        touched.push(pair[0].clone());
    }
    Outcome { propagate: vec![args.to_vec()], touched, ..Outcome::from(reply) }
}

fn append(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let (key, tail) = (&args[1], &args[2]);
    let text = match context.lookup(keyspace, key) {
        None => tail.clone(),
        Some(Value::String(head)) => {
            check_length(head.len(), tail.len())?;
            let mut text = BytesMut::with_capacity(head.len() + tail.len());
            text.extend_from_slice(head);
            text.extend_from_slice(tail);
            text.freeze()
        }
    };
    let len = text.len() as i64;
    keyspace.update(key, Value::String(text));
    Ok(Outcome::changed(Reply::Integer(len), key, args.to_vec()))
}

/// Refuses a string that would grow beyond what a key may hold (`checkStringLength`).
pub(super) fn check_length(len: usize, more: usize) -> Result<(), Reply> {
    if len.saturating_add(more) <= STRING_BYTES_MAX {
        return Ok(());
    }
    Err(Reply::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"))
}

fn strlen(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let len = match context.lookup(keyspace, &args[1]) {
        Some(Value::String(text)) => text.len() as i64,
        None => 0,
    };
    Ok(Reply::Integer(len).into())
}

fn incr(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    add(keyspace, context, args, 1)
}

fn decr(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    add(keyspace, context, args, -1)
}

fn incrby(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let step = integer_argument(&args[2])?;
    add(keyspace, context, args, step)
}

fn decrby(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let step = integer_argument(&args[2])?
        .checked_neg()
        .ok_or_else(|| Reply::error("ERR decrement would overflow"))?;
    add(keyspace, context, args, step)
}

fn add(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes], step: i64) -> Done {
    let key = &args[1];
    let before = match context.lookup(keyspace, key) {
        Some(Value::String(text)) => integer_argument(text)?,
        None => 0,
    };
    let after = before
        .checked_add(step)
        .ok_or_else(|| Reply::error("ERR increment or decrement would overflow"))?;
    keyspace.update(key, Value::String(after.to_string().into()));
    Ok(Outcome::changed(Reply::Integer(after), key, args.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::test_server::Server;

    #[test]
    fn strings_answer_as_on_the_real_server() {
        Server::master().replies(&[
            ("GET k", "(nil)"),
            ("GETSET k 10", "(nil)"),
            ("GETSET k 20", r#""10""#),
            ("STRLEN k", "(integer) 2"),
            ("APPEND k 5", "(integer) 3"),
            ("INCR k", "(integer) 206"),
            ("INCRBY k -6", "(integer) 200"),
            ("DECR k", "(integer) 199"),
            ("DECRBY k 99", "(integer) 100"),
            ("DECRBY new 1", "(integer) -1"),
            ("MSET a 1 b 2", "OK"),
            ("MSETNX a 1 c 2", "(integer) 0"),
            ("MSETNX c 1 d 2", "(integer) 1"),
            ("MGET a c x", "1) \"1\"\n2) \"1\"\n3) (nil)"),
            ("GETDEL a", r#""1""#),
            ("GETDEL a", "(nil)"),
            ("STRLEN a", "(integer) 0"),
        ]);
    }

    #[test]
    fn strings_fail_as_on_the_real_server() {
        let not_an_integer = "(error) ERR value is not an integer or out of range";
        let overflow = "(error) ERR increment or decrement would overflow";
        Server::master().replies(&[
            ("GET", "(error) ERR wrong number of arguments for 'get' command"),
            ("MSET a 1 b", "(error) ERR wrong number of arguments for 'mset' command"),
            ("MSETNX a 1 b", "(error) ERR wrong number of arguments for 'msetnx' command"),
            ("INCRBY n x", not_an_integer),
            ("INCRBY n +5", not_an_integer),
            ("SET n 010", "OK"),
            ("INCR n", not_an_integer),
            ("SET n 9223372036854775807", "OK"),
            ("INCR n", overflow),
            ("SET n -9223372036854775808", "OK"),
            ("DECR n", overflow),
            ("DECRBY n -9223372036854775808", "(error) ERR decrement would overflow"),
        ]);
    }

    #[test]
    fn strings_propagate_as_on_the_real_server() {
        Server::master().propagates(&[
            ("getset k w", "SET k w"),
            ("getdel k", "DEL k"),
            ("getdel k", ""),
            ("mset a 1 b 2", "mset a 1 b 2"),
            ("msetnx a 1 c 2", ""),
            ("append a foo", "append a foo"),
            ("incr b", "incr b"),
            ("incr a", ""),
            ("decrby b 2", "decrby b 2"),
            ("mget a b", ""),
        ]);
    }

    #[test]
    fn a_string_is_at_most_512_megabytes() {
        assert_eq!(check_length(STRING_BYTES_MAX - 1, 1), Ok(()));
        assert!(check_length(STRING_BYTES_MAX, 1).is_err());
        assert!(check_length(1, usize::MAX).is_err());
    }
}
