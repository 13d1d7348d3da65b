//! Calls on the wire: what clients send to servers, and masters to their replicas.
//!
//! The rule (Redis 7.0, `networking.c: processInlineBuffer`, `processMultibulkBuffer`): a call is
//! an array of bulk strings; what does not begin with `*` is a line of words, as people type into
//! telnet. Lengths are spelled as integers are anywhere. An empty line and an array of no items are
//! passed over. Wrong bytes are answered with one error and the connection is closed.
//!
//! Redis reads a wrong byte as soon as it comes, and so do we: a call is judged by the bytes that
//! are there, and asked for more only when they are right so far.

use bytes::{Buf, Bytes, BytesMut};
use redis_protocol::resp2::encode::extend_encode_borrowed;
use redis_protocol::resp2::types::BorrowedFrame;

use super::number::parse_integer;
use super::resp::{ProtocolError, push_head};
use crate::words::split_bytes;

/// How long a line may be: an inline call, or a length (`PROTO_INLINE_MAX_SIZE`).
const LINE_BYTES_MAX: usize = 64 * 1024;
/// How long an argument may be (`proto-max-bulk-len`).
const ARG_BYTES_MAX: i64 = 512 * 1024 * 1024;
/// How many arguments a call may have.
const ARGS_MAX: i64 = i32::MAX as i64;

/// A call as an array of bulk strings.
pub fn encode_call(args: &[Bytes]) -> Bytes {
    let mut out = BytesMut::with_capacity(call_len(args) as usize);
    push_head(&mut out, '*', args.len());
    for arg in args {
        extend_encode_borrowed(&mut out, &BorrowedFrame::BulkString(arg), false)
            .expect("the frame's buffer is as long as the frame");
    }
    out.freeze()
}

/// How many bytes [`encode_call`] gives: the measure of replication offsets.
pub fn call_len(args: &[Bytes]) -> u64 {
    let head = |len: usize| 3 + len.checked_ilog10().map_or(1, |digits| u64::from(digits) + 1);
    let arg_len = |arg: &Bytes| head(arg.len()) + arg.len() as u64 + 2;
    head(args.len()) + args.iter().map(arg_len).sum::<u64>()
}

/// Takes the first whole call out of what a client sent; `None` if it has not arrived in full.
/// A call has at least one argument, its name.
pub fn decode_call(input: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
    loop {
        let (args, used) = match input.first() {
            None => return Ok(None),
            Some(b'*') => match read_array(input)? {
                Some(read) => read,
                None => return Ok(None),
            },
            Some(_) => match read_line(input)? {
                Some(read) => read,
                None => return Ok(None),
            },
        };
        input.advance(used);
        if !args.is_empty() {
            return Ok(Some(args));
        }
    }
}

/// A call and how many bytes it took, or `None` if bytes are missing.
type Read = Result<Option<(Vec<Bytes>, usize)>, ProtocolError>;

/// Reads a line of words. As in C, a line with a byte of zero never ends.
fn read_line(input: &[u8]) -> Read {
    let end = input.iter().position(|&byte| matches!(byte, b'\n' | 0));
    let Some(end) = end.filter(|&end| input[end] == b'\n') else {
        if input.len() > LINE_BYTES_MAX {
            return Err(ProtocolError::new("too big inline request"));
        }
        return Ok(None);
    };
    let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
    let args = split_bytes(line).map_err(|_| ProtocolError::new("unbalanced quotes in request"))?;
    Ok(Some((args, end + 1)))
}

fn read_array(input: &[u8]) -> Read {
    let Some(head) = read_length(input, 0, "too big mbulk count string")? else {
        return Ok(None);
    };
    let count = head
        .length
        .filter(|&count| count <= ARGS_MAX)
        .ok_or_else(|| ProtocolError::new("invalid multibulk length"))?;
    let mut at = head.end;
    let mut args = Vec::new();
    for _ in 0..count.max(0) {
        match read_bulk(input, at)? {
            Some((arg, end)) => {
                args.push(arg);
                at = end;
            }
            None => return Ok(None),
        }
    }
    Ok(Some((args, at)))
}

/// Reads the argument at `at`; where the next one begins. The two bytes behind it are awaited, and
/// not looked at.
fn read_bulk(input: &[u8], at: usize) -> Result<Option<(Bytes, usize)>, ProtocolError> {
    let Some(head) = read_length(input, at, "too big bulk count string")? else {
        return Ok(None);
    };
    if input[at] != b'$' {
        let kind = char::from(input[at]);
        return Err(ProtocolError::new(format!("expected '$', got '{kind}'")));
    }
    let length = head
        .length
        .filter(|length| (0..=ARG_BYTES_MAX).contains(length))
        .ok_or_else(|| ProtocolError::new("invalid bulk length"))?;
    let end = head.end + length as usize;
    if input.len() < end + 2 {
        return Ok(None);
    }
    let arg = Bytes::copy_from_slice(&input[head.end..end]);
    Ok(Some((arg, end + 2)))
}

