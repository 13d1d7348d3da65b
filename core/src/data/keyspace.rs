//! The keys of one server: values, times to live, and which slot holds which key.
//!
//! The rule (Redis 7.0, `db.c`, `cluster.c: slotToKeyAddEntry`): a key may have the unix time, in
//! milliseconds, at which it expires; it is expired as soon as the clock is past that time, though
//! it stays in memory until somebody deletes it. Each slot keeps a list of its keys to which a new
//! key is added at the front, so that CLUSTER GETKEYSINSLOT gives the newest first; a key that is
//! overwritten keeps its place.
//!
//! How we differ: a clone is a snapshot and must cost nothing, so everything lives in persistent
//! trees, ordered and therefore the same on every machine. Keys are numbered as they are added;
//! the number gives their order in a slot and is the cursor of SCAN.

use bytes::Bytes;
use imbl::{OrdMap, OrdSet};

use crate::words::{Digest, Slot, Time, slot_of_key};

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    String(Bytes),
}

impl Value {
    /// The word that TYPE answers with.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Value::String(_) => "string",
        }
    }
}

/// The unix time in milliseconds at which a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry(i64);

impl Expiry {
    pub const fn from_millis(millis: i64) -> Expiry {
        Expiry(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whether the clock is past this time (`db.c: keyIsExpired`).
    pub const fn is_past(self, now: Time) -> bool {
        self.0 < now.millis() as i64
    }
}

/// A key's number: how many keys were added before it, from 1.
type Number = u64;

#[derive(Clone, Debug)]
struct Entry {
    value: Value,
    expiry: Option<Expiry>,
    number: Number,
}

/// All keys of a server. A clone is a snapshot and costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Keyspace {
    entries: OrdMap<Bytes, Entry>,
    names: OrdMap<Number, Bytes>,
    slots: OrdSet<(Slot, Number)>,
    slot_counts: OrdMap<Slot, u64>,
    expiries: OrdSet<(Expiry, Number)>,
    last_number: Number,
}

impl Keyspace {
    pub fn new() -> Keyspace {
        Keyspace::default()
    }

    /// How many keys there are, expired ones that nobody deleted yet included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How long the keys that have a time to live have left, in the mean.
    pub fn mean_ttl_ms(&self, now: Time) -> u64 {
        let left = |(expiry, _): &(Expiry, Number)| {
            u64::try_from(expiry.millis()).unwrap_or(0).saturating_sub(now.millis())
        };
        let sum: u64 = self.expiries.iter().map(left).fold(0, u64::saturating_add);
        sum.checked_div(self.expiries.len() as u64).unwrap_or(0)
    }

    /// How many keys have a time to live.
    pub fn expiring_len(&self) -> usize {
        self.expiries.len()
    }

    /// The key's value; an expired key reads as missing, and stays.
    pub fn get(&self, key: &[u8], now: Time) -> Option<&Value> {
        let entry = self.entries.get(key)?;
        match entry.expiry {
            Some(expiry) if expiry.is_past(now) => None,
            _ => Some(&entry.value),
        }
    }

    /// The key's value even if it is expired.
    pub fn get_stored(&self, key: &[u8]) -> Option<&Value> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The key's value, to be changed in place; its time to live stays.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Whether the key is stored and expired.
    pub fn is_expired(&self, key: &[u8], now: Time) -> bool {
        self.expiry(key).is_some_and(|expiry| expiry.is_past(now))
    }

