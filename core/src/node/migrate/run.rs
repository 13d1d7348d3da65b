//! One MIGRATE on its way: rules 3 to 5.

use bytes::{Bytes, BytesMut};

use super::order::{After, Order, Replace};
use crate::data::{self, Context, Reply, Role};
use crate::node::Node;
use crate::node::fact::{Fact, MigrationFailure};
use crate::node::links::{Conn, Refused};
use crate::node::port::{Effect, Effects, Packet, Service};
use crate::node::stats::Stat;
use crate::words::{ConnId, slot_of_key};

/// A call of MIGRATE that was not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Migration {
    client: ConnId,
    call: Vec<Bytes>,
    order: Order,
    keys: Vec<Bytes>,
    again: Again,
    stage: Stage,
}

/// Whether a connection that ends too early is tried once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

#[derive(Clone, Debug)]
enum Stage {
    Connecting,
    /// The calls were sent; what the target has answered so far.
    Sent(Answers),
}

#[derive(Clone, Debug, Default)]
struct Answers {
    /// How many replies come before those about keys: to AUTH and to SELECT.
    before_keys: usize,
    read: usize,
    /// An error before the keys; it speaks against all of them.
    refused: Option<String>,
    /// The first error about a key.
    error: Option<String>,
    taken: Vec<Bytes>,
}

impl Migration {
    pub(super) fn new(client: ConnId, call: &[Bytes], order: Order, keys: Vec<Bytes>) -> Migration {
        let (again, stage) = (Again::Yes, Stage::Connecting);
        Migration { client, call: call.to_vec(), order, keys, again, stage }
    }
}

impl Answers {
    /// Takes one reply in.
    fn take(&mut self, reply: Reply, keys: &[Bytes]) {
        let at = self.read;
        self.read += 1;
        let error = match reply {
            Reply::Error(text) => Some(text),
            _ => None,
        };
        if at < self.before_keys {
            self.refused = self.refused.take().or(error);
            return;
        }
        match self.refused.clone().or(error) {
            Some(error) => self.error = self.error.take().or(Some(error)),
            None => self.taken.push(keys[at - self.before_keys].clone()),
        }
    }

    fn are_all(&self, keys: usize) -> bool {
        self.read == self.before_keys + keys
    }

    fn has_any_about_keys(&self) -> bool {
        self.read > self.before_keys
    }
}

/// How a migration ended that the target did not answer to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Connecting,
    Writing,
    Reading,
}

impl Node {
    /// Whether a key is here to be moved; an expired one is deleted. The question counts.
    pub(super) fn has_key(&mut self, key: &Bytes) -> bool {
        let is_here = self.dump(key).is_some();
        self.stats.count(if is_here { Stat::Hits } else { Stat::Misses });
        is_here
    }

    fn dump(&mut self, key: &Bytes) -> Option<Bytes> {
        let mut context = Context::new(self.now, Role::Master);
        let call = [Bytes::from_static(b"DUMP"), key.clone()];
        let outcome = data::execute(&mut self.keyspace, &mut context, &call);
        self.also_propagate(outcome.propagate);
        match outcome.reply {
            Reply::Bulk(payload) => Some(payload),
            _ => None,
        }
    }

    /// Rule 3, for the first of the queue.
    pub(super) fn begin_migration(&mut self, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(migration) = self.migrations.queue.front_mut() else { return };
        migration.stage = Stage::Connecting;
        let (host, port) = (migration.call[1].clone(), migration.call[2].clone());
        let (ip, number, timeout) =
            (migration.order.ip, migration.order.port, migration.order.timeout);
        if let Some(conn) = self.migrations.targets.reuse(&host, &port, now_s) {
            return self.send_keys(conn, out);
        }
        let Some(to) = ip else { return self.break_migration(Broken::Connecting, out) };
        let conn = self.conns.next_id();
        self.conns.insert(conn, Conn::ToTarget);
        self.migrations.targets.add(conn, host, port, now_s);
        out.push(Effect::Connect { conn, to, port: number, service: Service::Client });
        self.todo.wait_for(conn, timeout);
    }

