//! Invariants: what must never happen.
//!
//! The problem: a simulator that is wrong teaches what is wrong, and says so to nobody. The idea: a
//! table of claims that the protocol guarantees, each with a name, checked after every event, in
//! constant time, from what a node notices ([`Fact`]) and from what it is. A broken invariant is
//! our bug: the caller panics with the seed and the steps, or, when it explores, collects it.
//!
//! The claims (Redis 7.0, `cluster.c`): a vote is remembered in nodes.conf before it is sent
//! (`clusterSendFailoverAuthIfNeeded`), so a node votes once in an epoch whatever happens to it;
//! two majorities share a voter, so no epoch has two winners. But one node may win it twice (a
//! manual failover soon after its last election finds the old votes), and a shard may vote twice in
//! it: through its old master, which has not heard yet that it was succeeded, and through its heir,
//! since standing for election is no vote (`clusterHandleSlaveFailover`). So the first winner may
//! help another to win its own epoch. And the majority is one of the masters that the candidate
//! knows at that moment: one that is just hearing of a long past may count to a smaller one. The
//! rule on collisions parts such winners. An epoch only grows
//! (`clusterProcessPacket`), but one that was merely heard of is not written to nodes.conf at once,
//! so a node that starts again may be back at what it had saved, and one that lost its nodes.conf,
//! or was reset hard, is a stranger with another name; a replica has what its master sent, and the
//! master counts before it sends (`replication.c: feedReplicationBacklog`).
//!
//! That all agree in the end is no claim about an event: see [`super::agreement`].

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::node::Fact;
use crate::words::{ActorId, Time};

/// One claim.
pub struct Invariant {
    pub name: &'static str,
    pub sentence: &'static str,
    check: Check,
}

/// What a claim is about; it says what is wrong, if anything is.
enum Check {
    Fact(fn(&Memory, ActorId, &Fact) -> Option<String>),
    Stance(fn(&Memory, ActorId, &Stance) -> Option<String>),
}

/// All claims.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "one-vote-per-epoch",
        sentence: "A node votes at most once in an epoch, also across restarts.",
        check: Check::Fact(one_vote_per_epoch),
    },
    Invariant {
        name: "one-winner-per-epoch",
        sentence: "No epoch is won by two nodes that needed as many votes, unless the first \
                   winner voted in it.",
        check: Check::Fact(one_winner_per_epoch),
    },
    Invariant {
        name: "epoch-never-falls",
        sentence: "A node's currentEpoch never falls; a start takes it from nodes.conf.",
        check: Check::Stance(epoch_never_falls),
    },
    Invariant {
        name: "replica-not-ahead",
        sentence: "A replica has no more of a history of writes than the source that it follows.",
        check: Check::Stance(replica_not_ahead),
    },
];

/// How far a replica and its source are in the history of writes that they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offsets {
    pub mine: u64,
    pub of_source: u64,
}

/// What there is to see at one node.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub at: Time,
    pub node: ActorId,
    pub what: Seen<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// It noted this.
    Fact(&'a Fact),
    /// It has taken an input in, and this is how it stands.
    Stance(Stance),
    /// Its process has started again, from what it had saved.
    Restarted,
    /// It started without its nodes.conf, or was reset: it is another node from now on.
    ConfigLost,
}

/// How a node stands after an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stance {
    pub current_epoch: u64,
    pub saved_epoch: u64,
    /// If it follows the stream of another node, and has the same history.
    pub offsets: Option<Offsets>,
}

/// A claim that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The claim's name in [`INVARIANTS`], or that of the final agreement.
    pub name: String,
    pub at: Time,
    pub detail: String,
}

/// What the claims need to remember. A clone shares the tables.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    votes: OrdSet<(ActorId, u64)>,
    winners: OrdMap<u64, Winner>,
    /// By actor.
    epochs: Vec<Epochs>,
}

/// Who won an epoch, and how many votes that took.
#[derive(Clone, Copy, Debug)]
struct Winner {
    node: ActorId,
    needed: u64,
}

/// The currentEpoch of a node.
#[derive(Clone, Copy, Debug, Default)]
struct Epochs {
    current: u64,
    /// In its nodes.conf.
    saved: u64,
}

/// The watch over all claims.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    memory: Memory,
}

