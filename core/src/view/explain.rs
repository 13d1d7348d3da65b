//! Why? The chain of causes behind an event, effect first.
//!
//! The problem: an event's own cause is the message or timer that brought it in, but a person asks
//! for the reason. Silence sends no message, and a delay that is over was begun by something
//! earlier. The idea: for each kind of fact, a rule says which earlier fact is its reason; where
//! there is no rule, the event's own cause is. Messages themselves are left out of the chain,
//! unless one that was never answered is the reason.

use super::names::Names;
use crate::data::Reply;
use crate::node::{Fact, Health, StateReason};
use crate::words::{ActorId, NodeId};
use crate::world::client::ClientNote;
use crate::world::event::{Event, EventKind, Life};
use crate::world::trace::Trace;

/// How long a chain may be.
const LINES_MAX: usize = 7;

/// One line of an explanation: events by their positions in the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    pub position: usize,
    /// Other events that together with this one are the reason (a second vote, another report).
    pub also: Vec<usize>,
}

/// The chain behind the event at a position, itself first; at most seven lines.
pub fn why(trace: &Trace, names: &Names, position: usize) -> Vec<Because> {
    let mut chain: Vec<Because> = Vec::new();
    let mut next = Some(position);
    while let Some(position) = next {
        let Some(event) = trace.get(position) else { break };
        let reason = reason_of(trace, names, position, event);
        if is_worth_saying(event) || chain.is_empty() {
            chain.push(Because { position, also: reason.beside });
        }
        if chain.len() == LINES_MAX {
            break;
        }
        next = reason.next.filter(|&at| at < position);
    }
    chain
}

/// The last change of role or state of a node among the first `until` events.
pub fn why_node(trace: &Trace, owner: ActorId, until: usize) -> Option<usize> {
    let last = |found: &dyn Fn(&Event) -> bool, until: usize| {
        let past = (trace.start()..until.min(trace.len())).rev();
        past.filter_map(|at| Some((at, trace.get(at)?)))
            .find(|(_, event)| event.id.owner == owner && found(event))
            .map(|(at, event)| (at, event.at))
    };
    let (last_change, at) = last(&is_change, until)?;
    // A change of role often changes the state in the same moment, and is what one asks about.
    let role = last(&is_change_of_role, last_change).filter(|&(_, then)| then == at);
    Some(role.map_or(last_change, |(role, _)| role))
}

/// The last time before `until` at which one node changed its mind about another.
pub fn why_belief(
    trace: &Trace,
    names: &Names,
    (by, of): (ActorId, ActorId),
    until: usize,
) -> Option<usize> {
    let is_of = |id: &NodeId| names.actor_of(*id) == Some(of);
    let changed_mind = |event: &Event| {
        let EventKind::Fact(fact) = &event.kind else { return false };
        match &**fact {
            Fact::PfailSet { peer, .. }
            | Fact::PfailCleared { peer }
            | Fact::FailSet { peer, .. }
            | Fact::FailHeard { peer, .. }
            | Fact::FailCleared { peer, .. }
            | Fact::PeerRoleChanged { peer, .. }
            | Fact::PeerLearned { peer, .. } => is_of(peer),
            Fact::SlotsMoved { to, .. } => is_of(to),
            _ => false,
        }
    };
    let mut past = (trace.start()..until.min(trace.len())).rev();
    past.find(|&at| trace.get(at).is_some_and(|event| event.id.owner == by && changed_mind(event)))
}

fn is_change_of_role(event: &Event) -> bool {
    match &event.kind {
        EventKind::Fact(fact) => {
            matches!(**fact, Fact::BecameMaster { .. } | Fact::BecameReplica { .. })
        }
        _ => false,
    }
}

