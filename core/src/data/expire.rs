//! Times to live.
//!
//! The rule (Redis 7.0, `expire.c: expireGenericCommand`, `ttlGenericCommand`): the options are
//! checked first, then the time, and only then the key. A time that is already over deletes the key
//! (on a replica it is only noted: the master will say DEL). NX wants a key without a time to live,
//! XX one with it, GT a later moment than before and LT an earlier one, where no time to live is
//! later than any. TTL rounds to the nearest second; -1 says no time to live, -2 no key.
//!
//! What goes to replicas is the moment: EXPIRE becomes PEXPIREAT with the options as given, or DEL.

use bytes::Bytes;

use super::Reply;
use super::execute::{Context, Outcome, delete};
use super::key_use::KeyUse;
use super::keyspace::{Expiry, Keyspace};
use super::number::integer_argument;
use super::row::Row;
use super::spec::{Group, Spec, c_text};
use super::strings::{READ_FAST, STRING, WRITE_FAST};

/// What most rows of this file have in common.
const EXPIRY: Spec = Spec { group: Group::Generic, ..STRING };

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "expire",
            arity: -3,
            flags: WRITE_FAST,
            usage: "key seconds [NX|XX|GT|LT]",
            summary: "Set a key's time to live in seconds",
            uses: &[KeyUse::ADJUSTS],
            ..EXPIRY
        },
        run: expire,
    },
    Row {
        spec: Spec {
            name: "pexpire",
            arity: -3,
            flags: WRITE_FAST,
            usage: "key milliseconds [NX|XX|GT|LT]",
            summary: "Set a key's time to live in milliseconds",
            since: "2.6.0",
            uses: &[KeyUse::ADJUSTS],
            ..EXPIRY
        },
        run: pexpire,
    },
    Row {
        spec: Spec {
            name: "expireat",
            arity: -3,
            flags: WRITE_FAST,
            usage: "key unix-time-seconds [NX|XX|GT|LT]",
            summary: "Set the expiration for a key as a UNIX timestamp",
            since: "1.2.0",
            uses: &[KeyUse::ADJUSTS],
            ..EXPIRY
        },
        run: expireat,
    },
    Row {
        spec: Spec {
            name: "pexpireat",
            arity: -3,
            flags: WRITE_FAST,
            usage: "key unix-time-milliseconds [NX|XX|GT|LT]",
            summary: "Set the expiration for a key as a UNIX timestamp specified in milliseconds",
            since: "2.6.0",
            uses: &[KeyUse::ADJUSTS],
            ..EXPIRY
        },
        run: pexpireat,
    },
    Row {
        spec: Spec {
            name: "ttl",
            arity: 2,
            flags: READ_FAST,
            usage: "key",
            summary: "Get the time to live for a key in seconds",
            uses: &[KeyUse::READS],
            tips: &["nondeterministic_output"],
            ..EXPIRY
        },
        run: ttl,
    },
    Row {
        spec: Spec {
            name: "pttl",
            arity: 2,
            flags: READ_FAST,
            usage: "key",
            summary: "Get the time to live for a key in milliseconds",
            since: "2.6.0",
            uses: &[KeyUse::READS],
            tips: &["nondeterministic_output"],
            ..EXPIRY
        },
        run: pttl,
    },
    Row {
        spec: Spec {
            name: "expiretime",
            arity: 2,
            flags: READ_FAST,
            usage: "key",
            summary: "Get the expiration Unix timestamp for a key",
            since: "7.0.0",
            uses: &[KeyUse::READS],
            ..EXPIRY
        },
        run: expiretime,
    },
    Row {
        spec: Spec {
            name: "pexpiretime",
            arity: 2,
            flags: READ_FAST,
            usage: "key",
            summary: "Get the expiration Unix timestamp for a key in milliseconds",
            since: "7.0.0",
            uses: &[KeyUse::READS],
            ..EXPIRY
        },
        run: pexpiretime,
    },
    Row {
        spec: Spec {
            name: "persist",
            arity: 2,
            flags: WRITE_FAST,
            usage: "key",
            summary: "Remove the expiration from a key",
            since: "2.2.0",
            uses: &[KeyUse::ADJUSTS],
            ..EXPIRY
        },
        run: persist,
    },
];

type Done = Result<Outcome, Reply>;

/// The four ways to name a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeForm {
    InSeconds,
    InMillis,
    AtSeconds,
    AtMillis,
}

