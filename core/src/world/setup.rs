//! Making a world: nodes that know nobody, and the cluster that they form.
//!
//! The cluster is not painted on: it forms by the real protocol, from the commands that `redis-cli
//! --cluster create` would send (Redis 7.0, `redis-cli.c: clusterManagerCommandCreate`): slots to
//! the masters, an epoch to each node, MEET from every node to the first, and once all know each
//! other, REPLICATE. Replicas are paired with masters in turn. What a person is shown begins when
//! all replicas are connected and everybody has heard of their offsets. In a large cluster nodes
//! speak to each other so seldom (they ask whom they have not heard *of*) that this would take many
//! minutes; there it is enough that all replicas are connected.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::actor::{Actor, Process, Server, TICK, Waiting};
use super::event::{EventKind, Life};
use super::network::Network;
use super::paths::Delay;
use super::perform::Scratch;
use super::queue::{Due, Queue};
use super::trace::{Level, Trace};
use super::{World, step::Port};
use crate::data::{Reply, decode_reply, encode_call};
use crate::node::{
    self, Config, Effect, Health, Input, Linked, Node, Opinion, Packet, Profile, Role, Service,
};
use crate::words::{ActorId, Addr, ConnId, Digest, EventId, SLOT_COUNT, Span, Time};

/// The connection over which the world itself speaks to a node.
const HAND: ConnId = ConnId(u32::MAX);
/// New nodes are started one by one: each has its own tenth tick, on which it does what it does
/// once a second.
const STARTS_WITHIN: Span = Span::from_secs(1);
/// How long a cluster may take to form before something must be wrong with it.
const FORMATION_MAX: Span = Span::from_secs(300);
/// A cluster of more nodes is a large one.
const LARGE: u16 = 100;
const POLL: Span = Span::from_millis(100);
/// How long empty nodes have been up when they are shown: past the two seconds in which a node that
/// was just started does not look at its slots (Redis 7.0, `cluster.c: clusterUpdateState`).
const UP_SINCE: Span = Span::from_secs(4);

/// What a world is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    pub masters: u16,
    /// For each master.
    pub replicas: u16,
    /// Nodes that know nobody, in the place of masters and replicas: those are 0 then.
    pub empty: u16,
    pub seed: u64,
    pub first_port: u16,
    /// How long packets take where nothing is slow.
    pub delay: Delay,
    /// What the nodes' clocks show at the world's time 0.
    pub epoch: Time,
    pub config: Config,
    pub profile: Profile,
}

impl Default for Setup {
    /// Three masters with a replica each, on 7000 to 7005, on the first day of 2026.
    fn default() -> Setup {
        Setup {
            masters: 3,
            replicas: 1,
            empty: 0,
            seed: 1,
            first_port: 7000,
            delay: Delay { latency: Span::from_micros(200), jitter: Span::from_micros(200) },
            epoch: Time::from_millis(1_767_225_600_000),
            config: Config::default(),
            profile: Profile::REDIS_7_0,
        }
    }
}

impl Setup {
    /// How many nodes there are.
    pub fn nodes(&self) -> u16 {
        self.masters * (1 + self.replicas) + self.empty
    }
}

impl World {
    /// A world of empty nodes in cluster mode that know nobody.
    pub fn new(setup: Setup) -> World {
        let mut world = World {
            network: Network::new(setup.seed, setup.delay),
            queue: Queue::default(),
            actors: Vec::new(),
            clients: Vec::new(),
            workload: None,
            door: None,
            past_ids: Vec::new(),
            counts: Vec::new(),
            world_count: 0,
            digest: Digest::new(),
            watch: Default::default(),
            origin: Time::ZERO,
            scratch: Scratch::default(),
            outbox: Default::default(),
            setup: Arc::new(setup),
        };
        let mut trace = Trace::new(Level::Off);
        for index in 0..world.setup.nodes() {
            let port = Port::new(world.setup.first_port + index).expect("ports stay below 55536");
            world.add_server(port, None, &mut trace);
        }
        world
    }

    /// A world with a cluster that has formed, or with empty nodes if it asks for those; its time
    /// is counted from there.
    pub fn formed(setup: Setup) -> World {
        let world = World::try_formed(setup.clone());
        world.unwrap_or_else(|| panic!("{setup:?} forms no cluster"))
    }

    /// The same; nothing if its nodes do not find together, as when a message takes longer than
    /// they wait for it.
    pub fn try_formed(setup: Setup) -> Option<World> {
        let mut world = World::new(setup);
        let mut trace = Trace::new(Level::Off);
        let is_ready = match world.setup.empty {
            0 => world.form(&mut trace),
            _ => {
                world.run_for(UP_SINCE, &mut trace);
                true
            }
        };
        world.origin = world.now();
        is_ready.then_some(world)
    }

