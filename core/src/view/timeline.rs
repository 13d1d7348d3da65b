//! The timeline: which events a person is shown, and at which of them the play stops.
//!
//! Heartbeats are hidden; so is what merely repeats. The play stops at *moments*: the first
//! suspicion, the quorum, the election, the vote, the change of state, the lost write, each once
//! per fault, so that a failover has six to eight of them.

use std::mem::Discriminant;

use serde::{Deserialize, Serialize};

use super::events;
use super::names::Names;
use super::sentence::Sentence;
use crate::node::Fact;
use crate::words::{EventId, Span, Time};
use crate::world::client::ClientNote;
use crate::world::event::{Event, EventKind, Life};
use crate::world::trace::Trace;

/// How much of the traffic a person is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// What changed something, and every "no".
    News,
    /// What is new in the news: of the many nodes that come to notice the same, the first.
    Story,
    /// The moments only.
    Moments,
}

/// One event as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub event: EventId,
    pub position: usize,
    /// Since the cluster was formed.
    pub elapsed: Span,
    pub node: String,
    pub sentence: Sentence,
    pub text: String,
    /// From whom the news came, if a message brought it.
    pub from: Option<String>,
    pub moment: Option<Moment>,
}

/// A kind of decision point, with its mark on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Moment {
    Step,
    Pfail,
    Fail,
    Down,
    Up,
    Scheduled,
    Handover,
    Election,
    Refused,
    Won,
    Lost,
}

impl Moment {
    /// The letter by which it is marked.
    pub const fn letter(self) -> &'static str {
        match self {
            Moment::Step => "K",
            Moment::Pfail => "?",
            Moment::Fail => "F",
            Moment::Down => "D",
            Moment::Up => "U",
            Moment::Scheduled => "W",
            Moment::Handover => "H",
            Moment::Election => "E",
            Moment::Refused => "R",
            Moment::Won => "M",
            Moment::Lost => "L",
        }
    }

    /// Whether the play stops here. What the person did themselves, and a replica that begins to
    /// wait, are marks only.
    pub const fn is_stop(self) -> bool {
        !matches!(self, Moment::Step | Moment::Scheduled)
    }

    fn of(event: &Event) -> Option<Moment> {
        match &event.kind {
            EventKind::Step(text) => is_fault(text).then_some(Moment::Step),
            EventKind::Hazard(_) => Some(Moment::Lost),
            EventKind::Fact(fact) => Moment::of_fact(fact),
            _ => None,
        }
    }

    fn of_fact(fact: &Fact) -> Option<Moment> {
        use crate::node::Health;
        match fact {
            Fact::PfailSet { .. } => Some(Moment::Pfail),
            Fact::FailSet { .. } => Some(Moment::Fail),
            Fact::StateChanged { to: Health::Fail, .. } => Some(Moment::Down),
            Fact::StateChanged { to: Health::Ok, .. } => Some(Moment::Up),
            Fact::ElectionScheduled { delay_ms: 1.., .. } => Some(Moment::Scheduled),
            Fact::HandoverBegun { .. } => Some(Moment::Handover),
            Fact::ElectionStarted { .. } => Some(Moment::Election),
            Fact::VoteRefused { .. } | Fact::ElectionExpired { .. } => Some(Moment::Refused),
            Fact::BecameMaster { .. } => Some(Moment::Won),
            _ => None,
        }
    }
}

/// Whether a step changes what can happen, rather than letting time pass or asking something.
fn is_fault(step: &str) -> bool {
    let by_hand = step.starts_with("$ ");
    let commanded = step.to_ascii_uppercase().contains("> CLUSTER FAILOVER");
    commanded || by_hand && !step.starts_with("$ run") && !step.starts_with("$ client")
}

/// Whether a person is shown an event.
pub fn is_news(event: &Event) -> bool {
    match &event.kind {
        EventKind::Step(text) => !text.starts_with("$ run"),
        EventKind::Refused(_) | EventKind::Hazard(_) => true,
        EventKind::Life(life) => !matches!(life, Life::Started),
        EventKind::Fact(fact) => !matches!(
            **fact,
            Fact::ConfigEpochLearned { .. }
                | Fact::LinkRestored { .. }
                | Fact::EpochRaised { .. }
                | Fact::ReportDropped { .. }
                | Fact::SyncAsked { .. }
                | Fact::Logged(_)
        ),
        EventKind::Client(note) => matches!(
            **note,
            ClientNote::Asked { .. }
                | ClientNote::Redirected { .. }
                | ClientNote::Answered { .. }
                | ClientNote::Waiting { .. }
                | ClientNote::Pushed { .. }
                | ClientNote::Failed { .. }
        ),
        _ => false,
    }
}

