//! The network: TCP connections between hosts, never loose datagrams.
//!
//! The problem: a cluster's failures look the way they do because of TCP. A cut does not lose
//! messages, it delays them; a one-way cut stops both ways; a dead process refuses, a dead machine
//! is silent; the news of a promotion is 40 ms late because of two innocent defaults.
//!
//! The idea: connections have ends ([`super::connection`]), each direction is a pipe that knows
//! when its segments arrive ([`super::pipe`]), and hosts are joined by paths that may be cut or
//! slow ([`super::paths`]). This file puts them together: send, close; the arrival of what was
//! sent; and what happens to connections when paths, processes and machines change.

mod opening;

use std::collections::VecDeque;
use std::sync::Arc;

use super::connection::{Connection, End, EndState, Key, Place, Side, Table};
use super::event::{Hold, Loss, What};
use super::paths::{Delay, Filter, HostState, Paths};
use super::pipe::{Holder, Load, Passage, Retried, Road, Segment, Way};
use super::queue::{Due, NetDue, Queue};
use super::yard::Yard;
use crate::node::{Input, Packet};
use crate::words::{ActorId, Addr, ConnId, EventId, Span};

/// What the network tells the world.
#[derive(Clone, Debug)]
pub enum Output {
    /// An input for an actor; `peer` is at the other end, `cause` the event that sent it.
    Arrival { to: ActorId, peer: Option<ActorId>, input: Input, cause: Option<EventId> },
    /// A segment was swallowed, or a message filtered out.
    Lost { from: ActorId, to: ActorId, what: What, why: Loss, cause: EventId },
    /// A segment has to wait at its sender.
    Held { from: ActorId, to: ActorId, what: What, why: Hold, cause: EventId },
}

/// All connections, hosts and paths.
#[derive(Clone, Debug)]
pub struct Network {
    paths: Paths,
    tables: Vec<Arc<Table>>,
    /// All that was sent and has not arrived.
    yard: Yard,
    /// How many connections each actor has accepted.
    accepted: Vec<u32>,
    out: VecDeque<Output>,
}

impl Network {
    pub fn new(seed: u64, delay: Delay) -> Network {
        Network {
            paths: Paths::new(seed, delay),
            tables: Vec::new(),
            yard: Yard::default(),
            accepted: Vec::new(),
            out: VecDeque::new(),
        }
    }

    /// Adds a host; its index is one more than the last one's.
    pub fn add_host(&mut self, name: Arc<str>, addr: Option<Addr>) -> ActorId {
        self.tables.push(Arc::default());
        self.accepted.push(0);
        self.paths.add(name, addr)
    }

    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    pub fn paths_mut(&mut self) -> &mut Paths {
        &mut self.paths
    }

    /// Takes out the oldest of what the world was not told yet.
    pub fn next_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Writes a packet; it goes out when it can. Writing to a connection that is closed does
    /// nothing. Returns who is at the other end.
    pub fn send(
        &mut self,
        from: (ActorId, ConnId),
        packet: Packet,
        sent: EventId,
        queue: &mut Queue,
    ) -> Option<ActorId> {
        let place = self.tables[usize::from(from.0.0)].held(from.1)?;
        let (near, far) = find(&mut self.tables, place.key)?.pair_mut(place.side);
        near.pipe.push(Segment { load: Load::Packet(packet), sent }, &mut self.yard);
        let to = far.actor;
        if near.state == EndState::Open {
            let mut road = road(&mut self.paths, place, (near.actor, to), queue);
            let passage = near.pipe.pump(&mut road);
            acknowledge(passage, far, &mut road);
            self.passed(place, passage);
        }
        Some(to)
    }

    /// Who is at the other end of an actor's connection.
    pub fn peer(&self, actor: ActorId, conn: ConnId) -> Option<ActorId> {
        let place = self.tables[usize::from(actor.0)].held(conn)?;
        let connection = self.tables[usize::from(place.key.opener.0)].get(place.key)?;
        Some(connection.end(place.side.other()).actor)
    }

    /// Who is at the other end of an actor's connection, and his name for it.
    pub fn far_end(&self, actor: ActorId, conn: ConnId) -> Option<(ActorId, ConnId)> {
        let place = self.tables[usize::from(actor.0)].held(conn)?;
        let connection = self.tables[usize::from(place.key.opener.0)].get(place.key)?;
        let far = connection.end(place.side.other());
        Some((far.actor, far.conn))
    }

