//! Votes: what a master asks itself before it votes.
//!
//! The rule (Redis 7.0, `cluster.c: clusterSendFailoverAuthIfNeeded`), in the order in which it is
//! checked:
//! 1. I am a master with slots.
//! 2. The request's epoch is not older than mine (which the request itself has just raised).
//! 3. I did not vote in this epoch.
//! 4. The candidate is a replica, and I hold its master FAIL, or its user wants it to take over
//!    (FORCEACK).
//! 5. I did not vote about that master for two node timeouts.
//! 6. None of the slots that it claims has an owner with a greater config epoch than it states;
//!    one that its owner does not claim any more counts as having none.
//!
//! A vote is saved before it is sent. A refusal is never sent: the candidate hears silence.

use super::Node;
use super::bus::{Body, Header, Manual};
use super::fact::{Fact, VoteRefused};
use super::peers::{MYSELF, PeerIdx};
use super::port::Effects;
use super::profile::BrokenRule;

impl Node {
    /// A candidate asks for a vote.
    pub(super) fn on_auth_request(
        &mut self,
        sender: Option<PeerIdx>,
        header: &Header,
        out: &mut Effects,
    ) {
        let Some(sender) = sender else { return };
        let to = self.peers[sender].id;
        let master = match self.judge_candidate(sender, header) {
            Ok(master) => master,
            Err(why) => return out.note(Fact::VoteRefused { to, why }),
        };
        if !self.profile.breaks(BrokenRule::ForgetsVotes) {
            self.peers.cold_mut(master).seldom_mut().voted_time_ms = self.now_ms();
            self.epochs.vote();
        }
        self.todo.save();
        let scope = out.begin(Fact::VoteGranted { to, epoch: self.epochs.current() });
        if let Some(link) = self.peers[sender].link {
            let message = self.message(Body::AuthAck);
            self.send_message(link, message, out);
        }
        out.end(scope);
    }

    /// The six conditions; the verdict names the master to be succeeded, or the reason to refuse.
    fn judge_candidate(&self, sender: PeerIdx, header: &Header) -> Result<PeerIdx, VoteRefused> {
        let me = self.peers.me();
        if !me.is_master() || !self.peers[MYSELF].serves() {
            return Err(VoteRefused::NoSlots);
        }
        let (request, mine) = (header.current_epoch, self.epochs.current());
        if request < mine {
            return Err(VoteRefused::OldEpoch { request, mine });
        }
        if self.epochs.last_vote() == mine {
            return Err(VoteRefused::AlreadyVoted { epoch: mine });
        }
        let master = self.judge_master_of(sender, header)?;
        let pause_ms = self.config.node_timeout_ms * self.profile.vote_pause_factor;
        let free_ms = self.peers.cold(master).seldom().voted_time_ms + pause_ms;
        if self.now_ms() < free_ms {
            let wait_ms = free_ms - self.now_ms();
            return Err(VoteRefused::VotedRecently { master: self.peers[master].id, wait_ms });
        }
        self.judge_claims(header)?;
        Ok(master)
    }

    /// Condition 4.
    fn judge_master_of(&self, sender: PeerIdx, header: &Header) -> Result<PeerIdx, VoteRefused> {
        if self.peers[sender].is_master() {
            return Err(VoteRefused::IsMaster);
        }
        let master = self.peers[sender].master.ok_or(VoteRefused::UnknownMaster)?;
        if !self.peers[master].is_fail() && header.manual != Manual::ForceAck {
            return Err(VoteRefused::MasterUp { master: self.peers[master].id });
        }
        Ok(master)
    }

    /// Condition 6.
    fn judge_claims(&self, header: &Header) -> Result<(), VoteRefused> {
        let request = header.config_epoch;
        for slot in header.slots.iter() {
            let Some(owner) = self.slots.owner(slot) else { continue };
            if self.slots.is_unclaimed(slot) {
                continue;
            }
            let owner = self.peers.cold(owner).config_epoch;
            if owner > request {
                return Err(VoteRefused::SlotEpoch { slot, owner, request });
            }
        }
        Ok(())
    }
}
