//! Letting time pass.

use super::World;
use super::actor::{Process, Waiting};
use super::client::ClientInput;
use super::queue::Due;
use super::trace::Trace;
use crate::node::Input;
use crate::words::{ActorId, Span, Time};

impl World {
    /// Lets the next thing happen, whenever it is due. `None` if nothing ever will.
    pub fn step_once(&mut self, trace: &mut Trace) -> Option<Time> {
        match self.queue.pop()? {
            Due::Tick { actor, incarnation } => self.tick(actor, incarnation, trace),
            Due::Wake { actor } => self.wake(actor, trace),
            Due::Turn { actor, incarnation } => self.turn_again(actor, incarnation, trace),
            Due::Free { actor, incarnation } => self.end_busy(actor, incarnation, trace),
            Due::Net(due) => self.network.handle(due, &mut self.queue),
        }
        self.drain_network(trace);
        Some(self.now())
    }

    /// Lets everything happen that is due up to this time, and moves the clock there.
    pub fn run_until(&mut self, time: Time, trace: &mut Trace) {
        while self.next_at().is_some_and(|next| next <= time) {
            self.step_once(trace);
        }
        self.queue.advance(time);
    }

    pub fn run_for(&mut self, span: Span, trace: &mut Trace) {
        self.run_until(self.now() + span, trace);
    }

    /// The timer of a process fires; one that stands still will notice when it goes on.
    pub(super) fn tick(&mut self, actor: ActorId, incarnation: u32, trace: &mut Trace) {
        let now = self.now();
        let Some(server) = self.server_mut(actor).filter(|s| s.incarnation == incarnation) else {
            return;
        };
        match &mut server.process {
            Process::Ended => return,
            Process::Paused { missed } => {
                missed.tick = true;
                return;
            }
            Process::Busy(busy) => {
                busy.missed.tick = true;
                return;
            }
            Process::Running => {}
        }
        let next = now + server.next_tick();
        self.queue.push(next, Due::Tick { actor, incarnation });
        self.serve(actor, Waiting { input: Input::Tick, peer: None, cause: None }, trace);
    }

    fn wake(&mut self, actor: ActorId, trace: &mut Trace) {
        let now = self.now();
        let Some(user) = self.user_mut(actor) else { return };
        if user.wakes_at.is_some_and(|at| at <= now) {
            user.wakes_at = None;
        }
        self.serve_user(actor, ClientInput::Wake, None, None, trace);
    }
}