    /// Sends all calls at once.
    pub(in crate::node) fn send_keys(&mut self, conn: ConnId, out: &mut Effects) {
        let Some(mut migration) = self.migrations.queue.pop_front() else { return };
        let Migration { order, keys, .. } = &mut migration;
        let mut bytes = BytesMut::new();
        let mut say = |call: &[Bytes]| bytes.extend_from_slice(&data::encode_call(call));
        let mut answers = Answers::default();
        if !order.auth.is_empty() {
            let auth: Vec<Bytes> =
                std::iter::once(Bytes::from_static(b"AUTH")).chain(order.auth.clone()).collect();
            say(&auth);
            answers.before_keys += 1;
        }
        let known = self.migrations.targets.get_mut(conn).and_then(|target| target.database);
        if known != Some(order.database) {
            say(&[Bytes::from_static(b"SELECT"), order.database.to_string().into()]);
            answers.before_keys += 1;
        }
        keys.retain(|key| match self.restore_call(key, order.replace) {
            Some(call) => {
                say(&call);
                true
            }
            None => false,
        });
        migration.stage = Stage::Sent(answers);
        self.migrations.queue.push_front(migration);
        if !bytes.is_empty() {
            out.send(conn, Packet::Client(bytes.freeze()));
        }
        self.wait_or_finish(conn, out);
    }

    /// The call that makes a key at the target; nothing for a key that has expired meanwhile.
    fn restore_call(&mut self, key: &Bytes, replace: Replace) -> Option<Vec<Bytes>> {
        let expiry_ms = self.keyspace.expiry(key).map(|expiry| expiry.millis());
        let left_ms = expiry_ms.map(|expiry_ms| expiry_ms - self.now_ms() as i64);
        let payload = self.dump(key)?;
        let ttl_ms = left_ms.map_or(0, |left_ms| left_ms.max(1));
        let mut call = vec![
            Bytes::from_static(b"RESTORE-ASKING"),
            key.clone(),
            ttl_ms.to_string().into(),
            payload,
        ];
        if replace == Replace::Yes {
            call.push(Bytes::from_static(b"REPLACE"));
        }
        Some(call)
    }

    /// Bytes of the target: rule 4.
    pub(in crate::node) fn on_target_bytes(
        &mut self,
        conn: ConnId,
        bytes: &Bytes,
        out: &mut Effects,
    ) {
        let Some(target) = self.migrations.targets.get_mut(conn) else { return };
        target.input.extend_from_slice(bytes);
        let Some(migration) = self.migrations.queue.front_mut() else { return };
        let Stage::Sent(answers) = &mut migration.stage else { return };
        while !answers.are_all(migration.keys.len())
            && let Ok(Some(reply)) = data::decode_reply(&mut target.input)
        {
            answers.take(reply, &migration.keys);
        }
        self.wait_or_finish(conn, out);
    }

    fn wait_or_finish(&mut self, conn: ConnId, out: &mut Effects) {
        let Some(migration) = self.migrations.queue.front() else { return };
        let Stage::Sent(answers) = &migration.stage else { return };
        if !answers.are_all(migration.keys.len()) {
            return self.todo.wait_for(conn, migration.order.timeout);
        }
        let error = answers.error.clone();
        if let Some(target) = self.migrations.targets.get_mut(conn) {
            target.database = error.is_none().then_some(migration.order.database);
        }
        match error {
            None => self.end_migration(Reply::ok(), None, out),
            Some(error) => {
                let reply = format!("ERR Target instance replied with error: {error}");
                self.end_migration(Reply::error(reply), Some(MigrationFailure::Refused), out);
            }
        }
    }

