//! The hub: the one place where real programs and the world meet.
//!
//! It owns the session and the clock. What a socket brings is an input of the world, at the moment
//! that the clock shows; what the world has for a socket goes into its mailbox. One thread runs
//! the hub and all sockets of peers, so an answer is in the mailbox before the task that read the
//! question looks there.
//!
//! Nothing here waits: whoever is behind the clock lets time pass in slices ([`Hub::catch_up`]).

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::lab::perform;
use hashslot_core::words::{ConnId, Span, Time};
use hashslot_core::world::session::Session;
use hashslot_core::world::step::{Line as StepLine, Port};
use hashslot_core::world::{News, Outside};
use tokio::sync::Notify;

use super::clock::{Clock, Flow};
use super::limits::{INPUT_BYTES_MAX, OUTPUT_BYTES_MAX, PEER_INPUT_BYTES_MAX, UNDER_WAY_BYTES_MAX};
use super::mailbox::{Line, Mailbox, Reading};
use super::record::Record;
use super::status::{Refused, Status};

/// How much of the world's time passes at once while it catches up, and for how long by the wall.
const SLICE: Span = Span::from_millis(20);
const SLICES_WITHIN: Duration = Duration::from_millis(3);
/// How long the world's time runs on in one line of a person's.
const LINE_TIME_MAX: Span = Span::from_secs(60);
/// Who asked so lately is likely to wait for the answer: the next thing is looked out for, since a
/// timer is a millisecond late.
const EAGER_FOR: Duration = Duration::from_millis(5);
/// So little is not worth a timer.
const EAGER_WITHIN: Duration = Duration::from_millis(1);

/// When the world has to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At once, after the peers had their turn.
    Now,
    At(Instant),
    /// When somebody brings something.
    Never,
}

/// One peer, as the hub knows it.
#[derive(Debug)]
struct Peer {
    mailbox: Rc<Mailbox>,
    /// What it sent since it was last told something.
    unanswered: u64,
}

/// The world and its peers.
pub struct Hub {
    session: Session,
    clock: Clock,
    peers: HashMap<ConnId, Peer>,
    conns_opened: u32,
    /// How many sockets there are, and which of them wait for time to flow.
    admitted: usize,
    waiting: Vec<Rc<Mailbox>>,
    news: Vec<News>,
    record: Option<Record>,
    /// What waits in all mailboxes together, and what was sent and is not answered.
    output_bytes: usize,
    input_bytes: u64,
    /// Who is not read, because what he sent is still under way.
    held: Vec<ConnId>,
    /// How many peers wait for an answer, and when the last of them asked.
    asking: usize,
    asked_at: Instant,
    refused: u64,
    closed_for_output: u64,
    closed_for_input: u64,
    soundness: Soundness,
    /// The world has to be looked at again.
    pub changed: Rc<Notify>,
}

/// Whether the session was left in the middle of something: only a mistake of ours does that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Soundness {
    Sound,
    Busy,
}

impl Hub {
    pub fn new(session: Session, clock: Clock, record: Option<Record>) -> Hub {
        Hub {
            session,
            clock,
            peers: HashMap::new(),
            conns_opened: 0,
            admitted: 0,
            waiting: Vec::new(),
            news: Vec::new(),
            record,
            output_bytes: 0,
            input_bytes: 0,
            held: Vec::new(),
            asking: 0,
            asked_at: Instant::now(),
            refused: 0,
            closed_for_output: 0,
            closed_for_input: 0,
            soundness: Soundness::Sound,
            changed: Rc::default(),
        }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How many sockets there are.
    pub fn admitted(&self) -> usize {
        self.admitted
    }

    pub fn is_flowing(&self) -> bool {
        self.clock.flow() == Flow::Running
    }

    pub fn is_sound(&self) -> bool {
        self.soundness == Soundness::Sound
    }

    pub fn count_refused(&mut self) {
        self.refused += 1;
    }

    /// A socket has been accepted. Its connection is opened when time flows ([`Hub::open`]).
    pub fn admit(&mut self) {
        self.admitted += 1;
    }

    /// A socket that was admitted while time stands still is woken when it flows.
    pub fn wait(&mut self, mailbox: Rc<Mailbox>) {
        self.waiting.push(mailbox);
    }

    /// Opens the connection of a socket. Numbers of connections only grow.
    pub fn open(&mut self, mailbox: Rc<Mailbox>, to: Port) -> ConnId {
        let conn = ConnId(self.conns_opened);
        self.conns_opened += 1;
        self.peers.insert(conn, Peer { mailbox, unanswered: 0 });
        self.bring(Outside::Open { conn, to });
        conn
    }

    /// What one read of a socket gave.
    pub fn send(&mut self, conn: ConnId, bytes: Bytes) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        if peer.unanswered == 0 {
            self.asking += 1;
        }
        peer.unanswered += bytes.len() as u64;
        self.input_bytes += bytes.len() as u64;
        let is_much = peer.unanswered > UNDER_WAY_BYTES_MAX || self.input_bytes > INPUT_BYTES_MAX;
        self.bring(Outside::Send { conn, bytes });
        if is_much {
            self.measure(conn);
        }
    }

