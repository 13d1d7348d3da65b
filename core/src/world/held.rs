//! What programs outside have sent and no node has used yet.
//!
//! A program outside can send without end: to a node that stands still, over a path that is cut, or
//! a call that never becomes whole. Whoever has the sockets asks here how much of it lies in the
//! world, and stops reading in time.

use std::collections::VecDeque;

use super::World;
use super::actor::{Process, Waiting};
use super::pipe::{Load, Segment};
use crate::node::{Input, Packet};
use crate::words::{ActorId, ConnId};

/// What was sent on one connection and not used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// On its way, or waiting for a process that stands still.
    pub under_way: u64,
    /// At the node, as a part of a call that is not whole.
    pub unused: u64,
}

impl World {
    /// What a program outside has sent on this connection and no node has used.
    pub fn held_of_outside(&self, conn: ConnId) -> Held {
        let Some((node, there)) =
            self.outside().and_then(|outside| self.network.far_end(outside, conn))
        else {
            return Held::default();
        };
        let outside = self.outside().expect("its connection was found");
        let mut held = Held::default();
        self.network.each_under_way(outside, conn, |segment| held.under_way += size_of(segment));
        self.count_at_node(node, there, &mut held);
        held
    }

    fn count_at_node(&self, node: ActorId, conn: ConnId, held: &mut Held) {
        let Some(server) = self.server(node) else { return };
        let inbox = match &server.process {
            Process::Paused { missed } => Some(&missed.inbox),
            Process::Busy(busy) => Some(&busy.missed.inbox),
            Process::Running => None,
            Process::Ended => return,
        };
        held.under_way += inbox.map_or(0, |inbox| waiting_in(inbox, conn));
        held.unused += server.node.unused_input(conn) as u64;
    }
}

fn waiting_in(inbox: &VecDeque<Waiting>, conn: ConnId) -> u64 {
    let bytes = |waiting: &Waiting| match &waiting.input {
        Input::Received { conn: of, packet: Packet::Client(bytes) } if *of == conn => bytes.len(),
        _ => 0,
    };
    inbox.iter().map(|waiting| bytes(waiting) as u64).sum()
}

fn size_of(segment: &Segment) -> u64 {
    match &segment.load {
        Load::Packet(Packet::Client(bytes)) => bytes.len() as u64,
        Load::Packet(Packet::Bus(_) | Packet::Replication(_)) | Load::Fin => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::{Party, Port, Step, Way};
    use super::super::{Outside, Session, Setup};
    use super::*;
    use bytes::Bytes;

    fn port(number: u16) -> Port {
        Port::new(number).unwrap()
    }

    fn connected(number: u16) -> Session {
        let mut session = Session::new(Setup::default());
        let (conn, to) = (ConnId(0), port(number));
        session.outside(session.now(), Outside::Open { conn, to });
        session
    }

    fn send(session: &mut Session, text: &'static str) -> Held {
        let bytes = Bytes::from_static(text.as_bytes());
        session.outside(session.now(), Outside::Send { conn: ConnId(0), bytes });
        session.world().held_of_outside(ConnId(0))
    }

    #[test]
    fn a_whole_call_is_used_and_a_part_of_one_is_held_by_the_node() {
        let mut session = connected(7000);
        assert_eq!(send(&mut session, "PING\r\n"), Held::default());
        assert_eq!(send(&mut session, "PI"), Held { under_way: 0, unused: 2 });
    }

    #[test]
    fn what_a_process_that_stands_still_was_sent_is_under_way() {
        let mut session = connected(7000);
        session.apply(&Step::Pause(port(7000)));
        send(&mut session, "PING\r\n");
        assert_eq!(send(&mut session, "PING\r\n"), Held { under_way: 12, unused: 0 });
        session.apply(&Step::Resume(port(7000)));
        assert_eq!(session.world().held_of_outside(ConnId(0)), Held::default());
    }

    #[test]
    fn what_a_cut_swallows_is_under_way() {
        let mut session = connected(7000);
        let (from, to) = (Party::Outside, Party::Node(port(7000)));
        session.apply(&Step::Cut { from, to, way: Way::BothWays });
        assert_eq!(send(&mut session, "PING\r\n"), Held { under_way: 6, unused: 0 });
    }
}
