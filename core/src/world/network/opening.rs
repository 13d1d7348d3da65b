//! How a connection comes about.
//!
//! The rules, as Linux has them: connecting takes a SYN there and its answer back. The kernel
//! accepts on behalf of the process, also of one that stands still. If the machine runs but nobody
//! listens, the answer is a refusal. A SYN that gets no answer, because it or the answer is
//! swallowed, is sent again after 1, 3, 7, 15, 31 and 63 seconds, and given up after 127
//! (tcp_syn_retries = 6). What the opener writes meanwhile waits.
//!
//! Simplified: the acceptor hears of the connection with the SYN, not with the acknowledgement of
//! its answer.

use std::net::Ipv4Addr;

use super::super::connection::{Connection, EndState, Key, Place, Side};
use super::super::paths::{Found, Host, HostState};
use super::super::pipe::Way;
use super::super::queue::{Due, NetDue, Queue};
use super::Network;
use crate::node::{Input, Service};
use crate::words::{ActorId, ConnId, EventId, Span};

const SYN_RETRY: Span = Span::from_secs(1);
const SYN_RETRIES_MAX: u8 = 6;

impl Network {
    /// Opens a connection; `opened` is the event of doing so.
    pub fn connect(
        &mut self,
        opener: (ActorId, ConnId),
        to: (Ipv4Addr, u16),
        service: Service,
        opened: EventId,
        queue: &mut Queue,
    ) -> Option<ActorId> {
        let found = self.paths.find(to.0, to.1, service);
        let acceptor = match found {
            Found::Listener(actor) => actor,
            Found::Nobody | Found::Nothing => ActorId::WORLD,
        };
        let connection = Connection::new(opener, acceptor, service, opened);
        let table = self.table(opener.0);
        let key = table.add(opener.0, connection);
        table.hold(opener.1, Place { key, side: Side::Opener });
        match found {
            Found::Listener(actor) => {
                self.send_syn(key, queue);
                return Some(actor);
            }
            Found::Nobody => {
                let delay = self.paths.delay(opener.0, opener.0);
                queue.push(queue.now() + delay.latency * 2, Due::Net(NetDue::Refused(key)));
            }
            Found::Nothing => queue.push(queue.now() + SYN_RETRY, Due::Net(NetDue::SynRetry(key))),
        }
        None
    }

    fn send_syn(&mut self, key: Key, queue: &mut Queue) {
        let Some((from, to)) = self.route(Place { key, side: Side::Opener }) else { return };
        let at = queue.now();
        match self.paths.way(from, to) {
            Way::Open => {
                let arrival = at + self.draw(from, to);
                queue.push(arrival, Due::Net(NetDue::SynArrives(key)));
            }
            Way::Shut => self.wait_for_answer(key, queue),
        }
    }

    /// No answer will come to the SYN sent now: the next is due after a pause that doubles.
    fn wait_for_answer(&mut self, key: Key, queue: &mut Queue) {
        if let Some(connection) = self.connection(key)
            && let EndState::Connecting { retries } = connection.end(Side::Opener).state
        {
            queue.push(queue.now() + SYN_RETRY * (1 << retries), Due::Net(NetDue::SynRetry(key)));
        }
    }

    pub(super) fn on_syn(&mut self, key: Key, queue: &mut Queue) {
        let Some(connection) = self.connection(key) else { return };
        let (service, opened) = (connection.service, connection.opened);
        let (opener, acceptor) =
            (connection.end(Side::Opener).actor, connection.end(Side::Acceptor).actor);
        if self.paths.way(acceptor, opener) == Way::Shut {
            return self.wait_for_answer(key, queue);
        }
        let answer = queue.now() + self.draw(acceptor, opener);
        if self.paths.host(acceptor).state != HostState::Up {
            return queue.push(answer, Due::Net(NetDue::Refused(key)));
        }
        let conn = self.accept_id(acceptor);
        self.table(acceptor).hold(conn, Place { key, side: Side::Acceptor });
        let Some(connection) = self.connection(key) else { return };
        let end = connection.end_mut(Side::Acceptor);
        end.conn = conn;
        end.state = EndState::Open;
        end.pipe.not_before(answer);
        queue.push(answer, Due::Net(NetDue::Established(key)));
        let ip = |host: &Host| host.addr.map_or(Ipv4Addr::LOCALHOST, |addr| addr.ip);
        let from = ip(self.paths.host(opener));
        let at = ip(self.paths.host(acceptor));
        let input = Input::Accepted { conn, service, from, at };
        self.arrive(acceptor, Some(opener), input, Some(opened));
    }

    pub(super) fn on_syn_retry(&mut self, key: Key, queue: &mut Queue) {
        let Some(connection) = self.connection(key) else { return };
        let end = connection.end_mut(Side::Opener);
        let EndState::Connecting { retries } = &mut end.state else { return };
        if *retries >= SYN_RETRIES_MAX {
            return self.on_refused(key);
        }
        *retries += 1;
        match connection.end(Side::Acceptor).actor {
            ActorId::WORLD => self.wait_for_answer(key, queue),
            _ => self.send_syn(key, queue),
        }
    }

    pub(super) fn on_established(&mut self, key: Key, queue: &mut Queue) {
        let Some(connection) = self.connection(key) else { return };
        let (opened, peer) = (connection.opened, connection.end(Side::Acceptor).actor);
        let end = connection.end_mut(Side::Opener);
        if !matches!(end.state, EndState::Connecting { .. }) {
            return;
        }
        end.state = EndState::Open;
        let (actor, conn) = (end.actor, end.conn);
        self.arrive(actor, Some(peer), Input::LinkUp { conn }, Some(opened));
        self.pump(Place { key, side: Side::Opener }, queue);
    }

    pub(super) fn on_refused(&mut self, key: Key) {
        let Some(connection) = self.connection(key) else { return };
        let opened = connection.opened;
        let end = connection.end_mut(Side::Opener);
        let was = std::mem::replace(&mut end.state, EndState::Gone);
        let (actor, conn) = (end.actor, end.conn);
        self.forget(key);
        if was != EndState::Gone {
            self.table(key.opener).release(conn);
            self.arrive(actor, None, Input::LinkRefused { conn }, Some(opened));
        }
    }

    fn accept_id(&mut self, actor: ActorId) -> ConnId {
        let count = &mut self.accepted[usize::from(actor.0)];
        let conn = ConnId(ConnId::ACCEPTED | *count);
        *count = (*count + 1) & !ConnId::ACCEPTED;
        conn
    }
}
