//! Client connections: bytes in, calls run, bytes out.
//!
//! The rule (Redis 7.0, `networking.c: processInputBuffer`, `server.c: processCommand`), in the
//! order in which a call is checked: is the command known, is its number of arguments right, does
//! this node serve its keys (`redirect`), may a replica write. Only then it runs, and what it
//! changed goes to the replicas.

use std::net::Ipv4Addr;

use bytes::{Bytes, BytesMut};

use super::Node;
use super::command::{self, Command};
use super::links::Conn;
use super::port::{Effect, Effects, Packet};
use super::redirect::Verdict;
use crate::data::{self, Context, Protocol, Reply, Role};
use crate::words::ConnId;

/// A client's connection, as the server keeps it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    ip: Ipv4Addr,
    buffer: BytesMut,
    protocol: Protocol,
    reads: Reads,
}

/// Whether a client accepts the reads of a replica (READONLY, READWRITE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    FromMaster,
    FromReplica,
}

impl Client {
    pub(super) fn new(ip: Ipv4Addr) -> Client {
        let protocol = Protocol::Resp2;
        Client { ip, buffer: BytesMut::new(), protocol, reads: Reads::FromMaster }
    }

    pub(super) fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    pub(super) fn set_reads(&mut self, reads: Reads) {
        self.reads = reads;
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }
}

impl Node {
    /// Bytes of a client: every whole call in them is answered, in order.
    pub(super) fn on_client_bytes(&mut self, conn: ConnId, bytes: &Bytes, out: &mut Effects) {
        let Some(Conn::FromClient(client)) = self.conns.get_mut(conn) else { return };
        let ip = client.ip;
        let mut client = std::mem::replace(client, Box::new(Client::new(ip)));
        client.buffer.extend_from_slice(bytes);
        let mut replies = BytesMut::new();
        let ended = loop {
            match data::decode_call(&mut client.buffer) {
                Ok(None) => break Ok(()),
                Ok(Some(args)) if args.is_empty() => {}
                Ok(Some(args)) => {
                    let reply = self.run_call(&mut client, &args, out);
                    data::encode_reply(&reply, client.protocol, &mut replies);
                }
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = &ended {
            let reply = Reply::error(format!("ERR {error}"));
            data::encode_reply(&reply, client.protocol, &mut replies);
        }
        if !replies.is_empty() {
            out.send(conn, Packet::Client(replies.freeze()));
        }
        if ended.is_err() {
            self.conns.remove(conn);
            out.push(Effect::Close { conn });
        } else if let Some(Conn::FromClient(kept)) = self.conns.get_mut(conn) {
            *kept = client;
        }
    }

    /// One call, from the checks on.
    pub(super) fn run_call(
        &mut self,
        client: &mut Client,
        args: &[Bytes],
        out: &mut Effects,
    ) -> Reply {
        let found = match command::find(args) {
            Ok(found) => found,
            Err(error) => return error,
        };
        let spec = found.spec();
        if let Some(error) = spec.check_arity(args) {
            return error;
        }
        match self.route(spec, args, client.reads) {
            Verdict::Local => {}
            refused => return refused.into_reply(),
        }
        let replica = self.peers.me().is_replica();
        if replica && spec.is_write() {
            return Reply::error("READONLY You can't write against a read only replica.");
        }
        match found {
            Command::Data(row) => {
                let role = if replica { Role::Replica } else { Role::Master };
                let mut context = Context::new(self.now, role);
                let outcome = row.execute(&mut self.keyspace, &mut context, args);
                self.propagate(data::in_transaction(outcome.propagate), out);
                outcome.reply
            }
            Command::Node(row) => (row.run)(self, client, args, out),
        }
    }

    /// A master deletes keys whose time is over, ten times a second.
    pub(super) fn expire_keys(&mut self, out: &mut Effects) {
        const KEYS_PER_TICK: usize = 200;
        if self.peers.me().is_master() {
            let mut context = Context::new(self.now, Role::Master);
            let outcome = data::active_expire(&mut self.keyspace, &mut context, KEYS_PER_TICK);
            self.propagate(outcome.propagate, out);
        }
    }
}