/// What of a trace is worth a stop, and what is worth a story; grows with the trace.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    found: Vec<(usize, Moment)>,
    /// How many were forgotten with the trace.
    forgotten: usize,
    /// The kinds of moment since the last fault.
    seen: Vec<Moment>,
    story: Vec<usize>,
    /// The kinds of fact since the last fault.
    told: Vec<Discriminant<Fact>>,
    /// How far the trace was read.
    read: usize,
}

impl Moments {
    /// Reads what was added to the trace since the last time, and forgets what the trace forgot.
    pub fn read(&mut self, trace: &Trace) {
        let start = trace.start();
        let forgotten = self.found.partition_point(|&(at, _)| at < start);
        self.found.drain(..forgotten);
        self.forgotten += forgotten;
        self.story.drain(..self.story.partition_point(|&at| at < start));
        for position in self.read.max(trace.start())..trace.len() {
            if let Some(event) = trace.get(position) {
                self.take(position, event);
            }
        }
        self.read = trace.len();
    }

    fn take(&mut self, position: usize, event: &Event) {
        let moment = Moment::of(event);
        if moment == Some(Moment::Step) {
            self.seen.clear();
            self.told.clear();
        }
        let moment = moment.filter(|moment| !self.seen.contains(moment));
        if let Some(moment) = moment {
            self.seen.push(moment);
            self.found.push((position, moment));
        }
        if is_news(event) && (self.is_new(event) || moment.is_some()) {
            self.story.push(position);
        }
    }

    /// Whether no other node has noticed the same since the last fault. What people and clients do,
    /// and each vote, is always new.
    fn is_new(&mut self, event: &Event) -> bool {
        let EventKind::Fact(fact) = &event.kind else { return true };
        let kind = std::mem::discriminant(&**fact);
        let is_told = self.told.contains(&kind);
        if !is_told {
            self.told.push(kind);
        }
        !is_told || matches!(**fact, Fact::VoteGranted { .. })
    }

    /// All moments, oldest first, with their positions: once per kind per fault.
    pub fn all(&self) -> &[(usize, Moment)] {
        &self.found
    }

    /// How many moments there were, those included that the trace has forgotten.
    pub fn count(&self) -> usize {
        self.forgotten + self.found.len()
    }

    pub fn is_moment(&self, position: usize) -> bool {
        self.found.binary_search_by_key(&position, |&(at, _)| at).is_ok()
    }

    pub fn is_story(&self, position: usize) -> bool {
        self.story.binary_search(&position).is_ok()
    }
}

/// One event in words.
pub fn tell(trace: &Trace, position: usize, origin: Time, names: &Names) -> Option<Told> {
    let event = trace.get(position)?;
    let sentence = events::sentence_of(event, names);
    Some(Told {
        event: event.id,
        position,
        elapsed: event.at.since(origin),
        node: names.actor(event.id.owner).to_owned(),
        text: sentence.english(),
        sentence,
        from: brought_by(trace, event).map(|actor| names.actor(actor).to_owned()),
        moment: Moment::of(event),
    })
}

/// Who sent the message that brought an event about.
fn brought_by(trace: &Trace, event: &Event) -> Option<crate::words::ActorId> {
    match &trace.find(event.cause?)?.kind {
        EventKind::Received { from, .. } => *from,
        _ => None,
    }
}

/// The next event that is shown, after (or before) a position.
pub fn next_shown(
    trace: &Trace,
    position: usize,
    direction: Direction,
    shown: impl Fn(usize, &Event) -> bool,
) -> Option<usize> {
    let is_shown = |&at: &usize| trace.get(at).is_some_and(|event| shown(at, event));
    match direction {
        Direction::Forward => (position + 1..trace.len()).find(is_shown),
        Direction::Back => (trace.start()..position).rev().find(is_shown),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Forward,
    Back,
}
