//! The connections of one client, and the bytes that wait on them for the rest of a reply.

use bytes::{Bytes, BytesMut};

use super::port::{ClientEffect, Endpoint};
use super::push::Listening;
use crate::data::{Reply, decode_reply};
use crate::words::ConnId;

/// A connection that the client opened.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub conn: ConnId,
    pub to: Endpoint,
    pub state: LinkState,
    /// What it subscribed to there.
    listening: Listening,
    /// What came and is not yet a whole reply.
    rest: BytesMut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    Opening,
    Open,
}

/// All connections of a client, in the order in which they were opened.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    list: Vec<Link>,
    opened: u32,
}

impl Links {
    pub fn to(&self, node: Endpoint) -> Option<&Link> {
        self.list.iter().find(|link| link.to == node)
    }

    pub fn open(&mut self, to: Endpoint, out: &mut Vec<ClientEffect>) {
        let conn = ConnId(self.opened);
        self.opened += 1;
        let (state, listening) = (LinkState::Opening, Listening::default());
        self.list.push(Link { conn, to, state, listening, rest: BytesMut::new() });
        out.push(ClientEffect::Connect { conn, to });
    }

    /// The connection is established; to whom.
    pub fn on_up(&mut self, conn: ConnId) -> Option<Endpoint> {
        let link = self.list.iter_mut().find(|link| link.conn == conn)?;
        link.state = LinkState::Open;
        Some(link.to)
    }

    /// Forgets a connection that is gone already; it was to whom.
    pub fn forget(&mut self, conn: ConnId) -> Option<Endpoint> {
        let place = self.list.iter().position(|link| link.conn == conn)?;
        Some(self.list.remove(place).to)
    }

    /// Closes the connection to a node, if there is one.
    pub fn close(&mut self, node: Endpoint, out: &mut Vec<ClientEffect>) {
        if let Some(place) = self.list.iter().position(|link| link.to == node) {
            out.push(ClientEffect::Close { conn: self.list.remove(place).conn });
        }
    }

    /// Closes the connections to all nodes but one.
    pub fn close_others(&mut self, node: Endpoint, out: &mut Vec<ClientEffect>) {
        self.list.retain(|link| {
            if link.to != node {
                out.push(ClientEffect::Close { conn: link.conn });
            }
            link.to == node
        });
    }

    pub fn listening(&self, conn: ConnId) -> Listening {
        let link = self.list.iter().find(|link| link.conn == conn);
        link.map_or_else(Listening::default, |link| link.listening)
    }

    /// The connection is new again, or about to end.
    pub fn stop_listening(&mut self, conn: ConnId) {
        if let Some(link) = self.list.iter_mut().find(|link| link.conn == conn) {
            link.listening = Listening::default();
        }
    }

    /// Takes in what a confirmation says of subscriptions.
    pub fn hear(&mut self, conn: ConnId, reply: &Reply) {
        if let Some(link) = self.list.iter_mut().find(|link| link.conn == conn) {
            link.listening.hear(reply);
        }
    }

    /// Takes bytes in; who sent them.
    pub fn take_in(&mut self, conn: ConnId, bytes: Bytes) -> Option<Endpoint> {
        let link = self.list.iter_mut().find(|link| link.conn == conn)?;
        link.rest.extend_from_slice(&bytes);
        Some(link.to)
    }

    /// The next whole reply of a connection. Bytes that are no reply are dropped with the rest: a
    /// server never sends any.
    pub fn next_reply(&mut self, conn: ConnId) -> Option<Reply> {
        let link = self.list.iter_mut().find(|link| link.conn == conn)?;
        match decode_reply(&mut link.rest) {
            Ok(reply) => reply,
            Err(_) => {
                link.rest.clear();
                None
            }
        }
    }
}
