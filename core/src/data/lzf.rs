//! LZF: how a server shrinks the strings that it hands to others.
//!
//! The problem: a payload of DUMP that another server made must be readable here, and one that is
//! made here should be what the other would have made. The idea: a byte below 32 announces so many
//! bytes and one more, as they are; any other announces a copy of what stood up to 8 KB before.
//!
//! The rule (Redis 7.0, `lzf_d.c: lzf_decompress`; `lzf_c.c: lzf_compress`): the compressor goes
//! over the text once. It remembers where it last saw three bytes of the same hash, and if they are
//! the same three bytes, not the very first of the text, it copies as much as is equal, up to 264
//! bytes. In the midst of a copy it remembers only the last two places. It gives up if the result
//! would not fit in the room that it is given.
//!
//! How we differ: Redis does not clear the memory of places between two texts, so that it may, very
//! seldom, find a copy that we do not. Both are the same text.

const HASH_BITS: u32 = 16;
const LITERALS_MAX: usize = 1 << 5;
const DISTANCE_MAX: usize = 1 << 13;
const COPY_MAX: usize = (1 << 8) + (1 << 3);

/// The text in at most `room` bytes, unless that is not possible.
pub(super) fn compress(text: &[u8], room: usize) -> Option<Vec<u8>> {
    let mut places = vec![0u32; 1 << HASH_BITS];
    let mut packed = Packed { bytes: Vec::with_capacity(room), room, literals: 0 };
    packed.open_run();
    let mut at = 0;
    while at + 2 < text.len() {
        let place = &mut places[hash(text, at)];
        let before = std::mem::replace(place, at as u32) as usize;
        if !is_copy(text, before, at) {
            packed.literal(text[at])?;
            at += 1;
            continue;
        }
        let len = equal_len(text, before, at);
        packed.copy(at - before - 1, len)?;
        at += len;
        if at + 2 >= text.len() {
            break;
        }
        for passed in [at - 2, at - 1] {
            places[hash(text, passed)] = passed as u32;
        }
    }
    packed.finish(&text[at..])
}

/// Where the memory keeps three bytes.
fn hash(text: &[u8], at: usize) -> usize {
    let three = u32::from(text[at]) << 16 | u32::from(text[at + 1]) << 8 | u32::from(text[at + 2]);
    let mixed = (three >> (24 - HASH_BITS)).wrapping_sub(three.wrapping_mul(5));
    (mixed & ((1 << HASH_BITS) - 1)) as usize
}

/// Whether the same three bytes stand at both places, near enough. Place 0 is also what the memory
/// says of what it never saw.
fn is_copy(text: &[u8], before: usize, at: usize) -> bool {
    before > 0
        && before < at
        && at - before - 1 < DISTANCE_MAX
        && text[before..before + 3] == text[at..at + 3]
}

/// How many bytes are equal, of those that one copy may have. The limit leaves out the last two
/// bytes of the text; but where it is more than 16, the first 19 bytes are compared regardless.
fn equal_len(text: &[u8], before: usize, at: usize) -> usize {
    const UNLIMITED: usize = 16;
    let most = (text.len() - at - 2).min(COPY_MAX);
    let sure = if most > UNLIMITED { 3 + UNLIMITED } else { 3 };
    let equal = |len: &usize| text[before + len] == text[at + len];
    let mut len = (3..sure).find(|len| !equal(len)).unwrap_or(sure);
    while len >= sure && len < most && equal(&len) {
        len += 1;
    }
    len
}

/// What is packed so far; the last run of literals is still open.
struct Packed {
    bytes: Vec<u8>,
    room: usize,
    literals: usize,
}

impl Packed {
    /// Leaves a byte for the length of the run that follows.
    fn open_run(&mut self) {
        self.bytes.push(0);
        self.literals = 0;
    }