    /// A socket that was admitted is closed, by either side, and the peer is forgotten.
    pub fn leave(&mut self, conn: Option<ConnId>) {
        self.admitted -= 1;
        let Some((conn, peer)) = conn.and_then(|conn| self.peers.remove_entry(&conn)) else {
            return;
        };
        self.settle_account(peer.unanswered);
        self.output_bytes -= peer.mailbox.bytes();
        if matches!(peer.mailbox.line(), Line::Up | Line::Opening | Line::Overflown) {
            self.bring(Outside::Close { conn });
        }
    }

    /// So much of a mailbox has left.
    pub fn sent(&mut self, bytes: usize) {
        self.output_bytes -= bytes;
    }

    /// Lets time pass up to what the clock shows, or for as long as peers can wait.
    pub fn catch_up(&mut self) -> Next {
        let began = Instant::now();
        let mut wall = began;
        loop {
            let (now, clock) = (self.session.now(), self.clock.at(wall));
            if now >= clock {
                return self.next(wall);
            }
            self.pass_to(clock.min(now + SLICE));
            wall = Instant::now();
            if wall.duration_since(began) > SLICES_WITHIN {
                self.clock.give_up(wall, self.session.now());
                return Next::Now;
            }
        }
    }

    fn next(&self, wall: Instant) -> Next {
        let Some(at) = self.session.world().next_at().and_then(|next| self.clock.when(next)) else {
            return Next::Never;
        };
        let is_eager = self.asking > 0
            && wall.saturating_duration_since(self.asked_at) < EAGER_FOR
            && at.saturating_duration_since(wall) < EAGER_WITHIN;
        if is_eager { Next::Now } else { Next::At(at) }
    }

    /// Does a line of a person's; what it prints.
    pub fn perform(&mut self, line: &str) -> Result<Vec<String>, Refused> {
        let line = StepLine::parse(line)
            .map_err(|error| Refused::new(error.to_string(), error.help.clone()))?;
        if let StepLine::Step(step) = &line {
            if step.time_max() > LINE_TIME_MAX {
                let error = "this line takes more than a minute of the cluster's time".to_owned();
                let help = "the clients would wait meanwhile: write at most 60s, or set the speed";
                return Err(Refused::new(error, help.to_owned()));
            }
            self.reach(self.moment(Instant::now()));
        }
        let printed = self.busy(|session| perform(session, &line));
        self.take_news();
        self.clock.leap(Instant::now(), self.session.now());
        self.changed.notify_one();
        Ok(printed)
    }

    pub fn set_flow(&mut self, flow: Flow) {
        self.reach(self.moment(Instant::now()));
        self.clock.set_flow(Instant::now(), flow);
        self.wake_all();
    }

    pub fn set_speed(&mut self, percent: u32) {
        self.clock.set_speed(Instant::now(), percent);
        self.changed.notify_one();
    }

    /// The present, for whoever wants to look at it.
    pub fn copy(&self) -> Session {
        self.session.clone()
    }

    pub fn status(&self) -> Status {
        let wall = Instant::now();
        Status {
            flow: self.clock.flow(),
            speed_percent: self.clock.speed_percent(),
            behind: self.clock.at(wall).since(self.session.now()),
            given_up: self.clock.given_up(),
            clients: self.admitted,
            opened: u64::from(self.conns_opened),
            refused: self.refused,
            closed_for_output: self.closed_for_output,
            closed_for_input: self.closed_for_input,
            output_bytes: self.output_bytes,
            record: self.record.as_ref().map(Record::status),
            troubles: Vec::new(),
        }
    }

