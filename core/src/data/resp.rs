//! Replies on the wire.
//!
//! The rule (Redis 7.0, `networking.c: addReply...`): a client speaks RESP2 until it says HELLO 3.
//! For a RESP2 client a map is a flat array of keys and values, a set and a push are arrays, a
//! boolean is 1 or 0, a double, a big number and a verbatim text are bulk strings, and of nulls
//! there are two; RESP3 has one. A double goes out with 17 digits.
//!
//! Single values are read by the `redis-protocol` crate. Lists are read here, because its maps and
//! sets forget the order that Redis promises and because it knows no null array. All is written
//! here: that is a line for each kind, and the crate's way would weigh more than all of them.

use bytes::{Buf, Bytes, BytesMut};
use redis_protocol::resp3::decode::complete::decode_range;
use redis_protocol::resp3::types::{RangeFrame, VerbatimStringFormat};

use super::Reply;
use super::number::{format_double, parse_integer, push_decimal};

/// Which protocol a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Resp2,
    Resp3,
}

/// Why bytes are no message. A server answers with it and closes the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Protocol error: {0}")]
pub struct ProtocolError(pub(super) String);

impl ProtocolError {
    pub(super) fn new(text: impl Into<String>) -> ProtocolError {
        ProtocolError(text.into())
    }

    /// The reply before the connection is closed.
    pub fn reply(&self) -> Reply {
        Reply::error(format!("ERR {self}"))
    }
}

/// Appends a reply as this protocol has it.
pub fn encode_reply(reply: &Reply, protocol: Protocol, out: &mut BytesMut) {
    match protocol {
        Protocol::Resp2 => encode_resp2(reply, out),
        Protocol::Resp3 => encode_resp3(reply, out),
    }
}

/// The head of a list of `len` replies that follow.
pub fn encode_array_head(len: usize, out: &mut BytesMut) {
    push_head(out, '*', len);
}

fn encode_resp2(reply: &Reply, out: &mut BytesMut) {
    match reply {
        Reply::Simple(text) => push_line(out, b'+', text),
        Reply::Error(text) => push_line(out, b'-', text),
        Reply::Integer(number) => push_integer(out, *number),
        Reply::Boolean(value) => push_integer(out, i64::from(*value)),
        Reply::Bulk(bytes) => push_bulk(out, bytes),
        Reply::Double(value) => push_bulk(out, format_double(*value).as_bytes()),
        Reply::BigNumber(digits) => push_bulk(out, digits.as_bytes()),
        Reply::Verbatim { text, .. } => push_bulk(out, text),
        Reply::Null => out.extend_from_slice(b"$-1\r\n"),
        Reply::NullArray => out.extend_from_slice(b"*-1\r\n"),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            push_head(out, '*', items.len());
            items.iter().for_each(|item| encode_resp2(item, out));
        }
        Reply::Map(pairs) => {
            push_head(out, '*', pairs.len() * 2);
            for (key, value) in pairs {
                encode_resp2(key, out);
                encode_resp2(value, out);
            }
        }
    }
}

