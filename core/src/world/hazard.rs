//! Hazards: what Redis Cluster permits, and lessons teach.
//!
//! The problem: replication is asynchronous and an election needs no word from the old master, so a
//! promise can be broken although every node keeps to the rules. None of this is an error of the
//! simulator, and nobody inside of the cluster notices it. The idea: the world, which sees all
//! nodes and the ledger of the workload, recognises each hazard by name at the moment in which it
//! comes true and records it as an event.
//!
//! The rules behind them (Redis 7.0): a master answers before its replicas have the write
//! (`networking.c: afterCommand, replicationFeedSlaves`); of two masters with one slot the greater
//! config epoch wins, and the other one serves until it hears of that, or until it misses the
//! majority for node-timeout (`cluster.c: clusterUpdateState`); a master that comes back empty is
//! followed by its replicas (`replication.c`).

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::client::{Endpoint, KeyNumber};
use super::ledger::{Acknowledged, Ledger, key_name, read_value};
use crate::data::{Keyspace, Value};
use crate::node::Node;
use crate::words::{ActorId, NodeId, Slot, SlotSet, Time};

/// One hazard: its name, what it means, and how it is recognised.
pub struct Row {
    pub name: &'static str,
    pub sentence: &'static str,
    check: fn(&Hazards, &Scene) -> Vec<Hazard>,
}

/// All hazards.
pub const HAZARDS: &[Row] = &[
    Row {
        name: "write-lost",
        sentence: "A write was acknowledged, and the owner of its slot does not have it.",
        check: writes_lost,
    },
    Row {
        name: "two-masters",
        sentence: "Two masters serve the same slot at the same time.",
        check: two_masters,
    },
    Row {
        name: "stale-read",
        sentence: "A read was answered with an older value than one that was acknowledged before.",
        check: stale_read,
    },
];

/// A hazard that came true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hazard {
    WriteLost {
        key: KeyNumber,
        value: u64,
        acknowledged_by: Endpoint,
        acknowledged_at: Time,
        /// What the owner has instead.
        found: Option<u64>,
        owner: NodeId,
        how: LostHow,
    },
    /// `outdated` does not know that `owner` has the slot, and others, with a greater epoch.
    TwoMasters {
        slot: Slot,
        count: u16,
        outdated: NodeId,
        owner: NodeId,
    },
    StaleRead {
        by: Endpoint,
        key: KeyNumber,
        value: Option<u64>,
        acknowledged: u64,
    },
}

/// What took a write away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LostHow {
    /// The new master had not received it.
    Promotion,
    /// A full resync replaced it.
    FullSync,
    /// The master started again without it.
    Restart,
    /// A master that was master no longer acknowledged it.
    OutdatedMaster,
}

impl Hazard {
    /// All the ways in which a hazard comes true.
    pub const WAYS: [&str; 5] = [
        "write lost: failover",
        "write lost: minority",
        "write lost: empty master",
        "two masters",
        "stale read",
    ];

    /// Which of [`Hazard::WAYS`] this is.
    pub fn way(&self) -> &'static str {
        let place = match self {
            Hazard::WriteLost { how: LostHow::Promotion, .. } => 0,
            Hazard::WriteLost { how: LostHow::OutdatedMaster, .. } => 1,
            Hazard::WriteLost { how: LostHow::FullSync | LostHow::Restart, .. } => 2,
            Hazard::TwoMasters { .. } => 3,
            Hazard::StaleRead { .. } => 4,
        };
        Hazard::WAYS[place]
    }

    /// The name of its row in [`HAZARDS`].
    pub fn name(&self) -> &'static str {
        match self {
            Hazard::WriteLost { .. } => "write-lost",
            Hazard::TwoMasters { .. } => "two-masters",
            Hazard::StaleRead { .. } => "stale-read",
        }
    }
}

/// A node that holds itself for a master: what it claims, and what it has.
#[derive(Clone, Copy)]
pub struct Master<'a> {
    pub actor: ActorId,
    pub addr: Endpoint,
    pub id: NodeId,
    pub config_epoch: u64,
    pub slots: &'a SlotSet,
    pub keyspace: &'a Keyspace,
}

impl<'a> Master<'a> {
    /// What a node claims; `None` if it holds itself for a replica.
    pub fn of(actor: ActorId, addr: Endpoint, node: &'a Node) -> Option<Master<'a>> {
        node.is_master().then(|| Master {
            actor,
            addr,
            id: node.id(),
            config_epoch: node.config_epoch(),
            slots: node.own_slots(),
            keyspace: node.keyspace(),
        })
    }

    fn value(&self, key: KeyNumber) -> Option<u64> {
        match self.keyspace.get_stored(&key_name(key))? {
            Value::String(bytes) => read_value(bytes),
        }
    }
}

/// A moment at which a hazard may come true, and all that there is to see then.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub moment: Moment,
    /// Everybody who holds itself for a master, running or not.
    pub masters: &'a [Master<'a>],
    pub ledger: &'a Ledger,
}

