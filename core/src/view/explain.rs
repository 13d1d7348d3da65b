//! Why? The chain of causes behind an event, effect first.
//!
//! The problem: an event's own cause is the message or timer that brought it in, but a person asks
//! for the reason. Silence sends no message, and a delay that is over was begun by something
//! earlier. The idea: for each kind of fact, a rule says which earlier fact is its reason; where
//! there is no rule, the event's own cause is. Messages themselves are left out of the chain,
//! unless one that was never answered is the reason.

use serde::{Deserialize, Serialize};

use super::events;
use super::names::Names;
use super::sentence::Sentence;
use crate::node::{Fact, Health, StateReason};
use crate::words::{ActorId, EventId, NodeId, Time};
use crate::world::event::{Event, EventKind, Life};
use crate::world::trace::Trace;

/// How long a chain may be.
const LINES_MAX: usize = 7;

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Because {
    pub event: EventId,
    pub at: Time,
    pub node: String,
    pub sentence: Sentence,
    /// Other events that together with this one are the reason (a second vote, another report).
    pub also: Vec<Sentence>,
}

/// The chain behind an event, itself first; at most seven lines.
pub fn why(trace: &Trace, names: &Names, event: EventId) -> Vec<Because> {
    let mut chain = Vec::new();
    let mut next = trace.position(event).into_iter().collect::<Vec<_>>();
    while let Some(&position) = next.first() {
        let Some(event) = trace.get(position) else { break };
        let said = |&at: &usize| trace.get(at).map(|event| events::sentence_of(event, names));
        if is_worth_saying(event) || chain.is_empty() {
            chain.push(Because {
                event: event.id,
                at: event.at,
                node: names.actor(event.id.owner).to_owned(),
                sentence: events::sentence_of(event, names),
                also: next[1..].iter().filter_map(said).collect(),
            });
        }
        if chain.len() == LINES_MAX {
            break;
        }
        next = reasons(trace, names, position, event);
        next.retain(|&at| at < position);
    }
    chain
}

/// Traffic is how news travels, not why; everything else is worth a line.
fn is_worth_saying(event: &Event) -> bool {
    match &event.kind {
        EventKind::Fact(fact) => !matches!(**fact, Fact::ConfigEpochLearned { .. }),
        EventKind::Step(_)
        | EventKind::Life(_)
        | EventKind::Client(_)
        | EventKind::Hazard(_)
        | EventKind::Refused(_) => true,
        EventKind::Connecting { .. }
        | EventKind::Accepted { .. }
        | EventKind::LinkUp { .. }
        | EventKind::LinkRefused { .. }
        | EventKind::LinkClosed { .. }
        | EventKind::Closed { .. }
        | EventKind::Sent { .. }
        | EventKind::Received { .. }
        | EventKind::Lost { .. }
        | EventKind::Held { .. } => false,
    }
}

/// The positions of the events that are the reason of this one, the most telling first.
fn reasons(trace: &Trace, names: &Names, position: usize, event: &Event) -> Vec<usize> {
    let back = Back { trace, names, position, owner: event.id.owner };
    let own_cause = || event.cause.and_then(|id| trace.position(id)).into_iter().collect();
    let EventKind::Fact(fact) = &event.kind else { return own_cause() };
    let found = match &**fact {
        Fact::ElectionWon { epoch, .. } => back.votes(*epoch),
        Fact::ElectionStarted { .. } => back.scheduled_failure(),
        Fact::RankRaised { .. } => {
            back.own(|fact| matches!(fact, Fact::ElectionScheduled { .. }))
        }
        Fact::ElectionScheduled { master, .. } | Fact::ElectionImpossible { master, .. } => {
            back.failure_of(*master)
        }
        Fact::ElectionExpired { epoch, .. } => {
            let epoch = *epoch;
            back.own(
                move |fact| matches!(fact, Fact::ElectionStarted { epoch: of, .. } if *of == epoch),
            )
        }
        Fact::FailSet { peer, .. } | Fact::QuorumMissed { peer, .. } => back.suspicions(*peer),
        Fact::ReportAdded { peer, by, .. } => back.pfail_at(*by, *peer),
        Fact::PfailSet { peer, .. } => back.silence_of(*peer),
        Fact::StateChanged { to: Health::Fail, why: StateReason::OwnerFailed(peer) } => {
            back.failure_of(*peer)
        }
        Fact::StateChanged { to: Health::Fail, why: StateReason::Minority { .. } } => {
            back.own(|fact| matches!(fact, Fact::PfailSet { .. }))
        }
        Fact::StateChanged { to: Health::Ok, .. } => back.own(|fact| {
            matches!(
                fact,
                Fact::SlotsMoved { .. } | Fact::BecameMaster { .. } | Fact::FailCleared { .. }
            )
        }),
        Fact::SlotsMoved { to, .. } | Fact::UpdateSent { about: to, .. } => {
            back.promotion_of(*to)
        }
        _ => Vec::new(),
    };
    if found.is_empty() { own_cause() } else { found }
}

/// Looks back from an event.
struct Back<'a> {
    trace: &'a Trace,
    names: &'a Names,
    position: usize,
    owner: ActorId,
}

