//! One call of a client: checked, then queued, put off, or run.
//!
//! The rule (Redis 7.0, `server.c: processCommand, call, propagatePendingCommands`), in the order
//! in which a call is checked:
//! 1. Is the command known, and is its number of arguments right?
//! 2. Who is not known may say little; some commands may not stand in a transaction.
//! 3. Does this node serve its keys (`redirect`)? For EXEC: those of all that it would run.
//! 4. A master that must have good replicas has enough of them: NOREPLICAS.
//! 5. A replica writes nothing: READONLY.
//! 6. Who listens to channels in RESP2 may not say much else (`pubsub_rows`).
//! 7. A replica that lost its master serves nothing, if it is told so: MASTERDOWN. Who monitors
//!    the calls of others touches no keys.
//! 8. Clients are paused: the call waits, and is checked from the first rule on afterwards.
//! 9. Inside of a transaction it is queued.
//!
//! Only then it runs. What it changed goes to the replicas when all of it is done, as one
//! transaction if it is more than one command.

use bytes::Bytes;

use super::Node;
use super::client::{Call, Client, Monitors};
use super::command::{self, Command, Run};
use super::connection::Answer;
use super::pause::Kind;
use super::port::Effects;
use super::pubsub_rows;
use super::redirect::{Asked, Verdict};
use super::stats::Stat;
use super::transaction::is_run_at_once;
use crate::data::{self, Context, Flags, Reply, Role, Seen, Spec};
use crate::words::ConnId;

/// What the checks say of a call.
enum Gate {
    Refused(Reply),
    Redirected(Reply),
    Postponed,
    Queued(Command),
    Runs(Command),
}

/// A call that is checked.
struct Candidate<'a> {
    conn: ConnId,
    client: &'a Client,
    spec: &'static Spec,
    /// What it may do: its own flags, and for EXEC those of all that it would run.
    any: Flags,
    /// What holds for all of it.
    all: Flags,
}

impl Candidate<'_> {
    fn is_write(&self) -> bool {
        self.any.contains(Flags::WRITE)
    }

    /// Which kind of pause holds it.
    fn held_by(&self) -> Kind {
        let may_write = self.is_write() || self.any.contains(Flags::MAY_REPLICATE);
        if may_write { Kind::Writes } else { Kind::All }
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    Done,
    /// Its client waits for the answer.
    Blocked,
}

/// A rule that may refuse a call.
type Check = fn(&Node, &Candidate<'_>) -> Option<Reply>;

/// Before a call is routed, and after.
const CHECKS_BEFORE: [Check; 2] = [password_missing, transaction_forbids];
const CHECKS_AFTER: [Check; 5] =
    [replicas_missing, replica_writes, listener_may_not, data_stale, monitor_reads];

/// Whether what one call propagates is a transaction when it is more than one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bundle {
    Transaction,
    OneByOne,
}

impl Node {
    /// A whole call of a client, from the checks on.
    pub(super) fn process_call(&mut self, conn: ConnId, args: Call, out: &mut Effects) {
        if is_of_browser(&args[0]) {
            return self.close_client(conn, out);
        }
        let found = command::find(&args);
        let Some(client) = self.client_mut(conn) else { return };
        client.set_last_command(found.as_ref().ok().map(|command| command.spec().name));
        let Some(client) = self.client(conn) else { return };
        let gate = match found {
            Ok(command) => self.judge_call(conn, client, command, &args),
            Err(error) => Gate::Refused(error),
        };
        let served = match gate {
            Gate::Postponed => return self.postpone_client(conn, args),
            Gate::Refused(error) => {
                let error = self.refuse_call(conn, &args[0], error);
                let error = self.count_refused(&args, error);
                self.reply_to_client(conn, &error);
                Served::Done
            }
            Gate::Redirected(error) => {
                self.redirect_call(conn, &args[0]);
                let error = self.count_refused(&args, error);
                self.reply_to_client(conn, &error);
                Served::Done
            }
            Gate::Queued(command) => {
                self.queue_call(conn, command, &args);
                Served::Done
            }
            Gate::Runs(command) => self.run_unit(conn, command, &args, out),
        };
        if served == Served::Done
            && let Some(client) = self.client_mut(conn)
        {
            client.end_call(&args);
        }
    }

    /// A call that does not run counts under its name, if it has one, and its error does.
    fn count_refused(&mut self, args: &[Bytes], error: Reply) -> Reply {
        self.stats.refused(command::name(args), &error);
        error
    }

