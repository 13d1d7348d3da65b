//! One member of a cluster: a pure state machine that knows only what messages told it.
//!
//! [`Node::handle`] takes the time and an input and gives effects; there is no clock, no socket and
//! no other node in here. Each concern is a file:
//!
//! | file | concern |
//! |---|---|
//! | `port` | what comes in and goes out |
//! | `bus`, `stream` | what travels between nodes |
//! | `peers`, `slots` | what this node believes |
//! | `links`, `receive`, `tick` | connections, the order of a message's effects, the timer |
//! | `gossip`, `failure` | telling and judging others |
//! | `epoch`, `ownership` | whose claim counts |
//! | `election`, `vote` | succession |
//! | `state`, `todo`, `durable` | serving or not; acting before sleep; what survives |
//! | `replication` | the stream of writes |
//! | `connection`, `redirect`, `command`, `cluster`, `report` | clients |
//! | `config`, `profile`, `counters`, `fact` | settings, versions, counts, what is noticed |

mod bus;
mod cluster;
mod command;
mod config;
mod connection;
mod counters;
mod durable;
mod election;
mod epoch;
mod fact;
mod failure;
mod gossip;
mod links;
mod ownership;
mod peers;
mod port;
mod profile;
mod receive;
mod redirect;
mod replication;
mod report;
mod slots;
mod state;
mod stream;
mod tick;
mod todo;
mod view;
mod vote;

use std::sync::Arc;

use crate::data::Keyspace;
use crate::words::{Addr, Dice, NodeId, Span, Time};

pub use bus::{Body, Gossip, Header, Health, Kind, Message, Update};
pub use command::specs;
pub use config::{Config, Switch};
pub use durable::Durable;
pub use fact::{
    ElectionImpossible, EpochSet, Fact, FailCleared, FullSyncReason, ReplicaReason, StateHeld,
    StateReason, UpdateIgnored, VoteIgnored, VoteRefused,
};
pub use peers::Flags;
pub use port::{Caused, Effect, Effects, Input, Packet, Service};
pub use profile::{BrokenRule, Profile};
pub use replication::LinkPhase;
pub use stream::{Part, ReplId};
pub use view::{Belief, Linked, Opinion, Role};

use connection::Client;
use counters::Counters;
use election::Election;
use epoch::Epochs;
use links::{Conn, Conns, Refused};
use peers::{Cold, Peer, Peers};
use replication::Replication;
use slots::SlotTable;
use state::ClusterState;
use todo::Todo;

/// What a node is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    pub addr: Addr,
    pub seed: u64,
    /// How often the node was started before.
    pub incarnation: u32,
    pub config: Config,
    pub profile: Profile,
    /// The node's own clock at its start.
    pub now: Time,
    /// Its nodes.conf, if there is one.
    pub durable: Option<Arc<Durable>>,
    pub keyspace: Keyspace,
}

/// One server in cluster mode.
#[derive(Clone, Debug)]
pub struct Node {
    config: Config,
    profile: Profile,
    dice: Dice,
    now: Time,
    ticks: u64,
    peers: Peers,
    slots: SlotTable,
    epochs: Epochs,
    state: ClusterState,
    election: Election,
    /// The PFAIL nodes that the last tick counted.
    pfail_count: usize,
    conns: Conns,
    counters: Counters,
    replication: Replication,
    keyspace: Keyspace,
    todo: Todo,
    saved: Arc<Durable>,
}

/// A random draw that a step may force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// The delay before the next election, without what its rank adds.
    ElectionDelay,
}

impl Node {
    /// Starts a node: as it was saved, or as a new one with an id of its own.
    pub fn new(setup: Setup) -> Node {
        let mut dice = Dice::new(setup.seed, &setup.addr.port.to_string(), setup.incarnation);
        let now_ms = setup.now.millis();
        let (peers, slots, epochs) = match &setup.durable {
            Some(durable) => durable.load(now_ms),
            None => (newborn(&setup, &mut dice), SlotTable::default(), Epochs::default()),
        };
        let replication = Replication::new(&mut dice);
        let saved = setup.durable.unwrap_or_else(|| Arc::new(Durable::default()));
        let mut node = Node {
            config: setup.config,
            profile: setup.profile,
            dice,
            now: setup.now,
            ticks: 0,
            peers,
            slots,
            epochs,
            state: ClusterState::default(),
            election: Election::default(),
            pfail_count: 0,
            conns: Conns::default(),
            counters: Counters::default(),
            replication,
            keyspace: setup.keyspace,
            todo: Todo::default(),
            saved,
        };
        node.save();
        node
    }

