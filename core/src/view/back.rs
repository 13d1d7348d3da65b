//! Looking back from an event for its reason.
//!
//! The trace knows what brought an event in; here are the searches for what a person calls the
//! reason: the last fact of a kind, at the same node or at another one, that lies before the event.
//! Which of them counts for which event is said in [`super::explain`].

use super::names::Names;
use crate::node::{ElectionImpossible, Fact};
use crate::words::{ActorId, NodeId};
use crate::world::client::ClientNote;
use crate::world::event::{Event, EventKind, Life};
use crate::world::trace::Trace;

/// Why an event happened: the position of the event to go on with, and of those that took part.
#[derive(Default)]
pub struct Reason {
    pub next: Option<usize>,
    pub beside: Vec<usize>,
}

impl From<Option<usize>> for Reason {
    fn from(next: Option<usize>) -> Reason {
        Reason { next, beside: Vec::new() }
    }
}

/// Looks back from an event.
pub struct Back<'a> {
    pub trace: &'a Trace,
    pub names: &'a Names,
    pub position: usize,
    pub owner: ActorId,
}

impl Back<'_> {
    fn last(&self, found: impl Fn(&Event) -> bool) -> Option<usize> {
        let earlier = self.trace.start()..self.position;
        earlier.rev().find(|&at| self.trace.get(at).is_some_and(&found))
    }

    fn is_of(&self, event: &Event, id: NodeId) -> bool {
        self.names.actor_of(id) == Some(event.id.owner)
    }

    pub fn last_fact(&self, owner: ActorId, found: impl Fn(&Fact) -> bool) -> Option<usize> {
        self.last(|event| event.id.owner == owner && fact_of(event).is_some_and(&found))
    }

    /// The last such fact of the same node.
    pub fn own(&self, found: impl Fn(&Fact) -> bool) -> Option<usize> {
        self.last_fact(self.owner, found)
    }

    /// The last such fact of the node with this id.
    fn fact_at(&self, node: NodeId, found: impl Fn(&Fact) -> bool) -> Option<usize> {
        self.last_fact(self.names.actor_of(node)?, found)
    }

    /// How the same node came to hold a peer FAIL: the verdict itself, if it was told of one.
    pub fn failure_of(&self, peer: NodeId) -> Option<usize> {
        let known = self.own(|fact| {
            matches!(fact, Fact::FailSet { peer: of, .. } | Fact::FailHeard { peer: of, .. }
                if *of == peer)
        })?;
        match self.trace.get(known).and_then(fact_of) {
            Some(Fact::FailHeard { .. }) => self.verdict_on(peer).or(Some(known)),
            _ => Some(known),
        }
    }

    /// The last verdict of any node that a peer has failed.
    pub fn verdict_on(&self, peer: NodeId) -> Option<usize> {
        self.last(
            |event| matches!(fact_of(event), Some(Fact::FailSet { peer: of, .. }) if *of == peer),
        )
    }

    fn start_of(&self, epoch: u64) -> Option<usize> {
        self.own(|fact| matches!(fact, Fact::ElectionStarted { epoch: of, .. } if *of == epoch))
    }

    /// The request for votes, and beside it the votes.
    pub fn election(&self, epoch: u64) -> Reason {
        let start = self.start_of(epoch);
        let beside = start.map(|start| (start..self.position).filter(|&at| self.is_vote(at)));
        Reason { next: start, beside: beside.map(Iterator::collect).unwrap_or_default() }
    }

    /// The request for votes, and beside it the votes and those that were refused.
    pub fn failed_election(&self, epoch: u64) -> Reason {
        let start = self.start_of(epoch);
        let is_word = |&at: &usize| self.is_vote(at) || self.is_refusal(at);
        let beside = start.map(|start| (start..self.position).filter(is_word).collect());
        Reason { next: start, beside: beside.unwrap_or_default() }
    }

    fn is_vote(&self, at: usize) -> bool {
        self.trace.get(at).is_some_and(|event| {
            event.id.owner == self.owner
                && matches!(fact_of(event), Some(Fact::VoteReceived { .. }))
        })
    }

    /// Whether somebody refused the owner a vote.
    fn is_refusal(&self, at: usize) -> bool {
        let fact = self.trace.get(at).and_then(fact_of);
        matches!(fact, Some(Fact::VoteRefused { to, .. })
            if self.names.actor_of(*to) == Some(self.owner))
    }

    /// The last request for votes of a node.
    pub fn request_of(&self, node: NodeId) -> Option<usize> {
        self.fact_at(node, |fact| matches!(fact, Fact::ElectionStarted { .. }))
    }

    /// When a node gave its vote.
    pub fn vote_of(&self, voter: NodeId, epoch: u64) -> Option<usize> {
        self.fact_at(
            voter,
            |fact| matches!(fact, Fact::VoteGranted { epoch: of, .. } if *of == epoch),
        )
    }

    /// The own opinion that made a quorum (a replica has none that counts), and beside it the
    /// report.
    pub fn suspicions(&self, peer: NodeId) -> Reason {
        let report =
            self.own(|fact| matches!(fact, Fact::ReportAdded { peer: of, .. } if *of == peer));
        let own = self.own(|fact| matches!(fact, Fact::PfailSet { peer: of, .. } if *of == peer));
        Reason { next: own.or(report), beside: report.into_iter().collect() }
    }

    /// What lets an election start by command, if one is under way: the last thing that a replica
    /// did about its user's wish, with nothing since that ended it.
    pub fn command(&self) -> Option<usize> {
        let at = self.own(|fact| {
            matches!(
                fact,
                Fact::FailoverAccepted { .. }
                    | Fact::CaughtUp { .. }
                    | Fact::FailoverTimedOut { .. }
                    | Fact::BecameMaster { .. }
            )
        })?;
        let ready = matches!(
            self.trace.get(at).and_then(fact_of),
            Some(Fact::CaughtUp { .. } | Fact::FailoverAccepted { .. })
        );
        ready.then_some(at)
    }

    /// When a master began to hand over.
    pub fn handover_of(&self, master: NodeId) -> Option<usize> {
        self.fact_at(master, |fact| matches!(fact, Fact::HandoverBegun { .. }))
    }

    /// When the user of a replica wanted it to take over.
    pub fn wish_of(&self, replica: NodeId) -> Option<usize> {
        self.fact_at(replica, |fact| matches!(fact, Fact::FailoverAccepted { .. }))
    }

    /// The last failure of any node that this one heard of.
    pub fn last_failure(&self) -> Option<usize> {
        self.own(|fact| matches!(fact, Fact::FailSet { .. } | Fact::FailHeard { .. }))
    }

    /// When the same node first noted this hindrance of its election.
    pub fn same_hindrance(&self, why: ElectionImpossible) -> Option<usize> {
        let kind = std::mem::discriminant(&why);
        self.own(|fact| {
            matches!(fact, Fact::ElectionImpossible { why, .. }
                if std::mem::discriminant(why) == kind)
        })
    }

    /// When the node that reported a peer began to suspect it itself.
    pub fn pfail_at(&self, by: NodeId, peer: NodeId) -> Option<usize> {
        self.last(|event| {
            matches!(fact_of(event), Some(Fact::PfailSet { peer: of, .. }) if *of == peer)
                && self.is_of(event, by)
        })
    }

    /// What made a peer silent: what became of its process, or else a step of the person.
    pub fn silence_of(&self, peer: NodeId) -> Option<usize> {
        self.last(|event| match &event.kind {
            EventKind::Life(life) => is_end(*life) && self.is_of(event, peer),
            EventKind::Step(text) => self.parts(text, peer),
            _ => false,
        })
    }

    /// Whether a step of the person stands between the owner and a peer.
    fn parts(&self, step: &str, peer: NodeId) -> bool {
        if step.starts_with("$ partition") {
            return true;
        }
        let is_fault = ["$ cut", "$ slow", "$ drop"].iter().any(|fault| step.starts_with(fault));
        let names = |name: &str| step.split(' ').any(|word| word == name);
        is_fault && names(self.names.actor(self.owner)) && names(&self.names.node(peer))
    }

    /// What became of the process of a node, if it ended or stands still.
    pub fn end_of(&self, node: ActorId) -> Option<usize> {
        self.last(|event| match &event.kind {
            EventKind::Life(life) => is_end(*life) && event.id.owner == node,
            _ => false,
        })
    }

    /// What brought a peer back: its process, or the network.
    pub fn return_of(&self, peer: NodeId) -> Option<usize> {
        self.last(|event| match &event.kind {
            EventKind::Life(life) => {
                !is_end(*life) && *life != Life::Failed && self.is_of(event, peer)
            }
            EventKind::Step(text) => text.starts_with("$ heal"),
            _ => false,
        })
    }

    /// When a process started.
    pub fn start_of_process(&self, node: ActorId) -> Option<usize> {
        let is_start = |kind: &EventKind| matches!(kind, EventKind::Life(Life::Started));
        self.last(|event| event.id.owner == node && is_start(&event.kind))
    }

    pub fn own_start(&self) -> Option<usize> {
        self.start_of_process(self.owner)
    }

    pub fn promotion_of(&self, peer: NodeId) -> Option<usize> {
        self.fact_at(peer, |fact| matches!(fact, Fact::BecameMaster { .. }))
    }

    pub fn demotion_of(&self, peer: NodeId) -> Option<usize> {
        self.fact_at(peer, |fact| matches!(fact, Fact::BecameReplica { .. }))
    }

    /// The step that set a setting of the same node.
    pub fn setting(&self, name: &str) -> Option<usize> {
        let line = format!("$ config {} {name} ", self.names.actor(self.owner));
        self.last(|event| matches!(&event.kind, EventKind::Step(text) if text.starts_with(&line)))
    }

    /// The node that the same client asked last.
    pub fn asked(&self) -> Option<ActorId> {
        let at = self.last(|event| {
            event.id.owner == self.owner
                && matches!(&event.kind, EventKind::Client(note)
                    if matches!(**note, ClientNote::Asked { .. }))
        })?;
        match &self.trace.get(at)?.kind {
            EventKind::Client(note) => match &**note {
                ClientNote::Asked { node, .. } => self.names.actor_named(&node.port().to_string()),
                _ => None,
            },
            _ => None,
        }
    }
}

fn fact_of(event: &Event) -> Option<&Fact> {
    match &event.kind {
        EventKind::Fact(fact) => Some(fact),
        _ => None,
    }
}

fn is_end(life: Life) -> bool {
    matches!(life, Life::Exited | Life::Killed | Life::Crashed | Life::Paused)
}
