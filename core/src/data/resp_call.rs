//! Calls on the wire: what clients send to servers, and masters to their replicas.
//!
//! The rule (Redis 7.0, `networking.c: processInlineBuffer`, `processMultibulkBuffer`): a call is
//! an array of bulk strings; what does not begin with `*` is a line of words, as people type into
//! telnet. Lengths are spelled as integers are anywhere. An empty line and an array of no items are
//! passed over. Wrong bytes are answered with one error and the connection is closed.
//!
//! Redis reads a wrong byte as soon as it comes, and so do we: a call is judged by the bytes that
//! are there, and asked for more only when they are right so far.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::number::parse_integer;
use super::resp::{ProtocolError, push_bulk, push_head};
use crate::words::split_bytes;

/// How long a line may be: an inline call, or a length (`PROTO_INLINE_MAX_SIZE`).
const LINE_BYTES_MAX: usize = 64 * 1024;
/// How many arguments a call may have.
const ARGS_MAX: i64 = i32::MAX as i64;
/// From this length on an argument may be cut out of what came, instead of being copied.
const BIG_ARG_BYTES: usize = 32 * 1024;
/// A call that is no bigger is copied at once, and its arguments share the memory: what is kept of
/// it keeps no more than this.
const SMALL_CALL_ARGS_MAX: usize = 8;
const SMALL_CALL_BYTES_MAX: usize = 512;
/// What an argument takes in memory, besides its bytes.
const ARG_OVERHEAD_BYTES: usize = size_of::<Bytes>();

/// How much a peer may send in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long an argument may be (`proto-max-bulk-len`).
    pub arg_bytes_max: u64,
    pub peer: Peer,
}

/// Whether it is known who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Known,
    /// It has to give a password yet, and until then may send little.
    Unknown,
}

impl Limits {
    const UNKNOWN_ARGS_MAX: i64 = 10;
    const UNKNOWN_ARG_BYTES_MAX: i64 = 16 * 1024;

    fn check_count(self, count: Option<i64>) -> Result<i64, ProtocolError> {
        let count = count.filter(|&count| count <= ARGS_MAX);
        let count = count.ok_or_else(|| ProtocolError::new("invalid multibulk length"))?;
        if self.peer == Peer::Unknown && count > Limits::UNKNOWN_ARGS_MAX {
            return Err(ProtocolError::new("unauthenticated multibulk length"));
        }
        Ok(count)
    }

    fn check_length(self, length: Option<i64>) -> Result<usize, ProtocolError> {
        let within = |&length: &i64| length >= 0 && length as u64 <= self.arg_bytes_max;
        let length = length.filter(within);
        let length = length.ok_or_else(|| ProtocolError::new("invalid bulk length"))?;
        if self.peer == Peer::Unknown && length > Limits::UNKNOWN_ARG_BYTES_MAX {
            return Err(ProtocolError::new("unauthenticated bulk length"));
        }
        Ok(length as usize)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { arg_bytes_max: 512 * 1024 * 1024, peer: Peer::Known }
    }
}

/// A call as an array of bulk strings.
pub fn encode_call(args: &[Bytes]) -> Bytes {
    let mut out = BytesMut::with_capacity(call_len(args) as usize);
    push_call(args, &mut out);
    out.freeze()
}

/// Appends what [`encode_call`] gives.
pub fn push_call(args: &[Bytes], out: &mut BytesMut) {
    push_head(out, '*', args.len());
    args.iter().for_each(|arg| push_bulk(out, arg));
}

/// Shows what [`encode_call`] gives in the pieces in which a master writes it: heads, arguments,
/// and the ends of lines behind them.
pub fn each_piece(args: &[Bytes], mut show: impl FnMut(&[u8])) {
    let mut head = BytesMut::new();
    push_head(&mut head, '*', args.len());
    show(&head);
    for arg in args {
        head.clear();
        push_head(&mut head, '$', arg.len());
        [&head[..], arg, b"\r\n"].into_iter().for_each(&mut show);
    }
}

/// How many bytes [`encode_call`] gives: the measure of replication offsets.
pub fn call_len(args: &[Bytes]) -> u64 {
    let head = |len: usize| 3 + len.checked_ilog10().map_or(1, |digits| u64::from(digits) + 1);
    let arg_len = |arg: &Bytes| head(arg.len()) + arg.len() as u64 + 2;
    head(args.len()) + args.iter().map(arg_len).sum::<u64>()
}

/// Reads calls from bytes that come in parts; what was read of a call is not read again.
#[derive(Clone, Debug, Default)]
pub struct CallReader {
    args: Vec<Bytes>,
    /// How many arguments of the call are still to come.
    missing: i64,
    /// What the arguments take in memory.
    held: usize,
}

