//! One member of a cluster: a pure state machine that knows only what messages told it.
//!
//! [`Node::handle`] takes the time and an input and gives effects; there is no clock, no socket and
//! no other node in here. Each concern is a file:
//!
//! | file | concern |
//! |---|---|
//! | `port` | what comes in and goes out |
//! | `bus`, `stream` | what travels between nodes |
//! | `peers`, `flags`, `seldom`, `roster`, `rows` | what this node believes, and whom it knows |
//! | `replicas`, `reports`, `slots` | who follows, doubts and owns whom |
//! | `links`, `receive`, `tick` | connections, the order of a message's effects, the timer |
//! | `membership` | forgetting a node, leaving the cluster |
//! | `endpoint` | announced addresses, hostnames, what clients are told |
//! | `gossip`, `failure` | telling and judging others |
//! | `epoch`, `ownership` | whose claim counts |
//! | `open_slots`, `set_slot`, `assign`, `verify` | slots that a person moves, gives and takes |
//! | `migrate` | the keys of a slot that moves |
//! | `election`, `vote`, `hindrance` | succession |
//! | `manual_failover`, `replica_migration` | succession by command; who goes to a bare master |
//! | `state`, `todo`, `durable` | serving or not; acting before sleep; what survives |
//! | `replication` | the stream of writes |
//! | `connection`, `client`, `login`, `call`, `redirect` | clients and the way of their calls |
//! | `pause`, `blocked`, `transaction`, `watch` | calls that wait, calls that run together |
//! | `client_list`, `monitor` | clients that look at clients |
//! | `command`, `family`, `client_rows`, `cluster`, `report` | rows of commands, their replies |
//! | `catalogue` | COMMAND: the rows, described to clients |
//! | `pubsub`, `debug` | channels and messages; disturbing a node |
//! | `function`, `watchers` | commands of which there is little to tell |
//! | `config`, `profile`, `counters`, `fact` | settings, versions, counts, what is noticed |

mod assign;
mod blocked;
mod bus;
mod call;
mod catalogue;
mod client;
mod client_list;
mod client_rows;
mod cluster;
mod command;
mod config;
mod connection;
mod counters;
mod debug;
mod durable;
mod election;
mod endpoint;
mod epoch;
mod fact;
mod failure;
mod family;
mod flags;
mod function;
mod gossip;
mod hindrance;
mod kept;
mod links;
mod login;
mod manual_failover;
mod membership;
mod migrate;
mod monitor;
mod nodes_conf;
mod notice;
mod open_slots;
mod ownership;
mod pause;
mod peers;
mod persistence;
mod port;
mod process;
mod profile;
mod pubsub;
mod pubsub_rows;
mod receive;
mod redirect;
mod refused;
mod replica_migration;
mod replicas;
mod replication;
mod report;
mod reports;
mod roster;
mod rows;
mod seldom;
mod set_slot;
mod slots;
mod state;
mod stats;
mod stream;
#[cfg(test)]
mod test_client;
mod tick;
mod todo;
mod transaction;
mod verify;
mod view;
mod vote;
mod watch;
mod watchers;

use std::sync::Arc;

use crate::data::Keyspace;
use crate::words::{Addr, ConnId, Dice, NodeId, Span, Time};

pub use bus::{Body, Gossip, Header, Health, Kind, Manual, Message, Publication, Update};
pub use command::specs;
pub use config::{Config, Endpoint, Switch};
pub use durable::Durable;
pub use fact::{
    ElectionImpossible, EpochSet, Fact, FailCleared, FailoverWay, FullSyncReason, HandoverRefused,
    ImportReason, MigrationFailure, MigrationRefused, ReplicaReason, ResetKind, StateHeld,
    StateReason, UpdateIgnored, VoteIgnored, VoteRefused,
};
pub use nodes_conf::Corrupt;
pub use notice::{Gave, Held, Identity, LoadedFrom, NotContinued, Notice};
pub use open_slots::Open;
pub use peers::Flags;
pub use persistence::{End, Found, Fsync};
pub use port::{Caused, Effect, Effects, Input, Packet, Service};
pub use process::process_id;
pub use profile::{BrokenRule, Profile};
pub use replication::LinkPhase;
pub use stream::{Part, ReplId};
pub use view::{Belief, Linked, Opinion, Role};

use blocked::Blocked;
use client::Call;
use connection::Outbox;
use counters::Counters;
use durable::Loaded;
use election::Election;
use epoch::Epochs;
use links::{Conn, Conns, Refused};
use manual_failover::ManualFailover;
use membership::Blacklist;
use migrate::Migrations;
use open_slots::OpenSlots;
use pause::Pauses;
use peers::{Cold, Peer, Peers};
use persistence::Disk;
use process::Process;
use pubsub::PubSub;
use replica_migration::Migration;
use replication::Replication;
use slots::SlotTable;
use state::ClusterState;
use stats::{Stat, Stats};
use todo::Todo;
use watch::Watches;

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
    /// What it finds on its disk.
    pub found: Found,
}

