//! The workload: users that write and read by themselves.
//!
//! The problem: what a fault costs shows only while somebody uses the cluster. The idea: a few
//! cluster-aware clients share the keys between them, so that each key has one user and its values
//! grow in the order in which they were written; a node that is silent holds up one of them, not
//! all. Commands begin at a steady rate with a jitter of half an interval; one whose user is still
//! busy is skipped, as a user with a bounded pool would have to.
//!
//! Each command ends in one note (acknowledged, answered, or not), and what the clients notice of
//! redirects and failures is passed on. The single round trips are not: at hundreds a second they
//! would drown everything else.

use bytes::Bytes;

use super::client::{
    Args, Client, ClientEffect, ClientInput, ClientNote, Endpoint, KeyNumber, Refusal,
};
use super::ledger::{Ledger, key_name, read_value};
use super::step::ClientKind;
use crate::data::Reply;
use crate::words::{ConnId, Dice, Span, Time};

/// How many commands may be under way at once.
const USERS: u32 = 4;
/// A connection's number holds its user above this bit.
const USER_SHIFT: u32 = 24;

/// What the users do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub rate_per_second: u32,
    /// Keys are numbered from 0.
    pub keys: u32,
    /// Of a hundred commands, so many are writes.
    pub writes_percent: u32,
}

/// The users, what they are doing, and what they were promised.
#[derive(Clone, Debug)]
pub struct Workload {
    plan: Plan,
    dice: Dice,
    users: Vec<User>,
    /// When the next command begins; `None` once the workload is stopped.
    next_at: Option<Time>,
    next_value: u64,
    skipped: u64,
    ledger: Ledger,
}

#[derive(Clone, Debug)]
struct User {
    client: Client,
    errand: Option<Errand>,
}

#[derive(Clone, Copy, Debug)]
struct Errand {
    key: KeyNumber,
    what: What,
    since: Time,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Write {
        value: u64,
    },
    /// `acknowledged` is the promise that held when the read began.
    Read {
        acknowledged: Option<u64>,
    },
}

impl Workload {
    /// Users that know the nodes `via` and begin at `now`.
    pub fn new(plan: Plan, via: &[Endpoint], dice: Dice, now: Time) -> Workload {
        assert!(!via.is_empty(), "a workload needs a node to begin with");
        let client = |number: usize| Client::new(ClientKind::Aware, via[number % via.len()]);
        let users = (0..USERS as usize)
            .map(|number| User { client: client(number), errand: None })
            .collect();
        Workload {
            plan,
            dice,
            users,
            next_at: Some(now),
            next_value: 1,
            skipped: 0,
            ledger: Ledger::default(),
        }
    }

    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Goes on with another plan; the promises stay.
    pub fn change(&mut self, plan: Plan, now: Time) {
        self.plan = plan;
        self.next_at = Some(now);
    }

