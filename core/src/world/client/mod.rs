//! A client: the third kind of participant, as pure as a node.
//!
//! The problem: what a cluster is like is felt at its clients, and there are three ways to be one.
//! A *plain* client talks to one node and shows a redirect as the error that it is. A *following*
//! one (`redis-cli -c`) goes where it is sent and stays there. An *aware* one keeps a map of slots,
//! asks the owner at once, and mends the map when it turns out to be old.
//!
//! The idea: one state machine for all three. A command is a [`Request`] that turns to a node for
//! an errand: the command itself, the ASKING before it, or the map of slots. Commands are answered
//! one at a time, in the order in which they were asked; those behind wait. What differs between
//! the three kinds is a row of [`Rules`].
//!
//! The rules as others have them: `redis-cli.c: cliSendCommand, cliReadReply, issueCommandRepeat`
//! (Redis 7.0) for following, which ends no chain of redirects by itself, and sends ASKING as a
//! round trip of its own. The aware client does what the common libraries agree on: at most five
//! redirects, at most three failed nodes, two seconds for a silent one, and after a failure the map
//! from a node that has not failed; if the map still names the one that did, it gives up.

mod links;
mod port;
mod push;
mod redirect;
mod request;
mod transcript;

use std::collections::VecDeque;

use bytes::Bytes;

use super::slot_cache::SlotCache;
use super::step::ClientKind;
use crate::data::{PrintForm, Reply, Spec, encode_call};
use crate::node;
use crate::words::{ConnId, Span, Time, slot_of_key};
use links::{LinkState, Links};
pub use port::{
    Args, ClientEffect, ClientInput, ClientNote, Endpoint, Failure, KeyNumber, News, Redirect,
    Refusal, Then, Timing,
};
pub use redirect::resolve;
pub(super) use redirect::{SentOn, redirect};
use request::{Errand, Request, Stage, TIMEOUT};

/// In what the three kinds differ.
struct Rules {
    redirects_max: u32,
    failures_max: usize,
    timeout: Option<Span>,
}

const fn rules(kind: ClientKind) -> Rules {
    match kind {
        ClientKind::Plain => Rules { redirects_max: 0, failures_max: 0, timeout: None },
        ClientKind::Follow => Rules { redirects_max: u32::MAX, failures_max: 0, timeout: None },
        ClientKind::Aware => Rules { redirects_max: 5, failures_max: 3, timeout: Some(TIMEOUT) },
    }
}

/// A client and all that it knows.
#[derive(Clone, Debug)]
pub struct Client {
    kind: ClientKind,
    /// The node that it talks to when nothing says otherwise; where a following client was sent
    /// last.
    at: Endpoint,
    cache: SlotCache,
    links: Links,
    /// The first is being answered; the others wait for their turn.
    requests: VecDeque<Request>,
}

impl Client {
    /// A client that begins at the node `via`. It connects when it first has something to ask.
    pub fn new(kind: ClientKind, via: Endpoint) -> Client {
        Client {
            kind,
            at: via,
            cache: SlotCache::default(),
            links: Links::default(),
            requests: VecDeque::new(),
        }
    }

    pub fn kind(&self) -> ClientKind {
        self.kind
    }

    /// The node that it talks to when nothing says otherwise.
    pub fn at(&self) -> Endpoint {
        self.at
    }

    /// What it believes of the slots; empty unless it is aware.
    pub fn cache(&self) -> &SlotCache {
        &self.cache
    }

    /// How many commands have no last word yet.
    pub fn unanswered(&self) -> usize {
        self.requests.len()
    }

