//! An event: something that happened, when, to whom, and because of what.
//!
//! Ids are counted per owner whether or not anybody records them, so that a replay gives every
//! event the name that it had. A cause is an earlier event; a fact without one was noticed by a
//! timer. Events are many, so they are small: what is large or rare lies in a box, and of a message
//! there is a summary.

use serde::{Deserialize, Serialize};

use super::client::ClientNote;
use super::hazard::Hazard;
use crate::node::{Body, Fact, Kind, Message, Packet, Part, Service};
use crate::words::{ActorId, ConnId, EventId, NodeId, Time};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: EventId,
    /// The world's time.
    pub at: Time,
    pub cause: Option<EventId>,
    /// Of an arrival: whether the receiver noted anything that is not a "no".
    pub changed: bool,
    pub kind: EventKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// What the person did.
    Step(Box<str>),
    /// What the person did made no sense here; the hint says what would.
    Refused(Box<str>),
    Life(Life),
    Connecting {
        conn: ConnId,
        to: Option<ActorId>,
        service: Service,
    },
    Accepted {
        conn: ConnId,
        from: Option<ActorId>,
        service: Service,
    },
    LinkUp {
        conn: ConnId,
        to: Option<ActorId>,
    },
    LinkRefused {
        conn: ConnId,
    },
    /// The other side has closed or reset the connection.
    LinkClosed {
        conn: ConnId,
        by: Option<ActorId>,
    },
    /// The owner of the event has closed it.
    Closed {
        conn: ConnId,
        to: Option<ActorId>,
    },
    Sent {
        conn: ConnId,
        to: Option<ActorId>,
        what: What,
    },
    Received {
        conn: ConnId,
        from: Option<ActorId>,
        what: What,
    },
    /// On the way; an event of the network.
    Lost {
        from: ActorId,
        to: ActorId,
        what: What,
        why: Loss,
    },
    /// At the sender, for a while; an event of the network.
    Held {
        from: ActorId,
        to: ActorId,
        what: What,
        why: Hold,
    },
    Fact(Box<Fact>),
    Client(Box<ClientNote>),
    /// What Redis permits and nobody wants; an event of the world.
    Hazard(Box<Hazard>),
}

/// What became of a process, or its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    Started,
    /// Its nodes.conf could not be read.
    Failed,
    /// It ended of its own accord.
    Exited,
    Killed,
    Crashed,
    Paused,
    Resumed,
}

/// A packet in short.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A message without a subject; the epoch is the sender's current one.
    Bus { kind: Kind, epoch: u32 },
    /// A message about a third node; the epoch is that of the news.
    News(Box<News>),
    /// Part of the replication stream: its name, and the offset it speaks of.
    Replication { part: ReplicationPart, offset: u64 },
    /// This many bytes between a client and a server.
    Client { bytes: u32 },
    /// The end of the stream.
    End,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct News {
    pub kind: Kind,
    pub about: NodeId,
    pub epoch: u64,
}

/// The kinds of [`Part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicationPart {
    Ping,
    Pong,
    Auth,
    Denied,
    NoStream,
    Port,
    Capa,
    Ok,
    Newline,
    Psync,
    FullResync,
    Snapshot,
    Continue,
    Command,
    Ack,
}

/// Why a segment did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// It will be sent again.
    Cut,
    /// It will be sent again.
    MachineDown,
    /// A filter took this one message out; it is gone.
    Filtered,
}

/// Why a segment waits at its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    /// An earlier small segment is not acknowledged yet.
    Nagle,
    /// An earlier segment is being sent again.
    Retransmission,
}

impl EventKind {
    /// Whether this is traffic, which only a full trace keeps.
    pub fn is_traffic(&self) -> bool {
        matches!(self, EventKind::Sent { .. } | EventKind::Received { .. } | EventKind::Held { .. })
    }

    /// How many bytes lie outside of the event itself, roughly.
    pub fn heap_bytes(&self) -> usize {
        match self {
            EventKind::Step(text) | EventKind::Refused(text) => text.len(),
            EventKind::Fact(_) => size_of::<Fact>(),
            EventKind::Hazard(_) => size_of::<Hazard>(),
            EventKind::Client(note) => {
                let args: &[_] = match &**note {
                    ClientNote::Asked { args, .. } => args,
                    _ => &[],
                };
                size_of::<ClientNote>() + args.iter().map(|arg| arg.len() + 32).sum::<usize>()
            }
            EventKind::Sent { what, .. }
            | EventKind::Received { what, .. }
            | EventKind::Lost { what, .. }
            | EventKind::Held { what, .. } => match what {
                What::News(_) => size_of::<News>(),
                What::Bus { .. } | What::Replication { .. } | What::Client { .. } | What::End => 0,
            },
            EventKind::Life(_)
            | EventKind::Connecting { .. }
            | EventKind::Accepted { .. }
            | EventKind::LinkUp { .. }
            | EventKind::LinkRefused { .. }
            | EventKind::LinkClosed { .. }
            | EventKind::Closed { .. } => 0,
        }
    }
}

impl What {
    pub fn of(packet: &Packet) -> What {
        match packet {
            Packet::Bus(message) => What::of_bus(message),
            Packet::Replication(part) => What::of_part(part),
            Packet::Client(bytes) => What::Client { bytes: small(bytes.len() as u64) },
        }
    }

    fn of_bus(message: &Message) -> What {
        let kind = message.kind();
        let news = |about, epoch| What::News(Box::new(News { kind, about, epoch }));
        match &message.body {
            Body::Fail(about) => news(*about, message.header.current_epoch),
            Body::Update(update) => news(update.id, update.config_epoch),
            Body::Ping(_)
            | Body::Pong(_)
            | Body::Meet(_)
            | Body::AuthRequest
            | Body::AuthAck
            | Body::MfStart
            | Body::Publish(_)
            | Body::PublishShard(_) => {
                What::Bus { kind, epoch: small(message.header.current_epoch) }
            }
        }
    }

    fn of_part(part: &Part) -> What {
        let (part, offset) = match part {
            Part::Ping => (ReplicationPart::Ping, 0),
            Part::Pong => (ReplicationPart::Pong, 0),
            Part::Auth(_) => (ReplicationPart::Auth, 0),
            Part::Denied => (ReplicationPart::Denied, 0),
            Part::NoStream => (ReplicationPart::NoStream, 0),
            Part::Port { .. } => (ReplicationPart::Port, 0),
            Part::Capa => (ReplicationPart::Capa, 0),
            Part::Ok => (ReplicationPart::Ok, 0),
            Part::Newline => (ReplicationPart::Newline, 0),
            Part::Psync { want } => (ReplicationPart::Psync, want.map_or(0, |(_, offset)| offset)),
            Part::FullResync { offset, .. } => (ReplicationPart::FullResync, *offset),
            Part::Snapshot { offset, .. } => (ReplicationPart::Snapshot, *offset),
            Part::Continue { .. } => (ReplicationPart::Continue, 0),
            Part::Commands(entries) => {
                (ReplicationPart::Command, entries.last().map_or(0, |entry| entry.end))
            }
            Part::Ack { offset } => (ReplicationPart::Ack, *offset),
        };
        What::Replication { part, offset }
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_fits_in_64_bytes() {
        assert!(size_of::<Event>() <= 64, "{}", size_of::<Event>());
    }
}
