//! Failure detection: from one node's silence to everybody's verdict.
//!
//! The problem: a node that does not answer may be dead, slow, or cut off from me alone. The idea:
//! PFAIL is my own opinion; FAIL is the opinion of a majority of the masters that own slots.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCron, markNodeAsFailingIfNeeded,
//! clusterNodeCleanupFailureReports, clearNodeFailureIfNeeded`):
//! 1. PFAIL: a ping is pending, and for longer than node-timeout neither its pong nor anything else
//!    came from the node.
//! 2. Masters tell their suspicions in gossip; such a report counts for two node timeouts.
//! 3. FAIL: I hold it PFAIL myself, and with me (if I am a master) a majority of the masters with
//!    slots, the dead one counted in the total, says so. Whoever reaches that count, a replica too,
//!    tells everybody in a FAIL message.
//! 4. FAIL ends when the node answers again: at once for replicas and masters without slots, for a
//!    master with slots only after two node timeouts in which nobody took its slots.

use super::Node;
use super::bus::{Body, Header};
use super::fact::{Fact, FailCleared};
use super::peers::{Flags, MYSELF, PeerIdx};
use super::port::Effects;
use super::reports::Told;
use crate::words::NodeId;

impl Node {
    /// Rule 1, asked at every tick for a node with a pending ping.
    pub(super) fn suspect_if_silent(&mut self, index: PeerIdx, out: &mut Effects) {
        let now_ms = self.now_ms();
        let peer = &self.peers[index];
        let ping_delay_ms = now_ms.saturating_sub(peer.ping_sent_ms);
        if ping_delay_ms <= self.config.node_timeout_ms
            || peer.flags.any(Flags::PFAIL.with(Flags::FAIL))
        {
            return;
        }
        let data_delay_ms = now_ms.saturating_sub(self.peers.cold(index).data_received_ms);
        let silent_ms = ping_delay_ms.min(data_delay_ms);
        if silent_ms <= self.config.node_timeout_ms {
            return;
        }
        let peer = &mut self.peers[index];
        peer.flags.set(Flags::PFAIL);
        let ping_sent_ms = peer.ping_sent_ms;
        out.note(Fact::PfailSet { peer: peer.id, silent_ms, ping_sent_ms });
        self.todo.update_state();
    }

    /// Rule 2: a master says that a node fails.
    pub(super) fn add_report(&mut self, index: PeerIdx, by: PeerIdx, out: &mut Effects) {
        let now_ms = self.now_ms();
        if self.peers.reports_mut().add(index, by, now_ms) == Told::First {
            let (have, needed) = (self.count_verdicts(index), self.majority());
            let (peer, by) = (self.peers[index].id, self.peers[by].id);
            out.note(Fact::ReportAdded { peer, by, have, needed });
        }
    }

    /// Rule 2: a master no longer says so.
    pub(super) fn drop_report(&mut self, index: PeerIdx, by: PeerIdx, out: &mut Effects) {
        if self.peers.reports().is_empty() {
            return;
        }
        if self.peers.reports_mut().retain(index, |reporter, _| reporter != by) > 0 {
            let (peer, by) = (self.peers[index].id, self.peers[by].id);
            out.note(Fact::ReportDropped { peer, by });
        }
    }

    /// The reports by others that still count; old ones are dropped on the way.
    pub(super) fn valid_reports(&mut self, index: PeerIdx) -> u64 {
        if self.peers.reports().is_empty() {
            return 0;
        }
        self.drop_old_reports(index);
        self.peers.reports().count(index)
    }

    fn drop_old_reports(&mut self, index: PeerIdx) {
        let validity_ms = self.config.node_timeout_ms * self.profile.report_validity_factor;
        let now_ms = self.now_ms();
        let is_valid = |_, at_ms| now_ms.saturating_sub(at_ms) <= validity_ms;
        self.peers.reports_mut().retain(index, is_valid);
    }

    /// The masters that say a node fails, this one included if it is a master.
    fn count_verdicts(&mut self, index: PeerIdx) -> u64 {
        let mine = u64::from(self.peers.me().is_master() && self.peers[index].is_pfail());
        self.valid_reports(index) + mine
    }

