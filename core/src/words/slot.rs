//! Hash slots: where a key lives.
//!
//! The rule (Redis 7.0, `cluster.c: keyHashSlot`): CRC16 (XMODEM) of the key modulo 16,384. If the
//! key has a `{` and, after it, a `}` with at least one byte between the first of each, then only
//! those bytes are hashed: the *hash tag* by which one puts keys together.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How many hash slots a cluster has.
pub const SLOT_COUNT: u16 = 16_384;

/// A hash slot, `0..16384`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(u16);

impl Slot {
    /// The slot of this number, or `None` if there is no such slot.
    pub const fn new(number: u64) -> Option<Slot> {
        if number < SLOT_COUNT as u64 { Some(Slot(number as u16)) } else { None }
    }

    pub const fn number(self) -> u16 {
        self.0
    }

    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All slots in order.
    pub fn all() -> impl Iterator<Item = Slot> {
        (0..SLOT_COUNT).map(Slot)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The part of the key that is hashed: its hash tag, or all of it.
pub fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|&byte| byte == b'{') else {
        return key;
    };
    let rest = &key[open + 1..];
    match rest.iter().position(|&byte| byte == b'}') {
        None | Some(0) => key,
        Some(close) => &rest[..close],
    }
}

/// The hash slot of a key.
pub fn slot_of_key(key: &[u8]) -> Slot {
    Slot(crc16::State::<crc16::XMODEM>::calculate(hash_tag(key)) % SLOT_COUNT)
}

/// A run of slots, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotRange {
    pub first: Slot,
    pub last: Slot,
}

impl fmt::Display for SlotRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

const WORDS: usize = SLOT_COUNT as usize / 64;

/// A set of slots, shared until it changes: the bitmap that every bus message carries. The empty
/// one takes no memory.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SlotSet(Option<Arc<Bits>>);

/// The bitmap of a set that is not empty.
#[derive(Clone, PartialEq, Eq)]
struct Bits {
    words: [u64; WORDS],
    count: u16,
    /// The exclusive or of a random-looking word per member, kept up to date.
    fingerprint: u64,
}

static NO_BITS: Bits = Bits { words: [0; WORDS], count: 0, fingerprint: 0 };

impl SlotSet {
    fn bits(&self) -> &Bits {
        self.0.as_deref().unwrap_or(&NO_BITS)
    }

    pub fn len(&self) -> u16 {
        self.bits().count
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub fn contains(&self, slot: Slot) -> bool {
        self.words()[slot.index() / 64] >> (slot.index() % 64) & 1 == 1
    }

    /// Adds a slot; whether it was missing.
    pub fn insert(&mut self, slot: Slot) -> bool {
        if self.contains(slot) {
            return false;
        }
        let bits = Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(NO_BITS.clone())));
        bits.words[slot.index() / 64] |= 1 << (slot.index() % 64);
        bits.count += 1;
        bits.fingerprint ^= mark(slot);
        true
    }

    /// Takes a slot out; whether it was there.
    pub fn remove(&mut self, slot: Slot) -> bool {
        if !self.contains(slot) {
            return false;
        }
        let Some(bits) = self.0.as_mut().filter(|bits| bits.count > 1) else {
            self.0 = None;
            return true;
        };
        let bits = Arc::make_mut(bits);
        bits.words[slot.index() / 64] &= !(1 << (slot.index() % 64));
        bits.count -= 1;
        bits.fingerprint ^= mark(slot);
        true
    }

    /// Whether both are the same set: at once if they share their memory.
    pub fn same(&self, other: &SlotSet) -> bool {
        self.shares_with(other) || self == other
    }

    pub fn shares_with(&self, other: &SlotSet) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// Whether both are the same set, whatever they say of some slots.
    pub fn same_but_for(&self, other: &SlotSet, some: &SlotSet) -> bool {
        let words = self.words().iter().zip(other.words()).zip(some.words());
        self.same(other) || words.into_iter().all(|((one, other), some)| (one ^ other) & !some == 0)
    }

    /// Whether both are the same set. If they are, they share their memory from then on, so that
    /// the next comparison takes no time.
    pub fn is_or_becomes(&mut self, other: &SlotSet) -> bool {
        if self.shares_with(other) {
            return true;
        }
        let same = self == other;
        if same {
            *self = other.clone();
        }
        same
    }

    /// A word that is equal for equal sets, and hardly ever for different ones.
    pub fn fingerprint(&self) -> u64 {
        self.bits().fingerprint
    }

    /// The slots of the set in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.words().iter().enumerate().flat_map(|(index, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(Slot((index * 64 + bit) as u16))
            })
        })
    }

    /// The set as ascending runs.
    pub fn ranges(&self) -> Vec<SlotRange> {
        let mut ranges: Vec<SlotRange> = Vec::new();
        for slot in self.iter() {
            match ranges.last_mut() {
                Some(range) if range.last.0 + 1 == slot.0 => range.last = slot,
                _ => ranges.push(SlotRange { first: slot, last: slot }),
            }
        }
        ranges
    }

    /// The bitmap as 256 words, the lowest slot in the lowest bit of the first.
    pub fn words(&self) -> &[u64] {
        &self.bits().words
    }
}

/// A word that stands for one slot in a fingerprint (the mix of SplitMix64).
fn mark(slot: Slot) -> u64 {
    let mut word = (u64::from(slot.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl FromIterator<Slot> for SlotSet {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> SlotSet {
        let mut set = SlotSet::default();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ranges().iter().map(SlotRange::to_string)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hash_as_on_the_real_server() {
        let expected: [(&str, u16); 9] = [
            ("foo", 12182),
            ("bar", 5061),
            ("hello", 866),
            ("{user1000}.following", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("", 0),
            ("user:1234", 15814),
        ];
        for (key, slot) in expected {
            assert_eq!(slot_of_key(key.as_bytes()).number(), slot, "{key}");
        }
    }

    #[test]
    fn a_set_knows_its_ranges() {
        let set: SlotSet =
            [1, 2, 3, 64, 65, 16_383].map(|n| Slot::new(n).unwrap()).into_iter().collect();
        let ranges: Vec<String> = set.ranges().iter().map(SlotRange::to_string).collect();
        assert_eq!(ranges, ["1-3", "64-65", "16383"]);
        assert_eq!(set.len(), 6);
    }
}
