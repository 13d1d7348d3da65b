//! An actor: whoever takes inputs in and answers with effects.
//!
//! Servers and clients are pure state machines with ports of their own; here they get what the
//! world knows about them and they do not: whether the process runs, which incarnation it is, how
//! far its clock is off, what waits while it stands still, when it wants to be woken.

use std::collections::VecDeque;

use super::client::{Client, ClientEffect, ClientInput};
use super::workload::Workload;
use crate::node::{Caused, Input, Node, Packet};
use crate::words::{ActorId, ConnId, Dice, EventId, Span, Time};

/// The period of `serverCron` (hz 10), and how late the timer of a real process is at most.
pub const TICK: Span = Span::from_millis(100);
const TICK_LATE_MAX: u64 = 1_000;

/// A participant of the world.
#[derive(Clone, Debug)]
pub enum Actor {
    Server(Box<Server>),
    User(Box<User>),
}

/// A node, its process and its machine.
#[derive(Clone, Debug)]
pub struct Server {
    pub node: Node,
    pub process: Process,
    /// How many times the process was started before.
    pub incarnation: u32,
    /// What has left it something to do in the next turn of its loop.
    pub left_by: Option<EventId>,
    /// How far its clock is ahead, in microseconds.
    clock_offset: i64,
    timer: Dice,
}

/// Whether the process runs.
#[derive(Clone, Debug)]
pub enum Process {
    Running,
    /// It stands still; what arrives waits, and so does the timer once it is due.
    Paused {
        missed: Missed,
    },
    /// It is in the middle of a call that takes time; what arrives waits.
    Busy(Box<Busy>),
    /// Killed, or the machine crashed: `node` is what it was at its end.
    Ended,
}

/// What a process does when the call that keeps it busy is over.
#[derive(Clone, Debug)]
pub struct Busy {
    /// What it had still to do in answer to the input.
    pub rest: Vec<Caused>,
    /// The input, and the facts noted because of it so far.
    pub input: Option<EventId>,
    pub facts: Vec<Option<EventId>>,
    pub missed: Missed,
    pub until: Time,
    /// The connection on which it waits.
    pub awaits: Option<ConnId>,
}

/// What happens to a process while it stands still.
#[derive(Clone, Debug, Default)]
pub struct Missed {
    /// What has arrived, in order.
    pub inbox: VecDeque<Waiting>,
    /// Whether its timer has fired, once or more.
    pub tick: bool,
}

/// An input that waits for the process to go on.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub input: Input,
    pub peer: Option<ActorId>,
    pub cause: Option<EventId>,
}

/// A client, the many clients of a workload, or all programs outside.
#[derive(Clone, Debug)]
pub struct User {
    pub who: Who,
    /// The earliest wake-up call that is in the queue.
    pub wakes_at: Option<Time>,
}

#[derive(Clone, Debug)]
pub enum Who {
    Client(Client),
    Workload(Workload),
    /// All programs outside of the simulation: what reaches them goes into an outbox.
    Outside,
}

impl Server {
    /// A server whose process starts now. `name` is its port.
    pub fn new(node: Node, seed: u64, name: &str, incarnation: u32, clock_offset: i64) -> Server {
        let timer = Dice::new(seed, &format!("timer {name}"), incarnation);
        let (process, left_by) = (Process::Running, None);
        Server { node, process, incarnation, left_by, clock_offset, timer }
    }

    /// What this node's own clock shows.
    pub fn clock(&self, epoch: Time, now: Time) -> Time {
        Time::from_micros((epoch.micros() + now.micros()).saturating_add_signed(self.clock_offset))
    }

    pub fn clock_offset(&self) -> i64 {
        self.clock_offset
    }

    pub fn jump(&mut self, micros: i64) {
        self.clock_offset = self.clock_offset.saturating_add(micros);
    }

    pub fn is_running(&self) -> bool {
        matches!(self.process, Process::Running)
    }

    /// When the first tick comes, at most `within` from now.
    pub fn first_tick(&mut self, within: Span) -> Span {
        Span::from_micros(self.timer.below(within.micros()))
    }

    pub fn next_tick(&mut self) -> Span {
        TICK + Span::from_micros(self.timer.below(TICK_LATE_MAX + 1))
    }
}

impl User {
    pub fn new(who: Who) -> User {
        User { who, wakes_at: None }
    }

    pub fn handle(&mut self, now: Time, input: ClientInput, out: &mut Vec<ClientEffect>) {
        match &mut self.who {
            Who::Client(client) => client.handle(now, input, out),
            Who::Workload(workload) => workload.handle(now, input, out),
            Who::Outside => {}
        }
    }

    /// When to wake it, if no wake-up call is due by then.
    pub fn new_wake(&mut self) -> Option<Time> {
        let wanted = match &self.who {
            Who::Client(client) => client.wakes_at(),
            Who::Workload(workload) => workload.wakes_at(),
            Who::Outside => None,
        }?;
        if self.wakes_at.is_some_and(|known| known <= wanted) {
            return None;
        }
        self.wakes_at = Some(wanted);
        Some(wanted)
    }
}

/// What the network brings, as a client takes it in; nobody connects to a client, and a client
/// hears nothing but RESP.
pub fn client_input(input: Input) -> Option<ClientInput> {
    match input {
        Input::LinkUp { conn } => Some(ClientInput::LinkUp { conn }),
        Input::LinkRefused { conn } => Some(ClientInput::LinkRefused { conn }),
        Input::LinkClosed { conn } => Some(ClientInput::LinkClosed { conn }),
        Input::Received { conn, packet: Packet::Client(bytes) } => {
            Some(ClientInput::Received { conn, bytes })
        }
        Input::Started
        | Input::Tick
        | Input::GaveUp { .. }
        | Input::Accepted { .. }
        | Input::Received { packet: Packet::Bus(_) | Packet::Replication(_), .. } => None,
    }
}
