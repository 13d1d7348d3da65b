//! SET and its kin: a value, under which condition, and for how long.
//!
//! The rule (Redis 7.0, `t_string.c: setGenericCommand`, `getexCommand`,
//! `parseExtendedStringArgumentsOrReply`): options come in any order and case, an option given
//! twice counts once (of two times of one kind the last), and options that exclude one another
//! (NX and XX; any two of EX PX EXAT PXAT KEEPTTL PERSIST) are a syntax error, which is found
//! before a wrong time is. The time is checked before the condition is.
//!
//! Replicas run at another moment, so a time to live goes to them as the moment when it ends: SET
//! with any time propagates as `SET key value PXAT moment`, GETEX as PEXPIREAT, PERSIST or DEL.
//! SET without a time propagates as given, less the word GET.

use bytes::Bytes;

use super::Reply;
use super::execute::{Context, Outcome, delete};
use super::expire::TimeForm;
use super::key_use::KeyUse;
use super::keyspace::{Expiry, Keyspace, Value};
use super::number::integer_argument;
use super::row::Row;
use super::spec::Spec;
use super::strings::{STRING, WRITE_FAST, WRITE_GROW, WRITE_GROW_FAST, value_reply};

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "set",
            arity: -3,
            flags: WRITE_GROW,
            usage: "key value [NX|XX] [GET] [EX seconds|PX milliseconds|\
                    EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
            summary: "Set the string value of a key",
            uses: &[KeyUse::SETS],
            ..STRING
        },
        run: set,
    },
    Row {
        spec: Spec {
            name: "setnx",
            arity: 3,
            flags: WRITE_GROW_FAST,
            usage: "key value",
            summary: "Set the value of a key, only if the key does not exist",
            uses: &[KeyUse::CREATES],
            ..STRING
        },
        run: setnx,
    },
    Row {
        spec: Spec {
            name: "setex",
            arity: 4,
            flags: WRITE_GROW,
            usage: "key seconds value",
            summary: "Set the value and expiration of a key",
            since: "2.0.0",
            uses: &[KeyUse::REPLACES],
            ..STRING
        },
        run: setex,
    },
    Row {
        spec: Spec {
            name: "psetex",
            arity: 4,
            flags: WRITE_GROW,
            usage: "key milliseconds value",
            summary: "Set the value and expiration in milliseconds of a key",
            since: "2.6.0",
            uses: &[KeyUse::REPLACES],
            ..STRING
        },
        run: psetex,
    },
    Row {
        spec: Spec {
            name: "getex",
            arity: -2,
            flags: WRITE_FAST,
            usage: "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|\
                    PXAT unix-time-milliseconds|PERSIST]",
            summary: "Get the value of a key and optionally set its expiration",
            since: "6.2.0",
            uses: &[KeyUse::READS_AND_DATES],
            ..STRING
        },
        run: getex,
    },
];

type Done = Result<Outcome, Reply>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    IfMissing,
    IfPresent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Ok,
    OldValue,
}

/// What becomes of the key's time to live.
#[derive(Clone, PartialEq, Eq)]
enum Lifetime {
    /// The command's own custom: SET removes it, GETEX leaves it.
    Unsaid,
    Keep,
    Persist,
    Until(TimeForm, Bytes),
}

impl Lifetime {
    /// When the key shall expire, if a time was given; it must be after zero.
    fn expiry(&self, context: &Context, name: &str) -> Result<Option<Expiry>, Reply> {
        let Lifetime::Until(form, amount) = self else {
            return Ok(None);
        };
        let amount = integer_argument(amount)?;
        let expiry = form.expiry(amount, context).filter(|_| amount > 0);
        match expiry {
            Some(expiry) => Ok(Some(expiry)),
            None => Err(TimeForm::invalid(name)),
        }
    }
}

struct Options {
    condition: Condition,
    answer: Answer,
    lifetime: Lifetime,
}

/// Whose options are read: SET and GETEX share the times, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Set,
    Getex,
}

fn parse_options(words: &[Bytes], grammar: Grammar) -> Result<Options, Reply> {
    let mut options =
        Options { condition: Condition::Always, answer: Answer::Ok, lifetime: Lifetime::Unsaid };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let taken = match grammar {
            Grammar::Set => take_set_option(&mut options, word),
            Grammar::Getex => take_persist(&mut options, word),
        };
        if taken.is_none() {
            take_time(&mut options, word, &mut words).ok_or_else(Reply::syntax_error)?;
        }
    }
    Ok(options)
}

