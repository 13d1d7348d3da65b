//! Transactions: calls that run one after the other with nothing between them.
//!
//! The rule (Redis 7.0, `multi.c: multiCommand, execCommand, discardTransaction, flagTransaction`,
//! `server.c: processCommand, rejectCommand`):
//! 1. After MULTI a call is checked as if it were to run, and queued. One that is refused or
//!    redirected spoils the transaction; what follows is checked and not kept.
//! 2. EXEC is routed for the keys of all queued calls at once, so that two slots are CROSSSLOT here
//!    at the latest. Redirected, it ends the transaction; refused, it ends it with EXECABORT and
//!    the reason.
//! 3. EXEC of a spoilt transaction is EXECABORT; if a watched key changed, it is the null array.
//!    Otherwise all calls run, and a mistake in one of them stops none of the others.
//! 4. What all of them changed goes to the replicas as one transaction, if it is more than one
//!    command. None of them blocks.

use bytes::Bytes;

use super::Node;
use super::call::Served;
use super::client::{Call, Client};
use super::command::{CONNECTED, Command, NodeRow, Run};
use super::connection::Answer;
use super::port::Effects;
use super::redirect::Asked;
use super::watch;
use crate::data::{Flags, Group, KeySpec, KeyUse, Reply, Spec};
use crate::words::ConnId;

/// The calls between MULTI and EXEC.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    calls: Vec<Queued>,
    /// What the arguments of the calls have in bytes.
    bytes: u64,
    fate: Fate,
}

/// A call that waits for EXEC.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    command: Command,
    args: Call,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Sound,
    /// A call was refused.
    Spoilt,
    /// EXEC was said, and what is left waits for a call before it.
    Runs,
}

impl Queue {
    fn new() -> Queue {
        Queue { calls: Vec::new(), bytes: 0, fate: Fate::Sound }
    }

    /// The calls, as they are routed.
    pub(super) fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        self.calls.iter().map(|call| Asked { spec: call.command.spec(), args: &call.args })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn spoil(&mut self) {
        self.fate = Fate::Spoilt;
    }
}

const fn spec(name: &'static str, arity: i32, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::NOSCRIPT
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::FAST)
            .and(Flags::ALLOW_BUSY),
        usage: "",
        summary,
        since: "1.2.0",
        group: Group::Transactions,
        ..Spec::BLANK
    }
}

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow { spec: spec("multi", 1, "Begin to queue calls."), run: Run::Reply(multi) },
    NodeRow {
        spec: Spec {
            flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::SKIP_SLOWLOG),
            ..spec("exec", 1, "Run all queued calls.")
        },
        run: Run::Answer(exec),
    },
    NodeRow {
        spec: Spec { since: "2.0.0", ..spec("discard", 1, "Forget all queued calls.") },
        run: Run::Reply(discard),
    },
    NodeRow {
        spec: Spec {
            usage: "key [key ...]",
            keys: KeySpec::ALL,
            since: "2.2.0",
            uses: &[KeyUse::LOOKS_AT],
            ..spec("watch", -2, "Have EXEC fail if a key changes before it.")
        },
        run: Run::Reply(watch::watch),
    },
    NodeRow {
        spec: Spec { since: "2.2.0", ..spec("unwatch", 1, "Watch no key any more.") },
        run: Run::Reply(watch::unwatch),
    },
];

