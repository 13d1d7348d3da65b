//! The port of a node to the world: what comes in, what goes out.
//!
//! A node is a pure state machine, `handle(now, input, effects)`. Timer ticks and packets are one
//! type of input; all that the node does is an effect, and each effect knows which of the facts
//! noted during the same input brought it about.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

use super::bus;
use super::fact::Fact;
use super::stream::{Entry, Part};
use crate::words::{ConnId, Span};

/// Which of a node's two listening ports a connection goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// Commands of clients, and the replication links of replicas.
    Client,
    /// The cluster bus.
    Bus,
}

/// What happens to a node.
#[derive(Clone, Debug)]
pub enum Input {
    /// The process has started.
    Started,
    /// The timer of `serverCron`: every 100 ms.
    Tick,
    /// A connection was accepted from a socket at this address.
    Accepted { conn: ConnId, service: Service, from: Ipv4Addr, at: Ipv4Addr },
    /// A connection that the node opened is established; `at` is its own address on it.
    LinkUp { conn: ConnId },
    /// Nobody listens there.
    LinkRefused { conn: ConnId },
    /// The other side closed, or reset, the connection.
    LinkClosed { conn: ConnId },
    /// Data arrived on a connection.
    Received { conn: ConnId, packet: Packet },
    /// Nothing came on the connection for which the busy process waited.
    GaveUp { conn: ConnId },
}

impl Input {
    /// The connection on which it came.
    pub fn conn(&self) -> Option<ConnId> {
        match *self {
            Input::Started | Input::Tick => None,
            Input::Accepted { conn, .. }
            | Input::LinkUp { conn }
            | Input::LinkRefused { conn }
            | Input::LinkClosed { conn }
            | Input::Received { conn, .. }
            | Input::GaveUp { conn } => Some(conn),
        }
    }
}

/// What one `write` puts on a connection.
#[derive(Clone, Debug)]
pub enum Packet {
    Bus(bus::Shared),
    Replication(Part),
    /// RESP, between a client and a server.
    Client(Bytes),
}

/// What a node does.
#[derive(Clone, Debug)]
pub enum Effect {
    Connect {
        conn: ConnId,
        to: Ipv4Addr,
        port: u16,
        service: Service,
    },
    Send {
        conn: ConnId,
        packet: Packet,
    },
    /// What was to be sent on a link that ended before it left: nothing is done.
    Unsent,
    Close {
        conn: ConnId,
    },
    /// The process does nothing else for so long; what follows in the list is done afterwards. It
    /// reads nothing, but for one connection on which it may wait: what comes there ends the time.
    Busy {
        span: Span,
        awaits: Option<ConnId>,
    },
    Note(Box<Fact>),
    /// There is more to do before the process sleeps, but not in this turn of its loop: it turns
    /// again at once.
    Again,
    /// The process ends of its own accord.
    Exit,
}

/// An effect, and the place in the same list of the fact that brought it about; `None` if the input
/// itself did.
#[derive(Clone, Debug)]
pub struct Caused {
    pub because: Option<usize>,
    pub effect: Effect,
}

/// How many messages that were read are kept for those that are written: some more than are under
/// way at a time.
const SPARES_MAX: usize = 256;

/// The effects of one input, in order; and memory that is used again and again.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    list: Vec<Caused>,
    because: Option<usize>,
    spares: Vec<bus::Shared>,
}

/// The end of a [`Effects::begin`].
#[must_use = "give it to Effects::end"]
pub struct Scope(Option<usize>);

impl Effects {
    /// Notes a fact that brings nothing else about during this input.
    pub fn note(&mut self, fact: Fact) {
        self.push(Effect::Note(Box::new(fact)));
    }

    /// Notes a fact; what follows until [`Effects::end`] happens because of it.
    pub fn begin(&mut self, fact: Fact) -> Scope {
        let before = Scope(self.because);
        let place = self.list.len();
        self.note(fact);
        self.because = Some(place);
        before
    }

    pub fn end(&mut self, scope: Scope) {
        self.because = scope.0;
    }

    pub fn send(&mut self, conn: ConnId, packet: Packet) {
        self.push(Effect::Send { conn, packet });
    }

    /// Sends the next command of the stream to a replica: in one write with those before it, if
    /// nothing was done since but telling replicas.
    pub fn send_entry(&mut self, conn: ConnId, entry: Entry) {
        for caused in self.list.iter_mut().rev() {
            let Effect::Send { conn: to, packet: Packet::Replication(Part::Commands(entries)) } =
                &mut caused.effect
            else {
                break;
            };
            if caused.because != self.because {
                break;
            }
            if *to == conn {
                return entries.push(entry);
            }
        }
        self.send(conn, Packet::Replication(Part::Commands(vec![entry])));
    }

    /// A bus link ends in this turn: what was said on it in the same turn does not leave.
    pub(super) fn take_back(&mut self, conn: ConnId) {
        for Caused { effect, .. } in &mut self.list {
            if matches!(effect, Effect::Send { conn: on, packet: Packet::Bus(_) } if *on == conn) {
                *effect = Effect::Unsent;
            }
        }
    }

    pub fn push(&mut self, effect: Effect) {
        self.list.push(Caused { because: self.because, effect });
    }

    /// Takes the effects out, leaving the memory for the next input.
    pub fn drain(&mut self) -> impl Iterator<Item = Caused> + '_ {
        self.because = None;
        self.list.drain(..)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Effect> + '_ {
        self.list.iter().map(|caused| &caused.effect)
    }

    /// An old ping or pong to write over; nobody else has it.
    pub(super) fn spare(&mut self) -> Option<bus::Shared> {
        self.spares.pop()
    }

    /// A message was read. If it is a ping or pong that nobody else has, its memory, which the
    /// processor has at hand, is that of the next one that is written.
    pub(super) fn recycle(&mut self, mut message: bus::Shared) {
        if self.spares.len() < SPARES_MAX
            && matches!(message.body, bus::Body::Ping(_) | bus::Body::Pong(_))
            && std::sync::Arc::get_mut(&mut message).is_some()
        {
            self.spares.push(message);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether something is to be written to a bus link.
    pub(super) fn speaks_on_bus(&self) -> bool {
        self.iter().any(|it| matches!(it, Effect::Send { packet: Packet::Bus(_), .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(end: u64) -> Entry {
        Entry { args: vec![Bytes::from_static(b"PING")].into(), end }
    }

    /// To whom the writes go, and the offsets in each.
    fn writes(mut effects: Effects) -> Vec<(u32, Vec<u64>)> {
        let write = |caused: Caused| match caused.effect {
            Effect::Send { conn, packet: Packet::Replication(Part::Commands(entries)) } => {
                Some((conn.0, entries.iter().map(|entry| entry.end).collect()))
            }
            _ => None,
        };
        effects.drain().filter_map(write).collect()
    }

    #[test]
    fn commands_of_the_stream_share_a_write_until_something_else_is_done() {
        let mut effects = Effects::default();
        for end in [14, 28] {
            effects.send_entry(ConnId(1), entry(end));
            effects.send_entry(ConnId(2), entry(end));
        }
        effects.send(ConnId(3), Packet::Client(Bytes::new()));
        effects.send_entry(ConnId(1), entry(42));
        let expected = [(1, vec![14, 28]), (2, vec![14, 28]), (1, vec![42])];
        assert_eq!(writes(effects), expected);
    }
}