#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// A replica has become master.
    Promoted(ActorId),
    /// A replica of this node has thrown away what it had.
    Resynced { source: ActorId },
    /// This node's process has started again.
    Restarted(ActorId),
    /// `outdated` serves, and so does `owner`, which has taken slots from it.
    BothServe { outdated: ActorId, owner: ActorId },
    /// The workload had this write acknowledged.
    Acknowledged { key: KeyNumber, value: u64, by: Endpoint },
    /// The workload had this read answered.
    Answered { key: KeyNumber, value: Option<u64>, acknowledged: Option<u64>, by: Endpoint },
}

/// The watch over all hazards. A clone shares the table.
#[derive(Clone, Debug, Default)]
pub struct Hazards {
    /// The greatest value of each key that is known to be lost, so that no loss is told twice.
    lost: OrdMap<KeyNumber, u64>,
}

impl Hazards {
    /// The hazards that come true in this scene.
    pub fn see(&mut self, scene: &Scene) -> Vec<Hazard> {
        let seen: Vec<Hazard> = HAZARDS.iter().flat_map(|row| (row.check)(self, scene)).collect();
        for hazard in &seen {
            if let Hazard::WriteLost { key, value, .. } = hazard {
                self.lost.insert(*key, *value);
            }
        }
        seen
    }

    /// The greatest lost value of each key that lost one.
    pub fn lost(&self) -> impl Iterator<Item = (KeyNumber, u64)> {
        self.lost.iter().map(|(&key, &value)| (key, value))
    }

    fn is_lost(&self, key: KeyNumber, value: u64) -> bool {
        self.lost.get(&key).is_some_and(|&lost| lost >= value)
    }
}

/// The master whose claim to a slot counts in the end: the one with the greatest config epoch, and
/// of equals the one with the smaller id (`cluster.c: clusterHandleConfigEpochCollision`).
fn owner<'a>(masters: &'a [Master<'a>], slot: Slot) -> Option<&'a Master<'a>> {
    masters
        .iter()
        .filter(|master| master.slots.contains(slot))
        .max_by_key(|master| (master.config_epoch, std::cmp::Reverse(master.id)))
}

fn writes_lost(known: &Hazards, scene: &Scene) -> Vec<Hazard> {
    let lost = |key, promise: &Acknowledged, how| {
        let owner = owner(scene.masters, promise.slot)?;
        let found = owner.value(key);
        let is_kept = found.is_some_and(|found| found >= promise.value);
        (!is_kept && !known.is_lost(key, promise.value)).then_some(Hazard::WriteLost {
            key,
            value: promise.value,
            acknowledged_by: promise.by,
            acknowledged_at: promise.at,
            found,
            owner: owner.id,
            how,
        })
    };
    let (actor, how) = match scene.moment {
        Moment::Promoted(actor) => (actor, LostHow::Promotion),
        Moment::Resynced { source } => (source, LostHow::FullSync),
        Moment::Restarted(actor) => (actor, LostHow::Restart),
        Moment::Acknowledged { key, by, .. } => {
            let promise = scene.ledger.get(key);
            let outdated = promise.filter(|promise| {
                owner(scene.masters, promise.slot).is_some_and(|owner| owner.addr != by)
            });
            let hazard = outdated.and_then(|promise| lost(key, promise, LostHow::OutdatedMaster));
            return hazard.into_iter().collect();
        }
        Moment::BothServe { .. } | Moment::Answered { .. } => return Vec::new(),
    };
    let is_its = |promise: &Acknowledged| {
        owner(scene.masters, promise.slot).is_some_and(|owner| owner.actor == actor)
    };
    let promises = scene.ledger.iter().filter(|(_, promise)| is_its(promise));
    promises.filter_map(|(key, promise)| lost(key, promise, how)).collect()
}

fn two_masters(_: &Hazards, scene: &Scene) -> Vec<Hazard> {
    let Moment::BothServe { outdated, owner } = scene.moment else {
        return Vec::new();
    };
    let find = |actor| scene.masters.iter().find(|master| master.actor == actor);
    let (Some(outdated), Some(owner)) = (find(outdated), find(owner)) else {
        return Vec::new();
    };
    let Some((slot, count)) = overlap(outdated.slots, owner.slots) else {
        return Vec::new();
    };
    vec![Hazard::TwoMasters { slot, count, outdated: outdated.id, owner: owner.id }]
}

