//! Epochs: the cluster's logical clock, and the version number of each master's slots.
//!
//! The rule (Redis 7.0, `cluster.c: clusterProcessPacket, clusterHandleConfigEpochCollision`): the
//! *current epoch* is the greatest that a node has seen in any message of a node that it knows; it
//! only grows. Each election takes a new one, and the winner keeps it as the *config epoch* of its
//! slots. If two masters have the same config epoch, the one with the smaller id takes a new one.

use super::Node;
use super::bus::Header;
use super::fact::{EpochSet, Fact};
use super::peers::{MYSELF, PeerIdx};
use super::port::Effects;
use super::profile::BrokenRule;

/// The epochs that a node saves before it acts on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epochs {
    current: u64,
    last_vote: u64,
}

impl Epochs {
    pub fn new(current: u64, last_vote: u64) -> Epochs {
        Epochs { current, last_vote }
    }

    pub fn current(&self) -> u64 {
        self.current
    }

    /// The epoch of the last vote that this node gave; 0 if none.
    pub fn last_vote(&self) -> u64 {
        self.last_vote
    }

    /// Takes a new epoch, greater than all that are known, and returns it.
    pub(super) fn advance(&mut self) -> u64 {
        self.current += 1;
        self.current
    }

    pub(super) fn raise_to(&mut self, epoch: u64) {
        self.current = self.current.max(epoch);
    }

    pub(super) fn vote(&mut self) {
        self.last_vote = self.current;
    }
}

impl Node {
    /// The epochs in a known sender's header.
    pub(super) fn learn_epochs(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let from = self.epochs.current;
        if header.current_epoch > from {
            self.epochs.current = header.current_epoch;
            let (to, by) = (header.current_epoch, self.peers[sender].id);
            out.note(Fact::EpochRaised { from, to, by });
        } else if self.profile.breaks(BrokenRule::EpochFalls) {
            self.epochs.current = header.current_epoch;
        }
        if header.config_epoch > self.peers.cold(sender).config_epoch {
            self.peers.cold_mut(sender).config_epoch = header.config_epoch;
            if self.peers[sender].is_master() {
                let (peer, epoch) = (self.peers[sender].id, header.config_epoch);
                out.note(Fact::ConfigEpochLearned { peer, epoch });
            }
            self.todo.save();
        }
    }

    /// Two masters with one config epoch: the smaller id takes a new one.
    pub(super) fn settle_collision(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let both_masters = self.peers.me().is_master() && self.peers[sender].is_master();
        let mine = self.peers.cold(MYSELF).config_epoch;
        let smaller = self.peers.me().id < self.peers[sender].id;
        if !both_masters || header.config_epoch != mine || !smaller {
            return;
        }
        let epoch = self.epochs.advance();
        self.peers.cold_mut(MYSELF).config_epoch = epoch;
        let with = self.peers[sender].id;
        out.note(Fact::ConfigEpochSet { epoch, why: EpochSet::Collision { with } });
        self.todo.save();
    }
}
