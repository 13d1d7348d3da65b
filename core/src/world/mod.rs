//! The universe: what one may ask of it, and what then happens.
//!
//! A [`World`] is the present: the actors, the network between them, and the queue of what is due.
//! `step_once` takes the next entry out of the queue and lets it happen; `apply` does what a person
//! asks. Whatever happens is an event, and goes into the [`Trace`] that the caller hands in.
//!
//! A world is a value. Its clone is cheap, since actors and connections are shared until one of the
//! two worlds changes them; going back is running again from an earlier clone.
//!
//! This file holds the present and hands it out; `run` lets time pass, `perform` does what actors
//! answer, `apply` follows steps and `wait` lets them wait, `judge` says whether a condition holds,
//! `watch` looks for broken invariants and for hazards, `outside` is the door for real programs,
//! `session` remembers and goes back.

pub mod actor;
pub mod agreement;
mod apply;
mod busy;
pub mod client;
pub mod condition;
pub mod connection;
pub mod event;
pub mod hazard;
pub mod held;
pub mod invariant;
mod judge;
pub mod ledger;
pub mod network;
mod outside;
pub mod paths;
mod perform;
pub mod pipe;
pub mod queue;
mod run;
pub mod session;
pub mod setup;
pub mod slot_cache;
pub mod step;
pub mod trace;
mod turn;
pub mod wait;
mod watch;
pub mod workload;
pub mod yard;

use std::sync::Arc;

use actor::{Actor, Server, User, Who};
pub use client::Client;
pub use event::{Event, EventKind};
use network::Network;
use outside::{Door, Outbox};
pub use outside::{News, Outside};
use perform::Scratch;
use queue::Queue;
pub use session::Session;
pub use setup::Setup;
use step::{ClientName, Port};
pub use trace::{Level, Trace};
pub use wait::{Begun, Waited, Waits};
use watch::Watch;
pub use workload::Workload;

use crate::node::Node;
use crate::words::{ActorId, Digest, EventId, NodeId, Span, Time};

/// The present.
#[derive(Clone, Debug)]
pub struct World {
    setup: Arc<Setup>,
    queue: Queue,
    network: Network,
    actors: Vec<Arc<Actor>>,
    /// The clients by name; the workload is none of them.
    clients: Vec<(ClientName, ActorId)>,
    workload: Option<ActorId>,
    /// All programs outside of the simulation, once there was one.
    door: Option<Door>,
    /// The ids that nodes had before they lost their nodes.conf.
    past_ids: Vec<(ActorId, NodeId)>,
    /// How many events each actor had; the world's own come last.
    counts: Vec<u32>,
    world_count: u32,
    digest: Digest,
    watch: Watch,
    /// The moment from which a person counts time.
    origin: Time,
    scratch: Scratch,
    outbox: Outbox,
}

impl World {
    /// The world's time, which began with the first node.
    pub fn now(&self) -> Time {
        self.queue.now()
    }

    /// The moment at which the cluster was formed.
    pub fn origin(&self) -> Time {
        self.origin
    }

    /// How long the formed cluster has been running: what a person is shown.
    pub fn elapsed(&self) -> Span {
        self.now().since(self.origin)
    }

    /// The unix time at which the world began.
    pub fn epoch(&self) -> Time {
        self.setup.epoch
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The digest of all effects and steps so far, equal for equal runs at every level of trace.
    pub fn digest(&self) -> u64 {
        self.digest.value()
    }

    /// When something happens next.
    pub fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The actor's name: a node's port, a client's name.
    pub fn name(&self, actor: ActorId) -> &str {
        match actor {
            ActorId::WORLD => "world",
            _ => &self.network.paths().host(actor).name,
        }
    }

    /// All servers with their ports, in the order in which they came to be.
    pub fn servers(&self) -> impl Iterator<Item = (ActorId, Port, &Server)> + '_ {
        self.actors.iter().enumerate().filter_map(|(index, actor)| match &**actor {
            Actor::Server(server) => {
                let id = ActorId(index as u16);
                let addr = self.network.paths().host(id).addr?;
                Some((id, Port::new(addr.port)?, &**server))
            }
            Actor::User(_) => None,
        })
    }

    /// All actors, servers and clients.
    pub fn actors(&self) -> impl Iterator<Item = ActorId> + use<> {
        (0..self.actors.len()).map(|index| ActorId(index as u16))
    }

    /// The ids of all nodes, those included that were lost with a nodes.conf.
    pub fn node_ids(&self) -> impl Iterator<Item = (ActorId, NodeId)> + '_ {
        let now = self.servers().map(|(actor, _, server)| (actor, server.node.id()));
        self.past_ids.iter().copied().chain(now)
    }

    /// The actor behind a port.
    pub fn find(&self, port: Port) -> Option<ActorId> {
        self.servers().find(|&(_, known, _)| known == port).map(|(id, _, _)| id)
    }

    pub fn server(&self, actor: ActorId) -> Option<&Server> {
        match &**self.actors.get(usize::from(actor.0))? {
            Actor::Server(server) => Some(server),
            Actor::User(_) => None,
        }
    }

    /// The node behind a port, running or not.
    pub fn node(&self, port: Port) -> Option<&Node> {
        self.server(self.find(port)?).map(|server| &server.node)
    }

    /// The client of this name, if it has been used.
    pub fn client(&self, name: &ClientName) -> Option<(ActorId, &Client)> {
        let id = self.clients.iter().find(|(known, _)| known == name)?.1;
        match &self.user(id)?.who {
            Who::Client(client) => Some((id, client)),
            Who::Workload(_) | Who::Outside => None,
        }
    }

    pub fn clients(&self) -> &[(ClientName, ActorId)] {
        &self.clients
    }

    /// The workload, running or stopped, if there ever was one.
    pub fn workload(&self) -> Option<(ActorId, &Workload)> {
        let id = self.workload?;
        match &self.user(id)?.who {
            Who::Workload(workload) => Some((id, workload)),
            Who::Client(_) | Who::Outside => None,
        }
    }

    fn user(&self, actor: ActorId) -> Option<&User> {
        match &**self.actors.get(usize::from(actor.0))? {
            Actor::User(user) => Some(user),
            Actor::Server(_) => None,
        }
    }

    fn user_mut(&mut self, actor: ActorId) -> Option<&mut User> {
        match Arc::make_mut(self.actors.get_mut(usize::from(actor.0))?) {
            Actor::User(user) => Some(user),
            Actor::Server(_) => None,
        }
    }

    fn server_mut(&mut self, actor: ActorId) -> Option<&mut Server> {
        match Arc::make_mut(self.actors.get_mut(usize::from(actor.0))?) {
            Actor::Server(server) => Some(server),
            Actor::User(_) => None,
        }
    }

    /// The name of the owner's next event; counted whether or not it is kept. After four billion
    /// events of one owner, which real clients make in some hours, names begin anew; whoever
    /// looks for a cause from before that finds none.
    fn next_id(&mut self, owner: ActorId) -> EventId {
        let count = match owner {
            ActorId::WORLD => &mut self.world_count,
            ActorId(index) => &mut self.counts[usize::from(index)],
        };
        let id = EventId { owner, count: *count };
        *count = count.wrapping_add(1);
        id
    }
}

#[cfg(test)]
mod tests;