    /// Stores a value under the key and removes the key's time to live.
    pub fn insert(&mut self, key: Bytes, value: Value) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.value = value;
            if let Some(expiry) = entry.expiry.take() {
                let number = entry.number;
                self.expiries.remove(&(expiry, number));
            }
            return;
        }
        self.last_number += 1;
        let number = self.last_number;
        let slot = slot_of_key(&key);
        self.slots.insert((slot, number));
        *self.slot_counts.entry(slot).or_default() += 1;
        self.names.insert(number, key.clone());
        let entry = Entry { value, expiry: None, number };
        self.entries.insert(key, entry);
    }

    /// Stores a value under the key, whose time to live stays.
    pub fn update(&mut self, key: &Bytes, value: Value) {
        match self.get_mut(key) {
            Some(stored) => *stored = value,
            None => self.insert(key.clone(), value),
        }
    }

    /// Takes the key out; its value, if it was there.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        let entry = self.entries.remove(key)?;
        let slot = slot_of_key(key);
        self.names.remove(&entry.number);
        self.slots.remove(&(slot, entry.number));
        match self.slot_counts.get_mut(&slot) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.slot_counts.remove(&slot)),
        }
        if let Some(expiry) = entry.expiry {
            self.expiries.remove(&(expiry, entry.number));
        }
        Some(entry.value)
    }

    /// When the key expires, if it ever does.
    pub fn expiry(&self, key: &[u8]) -> Option<Expiry> {
        self.entries.get(key)?.expiry
    }

    /// Gives a stored key a time to live, or takes it away; the one it had.
    pub fn set_expiry(&mut self, key: &[u8], expiry: Option<Expiry>) -> Option<Expiry> {
        let entry = self.entries.get_mut(key)?;
        let before = std::mem::replace(&mut entry.expiry, expiry);
        let number = entry.number;
        if let Some(before) = before {
            self.expiries.remove(&(before, number));
        }
        if let Some(expiry) = expiry {
            self.expiries.insert((expiry, number));
        }
        before
    }

    /// The key that expires first, and when; of two at once, the one that was added first.
    pub fn next_expiry(&self) -> Option<(Expiry, &Bytes)> {
        let (expiry, number) = self.expiries.get_min()?;
        Some((*expiry, self.name(*number)))
    }

    pub fn count_in_slot(&self, slot: Slot) -> u64 {
        self.slot_counts.get(&slot).copied().unwrap_or(0)
    }

    /// The slots that hold keys, in ascending order.
    pub fn used_slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.slot_counts.keys().copied()
    }

    /// At most `max` keys of the slot, the most recently added first.
    pub fn keys_in_slot(&self, slot: Slot, max: u64) -> Vec<Bytes> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        self.slots
            .range((slot, 0)..=(slot, Number::MAX))
            .rev()
            .take(max)
            .map(|&(_, number)| self.name(number).clone())
            .collect()
    }

    /// Takes all keys of the slot out; their names, the most recently added first.
    pub fn remove_slot(&mut self, slot: Slot) -> Vec<Bytes> {
        let keys = self.keys_in_slot(slot, u64::MAX);
        for key in &keys {
            self.remove(key);
        }
        keys
    }

    /// Takes all keys out.
    pub fn clear(&mut self) {
        *self = Keyspace { last_number: self.last_number, ..Keyspace::default() };
    }

    /// All keys with their values and times to live, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Value, Option<Expiry>)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.value, entry.expiry))
    }

    /// All key names, the most recently added first.
    pub fn names(&self) -> impl Iterator<Item = &Bytes> {
        self.names.iter().rev().map(|(_, key)| key)
    }

    /// A key that a number decides, drawn below the one that is given; `None` if there is no key.
    pub fn pick(&self, draw: impl FnOnce(u64) -> u64) -> Option<&Bytes> {
        if self.is_empty() {
            return None;
        }
        let from = 1 + draw(self.last_number);
        let next = self.names.range(from..).next();
        next.or_else(|| self.names.iter().next()).map(|(_, key)| key)
    }

    /// A page of at most `count` keys from `cursor` on, and the cursor of the next page; the cursor
    /// 0 starts an iteration and, as an answer, ends it.
    ///
    /// Pages go from the newest key down. A key that is there all the while keeps its number and is
    /// therefore given exactly once; keys that are added meanwhile are not, so that every iteration
    /// ends.
    pub fn scan(&self, cursor: u64, count: usize) -> (Vec<Bytes>, u64) {
        let from = if cursor == 0 { Number::MAX } else { cursor };
        let mut rest = self.names.range(0..=from).rev();
        let page = rest.by_ref().take(count).map(|(_, key)| key.clone());
        let page = page.collect();
        (page, rest.next().map_or(0, |(&number, _)| number))
    }

    /// Takes all keys, values and times to live into a digest; the order in which keys were added
    /// does not matter.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.len() as u64);
        for (key, value, expiry) in self.iter() {
            digest.bytes(key);
            match value {
                Value::String(text) => digest.bytes(text),
            }
            digest.word(expiry.map_or(u64::MAX, |expiry| expiry.millis() as u64));
        }
    }

    fn name(&self, number: Number) -> &Bytes {
        self.names.get(&number).expect("every number in an index belongs to a key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Dice, Span};

    fn text(bytes: &[u8]) -> Value {
        Value::String(Bytes::copy_from_slice(bytes))
    }

    fn insert(keyspace: &mut Keyspace, key: &'static str) {
        keyspace.insert(Bytes::from(key), text(b"v"));
    }

    #[test]
    fn a_slot_gives_its_newest_key_first() {
        let mut keyspace = Keyspace::new();
        for key in ["{a}1", "{a}2", "other", "{a}3", "{a}1"] {
            insert(&mut keyspace, key);
        }
        let slot = slot_of_key(b"a");
        assert_eq!(keyspace.keys_in_slot(slot, 2), ["{a}3", "{a}2"]);
        assert_eq!(keyspace.count_in_slot(slot), 3);
        keyspace.remove(b"{a}3");
        insert(&mut keyspace, "{a}4");
        assert_eq!(keyspace.remove_slot(slot), ["{a}4", "{a}2", "{a}1"]);
        assert_eq!(keyspace.count_in_slot(slot), 0);
        assert_eq!(keyspace.used_slots().count(), 1);
    }

    #[test]
    fn an_expired_key_reads_as_missing_and_stays() {
        let mut keyspace = Keyspace::new();
        insert(&mut keyspace, "k");
        keyspace.set_expiry(b"k", Some(Expiry::from_millis(100)));
        let due = Time::from_millis(100);
        assert!(keyspace.get(b"k", due).is_some());
        assert!(keyspace.get(b"k", due + Span::from_millis(1)).is_none());
        assert_eq!(keyspace.len(), 1);
        keyspace.insert(Bytes::from("k"), text(b"w"));
        assert_eq!(keyspace.expiry(b"k"), None);
        assert_eq!(keyspace.next_expiry(), None);
    }

    #[test]
    fn a_scan_gives_every_key_that_stays() {
        let mut dice = Dice::new(1, "scan", 0);
        let mut keyspace = Keyspace::new();
        for n in 0..500 {
            keyspace.insert(Bytes::from(format!("stays{n}")), text(b""));
            keyspace.insert(Bytes::from(format!("goes{n}")), text(b""));
        }
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            let (page, next) = keyspace.scan(cursor, 7);
            assert!(page.len() <= 7);
            seen.extend(page);
            for _ in 0..20 {
                keyspace.remove(format!("goes{}", dice.below(500)).as_bytes());
                keyspace.insert(Bytes::from(format!("new{}", dice.bits())), text(b""));
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        let mut stayed: Vec<_> = seen.iter().filter(|key| key.starts_with(b"stays")).collect();
        stayed.sort();
        stayed.dedup();
        assert_eq!(stayed.len(), 500);
    }

    #[test]
    fn a_snapshot_does_not_see_later_writes() {
        let mut keyspace = Keyspace::new();
        for n in 0..10_000 {
            keyspace.insert(Bytes::from(format!("key{n}")), text(b"v"));
        }
        let snapshot = keyspace.clone();
        keyspace.remove(b"key5");
        keyspace.insert(Bytes::from("key6"), text(b"w"));
        keyspace.set_expiry(b"key7", Some(Expiry::from_millis(1)));
        assert_eq!(snapshot.len(), 10_000);
        assert_eq!(snapshot.get_stored(b"key6"), Some(&text(b"v")));
        assert_eq!(snapshot.expiry(b"key7"), None);
        let value = |keyspace: &Keyspace| {
            let mut digest = Digest::new();
            keyspace.digest(&mut digest);
            digest.value()
        };
        assert_ne!(value(&snapshot), value(&keyspace));
    }

    #[test]
    fn the_indices_agree_after_any_writes() {
        let mut dice = Dice::new(2, "keyspace", 0);
        let mut keyspace = Keyspace::new();
        for _ in 0..20_000 {
            let key = Bytes::from(format!("k{}", dice.below(300)));
            match dice.below(4) {
                0 => drop(keyspace.remove(&key)),
                1 => {
                    let expiry = Expiry::from_millis(dice.below(50) as i64);
                    keyspace.set_expiry(&key, Some(expiry));
                }
                _ => keyspace.insert(key, text(b"v")),
            }
        }
        let with_expiry = keyspace.iter().filter(|entry| entry.2.is_some()).count();
        assert_eq!(keyspace.expiring_len(), with_expiry);
        assert_eq!(keyspace.names().count(), keyspace.len());
        let in_slots: u64 = keyspace.used_slots().map(|s| keyspace.count_in_slot(s)).sum();
        assert_eq!(in_slots, keyspace.len() as u64);
        let listed: usize = Slot::all().map(|s| keyspace.keys_in_slot(s, 1_000).len()).sum();
        assert_eq!(listed, keyspace.len());
    }
}