    /// Begins nothing new; what is under way ends by itself.
    pub fn stop(&mut self) {
        self.next_at = None;
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many commands were not begun because their user was busy.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// When it wants a [`ClientInput::Wake`]; an early one does no harm.
    pub fn wakes_at(&self) -> Option<Time> {
        let users = self.users.iter().filter_map(|user| user.client.wakes_at());
        users.chain(self.next_at).min()
    }

    /// Takes one input in; what the users do about it is appended to `out`.
    pub fn handle(&mut self, now: Time, input: ClientInput, out: &mut Vec<ClientEffect>) {
        match input {
            ClientInput::Ask(_) => {}
            ClientInput::Wake => self.on_wake(now, out),
            ClientInput::LinkUp { conn } => {
                self.pass(now, conn, |conn| ClientInput::LinkUp { conn }, out);
            }
            ClientInput::LinkRefused { conn } => {
                self.pass(now, conn, |conn| ClientInput::LinkRefused { conn }, out);
            }
            ClientInput::LinkClosed { conn } => {
                self.pass(now, conn, |conn| ClientInput::LinkClosed { conn }, out);
            }
            ClientInput::Received { conn, bytes } => {
                self.pass(now, conn, |conn| ClientInput::Received { conn, bytes }, out);
            }
        }
    }

    fn on_wake(&mut self, now: Time, out: &mut Vec<ClientEffect>) {
        for user in 0..self.users.len() {
            let wakes_at = self.users[user].client.wakes_at();
            if wakes_at.is_some_and(|at| at <= now) {
                self.tell(user, now, ClientInput::Wake, out);
            }
        }
        while let Some(due) = self.next_at.filter(|&at| at <= now) {
            let interval = 1_000_000 / u64::from(self.plan.rate_per_second.max(1));
            let jittered = interval / 2 + self.dice.below(interval + 1);
            self.next_at = Some(due + Span::from_micros(jittered.max(1)));
            self.begin(now, out);
        }
    }

    /// Begins one command, if the user of its key is free.
    fn begin(&mut self, now: Time, out: &mut Vec<ClientEffect>) {
        let key = self.dice.below(u64::from(self.plan.keys)) as KeyNumber;
        let is_write = self.dice.below(100) < u64::from(self.plan.writes_percent);
        let user = (key % USERS) as usize;
        if self.users[user].errand.is_some() {
            self.skipped += 1;
            return;
        }
        let (what, args) = match is_write {
            true => {
                let value = self.next_value;
                self.next_value += 1;
                (What::Write { value }, set(key, value))
            }
            false => {
                let acknowledged = self.ledger.get(key).map(|promise| promise.value);
                (What::Read { acknowledged }, get(key))
            }
        };
        self.users[user].errand = Some(Errand { key, what, since: now });
        self.tell(user, now, ClientInput::Ask(args), out);
    }

    /// Hands an input of the network to the user whose connection it is.
    fn pass(
        &mut self,
        now: Time,
        conn: ConnId,
        input: impl FnOnce(ConnId) -> ClientInput,
        out: &mut Vec<ClientEffect>,
    ) {
        let user = (conn.0 >> USER_SHIFT) as usize;
        let own = ConnId(conn.0 & ((1 << USER_SHIFT) - 1));
        if user < self.users.len() {
            self.tell(user, now, input(own), out);
        }
    }

    fn tell(&mut self, user: usize, now: Time, input: ClientInput, out: &mut Vec<ClientEffect>) {
        let mut effects = Vec::new();
        self.users[user].client.handle(now, input, &mut effects);
        let outer = |conn: ConnId| ConnId((user as u32) << USER_SHIFT | conn.0);
        for effect in effects {
            match effect {
                ClientEffect::Connect { conn, to } => {
                    out.push(ClientEffect::Connect { conn: outer(conn), to });
                }
                ClientEffect::Send { conn, bytes } => {
                    out.push(ClientEffect::Send { conn: outer(conn), bytes });
                }
                ClientEffect::Close { conn } => {
                    out.push(ClientEffect::Close { conn: outer(conn) });
                }
                ClientEffect::Note(note) => self.on_note(user, now, note, out),
            }
        }
    }

    fn on_note(&mut self, user: usize, now: Time, note: ClientNote, out: &mut Vec<ClientEffect>) {
        let is_last_word = note.is_last_word();
        let ends = match is_last_word {
            true => self.users[user].errand.take(),
            false => None,
        };
        if let (Some(errand), ClientNote::Answered { node, reply, .. }) = (ends, &note) {
            let note = self.on_answer(errand, *node, reply, now);
            out.push(ClientEffect::Note(note));
            return;
        }
        if let (Some(errand), ClientNote::Failed { how, .. }) = (ends, &note) {
            let why = Refusal::Failed(*how);
            out.push(ClientEffect::Note(note));
            out.push(ClientEffect::Note(errand.refused(why, now)));
            return;
        }
        match note {
            ClientNote::Asked { .. } | ClientNote::Waiting { .. } => {}
            note => out.push(ClientEffect::Note(note)),
        }
    }

    fn on_answer(&mut self, errand: Errand, by: Endpoint, reply: &Reply, now: Time) -> ClientNote {
        let Errand { key, what, since } = errand;
        let waited = now.since(since);
        match (what, reply) {
            (_, Reply::Error(text)) => errand.refused(Refusal::Error(text.clone()), now),
            (What::Write { value }, _) => {
                self.ledger.record(key, value, by, now);
                ClientNote::WriteAcknowledged { by, key, value, waited }
            }
            (What::Read { acknowledged }, reply) => {
                let value = match reply {
                    Reply::Bulk(bytes) => read_value(bytes),
                    _ => None,
                };
                ClientNote::ReadAnswered { by, key, value, acknowledged, waited }
            }
        }
    }
}

impl Errand {
    fn refused(self, why: Refusal, now: Time) -> ClientNote {
        ClientNote::NotAcknowledged { key: self.key, why, waited: now.since(self.since) }
    }
}

fn set(key: KeyNumber, value: u64) -> Args {
    let value = Bytes::from(value.to_string());
    Args::from([Bytes::from_static(b"SET"), key_name(key), value])
}

fn get(key: KeyNumber) -> Args {
    Args::from([Bytes::from_static(b"GET"), key_name(key)])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::BytesMut;

    use super::*;
    use crate::data::{Protocol, decode_call, encode_reply};

    const PLAN: Plan = Plan { rate_per_second: 100, keys: 20, writes_percent: 50 };

    fn node() -> Endpoint {
        Endpoint::new(std::net::Ipv4Addr::LOCALHOST, 7000)
    }

    /// One server that owns all slots, keeps what it is told, and answers at once.
    fn run(seed: u64, until: Time) -> (Workload, Vec<ClientNote>) {
        let dice = Dice::new(seed, "workload", 0);
        let mut workload = Workload::new(PLAN, &[node()], dice, Time::ZERO);
        let mut keys: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        let mut notes = Vec::new();
        while let Some(now) = workload.wakes_at().filter(|&at| at < until) {
            let mut inputs = vec![ClientInput::Wake];
            while !inputs.is_empty() {
                let mut out = Vec::new();
                for input in inputs.drain(..) {
                    workload.handle(now, input, &mut out);
                }
                for effect in out {
                    match effect {
                        ClientEffect::Connect { conn, .. } => {
                            inputs.push(ClientInput::LinkUp { conn });
                        }
                        ClientEffect::Send { conn, bytes } => {
                            let reply = answer(&mut keys, &bytes);
                            let mut bytes = BytesMut::new();
                            encode_reply(&reply, Protocol::Resp2, &mut bytes);
                            let bytes = bytes.freeze();
                            inputs.push(ClientInput::Received { conn, bytes });
                        }
                        ClientEffect::Close { .. } => {}
                        ClientEffect::Note(note) => notes.push(note),
                    }
                }
            }
        }
        (workload, notes)
    }

    fn answer(keys: &mut BTreeMap<Bytes, Bytes>, call: &Bytes) -> Reply {
        let call = decode_call(&mut BytesMut::from(&call[..])).unwrap().unwrap();
        let word = |place: usize| call[place].clone();
        match &word(0)[..] {
            b"SET" => {
                keys.insert(word(1), word(2));
                Reply::ok()
            }
            b"GET" => keys.get(&word(1)).cloned().map_or(Reply::Null, Reply::Bulk),
            _ => {
                let node = Reply::Array(vec![Reply::bulk("127.0.0.1"), Reply::Integer(7000)]);
                let run = vec![Reply::Integer(0), Reply::Integer(16_383), node];
                Reply::Array(vec![Reply::Array(run)])
            }
        }
    }

    #[test]
    fn it_keeps_its_rate_and_its_mix() {
        let (workload, notes) = run(1, Time::from_millis(10_000));
        let writes = workload.ledger().count();
        assert!((430..570).contains(&writes), "{writes}");
        assert!((950..1_050).contains(&notes.len()), "{}", notes.len());
        assert_eq!(workload.skipped(), 0);
    }

    #[test]
    fn every_read_is_fresh_on_one_server() {
        let (_, notes) = run(2, Time::from_millis(5_000));
        let reads = notes.iter().filter_map(|note| match note {
            ClientNote::ReadAnswered { value, acknowledged, .. } => Some((value, acknowledged)),
            _ => None,
        });
        assert!(reads.clone().count() > 100);
        reads.for_each(|(value, acknowledged)| assert!(value >= acknowledged));
    }

    #[test]
    fn the_same_seed_does_the_same() {
        let end = Time::from_millis(2_000);
        assert_eq!(run(3, end).1, run(3, end).1);
        assert_ne!(run(3, end).1, run(4, end).1);
    }

    #[test]
    fn a_silent_node_holds_up_its_users_and_no_more_begins() {
        let dice = Dice::new(1, "workload", 0);
        let mut workload = Workload::new(PLAN, &[node()], dice, Time::ZERO);
        let mut out = Vec::new();
        workload.handle(Time::from_millis(1_000), ClientInput::Wake, &mut out);
        let connects =
            out.iter().filter(|effect| matches!(effect, ClientEffect::Connect { .. })).count();
        assert_eq!(connects, USERS as usize);
        assert!(workload.skipped() > 50);
        workload.stop();
        out.clear();
        workload.handle(Time::from_millis(4_000), ClientInput::Wake, &mut out);
        let failed = out.iter().filter(|effect| {
            matches!(effect, ClientEffect::Note(ClientNote::NotAcknowledged { .. }))
        });
        assert_eq!(failed.count(), USERS as usize);
        assert_eq!(workload.wakes_at(), None);
    }
}
