//! The door for programs outside of the simulation: real clients, on real sockets.
//!
//! The problem: a real client may do anything at any time, and yet a run with real clients must be
//! a run like any other, which rewinds, is saved, and is played again to the same end. The idea:
//! reality is one more client. All connections of real programs are those of one actor, `outside`,
//! through the same network as everybody's. What real programs do is written down with its virtual
//! time, as an entry of the script; what reaches them is put into an outbox, which is no part of
//! the present: a clone of the world begins with a closed one, so that nobody outside hears the
//! past again when it is played again.
//!
//! The rule: nothing between `outside` and a node takes time, unless somebody makes it slow. It
//! notes nothing but redirects: a redirect is what a person wants to see of a real client, and it
//! is rare; single calls are not noted, since there may be a hundred thousand in a second.
//!
//! Simplified: a line of a reply that looks exactly like a redirect is taken for one, also in the
//! middle of a value.

use std::net::{Ipv4Addr, SocketAddrV4};

use bytes::Bytes;

use super::actor::{Waiting, Who, client_input};
use super::client::{ClientInput, ClientNote, SentOn, Timing, redirect};
use super::event::Event;
use super::perform::arrival;
use super::step::{Party, Port};
use super::trace::Trace;
use super::{EventKind, World};
use crate::data::Reply;
use crate::node::{Packet, Service};
use crate::words::{ActorId, ConnId, EventId};

/// How much of what is received is looked through for redirects.
const LOOKED_AT_MAX: usize = 16 << 10;

/// What a program outside of the simulation does. Connections are counted by whoever opens them,
/// upwards from 0; no number is used twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    Open {
        conn: ConnId,
        to: Port,
    },
    /// What one read from the socket gave.
    Send {
        conn: ConnId,
        bytes: Bytes,
    },
    Close {
        conn: ConnId,
    },
}

/// What reaches a program outside of the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Up { conn: ConnId },
    Refused { conn: ConnId },
    Received { conn: ConnId, bytes: Bytes },
    Closed { conn: ConnId },
}

/// The one actor that all programs outside are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    pub(super) actor: ActorId,
    /// The least number that a new connection may have.
    next: u32,
}

/// What has reached programs outside and was not taken yet. It is gathered only where somebody
/// takes it: a clone gathers nothing.
#[derive(Debug, Default)]
pub(super) enum Outbox {
    #[default]
    Closed,
    Open(Vec<News>),
}

impl Clone for Outbox {
    fn clone(&self) -> Outbox {
        Outbox::Closed
    }
}

impl World {
    /// The actor that stands for all programs outside, if there ever was one.
    pub fn outside(&self) -> Option<ActorId> {
        self.door.map(|door| door.actor)
    }

    /// How many connections programs outside have open, or are opening.
    pub fn outside_connections(&self) -> usize {
        self.outside().map_or(0, |actor| self.network.held(actor))
    }

    /// Gathers from now on what reaches programs outside.
    pub(super) fn open_outbox(&mut self) {
        if let Outbox::Closed = self.outbox {
            self.outbox = Outbox::Open(Vec::new());
        }
    }

    /// Moves what has reached programs outside to the end of `news`.
    pub(super) fn take_news(&mut self, news: &mut Vec<News>) {
        if let Outbox::Open(gathered) = &mut self.outbox {
            news.append(gathered);
        }
    }

    /// Does what a program outside did, and lets happen all that is due at this very moment.
    pub(super) fn do_outside(&mut self, what: &Outside, trace: &mut Trace) {
        match what {
            Outside::Open { conn, to } => self.open_outside(*conn, *to, trace),
            Outside::Send { conn, bytes } => {
                if let Some(actor) = self.outside() {
                    self.send(actor, *conn, Packet::Client(bytes.clone()), None, trace);
                }
            }
            Outside::Close { conn } => {
                if let Some(actor) = self.outside() {
                    self.close(actor, *conn, None, trace);
                }
            }
        }
        self.drain_network(trace);
        self.run_until(self.now(), trace);
    }