    /// The target's connection ended, or was never made: rule 5.
    pub(in crate::node) fn on_target_lost(
        &mut self,
        conn: ConnId,
        refused: Refused,
        out: &mut Effects,
    ) {
        self.conns.remove(conn);
        self.migrations.targets.remove(conn);
        let Some(migration) = self.migrations.queue.front_mut() else { return };
        let untouched = match &migration.stage {
            Stage::Connecting => true,
            Stage::Sent(answers) => !answers.has_any_about_keys(),
        };
        if untouched && migration.again == Again::Yes {
            migration.again = Again::No;
            return self.begin_migration(out);
        }
        let broken = if refused == Refused::Yes { Broken::Writing } else { Broken::Reading };
        self.break_migration(broken, out);
    }

    /// The target let the timeout pass.
    pub(in crate::node) fn on_target_silent(&mut self, conn: ConnId, out: &mut Effects) {
        self.close_target(conn, out);
        let connecting = self.migrations.queue.front().map(|migration| &migration.stage);
        let broken = match connecting {
            Some(Stage::Connecting) => Broken::Connecting,
            Some(Stage::Sent(_)) | None => Broken::Reading,
        };
        self.break_migration(broken, out);
    }

    fn close_target(&mut self, conn: ConnId, out: &mut Effects) {
        self.conns.remove(conn);
        self.migrations.targets.remove(conn);
        out.push(Effect::Close { conn });
    }

    fn break_migration(&mut self, broken: Broken, out: &mut Effects) {
        let (what, why) = match broken {
            Broken::Connecting => ("connecting to the client", MigrationFailure::Unreachable),
            Broken::Writing => ("writing to target instance", MigrationFailure::Unreachable),
            Broken::Reading => ("reading to target instance", MigrationFailure::Silent),
        };
        let said = self.migrations.queue.front().and_then(|migration| match &migration.stage {
            Stage::Sent(answers) => answers.error.clone(),
            Stage::Connecting => None,
        });
        let reply = match said {
            Some(error) => format!("ERR Target instance replied with error: {error}"),
            None => format!("IOERR error or timeout {what}"),
        };
        self.end_migration(Reply::error(reply), Some(why), out);
    }

    /// Deletes what was taken, answers, and lets the next one begin.
    fn end_migration(
        &mut self,
        reply: Reply,
        failure: Option<MigrationFailure>,
        out: &mut Effects,
    ) {
        let Some(migration) = self.migrations.queue.pop_front() else { return };
        if reply.is_error() {
            self.stats.failed("migrate", &reply);
        }
        let Migration { client, call, order, keys, stage, .. } = migration;
        let slot = slot_of_key(keys.first().or(order.keys.first()).unwrap_or(&call[3]));
        let taken = match stage {
            Stage::Sent(answers) => answers.taken,
            Stage::Connecting => Vec::new(),
        };
        let (to_port, count) = (order.port, taken.len() as u64);
        if let Some(why) = failure {
            out.note(Fact::MigrationFailed { slot, to_port, why });
        } else if order.after == After::Keep {
            out.note(Fact::KeysCopied { slot, to_port, count });
        }
        if order.after == After::Delete && count > 0 {
            let moved = out.begin(Fact::KeysMigrated { slot, to_port, count });
            let mut delete = vec![Bytes::from_static(b"DEL")];
            delete.extend(taken.iter().cloned());
            taken.iter().for_each(|key| drop(self.keyspace.remove(key)));
            self.touch_keys(&taken);
            self.stats.changed(count);
            self.also_propagate(vec![delete]);
            self.propagate_unit(out);
            out.end(moved);
        }
        self.begin_migration(out);
        self.finish_call(client, &call, &reply, out);
    }

    /// Closes connections to targets that were not used for a while.
    pub(in crate::node) fn close_unused_targets(&mut self, out: &mut Effects) {
        for conn in self.migrations.targets.take_unused(self.now.seconds()) {
            self.conns.remove(conn);
            out.push(Effect::Close { conn });
        }
    }
}