impl TimeForm {
    /// The form that an option of SET or GETEX announces.
    pub(super) fn of_option(word: &[u8]) -> Option<TimeForm> {
        match word.to_ascii_uppercase().as_slice() {
            b"EX" => Some(TimeForm::InSeconds),
            b"PX" => Some(TimeForm::InMillis),
            b"EXAT" => Some(TimeForm::AtSeconds),
            b"PXAT" => Some(TimeForm::AtMillis),
            _ => None,
        }
    }

    /// The moment that an amount in this form means, unless it is beyond 64 bits.
    pub(super) fn expiry(self, amount: i64, context: &Context) -> Option<Expiry> {
        let unit_ms = match self {
            TimeForm::InSeconds | TimeForm::AtSeconds => 1_000,
            TimeForm::InMillis | TimeForm::AtMillis => 1,
        };
        let start_ms = match self {
            TimeForm::InSeconds | TimeForm::InMillis => context.now_ms(),
            TimeForm::AtSeconds | TimeForm::AtMillis => 0,
        };
        let amount_ms = amount.checked_mul(unit_ms)?;
        Some(Expiry::from_millis(amount_ms.checked_add(start_ms)?))
    }

    pub(super) fn invalid(command: &str) -> Reply {
        Reply::error(format!("ERR invalid expire time in '{command}' command"))
    }
}

#[derive(Clone, Copy, Default)]
struct Conditions {
    if_none: bool,
    if_some: bool,
    if_later: bool,
    if_earlier: bool,
}