    /// Opens a connection, if its number is a new one and there is room for one more.
    fn open_outside(&mut self, conn: ConnId, to: Port, trace: &mut Trace) {
        let actor = self.make_door();
        let Some(door) = self.door.as_mut().filter(|door| conn.0 >= door.next) else { return };
        if conn.is_accepted() {
            return;
        }
        door.next = conn.0 + 1;
        if self.network.is_full(actor) {
            return self.tell_outside(News::Refused { conn });
        }
        let to = (Ipv4Addr::LOCALHOST, to.number());
        self.connect(actor, conn, to, Service::Client, None, trace);
    }

    /// The actor of all programs outside, which comes to be when it is first needed.
    fn make_door(&mut self) -> ActorId {
        if let Some(door) = self.door {
            return door.actor;
        }
        let actor = self.add_user(Party::OUTSIDE, Who::Outside);
        self.network.paths_mut().bring_near(actor);
        self.door = Some(Door { actor, next: 0 });
        actor
    }

    /// Who is at this end of a path.
    pub(super) fn party(&mut self, party: Party) -> Result<ActorId, String> {
        match party {
            Party::Node(port) => self.there(port),
            Party::Outside => Ok(self.make_door()),
        }
    }

    /// Puts what the network brings into the outbox.
    pub(super) fn deliver_outside(&mut self, to: ActorId, waiting: Waiting, trace: &mut Trace) {
        let Waiting { input, peer, cause } = waiting;
        let kind = arrival(&input, peer, trace);
        let Some(input) = client_input(input) else { return };
        let id = self.next_id(to);
        let redirects = match &input {
            ClientInput::Received { bytes, .. } => redirects(bytes, self.endpoint(peer)),
            _ => Vec::new(),
        };
        if let Some(kind) = kind {
            let changed = !redirects.is_empty();
            trace.push(Event { id, at: self.now(), cause, changed, kind });
        }
        for sent_on in redirects {
            self.note_redirect(to, id, sent_on, trace);
        }
        match input {
            ClientInput::LinkUp { conn } => self.tell_outside(News::Up { conn }),
            ClientInput::LinkRefused { conn } => self.tell_outside(News::Refused { conn }),
            ClientInput::LinkClosed { conn } => self.tell_outside(News::Closed { conn }),
            ClientInput::Received { conn, bytes } => {
                self.tell_outside(News::Received { conn, bytes });
            }
            ClientInput::Ask(_) | ClientInput::Wake => {}
        }
    }

    fn tell_outside(&mut self, news: News) {
        if let Outbox::Open(gathered) = &mut self.outbox {
            gathered.push(news);
        }
    }

    fn note_redirect(&mut self, actor: ActorId, why: EventId, to: SentOn, trace: &mut Trace) {
        let SentOn { kind, slot, to, host } = to;
        let note = ClientNote::Redirected { kind, slot, to, host, timing: Timing::InTime };
        self.take_in(actor, 5, |digest| note.digest(digest));
        self.happen(actor, Some(why), EventKind::Client(Box::new(note)), trace);
    }

    /// Where a node serves clients.
    fn endpoint(&self, node: Option<ActorId>) -> SocketAddrV4 {
        let addr = node.and_then(|node| self.network.paths().host(node).addr);
        let (ip, port) = addr.map_or((Ipv4Addr::LOCALHOST, 0), |addr| (addr.ip, addr.port));
        SocketAddrV4::new(ip, port)
    }
}

/// The redirects among what a node has sent.
fn redirects(bytes: &Bytes, node: SocketAddrV4) -> Vec<SentOn> {
    let looked_at = &bytes[..bytes.len().min(LOOKED_AT_MAX)];
    if !looked_at.contains(&b'-') {
        return Vec::new();
    }
    let line = |line: &[u8]| {
        let error = line.strip_prefix(b"-")?.strip_suffix(b"\r")?;
        let is_one = error.starts_with(b"MOVED ") || error.starts_with(b"ASK ");
        is_one.then(|| String::from_utf8_lossy(error).into_owned())
    };
    let errors = looked_at.split(|&byte| byte == b'\n').filter_map(line);
    errors.filter_map(|text| redirect(&Reply::error(&text), node)).collect()
}
