//! Parts of strings: GETRANGE, SUBSTR, SETRANGE.
//!
//! The rule (Redis 7.0, `t_string.c: getrangeCommand, setrangeCommand`): places count from 0, and
//! negative ones from the end, -1 being the last byte; what is out of bounds is drawn in, and a
//! range that is empty then is the empty string. SETRANGE fills the gap with zero bytes and keeps
//! the time to live; with an empty value it changes nothing, and makes no key.

use bytes::{Bytes, BytesMut};

use super::Reply;
use super::execute::{Context, Outcome};
use super::key_use::KeyUse;
use super::keyspace::{Keyspace, Value};
use super::number::integer_argument;
use super::row::Row;
use super::spec::{Flags, Spec};
use super::strings::{STRING, WRITE_GROW, check_length};

const GETRANGE: Spec = Spec {
    arity: 4,
    flags: Flags::READONLY,
    usage: "key start end",
    summary: "Get a part of the string stored at a key",
    uses: &[KeyUse::READS],
    ..STRING
};

pub(super) const ROWS: &[Row] = &[
    Row { spec: Spec { name: "getrange", since: "2.4.0", ..GETRANGE }, run: getrange },
    Row { spec: Spec { name: "substr", ..GETRANGE }, run: getrange },
    Row {
        spec: Spec {
            name: "setrange",
            arity: 4,
            flags: WRITE_GROW,
            usage: "key offset value",
            summary: "Overwrite a part of a string, from an offset on",
            since: "2.2.0",
            uses: &[KeyUse::ADJUSTS],
            ..STRING
        },
        run: setrange,
    },
];

type Done = Result<Outcome, Reply>;

fn getrange(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let (start, end) = (integer_argument(&args[2])?, integer_argument(&args[3])?);
    let text = match context.lookup(keyspace, &args[1]) {
        Some(Value::String(text)) => text.clone(),
        None => Bytes::new(),
    };
    let backwards = start < 0 && end < 0 && start > end;
    let place = |at: i64| if at < 0 { (at + text.len() as i64).max(0) } else { at } as usize;
    let (start, end) = (place(start), place(end).saturating_add(1).min(text.len()));
    let part = if backwards || start >= end { Bytes::new() } else { text.slice(start..end) };
    Ok(Reply::Bulk(part).into())
}

fn setrange(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let (key, offset, value) = (&args[1], integer_argument(&args[2])?, &args[3]);
    if offset < 0 {
        return Err(Reply::error("ERR offset is out of range"));
    }
    let old = match context.lookup(keyspace, key) {
        Some(Value::String(text)) => text.clone(),
        None => Bytes::new(),
    };
    if value.is_empty() {
        return Ok(Reply::Integer(old.len() as i64).into());
    }
    let end = (offset as usize).saturating_add(value.len());
    check_length(offset as usize, value.len())?;
    let mut text = BytesMut::from(&old[..]);
    text.resize(old.len().max(end), 0);
    text[offset as usize..end].copy_from_slice(value);
    let reply = Reply::Integer(text.len() as i64);
    keyspace.update(key, Value::String(text.freeze()));
    Ok(Outcome::changed(reply, key, args.to_vec()))
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn a_range_is_drawn_in_to_the_string() {
        Server::master().replies(&[
            ("SET k abcdef", "OK"),
            ("GETRANGE k 1 3", "\"bcd\""),
            ("GETRANGE k -3 -1", "\"def\""),
            ("GETRANGE k -100 1", "\"ab\""),
            ("GETRANGE k 4 100", "\"ef\""),
            ("GETRANGE k -1 -3", "\"\""),
            ("GETRANGE k 3 1", "\"\""),
            ("GETRANGE k 0 -100", "\"a\""),
            ("SUBSTR nope 0 -1", "\"\""),
            ("GETRANGE k x 1", "(error) ERR value is not an integer or out of range"),
        ]);
    }

    #[test]
    fn a_gap_is_filled_with_zeros() {
        Server::master().replies(&[
            ("SETRANGE k 2 ab", "(integer) 4"),
            ("GET k", "\"\\x00\\x00ab\""),
            ("SETRANGE k 1 x", "(integer) 4"),
            ("GET k", "\"\\x00xab\""),
            ("SETRANGE nope 5 \"\"", "(integer) 0"),
            ("EXISTS nope", "(integer) 0"),
            ("SETRANGE k -1 x", "(error) ERR offset is out of range"),
            (
                "SETRANGE k 536870912 x",
                "(error) ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            ),
        ]);
        let mut server = Server::master();
        server.propagates(&[("setrange k 0 v", "setrange k 0 v"), ("setrange k 0 \"\"", "")]);
    }
}
