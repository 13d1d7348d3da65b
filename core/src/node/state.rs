//! The state of the cluster, as one node sees it: does it serve its slots, or answer CLUSTERDOWN?
//!
//! The rule (Redis 7.0, `cluster.c: clusterUpdateState`), in the order in which it is checked:
//! 1. A master whose state is fail waits 2 s from its start before anything else is looked at, so
//!    that the others can tell it what changed while it was away.
//! 2. With full coverage required: a slot without an owner, or with a FAIL owner, means fail. A
//!    PFAIL owner does not.
//! 3. If fewer than a majority of the masters with slots are free of PFAIL and FAIL in my eyes, I
//!    am in a minority: fail.
//! 4. A master that may turn to ok waits, from the last moment in a minority, for node-timeout
//!    (at least 0.5 s, at most 5 s).

use super::Node;
use super::bus::Health;
use super::fact::{Fact, StateHeld, StateReason};
use super::peers::Flags;
use super::port::Effects;

/// What a node thinks of the cluster as a whole.
#[derive(Clone, Debug)]
pub struct ClusterState {
    health: Health,
    /// Masters with at least one slot, at the last evaluation; 1 before the first.
    size: u64,
    first_asked_ms: Option<u64>,
    minority_ms: u64,
    held: Option<StateHeld>,
}

impl Default for ClusterState {
    fn default() -> Self {
        ClusterState {
            health: Health::Fail,
            size: 1,
            first_asked_ms: None,
            minority_ms: 0,
            held: None,
        }
    }
}

impl ClusterState {
    pub fn health(&self) -> Health {
        self.health
    }

    /// How many masters own slots.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Node {
    /// How many masters with slots make a majority, the failed ones counted in the total.
    pub(super) fn majority(&self) -> u64 {
        self.state.size / 2 + 1
    }

    /// Evaluates the state of the cluster anew.
    pub(super) fn update_state(&mut self, out: &mut Effects) {
        let now_ms = self.now_ms();
        let first_ms = *self.state.first_asked_ms.get_or_insert(now_ms);
        let writable_ms = first_ms + self.profile.writable_delay_ms;
        let master = self.peers.me().is_master();
        if master && self.state.health == Health::Fail && now_ms < writable_ms {
            self.hold_state(StateHeld::Writable, writable_ms, out);
            return;
        }
        let (size, reachable) = self.count_masters();
        self.state.size = size;
        let mut verdict = self.judge_coverage();
        if reachable < self.majority() {
            verdict = Err(StateReason::Minority { reachable, size });
            self.state.minority_ms = now_ms;
        }
        match verdict {
            Ok(()) if self.state.health == Health::Fail => self.turn_ok(out),
            Err(why) if self.state.health == Health::Ok => {
                self.state.health = Health::Fail;
                out.note(Fact::StateChanged { to: Health::Fail, why });
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// Rule 2; the error says what is not covered.
    fn judge_coverage(&self) -> Result<(), StateReason> {
        if !self.config.require_full_coverage.is_on() {
            return Ok(());
        }
        if let Some(slot) = self.first_uncovered() {
            return Err(StateReason::SlotUnassigned(slot));
        }
        let mut known = self.peers.indices().iter();
        let failed_owner =
            known.find(|&&index| self.peers[index].is_fail() && self.peers[index].serves());
        failed_owner.map_or(Ok(()), |&index| Err(StateReason::OwnerFailed(self.peers[index].id)))
    }

    fn first_uncovered(&self) -> Option<crate::words::Slot> {
        if self.slots.assigned() == crate::words::SLOT_COUNT {
            return None;
        }
        self.slots.first_unassigned()
    }

    /// The masters with slots, and how many of them are neither PFAIL nor FAIL in this node's eyes.
    fn count_masters(&self) -> (u64, u64) {
        let mut size = 0;
        let mut reachable = 0;
        for &index in self.peers.indices() {
            let peer = &self.peers[index];
            if peer.is_master() && peer.serves() {
                size += 1;
                reachable += u64::from(!peer.flags.any(Flags::PFAIL.with(Flags::FAIL)));
            }
        }
        (size, reachable)
    }

    /// Rule 4.
    fn turn_ok(&mut self, out: &mut Effects) {
        let (least, most) = self.profile.rejoin_delay_ms;
        let rejoin_ms = self.state.minority_ms + self.config.node_timeout_ms.clamp(least, most);
        if self.peers.me().is_master() && self.now_ms() < rejoin_ms {
            self.hold_state(StateHeld::Rejoin, rejoin_ms, out);
            return;
        }
        self.state.health = Health::Ok;
        self.state.held = None;
        out.note(Fact::StateChanged { to: Health::Ok, why: StateReason::AllCovered });
    }

    /// A wait is said once.
    fn hold_state(&mut self, why: StateHeld, until_ms: u64, out: &mut Effects) {
        if self.state.held != Some(why) {
            self.state.held = Some(why);
            out.note(Fact::StateHeld { why, until_ms });
        }
    }
}
