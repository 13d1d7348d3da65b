//! Performing effects: where causes are stamped.
//!
//! An actor says what it does; the world does it, and gives every event its cause: the fact that
//! the effect names, else the event of the input. Nobody else hands event ids around. Each effect
//! is also taken into the digest, in the same order and the same form whether or not anything is
//! kept.

use std::fmt::Write;
use std::net::Ipv4Addr;

use super::World;
use super::actor::{Actor, Process, Waiting, Who, client_input};
use super::busy::Unfinished;
use super::client::{ClientEffect, ClientInput};
use super::event::{Event, EventKind, Life, What};
use super::network::Output;
use super::queue::Due;
use super::trace::{Trace, Traffic};
use crate::node::{Caused, Effect, Effects, Fact, Input, Node, Packet, Service};
use crate::words::{ActorId, ConnId, Digest, EventId, Time};

/// Memory that is used again for every input, while none is handled; it holds nothing between two.
#[derive(Debug, Default)]
pub(super) struct Scratch(Option<Box<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    effects: Effects,
    client: Vec<ClientEffect>,
    /// The event of each effect of this input, if it is a fact.
    facts: Vec<Option<EventId>>,
}

impl Scratch {
    fn take(&mut self) -> Box<Lists> {
        self.0.take().unwrap_or_default()
    }
}

impl Clone for Scratch {
    fn clone(&self) -> Scratch {
        Scratch::default()
    }
}

impl World {
    /// Hands on what the network has to say, until it is silent.
    pub(super) fn drain_network(&mut self, trace: &mut Trace) {
        while let Some(output) = self.network.next_output() {
            match output {
                Output::Arrival { to, peer, input, cause } => {
                    self.deliver(to, Waiting { input, peer, cause }, trace);
                }
                Output::Lost { from, to, what, why, cause } => {
                    let kind = EventKind::Lost { from, to, what, why };
                    self.happen(ActorId::WORLD, Some(cause), kind, trace);
                }
                Output::Held { from, to, what, why, cause } => {
                    let kind = EventKind::Held { from, to, what, why };
                    self.happen(ActorId::WORLD, Some(cause), kind, trace);
                }
            }
        }
    }

    /// Gives an input to its actor, or to its inbox.
    pub(super) fn deliver(&mut self, to: ActorId, waiting: Waiting, trace: &mut Trace) {
        match &*self.actors[usize::from(to.0)] {
            Actor::User(user) => match user.who {
                Who::Client(_) | Who::Workload(_) => self.deliver_to_user(to, waiting, trace),
                Who::Outside => self.deliver_outside(to, waiting, trace),
            },
            Actor::Server(server) => match server.process {
                Process::Running => self.serve(to, waiting, trace),
                Process::Ended => {}
                Process::Paused { .. } => {
                    if let Some(server) = self.server_mut(to)
                        && let Process::Paused { missed } = &mut server.process
                    {
                        missed.inbox.push_back(waiting);
                    }
                }
                Process::Busy(_) => self.put_off(to, waiting, trace),
            },
        }
    }

    /// Lets a running node handle an input, and does what it answers.
    pub(super) fn serve(&mut self, to: ActorId, waiting: Waiting, trace: &mut Trace) {
        let (because, _) = self.hand_over(to, waiting, Node::handle, trace);
        self.watch_server(to, because, trace);
    }

    /// Lets a running node take in an input in this way, and does what it answers. The input's
    /// event, or else its cause; and what the node returned.
    pub(super) fn hand_over<T>(
        &mut self,
        to: ActorId,
        waiting: Waiting,
        way: impl FnOnce(&mut Node, Time, Input, &mut Effects) -> T,
        trace: &mut Trace,
    ) -> (Option<EventId>, Option<T>) {
        let Waiting { input, peer, cause } = waiting;
        let (epoch, now) = (self.setup.epoch, self.now());
        let kind = arrival(&input, peer, trace);
        let silent = matches!(input, Input::Started | Input::Tick | Input::GaveUp { .. });
        let id = (!silent).then(|| self.next_id(to));
        let mut lists = self.scratch.take();
        let returned = self.server_mut(to).map(|server| {
            let clock = server.clock(epoch, now);
            way(&mut server.node, clock, input, &mut lists.effects)
        });
        if let (Some(id), Some(kind)) = (id, kind) {
            let changed = lists.effects.iter().any(is_change);
            trace.push(Event { id, at: now, cause, changed, kind });
        }
        self.perform_all(to, id.or(cause), lists, trace);
        (id.or(cause), returned)
    }

    /// Lets a node do what it left to be done before it sleeps.
    pub(super) fn let_sleep(
        &mut self,
        actor: ActorId,
        because: Option<EventId>,
        trace: &mut Trace,
    ) {
        let (epoch, now) = (self.setup.epoch, self.now());
        let mut lists = self.scratch.take();
        if let Some(server) = self.server_mut(actor) {
            let clock = server.clock(epoch, now);
            server.node.sleep(clock, &mut lists.effects);
        }
        self.perform_all(actor, because, lists, trace);
        self.watch_server(actor, because, trace);
    }