    /// Whether the nodes have become a cluster.
    fn form(&mut self, trace: &mut Trace) -> bool {
        self.found_cluster(trace);
        if !self.form_until(trace, World::all_have_joined) {
            return false;
        }
        self.attach_replicas(trace);
        self.form_until(trace, World::all_are_in_step)
    }

    /// Sends one command to a node as if from a client beside it, and takes the reply: no time
    /// passes. A command that does not answer at once gives null.
    pub fn command(&mut self, node: ActorId, args: &[&[u8]], trace: &mut Trace) -> Reply {
        let call: Vec<Bytes> = args.iter().map(|arg| Bytes::copy_from_slice(arg)).collect();
        let ip = std::net::Ipv4Addr::LOCALHOST;
        let login = self.login();
        let mut bytes = BytesMut::from(&login[..]);
        bytes.extend_from_slice(&encode_call(&call));
        let packet = Packet::Client(bytes.freeze());
        let inputs = [
            Input::Accepted { conn: HAND, service: Service::Client, from: ip, at: ip },
            Input::Received { conn: HAND, packet },
            Input::LinkClosed { conn: HAND },
        ];
        let mut answer = BytesMut::new();
        for input in inputs {
            answer.extend_from_slice(&self.serve_by_hand(node, input, trace));
        }
        self.drain_network(trace);
        if !login.is_empty() {
            // Whether it was let in, the answer to the call itself says.
            let _ = decode_reply(&mut answer);
        }
        match decode_reply(&mut answer) {
            Ok(Some(reply)) => reply,
            Ok(None) | Err(_) => Reply::Null,
        }
    }

    /// The call that lets the world in, if the nodes were given a password when they were made.
    fn login(&self) -> Bytes {
        let changed = self.setup.config.changed();
        let password = changed.into_iter().find(|&(name, _)| name == "requirepass");
        password.map_or_else(Bytes::new, |(_, password)| {
            encode_call(&[Bytes::from_static(b"AUTH"), Bytes::from(password)])
        })
    }

    /// Starts a new, empty node on a machine of its own.
    pub(super) fn add_server(
        &mut self,
        port: Port,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) -> ActorId {
        let addr = Addr::loopback(port.number());
        let name: Arc<str> = Arc::from(port.number().to_string());
        let actor = self.network.add_host(name.clone(), Some(addr));
        let node = Node::new(self.node_setup(addr, 0, 0, None, node::Found::default()));
        let server = Server::new(node, self.setup.seed, &name, 0, 0);
        self.actors.push(Arc::new(Actor::Server(Box::new(server))));
        self.counts.push(0);
        self.start_timer(actor, STARTS_WITHIN);
        let started = self.happen(actor, cause, EventKind::Life(Life::Started), trace);
        self.serve_start(actor, started, trace);
        actor
    }

    /// The process begins its work.
    pub(super) fn serve_start(&mut self, actor: ActorId, started: EventId, trace: &mut Trace) {
        let waiting = Waiting { input: Input::Started, peer: None, cause: Some(started) };
        self.serve(actor, waiting, trace);
    }

    /// What a process of this node starts with.
    pub(super) fn node_setup(
        &self,
        addr: Addr,
        incarnation: u32,
        clock_offset: i64,
        durable: Option<Arc<node::Durable>>,
        found: node::Found,
    ) -> node::Setup {
        let now = self.setup.epoch.micros() + self.now().micros();
        node::Setup {
            addr,
            seed: self.setup.seed,
            incarnation,
            config: self.setup.config.clone(),
            profile: self.setup.profile,
            now: Time::from_micros(now.saturating_add_signed(clock_offset)),
            durable,
            found,
        }
    }

    pub(super) fn start_timer(&mut self, actor: ActorId, within: Span) {
        let now = self.now();
        if let Some(server) = self.server_mut(actor) {
            let (at, incarnation) = (now + server.first_tick(within), server.incarnation);
            self.queue.push(at, Due::Tick { actor, incarnation });
        }
    }

    /// Lets a node handle an input of [`HAND`]; what it writes there is the result.
    fn serve_by_hand(&mut self, node: ActorId, input: Input, trace: &mut Trace) -> Vec<u8> {
        let (epoch, now) = (self.setup.epoch, self.now());
        let Some(server) = self.server_mut(node) else { return Vec::new() };
        if !matches!(server.process, Process::Running) {
            return Vec::new();
        }
        let clock = server.clock(epoch, now);
        let mut effects = node::Effects::default();
        server.node.handle(clock, input, &mut effects);
        let caused: Vec<_> = effects.drain().collect();
        let mut answer = Vec::new();
        for one in &caused {
            if let Effect::Send { conn: HAND, packet: Packet::Client(bytes) } = &one.effect {
                answer.extend_from_slice(bytes);
            }
        }
        self.perform(node, None, &mut Vec::new(), caused.into_iter(), trace);
        answer
    }

