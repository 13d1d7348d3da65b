//! Slot ownership: the greatest config epoch wins.
//!
//! The problem: slots change owners while messages are under way; every node must end up with the
//! same table without anybody in charge. The idea: a claim counts if its config epoch is greater
//! than that of the owner that I know.
//!
//! The rule (Redis 7.0, `cluster.c: clusterUpdateSlotsConfigWith, clusterSendUpdate,
//! clusterProcessPacket`). For each slot of a master's bitmap that differs from my view of it:
//! 1. claimed and already its own: it is claimed again.
//! 2. claimed, and without an owner, or unclaimed by its owner, or its owner's config epoch is
//!    smaller: it moves to the sender.
//! 3. not claimed, but bound to the sender: it stays, marked unclaimed.
//!
//! A slot that this node is importing keeps its owner whatever a message says: only a person closes
//! the import. A slot that it is migrating moves like any other, and stays marked.
//!
//! Then: who lost its last slot (or whose master did) becomes a replica of the taker; a replica of
//! a replica goes to the grandmaster; else the keys of slots that were lost are deleted. And who
//! sees a sender claim slots that a greater config epoch owns, tells it so in an UPDATE.
//!
//! An UPDATE that is about the receiver itself gives it the epoch, and the role of a master if it
//! is a replica; its slots are discarded.

use super::Node;
use super::bus::{Body, Header, Update};
use super::fact::{Fact, ReplicaReason, UpdateIgnored};
use super::notice::Notice;
use super::peers::{Flags, MYSELF, PeerIdx};
use super::port::Effects;
use super::profile::BrokenRule;
use crate::words::{NodeId, Slot, SlotSet};

impl Node {
    /// The role in a sender's header: master, or replica of whom.
    pub(super) fn learn_role(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let Some(master) = header.master else {
            self.set_master_role(sender, out);
            return;
        };
        let known = self.peers[sender].master;
        if self.peers[sender].is_replica() && known.is_some_and(|at| self.peers[at].id == master) {
            return;
        }
        let master_index = self.peers.find(master);
        if self.peers[sender].is_master() {
            self.slots.free_all_of(&mut self.peers, sender);
            let flags = &mut self.peers[sender].flags;
            flags.clear(Flags::MASTER.with(Flags::MIGRATE_TO));
            flags.set(Flags::REPLICA);
            self.todo.update_state();
            self.todo.save();
        }
        if let Some(index) = master_index
            && self.peers[sender].master != Some(index)
        {
            self.peers.set_master(sender, Some(index));
            let (peer, master) = (self.peers[sender].id, Some(master));
            out.note(Fact::PeerRoleChanged { peer, master });
            self.todo.save();
        }
    }

    /// A node says that it is a master (`clusterSetNodeAsMaster`).
    pub(super) fn set_master_role(&mut self, index: PeerIdx, out: &mut Effects) {
        if self.peers[index].is_master() {
            return;
        }
        if self.peers[index].master.is_some() {
            self.peers.set_master(index, None);
            if index != MYSELF {
                self.peers[index].flags.set(Flags::MIGRATE_TO);
            }
        }
        let flags = &mut self.peers[index].flags;
        flags.clear(Flags::REPLICA);
        flags.set(Flags::MASTER);
        out.note(Fact::PeerRoleChanged { peer: self.peers[index].id, master: None });
        self.todo.update_state();
        self.todo.save();
    }

    /// The slots in a sender's header: take over what it rightly claims, correct what it does not.
    pub(super) fn learn_slots(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let Some(shard) = self.peers.shard_master(sender) else { return };
        if self.peers.serves_just(shard, &header.slots) {
            return;
        }
        if self.peers[sender].is_master() {
            self.update_slots(sender, header.config_epoch, &header.slots, out);
            self.peers.serves_just(shard, &header.slots);
        }
        self.correct_sender(sender, header, out);
    }

    /// Sends one UPDATE about the first slot that the sender claims against a greater config epoch.
    fn correct_sender(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let wrong = header.slots.iter().find_map(|slot| {
            let owner = self.slots.owner(slot)?;
            let outdated = owner != sender
                && !self.slots.is_unclaimed(slot)
                && self.peers.cold(owner).config_epoch > header.config_epoch;
            outdated.then_some(owner)
        });
        let Some(owner) = wrong else { return };
        let (about, to) = (self.peers[owner].id, self.peers[sender].id);
        let Some(link) = self.peers[sender].link else {
            // The real server writes that it sends one, whether or not it can.
            return out.note(Fact::Logged(Notice::UpdateUnsent { to, about }));
        };
        if self.profile.breaks(BrokenRule::WithholdsUpdates) {
            return;
        }
        let update = self.update_about(owner);
        let message = self.message(Body::Update(update));
        let scope = out.begin(Fact::UpdateSent { to, about });
        self.send_message(link, message, out);
        out.end(scope);
    }