    /// Shows all segments that an actor has written to a connection and that have not arrived.
    pub fn each_under_way(&self, actor: ActorId, conn: ConnId, show: impl FnMut(&Segment)) {
        let Some(place) = self.tables[usize::from(actor.0)].held(conn) else { return };
        let connection = self.tables[usize::from(place.key.opener.0)].get(place.key);
        if let Some(connection) = connection {
            connection.end(place.side).pipe.segments(&self.yard).for_each(show);
        }
    }

    /// How many ends of connections an actor holds.
    pub fn held(&self, actor: ActorId) -> usize {
        self.tables[usize::from(actor.0)].held_count()
    }

    /// Whether an actor has as many connections as one may have.
    pub fn is_full(&self, actor: ActorId) -> bool {
        self.tables[usize::from(actor.0)].is_full()
    }

    /// Closes an end: the other side learns of it when all that was written has arrived.
    pub fn close(&mut self, actor: ActorId, conn: ConnId, closed: EventId, queue: &mut Queue) {
        let Some(place) = self.tables[usize::from(actor.0)].held(conn) else { return };
        self.table(actor).release(conn);
        let Some(connection) = self.connection(place.key) else { return };
        connection.end_mut(place.side).state = EndState::Gone;
        if connection.is_over() {
            return self.forget(place.key);
        }
        let way = prepare(&mut self.tables, &mut self.paths, place, queue);
        if let Some((near, far, mut road)) = way {
            near.pipe.push(Segment { load: Load::Fin, sent: closed }, &mut self.yard);
            let passage = near.pipe.finish(&mut road);
            acknowledge(passage, far, &mut road);
            self.passed(place, passage);
        }
    }

    /// There is no connection any more, and nothing left of what was on it.
    fn forget(&mut self, key: Key) {
        if let Some(mut connection) = self.table(key.opener).remove(key) {
            for side in [Side::Opener, Side::Acceptor] {
                connection.end_mut(side).pipe.clear(&mut self.yard);
            }
        }
    }

    /// The process of this host ends: the kernel closes all its connections.
    pub fn kill(&mut self, actor: ActorId, killed: EventId, queue: &mut Queue) {
        self.paths.set_state(actor, HostState::NoProcess);
        let held = self.tables[usize::from(actor.0)].all_held();
        for (conn, _) in held {
            self.close(actor, conn, killed, queue);
        }
    }

    /// The machine ends: nobody is told.
    pub fn crash(&mut self, actor: ActorId, queue: &mut Queue) {
        self.paths.set_state(actor, HostState::Down);
        let held = self.tables[usize::from(actor.0)].all_held();
        for (conn, place) in held {
            self.table(actor).release(conn);
            let Some(connection) = find(&mut self.tables, place.key) else { continue };
            let (near, far) = connection.pair_mut(place.side);
            near.state = EndState::Gone;
            near.pipe.on_sender_crashed(&mut self.yard);
            far.pipe.on_receiver_crashed(place.across(), queue);
            if connection.is_over() {
                self.forget(place.key);
            }
        }
    }

    /// The machine runs, and a process on it listens.
    pub fn boot(&mut self, actor: ActorId, queue: &mut Queue) {
        let was_down = self.paths.is_down(actor);
        self.paths.set_state(actor, HostState::Up);
        if was_down {
            for peer in 0..self.tables.len() {
                self.after_heal(ActorId(peer as u16), actor, queue);
            }
        }
    }

    /// What goes from one host to another is swallowed from now on, acknowledgements included.
    pub fn cut(&mut self, from: ActorId, to: ActorId, queue: &mut Queue) {
        self.paths.cut(from, to);
        let latency = self.paths.delay(from, to).latency;
        for (_, place) in self.tables[usize::from(to.0)].all_held() {
            if let Some(end) = self.end_towards(place, from) {
                end.pipe.on_way_back_cut(latency, queue.now());
            }
        }
    }

    /// What goes from one host to another arrives again, at its next retransmission.
    pub fn heal(&mut self, from: ActorId, to: ActorId, queue: &mut Queue) {
        self.paths.heal(from, to);
        self.after_heal(from, to, queue);
        self.after_heal(to, from, queue);
    }