impl Invariants {
    /// Looks at one thing; the first claim that does not hold, if any.
    pub fn see(&mut self, sight: &Sight) -> Option<Broken> {
        let broken = INVARIANTS.iter().find_map(|invariant| {
            let detail = match (&invariant.check, &sight.what) {
                (Check::Fact(check), Seen::Fact(fact)) => check(&self.memory, sight.node, fact),
                (Check::Stance(check), Seen::Stance(it)) => check(&self.memory, sight.node, it),
                (Check::Fact(_) | Check::Stance(_), _) => None,
            }?;
            Some(Broken { name: invariant.name.to_owned(), at: sight.at, detail })
        });
        self.memory.remember(sight);
        broken
    }
}

impl Memory {
    fn remember(&mut self, sight: &Sight) {
        match sight.what {
            Seen::Fact(Fact::VoteGranted { epoch, .. }) => {
                self.votes.insert((sight.node, *epoch));
            }
            Seen::Fact(Fact::ElectionWon { epoch, needed, .. }) => {
                self.winners.insert(*epoch, Winner { node: sight.node, needed: *needed });
            }
            Seen::Fact(_) => {}
            Seen::Stance(Stance { current_epoch, saved_epoch, .. }) => {
                let epochs = Epochs { current: current_epoch, saved: saved_epoch };
                *self.epochs_mut(sight.node) = epochs;
            }
            Seen::Restarted => {
                let epochs = self.epochs_mut(sight.node);
                epochs.current = epochs.saved;
            }
            Seen::ConfigLost => {
                *self.epochs_mut(sight.node) = Epochs::default();
                self.votes =
                    self.votes.iter().filter(|&&(voter, _)| voter != sight.node).copied().collect();
                let others = self.winners.iter().filter(|(_, winner)| winner.node != sight.node);
                self.winners = others.map(|(&epoch, &winner)| (epoch, winner)).collect();
            }
        }
    }

    fn epochs_mut(&mut self, node: ActorId) -> &mut Epochs {
        let place = usize::from(node.0);
        if self.epochs.len() <= place {
            self.epochs.resize(place + 1, Epochs::default());
        }
        &mut self.epochs[place]
    }

    fn epoch(&self, node: ActorId) -> u64 {
        self.epochs.get(usize::from(node.0)).map_or(0, |epochs| epochs.current)
    }
}

fn one_vote_per_epoch(memory: &Memory, node: ActorId, fact: &Fact) -> Option<String> {
    let Fact::VoteGranted { to, epoch } = fact else {
        return None;
    };
    let has_voted = memory.votes.contains(&(node, *epoch));
    has_voted.then(|| format!("{node:?} voted again in epoch {epoch}, for {to}"))
}

fn one_winner_per_epoch(memory: &Memory, node: ActorId, fact: &Fact) -> Option<String> {
    let Fact::ElectionWon { epoch, needed, .. } = fact else {
        return None;
    };
    let first = *memory.winners.get(epoch)?;
    let is_expected = first.node == node
        || first.needed != *needed
        || memory.votes.contains(&(first.node, *epoch));
    (!is_expected).then(|| format!("{:?} and {node:?} both won epoch {epoch}", first.node))
}

fn epoch_never_falls(memory: &Memory, node: ActorId, stance: &Stance) -> Option<String> {
    let (before, now) = (memory.epoch(node), stance.current_epoch);
    (now < before).then(|| format!("the currentEpoch of {node:?} fell from {before} to {now}"))
}

