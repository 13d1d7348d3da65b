//! The turns of a process that goes on after it has stood still.
//!
//! The problem: while a process is paused or busy, its timer falls due and a lot arrives. In which
//! order it takes that in decides what it believes next.
//!
//! The rule (Redis 7.0, `ae.c: aeProcessEvents`; seen with strace): first the timer, since a wait
//! that a signal ends brings nothing to read. Then one connection after the other, in the order in
//! which the first thing came on each, as much as is there. New connections are accepted in the
//! same turn, and read in the next. What the cluster asks for (an election, the state, nodes.conf)
//! is done once, at the end of a turn; what that leaves to do (an election that need not wait) is
//! done in the next, which follows at once.
//!
//! How we differ: a process that did not stand still takes in one thing at a time, and each is a
//! turn of its own.

use super::World;
use super::actor::{Missed, Server, Waiting};
use super::queue::Due;
use super::trace::Trace;
use crate::node::{Input, Left, Node, Service};
use crate::words::{ActorId, ConnId, EventId, Span};

/// How long a turn takes: hardly any time, but some.
const TURN: Span = Span::from_micros(1);

/// What a process looks at in a turn: a connection, or one of its two listening ports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Port(Service),
    Conn(Option<ConnId>),
}

impl Source {
    fn of(waiting: &Waiting) -> Source {
        match waiting.input {
            Input::Accepted { service, .. } => Source::Port(service),
            _ => Source::Conn(waiting.input.conn()),
        }
    }
}

impl World {
    /// A process that runs again takes in what it has missed; `because` is why it runs.
    pub(super) fn catch_up(
        &mut self,
        actor: ActorId,
        missed: Missed,
        because: Option<EventId>,
        trace: &mut Trace,
    ) {
        if missed.tick
            && let Some(incarnation) = self.server(actor).map(|server| server.incarnation)
        {
            self.tick(actor, incarnation, trace);
        }
        let [known, accepted] = turns(missed.inbox);
        self.take_turn(actor, known, because, trace);
        if !accepted.is_empty() {
            self.take_turn(actor, accepted, because, trace);
        }
    }

    /// The loop of a process turns again, since this event has left it more to do; what it says
    /// then is said later than what it said before.
    pub(super) fn want_turn(&mut self, actor: ActorId, because: Option<EventId>) {
        let at = self.now() + TURN;
        let Some(server) = self.server_mut(actor) else { return };
        server.left_by = because;
        let incarnation = server.incarnation;
        self.queue.push(at, Due::Turn { actor, incarnation });
    }

    /// One that stands still by now will do what is left when it goes on.
    pub(super) fn turn_again(&mut self, actor: ActorId, incarnation: u32, trace: &mut Trace) {
        let server = self.server(actor).filter(|server| server.incarnation == incarnation);
        let Some(server) = server.filter(|server| server.is_running()) else { return };
        let because = server.left_by;
        self.let_sleep(actor, because, trace);
    }

    /// One turn. If something in it ends the process or keeps it busy, the rest has to wait.
    fn take_turn(
        &mut self,
        actor: ActorId,
        inputs: Vec<Waiting>,
        mut because: Option<EventId>,
        trace: &mut Trace,
    ) {
        for waiting in inputs {
            if !self.is_running(actor) {
                self.deliver(actor, waiting, trace);
                continue;
            }
            let (event, left) = self.hand_over(actor, waiting, Node::read_one, trace);
            if left == Some(Left::Work) {
                because = event;
            }
        }
        if self.is_running(actor) {
            self.let_sleep(actor, because, trace);
        }
    }

    fn is_running(&self, actor: ActorId) -> bool {
        self.server(actor).is_some_and(Server::is_running)
    }
}

/// What is read in the first turn, source by source, and what in the second: that which came on
/// connections that are accepted in the first.
fn turns(inbox: impl IntoIterator<Item = Waiting>) -> [Vec<Waiting>; 2] {
    let mut accepted = Vec::new();
    let mut turns = [Vec::new(), Vec::new()];
    for waiting in inbox {
        let conn = waiting.input.conn();
        let turn = usize::from(accepted.contains(&conn));
        if let Input::Accepted { .. } = waiting.input {
            accepted.push(conn);
        }
        turns[turn].push(waiting);
    }
    turns.map(by_source)
}

/// The same, source by source, in the order in which each first appears.
fn by_source(inputs: Vec<Waiting>) -> Vec<Waiting> {
    let mut sources: Vec<Source> = Vec::new();
    let mut ranked: Vec<(usize, Waiting)> = Vec::with_capacity(inputs.len());
    for waiting in inputs {
        let source = Source::of(&waiting);
        let rank = sources.iter().position(|&known| known == source).unwrap_or_else(|| {
            sources.push(source);
            sources.len() - 1
        });
        ranked.push((rank, waiting));
    }
    ranked.sort_by_key(|&(rank, _)| rank);
    ranked.into_iter().map(|(_, waiting)| waiting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const IP: Ipv4Addr = Ipv4Addr::LOCALHOST;

    fn up(conn: u32) -> Waiting {
        waiting(Input::LinkUp { conn: ConnId(conn) })
    }

    fn closed(conn: u32) -> Waiting {
        waiting(Input::LinkClosed { conn: ConnId(conn) })
    }

    fn accepted(conn: u32) -> Waiting {
        let (conn, service) = (ConnId(conn), Service::Bus);
        waiting(Input::Accepted { conn, service, from: IP, at: IP })
    }

    fn waiting(input: Input) -> Waiting {
        Waiting { input, peer: None, cause: None }
    }

    /// The connections of each turn, in the order in which they are looked at.
    fn conns(inbox: Vec<Waiting>) -> [Vec<u32>; 2] {
        let name = |waiting: &Waiting| waiting.input.conn().map_or(0, |conn| conn.0);
        turns(inbox).map(|turn| turn.iter().map(name).collect())
    }

    #[test]
    fn one_connection_is_read_after_the_other() {
        let inbox = vec![up(2), up(1), closed(2), up(3), closed(1)];
        assert_eq!(conns(inbox), [vec![2, 2, 1, 1, 3], vec![]]);
    }

    #[test]
    fn a_new_connection_is_read_in_the_next_turn() {
        let inbox = vec![up(1), accepted(8), closed(8), up(2), accepted(9), closed(9), closed(1)];
        assert_eq!(conns(inbox), [vec![1, 1, 8, 9, 2], vec![8, 9]]);
    }
}
