//! Commands on the server as a whole: is it there, what time is it, away with everything.
//!
//! The rule (Redis 7.0, `server.c: pingCommand`, `echoCommand`, `timeCommand`; `db.c:
//! flushallCommand`): DBSIZE counts keys that are expired but not deleted yet. FLUSHALL and FLUSHDB
//! propagate as given even when there was nothing to flush; ASYNC and SYNC make no difference to
//! what anybody can observe.

use bytes::Bytes;

use super::Reply;
use super::category::Categories;
use super::execute::{Context, Outcome};
use super::keyspace::Keyspace;
use super::row::Row;
use super::spec::{Flags, Group, KeySpec, Spec};
use super::strings::{READ_FAST, STRING};

/// What most rows of this file have in common.
const SERVER: Spec = Spec { keys: KeySpec::NONE, group: Group::Server, ..STRING };

const ANY_TIME_FAST: Flags = Flags::LOADING.and(Flags::STALE).and(Flags::FAST);

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "ping",
            arity: -1,
            flags: Flags::FAST,
            usage: "[message]",
            summary: "Ping the server",
            group: Group::Connection,
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            ..SERVER
        },
        run: ping,
    },
    Row {
        spec: Spec {
            name: "echo",
            arity: 2,
            flags: ANY_TIME_FAST,
            usage: "message",
            summary: "Echo the given string",
            group: Group::Connection,
            ..SERVER
        },
        run: echo,
    },
    Row {
        spec: Spec {
            name: "time",
            arity: 1,
            flags: ANY_TIME_FAST,
            summary: "Return the current server time",
            since: "2.6.0",
            tips: &["nondeterministic_output"],
            ..SERVER
        },
        run: time,
    },
    Row {
        spec: Spec {
            name: "dbsize",
            arity: 1,
            flags: READ_FAST,
            summary: "Return the number of keys in the selected database",
            tips: &["request_policy:all_shards", "response_policy:agg_sum"],
            categories: Some(Categories::KEYSPACE),
            ..SERVER
        },
        run: dbsize,
    },
    Row {
        spec: Spec {
            name: "flushall",
            arity: -1,
            flags: Flags::WRITE,
            usage: "[ASYNC|SYNC]",
            summary: "Remove all keys from all databases",
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
            ..SERVER
        },
        run: flush,
    },
    Row {
        spec: Spec {
            name: "flushdb",
            arity: -1,
            flags: Flags::WRITE,
            usage: "[ASYNC|SYNC]",
            summary: "Remove all keys from the current database",
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
            ..SERVER
        },
        run: flush,
    },
];

type Done = Result<Outcome, Reply>;

fn ping(_: &mut Keyspace, _: &mut Context, args: &[Bytes]) -> Done {
    match args {
        [_] => Ok(Reply::simple("PONG").into()),
        [_, message] => Ok(Reply::Bulk(message.clone()).into()),
        _ => Err(Spec { name: "ping", ..SERVER }.wrong_arity()),
    }
}

fn echo(_: &mut Keyspace, _: &mut Context, args: &[Bytes]) -> Done {
    Ok(Reply::Bulk(args[1].clone()).into())
}

/// The unix time: whole seconds, and the microseconds of the current one.
fn time(_: &mut Keyspace, context: &mut Context, _: &[Bytes]) -> Done {
    let seconds = context.now.seconds().to_string();
    let micros = (context.now.micros() % 1_000_000).to_string();
    Ok(Reply::Array(vec![Reply::bulk(seconds), Reply::bulk(micros)]).into())
}

fn dbsize(keyspace: &mut Keyspace, _: &mut Context, _: &[Bytes]) -> Done {
    Ok(Reply::Integer(keyspace.len() as i64).into())
}

fn flush(keyspace: &mut Keyspace, _: &mut Context, args: &[Bytes]) -> Done {
    let known =
        |word: &Bytes| word.eq_ignore_ascii_case(b"ASYNC") || word.eq_ignore_ascii_case(b"SYNC");
    if args.len() > 2 || !args[1..].iter().all(known) {
        return Err(Reply::syntax_error());
    }
    let touched = keyspace.names().cloned().collect();
    keyspace.clear();
    Ok(Outcome { propagate: vec![args.to_vec()], touched, ..Outcome::from(Reply::ok()) })
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn the_server_answers_for_itself() {
        let syntax = "(error) ERR syntax error";
        Server::master().replies(&[
            ("PING", "PONG"),
            ("PING hello", r#""hello""#),
            ("PING a b", "(error) ERR wrong number of arguments for 'ping' command"),
            ("ECHO \"a\\x00\"", r#""a\x00""#),
            ("TIME", "1) \"1000000\"\n2) \"0\""),
            ("SET e v PXAT 1", "OK"),
            ("DBSIZE", "(integer) 1"),
            ("FLUSHALL async sync", syntax),
            ("FLUSHDB x", syntax),
            ("FLUSHALL async", "OK"),
            ("DBSIZE", "(integer) 0"),
        ]);
    }

    #[test]
    fn a_flush_of_nothing_is_told_to_replicas() {
        let mut server = Server::master();
        server.propagates(&[("flushall", "flushall"), ("flushdb async", "flushdb async")]);
        server.run("MSET a 1 b 2");
        assert_eq!(server.run("FLUSHALL").touched, ["b", "a"]);
    }
}
