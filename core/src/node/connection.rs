//! Client connections: bytes in, calls run, replies out.
//!
//! The rule (Redis 7.0, `networking.c: processInputBuffer, handleClientsWithPendingWrites,
//! freeClient`): the whole calls of a client are run in order, as long as it is served; a mistake
//! in the protocol is answered, and ends the connection. Replies gather, and leave before the
//! server sleeps, so that several calls sent at once are answered at once. Who is told something by
//! the call of another one hears it in the same moment. A closed client is forgotten by everybody
//! who knew it.

use bytes::Bytes;

use super::Node;
use super::client::{Call, Client, First, Mute, Serving};
use super::links::Conn;
use super::port::{Effect, Effects, Packet};
use super::stats::Stat;
use crate::data::{Limits, Peer, Reply};
use crate::words::ConnId;

/// What a row's function answers to its client.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    One(Reply),
    /// Nothing, now or later.
    Nothing,
    /// The client is blocked, and whoever wakes it answers ([`Node::wake_client`]).
    Later,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        Answer::One(reply)
    }
}

/// The clients to whom something was said or who were woken during this input.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    /// Who has replies that wait to leave, in the order in which the first was given.
    told: Vec<ConnId>,
    /// Who is served again, in the order in which they were woken.
    woken: Vec<ConnId>,
}

impl Node {
    pub(super) fn client(&self, conn: ConnId) -> Option<&Client> {
        match self.conns.get(conn) {
            Some(Conn::FromClient(client)) => Some(client),
            Some(_) | None => None,
        }
    }

    pub(super) fn client_mut(&mut self, conn: ConnId) -> Option<&mut Client> {
        match self.conns.get_mut(conn) {
            Some(Conn::FromClient(client)) => Some(client),
            Some(_) | None => None,
        }
    }

    /// Lets a client in, unless there are too many; links with other nodes count as well
    /// (`networking.c: acceptCommonHandler`).
    pub(super) fn accept_client(
        &mut self,
        conn: ConnId,
        from: std::net::Ipv4Addr,
        out: &mut Effects,
    ) {
        let links = 2 * (self.peers.len() as u64 - 1);
        if self.conns.served() + links >= self.config.clients_max {
            self.stats.count(Stat::Rejected);
            let error = b"-ERR max number of clients + cluster connections reached\r\n";
            out.send(conn, Packet::Client(Bytes::from_static(error)));
            out.push(Effect::Close { conn });
            return;
        }
        self.stats.count(Stat::Connections);
        let (id, login) = (self.number_client(), self.login_of_newcomer());
        let client = Client::new(id, from, login, self.now.seconds());
        self.conns.insert(conn, Conn::FromClient(Box::new(client)));
    }

    /// A number that no client of this process ever had.
    pub(super) fn number_client(&mut self) -> u64 {
        self.clients_numbered += 1;
        self.clients_numbered
    }

    /// Bytes of a client: every whole call in them is run, in order.
    pub(super) fn on_client_bytes(&mut self, conn: ConnId, bytes: &Bytes, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(client) = self.client_mut(conn) else { return };
        client.take_in(bytes, now_s);
        self.stats.count(Stat::Reads);
        self.stats.add(Stat::BytesIn, bytes.len() as u64);
        self.serve_client(conn, out);
        let most = self.config.query_buffer_max;
        let Some(client) = self.client_mut(conn) else { return };
        client.give_memory_back();
        if client.kept() > most {
            self.close_client(conn, out);
        }
    }

    /// How much a client may send in one call.
    fn limits_of(&self, client: &Client) -> Limits {
        let peer = if self.must_log_in(client) { Peer::Unknown } else { Peer::Known };
        Limits { arg_bytes_max: self.config.bulk_max, peer }
    }

    /// Runs a client's calls as long as there are whole ones and it is served.
    fn serve_client(&mut self, conn: ConnId, out: &mut Effects) {
        while let Some(limits) = self.client(conn).map(|client| self.limits_of(client))
            && let Some(client) = self.client_mut(conn)
        {
            match client.next_call(limits) {
                Ok(None) => return,
                Ok(Some(args)) if args.is_empty() => client.end_call(&args),
                Ok(Some(args)) => self.process_call(conn, args, out),
                Err(error) => {
                    let error = Reply::error(format!("ERR {error}"));
                    self.stats.refused(None, &error);
                    self.answer(conn, &error.into());
                    self.close_after_reply(conn);
                }
            }
        }
    }

    /// Brings news to a client, in its protocol, whether or not it wants replies. It leaves before
    /// the node sleeps.
    pub(super) fn send_to_client(&mut self, conn: ConnId, news: &Reply) {
        let Some(client) = self.client_mut(conn) else { return };
        if *client.serving() == Serving::Closes {
            return;
        }
        if client.say(news) == First::Yes {
            self.outbox.told.push(conn);
        }
    }

