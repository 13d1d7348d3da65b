//! A cluster that exists already and belongs to somebody else.
//!
//! The problem: a lesson on a cluster that is in use must leave it as it was. The idea: only a
//! reviewed list of commands is sent (`permit`), keys get names of their own in the same slots
//! (`keys`), and these are removed at the end. All of the lesson is checked before anything is
//! sent. `capture` looks what the cluster is like, `twin` simulates one of that shape, `tongue`
//! translates, `login` keeps the password to itself.

mod capture;
mod keys;
mod login;
mod permit;
mod tongue;
mod twin;

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::node::specs;
use hashslot_core::words::{NodeId, Span, quote_arg};
use hashslot_core::world::World;
use hashslot_core::world::condition::Condition;
use hashslot_core::world::step::{ClientKind, ClientName, Line, Port, Step};

pub use capture::{Captured, Member};
use keys::Keys;
pub use login::Login;
pub use permit::Fault;
use tongue::Translator;

use super::call::Connection;
use super::clients::{Clients, Noted};
use super::judge::{Witness, holds};
use super::stop;
use super::tongue::Tongue;
use super::{LogLine, Trouble};
use crate::compare::Stage;

/// How long a command waits for its reply before it is left waiting.
const REPLY_WITHIN: Duration = Duration::from_millis(1_001);
/// How often a condition is asked for.
const POLL: Duration = Duration::from_millis(5);
/// As many redirects are followed to remove a key.
const REDIRECTS_MAX: usize = 5;

/// A cluster that is there, as a lesson is played on it. The lesson's keys go when it is dropped.
pub struct Existing {
    captured: Captured,
    translator: Translator,
    clients: Clients,
    login: Option<Login>,
    asked: BTreeMap<Port, Connection>,
    ids: BTreeMap<Port, NodeId>,
    /// Whether a command was sent that may have written a key.
    may_have_written: bool,
}

impl Existing {
    /// Gets a cluster ready for these lines of a lesson, or says why they cannot be played on it.
    /// The nodes of `namesakes` have the ids that the lesson has for them.
    pub fn open(
        captured: Captured,
        login: Option<Login>,
        lines: &[(usize, Line)],
        allowed: &[Fault],
        namesakes: &World,
    ) -> Result<Existing, Trouble> {
        let mut keys = Keys::default();
        for (number, line) in lines {
            let here = |trouble: Trouble| Trouble::new(format!("line {number}: {line}: {trouble}"));
            permit::check(line, allowed).map_err(here)?;
            let Line::Step(Step::Command { args, .. }) = line else { continue };
            for key in keys_of(args) {
                keys.add(&key).map_err(here)?;
            }
        }
        let mut translator = Translator::new(keys);
        let mut ids = BTreeMap::new();
        for Member { port, place, id, .. } in &captured.members {
            let namesake = namesakes.node(*port).map(|node| node.id());
            let namesake = namesake.ok_or_else(|| Trouble::new("the twin lacks a node"))?;
            translator.add(*port, *place, *id, namesake);
            ids.insert(*port, namesake);
        }
        let mut existing = Existing {
            captured,
            translator,
            clients: Clients::with_login(login.clone()),
            login,
            asked: BTreeMap::new(),
            ids,
            may_have_written: false,
        };
        existing.must_be_free()?;
        Ok(existing)
    }

    /// None of the names that the lesson's keys get may be taken.
    fn must_be_free(&mut self) -> Result<(), Trouble> {
        let keys: Vec<Bytes> = self.translator.keys().all_real().cloned().collect();
        for key in keys {
            let exists = self.about_key("EXISTS", &key);
            if exists != Some(Reply::Integer(0)) {
                let shown = quote_arg(&key);
                return Err(Trouble::new(match exists {
                    Some(Reply::Integer(_)) => format!(
                        "there is a key {shown} already, perhaps of a replay that was killed: \
                         remove it (DEL {shown}), then replay again"
                    ),
                    Some(Reply::Error(error)) => format!("EXISTS {shown} is answered with {error}"),
                    _ => {
                        format!("nobody says whether there is a key {shown}: is the cluster well?")
                    }
                }));
            }
        }
        Ok(())
    }