    fn perform_all(
        &mut self,
        actor: ActorId,
        because: Option<EventId>,
        mut lists: Box<Lists>,
        trace: &mut Trace,
    ) {
        if !lists.effects.is_empty() {
            lists.facts.clear();
            let caused = lists.effects.drain();
            self.perform(actor, because, &mut lists.facts, caused, trace);
        }
        self.scratch = Scratch(Some(lists));
    }

    /// Does what a node has answered, after `facts` were noted already; effects that name no fact
    /// are caused by `input`. A process that gets busy does the rest later.
    pub(super) fn perform(
        &mut self,
        actor: ActorId,
        input: Option<EventId>,
        facts: &mut Vec<Option<EventId>>,
        mut list: impl Iterator<Item = Caused>,
        trace: &mut Trace,
    ) {
        while let Some(Caused { because, effect }) = list.next() {
            if let Effect::Busy { span, awaits } = effect {
                facts.push(None);
                self.take_in(actor, 6, |digest| digest.word(span.micros()));
                let (rest, facts) = (list.collect(), facts.clone());
                return self.begin_busy(actor, (span, awaits), Unfinished { rest, input, facts });
            }
            let cause = because.and_then(|place| facts.get(place).copied().flatten()).or(input);
            facts.push(self.perform_one(actor, cause, effect, trace));
        }
    }

    /// The event, if the effect was to note a fact.
    fn perform_one(
        &mut self,
        actor: ActorId,
        cause: Option<EventId>,
        effect: Effect,
        trace: &mut Trace,
    ) -> Option<EventId> {
        match effect {
            Effect::Connect { conn, to, port, service } => {
                self.connect(actor, conn, (to, port), service, cause, trace);
            }
            Effect::Send { conn, packet } => self.send(actor, conn, packet, cause, trace),
            Effect::Unsent => {}
            Effect::Close { conn } => self.close(actor, conn, cause, trace),
            Effect::Busy { .. } => unreachable!("what keeps a process busy ends the list"),
            Effect::Again => self.want_turn(actor, cause),
            Effect::Exit => {
                self.take_in(actor, 5, |_| {});
                let ended = self.happen(actor, cause, EventKind::Life(Life::Exited), trace);
                self.end_process(actor);
                self.network.kill(actor, ended, &mut self.queue);
            }
            Effect::Note(fact) => {
                self.take_in(actor, 4, |digest| digest_fact(&fact, digest));
                let moment = self.watch_fact(actor, &fact);
                let event = self.happen(actor, cause, EventKind::Fact(fact), trace);
                if let Some(moment) = moment {
                    self.watch_moment(moment, Some(event), trace);
                }
                return Some(event);
            }
        }
        None
    }

    /// Gives an input to a client; a client hears only what it can understand.
    fn deliver_to_user(&mut self, to: ActorId, waiting: Waiting, trace: &mut Trace) {
        let Waiting { input, peer, cause } = waiting;
        let kind = arrival(&input, peer, trace);
        let Some(input) = client_input(input) else { return };
        let id = self.next_id(to);
        let place = kind.map(|kind| Event { id, at: self.now(), cause, changed: false, kind });
        self.serve_user(to, input, Some(id), place, trace);
    }

    /// Lets a client handle an input, and does what it answers: each effect is caused by the note
    /// before it, or by the input.
    pub(super) fn serve_user(
        &mut self,
        to: ActorId,
        input: ClientInput,
        cause: Option<EventId>,
        event: Option<Event>,
        trace: &mut Trace,
    ) {
        let now = self.now();
        let mut lists = self.scratch.take();
        let effects = &mut lists.client;
        let Some(user) = self.user_mut(to) else { return };
        user.handle(now, input, effects);
        if let Some(at) = user.new_wake() {
            self.queue.push(at, Due::Wake { actor: to });
        }
        if let Some(event) = event {
            let changed = effects.iter().any(|effect| matches!(effect, ClientEffect::Note(_)));
            trace.push(Event { changed, ..event });
        }
        let mut because = cause;
        for effect in effects.drain(..) {
            if let Some(note) = self.perform_for_user(to, because, effect, trace) {
                because = Some(note);
            }
        }
        self.scratch = Scratch(Some(lists));
    }

