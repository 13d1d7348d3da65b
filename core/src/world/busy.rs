//! A process that is busy: the one thread of a server is in the middle of a call.
//!
//! The problem: commands take no time here, but one that a person asks for does: DEBUG SLEEP. The
//! rule (Redis 7.0, `debug.c: debugCommand`): the process reads nothing, answers nothing and lets
//! its timer wait until the call is over; its kernel goes on accepting and acknowledging. Then it
//! answers, and catches up ([`super::turn`]). MIGRATE (`cluster.c: migrateCommand`) is such a
//! call too, but its end is not known: the process waits for one connection, at most so long, and
//! whatever comes there it reads at once.
//!
//! How we differ: what the node does during the rest of the call still shows the time at which the
//! call began.

use super::World;
use super::actor::{Busy, Missed, Process, Waiting};
use super::queue::Due;
use super::trace::Trace;
use crate::node::{Caused, Input};
use crate::words::{ActorId, ConnId, EventId, Span};

/// What is left of the answer to an input.
pub(super) struct Unfinished {
    pub rest: Vec<Caused>,
    pub input: Option<EventId>,
    pub facts: Vec<Option<EventId>>,
}

impl World {
    /// The process does nothing else for so long, but for what comes on a connection. One that
    /// waits already waits on.
    pub(super) fn begin_busy(
        &mut self,
        actor: ActorId,
        (span, awaits): (Span, Option<ConnId>),
        left: Unfinished,
    ) {
        let until = self.now() + span;
        let Some(server) = self.server_mut(actor) else { return };
        let incarnation = server.incarnation;
        if let Process::Busy(busy) = &mut server.process {
            (busy.until, busy.awaits) = (until, awaits);
            if !left.rest.is_empty() {
                do_before(busy, left);
            }
        } else {
            let Unfinished { rest, input, facts } = left;
            let missed = Missed::default();
            let busy = Busy { rest, input, facts, missed, until, awaits };
            server.process = Process::Busy(Box::new(busy));
        }
        self.queue.push(until, Due::Free { actor, incarnation });
    }

    /// What arrives at a busy process waits, unless it is what the process waits for.
    pub(super) fn put_off(&mut self, to: ActorId, waiting: Waiting, trace: &mut Trace) {
        let Some(Busy { missed, awaits, .. }) = self.busy_mut(to) else { return };
        if awaits.is_none() || *awaits != waiting.input.conn() {
            return missed.inbox.push_back(waiting);
        }
        self.hear(to, waiting, trace);
    }

    /// The time of a busy process is over, unless it is busy for longer by now.
    pub(super) fn end_busy(&mut self, actor: ActorId, incarnation: u32, trace: &mut Trace) {
        let now = self.now();
        let server = self.server(actor).filter(|server| server.incarnation == incarnation);
        if server.is_none() {
            return;
        }
        let Some(busy) = self.busy_mut(actor).filter(|busy| busy.until <= now) else { return };
        match busy.awaits {
            Some(conn) => {
                let input = Input::GaveUp { conn };
                self.hear(actor, Waiting { input, peer: None, cause: None }, trace);
            }
            None => self.go_on(actor, trace),
        }
    }

    /// A process that waits hears what it waited for; then it waits on, or goes on.
    fn hear(&mut self, actor: ActorId, waiting: Waiting, trace: &mut Trace) {
        let now = self.now();
        if let Some(busy) = self.busy_mut(actor) {
            (busy.awaits, busy.until) = (None, now);
        }
        self.serve(actor, waiting, trace);
        let is_over = |busy: &mut Busy| busy.awaits.is_none() && busy.until <= now;
        if self.busy_mut(actor).is_some_and(is_over) {
            self.go_on(actor, trace);
        }
    }

    /// The call is over: its answer leaves, then the process catches up.
    fn go_on(&mut self, actor: ActorId, trace: &mut Trace) {
        let Some(server) = self.server_mut(actor) else { return };
        let Process::Busy(busy) = std::mem::replace(&mut server.process, Process::Running) else {
            return;
        };
        let Busy { rest, input, mut facts, missed, .. } = *busy;
        self.perform(actor, input, &mut facts, rest.into_iter(), trace);
        self.catch_up(actor, missed, input, trace);
    }

    fn busy_mut(&mut self, actor: ActorId) -> Option<&mut Busy> {
        match &mut self.server_mut(actor)?.process {
            Process::Busy(busy) => Some(busy),
            Process::Running | Process::Paused { .. } | Process::Ended => None,
        }
    }
}

/// What was heard made the process busy again: the rest of that comes before the rest of the first
/// call. A cause is a place among the facts, so the places of both move.
fn do_before(busy: &mut Busy, left: Unfinished) {
    let Unfinished { rest: mut first, input, facts } = left;
    let known = busy.facts.len();
    // The input of the first call is a cause like a fact.
    busy.facts.push(std::mem::replace(&mut busy.input, input));
    busy.facts.extend(facts);
    let moved = busy.facts.len() - known + first.len();
    for caused in &mut first {
        caused.because = caused.because.map(|place| place + known + 1);
    }
    for mut caused in std::mem::take(&mut busy.rest) {
        caused.because = Some(match caused.because {
            None => known,
            Some(place) if place < known => place,
            Some(place) => place + moved,
        });
        first.push(caused);
    }
    busy.rest = first;
}
