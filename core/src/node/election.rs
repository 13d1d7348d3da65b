//! Election: how a replica succeeds its failed master.
//!
//! The problem: exactly one replica must take over, and preferably the one with the most data. The
//! idea: every replica waits a while before it asks, longer the less data it has; the masters give
//! one vote per epoch; a majority decides.
//!
//! The rule (Redis 7.0, `cluster.c: clusterHandleSlaveFailover, clusterGetSlaveRank,
//! clusterFailoverReplaceYourMaster`), in the order in which it is checked, at every tick and
//! whenever a vote arrives:
//! 1. I am a replica, my master is FAIL and owns slots, and I may stand for election; or my user
//!    wants me to take over (`manual_failover`): then it need not be FAIL, and neither
//!    `no-failover` nor the age of my data count.
//! 2. My data is not too old.
//! 3. No election of mine is under way, or the last began longer than the retry time ago: schedule
//!    one, 500 ms plus a random part below 500 ms plus 1 s per rank from now. My rank is the number
//!    of my fellow replicas that processed more of the stream, as far as they told me. In a manual
//!    failover there is no delay.
//! 4. While I wait, my rank may grow, never shrink; not in a manual failover.
//! 5. The delay is over: take a new epoch and ask everybody for their votes.
//! 6. With the votes of a majority of the masters with slots, the failed one counted in the total:
//!    I am master, and tell everybody. The votes and the time of this election are not forgotten: a
//!    manual failover soon after it finds the last election expired, and waits in vain.

use std::sync::Arc;

use super::Node;
use super::bus::{Body, Kind, Manual, Message, Shared};
use super::fact::{ElectionImpossible, EpochSet, Fact, VoteIgnored};
use super::hindrance::{Hindrance, Pause};
use super::peers::{Flags, MYSELF, PeerIdx};
use super::port::Effects;
use super::profile::BrokenRule;

/// A replica's own election.
#[derive(Clone, Debug, Default)]
pub struct Election {
    /// When it asks, or asked, for votes, in ms; 0 when it never did.
    at_ms: u64,
    sent: bool,
    votes: u64,
    rank: u64,
    epoch: u64,
    /// The delay that the next schedule must draw instead of a random one, in ms.
    forced_ms: Option<u64>,
    hindrance: Hindrance,
}

/// The waits of an election, from node-timeout.
struct Timers {
    expires_ms: u64,
    retry_ms: u64,
}

impl Election {
    /// Makes the next schedule wait this long (before its rank is added) instead of a random time.
    pub(super) fn force_delay(&mut self, delay_ms: u64) {
        self.forced_ms = Some(delay_ms);
    }
}

impl Node {
    /// All six rules; called at every tick of a replica and after each vote.
    pub(super) fn handle_election(&mut self, out: &mut Effects) {
        let Some(master) = self.master_to_succeed() else {
            self.election.hindrance.end();
            return;
        };
        if let Err(why) = self.may_stand(master) {
            return self.note_hindrance(master, why, out);
        }
        let timers = self.election_timers();
        let now_ms = self.now_ms();
        if now_ms > self.election.at_ms + timers.retry_ms {
            return self.schedule_election(master, out);
        }
        if !self.election.sent && !self.manual.is_under_way() {
            self.raise_rank(out);
        }
        if now_ms < self.election.at_ms {
            let left_ms = self.election.at_ms - now_ms;
            return self.note_hindrance(master, ElectionImpossible::WaitingDelay { left_ms }, out);
        }
        if now_ms > self.election.at_ms + timers.expires_ms {
            return self.note_expiry(master, timers.retry_ms, out);
        }
        if !self.election.sent {
            return self.ask_for_votes(out);
        }
        let (have, needed) = (self.election.votes, self.majority());
        if have < needed {
            let why = ElectionImpossible::WaitingVotes { have, needed };
            return self.note_hindrance(master, why, out);
        }
        self.win_election(master, have, needed, out);
    }

    /// Rule 1, as far as it makes this node a candidate at all.
    fn master_to_succeed(&self) -> Option<PeerIdx> {
        let master = self.peers.me().master?;
        (self.peers[master].is_fail() || self.manual.may_start()).then_some(master)
    }

    /// The rest of rule 1, and rule 2.
    fn may_stand(&self, master: PeerIdx) -> Result<(), ElectionImpossible> {
        let by_command = self.manual.may_start();
        if self.config.replica_no_failover.is_on() && !by_command {
            return Err(ElectionImpossible::NoFailover);
        }
        if !self.peers[master].serves() {
            return Err(ElectionImpossible::MasterWithoutSlots);
        }
        let timeout_ms = self.config.node_timeout_ms;
        let mut age_ms = self.replication.data_age_ms(self.now);
        if age_ms > timeout_ms {
            age_ms -= timeout_ms;
        }
        let factor = self.config.replica_validity_factor;
        let limit_ms = self.config.repl_ping_period_s * 1_000 + timeout_ms * factor;
        if factor != 0 && age_ms > limit_ms && !by_command {
            return Err(ElectionImpossible::DataTooOld { age_ms, limit_ms });
        }
        Ok(())
    }