    /// Writes the length of the run, or takes its byte back if the run is empty.
    fn close_run(&mut self) {
        if self.literals == 0 {
            self.bytes.pop();
            return;
        }
        let start = self.bytes.len() - self.literals - 1;
        self.bytes[start] = (self.literals - 1) as u8;
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.bytes.len() >= self.room {
            return None;
        }
        self.push_literal(byte);
        Some(())
    }

    fn push_literal(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.literals += 1;
        if self.literals == LITERALS_MAX {
            self.close_run();
            self.open_run();
        }
    }

    fn copy(&mut self, distance: usize, len: usize) -> Option<()> {
        self.close_run();
        if self.bytes.len() + 3 + 1 >= self.room {
            return None;
        }
        let high = (distance >> 8) as u8;
        match len - 2 {
            short @ ..7 => self.bytes.push(high + ((short as u8) << 5)),
            long => self.bytes.extend([high + (7 << 5), (long - 7) as u8]),
        }
        self.bytes.push(distance as u8);
        self.open_run();
        Some(())
    }

    /// The last bytes of the text are literals; they are at most three more than there is room for.
    fn finish(mut self, rest: &[u8]) -> Option<Vec<u8>> {
        if self.bytes.len() + 3 > self.room {
            return None;
        }
        for &byte in rest {
            self.push_literal(byte);
        }
        self.close_run();
        Some(self.bytes)
    }
}

/// The text of a packed one that should be `len` bytes long; nothing if it is not.
pub(super) fn decompress(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    let text = unpack(packed, len).unwrap_or_default();
    (text.len() == len).then_some(text)
}

fn unpack(mut packed: &[u8], room: usize) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    while let Some((&control, rest)) = packed.split_first() {
        let control = usize::from(control);
        packed = if control < LITERALS_MAX {
            let (run, rest) = rest.split_at_checked(control + 1)?;
            text.extend_from_slice(run);
            rest
        } else {
            let (len, rest) = match control >> 5 {
                7 => (7 + usize::from(*rest.first()?), &rest[1..]),
                short => (short, rest),
            };
            let (&low, rest) = rest.split_first()?;
            let distance = (control & 0x1f) << 8 | usize::from(low);
            let from = text.len().checked_sub(distance + 1)?;
            if text.len() + len + 2 > room {
                return None;
            }
            (from..from + len + 2).for_each(|at| text.push(text[at]));
            rest
        };
        if text.len() > room {
            return None;
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;

    #[test]
    fn known_texts_are_packed_as_liblzf_packs_them() {
        let packed = compress(&[b'a'; 100], 96).unwrap();
        assert_eq!(packed, [1, b'a', b'a', 0xe0, 87, 0, 1, b'a', b'a']);
        assert_eq!(decompress(&packed, 100).unwrap(), [b'a'; 100]);
        assert_eq!(compress(b"abcdefghijklmnopqrstuvwxyz", 22), None);
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let mut dice = Dice::new(1, "lzf", 0);
        let mut packed_some = 0;
        for _ in 0..2_000 {
            let letters = 1 + dice.below(6);
            let len = 5 + dice.below(600) as usize;
            let text: Vec<u8> = (0..len).map(|_| b'a' + dice.below(letters) as u8).collect();
            if let Some(packed) = compress(&text, len - 4) {
                packed_some += 1;
                assert!(packed.len() <= len);
                assert_eq!(decompress(&packed, len).unwrap(), text);
            }
        }
        assert!(packed_some > 1_000, "{packed_some}");
    }

    #[test]
    fn bytes_that_are_no_packed_text_are_refused() {
        let mut dice = Dice::new(2, "lzf", 0);
        for _ in 0..5_000 {
            let len = dice.below(40) as usize;
            let bytes: Vec<u8> = (0..len).map(|_| dice.bits() as u8).collect();
            if let Some(text) = decompress(&bytes, 64) {
                assert_eq!(text.len(), 64);
            }
        }
        assert_eq!(decompress(&[0x20, 0], 4), None);
        assert_eq!(decompress(&[5, b'a'], 6), None);
        assert_eq!(decompress(&[0, b'a'], 2), None);
    }
}
