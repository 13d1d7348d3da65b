//! The watch: where the world looks at itself after every event.
//!
//! Nodes notice what happens to them; only the world sees all of them at once. After each input of
//! a node the watch asks the invariants, and at the few moments at which a hazard may come true (a
//! promotion, a resync, a restart, an answer to the workload) it asks the hazards. A hazard becomes
//! an event, caused by what brought it about; a broken invariant is kept for the caller to judge.
//!
//! All of it takes constant time for each event: who replicates whom is remembered by actor, and a
//! master is compared with another one only after a promotion has taken slots from it.

use super::actor::Server;
use super::agreement::{Beliefs, Disagreement, agreement};
use super::client::{ClientNote, Endpoint};
use super::event::EventKind;
use super::hazard::{Hazards, Master, Moment, Scene, overlap};
use super::invariant::{Broken, Invariants, Offsets, Seen, Sight, Stance};
use super::ledger::Ledger;
use super::{Trace, World};
use crate::node::{Fact, Health};
use crate::words::{ActorId, EventId, NodeId, SlotSet};

/// What the watch remembers.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    invariants: Invariants,
    hazards: Hazards,
    /// The first of each name.
    broken: Vec<Broken>,
    /// By actor; clients have empty ones.
    seats: Vec<Seat>,
}

/// What the watch remembers of one server.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    id: Option<NodeId>,
    incarnation: u32,
    /// The node that it replicates, and which actor that is.
    source: Option<(NodeId, ActorId)>,
    /// Who has taken slots from it that it may still serve.
    outranked_by: Option<ActorId>,
    /// How it stood when the invariants were last asked.
    stance: Option<Stance>,
}

/// The seat of whom nothing is remembered.
const NOBODY: Seat =
    Seat { id: None, incarnation: 0, source: None, outranked_by: None, stance: None };

impl World {
    /// The invariants that were broken so far, the first of each name. It must stay empty.
    pub fn broken(&self) -> &[Broken] {
        &self.watch.broken
    }

    /// What is known of hazards so far.
    pub fn hazards(&self) -> &Hazards {
        &self.watch.hazards
    }

    /// Whether all running nodes believe the same of slots, roles and epochs.
    pub fn agreement(&self) -> Result<(), Disagreement> {
        self.agreement_but_for(&SlotSet::default())
    }

    /// The same, whoever owns these slots.
    pub fn agreement_but_for(&self, slots: &SlotSet) -> Result<(), Disagreement> {
        let running = self.servers().filter(|(_, _, server)| server.is_running());
        agreement(running.map(|(actor, _, server)| Beliefs::of(actor, &server.node)), slots)
    }

    /// Looks at what a node has noted; the moment of a hazard, if it may be one.
    pub(super) fn watch_fact(&mut self, actor: ActorId, fact: &Fact) -> Option<Moment> {
        self.see(actor, Seen::Fact(fact));
        match fact {
            Fact::BecameMaster { .. } => {
                self.outrank(actor);
                Some(Moment::Promoted(actor))
            }
            Fact::FullSyncDone { of, .. } => {
                let source = self.actor_of(*of)?;
                Some(Moment::Resynced { source })
            }
            _ => None,
        }
    }

    /// Looks at what a client has noted.
    pub(super) fn watch_note(note: &ClientNote) -> Option<Moment> {
        match *note {
            ClientNote::WriteAcknowledged { by, key, value, .. } => {
                Some(Moment::Acknowledged { key, value, by })
            }
            ClientNote::ReadAnswered { by, key, value, acknowledged, .. }
                if value < acknowledged =>
            {
                Some(Moment::Answered { key, value, acknowledged, by })
            }
            _ => None,
        }
    }

    /// Looks at a node that has taken an input in, and done what it had to do.
    pub(super) fn watch_server(
        &mut self,
        actor: ActorId,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) {
        let Some(server) = self.server(actor) else { return };
        let (id, incarnation) = (server.node.id(), server.incarnation);
        let seat = self.seat_mut(actor);
        let past = seat.id.replace(id).filter(|&known| known != id);
        let is_restarted = std::mem::replace(&mut seat.incarnation, incarnation) != incarnation;
        if past.is_some() || is_restarted {
            seat.stance = None;
        }
        if let Some(past) = past {
            if !is_restarted {
                self.past_ids.push((actor, past));
            }
            self.see(actor, Seen::ConfigLost);
        } else if is_restarted {
            self.see(actor, Seen::Restarted);
        }
        self.watch_stance(actor);
        if is_restarted {
            self.watch_moment(Moment::Restarted(actor), cause, trace);
        }
        if let Some(owner) = self.seat(actor).outranked_by {
            self.watch_outranked(actor, owner, cause, trace);
        }
    }

