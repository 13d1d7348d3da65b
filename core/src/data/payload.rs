//! The payload of DUMP: a value as bytes that another server can read.
//!
//! The rule (Redis 7.0, `rdb.c: rdbSaveObjectType, rdbSaveRawString, rdbEncodeInteger`;
//! `cluster.c: createDumpPayload, verifyDumpPayload`): a byte for the type, the value as in an RDB
//! file, two bytes for the version of that format (10), eight for a CRC64 of all before them;
//! numbers have their low byte first. A string that spells a 32-bit integer is written as one, in
//! one, two or four bytes. One of more than 20 bytes is compressed if that saves at least four. Any
//! other stands as it is, after its length. A reader accepts every version that is not newer than
//! its own, and ignores what stands between the value and the footer.
//!
//! How we differ: there are no types but strings; a payload of any other type is a bad format.

use bytes::Bytes;
use crc::{CRC_64_REDIS, Crc};

use super::keyspace::Value;
use super::lzf;
use super::number::parse_integer;

const RDB_VERSION: u16 = 10;
pub(super) const TYPE_STRING: u8 = 0;
const FOOTER_BYTES: usize = 10;
/// The longest spelling of a 32-bit integer.
const INTEGER_BYTES_MAX: usize = 11;
/// Strings up to this length are never compressed.
const PLAIN_BYTES_MAX: usize = 20;

// The high bits of a length's first byte, and what stands below them.
const IN_6_BITS: u8 = 0 << 6;
const IN_14_BITS: u8 = 1 << 6;
const IN_32_BITS: u8 = 0x80;
const IN_64_BITS: u8 = 0x81;
const ENCODED: u8 = 3 << 6;
const AS_INT8: u8 = 0;
const AS_INT16: u8 = 1;
const AS_INT32: u8 = 2;
const AS_LZF: u8 = 3;

pub(super) static CRC: Crc<u64> = Crc::<u64>::new(&CRC_64_REDIS);

/// Why bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The footer is not there, of a newer version, or its checksum is not that of the bytes.
    Footer,
    /// The bytes before the footer are no value.
    Format,
}

/// The value as a payload.
pub(super) fn encode(value: &Value) -> Bytes {
    let mut bytes = Vec::new();
    match value {
        Value::String(text) => {
            bytes.push(TYPE_STRING);
            encode_string(text, &mut bytes);
        }
    }
    seal(bytes)
}

/// The payload of nothing, as FUNCTION DUMP gives it where there is no function.
pub fn empty_payload() -> Bytes {
    seal(Vec::new())
}

/// Whether the bytes end as a payload does, whatever it is one of.
pub fn is_sealed(payload: &[u8]) -> bool {
    verify_footer(payload).is_some()
}

/// The bytes with the footer that every payload has.
fn seal(mut bytes: Vec<u8>) -> Bytes {
    bytes.extend(RDB_VERSION.to_le_bytes());
    bytes.extend(CRC.checksum(&bytes).to_le_bytes());
    bytes.into()
}

pub(super) fn encode_string(text: &[u8], bytes: &mut Vec<u8>) {
    if text.len() <= INTEGER_BYTES_MAX
        && let Some(integer) = parse_integer(text).and_then(|wide| i32::try_from(wide).ok())
    {
        return encode_integer(integer, bytes);
    }
    if text.len() > PLAIN_BYTES_MAX
        && let Some(packed) = lzf::compress(text, text.len() - 4)
    {
        bytes.push(ENCODED | AS_LZF);
        encode_len(packed.len(), bytes);
        encode_len(text.len(), bytes);
        bytes.extend(packed);
        return;
    }
    encode_len(text.len(), bytes);
    bytes.extend_from_slice(text);
}

fn encode_integer(integer: i32, bytes: &mut Vec<u8>) {
    if let Ok(byte) = i8::try_from(integer) {
        bytes.push(ENCODED | AS_INT8);
        bytes.extend(byte.to_le_bytes());
    } else if let Ok(short) = i16::try_from(integer) {
        bytes.push(ENCODED | AS_INT16);
        bytes.extend(short.to_le_bytes());
    } else {
        bytes.push(ENCODED | AS_INT32);
        bytes.extend(integer.to_le_bytes());
    }
}

/// Lengths, unlike all else, have their high byte first.
pub(super) fn encode_len(len: usize, bytes: &mut Vec<u8>) {
    match len {
        0..64 => bytes.push(IN_6_BITS | len as u8),
        64..16_384 => bytes.extend([IN_14_BITS | (len >> 8) as u8, len as u8]),
        _ => {
            let short = u32::try_from(len).map(|len| (IN_32_BITS, len.to_be_bytes().to_vec()));
            let (mark, digits) =
                short.unwrap_or_else(|_| (IN_64_BITS, (len as u64).to_be_bytes().to_vec()));
            bytes.push(mark);
            bytes.extend(digits);
        }
    }
}

/// The value of a payload.
pub(super) fn decode(payload: &[u8]) -> Result<Value, Unreadable> {
    verify_footer(payload).ok_or(Unreadable::Footer)?;
    let mut reader = Reader { rest: payload };
    reader.value().ok_or(Unreadable::Format)
}

