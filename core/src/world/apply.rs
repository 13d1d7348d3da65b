//! Following steps: what a person does to the world.
//!
//! `apply` never fails. A step that makes no sense here is refused, which is an event with a hint;
//! a command that Redis refuses has an error as its reply. Every step is an event, and what it
//! brings about is caused by it.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use super::actor::{Actor, Missed, Process, Server, User, Who};
use super::client::{Args, Client, ClientInput};
use super::event::{EventKind, Life};
use super::paths::{Delay, Filter, HostState};
use super::queue::Due;
use super::step::{ClientKind, ClientName, Data, Draw, MessageKind, Party, Port, Step, Way};
use super::workload::{Plan, Workload};
use super::{Begun, Trace, Waits, World};
use crate::node::{self, BrokenRule, Durable, End, Found, Kind, Node};
use crate::words::{ActorId, Dice, EventId, Span, Time};

/// How long a command waits for its reply before it is left waiting.
const PATIENCE: Span = Span::from_secs(1);
/// Of a hundred commands of a workload, so many are writes.
const WRITES_PERCENT: u32 = 50;

/// A step's hint, if it made no sense.
type Verdict = Result<(), String>;

impl World {
    /// Does what a step says, and lets time pass for as long as it waits; the event of the step.
    pub fn apply(&mut self, step: &Step, trace: &mut Trace) -> EventId {
        let begun = self.begin(step, trace);
        self.wait(&begun, Time::MAX, trace);
        begun.event
    }

    /// Does what a step says, and lets no time pass.
    pub fn begin(&mut self, step: &Step, trace: &mut Trace) -> Begun {
        let text = step.to_string();
        self.digest.word(self.now().micros());
        self.digest.bytes(text.as_bytes());
        let kind = EventKind::Step(text.into_boxed_str());
        let cause = self.happen(ActorId::WORLD, None, kind, trace);
        let waits = match self.follow(step, cause, trace) {
            Ok(()) => self.waits_for(step),
            Err(hint) => {
                let kind = EventKind::Refused(hint.into_boxed_str());
                self.happen(ActorId::WORLD, Some(cause), kind, trace);
                Waits::ForNothing
            }
        };
        self.drain_network(trace);
        Begun { event: cause, waits }
    }

    /// What a step that was done waits for.
    fn waits_for(&self, step: &Step) -> Waits {
        match step {
            Step::Run(span) => Waits::ForTime { limit: self.now() + *span },
            Step::RunUntil { condition, within } => {
                Waits::ForCondition { condition: *condition, limit: self.now() + *within }
            }
            Step::Command { client, .. } => match self.client(client) {
                Some((client, _)) => Waits::ForReply { client, limit: self.now() + PATIENCE },
                None => Waits::ForNothing,
            },
            _ => Waits::ForNothing,
        }
    }

    fn follow(&mut self, step: &Step, cause: EventId, trace: &mut Trace) -> Verdict {
        match step {
            Step::Command { client, args } => {
                self.ask(client, args.as_slice().into(), cause, trace)
            }
            Step::Client { name, kind, via } => {
                self.add_client(ClientName::Named(name.clone()), *kind, *via).map(drop)
            }
            Step::Kill(node) => self.kill(*node, cause, trace),
            Step::Crash(node) => self.crash(*node, cause, trace),
            Step::Restart { node, data } => self.restart(*node, *data, cause, trace),
            Step::Pause(node) => self.pause(*node, cause, trace),
            Step::Resume(node) => self.resume(*node, cause, trace),
            Step::Cut { from, to, way } => self.each_way(*from, *to, *way, World::cut),
            Step::Heal(None) => self.heal_all(),
            Step::Heal(Some((one, other))) => {
                self.each_way(*one, *other, Way::BothWays, World::heal)
            }
            Step::Partition(groups) => self.partition(groups),
            Step::Slow { from, to, way, latency, jitter } => {
                let delay = Delay { latency: *latency, jitter: *jitter };
                self.each_way(*from, *to, *way, |world, from, to| world.slow(from, to, delay))
            }
            Step::Drop { kind, from, to, way } => {
                let filter = filter(*kind);
                self.each_way(*from, *to, *way, |world, from, to| world.drop(from, to, filter))
            }
            Step::Undrop => self.undrop(),
            Step::Roll { node, what, value } => self.roll(*node, *what, *value),
            Step::Clock { node, offset } => self.jump(*node, offset.micros()),
            Step::AddNode(port) => self.add_node(*port, cause, trace),
            Step::Workload { rate_per_second, keys } => self.set_workload(*rate_per_second, *keys),
            Step::WorkloadOff => self.stop_workload(),
            Step::Config { node, name, value } => {
                self.configure(*node, name.as_str(), &String::from_utf8_lossy(value))
            }
            Step::Run(_) | Step::RunUntil { .. } => Ok(()),
        }
    }

