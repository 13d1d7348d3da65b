//! One call on one server: from arguments to an [`Outcome`].
//!
//! The rule (Redis 7.0, `server.c: processCommand`, `call`; `db.c: expireIfNeeded`): a command that
//! touches a key first asks whether the key is expired.
//! 1. A key that is not expired is there.
//! 2. For the stream from one's own master no key is expired: the master decides, and says DEL.
//! 3. A replica reads an expired key as missing and keeps it.
//! 4. A master deletes it and propagates DEL, before whatever the command itself propagates.
//!
//! All that a call propagates goes to replicas as one transaction (MULTI, EXEC) when it is more
//! than one command, except after commands that look at keys they do not name.

use bytes::Bytes;

use crate::words::Time;

use super::keyspace::{Expiry, Keyspace, Value};
use super::row::row_of;
use super::spec::{Flags, KeySpec, Spec};
use super::{Reply, Row, row, rows, unknown_command, unknown_subcommand};

/// In which part a server plays when it runs a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Deletes expired keys and propagates their DEL.
    Master,
    /// Reads expired keys as missing, and keeps them.
    Replica,
    /// A replica that runs a call of its master's stream: no key is expired.
    Applying,
}

/// What a call needs to know beside the keys, and what it leaves behind.
#[derive(Clone, Debug)]
pub struct Context {
    /// The server's own unix clock.
    pub now: Time,
    pub role: Role,
    /// Keys that this call found expired and deleted.
    expired: Vec<Bytes>,
    seen: Seen,
}

/// How the questions after keys came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub hits: u64,
    pub misses: u64,
    pub expired: u64,
}

impl Context {
    pub const fn new(now: Time, role: Role) -> Context {
        Context { now, role, expired: Vec::new(), seen: Seen { hits: 0, misses: 0, expired: 0 } }
    }

    /// The clock in milliseconds, as expiries count.
    pub(super) const fn now_ms(&self) -> i64 {
        self.now.millis() as i64
    }

    /// The key's value, after the question whether it is expired.
    pub(super) fn lookup<'k>(
        &mut self,
        keyspace: &'k mut Keyspace,
        key: &[u8],
    ) -> Option<&'k Value> {
        if self.exists(keyspace, key) { keyspace.get_stored(key) } else { None }
    }

    /// How the questions of this call came out.
    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// Whether the key is there, after the question whether it is expired.
    pub(super) fn exists(&mut self, keyspace: &mut Keyspace, key: &[u8]) -> bool {
        let exists = self.is_there(keyspace, key);
        if exists {
            self.seen.hits += 1;
        } else {
            self.seen.misses += 1;
        }
        exists
    }

    fn is_there(&mut self, keyspace: &mut Keyspace, key: &[u8]) -> bool {
        if !keyspace.is_expired(key, self.now) {
            return keyspace.get_stored(key).is_some();
        }
        match self.role {
            Role::Applying => true,
            Role::Replica => false,
            Role::Master => {
                keyspace.remove(key);
                self.expired.push(Bytes::copy_from_slice(key));
                self.seen.expired += 1;
                false
            }
        }
    }

    /// Whether a key that gets this expiry is to be deleted at once (`expire.c:
    /// checkAlreadyExpired`).
    pub(super) fn is_due(&self, expiry: Expiry) -> bool {
        match self.role {
            Role::Master => expiry.millis() <= self.now_ms(),
            Role::Replica | Role::Applying => false,
        }
    }

    /// Puts the DELs of the keys found expired before what the call itself propagates.
    pub(super) fn precede_with_expired(&mut self, mut outcome: Outcome) -> Outcome {
        if !self.expired.is_empty() {
            let expired = std::mem::take(&mut self.expired);
            let deletes = expired.iter().map(delete);
            outcome.propagate.splice(0..0, deletes);
            outcome.touched.splice(0..0, expired);
        }
        outcome
    }
}

/// What of the questions of a call counts as hits and misses (Redis 7.0, `db.c: lookupKeyRead`):
/// all those of a command that reads, but MEMORY USAGE, which looks aside; and the first of one
/// that writes but gives the old value, or copies it.
pub fn counted(spec: &Spec, args: &[Bytes], seen: Seen) -> Seen {
    if spec.name == "memory|usage" {
        return Seen { hits: 0, misses: 0, ..seen };
    }
    if spec.flags.contains(Flags::READONLY) && spec.keys != KeySpec::NONE {
        return seen;
    }
    let is_get = |arg: &Bytes| arg.eq_ignore_ascii_case(b"GET");
    let gives_old = matches!(spec.name, "copy" | "getdel" | "getex" | "getset")
        || (spec.name == "set" && args.iter().skip(3).any(is_get));
    if !gives_old {
        return Seen { hits: 0, misses: 0, ..seen };
    }
    let hits = seen.hits.min(1);
    Seen { hits, misses: if hits == 0 { seen.misses.min(1) } else { 0 }, ..seen }
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub reply: Reply,
    /// Calls that replicas must run to follow, in order; see [`in_transaction`].
    pub propagate: Vec<Vec<Bytes>>,
    /// Keys that changed: those who watch them or wait for them must be told.
    pub touched: Vec<Bytes>,
    /// Keys that the client waits for instead of being answered; empty when it was answered.
    pub block_on: Vec<Bytes>,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        Outcome { reply, propagate: Vec::new(), touched: Vec::new(), block_on: Vec::new() }
    }
}