    /// What an UPDATE says of a node: without the slots that it does not claim itself.
    fn update_about(&self, owner: PeerIdx) -> Update {
        let cold = self.peers.cold(owner);
        let mut slots = cold.slots().clone();
        for slot in cold.slots().iter().filter(|&slot| self.slots.is_unclaimed(slot)) {
            slots.remove(slot);
        }
        Update { id: self.peers[owner].id, config_epoch: cold.config_epoch, slots }
    }

    /// An UPDATE message: somebody corrects my view of a third node, or of myself.
    pub(super) fn on_update(
        &mut self,
        sender: Option<PeerIdx>,
        update: &Update,
        out: &mut Effects,
    ) {
        let about = update.id;
        let ignored = |why| Fact::UpdateIgnored { about, why };
        if sender.is_none() {
            return out.note(ignored(UpdateIgnored::UnknownSender));
        }
        let Some(index) = self.peers.find(about) else {
            return out.note(ignored(UpdateIgnored::UnknownNode));
        };
        let known = self.peers.cold(index).config_epoch;
        if known >= update.config_epoch {
            let reported = update.config_epoch;
            return out.note(ignored(UpdateIgnored::NotNewer { known, reported }));
        }
        if self.peers[index].is_replica() {
            self.set_master_role(index, out);
        }
        self.peers.cold_mut(index).config_epoch = update.config_epoch;
        out.note(Fact::ConfigEpochLearned { peer: about, epoch: update.config_epoch });
        self.todo.save();
        if index == MYSELF {
            return out.note(ignored(UpdateIgnored::AboutMyself));
        }
        self.update_slots(index, update.config_epoch, &update.slots, out);
    }

    /// Rules 1 to 3, and what follows from them (`clusterUpdateSlotsConfigWith`).
    fn update_slots(&mut self, sender: PeerIdx, epoch: u64, claimed: &SlotSet, out: &mut Effects) {
        let mine = self.peers.shard_master(MYSELF);
        let mut taken = Takings::default();
        for slot in claimed.iter() {
            match self.slots.owner(slot) {
                Some(owner) if owner == sender => self.slots.mark_claimed(slot),
                Some(_) | None if self.open.importing_from(slot).is_some() => {}
                owner if self.gives_way(slot, owner, epoch) => {
                    taken.add(slot, owner, self.keyspace.count_in_slot(slot) > 0);
                    self.slots.bind(&mut self.peers, slot, sender);
                    self.slots.mark_claimed(slot);
                }
                Some(_) | None => {}
            }
        }
        let bound = self.peers.cold(sender).slots().clone();
        for slot in bound.iter().filter(|&slot| !claimed.contains(slot)) {
            self.slots.mark_unclaimed(slot);
        }
        self.note_moved_slots(sender, epoch, &taken, out);
        self.follow_slots(sender, mine, claimed, &taken, out);
    }

    /// Rule 2.
    fn gives_way(&self, slot: Slot, owner: Option<PeerIdx>, epoch: u64) -> bool {
        let Some(owner) = owner else { return true };
        if owner == MYSELF && self.profile.breaks(BrokenRule::NeverYields) {
            return false;
        }
        self.slots.is_unclaimed(slot) || self.peers.cold(owner).config_epoch < epoch
    }

    fn note_moved_slots(&mut self, to: PeerIdx, epoch: u64, taken: &Takings, out: &mut Effects) {
        for (from, count, first) in taken.by_owner() {
            let from = from.map(|owner| self.peers[owner].id);
            let to: NodeId = self.peers[to].id;
            out.note(Fact::SlotsMoved { from, to, count, first, epoch });
        }
        if !taken.slots.is_empty() {
            self.todo.update_state();
            self.todo.save();
        }
    }

    /// What a change of owners means for this node's own role and keys.
    fn follow_slots(
        &mut self,
        sender: PeerIdx,
        mine: Option<PeerIdx>,
        claimed: &SlotSet,
        taken: &Takings,
        out: &mut Effects,
    ) {
        let taken_from_mine = taken.count_from(mine);
        let none_left = mine.is_some_and(|mine| !self.peers[mine].serves());
        let follows = self.config.allow_replica_migration.is_on()
            || u64::from(claimed.len()) == taken_from_mine;
        if taken_from_mine > 0 && none_left && follows {
            self.become_replica_of(sender, ReplicaReason::SlotsTaken, out);
        } else if let Some(grandmaster) = self.grandmaster() {
            self.become_replica_of(grandmaster, ReplicaReason::SubReplica, out);
        } else {
            self.drop_keys(&taken.lost_with_keys(), out);
        }
    }

    /// My master's master, if my master turned out to be a replica, and not mine.
    fn grandmaster(&self) -> Option<PeerIdx> {
        let master = self.peers.me().master?;
        let grandmaster = self.peers[master].master?;
        (grandmaster != MYSELF).then_some(grandmaster)
    }