    fn kill(&mut self, port: Port, cause: EventId, trace: &mut Trace) -> Verdict {
        let actor = self.alive(port)?;
        let killed = self.happen(actor, Some(cause), EventKind::Life(Life::Killed), trace);
        self.end_process(actor);
        self.network.kill(actor, killed, &mut self.queue);
        Ok(())
    }

    fn crash(&mut self, port: Port, cause: EventId, trace: &mut Trace) -> Verdict {
        let actor = self.there(port)?;
        if self.network.paths().is_down(actor) {
            return Err(format!("{} has crashed already: restart it first", port.number()));
        }
        self.happen(actor, Some(cause), EventKind::Life(Life::Crashed), trace);
        self.end_process(actor);
        self.network.crash(actor, &mut self.queue);
        Ok(())
    }

    fn restart(&mut self, port: Port, data: Data, cause: EventId, trace: &mut Trace) -> Verdict {
        let actor = self.there(port)?;
        let down = self.network.paths().is_down(actor);
        let end = if down { End::Machine } else { End::Process };
        let server = self.server_there(port)?;
        if !matches!(server.process, Process::Ended) {
            return Err(format!("{} has not ended: kill or crash it first", port.number()));
        }
        let found = || server.node.on_disk(end);
        let (durable, found) = match data {
            Data::Keep => (Some(server.node.durable().text()), found()),
            Data::Empty => (Some(server.node.durable().text()), Found::default()),
            Data::LostConfig => (None, Found::default()),
            Data::TornConfig => (Some(torn(&server.node.durable().text())), found()),
        };
        let Some(durable) = durable.map(|text| Durable::parse(&text)).transpose().ok() else {
            self.happen(actor, Some(cause), EventKind::Life(Life::Failed), trace);
            return Ok(());
        };
        let durable = durable.map(Arc::new);
        let config = server.node.config_file().clone();
        let (incarnation, offset) = (server.incarnation + 1, server.clock_offset());
        let addr = crate::words::Addr::loopback(port.number());
        let setup = self.node_setup(addr, incarnation, offset, durable, found);
        let node = Node::new(node::Setup { config, ..setup });
        self.replace_node(actor, node, incarnation);
        self.network.boot(actor, &mut self.queue);
        let started = self.happen(actor, Some(cause), EventKind::Life(Life::Started), trace);
        self.serve_start(actor, started, trace);
        Ok(())
    }

    fn pause(&mut self, port: Port, cause: EventId, trace: &mut Trace) -> Verdict {
        let actor = self.alive(port)?;
        let number = port.number();
        let server = self.server_there(port)?;
        match server.process {
            Process::Running => {}
            Process::Busy(_) => {
                return Err(format!("{number} is busy with a call: wait until that is done"));
            }
            Process::Paused { .. } | Process::Ended => {
                return Err(format!("{number} stands still already: resume it first"));
            }
        }
        server.process = Process::Paused { missed: Missed::default() };
        self.happen(actor, Some(cause), EventKind::Life(Life::Paused), trace);
        Ok(())
    }

    /// The process goes on, and catches up with what it has missed.
    fn resume(&mut self, port: Port, cause: EventId, trace: &mut Trace) -> Verdict {
        let actor = self.alive(port)?;
        let hint = || format!("{} does not stand still: there is nothing to resume", port.number());
        let server = self.server_mut(actor).ok_or_else(hint)?;
        if !matches!(server.process, Process::Paused { .. }) {
            return Err(hint());
        }
        let before = std::mem::replace(&mut server.process, Process::Running);
        let Process::Paused { missed } = before else { return Err(hint()) };
        let resumed = self.happen(actor, Some(cause), EventKind::Life(Life::Resumed), trace);
        self.catch_up(actor, missed, Some(resumed), trace);
        Ok(())
    }

    pub(super) fn end_process(&mut self, actor: ActorId) {
        if let Some(server) = self.server_mut(actor) {
            server.process = Process::Ended;
        }
    }