    fn found_cluster(&mut self, trace: &mut Trace) {
        let first = self.setup.first_port.to_string();
        for index in 0..self.setup.nodes() {
            let node = ActorId(index);
            if let Some((from, to)) = slots_of(index, self.setup.masters) {
                let (from, to) = (from.to_string(), to.to_string());
                self.found(node, &["CLUSTER", "ADDSLOTSRANGE", &from, &to], trace);
            }
            let epoch = (index + 1).to_string();
            self.found(node, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch], trace);
        }
        for index in 1..self.setup.nodes() {
            self.found(ActorId(index), &["CLUSTER", "MEET", "127.0.0.1", &first], trace);
        }
    }

    fn attach_replicas(&mut self, trace: &mut Trace) {
        let masters = self.setup.masters;
        for index in masters..self.setup.nodes() {
            let master = self.server(ActorId((index - masters) % masters));
            let id = master.expect("masters come first").node.id().to_string();
            self.found(ActorId(index), &["CLUSTER", "REPLICATE", &id], trace);
        }
    }

    fn found(&mut self, node: ActorId, args: &[&str], trace: &mut Trace) {
        let bytes: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        let reply = self.command(node, &bytes, trace);
        assert!(reply == Reply::ok(), "{args:?} at {}: {reply:?}", self.name(node));
    }

    /// Lets time pass until something is so; whether it came to be.
    fn form_until(&mut self, trace: &mut Trace, is_done: fn(&World) -> bool) -> bool {
        let limit = self.now() + FORMATION_MAX;
        while !is_done(self) && self.now() < limit {
            self.run_for(POLL, trace);
        }
        is_done(self)
    }

    /// Whether every node has a link to every other one, and knows who serves which slot.
    fn all_have_joined(&self) -> bool {
        let count = usize::from(self.setup.nodes());
        self.servers().all(|(_, _, server)| {
            let node = &server.node;
            let slots: u32 = node.beliefs().map(|belief| u32::from(belief.slots.len())).sum();
            node.beliefs().count() == count
                && slots == u32::from(SLOT_COUNT)
                && node.health() == Health::Ok
                && node
                    .beliefs()
                    .all(|belief| belief.opinion == Opinion::Ok && belief.linked == Linked::Yes)
        })
    }

    /// Whether all replicas are connected, and (unless there are too many for that) every node
    /// knows whose they are and how far they got.
    fn all_are_in_step(&self) -> bool {
        let (masters, nodes) = (self.setup.masters, self.setup.nodes());
        self.servers().all(|(ActorId(index), _, server)| {
            let node = &server.node;
            let follows = index < masters || node.replication().is_connected();
            node.health() == Health::Ok && follows && (nodes > LARGE || self.knows_all(node))
        })
    }

    /// Whether a node knows who is a replica, and has heard of everybody's offset.
    fn knows_all(&self, node: &Node) -> bool {
        let replicas = usize::from(self.setup.nodes() - self.setup.masters);
        let has_offset = self.setup.replicas > 0;
        (!has_offset || node.beliefs().all(|belief| belief.offset > 0))
            && node.beliefs().filter(|belief| belief.role != Role::Master).count() == replicas
    }

    /// The process of a server that is being started again takes the place of the old one.
    pub(super) fn replace_node(&mut self, actor: ActorId, node: Node, incarnation: u32) {
        let name = self.name(actor).to_owned();
        let seed = self.setup.seed;
        if let Some(server) = self.server_mut(actor) {
            let offset = server.clock_offset();
            let (past, id) = (server.node.id(), node.id());
            *server = Server::new(node, seed, &name, incarnation, offset);
            if past != id {
                self.past_ids.push((actor, past));
            }
        }
        self.start_timer(actor, TICK);
    }
}

/// The slots that redis-cli gives to a master of this index: equal shares of 16,384 as fractions,
/// their ends rounded to the nearest slot, half away from zero.
pub fn slots_of(index: u16, masters: u16) -> Option<(u64, u64)> {
    if index >= masters {
        return None;
    }
    let count = u64::from(masters);
    // Where the share after `index` shares ends, minus one, rounded.
    let last = |shares: u64| (2 * shares * u64::from(SLOT_COUNT) + count) / (2 * count) - 1;
    let index = u64::from(index);
    let first = if index == 0 { 0 } else { last(index) + 1 };
    let last = if index + 1 == count { u64::from(SLOT_COUNT) - 1 } else { last(index + 1) };
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masters_get_the_slots_that_redis_cli_gives_them() {
        let all = |masters| (0..masters).map(|i| slots_of(i, masters).unwrap()).collect::<Vec<_>>();
        assert_eq!(all(3), [(0, 5460), (5461, 10922), (10923, 16383)]);
        assert_eq!(all(4), [(0, 4095), (4096, 8191), (8192, 12287), (12288, 16383)]);
        let five = [(0, 3276), (3277, 6553), (6554, 9829), (9830, 13106), (13107, 16383)];
        assert_eq!(all(5), five);
        assert_eq!(slots_of(3, 3), None);
    }
}