    /// What was due to happen here, happens.
    pub fn handle(&mut self, due: NetDue, queue: &mut Queue) {
        match due {
            NetDue::SynArrives(key) => self.on_syn(key, queue),
            NetDue::SynRetry(key) => self.on_syn_retry(key, queue),
            NetDue::Established(key) => self.on_established(key, queue),
            NetDue::Refused(key) => self.on_refused(key),
            NetDue::Arrives(place) => self.on_arrival(place, queue),
            NetDue::Flush(place) => self.pump(place, queue),
            NetDue::Retry(place) => self.on_retry(place, queue),
            NetDue::Reset(place) => self.on_reset(place),
        }
    }

    fn on_arrival(&mut self, place: Place, queue: &mut Queue) {
        let Some(connection) = find(&mut self.tables, place.key) else { return };
        let (near, far) = connection.pair_mut(place.side);
        let Some(segment) = near.pipe.land(&mut self.yard) else { return };
        if far.state == EndState::Gone {
            return self.answer_with_reset(place, queue);
        }
        let (from, to, conn) = (near.actor, far.actor, far.conn);
        match segment.load {
            Load::Packet(packet) => {
                if let Some(filter) = filter(&packet)
                    && self.paths.drops(from, to, filter)
                {
                    let what = What::of(&packet);
                    let (why, cause) = (Loss::Filtered, segment.sent);
                    return self.out.push_back(Output::Lost { from, to, what, why, cause });
                }
                let input = Input::Received { conn, packet };
                self.arrive(to, Some(from), input, Some(segment.sent));
            }
            Load::Fin => {
                self.let_go(place.across());
                self.arrive(to, Some(from), Input::LinkClosed { conn }, Some(segment.sent));
            }
        }
    }

    fn on_retry(&mut self, place: Place, queue: &mut Queue) {
        let way = prepare(&mut self.tables, &mut self.paths, place, queue);
        let Some((end, far, mut road)) = way else { return };
        let holder = match end.state {
            EndState::Gone => Holder::Nobody,
            EndState::Open | EndState::Connecting { .. } => Holder::Process,
        };
        let is_alone = far.state == EndState::Gone;
        match end.pipe.retry(holder, &mut road) {
            Retried::Void | Retried::Again => {}
            Retried::Resumed(Passage::Idle) if is_alone => self.answer_with_reset(place, queue),
            Retried::Resumed(passage) => {
                acknowledge(passage, far, &mut road);
                self.passed(place, passage);
            }
            Retried::GaveUp => self.on_reset(place),
        }
    }

    /// This end learns that the connection does not exist.
    fn on_reset(&mut self, place: Place) {
        let Some(connection) = self.connection(place.key) else { return };
        let end = connection.end(place.side);
        let (actor, conn, state) = (end.actor, end.conn, end.state);
        let peer = connection.end(place.side.other()).actor;
        self.let_go(place);
        if state != EndState::Gone {
            self.arrive(actor, Some(peer), Input::LinkClosed { conn }, None);
        }
    }

    /// A segment has come to where there is no such connection.
    fn answer_with_reset(&mut self, place: Place, queue: &mut Queue) {
        let Some((from, to)) = self.route(place) else { return };
        if self.paths.way(to, from) == Way::Open {
            let at = queue.now() + self.draw(to, from);
            queue.push(at, Due::Net(NetDue::Reset(place)));
        }
    }

    /// Nobody holds this end any more.
    fn let_go(&mut self, place: Place) {
        let Some(connection) = self.connection(place.key) else { return };
        let end = connection.end_mut(place.side);
        end.state = EndState::Gone;
        let (actor, conn) = (end.actor, end.conn);
        let is_over = connection.is_over();
        self.table(actor).release(conn);
        if is_over {
            self.forget(place.key);
        }
    }

    fn pump(&mut self, place: Place, queue: &mut Queue) {
        let way = prepare(&mut self.tables, &mut self.paths, place, queue);
        if let Some((near, far, mut road)) = way {
            let passage = near.pipe.pump(&mut road);
            acknowledge(passage, far, &mut road);
            self.passed(place, passage);
        }
    }

    /// What does not get through is worth a note.
    fn passed(&mut self, place: Place, passage: Passage) {
        match passage {
            Passage::Idle | Passage::Sent { .. } => {}
            Passage::Held => self.note_held(place, Hold::Nagle),
            Passage::Behind => self.note_held(place, Hold::Retransmission),
            Passage::Lost => self.note_lost(place),
        }
    }

    fn note_held(&mut self, place: Place, why: Hold) {
        if let Some((from, to)) = self.route(place)
            && let Some((what, cause)) = self.last_waiting(place)
        {
            self.out.push_back(Output::Held { from, to, what, why, cause });
        }
    }