fn verify_footer(payload: &[u8]) -> Option<()> {
    let value_len = payload.len().checked_sub(FOOTER_BYTES)?;
    let (checked, checksum) = payload.split_at(value_len + 2);
    let version = u16::from_le_bytes(checked[value_len..].try_into().ok()?);
    let right = CRC.checksum(checked).to_le_bytes();
    (version <= RDB_VERSION && checksum == right).then_some(())
}

/// Reads a value from the front; that it runs into the footer is not noticed, as in Redis.
struct Reader<'a> {
    rest: &'a [u8],
}

/// What stands before a string.
enum Prefix {
    Len(u64),
    Encoded(u8),
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Value> {
        match self.byte()? {
            TYPE_STRING => self.string().map(Value::String),
            _ => None,
        }
    }

    fn string(&mut self) -> Option<Bytes> {
        let integer = match self.prefix()? {
            Prefix::Len(len) => return self.take(len).map(Bytes::copy_from_slice),
            Prefix::Encoded(AS_INT8) => i32::from(i8::from_le_bytes(self.array()?)),
            Prefix::Encoded(AS_INT16) => i32::from(i16::from_le_bytes(self.array()?)),
            Prefix::Encoded(AS_INT32) => i32::from_le_bytes(self.array()?),
            Prefix::Encoded(AS_LZF) => return self.packed(),
            Prefix::Encoded(_) => return None,
        };
        Some(integer.to_string().into())
    }

    fn packed(&mut self) -> Option<Bytes> {
        let (packed_len, len) = (self.plain_len()?, self.plain_len()?);
        let packed = self.take(packed_len)?;
        lzf::decompress(packed, usize::try_from(len).ok()?).map(Bytes::from)
    }

    fn plain_len(&mut self) -> Option<u64> {
        match self.prefix()? {
            Prefix::Len(len) => Some(len),
            Prefix::Encoded(encoding) => Some(u64::from(encoding)),
        }
    }

    fn prefix(&mut self) -> Option<Prefix> {
        let first = self.byte()?;
        let low = first & 0x3f;
        Some(match first & 0xc0 {
            IN_6_BITS => Prefix::Len(u64::from(low)),
            IN_14_BITS => Prefix::Len(u64::from(low) << 8 | u64::from(self.byte()?)),
            ENCODED => Prefix::Encoded(low),
            _ if first == IN_32_BITS => Prefix::Len(u64::from(u32::from_be_bytes(self.array()?))),
            _ if first == IN_64_BITS => Prefix::Len(u64::from_be_bytes(self.array()?)),
            _ => return None,
        })
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N as u64)?.try_into().ok()
    }

    fn take(&mut self, len: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(len).ok()?)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;

    fn text(bytes: impl Into<Bytes>) -> Value {
        Value::String(bytes.into())
    }

    /// A payload with a right footer around these bytes.
    fn framed(version: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = value.to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend(CRC.checksum(&bytes).to_le_bytes());
        bytes
    }

    #[test]
    fn payloads_of_a_real_server_are_made_and_read() {
        for (value, payload) in [
            ("10", &b"\x00\xc0\n\n\x00n\x9fWE\x0e\xaec\xbb"[..]),
            ("hello", b"\x00\x05hello\n\x00cr\xdfve4 \n"),
        ] {
            assert_eq!(encode(&text(value)), payload);
            assert_eq!(decode(payload), Ok(text(value)));
        }
    }

    #[test]
    fn every_string_comes_back() {
        let mut dice = Dice::new(1, "payload", 0);
        for len in [0, 1, 11, 12, 20, 21, 63, 64, 255, 16_383, 16_384, 70_000] {
            for letters in [1, 4, 256] {
                let bytes: Vec<u8> = (0..len).map(|_| dice.below(letters) as u8).collect();
                let value = text(bytes);
                assert_eq!(decode(&encode(&value)), Ok(value));
            }
        }
        for integer in [0, -1, 127, 128, -128, -129, 32_767, 32_768, -32_769, i32::MAX, i32::MIN] {
            let value = text(integer.to_string());
            assert!(encode(&value).len() <= 16);
            assert_eq!(decode(&encode(&value)), Ok(value));
        }
    }

    #[test]
    fn a_changed_payload_is_refused() {
        let payload = encode(&text("some text that is a little longer, a little longer"));
        for at in 0..payload.len() {
            let mut changed = payload.to_vec();
            changed[at] ^= 1;
            assert_eq!(decode(&changed), Err(Unreadable::Footer));
        }
        assert_eq!(decode(b""), Err(Unreadable::Footer));
        assert_eq!(decode(&framed(11, b"\x00\x01a")), Err(Unreadable::Footer));
        assert_eq!(decode(&framed(6, b"\x00\x01a")), Ok(text("a")));
    }

    #[test]
    fn what_is_no_string_is_a_bad_format() {
        for value in [&b"\x01\x00"[..], b"\x00\x40", b"\x00\xc4", b"\x00\x82", b"\x00\x3f", b""] {
            assert_eq!(decode(&framed(10, value)), Err(Unreadable::Format), "{value:?}");
        }
    }
}