    /// Nobody is told of it: no replica, no client that watches such a key, no file.
    fn drop_keys(&mut self, slots: &[Slot], out: &mut Effects) {
        if slots.is_empty() {
            return;
        }
        self.leave_in_file();
        let dropped = slots.iter().map(|&slot| self.keyspace.remove_slot(slot).len() as u64);
        let count = dropped.sum();
        out.note(Fact::KeysDropped { count });
    }
}

/// The slots that one message moved.
#[derive(Default)]
struct Takings {
    slots: Vec<(Slot, Option<PeerIdx>, HadKeys)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct HadKeys(bool);

impl Takings {
    fn add(&mut self, slot: Slot, owner: Option<PeerIdx>, had_keys: bool) {
        self.slots.push((slot, owner, HadKeys(had_keys)));
    }

    fn count_from(&self, owner: Option<PeerIdx>) -> u64 {
        let from = |taken: &&(Slot, Option<PeerIdx>, HadKeys)| owner.is_some() && taken.1 == owner;
        self.slots.iter().filter(from).count() as u64
    }

    /// The slots of this node itself that held keys. A replica seldom has slots of its own, and the
    /// keys of its master's are its master's concern.
    fn lost_with_keys(&self) -> Vec<Slot> {
        let lost = |taken: &&(Slot, Option<PeerIdx>, HadKeys)| {
            taken.1 == Some(MYSELF) && taken.2 == HadKeys(true)
        };
        self.slots.iter().filter(lost).map(|&(slot, _, _)| slot).collect()
    }

    /// How many slots each owner lost, and the first of them.
    fn by_owner(&self) -> Vec<(Option<PeerIdx>, u16, Slot)> {
        let mut sums: Vec<(Option<PeerIdx>, u16, Slot)> = Vec::new();
        for &(slot, owner, _) in &self.slots {
            match sums.iter_mut().find(|(known, _, _)| *known == owner) {
                Some((_, count, _)) => *count += 1,
                None => sums.push((owner, 1, slot)),
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Found, Profile, Setup};
    use super::*;
    use crate::words::{Addr, Time};

    /// A node, and two masters that it knows; the first claims slots 0 and 5 at epoch 5, then no
    /// longer slot 5.
    fn scene() -> (Node, PeerIdx, PeerIdx) {
        let addr = Addr::loopback(7000);
        let mut node = Node::new(Setup {
            addr,
            seed: 1,
            incarnation: 0,
            config: Config::default(),
            profile: Profile::REDIS_7_0,
            now: Time::from_millis(1_000_000),
            durable: None,
            found: Found::default(),
        });
        let mut add = |port: u16| {
            let id = NodeId::random(&mut node.dice);
            node.add_peer(id, Addr::loopback(port), Flags::MASTER)
        };
        let (one, other) = (add(7001), add(7002));
        node.peers.cold_mut(one).config_epoch = 5;
        claims(&mut node, one, 5, &[0, 5]);
        claims(&mut node, one, 5, &[0]);
        assert_eq!(owner(&node), Some(one));
        (node, one, other)
    }

    fn claims(node: &mut Node, sender: PeerIdx, epoch: u64, slots: &[usize]) {
        let all: Vec<Slot> = Slot::all().collect();
        let claimed: SlotSet = slots.iter().map(|&slot| all[slot]).collect();
        node.update_slots(sender, epoch, &claimed, &mut Effects::default());
    }

    fn owner(node: &Node) -> Option<PeerIdx> {
        Slot::all().nth(5).and_then(|slot| node.slots.owner(slot))
    }

    #[test]
    fn a_claim_that_is_believed_takes_the_mark_away() {
        let (mut node, one, other) = scene();
        claims(&mut node, other, 5, &[5]);
        assert_eq!(owner(&node), Some(other));
        node.peers.cold_mut(other).config_epoch = 5;
        claims(&mut node, one, 5, &[0, 5]);
        assert_eq!(owner(&node), Some(other), "its epoch is not greater");
    }

    #[test]
    fn a_slot_that_a_person_gives_keeps_the_mark() {
        let (mut node, _, other) = scene();
        let slot = Slot::all().nth(5).unwrap();
        node.peers.cold_mut(MYSELF).config_epoch = 50;
        node.slots.bind(&mut node.peers, slot, MYSELF);
        claims(&mut node, other, 7, &[5]);
        assert_eq!(owner(&node), Some(other));
    }

    /// Somebody of whom nothing but the name is known says that it is a replica.
    #[test]
    fn a_node_without_a_role_stays_without_one_when_it_names_its_master() {
        let (mut node, one, other) = scene();
        node.peers[other].flags = Flags::NONE;
        let master = Some(node.peers[one].id);
        let header = Header {
            master,
            flags: Flags::REPLICA,
            ..Header::new(node.peers[other].id, Addr::loopback(7002))
        };
        node.learn_role(other, &header, &mut Effects::default());
        assert_eq!((node.peers[other].flags, node.peers[other].master), (Flags::NONE, Some(one)));
    }
}