    fn note_lost(&mut self, place: Place) {
        if let Some((from, to)) = self.route(place)
            && let Some((what, cause)) = self.last_waiting(place)
        {
            let is_cut = self.paths.is_cut(from, to);
            let why = if is_cut { Loss::Cut } else { Loss::MachineDown };
            self.out.push_back(Output::Lost { from, to, what, why, cause });
        }
    }

    fn last_waiting(&self, place: Place) -> Option<(What, EventId)> {
        let connection = self.tables[usize::from(place.key.opener.0)].get(place.key)?;
        let segment = connection.end(place.side).pipe.last_waiting(&self.yard)?;
        match &segment.load {
            Load::Packet(packet) => Some((What::of(packet), segment.sent)),
            Load::Fin => Some((What::End, segment.sent)),
        }
    }

    /// Pipes from `to` back to `from` may hear of what arrived long ago.
    fn after_heal(&mut self, from: ActorId, to: ActorId, queue: &mut Queue) {
        if self.paths.way(from, to) == Way::Shut || self.paths.way(to, from) == Way::Shut {
            return;
        }
        for (_, place) in self.tables[usize::from(from.0)].all_held() {
            if let Some(end) = self.end_towards(place, to) {
                end.pipe.on_healed(place, queue);
            }
        }
    }

    /// This end, if it is open and the other one is at `peer`.
    fn end_towards(&mut self, place: Place, peer: ActorId) -> Option<&mut End> {
        let connection = self.connection(place.key)?;
        let is_there = connection.end(place.side.other()).actor == peer;
        let end = connection.end_mut(place.side);
        (is_there && end.state == EndState::Open).then_some(end)
    }

    fn draw(&mut self, from: ActorId, to: ActorId) -> Span {
        let delay = self.paths.delay(from, to);
        let jitter = self.paths.dice(from, to).below(delay.jitter.micros() + 1);
        delay.latency + Span::from_micros(jitter)
    }

    fn route(&self, place: Place) -> Option<(ActorId, ActorId)> {
        let connection = self.tables[usize::from(place.key.opener.0)].get(place.key)?;
        Some((connection.end(place.side).actor, connection.end(place.side.other()).actor))
    }

    fn arrive(&mut self, to: ActorId, peer: Option<ActorId>, input: Input, cause: Option<EventId>) {
        self.out.push_back(Output::Arrival { to, peer, input, cause });
    }

    fn connection(&mut self, key: Key) -> Option<&mut Connection> {
        find(&mut self.tables, key)
    }

    fn table(&mut self, actor: ActorId) -> &mut Table {
        Arc::make_mut(&mut self.tables[usize::from(actor.0)])
    }
}

fn find(tables: &mut [Arc<Table>], key: Key) -> Option<&mut Connection> {
    Arc::make_mut(&mut tables[usize::from(key.opener.0)]).get_mut(key)
}

/// The end at this place, the one across, and the road between them.
fn prepare<'a>(
    tables: &'a mut [Arc<Table>],
    paths: &'a mut Paths,
    place: Place,
    queue: &'a mut Queue,
) -> Option<(&'a mut End, &'a mut End, Road<'a>)> {
    let (near, far) = find(tables, place.key)?.pair_mut(place.side);
    let road = road(paths, place, (near.actor, far.actor), queue);
    Some((near, far, road))
}

/// The road from one host to another, as it is now.
fn road<'a>(
    paths: &'a mut Paths,
    place: Place,
    (from, to): (ActorId, ActorId),
    queue: &'a mut Queue,
) -> Road<'a> {
    let Delay { latency, jitter } = paths.delay(from, to);
    let back_latency = paths.delay(to, from).latency;
    let (forward, back) = (paths.way(from, to), paths.way(to, from));
    let dice = paths.dice(from, to);
    Road { place, forward, back, latency, jitter, back_latency, dice, queue }
}

/// Data that gets through carries an acknowledgement of what came the other way.
fn acknowledge(passage: Passage, far: &mut End, road: &mut Road<'_>) {
    if let Passage::Sent { arrival } = passage {
        far.pipe.acknowledge(arrival, road.place.across(), road.queue);
    }
}

/// What a filter of single messages may look for in a packet.
fn filter(packet: &Packet) -> Option<Filter> {
    match packet {
        Packet::Bus(message) => Some(Filter::Bus(message.kind())),
        Packet::Replication(_) => Some(Filter::Replication),
        Packet::Client(_) => None,
    }
}

#[cfg(test)]
mod tests;