    fn cut(&mut self, from: ActorId, to: ActorId) {
        if self.setup.profile.breaks(BrokenRule::CutsDatagrams) {
            let kinds = Kind::ALL.into_iter().map(Filter::Bus);
            return kinds.chain([Filter::Replication]).for_each(|what| self.drop(from, to, what));
        }
        self.network.cut(from, to, &mut self.queue);
    }

    fn heal(&mut self, from: ActorId, to: ActorId) {
        self.network.heal(from, to, &mut self.queue);
    }

    fn heal_all(&mut self) -> Verdict {
        for (from, to) in self.network.paths().troubled() {
            self.heal(from, to);
        }
        Ok(())
    }

    fn slow(&mut self, from: ActorId, to: ActorId, delay: Delay) {
        self.network.paths_mut().slow(from, to, delay);
    }

    fn drop(&mut self, from: ActorId, to: ActorId, what: Filter) {
        self.network.paths_mut().drop(from, to, what);
    }

    fn undrop(&mut self) -> Verdict {
        self.network.paths_mut().undrop();
        Ok(())
    }

    fn partition(&mut self, groups: &[Vec<Port>]) -> Verdict {
        let mut group_of = vec![groups.len(); self.actors.len()];
        for (number, group) in groups.iter().enumerate() {
            for port in group {
                group_of[usize::from(self.there(*port)?.0)] = number;
            }
        }
        let servers: Vec<ActorId> = self.servers().map(|(id, _, _)| id).collect();
        for &from in &servers {
            for &to in &servers {
                if group_of[usize::from(from.0)] != group_of[usize::from(to.0)] {
                    self.cut(from, to);
                }
            }
        }
        Ok(())
    }

    /// Does something to the path from one node to another, and back if asked to.
    fn each_way(
        &mut self,
        from: impl Into<Party>,
        to: impl Into<Party>,
        way: Way,
        mut act: impl FnMut(&mut World, ActorId, ActorId),
    ) -> Verdict {
        let (from, to) = (self.party(from.into())?, self.party(to.into())?);
        if from == to {
            return Err("a node has no path to itself: name two nodes".to_owned());
        }
        act(self, from, to);
        if way == Way::BothWays {
            act(self, to, from);
        }
        Ok(())
    }

    fn roll(&mut self, port: Port, what: Draw, value: Span) -> Verdict {
        let server = self.server_there(port)?;
        match what {
            Draw::ElectionDelay => server.node.force(node::Draw::ElectionDelay, value),
        }
        Ok(())
    }

    fn jump(&mut self, port: Port, micros: i64) -> Verdict {
        self.server_there(port)?.jump(micros);
        Ok(())
    }

    fn configure(&mut self, port: Port, name: &str, value: &str) -> Verdict {
        self.server_there(port)?.node.configure(name, value)
    }

    fn add_node(&mut self, port: Port, cause: EventId, trace: &mut Trace) -> Verdict {
        if self.find(port).is_some() {
            let free = self.servers().map(|(_, port, _)| port.number()).max().unwrap_or(6999) + 1;
            return Err(format!("{} is there already: {free} is free", port.number()));
        }
        self.add_server(port, Some(cause), trace);
        Ok(())
    }

    /// A client sends a command.
    fn ask(&mut self, name: &ClientName, args: Args, cause: EventId, trace: &mut Trace) -> Verdict {
        let actor = self.client_named(name)?;
        self.serve_user(actor, ClientInput::Ask(args), Some(cause), None, trace);
        Ok(())
    }

    pub(super) fn is_waiting(&self, actor: ActorId) -> bool {
        match self.user(actor).map(|user| &user.who) {
            Some(Who::Client(client)) => client.unanswered() > 0,
            Some(Who::Workload(_) | Who::Outside) | None => false,
        }
    }

    /// The client of this name; those that belong to the prompts come to be when first used.
    fn client_named(&mut self, name: &ClientName) -> Result<ActorId, String> {
        if let Some((actor, _)) = self.client(name) {
            return Ok(actor);
        }
        match name {
            ClientName::Cli => {
                let lowest = self.servers().map(|(_, port, _)| port).min();
                let via = lowest.ok_or("there is no node to talk to: add one first")?;
                self.add_client(name.clone(), ClientKind::Follow, via)
            }
            ClientName::Node(port) => self.add_client(name.clone(), ClientKind::Plain, *port),
            ClientName::Named(client) => {
                let client = client.as_str();
                Err(format!("there is no client {client}: `$ client {client} plain via 7000`"))
            }
        }
    }

