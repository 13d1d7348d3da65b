//! Why? The chain of causes behind an event, effect first.
//!
//! The problem: an event's own cause is the message or timer that brought it in, but a person asks
//! for the reason. Silence sends no message, and a delay that is over was begun by something
//! earlier. The idea: for each kind of fact, a rule says which earlier fact is its reason; where
//! there is no rule, the event's own cause is. Messages themselves are left out of the chain,
//! unless one that was never answered is the reason.

use super::back::{Back, Reason};
use super::names::Names;
use crate::data::Reply;
use crate::node::{
    ElectionImpossible, Fact, Health, ReplicaReason, StateHeld, StateReason, UpdateIgnored,
    VoteIgnored, VoteRefused,
};
use crate::words::{ActorId, NodeId};
use crate::world::client::ClientNote;
use crate::world::event::{Event, EventKind, Life};
use crate::world::hazard::{Hazard, LostHow};
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
        EventKind::Fact(fact) => {
            matches!(
                **fact,
                Fact::BecameMaster { .. }
                    | Fact::BecameReplica { .. }
                    | Fact::StateChanged { to: Health::Fail, .. }
                    | Fact::ElectionImpossible { .. }
                    | Fact::FailoverTimedOut { .. }
                    | Fact::HandoverRefused { .. }
                    | Fact::MigrationRefused { .. }
            ) || is_real_refusal(fact)
        }
        _ => false,
    }
}