    /// Takes one input in; what the node does because of it is added to `out`.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Effects) {
        self.now = now;
        match input {
            Input::Tick => self.on_tick(out),
            Input::Accepted { conn, service: Service::Bus, from, at } => {
                self.conns.insert(conn, Conn::FromPeer { peer: None, from, at });
            }
            Input::Accepted { conn, service: Service::Client, from, .. } => {
                self.conns.insert(conn, Conn::FromClient(Box::new(Client::new(from))));
            }
            Input::LinkUp { conn } => self.on_link_up(conn, out),
            Input::LinkRefused { conn } => self.on_link_end(conn, Refused::Yes, out),
            Input::LinkClosed { conn } => self.on_link_end(conn, Refused::No, out),
            Input::Received { conn, packet } => self.on_packet(conn, packet, out),
        }
        self.before_sleep(out);
    }

    /// Makes the next draw of this kind come out as `value`.
    pub fn force(&mut self, draw: Draw, value: Span) {
        match draw {
            Draw::ElectionDelay => self.election.force_delay(value.millis()),
        }
    }

    /// Writes a setting; the error says what would have been right.
    pub fn configure(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.config.set(name, value)
    }

    fn now_ms(&self) -> u64 {
        self.now.millis()
    }

    fn on_link_up(&mut self, conn: crate::words::ConnId, out: &mut Effects) {
        match self.conns.get(conn) {
            Some(&Conn::ToPeer { peer, .. }) => self.on_peer_link_up(conn, peer, out),
            Some(Conn::ToMaster) => self.on_source_link_up(conn, out),
            Some(Conn::FromPeer { .. } | Conn::FromClient(_) | Conn::FromReplica) | None => {}
        }
    }

    fn on_link_end(&mut self, conn: crate::words::ConnId, refused: Refused, out: &mut Effects) {
        match self.conns.get(conn) {
            Some(Conn::ToPeer { .. } | Conn::FromPeer { .. }) => {
                self.on_bus_link_closed(conn, refused, out);
            }
            Some(Conn::ToMaster) => {
                self.conns.remove(conn);
                self.on_source_link_closed(out);
            }
            Some(Conn::FromReplica) => {
                self.conns.remove(conn);
                self.on_replica_closed(conn, out);
            }
            Some(Conn::FromClient(_)) => {
                self.conns.remove(conn);
            }
            None => {}
        }
    }

    fn on_packet(&mut self, conn: crate::words::ConnId, packet: Packet, out: &mut Effects) {
        match (packet, self.conns.get(conn)) {
            (Packet::Bus(message), Some(_)) => self.on_bus_message(conn, &message, out),
            (Packet::Client(bytes), Some(_)) => self.on_client_bytes(conn, &bytes, out),
            (Packet::Replication(part), Some(Conn::ToMaster)) => {
                self.on_source_part(conn, part, out);
            }
            (Packet::Replication(part), Some(_)) => self.on_replica_part(conn, part, out),
            (_, None) => {}
        }
    }
}

/// The table of a node that nobody knows: itself, with a random id and no address yet.
fn newborn(setup: &Setup, dice: &mut Dice) -> Peers {
    let myself = Peer {
        id: NodeId::random(dice),
        flags: Flags::MYSELF.with(Flags::MASTER),
        master: None,
        addr: Addr { ip: std::net::Ipv4Addr::UNSPECIFIED, ..setup.addr },
        ping_sent_ms: 0,
        pong_received_ms: 0,
        data_received_ms: 0,
        link: None,
    };
    Peers::new(myself, Cold { created_ms: setup.now.millis(), ..Cold::default() })
}