fn replica_not_ahead(_: &Memory, node: ActorId, stance: &Stance) -> Option<String> {
    let Offsets { mine, of_source } = stance.offsets?;
    (mine > of_source).then(|| {
        format!("{node:?} is at offset {mine} of a history whose source is at {of_source}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Dice, NodeId};

    fn id(name: &str) -> NodeId {
        NodeId::random(&mut Dice::new(1, name, 0))
    }

    fn see(watch: &mut Invariants, node: u16, what: Seen) -> Option<String> {
        let sight = Sight { at: Time::ZERO, node: ActorId(node), what };
        watch.see(&sight).map(|broken| broken.name)
    }

    fn state(current_epoch: u64, offsets: Option<(u64, u64)>) -> Seen<'static> {
        let offsets = offsets.map(|(mine, of_source)| Offsets { mine, of_source });
        Seen::Stance(Stance { current_epoch, saved_epoch: current_epoch / 2, offsets })
    }

    #[test]
    fn a_second_vote_in_an_epoch_is_seen() {
        let mut watch = Invariants::default();
        let vote = |epoch| Fact::VoteGranted { to: id("candidate"), epoch };
        assert_eq!(see(&mut watch, 0, Seen::Fact(&vote(7))), None);
        assert_eq!(see(&mut watch, 1, Seen::Fact(&vote(7))), None);
        assert_eq!(see(&mut watch, 0, Seen::Fact(&vote(8))), None);
        let broken = see(&mut watch, 0, Seen::Fact(&vote(7)));
        assert_eq!(broken.as_deref(), Some("one-vote-per-epoch"));
    }

    #[test]
    fn a_node_without_nodes_conf_is_another_voter() {
        let mut watch = Invariants::default();
        let vote = Fact::VoteGranted { to: id("candidate"), epoch: 7 };
        assert_eq!(see(&mut watch, 0, state(7, None)), None);
        assert_eq!(see(&mut watch, 0, Seen::Fact(&vote)), None);
        assert_eq!(see(&mut watch, 0, Seen::ConfigLost), None);
        assert_eq!(see(&mut watch, 0, state(0, None)), None);
        assert_eq!(see(&mut watch, 0, Seen::Fact(&vote)), None);
    }

    #[test]
    fn a_second_winner_of_an_epoch_is_seen() {
        let mut watch = Invariants::default();
        let win = Fact::ElectionWon { epoch: 7, have: 2, needed: 2 };
        assert_eq!(see(&mut watch, 3, Seen::Fact(&win)), None);
        let by_fewer = Fact::ElectionWon { epoch: 7, have: 1, needed: 1 };
        assert_eq!(see(&mut watch.clone(), 4, Seen::Fact(&by_fewer)), None);
        let broken = see(&mut watch, 4, Seen::Fact(&win));
        assert_eq!(broken.as_deref(), Some("one-winner-per-epoch"));
    }

    #[test]
    fn who_wins_an_epoch_may_vote_in_it() {
        let mut watch = Invariants::default();
        let win = Fact::ElectionWon { epoch: 7, have: 2, needed: 2 };
        let vote = Fact::VoteGranted { to: id("candidate"), epoch: 7 };
        assert_eq!(see(&mut watch, 3, Seen::Fact(&win)), None);
        assert_eq!(see(&mut watch, 3, Seen::Fact(&vote)), None);
        assert_eq!(see(&mut watch, 4, Seen::Fact(&win)), None);
        let broken = see(&mut watch, 5, Seen::Fact(&win));
        assert_eq!(broken.as_deref(), Some("one-winner-per-epoch"));
    }

    #[test]
    fn a_falling_epoch_is_seen() {
        let mut watch = Invariants::default();
        assert_eq!(see(&mut watch, 0, state(7, None)), None);
        assert_eq!(see(&mut watch, 1, state(6, None)), None);
        assert_eq!(see(&mut watch, 0, state(6, None)).as_deref(), Some("epoch-never-falls"));
    }

    #[test]
    fn a_restart_goes_back_to_what_was_saved_and_no_further() {
        let mut watch = Invariants::default();
        assert_eq!(see(&mut watch, 0, state(8, None)), None);
        assert_eq!(see(&mut watch, 0, Seen::Restarted), None);
        assert_eq!(see(&mut watch, 0, state(4, None)), None);
        assert_eq!(see(&mut watch, 0, Seen::Restarted), None);
        assert_eq!(see(&mut watch, 0, state(1, None)).as_deref(), Some("epoch-never-falls"));
    }

    #[test]
    fn a_replica_ahead_of_its_source_is_seen() {
        let mut watch = Invariants::default();
        assert_eq!(see(&mut watch, 3, state(1, Some((100, 100)))), None);
        let broken = see(&mut watch, 3, state(1, Some((101, 100))));
        assert_eq!(broken.as_deref(), Some("replica-not-ahead"));
        assert_eq!(see(&mut watch, 3, state(1, None)), None);
    }
}