    /// When it wants a [`ClientInput::Wake`], if nothing else happens; an early one does no harm.
    pub fn wakes_at(&self) -> Option<Time> {
        let patience = self.requests.iter().find_map(Request::patience_ends);
        let timeout = self.times_out_at();
        match (patience, timeout) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Takes one input in; what it does about it is appended to `out`.
    pub fn handle(&mut self, now: Time, input: ClientInput, out: &mut Vec<ClientEffect>) {
        match input {
            ClientInput::Ask(args) => {
                self.requests.push_back(Request::new(args, now));
                if self.requests.len() == 1 {
                    self.dispatch(now, out);
                }
            }
            ClientInput::Wake => self.on_wake(now, out),
            ClientInput::LinkUp { conn } => {
                if let Some(node) = self.links.on_up(conn) {
                    self.on_link_up(node, now, out);
                }
            }
            ClientInput::LinkRefused { conn } => {
                if let Some(node) = self.links.forget(conn) {
                    self.on_failure(node, Failure::Refused, now, out);
                }
            }
            ClientInput::LinkClosed { conn } => {
                let was = self.links.listening(conn);
                if let Some(node) = self.links.forget(conn) {
                    self.miss_news(node, was, out);
                    self.on_failure(node, Failure::Closed, now, out);
                }
            }
            ClientInput::Received { conn, bytes } => self.on_received(conn, bytes, now, out),
        }
    }

    /// A listener sees at once that its connection is gone; anybody else with the next command.
    fn miss_news(&self, node: Endpoint, was: push::Listening, out: &mut Vec<ClientEffect>) {
        let asks = self.requests.front().and_then(|request| request.stage);
        if was.is_any() && asks.is_none_or(|stage| stage.node != node) {
            let (how, then, timing) = (Failure::Closed, Then::GivesUp, Timing::Late);
            out.push(note(ClientNote::Failed { node, how, then, timing }));
        }
    }

    fn times_out_at(&self) -> Option<Time> {
        let stage = self.requests.front()?.stage?;
        Some(stage.since + rules(self.kind).timeout?)
    }

    fn on_wake(&mut self, now: Time, out: &mut Vec<ClientEffect>) {
        for request in &mut self.requests {
            if request.patience_ends().is_some_and(|end| end <= now) {
                request.lose_patience();
                out.push(note(ClientNote::Waiting { since: now.since(request.asked_at) }));
            }
        }
        if self.times_out_at().is_some_and(|end| end <= now) {
            self.on_timeout(now, out);
        }
    }

    fn on_timeout(&mut self, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(stage) = self.requests.front().and_then(|request| request.stage) else {
            return;
        };
        let how = match stage.sent_on {
            Some(_) => Failure::ReplyTimeout,
            None => Failure::ConnectTimeout,
        };
        self.links.close(stage.node, out);
        self.on_failure(stage.node, how, now, out);
    }

    /// Turns the first request to the node that should answer it; to the map of slots first, if
    /// there is none yet.
    fn dispatch(&mut self, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(request) = self.requests.front() else {
            return;
        };
        if self.kind != ClientKind::Aware {
            return self.turn_to(self.at, Errand::Command, now, out);
        }
        if self.cache.is_empty() {
            return self.turn_to(self.at, Errand::Refresh, now, out);
        }
        let owner = self.owner_of(request);
        self.turn_to(owner, Errand::Command, now, out);
    }

    /// Turns the first request to a node, and sends it if the connection is there.
    fn turn_to(&mut self, node: Endpoint, errand: Errand, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(request) = self.requests.front_mut() else {
            return;
        };
        request.stage = Some(Stage { node, errand, since: now, sent_on: None });
        match self.links.to(node).map(|link| link.state) {
            Some(LinkState::Open) => self.on_link_up(node, now, out),
            Some(LinkState::Opening) => {}
            None => self.links.open(node, out),
        }
    }

    /// Sends what the first request waits to send to this node.
    fn on_link_up(&mut self, node: Endpoint, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(conn) = self.links.to(node).map(|link| link.conn) else {
            return;
        };
        let Some(request) = self.requests.front_mut() else {
            return;
        };
        let Some(stage) = &mut request.stage else {
            return;
        };
        if stage.node != node || stage.sent_on.is_some() {
            return;
        }
        stage.sent_on = Some(conn);
        stage.since = now;
        let args = match stage.errand {
            Errand::Command => request.args.clone(),
            Errand::Asking => Args::from([Bytes::from_static(b"ASKING")]),
            Errand::Refresh => {
                Args::from([Bytes::from_static(b"CLUSTER"), Bytes::from_static(b"SLOTS")])
            }
        };
        let bytes = encode_call(&args);
        out.push(note(ClientNote::Asked { node, args }));
        out.push(ClientEffect::Send { conn, bytes });
    }

    fn on_received(&mut self, conn: ConnId, bytes: Bytes, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(node) = self.links.take_in(conn, bytes) else {
            return;
        };
        // What follows an answer at once is read with it.
        let mut timing = Timing::Late;
        while let Some(reply) = self.links.next_reply(conn) {
            let reply = match self.told_beside(conn, reply, timing) {
                Ok(pushed) => {
                    out.push(note(ClientNote::Pushed { node, news: pushed.0, timing: pushed.1 }));
                    continue;
                }
                Err(answer) => answer,
            };
            let stage = self.requests.front().and_then(|request| request.stage);
            match stage.filter(|stage| stage.sent_on == Some(conn)) {
                Some(stage) => self.on_reply(node, stage.errand, reply, now, out),
                // Nobody asked: a server that closes says why before it does.
                None => continue,
            }
            timing = Timing::InTime;
        }
    }

    /// What a node says that answers nothing, and when it is read; else the answer.
    fn told_beside(
        &mut self,
        conn: ConnId,
        reply: Reply,
        timing: Timing,
    ) -> Result<(Reply, Timing), Reply> {
        let request = self
            .requests
            .front()
            .filter(|request| request.stage.is_some_and(|stage| stage.sent_on == Some(conn)));
        let is_news = push::news(&reply, self.links.listening(conn));
        self.links.hear(conn, &reply);
        if request.is_some_and(|request| push::ends_listening(&request.args)) {
            self.links.stop_listening(conn);
        }
        match (is_news, request) {
            (None, _) => Err(reply),
            (Some(push::News::Confirmation), Some(request))
                if push::asks_for_confirmation(&request.args) =>
            {
                Err(reply)
            }
            (Some(_), Some(request)) => Ok((reply, request.timing())),
            (Some(_), None) => Ok((reply, timing)),
        }
    }

    fn on_reply(
        &mut self,
        node: Endpoint,
        errand: Errand,
        reply: Reply,
        now: Time,
        out: &mut Vec<ClientEffect>,
    ) {
        match errand {
            Errand::Refresh => self.on_map(node, reply, now, out),
            Errand::Asking => {
                self.count_round_trip();
                self.turn_to(node, Errand::Command, now, out);
            }
            Errand::Command => {
                self.count_round_trip();
                self.on_answer(node, reply, now, out);
            }
        }
    }

    fn count_round_trip(&mut self) {
        if let Some(request) = self.requests.front_mut() {
            request.round_trips += 1;
        }
    }

    /// Takes the map of slots. A node that has none to give (it knows of no slots, or answers with
    /// an error) leaves the client with what it has.
    fn on_map(&mut self, node: Endpoint, reply: Reply, now: Time, out: &mut Vec<ClientEffect>) {
        let found = SlotCache::from_reply(&reply, node).unwrap_or_default();
        let changed = if found == self.cache { News::Known } else { News::New };
        let runs = found.runs().len() as u32;
        out.push(note(ClientNote::CacheRefreshed { from: node, runs, changed }));
        self.at = node;
        if found.is_empty() {
            return self.turn_to(node, Errand::Command, now, out);
        }
        self.cache = found;
        match self.failure_of_owner() {
            Some((owner, how)) => self.give_up(owner, how, now, out),
            None => self.dispatch(now, out),
        }
    }

    /// The node to ask, if it has failed this request already: the cluster has no successor yet,
    /// and to ask again at once would be no use.
    fn failure_of_owner(&self) -> Option<(Endpoint, Failure)> {
        let request = self.requests.front()?;
        let owner = self.owner_of(request);
        request.failed.iter().copied().find(|&(node, _)| node == owner)
    }

    /// The node that is thought to answer a request.
    fn owner_of(&self, request: &Request) -> Endpoint {
        let slot = first_key(&request.args).map(|key| slot_of_key(key));
        slot.and_then(|slot| self.cache.owner(slot)).unwrap_or(self.at)
    }

    fn on_answer(&mut self, node: Endpoint, reply: Reply, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(request) = self.requests.front_mut() else {
            return;
        };
        let sent_on =
            redirect(&reply, node).filter(|_| request.redirects < rules(self.kind).redirects_max);
        let timing = request.timing();
        let Some(SentOn { kind, slot, to, host }) = sent_on else {
            let (round_trips, waited) = (request.round_trips, now.since(request.asked_at));
            let form = PrintForm::of_call(&request.args);
            let last_word = ClientNote::Answered { node, reply, form, round_trips, waited, timing };
            return self.finish(last_word, now, out);
        };
        request.redirects += 1;
        out.push(note(ClientNote::Redirected { kind, slot, to, host, timing }));
        match self.kind {
            ClientKind::Aware if kind == Redirect::Moved => self.cache.learn(slot, to),
            ClientKind::Aware => {}
            ClientKind::Plain | ClientKind::Follow => {
                self.at = to;
                self.links.close_others(to, out);
            }
        }
        let errand = match kind {
            Redirect::Moved => Errand::Command,
            Redirect::Ask => Errand::Asking,
        };
        self.turn_to(to, errand, now, out);
    }

    /// A node failed: if the first request depends on it, it is tried elsewhere or given up.
    fn on_failure(&mut self, node: Endpoint, how: Failure, now: Time, out: &mut Vec<ClientEffect>) {
        let Some(request) = self.requests.front_mut() else {
            return;
        };
        if request.stage.is_none_or(|stage| stage.node != node) {
            return;
        }
        request.failed.push((node, how));
        let timing = request.timing();
        let is_bounded = request.failed.len() <= rules(self.kind).failures_max;
        match self.helper().filter(|_| is_bounded) {
            Some(helper) => {
                out.push(note(ClientNote::Failed { node, how, then: Then::TriesAgain, timing }));
                self.turn_to(helper, Errand::Refresh, now, out);
            }
            None => self.give_up(node, how, now, out),
        }
    }

    fn give_up(&mut self, node: Endpoint, how: Failure, now: Time, out: &mut Vec<ClientEffect>) {
        if let Some(request) = self.requests.front() {
            let timing = request.timing();
            let failed = ClientNote::Failed { node, how, then: Then::GivesUp, timing };
            self.finish(failed, now, out);
        }
    }

    /// A node that may know better than the one that failed: the next one in the map after it, so
    /// that not all clients ask the same, and none that failed this request before.
    fn helper(&self) -> Option<Endpoint> {
        let failed = &self.requests.front()?.failed;
        let mut known = self.cache.nodes();
        if !known.contains(&self.at) {
            known.push(self.at);
        }
        let after = failed.last().and_then(|(last, _)| known.iter().position(|node| node == last));
        let first = after.map_or(0, |place| place + 1) % known.len();
        known.rotate_left(first);
        let has_failed = |node| failed.iter().any(|&(other, _)| other == node);
        known.into_iter().find(|&node| !has_failed(node))
    }

    /// Says the last word on the first request; the next one has its turn.
    fn finish(&mut self, last_word: ClientNote, now: Time, out: &mut Vec<ClientEffect>) {
        out.push(note(last_word));
        self.requests.pop_front();
        self.dispatch(now, out);
    }
}

/// The key, or the shard channel, that decides which node is asked.
fn first_key(args: &[Bytes]) -> Option<&Bytes> {
    let name = args.first()?;
    let named = |spec: &&Spec| name.eq_ignore_ascii_case(spec.name.as_bytes());
    node::specs().find(named)?.keys_of(args).next()
}

fn note(note: ClientNote) -> ClientEffect {
    ClientEffect::Note(note)
}

#[cfg(test)]
mod tests;