    /// The event, if the effect was a note.
    fn perform_for_user(
        &mut self,
        actor: ActorId,
        cause: Option<EventId>,
        effect: ClientEffect,
        trace: &mut Trace,
    ) -> Option<EventId> {
        match effect {
            ClientEffect::Connect { conn, to } => {
                let to = (*to.ip(), to.port());
                self.connect(actor, conn, to, Service::Client, cause, trace);
            }
            ClientEffect::Send { conn, bytes } => {
                self.send(actor, conn, Packet::Client(bytes), cause, trace);
            }
            ClientEffect::Close { conn } => self.close(actor, conn, cause, trace),
            ClientEffect::Note(note) => {
                self.take_in(actor, 5, |digest| note.digest(digest));
                let moment = World::watch_note(&note);
                let kind = EventKind::Client(Box::new(note));
                let event = self.happen(actor, cause, kind, trace);
                if let Some(moment) = moment {
                    self.watch_moment(moment, Some(event), trace);
                }
                return Some(event);
            }
        }
        None
    }

    pub(super) fn connect(
        &mut self,
        actor: ActorId,
        conn: ConnId,
        to: (Ipv4Addr, u16),
        service: Service,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) {
        let address = u64::from(to.0.to_bits()) << 16 | u64::from(to.1);
        self.take_in(actor, 1, |digest| digest.word(address));
        let id = self.next_id(actor);
        let to = self.network.connect((actor, conn), to, service, id, &mut self.queue);
        self.record(id, cause, EventKind::Connecting { conn, to, service }, trace);
    }

    pub(super) fn send(
        &mut self,
        actor: ActorId,
        conn: ConnId,
        packet: Packet,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) {
        self.take_in(actor, 2, |digest| {
            digest.word(u64::from(conn.0));
            match &packet {
                Packet::Bus(message) => message.digest(digest),
                Packet::Replication(part) => part.digest(digest),
                Packet::Client(bytes) => digest.bytes(bytes),
            }
        });
        let id = self.next_id(actor);
        let what = trace.keeps(Traffic::Yes).then(|| What::of(&packet));
        let to = self.network.send((actor, conn), packet, id, &mut self.queue);
        if let (Some(what), Some(_)) = (what, to) {
            self.record(id, cause, EventKind::Sent { conn, to, what }, trace);
        }
    }

    pub(super) fn close(
        &mut self,
        actor: ActorId,
        conn: ConnId,
        cause: Option<EventId>,
        trace: &mut Trace,
    ) {
        self.take_in(actor, 3, |digest| digest.word(u64::from(conn.0)));
        let id = self.next_id(actor);
        let to = self.network.peer(actor, conn);
        self.network.close(actor, conn, id, &mut self.queue);
        self.record(id, cause, EventKind::Closed { conn, to }, trace);
    }

    /// Takes one effect into the digest: when, who, which kind, and what it holds.
    pub(super) fn take_in(&mut self, actor: ActorId, kind: u64, content: impl FnOnce(&mut Digest)) {
        self.digest.word(self.queue.now().micros());
        self.digest.word(u64::from(actor.0) << 8 | kind);
        content(&mut self.digest);
    }

    /// An event of this owner happens now.
    pub(super) fn happen(
        &mut self,
        owner: ActorId,
        cause: Option<EventId>,
        kind: EventKind,
        trace: &mut Trace,
    ) -> EventId {
        let id = self.next_id(owner);
        self.record(id, cause, kind, trace);
        id
    }

    fn record(&self, id: EventId, cause: Option<EventId>, kind: EventKind, trace: &mut Trace) {
        trace.push(Event { id, at: self.now(), cause, changed: false, kind });
    }
}

/// The event of an input, if it is one and would be kept. A tick is none, it happens all the time;
/// neither is that nothing happened.
pub(super) fn arrival(input: &Input, peer: Option<ActorId>, trace: &Trace) -> Option<EventKind> {
    match *input {
        Input::Started | Input::Tick | Input::GaveUp { .. } => None,
        Input::Accepted { conn, service, .. } => {
            Some(EventKind::Accepted { conn, from: peer, service })
        }
        Input::LinkUp { conn } => Some(EventKind::LinkUp { conn, to: peer }),
        Input::LinkRefused { conn } => Some(EventKind::LinkRefused { conn }),
        Input::LinkClosed { conn } => Some(EventKind::LinkClosed { conn, by: peer }),
        Input::Received { conn, ref packet } => trace
            .keeps(Traffic::Yes)
            .then(|| EventKind::Received { conn, from: peer, what: What::of(packet) }),
    }
}

fn is_change(effect: &Effect) -> bool {
    matches!(effect, Effect::Note(fact) if !fact.is_refusal() && !fact.is_logged_only())
}

/// A fact's canonical bytes are its debug text: names and numbers in the order of its fields.
fn digest_fact(fact: &Fact, digest: &mut Digest) {
    struct Letters<'a>(&'a mut Digest);
    impl Write for Letters<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            text.bytes().for_each(|byte| self.0.word(u64::from(byte)));
            Ok(())
        }
    }
    write!(Letters(digest), "{fact:?}").expect("a digest takes everything in");
}