impl CallReader {
    /// How many bytes of memory the part of a call that was read takes.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Takes the next whole call out of what a client sent; `None` if it has not arrived in full. A
    /// call has at least one argument, its name.
    pub fn next(
        &mut self,
        input: &mut BytesMut,
        limits: Limits,
    ) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        while self.missing == 0 {
            match input.first() {
                None => return Ok(None),
                Some(b'*') => {
                    let head = read_length(input, 0, "too big mbulk count string")?;
                    let Some(head) = head else { return Ok(None) };
                    self.missing = limits.check_count(head.length)?.max(0);
                    input.advance(head.end);
                }
                Some(_) => {
                    let Some((args, used)) = read_line(input)? else { return Ok(None) };
                    input.advance(used);
                    if !args.is_empty() {
                        return Ok(Some(args));
                    }
                }
            }
        }
        match self.take_small_call(input, limits) {
            Some(args) => Ok(Some(args)),
            None => self.read_args(input, limits),
        }
    }

    /// Takes a call out of which nothing was read but its head, if it is there, right and small.
    fn take_small_call(&mut self, input: &mut BytesMut, limits: Limits) -> Option<Vec<Bytes>> {
        let mut places: [Range<usize>; SMALL_CALL_ARGS_MAX] = Default::default();
        let places = places.get_mut(..self.missing as usize).filter(|_| self.args.is_empty())?;
        let mut next = 0;
        for place in &mut *places {
            *place = read_bulk_head(input, next, limits).ok().flatten()?;
            next = place.end + 2;
            if next > input.len().min(SMALL_CALL_BYTES_MAX) {
                return None;
            }
        }
        let copy = Bytes::copy_from_slice(&input[..next]);
        let args = places.iter().map(|place| copy.slice(place.clone())).collect();
        input.advance(next);
        self.missing = 0;
        Some(args)
    }

    fn read_args(
        &mut self,
        input: &mut BytesMut,
        limits: Limits,
    ) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        let mut at = 0;
        while self.missing > 0 {
            let Some(place) = read_bulk_head(input, at, limits)? else { break };
            if input.len() < place.end + 2 {
                break;
            }
            at = self.take_arg(input, place);
        }
        input.advance(at);
        if self.missing > 0 {
            return Ok(None);
        }
        self.held = 0;
        Ok(Some(std::mem::take(&mut self.args)))
    }

    /// Takes the argument at this place; where the next one begins. The two bytes behind it are not
    /// looked at.
    fn take_arg(&mut self, input: &mut BytesMut, place: Range<usize>) -> usize {
        let len = place.len();
        let cuts = len >= BIG_ARG_BYTES && len * 2 >= input.capacity();
        let (arg, next) = if cuts {
            input.advance(place.start);
            (input.split_to(len).freeze(), 2)
        } else {
            (Bytes::copy_from_slice(&input[place.clone()]), place.end + 2)
        };
        self.args.push(arg);
        self.missing -= 1;
        self.held += len + ARG_OVERHEAD_BYTES;
        next
    }
}

/// Takes the first whole call out of what a client sent, as [`CallReader::next`].
pub fn decode_call(input: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
    CallReader::default().next(input, Limits::default())
}

/// A line's words and how many bytes it took, or `None` if bytes are missing.
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

/// Where the argument lies whose length stands at `at`; all of it need not be there.
fn read_bulk_head(
    input: &[u8],
    at: usize,
    limits: Limits,
) -> Result<Option<Range<usize>>, ProtocolError> {
    let Some(head) = read_length(input, at, "too big bulk count string")? else {
        return Ok(None);
    };
    if input[at] != b'$' {
        let kind = char::from(input[at]);
        return Err(ProtocolError::new(format!("expected '$', got '{kind}'")));
    }
    let length = limits.check_length(head.length)?;
    Ok(Some(head.end..head.end + length))
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
            let mut pieces = Vec::new();
            each_piece(&args, |piece| pieces.extend_from_slice(piece));
            assert_eq!(pieces, bytes);
            for part in 0..bytes.len().min(60) {
                let (mut reader, limits) = (CallReader::default(), Limits::default());
                let mut input = BytesMut::from(&bytes[..part]);
                assert_eq!(reader.next(&mut input, limits), Ok(None));
                input.extend_from_slice(&bytes[part..]);
                assert_eq!(reader.next(&mut input, limits).as_ref(), Ok(&Some(args.clone())));
                assert!(input.is_empty() && reader.held() == 0);
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
    fn who_is_not_known_may_send_little() {
        let limits = Limits { peer: Peer::Unknown, ..Limits::default() };
        let next = |sent: &str| CallReader::default().next(&mut BytesMut::from(sent), limits);
        for allowed in ["*10\r\n", "*1\r\n$16384\r\n"] {
            assert_eq!(next(allowed), Ok(None), "{allowed:?}");
        }
        for (sent, error) in [
            ("*11\r\n", "unauthenticated multibulk length"),
            ("*1\r\n$16385\r\n", "unauthenticated bulk length"),
        ] {
            assert_eq!(next(sent), Err(ProtocolError::new(error)), "{sent:?}");
        }
    }

    #[test]
    fn a_call_that_is_announced_and_not_sent_takes_no_memory() {
        let (mut reader, mut input) = (CallReader::default(), BytesMut::new());
        input.extend_from_slice(b"*2147483647\r\n$3\r\nSET\r\n$536870912\r\nx");
        assert_eq!(reader.next(&mut input, Limits::default()), Ok(None));
        assert!(reader.held() < 100 && reader.args.capacity() < 100);
        assert!(input.capacity() < 100);
    }

    #[test]
    fn a_big_argument_is_not_copied() {
        let big = Bytes::from(vec![b'x'; 1_000_000]);
        let args = vec![Bytes::from_static(b"ECHO"), big];
        let mut input = BytesMut::from(&encode_call(&args)[..]);
        input.extend_from_slice(b"PING\r\n");
        assert_eq!(decode_call(&mut input), Ok(Some(args)));
        assert_eq!(decode_call(&mut input), Ok(Some(call(&[b"PING"]))));
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