/// One server in cluster mode.
#[derive(Clone, Debug)]
pub struct Node {
    config: Config,
    /// The settings with which the next start begins.
    config_file: Config,
    profile: Profile,
    dice: Dice,
    now: Time,
    ticks: u64,
    peers: Peers,
    blacklist: Blacklist,
    slots: SlotTable,
    open: OpenSlots,
    epochs: Epochs,
    state: ClusterState,
    election: Election,
    manual: ManualFailover,
    migration: Migration,
    /// The PFAIL nodes that the last tick counted.
    pfail_count: usize,
    /// The version of the peers of which the first pass of a tick need not be made again.
    linked_at: Option<u64>,
    conns: Conns,
    migrations: Migrations,
    counters: Counters,
    process: Process,
    stats: Stats,
    replication: Replication,
    keyspace: Keyspace,
    disk: Disk,
    todo: Todo,
    saved: Arc<Durable>,
    /// How many clients ever had a number.
    clients_numbered: u64,
    outbox: Outbox,
    pauses: Pauses,
    watches: Watches,
    pubsub: PubSub,
    /// The ports on which it listens.
    listens_at: Addr,
    /// The ip that it announced last.
    announced_ip: Option<std::net::Ipv4Addr>,
    /// The type of bus message that it was told to drop.
    deaf_to: Option<Kind>,
    blocked: Blocked,
    /// The clients that see the calls of others, in the order in which they began.
    monitors: Vec<ConnId>,
    /// What the call that runs has to tell the replicas.
    unit: Vec<Call>,
    identity: Identity,
    /// The header of the last message, and what it followed from.
    said: Option<(gossip::Grounds, Arc<Header>)>,
}

