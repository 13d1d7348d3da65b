//! The ledger: what the cluster has promised to keep.
//!
//! The problem: whether an acknowledged write is lost can only be told by somebody outside of the
//! cluster who remembers the acknowledgement. The idea: the workload writes ever greater values,
//! and the ledger keeps, for each key, the greatest value that was acknowledged, by whom and when.
//! A keyspace that holds less has lost a write; one that holds more has a write whose answer never
//! came, which breaks no promise.
//!
//! The map is persistent: a checkpoint of it is a pointer, whatever the number of keys.

use bytes::Bytes;
use imbl::OrdMap;

use super::client::{Endpoint, KeyNumber};
use crate::words::{Slot, Time, slot_of_key};

/// The name of a workload's key.
pub fn key_name(number: KeyNumber) -> Bytes {
    Bytes::from(format!("key:{number}"))
}

/// The slot of a workload's key.
pub fn key_slot(number: KeyNumber) -> Slot {
    slot_of_key(&key_name(number))
}

/// A promise: the node `by` said OK to this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub value: u64,
    pub by: Endpoint,
    pub at: Time,
    /// Of the key, so that nobody computes it again.
    pub slot: Slot,
}

/// All promises, the newest of each key.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    newest: OrdMap<KeyNumber, Acknowledged>,
    count: u64,
}

impl Ledger {
    /// Writes a promise down. Values of a key only grow.
    pub fn record(&mut self, key: KeyNumber, value: u64, by: Endpoint, at: Time) {
        let known = self.newest.get(&key);
        assert!(known.is_none_or(|known| known.value < value), "values of a key only grow");
        let slot = known.map_or_else(|| key_slot(key), |known| known.slot);
        self.newest.insert(key, Acknowledged { value, by, at, slot });
        self.count += 1;
    }

    pub fn get(&self, key: KeyNumber) -> Option<&Acknowledged> {
        self.newest.get(&key)
    }

    /// How many writes were acknowledged in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The newest promise of each key, by key number.
    pub fn iter(&self) -> impl Iterator<Item = (KeyNumber, &Acknowledged)> {
        self.newest.iter().map(|(&key, promise)| (key, promise))
    }
}

/// The value that a keyspace holds for a key of the workload; anything that no workload writes
/// counts as nothing.
pub fn read_value(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_promise_of_a_key_counts() {
        let by = Endpoint::new(std::net::Ipv4Addr::LOCALHOST, 7000);
        let mut ledger = Ledger::default();
        ledger.record(3, 10, by, Time::from_millis(1));
        let before = ledger.clone();
        ledger.record(3, 12, by, Time::from_millis(2));
        assert_eq!(ledger.get(3).map(|promise| promise.value), Some(12));
        assert_eq!(before.get(3).map(|promise| promise.value), Some(10));
        assert_eq!((before.count(), ledger.count()), (1, 2));
        assert_eq!(ledger.get(3).unwrap().slot, key_slot(3));
        assert_eq!(read_value(b"12"), Some(12));
        assert_eq!(read_value(b"alice"), None);
    }
}