fn take_set_option(options: &mut Options, word: &[u8]) -> Option<()> {
    match word.to_ascii_uppercase().as_slice() {
        b"NX" if options.condition != Condition::IfPresent => {
            options.condition = Condition::IfMissing;
        }
        b"XX" if options.condition != Condition::IfMissing => {
            options.condition = Condition::IfPresent;
        }
        b"GET" => options.answer = Answer::OldValue,
        b"KEEPTTL" if matches!(options.lifetime, Lifetime::Unsaid | Lifetime::Keep) => {
            options.lifetime = Lifetime::Keep;
        }
        _ => return None,
    }
    Some(())
}

fn take_persist(options: &mut Options, word: &[u8]) -> Option<()> {
    let unsaid = matches!(options.lifetime, Lifetime::Unsaid | Lifetime::Persist);
    if !unsaid || !word.eq_ignore_ascii_case(b"PERSIST") {
        return None;
    }
    options.lifetime = Lifetime::Persist;
    Some(())
}

fn take_time<'a>(
    options: &mut Options,
    word: &[u8],
    rest: &mut impl Iterator<Item = &'a Bytes>,
) -> Option<()> {
    let form = TimeForm::of_option(word)?;
    match options.lifetime {
        Lifetime::Unsaid => {}
        Lifetime::Until(before, _) if before == form => {}
        _ => return None,
    }
    options.lifetime = Lifetime::Until(form, rest.next()?.clone());
    Some(())
}

fn set(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let (key, value) = (&args[1], &args[2]);
    let options = parse_options(&args[3..], Grammar::Set)?;
    let expiry = options.lifetime.expiry(context, "set")?;
    let present = context.exists(keyspace, key);
    let reply = match options.answer {
        Answer::Ok => None,
        Answer::OldValue => Some(value_reply(keyspace, context, key)),
    };
    let wanted = match options.condition {
        Condition::Always => true,
        Condition::IfMissing => !present,
        Condition::IfPresent => present,
    };
    if !wanted {
        return Ok(reply.unwrap_or(Reply::Null).into());
    }
    if options.lifetime == Lifetime::Keep {
        keyspace.update(key, Value::String(value.clone()));
    } else {
        keyspace.insert(key.clone(), Value::String(value.clone()));
    }
    let call = match expiry {
        Some(expiry) => {
            keyspace.set_expiry(key, Some(expiry));
            set_until(key, value, expiry)
        }
        None => without_get(args),
    };
    let reply = reply.unwrap_or(Reply::ok());
    Ok(Outcome::changed(reply, key, call))
}

/// The call that gives replicas a value with its time to live.
fn set_until(key: &Bytes, value: &Bytes, expiry: Expiry) -> Vec<Bytes> {
    vec![
        Bytes::from_static(b"SET"),
        key.clone(),
        value.clone(),
        Bytes::from_static(b"PXAT"),
        expiry.millis().to_string().into(),
    ]
}

/// A call of SET without the option GET, for which replicas have no use.
fn without_get(args: &[Bytes]) -> Vec<Bytes> {
    let (head, options) = args.split_at(3);
    let options = options.iter().filter(|word| !word.eq_ignore_ascii_case(b"GET"));
    head.iter().chain(options).cloned().collect()
}

fn setnx(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    if context.exists(keyspace, &args[1]) {
        return Ok(Reply::Integer(0).into());
    }
    keyspace.insert(args[1].clone(), Value::String(args[2].clone()));
    Ok(Outcome::changed(Reply::Integer(1), &args[1], args.to_vec()))
}

fn setex(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    set_for(keyspace, context, args, TimeForm::InSeconds, "setex")
}

fn psetex(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    set_for(keyspace, context, args, TimeForm::InMillis, "psetex")
}

fn set_for(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
    form: TimeForm,
    name: &str,
) -> Done {
    let (key, amount, value) = (&args[1], &args[2], &args[3]);
    let expiry =
        Lifetime::Until(form, amount.clone()).expiry(context, name)?.expect("a time was given");
    context.exists(keyspace, key);
    keyspace.insert(key.clone(), Value::String(value.clone()));
    keyspace.set_expiry(key, Some(expiry));
    let call = set_until(key, value, expiry);
    Ok(Outcome::changed(Reply::ok(), key, call))
}