fn is_change(event: &Event) -> bool {
    match &event.kind {
        EventKind::Life(life) => !matches!(life, Life::Started),
        EventKind::Fact(fact) => matches!(
            **fact,
            Fact::BecameMaster { .. }
                | Fact::BecameReplica { .. }
                | Fact::StateChanged { to: Health::Fail, .. }
                | Fact::ElectionImpossible { .. }
                | Fact::VoteRefused { .. }
        ),
        _ => false,
    }
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

/// Why an event happened: the position of the event to go on with, and of those that took part.
#[derive(Default)]
struct Reason {
    next: Option<usize>,
    beside: Vec<usize>,
}

impl From<Option<usize>> for Reason {
    fn from(next: Option<usize>) -> Reason {
        Reason { next, beside: Vec::new() }
    }
}

fn reason_of(trace: &Trace, names: &Names, position: usize, event: &Event) -> Reason {
    let back = Back { trace, names, position, owner: event.id.owner };
    let mut reason = match &event.kind {
        EventKind::Fact(fact) => back.reason_of(fact),
        EventKind::Client(note) => match &**note {
            ClientNote::Answered { node, reply: Reply::Error(text), .. } => {
                back.refusal(&node.port().to_string(), text).into()
            }
            _ => Reason::default(),
        },
        _ => Reason::default(),
    };
    reason.next = reason.next.or_else(|| trace.position(event.cause?));
    reason
}

/// Looks back from an event.
struct Back<'a> {
    trace: &'a Trace,
    names: &'a Names,
    position: usize,
    owner: ActorId,
}

