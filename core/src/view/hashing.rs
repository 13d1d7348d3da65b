//! From a key to its slot, step by step, for those who want to see it with their own eyes.
//!
//! The rule is that of [`crate::words::slot_of_key`]; here it is done bit by bit, as one would on
//! paper: the register is shifted to the left, and where a one falls out, the polynomial 0x1021 is
//! taken from it.

use crate::words::{Slot, hash_tag, slot_of_key};

/// The polynomial of CRC16 (XMODEM).
pub const POLYNOMIAL: u16 = 0x1021;

/// How a key came to its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// What is hashed: the hash tag, or the whole key.
    pub hashed: Vec<u8>,
    /// Whether that is only a part of the key.
    pub is_tag: bool,
    /// For each byte that is hashed: the byte, and the register after it.
    pub bytes: Vec<(u8, u16)>,
    /// The register after the last byte.
    pub crc: u16,
    pub slot: Slot,
}

/// One byte in eight steps: the register after the byte is laid over it, and after each shift.
pub fn shifts(register: u16, byte: u8) -> [u16; 9] {
    let mut steps = [register ^ (u16::from(byte) << 8); 9];
    for at in 1..steps.len() {
        let before = steps[at - 1];
        let shifted = before << 1;
        steps[at] = if before & 0x8000 == 0 { shifted } else { shifted ^ POLYNOMIAL };
    }
    steps
}

/// Hashes a key.
pub fn hashing(key: &[u8]) -> Hashing {
    let hashed = hash_tag(key);
    let mut register = 0;
    let mut bytes = Vec::with_capacity(hashed.len());
    for &byte in hashed {
        register = shifts(register, byte)[8];
        bytes.push((byte, register));
    }
    Hashing {
        hashed: hashed.to_vec(),
        is_tag: hashed.len() != key.len(),
        bytes,
        crc: register,
        slot: slot_of_key(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::SLOT_COUNT;

    #[test]
    fn by_hand_is_the_same_as_by_library() {
        for key in ["", "foo", "user:1000", "{user:1000}:profile", "a{}b", "\u{e4}\u{20ac}"] {
            let hashing = hashing(key.as_bytes());
            assert_eq!(hashing.crc % SLOT_COUNT, hashing.slot.number(), "{key}");
        }
        assert_eq!(hashing(b"123456789").crc, 0x31C3);
        assert!(hashing(b"{user:1000}:profile").is_tag && !hashing(b"a{}b").is_tag);
    }
}