impl Outcome {
    /// The outcome of a call that changed `key` and goes to replicas as `call`.
    pub(super) fn changed(reply: Reply, key: &Bytes, call: Vec<Bytes>) -> Outcome {
        Outcome { propagate: vec![call], touched: vec![key.clone()], ..Outcome::from(reply) }
    }
}

/// A call of DEL on this key.
pub(super) fn delete(key: &Bytes) -> Vec<Bytes> {
    vec![Bytes::from_static(b"DEL"), key.clone()]
}

/// Runs a call, whose first argument is the command's name, from the checks on.
pub fn execute(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Outcome {
    let name = args.first().expect("a call has a name");
    let found = row(name).or_else(|| args.get(1).and_then(|below| row_of(name, below)));
    let Some(row) = found else {
        return unknown(args).into();
    };
    match row.check_arity(args) {
        Some(error) => error.into(),
        None => row.execute(keyspace, context, args),
    }
}

/// The error of a call that is in no table.
fn unknown(args: &[Bytes]) -> Reply {
    let parent = |row: &'static Row| row.name.split_once('|').map(|(parent, _)| parent);
    let named = |name: &&str| args[0].eq_ignore_ascii_case(name.as_bytes());
    let Some(name) = rows().filter_map(parent).find(named) else {
        return unknown_command(args);
    };
    if args.len() > 1 {
        return unknown_subcommand(args);
    }
    Spec { name, ..Spec::BLANK }.wrong_arity()
}

/// Deletes at most `budget` expired keys, the longest expired first, as a server does ten times
/// each second; only a master does.
///
/// Redis (7.0, `expire.c: activeExpireCycle`) draws keys at random and stops when few of them were
/// expired, so that keys may outlive their time by a little more; we go by the order of expiry.
/// The DELs are propagated one by one, never as a transaction.
pub fn active_expire(keyspace: &mut Keyspace, context: &mut Context, budget: usize) -> Outcome {
    if context.role == Role::Master {
        for _ in 0..budget {
            let Some((expiry, key)) = keyspace.next_expiry() else {
                break;
            };
            if !expiry.is_past(context.now) {
                break;
            }
            let key = key.clone();
            keyspace.remove(&key);
            context.expired.push(key);
        }
    }
    context.precede_with_expired(Reply::Null.into())
}

/// The calls as one transaction, if they are more than one (`server.c:
/// propagatePendingCommands`). For use outside of EXEC, and not after commands that touch
/// arbitrary keys.
pub fn in_transaction(mut calls: Vec<Vec<Bytes>>) -> Vec<Vec<Bytes>> {
    if calls.len() > 1 {
        calls.insert(0, vec![Bytes::from_static(b"MULTI")]);
        calls.push(vec![Bytes::from_static(b"EXEC")]);
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::test_server::Server;

    #[test]
    fn a_call_is_checked_before_it_runs() {
        Server::master().replies(&[
            ("nope a b", "(error) ERR unknown command 'nope', with args beginning with: 'a' 'b' "),
            ("GET a b", "(error) ERR wrong number of arguments for 'get' command"),
        ]);
    }

    #[test]
    fn a_master_deletes_expired_keys_before_the_command() {
        let mut server = Server::master();
        for (call, propagated) in [
            ("get e", "DEL e"),
            ("set e v nx", "DEL e | set e v nx"),
            ("append e v", "DEL e | append e v"),
            ("del e k", "DEL e"),
            ("mget e e", "DEL e"),
            ("getdel e", "DEL e"),
            ("expire e 100", "DEL e"),
            ("mset a 1 e 2", "DEL e | mset a 1 e 2"),
            ("keys *", ""),
            ("scan 0", "DEL e"),
            ("dbsize", ""),
        ] {
            server.propagates(&[("set e v pxat 1", "SET e v PXAT 1"), (call, propagated)]);
            server = Server::master();
        }
    }

    #[test]
    fn a_replica_reads_expired_keys_as_missing_and_keeps_them() {
        let mut server = Server::new(Role::Applying);
        server.replies(&[("SET e v PXAT 1", "OK"), ("GET e", "\"v\"")]);
        server.become_role(Role::Replica);
        server.replies(&[
            ("GET e", "(nil)"),
            ("EXISTS e", "(integer) 0"),
            ("TTL e", "(integer) -2"),
            ("SCAN 0", "1) \"0\"\n2) (empty array)"),
            ("DBSIZE", "(integer) 1"),
        ]);
        server.propagates(&[("get e", "")]);
        assert_eq!(server.active_expire(10), "");
        server.become_role(Role::Master);
        assert_eq!(server.active_expire(10), "DEL e");
    }

    #[test]
    fn active_expiry_takes_the_longest_expired_first() {
        let mut server = Server::master();
        server.replies(&[
            ("SET a v PXAT 30", "OK"),
            ("SET b v PXAT 10", "OK"),
            ("SET c v PXAT 20", "OK"),
            ("SET d v EX 10", "OK"),
        ]);
        assert_eq!(server.active_expire(2), "DEL b | DEL c");
        assert_eq!(server.active_expire(2), "DEL a");
        assert_eq!(server.active_expire(2), "");
    }

    #[test]
    fn more_than_one_call_is_a_transaction() {
        let call = |word: &'static str| vec![Bytes::from(word)];
        assert_eq!(in_transaction(vec![call("A")]), [call("A")]);
        assert_eq!(
            in_transaction(vec![call("A"), call("B")]),
            [call("MULTI"), call("A"), call("B"), call("EXEC")]
        );
    }
}