    fn add_client(
        &mut self,
        name: ClientName,
        kind: ClientKind,
        via: Port,
    ) -> Result<ActorId, String> {
        self.there(via)?;
        let host = match &name {
            ClientName::Cli => "cli".to_owned(),
            ClientName::Node(port) => format!("client of {}", port.number()),
            ClientName::Named(name) => name.as_str().to_owned(),
        };
        if self.client(&name).is_some() {
            return Err(format!("there is a client {host} already: give this one another name"));
        }
        let client = Client::new(kind, SocketAddrV4::new(Ipv4Addr::LOCALHOST, via.number()));
        let actor = self.add_user(&host, Who::Client(client));
        self.clients.push((name, actor));
        Ok(actor)
    }

    pub(super) fn add_user(&mut self, name: &str, who: Who) -> ActorId {
        let actor = self.network.add_host(Arc::from(name), None);
        self.actors.push(Arc::new(Actor::User(Box::new(User::new(who)))));
        self.counts.push(0);
        actor
    }

    fn set_workload(&mut self, rate_per_second: u32, keys: u32) -> Verdict {
        if self.actors.is_empty() {
            return Err("there is no node to talk to: add one first".to_owned());
        }
        let now = self.now();
        let plan = Plan { rate_per_second, keys, writes_percent: WRITES_PERCENT };
        let known = self.workload.and_then(|actor| self.user_mut(actor));
        if let Some(User { who: Who::Workload(workload), .. }) = known {
            workload.change(plan, now);
        } else {
            let ports = self.servers().map(|(_, port, _)| port.number());
            let via: Vec<_> =
                ports.map(|port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).collect();
            let dice = Dice::new(self.setup.seed, "workload", 0);
            let workload = Workload::new(plan, &via, dice, now);
            self.workload = Some(self.add_user("workload", Who::Workload(workload)));
        }
        if let Some(actor) = self.workload {
            self.queue.push(now, Due::Wake { actor });
        }
        Ok(())
    }

    fn stop_workload(&mut self) -> Verdict {
        match self.workload.and_then(|actor| self.user_mut(actor)) {
            Some(User { who: Who::Workload(workload), .. }) => {
                workload.stop();
                Ok(())
            }
            Some(_) | None => Err("there is no workload to stop".to_owned()),
        }
    }

    /// The node of this port, whether it runs or not.
    pub(super) fn there(&self, port: Port) -> Result<ActorId, String> {
        self.find(port).ok_or_else(|| {
            let known: Vec<_> = self.servers().map(|(_, p, _)| p.number().to_string()).collect();
            format!("there is no node {}: there are {}", port.number(), known.join(", "))
        })
    }

    fn server_there(&mut self, port: Port) -> Result<&mut Server, String> {
        let actor = self.there(port)?;
        self.server_mut(actor).ok_or_else(|| format!("{} is no server", port.number()))
    }

    /// The node of this port, if it has a process, running or paused.
    fn alive(&self, port: Port) -> Result<ActorId, String> {
        let actor = self.there(port)?;
        match self.network.paths().host(actor).state {
            HostState::Up => Ok(actor),
            HostState::NoProcess | HostState::Down => {
                Err(format!("{} does not run: restart it first", port.number()))
            }
        }
    }
}

/// What a filter of this name looks for.
fn filter(kind: MessageKind) -> Filter {
    match kind {
        MessageKind::Ping => Filter::Bus(Kind::Ping),
        MessageKind::Pong => Filter::Bus(Kind::Pong),
        MessageKind::Meet => Filter::Bus(Kind::Meet),
        MessageKind::Fail => Filter::Bus(Kind::Fail),
        MessageKind::Update => Filter::Bus(Kind::Update),
        MessageKind::AuthReq => Filter::Bus(Kind::AuthRequest),
        MessageKind::AuthAck => Filter::Bus(Kind::AuthAck),
        MessageKind::MfStart => Filter::Bus(Kind::MfStart),
        MessageKind::Publish => Filter::Bus(Kind::Publish),
        MessageKind::PublishShard => Filter::Bus(Kind::PublishShard),
        MessageKind::Replication => Filter::Replication,
    }
}

/// The file as a writer leaves it that is stopped in the middle of a line.
fn torn(text: &str) -> String {
    let last_node = text.lines().rev().nth(1).unwrap_or(text);
    let keep = text.len() - text.lines().last().map_or(0, |line| line.len() + 1) - last_node.len();
    text[..keep + last_node.len() / 4].to_owned()
}
