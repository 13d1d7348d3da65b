//! DUMP and RESTORE: a key leaves one server and comes to another.
//!
//! The rule (Redis 7.0, `cluster.c: dumpCommand, restoreCommand`): DUMP gives the value alone,
//! without the time to live. RESTORE reads its options first; then it is checked, in this order,
//! that no key is in the way (unless REPLACE), that the time to live is a number and not negative,
//! that the payload's footer is right, and that it holds a value. A time to live of 0 is none; one
//! that is over already stores nothing, and is OK. What goes to replicas has the moment in it
//! (ABSTTL), or is a DEL if all that happened is that the old key went.
//!
//! RESTORE-ASKING is the same command for a slot that is being imported: who sends it need not say
//! ASKING. IDLETIME and FREQ are checked and forgotten: nothing is ever evicted here.

use bytes::Bytes;

use super::Reply;
use super::category::Categories;
use super::execute::{Context, Outcome, delete};
use super::key_use::KeyUse;
use super::keyspace::{Expiry, Keyspace};
use super::number::integer_argument;
use super::payload::{self, Unreadable};
use super::row::Row;
use super::spec::{Flags, Group, Spec};
use super::strings::{STRING, WRITE_GROW};

const TRANSFER: Spec = Spec { group: Group::Generic, since: "2.6.0", ..STRING };

const RESTORE: Spec = Spec {
    arity: -4,
    flags: WRITE_GROW,
    usage: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
    ..TRANSFER
};

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "dump",
            arity: 2,
            flags: Flags::READONLY,
            usage: "key",
            summary: "Return a serialized version of the value stored at the specified key.",
            uses: &[KeyUse::READS],
            tips: &["nondeterministic_output"],
            ..TRANSFER
        },
        run: dump,
    },
    Row {
        spec: Spec {
            name: "restore",
            summary: "Create a key using the provided serialized value, \
                      previously obtained using DUMP.",
            uses: &[KeyUse::REPLACES],
            categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
            ..RESTORE
        },
        run: restore,
    },
    Row {
        spec: Spec {
            name: "restore-asking",
            flags: WRITE_GROW.and(Flags::ASKING),
            summary: "An internal command for migrating keys in a cluster",
            since: "3.0.0",
            group: Group::Server,
            uses: &[KeyUse::REPLACES],
            categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
            ..RESTORE
        },
        run: restore,
    },
];

type Done = Result<Outcome, Reply>;

fn dump(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let value = context.lookup(keyspace, &args[1]);
    Ok(value.map_or(Reply::Null, |value| Reply::Bulk(payload::encode(value))).into())
}

/// The options of RESTORE that make a difference.
#[derive(Clone, Copy, Default)]
struct Options {
    replace: bool,
    absolute: bool,
}

impl Options {
    fn parse(mut words: &[Bytes]) -> Result<Options, Reply> {
        let mut options = Options::default();
        let (mut idle, mut frequent) = (false, false);
        while let Some((word, rest)) = words.split_first() {
            words = rest;
            match (word.to_ascii_uppercase().as_slice(), rest.first()) {
                (b"REPLACE", _) => options.replace = true,
                (b"ABSTTL", _) => options.absolute = true,
                (b"IDLETIME", Some(value)) if !frequent => {
                    if integer_argument(value)? < 0 {
                        return Err(Reply::error("ERR Invalid IDLETIME value, must be >= 0"));
                    }
                    (idle, words) = (true, &rest[1..]);
                }
                (b"FREQ", Some(value)) if !idle => {
                    if !(0..=255).contains(&integer_argument(value)?) {
                        return Err(Reply::error(
                            "ERR Invalid FREQ value, must be >= 0 and <= 255",
                        ));
                    }
                    (frequent, words) = (true, &rest[1..]);
                }
                _ => return Err(Reply::syntax_error()),
            }
        }
        Ok(options)
    }
}