impl Conditions {
    fn parse(words: &[Bytes]) -> Result<Conditions, Reply> {
        let mut wanted = Conditions::default();
        for word in words {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => wanted.if_none = true,
                b"XX" => wanted.if_some = true,
                b"GT" => wanted.if_later = true,
                b"LT" => wanted.if_earlier = true,
                _ => {
                    let word = String::from_utf8_lossy(c_text(word, word.len()));
                    return Err(Reply::error(format!("ERR Unsupported option {word}")));
                }
            }
        }
        if wanted.if_none && (wanted.if_some || wanted.if_later || wanted.if_earlier) {
            return Err(Reply::error(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if wanted.if_later && wanted.if_earlier {
            return Err(Reply::error("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(wanted)
    }

    fn allow(self, before: Option<Expiry>, after: Expiry) -> bool {
        let later = before.is_some_and(|before| after > before);
        let earlier = before.is_none_or(|before| after < before);
        !(self.if_none && before.is_some()
            || self.if_some && before.is_none()
            || self.if_later && !later
            || self.if_earlier && !earlier)
    }
}

fn expire(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    set_time(keyspace, context, args, TimeForm::InSeconds)
}

fn pexpire(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    set_time(keyspace, context, args, TimeForm::InMillis)
}

fn expireat(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    set_time(keyspace, context, args, TimeForm::AtSeconds)
}

fn pexpireat(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    set_time(keyspace, context, args, TimeForm::AtMillis)
}

fn set_time(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
    form: TimeForm,
) -> Done {
    let key = &args[1];
    let conditions = Conditions::parse(&args[3..])?;
    let amount = integer_argument(&args[2])?;
    let command = || String::from_utf8_lossy(&args[0]).to_ascii_lowercase();
    let after = form.expiry(amount, context).ok_or_else(|| TimeForm::invalid(&command()))?;
    if !context.exists(keyspace, key) || !conditions.allow(keyspace.expiry(key), after) {
        return Ok(Reply::Integer(0).into());
    }
    let done = Reply::Integer(1);
    if context.is_due(after) {
        keyspace.remove(key);
        return Ok(Outcome::changed(done, key, delete(key)));
    }
    keyspace.set_expiry(key, Some(after));
    let mut call = args.to_vec();
    if form != TimeForm::AtMillis {
        call[0] = Bytes::from_static(b"PEXPIREAT");
        call[2] = after.millis().to_string().into();
    }
    Ok(Outcome::changed(done, key, call))
}

fn ttl(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let now_ms = context.now_ms();
    read_time(keyspace, context, args, |at| in_seconds(left(at, now_ms)))
}

fn pttl(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let now_ms = context.now_ms();
    read_time(keyspace, context, args, |at| left(at, now_ms))
}

fn expiretime(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    read_time(keyspace, context, args, |at| in_seconds(at.millis()))
}

fn pexpiretime(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    read_time(keyspace, context, args, Expiry::millis)
}

fn left(at: Expiry, now_ms: i64) -> i64 {
    at.millis().saturating_sub(now_ms).max(0)
}

/// The nearest second. The sum may take all 64 bits.
fn in_seconds(millis: i64) -> i64 {
    ((millis.max(0) as u64 + 500) / 1_000) as i64
}

fn read_time(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
    read: impl Fn(Expiry) -> i64,
) -> Done {
    let key = &args[1];
    if !context.exists(keyspace, key) {
        return Ok(Reply::Integer(-2).into());
    }
    Ok(Reply::Integer(keyspace.expiry(key).map_or(-1, read)).into())
}

fn persist(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let key = &args[1];
    if !context.exists(keyspace, key) || keyspace.set_expiry(key, None).is_none() {
        return Ok(Reply::Integer(0).into());
    }
    Ok(Outcome::changed(Reply::Integer(1), key, args.to_vec()))
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn times_to_live_answer_as_on_the_real_server() {
        Server::master().replies(&[
            ("SET n 1", "OK"),
            ("TTL n", "(integer) -1"),
            ("TTL nokey", "(integer) -2"),
            ("EXPIRE n 10 LT", "(integer) 1"),
            ("EXPIRE n 5 GT", "(integer) 0"),
            ("EXPIRE n 20 GT", "(integer) 1"),
            ("EXPIRE n 5 lt", "(integer) 1"),
            ("EXPIRE n 5 NX", "(integer) 0"),
            ("PERSIST n", "(integer) 1"),
            ("PERSIST n", "(integer) 0"),
            ("EXPIRE n 10 GT", "(integer) 0"),
            ("EXPIRE n 10 XX", "(integer) 0"),
            ("EXPIRE n 10 NX NX", "(integer) 1"),
            ("EXPIRE n 1000 LT XX", "(integer) 0"),
            ("PEXPIRE n 1499", "(integer) 1"),
            ("TTL n", "(integer) 1"),
            ("PTTL n", "(integer) 1499"),
            ("PEXPIREAT n 99999999999500", "(integer) 1"),
            ("EXPIRETIME n", "(integer) 100000000000"),
            ("PEXPIRETIME n", "(integer) 99999999999500"),
            ("PEXPIREAT n 9223372036854775807", "(integer) 1"),
            ("EXPIRETIME n", "(integer) 9223372036854776"),
            ("EXPIREAT n 1 GT", "(integer) 0"),
            ("EXPIRE n -1", "(integer) 1"),
            ("EXISTS n", "(integer) 0"),
        ]);
    }

    #[test]
    fn wrong_times_fail_as_on_the_real_server() {
        let not_an_integer = "(error) ERR value is not an integer or out of range";
        let nx = "(error) ERR NX and XX, GT or LT options at the same time are not compatible";
        let gt_lt = "(error) ERR GT and LT options at the same time are not compatible";
        let expire = "(error) ERR invalid expire time in 'expire' command";
        Server::master().replies(&[
            ("EXPIRE s x NX GT", nx),
            ("EXPIRE s 10 GT LT", gt_lt),
            ("EXPIRE s x foo", "(error) ERR Unsupported option foo"),
            ("EXPIRE s x", not_an_integer),
            ("EXPIRE s 9223372036854775807", expire),
            ("expire s 9223372036854775", expire),
            ("EXPIRE s -9223372036854775808", expire),
            ("EXPIRE s -9223372036854775", "(integer) 0"),
            (
                "PEXPIRE s 9223372036854775807",
                "(error) ERR invalid expire time in 'pexpire' command",
            ),
            ("PEXPIREAT s 9223372036854775807", "(integer) 0"),
        ]);
    }

    #[test]
    fn replicas_get_the_moment() {
        Server::master().propagates(&[
            ("set k v", "set k v"),
            ("expire k 100", "PEXPIREAT k 1000100000"),
            ("expire k 100 nx", ""),
            ("expire k 200 GT", "PEXPIREAT k 1000200000 GT"),
            ("pexpireat k 99999999999999 xx", "pexpireat k 99999999999999 xx"),
            ("expireat k 9999999999", "PEXPIREAT k 9999999999000"),
            ("persist k", "persist k"),
            ("persist k", ""),
            ("expire k -1", "DEL k"),
            ("expire k 10", ""),
        ]);
    }

    #[test]
    fn a_replica_keeps_a_key_that_should_be_over() {
        let mut server = Server::new(crate::data::Role::Applying);
        server.replies(&[("SET k v", "OK"), ("PEXPIREAT k 1", "(integer) 1"), ("GET k", r#""v""#)]);
    }
}