/// A vote that could have been given.
fn is_real_refusal(fact: &Fact) -> bool {
    matches!(fact, Fact::VoteRefused { why, .. } if *why != VoteRefused::NoSlots)
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

fn reason_of(trace: &Trace, names: &Names, position: usize, event: &Event) -> Reason {
    let back = Back { trace, names, position, owner: event.id.owner };
    let mut reason = match &event.kind {
        EventKind::Fact(fact) => of_fact(&back, fact),
        EventKind::Client(note) => of_note(&back, note).into(),
        EventKind::Hazard(hazard) => of_hazard(&back, hazard).into(),
        _ => Reason::default(),
    };
    reason.next = reason.next.or_else(|| trace.position(event.cause?));
    reason
}

/// The rule for each kind of fact; without one, the event's own cause counts.
fn of_fact(back: &Back, fact: &Fact) -> Reason {
    match fact {
        Fact::ElectionScheduled { .. }
        | Fact::RankRaised { .. }
        | Fact::ElectionImpossible { .. }
        | Fact::ElectionStalled { .. }
        | Fact::ElectionStarted { .. }
        | Fact::ElectionWon { .. }
        | Fact::ElectionExpired { .. }
        | Fact::VoteGranted { .. }
        | Fact::VoteReceived { .. }
        | Fact::VoteRefused { .. }
        | Fact::VoteIgnored { .. } => of_election(back, fact),
        Fact::HandoverBegun { .. }
        | Fact::HandoverRefused { .. }
        | Fact::MasterPaused { .. }
        | Fact::CaughtUp { .. }
        | Fact::FailoverTimedOut { .. } => of_manual_failover(back, fact),
        Fact::BecameReplica { of, why: ReplicaReason::Migration } => {
            back.own(|fact| matches!(fact, Fact::OrphanSeen { master } if master == of)).into()
        }
        Fact::OrphanSeen { .. } | Fact::MigrationRefused { .. } => back.last_failure().into(),
        Fact::FailHeard { peer, .. } => back.verdict_on(*peer).into(),
        Fact::FailSet { peer, .. } | Fact::QuorumMissed { peer, .. } => back.suspicions(*peer),
        Fact::FailKept { peer, .. } => back.failure_of(*peer).into(),
        Fact::FailCleared { peer, .. } | Fact::PfailCleared { peer } => {
            back.return_of(*peer).into()
        }
        Fact::ReportAdded { peer, by, .. } => back.pfail_at(*by, *peer).into(),
        Fact::PfailSet { peer, .. }
        | Fact::LinkDropped { peer, .. }
        | Fact::LinkRefused { peer }
        | Fact::LinkLost { peer }
        | Fact::MasterLinkLost { of: peer, .. }
        | Fact::MasterTimedOut { of: peer } => back.silence_of(*peer).into(),
        Fact::StateChanged { to: Health::Fail, why: StateReason::OwnerFailed(peer) } => {
            back.failure_of(*peer).into()
        }
        Fact::StateChanged { to: Health::Fail, why: StateReason::Minority { .. } } => {
            back.own(|fact| matches!(fact, Fact::PfailSet { .. })).into()
        }
        Fact::StateChanged { to: Health::Ok, .. } => back.own(is_relief).into(),
        Fact::StateHeld { why: StateHeld::Rejoin, .. } => back.own(is_down).into(),
        Fact::StateHeld { why: StateHeld::Writable, .. } => back.own_start().into(),
        Fact::SlotsMoved { to: peer, .. }
        | Fact::UpdateSent { about: peer, .. }
        | Fact::PeerRoleChanged { peer, master: None } => back.promotion_of(*peer).into(),
        Fact::PeerRoleChanged { peer, master: Some(_) } => back.demotion_of(*peer).into(),
        Fact::UpdateIgnored { about, why: UpdateIgnored::NotNewer { .. } } => back
            .own(|fact| matches!(fact, Fact::SlotsMoved { to, .. } if to == about))
            .or_else(|| back.promotion_of(*about))
            .into(),
        Fact::KeysDropped { .. } => back.own(|fact| matches!(fact, Fact::SlotsMoved { .. })).into(),
        _ => Reason::default(),
    }
}

/// Elections and votes: the request behind a vote, and what a refusal goes back to.
fn of_election(back: &Back, fact: &Fact) -> Reason {
    let scheduled = || back.own(|fact| matches!(fact, Fact::ElectionScheduled { .. }));
    match fact {
        Fact::ElectionWon { epoch, .. } => back.election(*epoch),
        Fact::ElectionExpired { epoch, .. } => back.failed_election(*epoch),
        Fact::ElectionStarted { .. } => back.command().or_else(scheduled).into(),
        Fact::RankRaised { .. } => scheduled().into(),
        Fact::ElectionScheduled { master, .. } => {
            back.command().or_else(|| back.failure_of(*master)).into()
        }
        Fact::ElectionStalled { why, .. } => back.same_hindrance(*why).into(),
        Fact::ElectionImpossible { master, why } => {
            let found = match why {
                ElectionImpossible::NoFailover => back.setting("cluster-replica-no-failover"),
                ElectionImpossible::WaitingDelay { .. } => scheduled(),
                ElectionImpossible::WaitingVotes { .. } => {
                    back.own(|fact| matches!(fact, Fact::ElectionStarted { .. }))
                }
                ElectionImpossible::DataTooOld { .. }
                | ElectionImpossible::MasterWithoutSlots
                | ElectionImpossible::Expired { .. } => None,
            };
            found.or_else(|| back.failure_of(*master)).into()
        }
        Fact::VoteGranted { to, .. } => back.request_of(*to).into(),
        Fact::VoteReceived { from, epoch, .. } => back.vote_of(*from, *epoch).into(),
        Fact::VoteRefused { to, why } => {
            let found = why_refused(back, *why);
            let request = back.request_of(*to);
            match found {
                Some(found) => Reason { next: Some(found), beside: request.into_iter().collect() },
                None => request.into(),
            }
        }
        Fact::VoteIgnored { why, .. } => back
            .own(|fact| match why {
                VoteIgnored::OldEpoch { .. } => matches!(fact, Fact::ElectionStarted { .. }),
                VoteIgnored::NoElection | VoteIgnored::NotAVoter => {
                    matches!(fact, Fact::ElectionWon { .. } | Fact::ElectionExpired { .. })
                }
            })
            .into(),
        _ => Reason::default(),
    }
}

/// Who wanted a replica to take over, and what its master did about it.
fn of_manual_failover(back: &Back, fact: &Fact) -> Reason {
    match fact {
        Fact::CaughtUp { master, .. } => {
            let paused = back.own(|fact| matches!(fact, Fact::MasterPaused { .. }));
            Reason { next: back.handover_of(*master), beside: paused.into_iter().collect() }
        }
        Fact::MasterPaused { master, .. } => back.handover_of(*master).into(),
        Fact::HandoverBegun { replica: by, .. } | Fact::HandoverRefused { by, .. } => {
            back.wish_of(*by).into()
        }
        _ => {
            let own = back.own(|fact| {
                matches!(fact, Fact::HandoverBegun { .. } | Fact::FailoverAccepted { .. })
            });
            let hindered = back.own(|fact| matches!(fact, Fact::ElectionImpossible { .. }));
            let beside = hindered.filter(|&at| own.is_some_and(|own| own < at));
            Reason { next: own, beside: beside.into_iter().collect() }
        }
    }
}

/// What a voter knew that spoke against its vote.
fn why_refused(back: &Back, why: VoteRefused) -> Option<usize> {
    match why {
        VoteRefused::OldEpoch { mine, .. } => {
            back.own(|fact| matches!(fact, Fact::EpochRaised { to, .. } if *to == mine))
        }
        VoteRefused::AlreadyVoted { epoch } => {
            back.own(|fact| matches!(fact, Fact::VoteGranted { epoch: of, .. } if *of == epoch))
        }
        VoteRefused::VotedRecently { .. } => {
            back.own(|fact| matches!(fact, Fact::VoteGranted { .. }))
        }
        VoteRefused::MasterUp { master } => back.own(|fact| {
            matches!(fact, Fact::QuorumMissed { peer, .. }
                | Fact::FailCleared { peer, .. }
                | Fact::PfailCleared { peer } if *peer == master)
        }),
        VoteRefused::SlotEpoch { owner, .. } => {
            back.own(|fact| matches!(fact, Fact::SlotsMoved { epoch, .. } if *epoch == owner))
        }
        VoteRefused::NoSlots => back.own(|fact| matches!(fact, Fact::BecameReplica { .. })),
        VoteRefused::IsMaster | VoteRefused::UnknownMaster => None,
    }
}

/// Why a client got no answer, or not the one that it wanted.
fn of_note(back: &Back, note: &ClientNote) -> Option<usize> {
    match note {
        ClientNote::Answered { node, reply: Reply::Error(text), .. } => {
            refusal(back, back.names.actor_named(&node.port().to_string())?, text)
        }
        ClientNote::Redirected { .. } => refusal(back, back.asked()?, "MOVED"),
        ClientNote::Waiting { .. } => back.end_of(back.asked()?),
        ClientNote::Failed { node, .. } => {
            back.end_of(back.names.actor_named(&node.port().to_string())?)
        }
        _ => None,
    }
}

/// What made a node answer with an error: why it does not serve, or who took the slots.
fn refusal(back: &Back, node: ActorId, text: &str) -> Option<usize> {
    let last = |found: fn(&Fact) -> bool| back.last_fact(node, found);
    let demoted = || last(|fact| matches!(fact, Fact::BecameReplica { .. }));
    match text.split(' ').next()? {
        "CLUSTERDOWN" => last(is_down),
        "MOVED" => last(|fact| matches!(fact, Fact::SlotsMoved { .. } | Fact::SlotGiven { .. }))
            .or_else(demoted),
        "ASK" => last(|fact| matches!(fact, Fact::KeysMigrated { .. }))
            .or_else(|| last(|fact| matches!(fact, Fact::SlotMigrating { .. }))),
        "TRYAGAIN" => last(|fact| {
            matches!(
                fact,
                Fact::KeysMigrated { .. } | Fact::SlotMigrating { .. } | Fact::SlotImporting { .. }
            )
        }),
        "READONLY" => demoted(),
        _ => None,
    }
}

/// What took a promise back.
fn of_hazard(back: &Back, hazard: &Hazard) -> Option<usize> {
    match hazard {
        Hazard::WriteLost { owner, how, .. } => match how {
            LostHow::Promotion | LostHow::OutdatedMaster => back.promotion_of(*owner),
            LostHow::FullSync => back.last_fact(back.names.actor_of(*owner)?, |fact| {
                matches!(fact, Fact::FullSyncDone { .. })
            }),
            LostHow::Restart => back.start_of_process(back.names.actor_of(*owner)?),
        },
        Hazard::TwoMasters { owner, .. } => back.promotion_of(*owner),
        Hazard::StaleRead { .. } => None,
    }
}

fn is_down(fact: &Fact) -> bool {
    matches!(fact, Fact::StateChanged { to: Health::Fail, .. })
}

/// What lets a node serve again.
fn is_relief(fact: &Fact) -> bool {
    matches!(fact, Fact::SlotsMoved { .. } | Fact::BecameMaster { .. } | Fact::FailCleared { .. })
}

#[cfg(test)]
mod tests;