    /// A node that never stands says so (`clusterUpdateMyselfFlags`): its settings changed, or it
    /// starts.
    pub(super) fn update_own_flags(&mut self) {
        let is_said = self.peers.me().flags.any(Flags::NOFAILOVER);
        if self.config.replica_no_failover.is_on() == is_said {
            return;
        }
        let flags = &mut self.peers[MYSELF].flags;
        match is_said {
            true => flags.clear(Flags::NOFAILOVER),
            false => flags.set(Flags::NOFAILOVER),
        }
        self.todo.update_state();
        self.todo.save();
    }

    fn election_timers(&self) -> Timers {
        let expires_ms = (2 * self.config.node_timeout_ms).max(2_000);
        Timers { expires_ms, retry_ms: 2 * expires_ms }
    }

    /// Rule 3.
    fn schedule_election(&mut self, master: PeerIdx, out: &mut Effects) {
        let random_ms = self.dice.below(self.profile.election_jitter_ms);
        let drawn_ms = self.profile.election_delay_ms + random_ms;
        let (delay_ms, rank) = if self.manual.is_under_way() {
            self.todo.election();
            (0, 0)
        } else {
            let (rank, forced_ms) = (self.rank(), self.election.forced_ms.take());
            (forced_ms.unwrap_or(drawn_ms) + rank * self.profile.rank_delay_ms, rank)
        };
        let Election { epoch, forced_ms, mut hindrance, .. } = self.election;
        hindrance.is_known(&ElectionImpossible::WaitingDelay { left_ms: delay_ms });
        self.election = Election {
            at_ms: self.now_ms() + delay_ms,
            rank,
            epoch,
            forced_ms,
            hindrance,
            ..Election::default()
        };
        let (master, offset) = (self.peers[master].id, self.replication.offset());
        let scope = out.begin(Fact::ElectionScheduled { master, delay_ms, rank, offset });
        self.pong_to_local_replicas(out);
        out.end(scope);
    }

    /// How many fellow replicas are, as far as they told, further in the stream.
    fn rank(&self) -> u64 {
        let Some(master) = self.peers.me().master else { return 0 };
        let mine = self.replication.offset();
        let ahead = |&index: &PeerIdx| {
            index != MYSELF
                && !self.peers[index].flags.any(Flags::NOFAILOVER)
                && self.peers.cold(index).repl_offset > mine
        };
        self.peers.replicas_of(master).filter(ahead).count() as u64
    }

    /// Rule 4.
    fn raise_rank(&mut self, out: &mut Effects) {
        let rank = self.rank();
        if rank > self.election.rank {
            let added_ms = (rank - self.election.rank) * self.profile.rank_delay_ms;
            self.election.at_ms += added_ms;
            self.election.rank = rank;
            out.note(Fact::RankRaised { rank, added_ms });
        }
    }

    /// A pong to the other replicas of the same master, and to whom says that it follows this one
    /// (`clusterBroadcastPong` with CLUSTER_BROADCAST_LOCAL_SLAVES).
    fn pong_to_local_replicas(&mut self, out: &mut Effects) {
        let Some(master) = self.peers.me().master else { return };
        let fellows = self.peers.replicas_of(master);
        for index in fellows.chain(self.peers.replicas_of(MYSELF)).collect::<Vec<_>>() {
            if let (Some(link), true) = (self.peers[index].link, index != MYSELF) {
                self.send_ping(link, Kind::Pong, out);
            }
        }
    }

    /// Rule 5.
    fn ask_for_votes(&mut self, out: &mut Effects) {
        let cheats = self.profile.breaks(BrokenRule::ElectsItself);
        let epoch = if cheats { self.epochs.current() } else { self.epochs.advance() };
        self.election.epoch = epoch;
        self.election.sent = true;
        if cheats {
            self.election.votes = self.majority();
            self.todo.election();
        }
        let scope = out.begin(Fact::ElectionStarted { epoch, needed: self.majority() });
        let message = self.vote_request();
        self.broadcast(&message, out);
        out.end(scope);
        self.todo.save();
        self.todo.update_state();
    }

    /// A request for votes; in a manual failover it says that the master need not have failed.
    fn vote_request(&self) -> Shared {
        let mut header = self.header();
        if self.manual.is_under_way() {
            header.manual = Manual::ForceAck;
        }
        let header = Arc::new(header.sealed());
        Arc::new(Message { header, body: Body::AuthRequest, hostname: None })
    }

    /// A vote: counted if its giver may vote, and gave it for this election.
    pub(super) fn on_vote(&mut self, sender: Option<PeerIdx>, epoch: u64, out: &mut Effects) {
        let Some(sender) = sender else { return };
        let from = self.peers[sender].id;
        let voter = self.peers[sender].is_master() && self.peers[sender].serves();
        let election = self.election.epoch;
        let stands = self.election.sent && self.peers.me().is_replica();
        let why = match (voter, stands, epoch >= election) {
            (false, _, _) => Some(VoteIgnored::NotAVoter),
            (true, false, _) => Some(VoteIgnored::NoElection),
            (true, true, false) => Some(VoteIgnored::OldEpoch { vote: epoch, election }),
            (true, true, true) => None,
        };
        // A vote that comes too late is in the sum nevertheless.
        self.election.votes += u64::from(voter && epoch >= election);
        if let Some(why) = why {
            return out.note(Fact::VoteIgnored { from, why });
        }
        let (have, needed) = (self.election.votes, self.majority());
        out.note(Fact::VoteReceived { from, epoch, have, needed });
        self.todo.election();
    }