    /// Asks the invariants how a node stands, unless it stands as before.
    fn watch_stance(&mut self, actor: ActorId) {
        let offsets = self.offsets(actor);
        let Some(Server { node, .. }) = self.server(actor) else { return };
        let (current_epoch, saved_epoch) = (node.current_epoch(), node.saved_epoch());
        let stance = Stance { current_epoch, saved_epoch, offsets };
        if self.seat_mut(actor).stance.replace(stance) != Some(stance) {
            self.see(actor, Seen::Stance(stance));
        }
    }

    /// Records the hazards that come true at this moment.
    pub(super) fn watch_moment(
        &mut self,
        moment: Moment,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) {
        let none = Ledger::default();
        let mut hazards = std::mem::take(&mut self.watch.hazards);
        let ledger = self.workload().map_or(&none, |(_, workload)| workload.ledger());
        let masters: Vec<Master> = self
            .servers()
            .filter_map(|(actor, port, server)| {
                let addr = Endpoint::new(std::net::Ipv4Addr::LOCALHOST, port.number());
                Master::of(actor, addr, &server.node)
            })
            .collect();
        let seen = hazards.see(&Scene { moment, masters: &masters, ledger });
        self.watch.hazards = hazards;
        for hazard in seen {
            let kind = EventKind::Hazard(Box::new(hazard));
            self.happen(ActorId::WORLD, cause, kind, trace);
        }
    }

    /// Marks all whose slots a new master has taken.
    fn outrank(&mut self, owner: ActorId) {
        let Some(slots) = self.server(owner).map(|server| server.node.own_slots()) else {
            return;
        };
        let outranked: Vec<ActorId> = self
            .servers()
            .filter(|&(actor, _, _)| actor != owner)
            .filter(|(_, _, server)| server.node.is_master())
            .filter(|(_, _, server)| overlap(server.node.own_slots(), slots).is_some())
            .map(|(actor, _, _)| actor)
            .collect();
        for actor in outranked {
            self.seat_mut(actor).outranked_by = Some(owner);
        }
    }

    /// A node whose slots were taken does something: either it knows by now, or there are two.
    fn watch_outranked(
        &mut self,
        actor: ActorId,
        owner: ActorId,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) {
        let (Some(one), Some(other)) = (self.server(actor), self.server(owner)) else { return };
        let share = overlap(one.node.own_slots(), other.node.own_slots()).is_some();
        let is_over = !share || !one.node.is_master() || !other.node.is_master();
        let both_serve = !is_over && serves(one) && serves(other);
        if is_over || both_serve {
            self.seat_mut(actor).outranked_by = None;
        }
        if both_serve {
            self.watch_moment(Moment::BothServe { outdated: actor, owner }, cause, trace);
        }
    }

    fn see(&mut self, node: ActorId, what: Seen) {
        let sight = Sight { at: self.now(), node, what };
        if let Some(broken) = self.watch.invariants.see(&sight)
            && !self.watch.broken.iter().any(|known| known.name == broken.name)
        {
            self.watch.broken.push(broken);
        }
    }

    /// How far this node and the one whose stream it follows are. One that has turned to another
    /// master may be ahead of it until they have talked.
    fn offsets(&mut self, actor: ActorId) -> Option<Offsets> {
        let node = &self.server(actor)?.node;
        if !node.replication().is_connected() {
            return None;
        }
        let id = node.master()?;
        let known = self.seat(actor).source.filter(|&(known, source)| {
            known == id && self.server(source).is_some_and(|server| server.node.id() == id)
        });
        let source = match known {
            Some((_, source)) => source,
            None => {
                let source = self.actor_of(id)?;
                self.seat_mut(actor).source = Some((id, source));
                source
            }
        };
        let mine = self.server(actor)?.node.replication();
        let of_source = self.server(source)?.node.replication();
        (mine.id() == of_source.id())
            .then(|| Offsets { mine: mine.offset(), of_source: of_source.offset() })
    }

    fn actor_of(&self, id: NodeId) -> Option<ActorId> {
        self.servers().find(|(_, _, server)| server.node.id() == id).map(|(actor, _, _)| actor)
    }

    fn seat(&self, actor: ActorId) -> &Seat {
        self.watch.seats.get(usize::from(actor.0)).unwrap_or(&NOBODY)
    }

    fn seat_mut(&mut self, actor: ActorId) -> &mut Seat {
        let place = usize::from(actor.0);
        if self.watch.seats.len() <= place {
            self.watch.seats.resize(place + 1, Seat::default());
        }
        &mut self.watch.seats[place]
    }
}

fn serves(server: &Server) -> bool {
    server.is_running() && server.node.health() == Health::Ok
}