    /// Replies to a client's call, unless it wants no replies.
    pub(super) fn reply_to_client(&mut self, conn: ConnId, reply: &Reply) {
        if self.wants_replies(conn) {
            self.send_to_client(conn, reply);
        }
    }

    /// Opens a reply that is a list; its parts are given as replies of their own.
    pub(super) fn open_reply(&mut self, conn: ConnId, len: usize) {
        if !self.wants_replies(conn) {
            return;
        }
        if let Some(client) = self.client_mut(conn)
            && client.say_head(len) == First::Yes
        {
            self.outbox.told.push(conn);
        }
    }

    fn wants_replies(&self, conn: ConnId) -> bool {
        let mute = self.client(conn).map(Client::mute);
        matches!(mute, Some(Mute::Never | Mute::Next))
    }

    /// Gives a client what a row answered.
    pub(super) fn answer(&mut self, conn: ConnId, answer: &Answer) {
        match answer {
            Answer::One(reply) => self.reply_to_client(conn, reply),
            Answer::Nothing => {}
            Answer::Later => self.hold_client(conn, Serving::Blocked),
        }
    }

    /// Ends a connection as soon as what was said to the client has left.
    pub(super) fn close_after_reply(&mut self, conn: ConnId) {
        self.hold_client(conn, Serving::Closes);
        self.outbox.told.push(conn);
    }

    fn hold_client(&mut self, conn: ConnId, how: Serving) {
        if let Some(client) = self.client_mut(conn)
            && *client.serving() != Serving::Closes
        {
            client.set_serving(how);
        }
    }

    /// Puts a call off until the clients' pause is over.
    pub(super) fn postpone_client(&mut self, conn: ConnId, call: Call) {
        self.hold_client(conn, Serving::Postponed(call));
        self.pauses.postpone(conn);
    }

    /// Serves a blocked client again before the node sleeps; whoever calls this has answered it.
    pub(super) fn wake_client(&mut self, conn: ConnId) {
        self.outbox.woken.push(conn);
    }

    /// Runs what woken clients have sent meanwhile, a postponed call first
    /// (`blocked.c: processUnblockedClients`).
    pub(super) fn serve_woken_clients(&mut self, out: &mut Effects) {
        if self.outbox.woken.is_empty() {
            return;
        }
        for conn in std::mem::take(&mut self.outbox.woken) {
            let Some(client) = self.client_mut(conn) else { continue };
            match client.set_serving(Serving::Reads) {
                Serving::Postponed(call) => self.process_call(conn, call, out),
                Serving::Closes => self.hold_client(conn, Serving::Closes),
                Serving::Blocked | Serving::Reads => {}
            }
            self.serve_client(conn, out);
        }
    }

    /// Sends what was said to clients, and closes those that are to be closed.
    pub(super) fn flush_clients(&mut self, out: &mut Effects) {
        if self.outbox.told.is_empty() {
            return;
        }
        for conn in std::mem::take(&mut self.outbox.told) {
            let Some(client) = self.client_mut(conn) else { continue };
            let bytes = client.take_output();
            let closes = *client.serving() == Serving::Closes;
            if !bytes.is_empty() {
                self.stats.count(Stat::Writes);
                self.stats.add(Stat::BytesOut, bytes.len() as u64);
                out.send(conn, Packet::Client(bytes));
            }
            if closes {
                self.close_client(conn, out);
            }
        }
    }

    /// Ends a client's connection at once.
    pub(super) fn close_client(&mut self, conn: ConnId, out: &mut Effects) {
        self.on_replica_closed(conn, out);
        self.forget_client(conn);
        out.push(Effect::Close { conn });
    }

    /// A client keeps its connection and its number, and nothing else (`networking.c:
    /// clearClientConnectionState`).
    pub(super) fn renew_client(&mut self, conn: ConnId) {
        self.discard_transaction(conn);
        self.pubsub.forget(conn);
        self.monitors.retain(|&monitor| monitor != conn);
        let login = self.login_of_newcomer();
        if let Some(client) = self.client_mut(conn) {
            client.renew(login);
        }
    }

    /// Every concern that knows of a client forgets it: its connection is gone, or it turned out
    /// to be a replica.
    pub(super) fn forget_client(&mut self, conn: ConnId) {
        self.pauses.forget(conn);
        self.watches.forget(conn);
        self.pubsub.forget(conn);
        self.blocked.forget(conn);
        self.monitors.retain(|&monitor| monitor != conn);
        self.conns.remove(conn);
    }
}
