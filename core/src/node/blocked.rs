//! Blocked clients, and WAIT: how many replicas have what I wrote?
//!
//! The problem: a master answers before its replicas have the write. A client for whom that is not
//! enough asks with WAIT how many have it, and is prepared to wait for the answer.
//!
//! The rule (Redis 7.0, `replication.c: waitCommand, processClientsWaitingReplicas`, `blocked.c`,
//! `timeout.c: handleBlockedClientsTimeout`, `server.c: beforeSleep`):
//! 1. If enough replicas acknowledged the client's last write, or inside of a transaction, the
//!    answer is given at once.
//! 2. Otherwise the client is blocked, and before the node sleeps the replicas are asked how far
//!    they are. It is woken by enough acknowledgements, or when its time is over; the answer is the
//!    number of replicas either way. Times are looked at whenever the node wakes.
//! 3. CLIENT UNBLOCK wakes it as if its time were over, or with an error.
//! 4. When the node begins to follow a master, whoever is blocked gets an error and is
//!    disconnected: what it waits for will not come. Calls that a pause put off are not meant.
//!
//! No command here waits for a key, so no blocked client is ever redirected.

use bytes::Bytes;

use super::Node;
use super::client::{Client, Serving};
use super::client_rows::read_timeout;
use super::command::{CONNECTED, wrong_subcommand};
use super::connection::Answer;
use super::port::Effects;
use crate::data::{self, Reply};
use crate::words::ConnId;

/// A client that waits for acknowledgements.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    conn: ConnId,
    replicas: i64,
    offset: u64,
    /// 0 or less: without end.
    until_ms: i64,
}

/// Who is blocked, in the order in which it began.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocked {
    list: Vec<Waiting>,
}

impl Blocked {
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.list.retain(|waiting| waiting.conn != conn);
    }

    fn find(&self, conn: ConnId) -> Option<Waiting> {
        self.list.iter().copied().find(|waiting| waiting.conn == conn)
    }
}

/// WAIT.
pub(super) fn wait(node: &mut Node, conn: ConnId, args: &[Bytes], _: &mut Effects) -> Answer {
    if node.replication.link_phase().is_some() {
        return Reply::error(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 \
             if a replica is configured to be writable (which is not the default) writes to \
             replicas are just local and are not propagated.",
        )
        .into();
    }
    let until_ms = read_timeout(&args[2], node.now_ms());
    let Some(replicas) = data::parse_integer(&args[1]) else {
        return Reply::error("ERR value is not an integer or out of range").into();
    };
    let until_ms = match until_ms {
        Ok(until_ms) => until_ms,
        Err(error) => return error.into(),
    };
    let client = node.client(conn).expect(CONNECTED);
    let offset = client.written();
    let acked = node.replication.acked_by(offset) as i64;
    if acked >= replicas || client.queue().is_some() {
        return Reply::Integer(acked).into();
    }
    node.blocked.list.push(Waiting { conn, replicas, offset, until_ms });
    node.replication.want_acks();
    Answer::Later
}

/// CLIENT UNBLOCK (rule 3).
pub(super) fn unblock(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let as_timeout = match args.get(3) {
        _ if args.len() > 4 => return wrong_subcommand(args),
        None => true,
        Some(word) if word.eq_ignore_ascii_case(b"timeout") => true,
        Some(word) if word.eq_ignore_ascii_case(b"error") => false,
        Some(_) => return Reply::error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
    };
    let Some(id) = data::parse_integer(&args[2]) else {
        return Reply::error("ERR value is not an integer or out of range");
    };
    let waiting = node.find_client(id).and_then(|(conn, _)| node.blocked.find(conn));
    let Some(waiting) = waiting else { return Reply::Integer(0) };
    let reply = if as_timeout {
        Reply::Integer(node.replication.acked_by(waiting.offset) as i64)
    } else {
        Reply::error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    };
    node.wake_with(waiting.conn, &reply);
    Reply::Integer(1)
}

impl Node {
    /// Answers those whose time is over (rule 2).
    pub(super) fn end_waits(&mut self) {
        let now_ms = self.now_ms() as i64;
        self.wake_those(|waiting, _| waiting.until_ms > 0 && waiting.until_ms < now_ms);
    }

    /// Answers those for whom enough replicas acknowledged (rule 2).
    pub(super) fn settle_waits(&mut self) {
        self.wake_those(|waiting, acked| acked >= waiting.replicas);
    }

    fn wake_those(&mut self, ready: impl Fn(&Waiting, i64) -> bool) {
        if self.blocked.list.is_empty() {
            return;
        }
        let mut woken = Vec::new();
        for waiting in &self.blocked.list {
            let acked = self.replication.acked_by(waiting.offset) as i64;
            if ready(waiting, acked) {
                woken.push((waiting.conn, acked));
            }
        }
        for (conn, acked) in woken {
            self.wake_with(conn, &Reply::Integer(acked));
        }
    }

    /// Answers a blocked client, and serves it again before the node sleeps.
    fn wake_with(&mut self, conn: ConnId, reply: &Reply) {
        self.blocked.forget(conn);
        self.reply_to_client(conn, reply);
        if let Some(client) = self.client_mut(conn) {
            client.end_call(&[Bytes::from_static(b"WAIT")]);
        }
        self.wake_client(conn);
    }

    /// Rule 4 (`blocked.c: disconnectAllBlockedClients`).
    pub(super) fn disconnect_blocked_clients(&mut self) {
        let is_blocked = |client: &Client| *client.serving() == Serving::Blocked;
        let blocked = self.clients().filter(|(_, client)| is_blocked(client));
        let blocked: Vec<ConnId> = blocked.map(|(conn, _)| conn).collect();
        let error = Reply::error(
            "UNBLOCKED force unblock from blocking operation, instance state changed (master -> \
             replica?)",
        );
        for conn in blocked {
            self.blocked.forget(conn);
            self.reply_to_client(conn, &error);
            self.close_after_reply(conn);
        }
    }
}