/// A line with a kind and a length.
struct Head {
    /// `None` if it is spelled wrong.
    length: Option<i64>,
    /// Where the line ends.
    end: usize,
}

/// Reads the line at `at`. The byte after its carriage return is awaited, and not looked at.
fn read_length(input: &[u8], at: usize, too_big: &str) -> Result<Option<Head>, ProtocolError> {
    let rest = &input[at..];
    match rest.iter().position(|&byte| byte == b'\r') {
        Some(end) if end + 2 <= rest.len() => {
            Ok(Some(Head { length: rest.get(1..end).and_then(parse_integer), end: at + end + 2 }))
        }
        None if rest.len() > LINE_BYTES_MAX => Err(ProtocolError::new(too_big)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(words: &[&'static [u8]]) -> Vec<Bytes> {
        words.iter().map(|&word| Bytes::from_static(word)).collect()
    }

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let long = Bytes::from(vec![b'x'; 12_345]);
        for args in [
            call(&[b"PING"]),
            call(&[b"SET", b"", b"a\r\nb\0\xff"]),
            vec![Bytes::from_static(b"SET"), long.clone(), long],
            vec![Bytes::from_static(b"x"); 100],
        ] {
            let bytes = encode_call(&args);
            assert_eq!(call_len(&args), bytes.len() as u64);
            for part in 0..bytes.len().min(60) {
                let mut input = BytesMut::from(&bytes[..part]);
                assert_eq!(decode_call(&mut input), Ok(None));
                assert_eq!(input.len(), part);
            }
            let mut input = BytesMut::from(&bytes[..]);
            input.extend_from_slice(b"*");
            assert_eq!(decode_call(&mut input), Ok(Some(args)));
            assert_eq!(input, &b"*"[..]);
        }
    }

    #[test]
    fn calls_read_as_on_the_real_server() {
        for (sent, args) in [
            (&b"PING\r\n"[..], call(&[b"PING"])),
            (b"\r\n\n  PING   \n", call(&[b"PING"])),
            (b"*0\r\n*-1\r\nPING\r\n", call(&[b"PING"])),
            (b"ECHO \"a\\x00b\"\r\n", call(&[b"ECHO", b"a\0b"])),
            (b"ECHO \xff\r\n", call(&[b"ECHO", b"\xff"])),
            (b"PING\rx\r\n", call(&[b"PING", b"x"])),
            (b"*1\r\n$4\r\nPINGxx", call(&[b"PING"])),
            (b"*1\rX$4\r\nPING\r\n", call(&[b"PING"])),
            (b"*1\r\n$0\r\n\r\n", call(&[b""])),
            (b"$3\r\n", call(&[b"$3"])),
        ] {
            let mut input = BytesMut::from(sent);
            assert_eq!(decode_call(&mut input), Ok(Some(args)), "{}", sent.escape_ascii());
            assert!(input.is_empty());
        }
        for sent in [&b"ECHO a\0b\r\n"[..], b"*1048577\r\n", b"*1\r\n$536870912\r\n"] {
            let mut input = BytesMut::from(sent);
            assert_eq!(decode_call(&mut input), Ok(None), "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn wrong_bytes_fail_as_on_the_real_server() {
        let (digits, letters) = ("1".repeat(70_000), "x".repeat(70_000));
        for (sent, error) in [
            ("SET a \"b\r\n", "unbalanced quotes in request"),
            ("ECHO \"a\"b\r\n", "unbalanced quotes in request"),
            (&letters, "too big inline request"),
            ("*x\r\n", "invalid multibulk length"),
            ("*01\r\n", "invalid multibulk length"),
            ("*\r\n", "invalid multibulk length"),
            ("*2147483648\r\n", "invalid multibulk length"),
            (&format!("*{digits}"), "too big mbulk count string"),
            ("*1\r\n:5\r\n", "expected '$', got ':'"),
            ("*1\r\n\r\n", "expected '$', got '\r'"),
            ("*1\r\n$x\r\n", "invalid bulk length"),
            ("*1\r\n$-1\r\n", "invalid bulk length"),
            ("*1\r\n$536870913\r\n", "invalid bulk length"),
            (&format!("*1\r\n${digits}"), "too big bulk count string"),
        ] {
            let mut input = BytesMut::from(sent);
            let expected = Err(ProtocolError::new(error));
            assert_eq!(decode_call(&mut input), expected, "{error}");
        }
    }
}