impl Back<'_> {
    fn last(&self, found: impl Fn(&Event) -> bool) -> Option<usize> {
        let earlier = self.trace.start()..self.position;
        earlier.rev().find(|&at| self.trace.get(at).is_some_and(&found))
    }

    fn fact(&self, at: usize) -> Option<&Fact> {
        match &self.trace.get(at)?.kind {
            EventKind::Fact(fact) => Some(fact),
            _ => None,
        }
    }

    fn is_of(&self, event: &Event, id: NodeId) -> bool {
        self.names.actor_of(id) == Some(event.id.owner)
    }

    fn last_fact(&self, owner: ActorId, found: impl Fn(&Fact) -> bool) -> Option<usize> {
        self.last(|event| match &event.kind {
            EventKind::Fact(fact) => event.id.owner == owner && found(fact),
            _ => false,
        })
    }

    /// The last such fact of the same node.
    fn own(&self, found: impl Fn(&Fact) -> bool) -> Vec<usize> {
        self.last_fact(self.owner, found).into_iter().collect()
    }

    /// How the same node came to hold a peer FAIL.
    fn failure_of(&self, peer: NodeId) -> Vec<usize> {
        self.own(|fact| {
            matches!(fact, Fact::FailSet { peer: of, .. } | Fact::FailHeard { peer: of, .. }
                if *of == peer)
        })
    }

    /// The failure for which this node scheduled its election, and the schedule.
    fn scheduled_failure(&self) -> Vec<usize> {
        let schedule = self.own(|fact| matches!(fact, Fact::ElectionScheduled { .. }));
        // A schedule outlives the master for which it was made, if a fellow replica succeeded that.
        let followed = self.own(|fact| {
            matches!(fact, Fact::ElectionScheduled { .. } | Fact::BecameReplica { .. })
        });
        let master = followed.first().and_then(|&at| match self.fact(at)? {
            Fact::ElectionScheduled { master, .. } => Some(*master),
            Fact::BecameReplica { of, .. } => Some(*of),
            _ => None,
        });
        let failure = master.map(|master| self.failure_of(master)).unwrap_or_default();
        failure.into_iter().chain(schedule).collect()
    }

    /// The request for votes of an election, and the votes.
    fn votes(&self, epoch: u64) -> Vec<usize> {
        let is_start =
            |fact: &Fact| matches!(fact, Fact::ElectionStarted { epoch: of, .. } if *of == epoch);
        let Some(start) = self.last_fact(self.owner, is_start) else { return Vec::new() };
        let is_vote = |&at: &usize| {
            self.trace.get(at).is_some_and(|event| {
                event.id.owner == self.owner
                    && matches!(&event.kind, EventKind::Fact(fact)
                        if matches!(**fact, Fact::VoteReceived { .. }))
            })
        };
        std::iter::once(start).chain((start..self.position).filter(is_vote)).collect()
    }

    /// The opinions that made a quorum: this node's own, and that of the last who reported.
    fn suspicions(&self, peer: NodeId) -> Vec<usize> {
        let report = self.last_fact(
            self.owner,
            |fact| matches!(fact, Fact::ReportAdded { peer: of, .. } if *of == peer),
        );
        let reporter = report.and_then(|at| match self.fact(at)? {
            Fact::ReportAdded { by, .. } => Some(*by),
            _ => None,
        });
        let own = self.own(|fact| matches!(fact, Fact::PfailSet { peer: of, .. } if *of == peer));
        let told = reporter.map(|by| self.pfail_at(by, peer)).unwrap_or_default();
        let mut found: Vec<usize> = own.into_iter().chain(told).collect();
        found.sort_unstable_by_key(|&at| std::cmp::Reverse(at));
        found
    }

    /// When the node that reported a peer began to suspect it itself.
    fn pfail_at(&self, by: NodeId, peer: NodeId) -> Vec<usize> {
        let suspects = |event: &Event| match &event.kind {
            EventKind::Fact(fact) => {
                matches!(**fact, Fact::PfailSet { peer: of, .. } if of == peer)
                    && self.is_of(event, by)
            }
            _ => false,
        };
        self.last(suspects).into_iter().collect()
    }

    /// What made a peer silent: what became of its process, or else a step of the person.
    fn silence_of(&self, peer: NodeId) -> Vec<usize> {
        let ended = |event: &Event| match &event.kind {
            EventKind::Life(Life::Killed | Life::Crashed | Life::Paused) => self.is_of(event, peer),
            EventKind::Step(text) => is_network_fault(text),
            _ => false,
        };
        self.last(ended).into_iter().collect()
    }

    fn promotion_of(&self, peer: NodeId) -> Vec<usize> {
        let promoted = |event: &Event| match &event.kind {
            EventKind::Fact(fact) => {
                matches!(**fact, Fact::BecameMaster { .. }) && self.is_of(event, peer)
            }
            _ => false,
        };
        self.last(promoted).into_iter().collect()
    }
}

fn is_network_fault(step: &str) -> bool {
    ["$ cut", "$ partition", "$ slow", "$ drop"].iter().any(|fault| step.starts_with(fault))
}
