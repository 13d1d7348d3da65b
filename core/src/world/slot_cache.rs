//! What a cluster-aware client remembers: which node serves which slot.
//!
//! The problem: a client that asks any node and is sent on pays two round trips for most keys. The
//! idea: ask once for the whole map (CLUSTER SLOTS), keep it, and mend it where a MOVED shows that
//! it is out of date. The map is only a belief: it may be old, and the nodes have the last word.
//!
//! It is a sorted list of disjoint runs of slots, as CLUSTER SLOTS gives them, shared until it
//! changes: a healthy cluster of three masters is three entries.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::client::{Endpoint, resolve};
use crate::data::Reply;
use crate::words::{Slot, SlotRange};

/// A run of slots and the node that is thought to serve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    pub slots: SlotRange,
    pub by: Endpoint,
}

/// A client's map of slots. Empty until the first refresh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotCache(Arc<Vec<Owned>>);

impl SlotCache {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The runs in ascending order.
    pub fn runs(&self) -> &[Owned] {
        &self.0
    }

    /// The node that is thought to serve a slot.
    pub fn owner(&self, slot: Slot) -> Option<Endpoint> {
        let after = self.0.partition_point(|run| run.slots.first <= slot);
        let run = self.0[..after].last()?;
        (slot <= run.slots.last).then_some(run.by)
    }

    /// Takes in what a MOVED says of one slot.
    pub fn learn(&mut self, slot: Slot, by: Endpoint) {
        if self.owner(slot) == Some(by) {
            return;
        }
        let mut runs = Vec::with_capacity(self.0.len() + 2);
        for &run in self.0.iter() {
            runs.extend(before(run, slot));
            runs.extend(after(run, slot));
        }
        let place = runs.partition_point(|run: &Owned| run.slots.first < slot);
        runs.insert(place, Owned { slots: SlotRange { first: slot, last: slot }, by });
        self.0 = Arc::new(join(runs));
    }

    /// Reads the reply of CLUSTER SLOTS: arrays of first slot, last slot, master, replicas, where a
    /// node is an array that opens with its address and port. An empty address means the one asked.
    pub fn from_reply(reply: &Reply, asked: Endpoint) -> Option<SlotCache> {
        let mut runs = Vec::new();
        for entry in elements(reply)? {
            let [first, last, master, ..] = elements(entry)? else {
                return None;
            };
            let slots = SlotRange { first: slot(first)?, last: slot(last)? };
            runs.push(Owned { slots, by: endpoint(master, asked)? });
        }
        runs.sort_unstable_by_key(|run| run.slots.first);
        Some(SlotCache(Arc::new(join(runs))))
    }

    /// The nodes of the map, each once, in the order of their first slot.
    pub fn nodes(&self) -> Vec<Endpoint> {
        let mut nodes = Vec::new();
        for run in self.0.iter() {
            if !nodes.contains(&run.by) {
                nodes.push(run.by);
            }
        }
        nodes
    }
}

/// What is left of a run below a slot.
fn before(run: Owned, slot: Slot) -> Option<Owned> {
    let below = Slot::new(u64::from(slot.number()).checked_sub(1)?)?;
    let last = run.slots.last.min(below);
    (run.slots.first <= last).then_some(Owned { slots: SlotRange { last, ..run.slots }, ..run })
}

/// What is left of a run above a slot.
fn after(run: Owned, slot: Slot) -> Option<Owned> {
    let above = Slot::new(u64::from(slot.number()) + 1)?;
    let first = run.slots.first.max(above);
    (first <= run.slots.last).then_some(Owned { slots: SlotRange { first, ..run.slots }, ..run })
}

/// Joins neighbouring runs of one owner.
fn join(runs: Vec<Owned>) -> Vec<Owned> {
    let mut joined: Vec<Owned> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut() {
            Some(last)
                if last.by == run.by
                    && last.slots.last.number() + 1 == run.slots.first.number() =>
            {
                last.slots.last = run.slots.last;
            }
            _ => joined.push(run),
        }
    }
    joined
}

fn elements(reply: &Reply) -> Option<&[Reply]> {
    match reply {
        Reply::Array(elements) => Some(elements),
        _ => None,
    }
}

fn slot(reply: &Reply) -> Option<Slot> {
    match reply {
        Reply::Integer(number) => Slot::new(u64::try_from(*number).ok()?),
        _ => None,
    }
}

fn endpoint(reply: &Reply, asked: Endpoint) -> Option<Endpoint> {
    let [host, Reply::Integer(port), ..] = elements(reply)? else {
        return None;
    };
    let ip = match host {
        Reply::Bulk(text) => resolve(std::str::from_utf8(text).ok()?, *asked.ip())?,
        _ => *asked.ip(),
    };
    Some(Endpoint::new(ip, u16::try_from(*port).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot_number(number: u64) -> Slot {
        Slot::new(number).unwrap()
    }

    fn node(port: u16) -> Endpoint {
        Endpoint::new(std::net::Ipv4Addr::LOCALHOST, port)
    }

    fn three_masters() -> SlotCache {
        let entry = |first, last, port| {
            let master = vec![Reply::Bulk("127.0.0.1".into()), Reply::Integer(port)];
            Reply::Array(vec![Reply::Integer(first), Reply::Integer(last), Reply::Array(master)])
        };
        let reply = Reply::Array(vec![
            entry(5461, 10922, 7001),
            entry(0, 5460, 7000),
            entry(10923, 16383, 7002),
        ]);
        SlotCache::from_reply(&reply, node(7000)).unwrap()
    }

    #[test]
    fn it_reads_cluster_slots() {
        let cache = three_masters();
        assert_eq!(cache.owner(slot_number(5460)), Some(node(7000)));
        assert_eq!(cache.owner(slot_number(5461)), Some(node(7001)));
        assert_eq!(cache.owner(slot_number(16383)), Some(node(7002)));
        assert_eq!(cache.nodes(), [node(7000), node(7001), node(7002)]);
        assert_eq!(SlotCache::default().owner(slot_number(1)), None);
    }

    #[test]
    fn a_moved_changes_one_slot() {
        let mut cache = three_masters();
        for slot in [0, 5460, 5461, 7000, 16383] {
            cache.learn(slot_number(slot), node(7004));
            assert_eq!(cache.owner(slot_number(slot)), Some(node(7004)), "{slot}");
        }
        assert_eq!(cache.owner(slot_number(6999)), Some(node(7001)));
        assert_eq!(cache.owner(slot_number(16382)), Some(node(7002)));
        let total: u32 = cache
            .runs()
            .iter()
            .map(|run| u32::from(run.slots.last.number() - run.slots.first.number()) + 1)
            .sum();
        assert_eq!(total, 16_384);
    }

    #[test]
    fn learning_back_joins_the_runs_again() {
        let mut cache = three_masters();
        cache.learn(slot_number(7000), node(7004));
        cache.learn(slot_number(7000), node(7001));
        assert_eq!(cache, three_masters());
    }
}