fn encode_resp3(reply: &Reply, out: &mut BytesMut) {
    match reply {
        Reply::Null | Reply::NullArray => push_text(out, "_\r\n"),
        Reply::Boolean(value) => push_text(out, if *value { "#t\r\n" } else { "#f\r\n" }),
        Reply::BigNumber(digits) => push_line(out, b'(', digits),
        Reply::Double(value) => push_text(out, &format!(",{}\r\n", format_double(*value))),
        Reply::Verbatim { format, text } => {
            push_head(out, '=', format.len() + 1 + text.len());
            for part in [&format[..], b":", text, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
        Reply::Array(items) => push_items(out, '*', items),
        Reply::Set(items) => push_items(out, '~', items),
        Reply::Push(items) => push_items(out, '>', items),
        Reply::Map(pairs) => {
            push_head(out, '%', pairs.len());
            for (key, value) in pairs {
                encode_resp3(key, out);
                encode_resp3(value, out);
            }
        }
        Reply::Simple(_) | Reply::Error(_) | Reply::Integer(_) | Reply::Bulk(_) => {
            encode_resp2(reply, out);
        }
    }
}

fn push_items(out: &mut BytesMut, kind: char, items: &[Reply]) {
    push_head(out, kind, items.len());
    items.iter().for_each(|item| encode_resp3(item, out));
}

pub(super) fn push_head(out: &mut BytesMut, kind: char, len: usize) {
    out.extend_from_slice(&[kind as u8]);
    push_decimal(len as u64, out);
    out.extend_from_slice(b"\r\n");
}

fn push_integer(out: &mut BytesMut, number: i64) {
    out.extend_from_slice(if number < 0 { &b":-"[..] } else { b":" });
    push_decimal(number.unsigned_abs(), out);
    out.extend_from_slice(b"\r\n");
}

fn push_line(out: &mut BytesMut, kind: u8, text: &str) {
    out.reserve(text.len() + 3);
    out.extend_from_slice(&[kind]);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}

pub(super) fn push_bulk(out: &mut BytesMut, bytes: &[u8]) {
    push_head(out, '$', bytes.len());
    out.reserve(bytes.len() + 2);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

fn push_text(out: &mut BytesMut, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Takes the first whole reply out of what a server sent, in either protocol; `None` if it has not
/// arrived in full.
pub fn decode_reply(input: &mut BytesMut) -> Result<Option<Reply>, ProtocolError> {
    let mut reader = Reader { input, at: 0 };
    let reply = reader.reply(0)?;
    if reply.is_some() {
        let used = reader.at;
        input.advance(used);
    }
    Ok(reply)
}

/// How deep lists may nest in a reply.
const DEPTH_MAX: usize = 64;

/// Reads replies from a buffer that stays as it is. `None` means that bytes are missing.
struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

type Read<T> = Result<Option<T>, ProtocolError>;

impl Reader<'_> {
    fn reply(&mut self, depth: usize) -> Read<Reply> {
        if depth > DEPTH_MAX {
            return Err(ProtocolError::new("lists are nested too deeply"));
        }
        let rest = &self.input[self.at..];
        match rest {
            [] => Ok(None),
            [b'*' | b'~' | b'>' | b'%', ..] => self.list(rest[0], depth),
            [b'$', b'-', ..] => Ok(self.length()?.map(|_| Reply::Null)),
            [b'+' | b'-' | b':' | b'$' | b'_' | b',' | b'#' | b'(' | b'!' | b'=', ..] => {
                self.single()
            }
            [kind, ..] => {
                let kind = kind.escape_ascii();
                Err(ProtocolError::new(format!("'{kind}' begins no reply")))
            }
        }
    }

    fn list(&mut self, kind: u8, depth: usize) -> Read<Reply> {
        let Some(length) = self.length()? else {
            return Ok(None);
        };
        let Some(length) = length else {
            return Ok(Some(Reply::NullArray));
        };
        if kind == b'%' {
            return Ok(self.pairs(length, depth)?.map(Reply::Map));
        }
        let wrap = match kind {
            b'~' => Reply::Set,
            b'>' => Reply::Push,
            _ => Reply::Array,
        };
        Ok(self.items(length, depth)?.map(wrap))
    }

    fn items(&mut self, length: u64, depth: usize) -> Read<Vec<Reply>> {
        let mut items = Vec::new();
        for _ in 0..length {
            match self.reply(depth + 1)? {
                Some(item) => items.push(item),
                None => return Ok(None),
            }
        }
        Ok(Some(items))
    }

    fn pairs(&mut self, length: u64, depth: usize) -> Read<Vec<(Reply, Reply)>> {
        let mut pairs = Vec::new();
        for _ in 0..length {
            let Some(key) = self.reply(depth + 1)? else {
                return Ok(None);
            };
            match self.reply(depth + 1)? {
                Some(value) => pairs.push((key, value)),
                None => return Ok(None),
            }
        }
        Ok(Some(pairs))
    }

    /// The length after a kind: `Some(None)` for the -1 of RESP2's nulls.
    fn length(&mut self) -> Read<Option<u64>> {
        let rest = &self.input[self.at..];
        let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(None);
        };
        self.at += end + 2;
        match parse_integer(&rest[1..end]) {
            Some(-1) => Ok(Some(None)),
            Some(length) if length >= 0 => Ok(Some(Some(length as u64))),
            _ => Err(ProtocolError::new("invalid length")),
        }
    }

    fn single(&mut self) -> Read<Reply> {
        let rest = &self.input[self.at..];
        let frame = decode_range(rest).map_err(|error| ProtocolError::new(error.to_string()))?;
        let Some((frame, used)) = frame else {
            return Ok(None);
        };
        self.at += used;
        let bytes = |(from, to): (usize, usize)| Bytes::copy_from_slice(&rest[from..to]);
        let text =
            |(from, to): (usize, usize)| String::from_utf8_lossy(&rest[from..to]).into_owned();
        Ok(Some(match frame {
            RangeFrame::SimpleString { data, .. } => Reply::Simple(text(data).into()),
            RangeFrame::SimpleError { data, .. } | RangeFrame::BlobError { data, .. } => {
                Reply::Error(text(data))
            }
            RangeFrame::Number { data, .. } => Reply::Integer(data),
            RangeFrame::BlobString { data, .. } => Reply::Bulk(bytes(data)),
            RangeFrame::Boolean { data, .. } => Reply::Boolean(data),
            RangeFrame::Double { data, .. } => Reply::Double(data),
            RangeFrame::BigNumber { data, .. } => Reply::BigNumber(text(data)),
            RangeFrame::VerbatimString { data, format, .. } => Reply::Verbatim {
                format: match format {
                    VerbatimStringFormat::Text => *b"txt",
                    VerbatimStringFormat::Markdown => *b"mkd",
                },
                text: bytes(data),
            },
            RangeFrame::Null => Reply::Null,
            _ => unreachable!("a list is read by its items"),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::decode_call;
    use crate::words::Dice;

    fn every_kind() -> Reply {
        Reply::Array(vec![
            Reply::ok(),
            Reply::error("ERR x"),
            Reply::Integer(-5),
            Reply::bulk("a\r\nb"),
            Reply::Null,
            Reply::Map(vec![
                (Reply::bulk("b"), Reply::Integer(1)),
                (Reply::bulk("a"), Reply::Array(vec![])),
            ]),
            Reply::Set(vec![Reply::Integer(2), Reply::Integer(1)]),
            Reply::Double(0.1),
            Reply::Boolean(true),
            Reply::BigNumber("123456789012345678901234567890".to_owned()),
            Reply::verbatim("text"),
            Reply::Push(vec![Reply::bulk("invalidate")]),
        ])
    }

    fn encoded(reply: &Reply, protocol: Protocol) -> BytesMut {
        let mut out = BytesMut::new();
        encode_reply(reply, protocol, &mut out);
        out
    }

    #[test]
    fn resp3_sends_every_kind_as_it_is() {
        let expected = "*12\r\n+OK\r\n-ERR x\r\n:-5\r\n$4\r\na\r\nb\r\n_\r\n\
            %2\r\n$1\r\nb\r\n:1\r\n$1\r\na\r\n*0\r\n~2\r\n:2\r\n:1\r\n\
            ,0.10000000000000001\r\n#t\r\n(123456789012345678901234567890\r\n\
            =8\r\ntxt:text\r\n>1\r\n$10\r\ninvalidate\r\n";
        let mut bytes = encoded(&every_kind(), Protocol::Resp3);
        assert_eq!(bytes, expected.as_bytes());
        assert_eq!(decode_reply(&mut bytes), Ok(Some(every_kind())));
        assert!(bytes.is_empty());
        assert_eq!(encoded(&Reply::NullArray, Protocol::Resp3), &b"_\r\n"[..]);
    }

    #[test]
    fn resp2_reduces_what_it_does_not_know() {
        let expected = "*12\r\n+OK\r\n-ERR x\r\n:-5\r\n$4\r\na\r\nb\r\n$-1\r\n\
            *4\r\n$1\r\nb\r\n:1\r\n$1\r\na\r\n*0\r\n*2\r\n:2\r\n:1\r\n\
            $19\r\n0.10000000000000001\r\n:1\r\n$30\r\n123456789012345678901234567890\r\n\
            $4\r\ntext\r\n*1\r\n$10\r\ninvalidate\r\n";
        assert_eq!(encoded(&every_kind(), Protocol::Resp2), expected.as_bytes());
        let mut bytes = encoded(&Reply::NullArray, Protocol::Resp2);
        assert_eq!(bytes, &b"*-1\r\n"[..]);
        assert_eq!(decode_reply(&mut bytes), Ok(Some(Reply::NullArray)));
    }

    #[test]
    fn half_a_reply_is_not_taken() {
        let whole = encoded(&every_kind(), Protocol::Resp3);
        for len in 0..whole.len() {
            let mut part = BytesMut::from(&whole[..len]);
            assert_eq!(decode_reply(&mut part), Ok(None), "{len}");
            assert_eq!(part.len(), len);
        }
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        let deep = "*1\r\n".repeat(100);
        for text in ["x\r\n", "*x\r\n", "$x\r\n", "*-2\r\n", ":x\r\n", &deep] {
            let mut bytes = BytesMut::from(text);
            assert!(decode_reply(&mut bytes).is_err(), "{text}");
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic() {
        let parts = [
            "*", "$", "%", "~", ">", "=", "!", "(", ",", "#", "_", ":", "+", "-", "|", "?", "1",
            "2", "3", "-1", "txt:", "t", "inf", "a", "\r\n", "\r\n", "\r", "H", "EN",
        ];
        let mut dice = Dice::new(1, "resp", 0);
        for _ in 0..50_000 {
            let words = (0..dice.below(12)).map(|_| parts[dice.below(parts.len() as u64) as usize]);
            let text: String = words.collect();
            let mut bytes = BytesMut::from(text.as_str());
            while let Ok(Some(reply)) = decode_reply(&mut bytes) {
                encoded(&reply, Protocol::Resp2);
                encoded(&reply, Protocol::Resp3);
            }
            let mut bytes = BytesMut::from(text.as_str());
            while let Ok(Some(args)) = decode_call(&mut bytes) {
                assert!(!args.is_empty());
            }
        }
    }
}