fn restore(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let options = Options::parse(&args[4..])?;
    let key = &args[1];
    let in_the_way = !options.replace && context.exists(keyspace, key);
    if in_the_way {
        return Err(Reply::error("BUSYKEY Target key name already exists."));
    }
    let ttl = integer_argument(&args[2])?;
    if ttl < 0 {
        return Err(Reply::error("ERR Invalid TTL value, must be >= 0"));
    }
    let value = payload::decode(&args[3]).map_err(|unreadable| match unreadable {
        Unreadable::Footer => Reply::error("ERR DUMP payload version or checksum are wrong"),
        Unreadable::Format => Reply::error("ERR Bad data format"),
    })?;
    let deleted = options.replace && keyspace.remove(key).is_some();
    let expiry = (ttl != 0).then(|| {
        let start_ms = if options.absolute { 0 } else { context.now_ms() };
        Expiry::from_millis(ttl.wrapping_add(start_ms))
    });
    if expiry.is_some_and(|expiry| context.is_due(expiry)) {
        return Ok(match deleted {
            true => Outcome::changed(Reply::ok(), key, delete(key)),
            false => Reply::ok().into(),
        });
    }
    keyspace.insert(key.clone(), value);
    keyspace.set_expiry(key, expiry);
    Ok(Outcome::changed(Reply::ok(), key, propagated(args, expiry, options)))
}

/// The call as replicas get it: with the moment of expiry instead of a span.
fn propagated(args: &[Bytes], expiry: Option<Expiry>, options: Options) -> Vec<Bytes> {
    let mut call = args.to_vec();
    if let (Some(expiry), false) = (expiry, options.absolute) {
        call[2] = expiry.millis().to_string().into();
        call.push(Bytes::from_static(b"ABSTTL"));
    }
    call
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    const TEN: &str = r#""\x00\xc0\n\n\x00n\x9fWE\x0e\xaec\xbb""#;

    #[test]
    fn a_value_is_dumped_and_restored() {
        let restore = |line: &str| line.replace("TEN", TEN);
        let mut server = Server::master();
        server.replies(&[
            ("SET ten 10", "OK"),
            ("DUMP ten", TEN),
            ("DUMP nothing", "(nil)"),
            (&restore("RESTORE k 0 TEN"), "OK"),
            ("GET k", "\"10\""),
            ("TTL k", "(integer) -1"),
            (&restore("RESTORE k 0 TEN"), "(error) BUSYKEY Target key name already exists."),
            (&restore("RESTORE k 5000 TEN REPLACE"), "OK"),
            ("PTTL k", "(integer) 5000"),
            (&restore("RESTORE k 1000000007000 TEN REPLACE ABSTTL"), "OK"),
            ("EXPIRETIME k", "(integer) 1000000007"),
            (&restore("RESTORE k 1 TEN REPLACE ABSTTL"), "OK"),
            ("EXISTS k", "(integer) 0"),
            (&restore("RESTORE k 9223372036854775807 TEN"), "OK"),
            ("EXISTS k", "(integer) 0"),
        ]);
    }

    #[test]
    fn the_mistakes_of_restore_have_an_order() {
        let footer = "(error) ERR DUMP payload version or checksum are wrong";
        let syntax = "(error) ERR syntax error";
        Server::master().replies(&[
            ("SET k v", "OK"),
            ("RESTORE k x y", "(error) BUSYKEY Target key name already exists."),
            ("RESTORE a x y", "(error) ERR value is not an integer or out of range"),
            ("RESTORE a -1 y", "(error) ERR Invalid TTL value, must be >= 0"),
            ("RESTORE a 0 y", footer),
            ("RESTORE a 0 y nope", syntax),
            ("RESTORE a 0 y IDLETIME", syntax),
            ("RESTORE a 0 y IDLETIME x", "(error) ERR value is not an integer or out of range"),
            ("RESTORE a 0 y IDLETIME -1", "(error) ERR Invalid IDLETIME value, must be >= 0"),
            ("RESTORE a 0 y FREQ 256", "(error) ERR Invalid FREQ value, must be >= 0 and <= 255"),
            ("RESTORE a 0 y FREQ 1 IDLETIME 1", syntax),
            ("RESTORE a 0 y IDLETIME 1 FREQ 1", syntax),
            ("RESTORE a 0 y IDLETIME 1 IDLETIME 2", footer),
        ]);
    }

    #[test]
    fn replicas_are_told_the_moment() {
        let line = |line: &str| line.replace("TEN", TEN);
        let mut server = Server::master();
        server.propagates(&[
            (&line("restore k 0 TEN"), &line("restore k 0 TEN")),
            (&line("restore k 500 TEN replace"), &line("restore k 1000000500 TEN replace ABSTTL")),
            (
                &line("restore-asking k 1000000700 TEN absttl replace"),
                &line("restore-asking k 1000000700 TEN absttl replace"),
            ),
            (&line("restore k 1 TEN absttl replace"), "DEL k"),
            (&line("restore k 1 TEN absttl replace"), ""),
        ]);
    }
}
