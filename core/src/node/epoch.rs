//! Epochs: the cluster's logical clock, and the version number of each master's slots.
//!
//! The rule (Redis 7.0, `cluster.c: clusterProcessPacket, clusterHandleConfigEpochCollision`): the
//! *current epoch* is the greatest that a node has seen in any message of a node that it knows; it
//! only grows. Each election takes a new one, and the winner keeps it as the *config epoch* of its
//! slots. If two masters have the same config epoch, the one with the smaller id takes a new one.
//!
//! A person may have a node take a greater config epoch without a vote (`cluster.c:
//! clusterBumpConfigEpochWithoutConsensus`): it does so unless its own is the greatest already. Two
//! that do it at once may end up with the same one; then the rule above parts them.

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

/// Whether a node took a greater config epoch, or had the greatest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bumped {
    Yes,
    No,
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

    /// Takes a config epoch that is greater than all that are known, without asking anybody; unless
    /// this node's own is the greatest (`clusterBumpConfigEpochWithoutConsensus`).
    pub(super) fn bump_epoch_alone(&mut self, out: &mut Effects) -> Bumped {
        let known = self.peers.indices().iter();
        let greatest = known.map(|&index| self.peers.cold(index).config_epoch).max();
        let greatest = greatest.unwrap_or(0).max(self.epochs.current);
        let mine = self.peers.cold(MYSELF).config_epoch;
        if mine != 0 && mine == greatest {
            return Bumped::No;
        }
        let epoch = self.epochs.advance();
        self.peers.cold_mut(MYSELF).config_epoch = epoch;
        out.note(Fact::ConfigEpochSet { epoch, why: EpochSet::Alone });
        self.todo.save();
        Bumped::Yes
    }

    /// Two masters with one config epoch: the smaller id takes a new one.
    pub(super) fn settle_collision(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let both_masters = self.peers.me().is_master() && self.peers[sender].is_master();
        let mine = self.peers.cold(MYSELF).config_epoch;
        // What it says now may be less than what is known of it.
        let known = self.peers.cold(sender).config_epoch;
        if !both_masters || header.config_epoch != mine || known != mine {
            return;
        }
        if self.peers.me().id >= self.peers[sender].id {
            return;
        }
        let epoch = self.epochs.advance();
        self.peers.cold_mut(MYSELF).config_epoch = epoch;
        let with = self.peers[sender].id;
        out.note(Fact::ConfigEpochSet { epoch, why: EpochSet::Collision { with } });
        self.save();
    }
}