    /// The nine rules, for a command that is known.
    fn judge_call(&self, conn: ConnId, client: &Client, command: Command, args: &[Bytes]) -> Gate {
        let spec = command.spec();
        if let Some(error) = spec.check_arity(args) {
            return Gate::Refused(error);
        }
        let own = Asked { spec, args };
        let queued: Vec<Asked<'_>> = match client.queue() {
            Some(queue) if spec.name == "exec" => queue.asked().collect(),
            Some(_) | None => Vec::new(),
        };
        let calls = if spec.name == "exec" { &queued[..] } else { std::slice::from_ref(&own) };
        let flags = || queued.iter().map(|call| call.spec.flags);
        let candidate = Candidate {
            conn,
            client,
            spec,
            any: flags().fold(spec.flags, Flags::and),
            all: flags().fold(spec.flags, Flags::common),
        };
        let refused = |checks: &[Check]| checks.iter().find_map(|check| check(self, &candidate));
        if let Some(error) = refused(&CHECKS_BEFORE) {
            return Gate::Refused(error);
        }
        match self.route(spec, calls, client) {
            Verdict::Local => {}
            elsewhere => return Gate::Redirected(elsewhere.into_reply(self)),
        }
        if let Some(error) = refused(&CHECKS_AFTER) {
            return Gate::Refused(error);
        }
        if self.pauses.holds(candidate.held_by()) {
            return Gate::Postponed;
        }
        if client.queue().is_some() && !is_run_at_once(spec.name) {
            return Gate::Queued(command);
        }
        Gate::Runs(command)
    }

    /// Runs a call that nothing holds back, and propagates what it changed.
    fn run_unit(
        &mut self,
        conn: ConnId,
        command: Command,
        args: &[Bytes],
        out: &mut Effects,
    ) -> Served {
        let served = self.run_call(conn, command, args, out);
        let arbitrary = command.spec().flags.contains(Flags::TOUCHES_ARBITRARY_KEYS);
        self.end_unit(if arbitrary { Bundle::OneByOne } else { Bundle::Transaction }, out);
        let offset = self.replication.offset();
        if let Some(client) = self.client_mut(conn) {
            client.set_written(offset);
        }
        served
    }

    /// Runs and answers a call as part of a unit that somebody else ends.
    pub(super) fn run_call(
        &mut self,
        conn: ConnId,
        command: Command,
        args: &[Bytes],
        out: &mut Effects,
    ) -> Served {
        let spec = command.spec();
        let answer = match command {
            Command::Data(row) if row.name == "ping" && self.is_in_subscribed_context(conn) => {
                Answer::One(pubsub_rows::pong(spec, args))
            }
            Command::Data(row) => {
                let mut context = Context::new(self.now, self.role_in_calls());
                let outcome = row.execute(&mut self.keyspace, &mut context, args);
                self.touch_keys(&outcome.touched);
                self.stats.changed(outcome.propagate.len() as u64);
                let seen = data::counted(spec, args, context.seen());
                self.stats.ran(spec.name, &outcome.reply, seen);
                self.also_propagate(outcome.propagate);
                Answer::One(outcome.reply)
            }
            Command::Node(row) => {
                let answer = match row.run {
                    Run::Reply(run) => Answer::One(run(self, conn, args, out)),
                    Run::Answer(run) => run(self, conn, args, out),
                };
                let reply = if let Answer::One(reply) = &answer { reply } else { &Reply::Null };
                self.stats.ran(spec.name, reply, Seen::default());
                answer
            }
        };
        // Whoever listens at a channel of a slot that was given away hears of it before the reply.
        self.close_shard_channels(out);
        self.answer(conn, &answer);
        self.show_call(conn, spec, args);
        if answer == Answer::Later { Served::Blocked } else { Served::Done }
    }

    /// A key at random, for RANDOMKEY.
    pub(super) fn random_key(&mut self) -> Reply {
        let mut context = Context::new(self.now, self.role_in_calls());
        let dice = &mut self.dice;
        let draw = |below| dice.below(below);
        let outcome = data::random_key(&mut self.keyspace, &mut context, draw);
        self.touch_keys(&outcome.touched);
        self.stats.changed(outcome.propagate.len() as u64);
        self.stats.add(Stat::ExpiredKeys, outcome.propagate.len() as u64);
        self.also_propagate(outcome.propagate);
        outcome.reply
    }

    /// While clients are paused no key is deleted, as at a replica
    /// (`db.c: expireIfNeeded`).
    fn role_in_calls(&self) -> Role {
        if self.peers.me().is_replica() || self.pauses.any() { Role::Replica } else { Role::Master }
    }

    /// Writes that replicas must follow; they leave when the call that makes them is done.
    pub(super) fn also_propagate(&mut self, calls: Vec<Call>) {
        self.unit.extend(calls);
    }

    /// Sends what was gathered for replicas, as one transaction if it is more than one command.
    pub(super) fn propagate_unit(&mut self, out: &mut Effects) {
        self.end_unit(Bundle::Transaction, out);
    }

    /// Answers a call that was answered [`Answer::Later`], and serves its client again, unless it
    /// is in a transaction that has another such call.
    pub(super) fn finish_call(
        &mut self,
        conn: ConnId,
        args: &[Bytes],
        reply: &Reply,
        out: &mut Effects,
    ) {
        self.reply_to_client(conn, reply);
        let answer = self.resume_transaction(conn, out);
        self.propagate_unit(out);
        if answer == Answer::Later {
            return;
        }
        if let Some(client) = self.client_mut(conn) {
            client.end_call(args);
        }
        self.wake_client(conn);
    }

    fn end_unit(&mut self, bundle: Bundle, out: &mut Effects) {
        let calls = std::mem::take(&mut self.unit);
        let calls = match bundle {
            Bundle::Transaction => data::in_transaction(calls),
            Bundle::OneByOne => calls,
        };
        self.propagate(calls, out);
    }

    /// A master deletes keys whose time is over, ten times a second.
    pub(super) fn expire_keys(&mut self, out: &mut Effects) {
        const KEYS_PER_TICK: usize = 200;
        if self.peers.me().is_master() && !self.pauses.any() {
            let mut context = Context::new(self.now, Role::Master);
            let outcome = data::active_expire(&mut self.keyspace, &mut context, KEYS_PER_TICK);
            self.touch_keys(&outcome.touched);
            self.stats.add(Stat::ExpiredKeys, outcome.propagate.len() as u64);
            self.propagate(outcome.propagate, out);
        }
    }
}