    /// Sends a command about a key to whoever serves it now.
    fn about_key(&mut self, command: &str, key: &Bytes) -> Option<Reply> {
        let mut at = self.captured.members.first()?.place;
        let mut asking = false;
        for _ in 0..=REDIRECTS_MAX {
            let mut connection = capture::connect(at, self.login.as_ref()).ok()?;
            if asking {
                connection.say(&["ASKING"]).ok()?;
            }
            let call = [Bytes::copy_from_slice(command.as_bytes()), key.clone()];
            let reply = connection.call(&call).ok()?.reply;
            let Reply::Error(error) = &reply else { return Some(reply) };
            let mut words = error.split(' ');
            asking = match words.next() {
                Some("MOVED") => false,
                Some("ASK") => true,
                _ => return Some(reply),
            };
            at = words.nth(1)?.parse().ok()?;
        }
        None
    }

    fn command(&mut self, name: &ClientName, args: &[Bytes]) -> Result<(), Trouble> {
        if !self.clients.has(name) {
            match name {
                ClientName::Cli => {
                    let lowest = self.translator.ports().min();
                    let via = lowest.ok_or_else(|| Trouble::new("the cluster has no node"))?;
                    self.add_client(name.clone(), ClientKind::Follow, via)?;
                }
                ClientName::Node(port) => {
                    self.add_client(name.clone(), ClientKind::Plain, *port)?
                }
                ClientName::Named(client) => {
                    let client = client.as_str();
                    return Err(Trouble::new(format!("there is no client {client}")));
                }
            }
        }
        self.may_have_written = true;
        let limit = Instant::now() + REPLY_WITHIN;
        self.clients.ask_until(name, args, limit, &self.translator);
        Ok(())
    }

    fn add_client(&mut self, name: ClientName, kind: ClientKind, via: Port) -> Result<(), Trouble> {
        if self.translator.place(via).is_none() {
            return Err(Trouble::new(format!("there is no node {via}")));
        }
        let place = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, via.number());
        self.clients.add(name, kind, place);
        Ok(())
    }

    fn run_until(&mut self, condition: &Condition, within: Span) -> Result<(), Trouble> {
        let limit = Instant::now() + Duration::from_micros(within.micros());
        while !holds(self, condition) {
            if Instant::now() >= limit || stop::is_wanted() {
                return Err(Trouble::new(format!("{condition} did not come true in time")));
            }
            self.clients.live_a_little(Instant::now() + POLL, &self.translator);
        }
        Ok(())
    }
}

impl Stage for Existing {
    fn ports(&self) -> Vec<Port> {
        self.translator.ports().collect()
    }

    fn apply(&mut self, step: &Step) -> (Vec<Noted>, Result<(), Trouble>) {
        let verdict = match step {
            Step::Command { client, args } => self.command(client, args),
            Step::Client { name, kind, via } => {
                self.add_client(ClientName::Named(name.clone()), *kind, *via)
            }
            Step::Run(span) => {
                self.clients.live_for(Duration::from_micros(span.micros()), &self.translator);
                Ok(())
            }
            Step::RunUntil { condition, within } => self.run_until(condition, *within),
            _ => Err(Trouble::new("a cluster that exists already is not ours to do that to")),
        };
        (self.clients.take_notes(), verdict)
    }

    fn ask(&mut self, node: Port, words: &[&str]) -> Option<Reply> {
        let place = self.translator.place(node)?;
        let known = self.asked.get_mut(&node).and_then(|known| known.say(words).ok());
        let reply = match known {
            Some(reply) => reply,
            None => {
                self.asked.remove(&node);
                let mut connection = capture::connect(place, self.login.as_ref()).ok()?;
                let reply = connection.say(words).ok()?;
                self.asked.insert(node, connection);
                reply
            }
        };
        Some(self.translator.reply_to_script(reply))
    }

    fn log(&self, _: Port) -> Option<Vec<LogLine>> {
        None
    }
}

impl Witness for Existing {
    fn running(&self) -> Vec<Port> {
        self.ports()
    }

    fn id_of(&self, node: Port) -> Option<NodeId> {
        self.ids.get(&node).copied()
    }

    fn reply(&mut self, node: Port, words: &[&str]) -> Option<Reply> {
        self.ask(node, words)
    }
}

impl Drop for Existing {
    fn drop(&mut self) {
        if !self.may_have_written {
            return;
        }
        let keys: Vec<Bytes> = self.translator.keys().all_real().cloned().collect();
        for key in keys {
            if !matches!(self.about_key("DEL", &key), Some(Reply::Integer(_))) {
                eprintln!("hashslot: the key {} may be left: DEL it", quote_arg(&key));
            }
        }
    }
}

/// The keys of a call.
fn keys_of(args: &[Bytes]) -> Vec<Bytes> {
    let name = permit::name_of(args);
    let spec = specs().find(|spec| spec.name == name);
    spec.map(|spec| spec.keys_of(args).cloned().collect()).unwrap_or_default()
}