    /// The last line of the record.
    pub fn end_record(&mut self) -> std::io::Result<()> {
        match self.record.take() {
            Some(record) => record.end(&self.session),
            None => Ok(()),
        }
    }

    /// Writes down what was done since.
    pub fn keep_record(&mut self) {
        if let Some(record) = &mut self.record {
            record.catch_up(&self.session);
        }
    }

    /// The moment of what comes now: the clock's, but not further ahead than a slice.
    fn moment(&self, wall: Instant) -> Time {
        let now = self.session.now();
        self.clock.at(wall).clamp(now, now + SLICE)
    }

    fn bring(&mut self, input: Outside) {
        let wall = Instant::now();
        let at = self.moment(wall);
        if matches!(input, Outside::Send { .. }) {
            self.asked_at = wall;
        }
        self.busy(|session| session.outside(at, input));
        self.take_news();
    }

    fn pass_to(&mut self, at: Time) {
        self.busy(|session| session.pass_to(at));
        self.take_news();
    }

    fn reach(&mut self, at: Time) {
        if at > self.session.now() {
            self.pass_to(at);
        }
    }

    fn busy<T>(&mut self, work: impl FnOnce(&mut Session) -> T) -> T {
        self.soundness = Soundness::Busy;
        let done = work(&mut self.session);
        self.soundness = Soundness::Sound;
        done
    }

    /// Puts what has reached peers into their mailboxes.
    fn take_news(&mut self) {
        let mut news = std::mem::take(&mut self.news);
        self.session.drain_news(&mut news);
        for one in news.drain(..) {
            self.deliver(one);
        }
        self.news = news;
    }

    fn deliver(&mut self, news: News) {
        let (News::Up { conn }
        | News::Refused { conn }
        | News::Received { conn, .. }
        | News::Closed { conn }) = news;
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        let mailbox = &peer.mailbox;
        match news {
            News::Up { .. } => mailbox.set_line(Line::Up),
            News::Refused { .. } => mailbox.set_line(Line::Refused),
            News::Closed { .. } if mailbox.line() == Line::Overflown => {}
            News::Closed { .. } => mailbox.set_line(Line::Closed),
            News::Received { bytes, .. } => {
                let before = mailbox.bytes();
                mailbox.put(bytes);
                let answered = std::mem::take(&mut peer.unanswered);
                if self.output_bytes - before + mailbox.bytes() > OUTPUT_BYTES_MAX {
                    mailbox.give_up();
                }
                self.output_bytes = self.output_bytes - before + mailbox.bytes();
                if mailbox.line() == Line::Overflown {
                    self.closed_for_output += 1;
                }
                self.settle_account(answered);
            }
        }
    }

    fn settle_account(&mut self, unanswered: u64) {
        if unanswered > 0 {
            self.asking -= 1;
            self.input_bytes -= unanswered;
        }
    }

    /// A peer has sent much without an answer: how much of it has no node used yet? He is not read
    /// while much is under way, and closed if a call of his takes too much room.
    fn measure(&mut self, conn: ConnId) {
        let held = self.session.world().held_of_outside(conn);
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        if peer.unanswered == 0 {
            return;
        }
        let left = (held.under_way + held.unused).clamp(1, peer.unanswered);
        self.input_bytes -= peer.unanswered - left;
        peer.unanswered = left;
        if held.unused > PEER_INPUT_BYTES_MAX || self.input_bytes > INPUT_BYTES_MAX {
            self.closed_for_input += 1;
            self.output_bytes -= peer.mailbox.bytes();
            peer.mailbox.give_up();
        } else if held.under_way > UNDER_WAY_BYTES_MAX {
            peer.mailbox.set_reading(Reading::Held);
            self.held.push(conn);
        }
    }

    /// Reads on from those whose input is not under way any more.
    pub fn release(&mut self) {
        for conn in std::mem::take(&mut self.held) {
            if let Some(peer) = self.peers.get(&conn) {
                peer.mailbox.set_reading(Reading::Freely);
            }
            self.measure(conn);
        }
    }

    fn wake_all(&mut self) {
        self.waiting.drain(..).for_each(|mailbox| mailbox.wake());
        self.peers.values().for_each(|peer| peer.mailbox.wake());
        self.changed.notify_one();
    }
}