    /// Rule 6.
    fn win_election(&mut self, master: PeerIdx, have: u64, needed: u64, out: &mut Effects) {
        let epoch = self.election.epoch;
        let won = out.begin(Fact::ElectionWon { epoch, have, needed });
        if self.peers.cold(MYSELF).config_epoch < epoch {
            self.peers.cold_mut(MYSELF).config_epoch = epoch;
            out.note(Fact::ConfigEpochSet { epoch, why: EpochSet::Won });
        }
        self.replace_master(master, out);
        out.end(won);
    }

    /// Becomes master in the place of its master (`clusterFailoverReplaceYourMaster`).
    pub(super) fn replace_master(&mut self, master: PeerIdx, out: &mut Effects) {
        let of = self.peers[master].id;
        let slots = self.peers.cold(master).slots().clone();
        self.peers.set_master(MYSELF, None);
        let flags = &mut self.peers[MYSELF].flags;
        flags.clear(Flags::REPLICA);
        flags.set(Flags::MASTER);
        let epoch = self.peers.cold(MYSELF).config_epoch;
        let scope = out.begin(Fact::BecameMaster { of, epoch, slots: slots.len() });
        self.stop_replicating(out);
        for slot in slots.iter() {
            self.slots.bind(&mut self.peers, slot, MYSELF);
        }
        self.update_state(out);
        self.save();
        self.broadcast_pong(out);
        self.end_manual_failover();
        out.end(scope);
    }

    /// A pong to everybody, each with gossip of its own (`clusterBroadcastPong`).
    pub(super) fn broadcast_pong(&mut self, out: &mut Effects) {
        for index in self.peers.indices().to_vec() {
            let peer = &self.peers[index];
            if let (Some(link), false) = (peer.link, peer.in_handshake()) {
                self.send_ping(link, Kind::Pong, out);
            }
        }
    }

    fn note_expiry(&mut self, master: PeerIdx, retry_ms: u64, out: &mut Effects) {
        let retry_in_ms = (self.election.at_ms + retry_ms).saturating_sub(self.now_ms());
        let why = ElectionImpossible::Expired { retry_in_ms };
        let (have, needed) = (self.election.votes, self.majority());
        let lost = self.election.sent && have < needed;
        if lost && !self.election.hindrance.was(&why) {
            out.note(Fact::ElectionExpired { epoch: self.election.epoch, have, needed });
        }
        self.note_hindrance(master, why, out);
    }

    /// Why the election does not get on: noted once per reason, and written to the log at times.
    fn note_hindrance(&mut self, master: PeerIdx, why: ElectionImpossible, out: &mut Effects) {
        let id = self.peers[master].id;
        if self.election.hindrance.is_news(&why) {
            out.note(Fact::ElectionImpossible { master: id, why });
        }
        let quiet_ms = self.config.node_timeout_ms + self.profile.hindrance_quiet_ms;
        let failed_ms = self.peers.cold(master).seldom().fail_time_ms;
        let quiet = self.peers[master].is_fail() && self.now_ms() < failed_ms + quiet_ms;
        let pause = Pause { quiet, again_s: self.profile.hindrance_again_s };
        if self.election.hindrance.is_written(&why, self.now.seconds(), pause) {
            out.note(Fact::ElectionStalled { master: id, why });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Config, Durable, Found, Profile, Setup};
    use super::*;
    use crate::words::{Addr, Time};

    /// It was loaded with a master whose address is lost, and so follows no stream.
    #[test]
    fn who_does_not_know_where_its_master_is_has_data_as_old_as_time() {
        let (master, me) = ("1".repeat(40), "5".repeat(40));
        let file = format!(
            "{master} :0@0 master,fail,noaddr - 1 1 5 disconnected 0-5460\n\
             {me} 127.0.0.1:7001@17001 myself,slave {master} 0 0 0 connected\n\
             vars currentEpoch 7 lastVoteEpoch 0\n"
        );
        let mut node = Node::new(Setup {
            addr: Addr::loopback(7001),
            seed: 1,
            incarnation: 1,
            config: Config::default(),
            profile: Profile::REDIS_7_0,
            now: Time::from_millis(1_000_000),
            durable: Some(Arc::new(Durable::parse(&file).expect("it is as nodes write it"))),
            found: Found::default(),
        });
        let master = node.peers.me().master.expect("it was loaded");
        let found = node.may_stand(master);
        assert!(matches!(found, Err(ElectionImpossible::DataTooOld { .. })), "{found:?}");
        let mut out = Effects::default();
        node.stop_replicating(&mut out);
        assert!(out.is_empty(), "there is no history to end: {out:?}");
    }
}
