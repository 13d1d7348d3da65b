//! INCRBYFLOAT.
//!
//! The rule (Redis 7.0, `t_string.c: incrbyfloatCommand`): the string must spell a number, and so
//! must the step; a missing key counts as 0, and a sum that is infinite fails without effect. The
//! time to live stays. What replicas get is the sum, not the step: they might add otherwise.

use bytes::Bytes;

use super::Reply;
use super::execute::{Context, Outcome};
use super::extended::Extended;
use super::key_use::KeyUse;
use super::keyspace::{Keyspace, Value};
use super::row::Row;
use super::spec::Spec;
use super::strings::{STRING, WRITE_GROW_FAST};

pub(super) const ROWS: &[Row] = &[Row {
    spec: Spec {
        name: "incrbyfloat",
        arity: 3,
        flags: WRITE_GROW_FAST,
        usage: "key float",
        summary: "Increment the number that a key holds by the given amount, fractions included",
        since: "2.6.0",
        uses: &[KeyUse::CHANGES],
        ..STRING
    },
    run: incrbyfloat,
}];

/// A number as it is spelled.
enum Spelled {
    Finite(Extended),
    Infinite,
}

impl Spelled {
    fn parse(text: &[u8]) -> Result<Spelled, Reply> {
        let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
        if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
            return Ok(Spelled::Infinite);
        }
        let number = Extended::parse(text).map(Spelled::Finite);
        number.ok_or_else(|| Reply::error("ERR value is not a valid float"))
    }
}

fn incrbyfloat(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
) -> Result<Outcome, Reply> {
    let key = &args[1];
    let old = match context.lookup(keyspace, key) {
        Some(Value::String(text)) => text.clone(),
        None => Bytes::from_static(b"0"),
    };
    let sum = match (Spelled::parse(&old)?, Spelled::parse(&args[2])?) {
        (Spelled::Finite(one), Spelled::Finite(other)) => one.plus(other),
        (Spelled::Infinite, _) | (_, Spelled::Infinite) => None,
    };
    let error = || Reply::error("ERR increment would produce NaN or Infinity");
    let sum = Bytes::from(sum.ok_or_else(error)?.show());
    keyspace.update(key, Value::String(sum.clone()));
    let call = [b"SET".as_slice(), key, &sum, b"KEEPTTL"].map(Bytes::copy_from_slice);
    Ok(Outcome::changed(Reply::Bulk(sum), key, call.into()))
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn a_sum_is_told_to_replicas_and_keeps_the_time_to_live() {
        let mut server = Server::master();
        server.propagates(&[
            ("set k 10.50 ex 100", "SET k 10.50 PXAT 1000100000"),
            ("incrbyfloat k 0.1", "SET k 10.6 KEEPTTL"),
        ]);
        server.replies(&[
            ("TTL k", "(integer) 100"),
            ("INCRBYFLOAT k inf", "(error) ERR increment would produce NaN or Infinity"),
            ("INCRBYFLOAT k x", "(error) ERR value is not a valid float"),
            ("INCRBYFLOAT n 5.0e3", "\"5000\""),
        ]);
    }
}