/// Which commands are run, not queued, inside of a transaction.
pub(super) fn is_run_at_once(name: &str) -> bool {
    matches!(name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

fn multi(node: &mut Node, conn: ConnId, _: &[Bytes], _: &mut Effects) -> Reply {
    let client = node.client_mut(conn).expect(CONNECTED);
    if client.queue().is_some() {
        return Reply::error("ERR MULTI calls can not be nested");
    }
    client.set_queue(Some(Queue::new()));
    Reply::ok()
}

fn discard(node: &mut Node, conn: ConnId, _: &[Bytes], _: &mut Effects) -> Reply {
    if node.client(conn).expect(CONNECTED).queue().is_none() {
        return Reply::error("ERR DISCARD without MULTI");
    }
    node.discard_transaction(conn);
    Reply::ok()
}

/// Rule 3.
fn exec(node: &mut Node, conn: ConnId, _: &[Bytes], out: &mut Effects) -> Answer {
    let Some(queue) = node.client(conn).and_then(Client::queue) else {
        return Reply::error("ERR EXEC without MULTI").into();
    };
    let refused = if queue.fate == Fate::Spoilt {
        Some(Reply::error("EXECABORT Transaction discarded because of previous errors."))
    } else {
        let forbidden = node.watches.forbid(conn, &node.keyspace, node.now);
        forbidden.then_some(Reply::NullArray)
    };
    let calls = queue.calls.clone();
    if let Some(reply) = refused {
        node.discard_transaction(conn);
        return reply.into();
    }
    node.watches.forget(conn);
    node.open_reply(conn, calls.len());
    node.run_queued(conn, &calls, out)
}

impl Node {
    /// Rule 1, for a call that passed the checks.
    pub(super) fn queue_call(&mut self, conn: ConnId, command: Command, args: &[Bytes]) {
        let spoilt = self.watches.is_marked(conn);
        if let Some(queue) = self.client_mut(conn).and_then(Client::queue_mut)
            && queue.fate == Fate::Sound
            && !spoilt
        {
            queue.bytes += args.iter().map(|arg| arg.len() as u64).sum::<u64>();
            queue.calls.push(Queued { command, args: args.to_vec() });
        }
        self.reply_to_client(conn, &Reply::simple("QUEUED"));
    }

    /// Ends a transaction without running it.
    pub(super) fn discard_transaction(&mut self, conn: ConnId) {
        if let Some(client) = self.client_mut(conn) {
            client.set_queue(None);
        }
        self.watches.forget(conn);
    }

    /// Runs queued calls and ends the transaction. A call that is answered later (MIGRATE, for
    /// which the whole node waits) holds back those after it.
    fn run_queued(&mut self, conn: ConnId, calls: &[Queued], out: &mut Effects) -> Answer {
        for (at, call) in calls.iter().enumerate() {
            let served = self.run_call(conn, call.command, &call.args, out);
            if served == Served::Blocked {
                let rest = Queue { calls: calls[at + 1..].to_vec(), bytes: 0, fate: Fate::Runs };
                if let Some(client) = self.client_mut(conn) {
                    client.set_queue(Some(rest));
                }
                return Answer::Later;
            }
        }
        self.discard_transaction(conn);
        Answer::Nothing
    }

    /// Goes on with a transaction after a call of it that was answered later, if the client is in
    /// one that runs.
    pub(super) fn resume_transaction(&mut self, conn: ConnId, out: &mut Effects) -> Answer {
        match self.client(conn).and_then(Client::queue) {
            Some(queue) if queue.fate == Fate::Runs => {
                let calls = queue.calls.clone();
                self.run_queued(conn, &calls, out)
            }
            Some(_) | None => Answer::Nothing,
        }
    }

    /// A call was refused: inside of a transaction that spoils it, and EXEC itself ends with it.
    /// The reply to the client.
    pub(super) fn refuse_call(&mut self, conn: ConnId, name: &[u8], error: Reply) -> Reply {
        if name.eq_ignore_ascii_case(b"exec") {
            self.discard_transaction(conn);
            let Reply::Error(text) = &error else { return error };
            let why = text.strip_prefix("ERR ").unwrap_or(text);
            return Reply::error(format!("EXECABORT Transaction discarded because of: {why}"));
        }
        self.spoil_transaction(conn);
        error
    }

    /// A call was redirected: as one that was refused, but EXEC keeps its error.
    pub(super) fn redirect_call(&mut self, conn: ConnId, name: &[u8]) {
        if name.eq_ignore_ascii_case(b"exec") {
            self.discard_transaction(conn);
        } else {
            self.spoil_transaction(conn);
        }
    }

    fn spoil_transaction(&mut self, conn: ConnId) {
        if let Some(queue) = self.client_mut(conn).and_then(Client::queue_mut) {
            queue.spoil();
        }
    }
}