impl Back<'_> {
    /// The rule for each kind of fact; without one, the event's own cause counts.
    fn reason_of(&self, fact: &Fact) -> Reason {
        match fact {
            Fact::ElectionWon { epoch, .. } => self.election(*epoch),
            Fact::ElectionExpired { epoch, .. } => self.start_of(*epoch).into(),
            Fact::ElectionStarted { .. } | Fact::RankRaised { .. } => {
                self.own(|fact| matches!(fact, Fact::ElectionScheduled { .. })).into()
            }
            Fact::ElectionScheduled { master, .. } | Fact::ElectionImpossible { master, .. } => {
                self.failure_of(*master).into()
            }
            Fact::FailHeard { peer, .. } => self.verdict_on(*peer).into(),
            Fact::FailSet { peer, .. } | Fact::QuorumMissed { peer, .. } => self.suspicions(*peer),
            Fact::ReportAdded { peer, by, .. } => self.pfail_at(*by, *peer).into(),
            Fact::PfailSet { peer, .. } => self.silence_of(*peer).into(),
            Fact::StateChanged { to: Health::Fail, why: StateReason::OwnerFailed(peer) } => {
                self.failure_of(*peer).into()
            }
            Fact::StateChanged { to: Health::Fail, why: StateReason::Minority { .. } } => {
                self.own(|fact| matches!(fact, Fact::PfailSet { .. })).into()
            }
            Fact::StateChanged { to: Health::Ok, .. } => self.own(is_relief).into(),
            Fact::SlotsMoved { to, .. } | Fact::UpdateSent { about: to, .. } => {
                self.promotion_of(*to).into()
            }
            _ => Reason::default(),
        }
    }

    /// What made a node answer with an error: why it does not serve, or who took the slots.
    fn refusal(&self, node: &str, text: &str) -> Option<usize> {
        let owner = self.names.actor_named(node)?;
        if text.starts_with("CLUSTERDOWN") {
            return self.last_fact(owner, |fact| {
                matches!(fact, Fact::StateChanged { to: Health::Fail, .. })
            });
        }
        let is_move = text.starts_with("MOVED");
        let moved = || self.last_fact(owner, |fact| matches!(fact, Fact::SlotsMoved { .. }));
        is_move.then(moved).flatten()
    }

    fn last(&self, found: impl Fn(&Event) -> bool) -> Option<usize> {
        let earlier = self.trace.start()..self.position;
        earlier.rev().find(|&at| self.trace.get(at).is_some_and(&found))
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
    fn own(&self, found: impl Fn(&Fact) -> bool) -> Option<usize> {
        self.last_fact(self.owner, found)
    }

    /// How the same node came to hold a peer FAIL: the verdict itself, if it was told of one.
    fn failure_of(&self, peer: NodeId) -> Option<usize> {
        let known = self.own(|fact| {
            matches!(fact, Fact::FailSet { peer: of, .. } | Fact::FailHeard { peer: of, .. }
                if *of == peer)
        })?;
        match &self.trace.get(known)?.kind {
            EventKind::Fact(fact) if matches!(**fact, Fact::FailHeard { .. }) => {
                self.verdict_on(peer).or(Some(known))
            }
            _ => Some(known),
        }
    }

    /// The last verdict of any node that a peer has failed.
    fn verdict_on(&self, peer: NodeId) -> Option<usize> {
        self.last(|event| match &event.kind {
            EventKind::Fact(fact) => {
                matches!(**fact, Fact::FailSet { peer: of, .. } if of == peer)
            }
            _ => false,
        })
    }

    fn start_of(&self, epoch: u64) -> Option<usize> {
        self.own(|fact| matches!(fact, Fact::ElectionStarted { epoch: of, .. } if *of == epoch))
    }

    /// The request for votes, and beside it the votes.
    fn election(&self, epoch: u64) -> Reason {
        let start = self.start_of(epoch);
        let is_vote = |&at: &usize| {
            self.trace.get(at).is_some_and(|event| {
                event.id.owner == self.owner
                    && matches!(&event.kind, EventKind::Fact(fact)
                        if matches!(**fact, Fact::VoteReceived { .. }))
            })
        };
        let votes = start.map(|start| (start..self.position).filter(is_vote).collect());
        Reason { next: start, beside: votes.unwrap_or_default() }
    }

    /// The own opinion that made a quorum (a replica has none that counts), and beside it the
    /// report.
    fn suspicions(&self, peer: NodeId) -> Reason {
        let report =
            self.own(|fact| matches!(fact, Fact::ReportAdded { peer: of, .. } if *of == peer));
        let own = self.own(|fact| matches!(fact, Fact::PfailSet { peer: of, .. } if *of == peer));
        Reason { next: own.or(report), beside: report.into_iter().collect() }
    }

    /// When the node that reported a peer began to suspect it itself.
    fn pfail_at(&self, by: NodeId, peer: NodeId) -> Option<usize> {
        let suspects = |event: &Event| match &event.kind {
            EventKind::Fact(fact) => {
                matches!(**fact, Fact::PfailSet { peer: of, .. } if of == peer)
                    && self.is_of(event, by)
            }
            _ => false,
        };
        self.last(suspects)
    }

    /// What made a peer silent: what became of its process, or else a step of the person.
    fn silence_of(&self, peer: NodeId) -> Option<usize> {
        let ended = |event: &Event| match &event.kind {
            EventKind::Life(Life::Killed | Life::Crashed | Life::Paused) => self.is_of(event, peer),
            EventKind::Step(text) => is_network_fault(text),
            _ => false,
        };
        self.last(ended)
    }

    fn promotion_of(&self, peer: NodeId) -> Option<usize> {
        let promoted = |event: &Event| match &event.kind {
            EventKind::Fact(fact) => {
                matches!(**fact, Fact::BecameMaster { .. }) && self.is_of(event, peer)
            }
            _ => false,
        };
        self.last(promoted)
    }
}

/// What lets a node serve again.
fn is_relief(fact: &Fact) -> bool {
    matches!(fact, Fact::SlotsMoved { .. } | Fact::BecameMaster { .. } | Fact::FailCleared { .. })
}

fn is_network_fault(step: &str) -> bool {
    ["$ cut", "$ partition", "$ slow", "$ drop"].iter().any(|fault| step.starts_with(fault))
}