/// The options are checked first, then the key, and only then the time.
fn getex(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let key = &args[1];
    let options = parse_options(&args[2..], Grammar::Getex)?;
    let reply = value_reply(keyspace, context, key);
    if reply == Reply::Null {
        return Ok(reply.into());
    }
    if let Some(expiry) = options.lifetime.expiry(context, "getex")? {
        let call = if context.is_due(expiry) {
            keyspace.remove(key);
            delete(key)
        } else {
            keyspace.set_expiry(key, Some(expiry));
            let moment = expiry.millis().to_string().into();
            vec![Bytes::from_static(b"PEXPIREAT"), key.clone(), moment]
        };
        return Ok(Outcome::changed(reply, key, call));
    }
    if options.lifetime == Lifetime::Persist && keyspace.set_expiry(key, None).is_some() {
        let call = vec![Bytes::from_static(b"PERSIST"), key.clone()];
        return Ok(Outcome::changed(reply, key, call));
    }
    Ok(reply.into())
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    const SYNTAX: &str = "(error) ERR syntax error";
    const NOT_AN_INTEGER: &str = "(error) ERR value is not an integer or out of range";

    #[test]
    fn set_obeys_its_options() {
        Server::master().replies(&[
            ("SET k 1", "OK"),
            ("SET k 2 NX", "(nil)"),
            ("SET k 2 NX GET", r#""1""#),
            ("SET k 2 XX GET", r#""1""#),
            ("SET new 2 XX GET", "(nil)"),
            ("SET new 2 XX", "(nil)"),
            ("EXISTS new", "(integer) 0"),
            ("SET k 3 EX 100", "OK"),
            ("TTL k", "(integer) 100"),
            ("SET k 4 KEEPTTL", "OK"),
            ("TTL k", "(integer) 100"),
            ("SET k 5 ex 10 EX 20", "OK"),
            ("TTL k", "(integer) 20"),
            ("SET k 6", "OK"),
            ("TTL k", "(integer) -1"),
            ("SET k 7 PXAT 1", "OK"),
            ("GET k", "(nil)"),
            ("SETNX k 1", "(integer) 1"),
            ("SETNX k 1", "(integer) 0"),
            ("PSETEX k 1500 v", "OK"),
            ("PTTL k", "(integer) 1500"),
            ("GETEX k PERSIST", r#""v""#),
            ("TTL k", "(integer) -1"),
            ("GETEX k EX 10", r#""v""#),
            ("TTL k", "(integer) 10"),
            ("GETEX k PXAT 1", r#""v""#),
            ("GETEX k", "(nil)"),
        ]);
    }

    #[test]
    fn set_fails_as_on_the_real_server() {
        let invalid = |name| format!("(error) ERR invalid expire time in '{name}' command");
        let (set, setex, getex) = (invalid("set"), invalid("setex"), invalid("getex"));
        Server::master().replies(&[
            ("SET s v ex", SYNTAX),
            ("SET s v ex 0", &set),
            ("SET s v exat -5", &set),
            ("SET s v ex x", NOT_AN_INTEGER),
            ("SET s v ex 9223372036854775807", &set),
            ("SET s v px 9223372036854775807", &set),
            ("SET s v pxat 9223372036854775807", "OK"),
            ("SET s v nx xx", SYNTAX),
            ("SET s v ex x nx xx", SYNTAX),
            ("SET s v ex 10 px 10", SYNTAX),
            ("SET s v keepttl ex 10", SYNTAX),
            ("SET s v ex 10 keepttl", SYNTAX),
            ("SET s v persist", SYNTAX),
            ("SET s v foo", SYNTAX),
            ("SETEX s 0 v", &setex),
            ("SETEX s x v", NOT_AN_INTEGER),
            ("GETEX s ex 0", &getex),
            ("GETEX s keepttl", SYNTAX),
            ("GETEX s get", SYNTAX),
            ("GETEX s persist ex 10", SYNTAX),
            ("GETEX nokey ex 0", "(nil)"),
        ]);
    }

    #[test]
    fn set_propagates_the_moment_of_expiry() {
        Server::master().propagates(&[
            ("set k v", "set k v"),
            ("Set k v ex 100 nx", ""),
            ("Set k v ex 100", "SET k v PXAT 1000100000"),
            ("set k v EXAT 99999999999", "SET k v PXAT 99999999999000"),
            ("set k v get", "set k v"),
            ("set k v get keepttl", "set k v keepttl"),
            ("set k v nx get", ""),
            ("set k2 v nx", "set k2 v nx"),
            ("setnx k3 v", "setnx k3 v"),
            ("setnx k3 v", ""),
            ("setex k 10 v", "SET k v PXAT 1000010000"),
            ("getex k", ""),
            ("getex k ex 100", "PEXPIREAT k 1000100000"),
            ("getex k persist", "PERSIST k"),
            ("getex k persist", ""),
            ("getex k pxat 1", "DEL k"),
            ("set k v pxat 1", "SET k v PXAT 1"),
            ("set k v", "DEL k | set k v"),
        ]);
    }
}