/// Whether an input has left more to be done before the process sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Work,
    Nothing,
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
        let Loaded { peers, slots, open, epochs } = match &setup.durable {
            Some(durable) => durable.load(now_ms),
            None => Loaded::of(newborn(&setup, &mut dice)),
        };
        let mut replication = Replication::new(&mut dice);
        if let Some(history) = setup.found.history {
            let role =
                if peers.me().is_master() { Role::Master } else { Role::Replica { of: None } };
            replication.recall(history, role, setup.now.seconds());
        }
        let disk = Disk::new(&setup.found, setup.now.seconds());
        let process = Process::new(setup.seed, setup.addr.port, setup.incarnation, setup.now);
        let identity = if setup.durable.is_some() { Identity::Loaded } else { Identity::Made };
        let saved = setup.durable.unwrap_or_else(|| Arc::new(Durable::default()));
        let mut node = Node {
            config_file: setup.config.clone(),
            config: setup.config,
            profile: setup.profile,
            dice,
            now: setup.now,
            ticks: 0,
            peers,
            blacklist: Blacklist::default(),
            slots,
            open,
            epochs,
            state: ClusterState::default(),
            election: Election::default(),
            manual: ManualFailover::default(),
            migration: Migration::default(),
            pfail_count: 0,
            linked_at: None,
            conns: Conns::default(),
            migrations: Migrations::default(),
            counters: Counters::default(),
            process,
            stats: Stats::default(),
            replication,
            keyspace: setup.found.keyspace,
            disk,
            todo: Todo::default(),
            saved,
            clients_numbered: 0,
            outbox: Outbox::default(),
            pauses: Pauses::default(),
            watches: Watches::default(),
            pubsub: PubSub::default(),
            listens_at: setup.addr,
            announced_ip: None,
            deaf_to: None,
            blocked: Blocked::default(),
            monitors: Vec::new(),
            unit: Vec::new(),
            identity,
            said: None,
        };
        node.update_own_address();
        node.update_own_flags();
        node.save();
        node
    }

    /// Takes one input in; what the node does because of it is added to `out`.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Effects) {
        self.read(now, input, out);
        self.before_sleep(out);
    }

    /// Takes in one of the inputs that wait for a process when it goes on. What only has to be done
    /// before it sleeps is left for [`Node::sleep`]; whether this input brought more of that.
    pub fn read_one(&mut self, now: Time, input: Input, out: &mut Effects) -> Left {
        let before = self.todo;
        self.read(now, input, out);
        self.serve_before_sleep(out);
        if self.todo == before { Left::Nothing } else { Left::Work }
    }

    /// Does what was left to be done before the process sleeps.
    pub fn sleep(&mut self, now: Time, out: &mut Effects) {
        self.now = now;
        self.before_sleep(out);
    }

    fn read(&mut self, now: Time, input: Input, out: &mut Effects) {
        self.now = now;
        self.verify_slots_of_keys(out);
        match input {
            Input::Started => self.announce(out),
            Input::Tick => self.on_tick(out),
            Input::Accepted { conn, service: Service::Bus, from, at } => {
                let created_ms = self.now_ms();
                self.conns.insert(conn, Conn::FromPeer { peer: None, from, at, created_ms });
            }
            Input::Accepted { conn, service: Service::Client, from, .. } => {
                self.accept_client(conn, from, out);
            }
            Input::LinkUp { conn } => self.on_link_up(conn, out),
            Input::LinkRefused { conn } => self.on_link_end(conn, Refused::Yes, out),
            Input::LinkClosed { conn } => self.on_link_end(conn, Refused::No, out),
            Input::Received { conn, packet } => self.on_packet(conn, packet, out),
            Input::GaveUp { conn } => self.on_target_silent(conn, out),
        }
    }

    /// The first words of a process.
    fn announce(&self, out: &mut Effects) {
        let (id, identity) = (self.peers.me().id, self.identity);
        out.note(Fact::Logged(Notice::Started { id, identity }));
        let from = if self.config.append_only.is_on() {
            LoadedFrom::AppendOnlyFile
        } else {
            LoadedFrom::Snapshot
        };
        let keys = self.keyspace.len() as u64;
        if keys > 0 || identity == Identity::Loaded {
            out.note(Fact::Logged(Notice::Loaded { keys, from }));
        }
        out.note(Fact::Logged(Notice::Ready));
    }

    /// Makes the next draw of this kind come out as `value`.
    pub fn force(&mut self, draw: Draw, value: Span) {
        match draw {
            Draw::ElectionDelay => self.election.force_delay(value.millis()),
        }
    }

    /// Writes a setting; the error says what would have been right.
    pub fn configure(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.config.set(name, value)?;
        self.follow_settings();
        Ok(())
    }

    /// What follows at once when settings have changed.
    fn follow_settings(&mut self) {
        self.todo.own_address();
        self.update_own_flags();
        self.replication.resize_backlog(&mut self.config.repl_backlog_bytes);
    }

    /// The settings with which the next start begins: those of this start, or what CONFIG REWRITE
    /// wrote.
    pub fn config_file(&self) -> &Config {
        &self.config_file
    }

    fn now_ms(&self) -> u64 {
        self.now.millis()
    }

    fn on_link_up(&mut self, conn: ConnId, out: &mut Effects) {
        match self.conns.get(conn) {
            Some(&Conn::ToPeer { peer, .. }) => self.on_peer_link_up(conn, peer, out),
            Some(Conn::ToMaster) => self.on_source_link_up(conn, out),
            Some(Conn::ToTarget) => self.send_keys(conn, out),
            Some(Conn::FromPeer { .. } | Conn::FromClient(_) | Conn::FromReplica(_)) | None => {}
        }
    }

    fn on_link_end(&mut self, conn: ConnId, refused: Refused, out: &mut Effects) {
        let is_read = matches!(
            self.conns.get(conn),
            Some(Conn::ToMaster | Conn::FromReplica(_) | Conn::FromClient(_))
        );
        if is_read && refused == Refused::No {
            self.stats.count(Stat::Reads);
        }
        match self.conns.get(conn) {
            Some(Conn::ToPeer { .. } | Conn::FromPeer { .. }) => {
                self.on_bus_link_closed(conn, refused, out);
            }
            Some(Conn::ToMaster) => {
                self.conns.remove(conn);
                self.on_source_link_closed(refused, out);
            }
            Some(Conn::FromReplica(_)) => {
                self.conns.remove(conn);
                self.on_replica_closed(conn, out);
            }
            Some(Conn::FromClient(_)) => {
                self.on_replica_closed(conn, out);
                self.forget_client(conn);
            }
            Some(Conn::ToTarget) => self.on_target_lost(conn, refused, out),
            None => {}
        }
    }

    fn on_packet(&mut self, conn: ConnId, packet: Packet, out: &mut Effects) {
        match packet {
            Packet::Bus(message) => {
                self.on_bus_message(conn, &message, out);
                out.recycle(message);
            }
            Packet::Client(bytes) => match self.conns.get(conn) {
                Some(Conn::ToTarget) => self.on_target_bytes(conn, &bytes, out),
                Some(_) => self.on_client_bytes(conn, &bytes, out),
                None => {}
            },
            Packet::Replication(part) => match self.conns.get(conn) {
                Some(Conn::ToMaster) => self.on_source_part(conn, part, out),
                Some(_) => self.on_replica_part(conn, part, out),
                None => {}
            },
        }
    }
}

/// The table of a node that nobody knows: itself, with a random id and no address yet.
fn newborn(setup: &Setup, dice: &mut Dice) -> Peers {
    let addr = Addr { ip: std::net::Ipv4Addr::UNSPECIFIED, ..setup.addr };
    let myself = Peer::new(NodeId::random(dice), addr, Flags::MYSELF.with(Flags::MASTER));
    Peers::new(myself, Cold::new(setup.now.millis()))
}
