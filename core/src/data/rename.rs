//! Keys under another name: RENAME, RENAMENX and COPY.
//!
//! The rule (Redis 7.0, `db.c: renameGenericCommand, copyCommand`): a value takes its time to live
//! along, and what was under the new name is gone, unless the command says that it must be free. A
//! key renamed to its own name stays as it is, and nothing is propagated. COPY checks its options
//! before it looks at keys; there is no other database in a cluster.

use bytes::Bytes;

use super::Reply;
use super::execute::{Context, Outcome};
use super::key_use::KeyUse;
use super::keyspace::{Expiry, Keyspace, Value};
use super::number::integer_argument;
use super::row::Row;
use super::spec::{Flags, Group, KeySpec, Spec};
use super::strings::{STRING, WRITE_FAST, WRITE_GROW};

/// What most rows of this file have in common.
const TWO_KEYS: Spec = Spec {
    keys: KeySpec::new(1, 2, 1),
    usage: "key newkey",
    group: Group::Generic,
    arity: 3,
    flags: Flags::WRITE,
    ..STRING
};

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "rename",
            summary: "Rename a key",
            uses: &[KeyUse::TAKES, KeyUse::REPLACES],
            ..TWO_KEYS
        },
        run: rename,
    },
    Row {
        spec: Spec {
            name: "renamenx",
            flags: WRITE_FAST,
            summary: "Rename a key, only if the new key does not exist",
            uses: &[KeyUse::TAKES, KeyUse::CREATES],
            ..TWO_KEYS
        },
        run: renamenx,
    },
    Row {
        spec: Spec {
            name: "copy",
            arity: -3,
            flags: WRITE_GROW,
            usage: "source destination [DB destination-db] [REPLACE]",
            summary: "Copy a key",
            since: "6.2.0",
            uses: &[KeyUse::READS, KeyUse::REPLACES],
            ..TWO_KEYS
        },
        run: copy,
    },
];

type Done = Result<Outcome, Reply>;

/// Whether a key may lie where another one is to be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Taken,
    Free,
}

fn rename(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    match move_key(keyspace, context, args, Place::Taken)? {
        Some(touched) => Ok(changed(Reply::ok(), touched, args)),
        None => Ok(Reply::ok().into()),
    }
}

fn renamenx(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    match move_key(keyspace, context, args, Place::Free)? {
        Some(touched) => Ok(changed(Reply::Integer(1), touched, args)),
        None => Ok(Reply::Integer(0).into()),
    }
}

fn changed(reply: Reply, touched: Vec<Bytes>, args: &[Bytes]) -> Outcome {
    Outcome { propagate: vec![args.to_vec()], touched, ..Outcome::from(reply) }
}

/// The keys that changed, unless nothing was to be done.
fn move_key(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
    place: Place,
) -> Result<Option<Vec<Bytes>>, Reply> {
    let (from, to) = (&args[1], &args[2]);
    let Some((value, expiry)) = take_copy(keyspace, context, from) else {
        return Err(Reply::error("ERR no such key"));
    };
    if from == to || (context.exists(keyspace, to) && place == Place::Free) {
        return Ok(None);
    }
    put(keyspace, to, value, expiry);
    keyspace.remove(from);
    Ok(Some(vec![from.clone(), to.clone()]))
}

fn copy(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let place = read_copy_options(&args[3..])?;
    let (from, to) = (&args[1], &args[2]);
    if from == to {
        return Err(Reply::error("ERR source and destination objects are the same"));
    }
    let Some((value, expiry)) = take_copy(keyspace, context, from) else {
        return Ok(Reply::Integer(0).into());
    };
    if context.exists(keyspace, to) && place == Place::Free {
        return Ok(Reply::Integer(0).into());
    }
    put(keyspace, to, value, expiry);
    Ok(changed(Reply::Integer(1), vec![to.clone()], args))
}

fn read_copy_options(mut words: &[Bytes]) -> Result<Place, Reply> {
    const DATABASES: i64 = 16;
    let (mut place, mut database) = (Place::Free, 0);
    while let [word, rest @ ..] = words {
        words = match rest {
            _ if word.eq_ignore_ascii_case(b"REPLACE") => {
                place = Place::Taken;
                rest
            }
            [number, rest @ ..] if word.eq_ignore_ascii_case(b"DB") => {
                database = integer_argument(number)?;
                if i32::try_from(database).is_err() {
                    return Err(Reply::error(
                        "ERR value is out of range, value must between -2147483648 and 2147483647",
                    ));
                }
                if !(0..DATABASES).contains(&database) {
                    return Err(Reply::error("ERR DB index is out of range"));
                }
                rest
            }
            _ => return Err(Reply::syntax_error()),
        };
    }
    if database != 0 {
        let error = "ERR Copying to another database is not allowed in cluster mode";
        return Err(Reply::error(error));
    }
    Ok(place)
}

fn take_copy(
    keyspace: &mut Keyspace,
    context: &mut Context,
    key: &[u8],
) -> Option<(Value, Option<Expiry>)> {
    let value = context.lookup(keyspace, key)?.clone();
    Some((value, keyspace.expiry(key)))
}

/// Puts a value under a name, as a new key.
fn put(keyspace: &mut Keyspace, key: &Bytes, value: Value, expiry: Option<Expiry>) {
    keyspace.remove(key);
    keyspace.insert(key.clone(), value);
    keyspace.set_expiry(key, expiry);
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn a_key_takes_its_time_to_live_along() {
        Server::master().replies(&[
            ("SET a 1 EX 100", "OK"),
            ("SET b 2", "OK"),
            ("RENAME a a", "OK"),
            ("RENAME a b", "OK"),
            ("GET b", "\"1\""),
            ("TTL b", "(integer) 100"),
            ("RENAME a c", "(error) ERR no such key"),
            ("SET c 3", "OK"),
            ("RENAMENX c b", "(integer) 0"),
            ("RENAMENX c d", "(integer) 1"),
            ("RENAMENX c c", "(error) ERR no such key"),
            ("COPY b e", "(integer) 1"),
            ("TTL e", "(integer) 100"),
            ("COPY d e", "(integer) 0"),
            ("COPY d e REPLACE", "(integer) 1"),
            ("TTL e", "(integer) -1"),
            ("COPY d d", "(error) ERR source and destination objects are the same"),
            ("COPY x y", "(integer) 0"),
            ("COPY d f DB", "(error) ERR syntax error"),
            ("COPY d f DB x", "(error) ERR value is not an integer or out of range"),
            ("COPY d f DB 16", "(error) ERR DB index is out of range"),
            (
                "COPY d f DB 1",
                "(error) ERR Copying to another database is not allowed in cluster mode",
            ),
        ]);
    }

    #[test]
    fn only_what_changes_something_is_told_to_replicas() {
        let mut server = Server::master();
        server.propagates(&[
            ("set a 1", "set a 1"),
            ("rename a a", ""),
            ("copy a b", "copy a b"),
            ("renamenx a b", ""),
            ("rename a b", "rename a b"),
        ]);
    }
}