fn stale_read(known: &Hazards, scene: &Scene) -> Vec<Hazard> {
    let Moment::Answered { key, value, acknowledged: Some(acknowledged), by } = scene.moment else {
        return Vec::new();
    };
    let is_fresh = value.is_some_and(|value| value >= acknowledged);
    if is_fresh || known.is_lost(key, acknowledged) {
        return Vec::new();
    }
    vec![Hazard::StaleRead { by, key, value, acknowledged }]
}

/// The lowest slot that both have, and how many both have.
pub fn overlap(one: &SlotSet, other: &SlotSet) -> Option<(Slot, u16)> {
    let pairs = one.words().iter().zip(other.words()).map(|(one, other)| one & other);
    let mut first = None;
    let mut count = 0;
    for (index, both) in pairs.enumerate() {
        count += both.count_ones() as u16;
        if both != 0 && first.is_none() {
            first = Slot::new(index as u64 * 64 + u64::from(both.trailing_zeros()));
        }
    }
    first.map(|first| (first, count))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::words::{Dice, slot_of_key};

    fn addr(port: u16) -> Endpoint {
        Endpoint::new(std::net::Ipv4Addr::LOCALHOST, port)
    }

    fn holds(key: KeyNumber, value: u64) -> Keyspace {
        let mut keyspace = Keyspace::new();
        keyspace.insert(key_name(key), Value::String(Bytes::from(value.to_string())));
        keyspace
    }

    /// Two nodes that claim all slots: the old master, and its successor with a greater epoch.
    struct Split {
        slots: SlotSet,
        old: Keyspace,
        new: Keyspace,
        ledger: Ledger,
    }

    impl Split {
        fn new(old: u64, new: u64) -> Split {
            let mut ledger = Ledger::default();
            ledger.record(1, 5, addr(7001), Time::ZERO);
            let slots = Slot::all().collect();
            Split { slots, old: holds(1, old), new: holds(1, new), ledger }
        }

        fn see(&self, known: &mut Hazards, moment: Moment) -> Vec<&'static str> {
            let master = |number: u16, keyspace| Master {
                actor: ActorId(number),
                addr: addr(7000 + number),
                id: NodeId::random(&mut Dice::new(1, &number.to_string(), 0)),
                config_epoch: u64::from(number),
                slots: &self.slots,
                keyspace,
            };
            let masters = [master(1, &self.old), master(4, &self.new)];
            let scene = Scene { moment, masters: &masters, ledger: &self.ledger };
            known.see(&scene).iter().map(Hazard::name).collect()
        }
    }

    #[test]
    fn a_promotion_without_the_last_write_loses_it_once() {
        let mut known = Hazards::default();
        let promoted = Moment::Promoted(ActorId(4));
        assert_eq!(Split::new(5, 5).see(&mut known, promoted), [""; 0]);
        assert_eq!(Split::new(5, 3).see(&mut known, promoted), ["write-lost"]);
        assert_eq!(Split::new(5, 3).see(&mut known, promoted), [""; 0]);
        assert_eq!(known.lost().collect::<Vec<_>>(), [(1, 5)]);
    }

    #[test]
    fn an_acknowledgement_of_an_outdated_master_is_lost() {
        let mut known = Hazards::default();
        let split = Split::new(5, 3);
        let by = |port| Moment::Acknowledged { key: 1, value: 5, by: addr(port) };
        assert_eq!(split.see(&mut known, by(7004)), [""; 0]);
        assert_eq!(split.see(&mut known, by(7001)), ["write-lost"]);
        assert_eq!(slot_of_key(b"key:1"), split.ledger.get(1).unwrap().slot);
    }

    #[test]
    fn an_old_answer_is_stale_unless_the_write_is_known_to_be_lost() {
        let mut known = Hazards::default();
        let split = Split::new(3, 5);
        let read = |value| Moment::Answered {
            key: 1,
            value: Some(value),
            acknowledged: Some(5),
            by: addr(7001),
        };
        assert_eq!(split.see(&mut known, read(5)), [""; 0]);
        assert_eq!(split.see(&mut known, read(3)), ["stale-read"]);
        Split::new(5, 3).see(&mut known, Moment::Promoted(ActorId(4)));
        assert_eq!(split.see(&mut known, read(3)), [""; 0]);
    }

    #[test]
    fn two_masters_share_slots() {
        let mut known = Hazards::default();
        let both = Moment::BothServe { outdated: ActorId(1), owner: ActorId(4) };
        assert_eq!(Split::new(5, 5).see(&mut known, both), ["two-masters"]);
        let slots = |range: std::ops::Range<u64>| range.filter_map(Slot::new).collect();
        let found = overlap(&slots(0..100), &slots(90..200));
        assert_eq!(found, Some((Slot::new(90).unwrap(), 10)));
        assert_eq!(overlap(&slots(0..10), &slots(10..20)), None);
    }
}