    /// Rule 3, asked whenever a master's gossip says that a node fails.
    pub(super) fn judge_failure(&mut self, index: PeerIdx, out: &mut Effects) {
        let peer = &self.peers[index];
        if !peer.is_pfail() || peer.is_fail() {
            return;
        }
        let id = peer.id;
        let (have, needed) = (self.count_verdicts(index), self.majority());
        if have < needed {
            self.note_missed_quorum(index, have, needed, out);
            return;
        }
        let scope = out.begin(Fact::FailSet { peer: id, have, needed });
        self.set_fail(index);
        let message = self.message(Body::Fail(id));
        self.broadcast(&message, out);
        out.end(scope);
    }

    /// A quorum missed is said once per count.
    fn note_missed_quorum(&mut self, index: PeerIdx, have: u64, needed: u64, out: &mut Effects) {
        if self.peers.cold(index).seldom().missed_quorum != have {
            self.peers.cold_mut(index).seldom_mut().missed_quorum = have;
            out.note(Fact::QuorumMissed { peer: self.peers[index].id, have, needed });
        }
    }

    fn set_fail(&mut self, index: PeerIdx) {
        let fail_time_ms = self.now_ms();
        let seldom = self.peers.cold_mut(index).seldom_mut();
        (seldom.fail_time_ms, seldom.missed_quorum) = (fail_time_ms, 0);
        let flags = &mut self.peers[index].flags;
        flags.clear(Flags::PFAIL);
        flags.set(Flags::FAIL);
        self.todo.update_state();
        self.todo.save();
    }

    /// A FAIL message: believed from any known sender, about any other node.
    pub(super) fn on_fail(
        &mut self,
        sender: Option<PeerIdx>,
        header: &Header,
        failing: NodeId,
        out: &mut Effects,
    ) {
        let Some(sender) = sender else {
            out.note(Fact::FailIgnored { from: header.sender, about: failing });
            return;
        };
        let Some(index) = self.peers.find(failing) else { return };
        if index == MYSELF || self.peers[index].is_fail() {
            return;
        }
        out.note(Fact::FailHeard { peer: failing, from: self.peers[sender].id });
        self.set_fail(index);
    }

    /// A pong came on this node's own link: PFAIL ends at once, FAIL by rule 4.
    pub(super) fn hear_pong(&mut self, index: PeerIdx, out: &mut Effects) {
        let now_ms = self.now_ms();
        self.peers.pong(index, now_ms);
        let peer = &self.peers[index];
        if peer.is_pfail() {
            out.note(Fact::PfailCleared { peer: peer.id });
            self.peers[index].flags.clear(Flags::PFAIL);
            self.peers.cold_mut(index).seldom_mut().missed_quorum = 0;
            self.todo.update_state();
            self.todo.save();
        } else if peer.is_fail() {
            self.clear_fail_if_due(index, out);
        }
    }

    fn clear_fail_if_due(&mut self, index: PeerIdx, out: &mut Effects) {
        let now_ms = self.now_ms();
        let undo_ms = self.config.node_timeout_ms * self.profile.fail_undo_factor;
        let due_ms = self.peers.cold(index).seldom().fail_time_ms + undo_ms;
        let slotless = !self.peers[index].serves();
        let peer = &self.peers[index];
        let why = match (peer.is_replica(), slotless) {
            (true, _) => FailCleared::ReplicaReachable,
            (false, true) => FailCleared::MasterWithoutSlots,
            (false, false) if now_ms > due_ms => FailCleared::NobodyServesItsSlots,
            (false, false) => {
                self.note_kept_fail(index, due_ms, out);
                return;
            }
        };
        out.note(Fact::FailCleared { peer: peer.id, why });
        self.peers[index].flags.clear(Flags::FAIL);
        self.peers.cold_mut(index).seldom_mut().kept_fail_ms = 0;
        self.todo.update_state();
        self.todo.save();
    }

    /// That a failed master stays failed although it answers is said once per failure.
    fn note_kept_fail(&mut self, index: PeerIdx, until_ms: u64, out: &mut Effects) {
        if self.peers.cold(index).seldom().kept_fail_ms != until_ms {
            self.peers.cold_mut(index).seldom_mut().kept_fail_ms = until_ms;
            out.note(Fact::FailKept { peer: self.peers[index].id, until_ms });
        }
    }
}