/// Words with which HTTP requests begin. A browser that was lured into sending commands to a server
/// in its network sends one of them first (`networking.c: securityWarningCommand`).
fn is_of_browser(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// Rule 2 (`acl.c: authRequired`).
fn password_missing(node: &Node, call: &Candidate<'_>) -> Option<Reply> {
    let missing = node.must_log_in(call.client) && !call.spec.flags.contains(Flags::NO_AUTH);
    missing.then(|| Reply::error("NOAUTH Authentication required."))
}

/// Rule 2.
fn transaction_forbids(_: &Node, call: &Candidate<'_>) -> Option<Reply> {
    let forbidden = call.client.queue().is_some() && call.all.contains(Flags::NO_MULTI);
    forbidden.then(|| Reply::error("ERR Command not allowed inside a transaction"))
}

/// Rule 4 (`replication.c: checkGoodReplicasStatus`).
fn replicas_missing(node: &Node, call: &Candidate<'_>) -> Option<Reply> {
    let (least, lag_s) = (node.config.min_replicas_to_write, node.config.min_replicas_max_lag_s);
    let needed = call.is_write() && node.peers.me().is_master() && least > 0 && lag_s > 0;
    let missing = needed && node.replication.good_replicas(node.now, lag_s) < least;
    missing.then(|| Reply::error("NOREPLICAS Not enough good replicas to write."))
}

/// Rule 5.
fn replica_writes(node: &Node, call: &Candidate<'_>) -> Option<Reply> {
    let read_only = node.config.replica_read_only.is_on();
    let forbidden = read_only && node.peers.me().is_replica() && call.is_write();
    forbidden.then(|| Reply::error("READONLY You can't write against a read only replica."))
}

/// Rule 6.
fn listener_may_not(node: &Node, call: &Candidate<'_>) -> Option<Reply> {
    node.judge_subscribed_context(call.conn, call.spec)
}

/// Rule 7.
fn data_stale(node: &Node, call: &Candidate<'_>) -> Option<Reply> {
    let stale = node.replication.link_phase().is_some() && !node.replication.is_connected();
    let refused =
        stale && !node.config.replica_serve_stale_data.is_on() && !call.all.contains(Flags::STALE);
    refused.then(|| {
        let error =
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
        Reply::error(error)
    })
}

/// Rule 7, of monitors.
fn monitor_reads(_: &Node, call: &Candidate<'_>) -> Option<Reply> {
    let touches = [Flags::WRITE, Flags::READONLY, Flags::MAY_REPLICATE];
    let forbidden = call.client.monitors() == Monitors::Yes
        && touches.iter().any(|&flag| call.any.contains(flag));
    forbidden.then(|| Reply::error("ERR Replica can't interact with the keyspace"))
}
