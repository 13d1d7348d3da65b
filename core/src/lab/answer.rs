//! What a lab answers: plain data for serde.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::player::Pause;
use super::watch::Live;
use crate::lesson::{Lesson, RunnerAsk};
use crate::view::{
    Beliefs, EventList, Flight, Moment, Redirected, SlotMap, Stage, Told, Traffic, Writes,
};
use crate::words::Span;

/// One answer, with the number of its question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub id: u64,
    pub answer: Answer,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Version {
        version: String,
    },
    Lessons(Vec<Shelved>),
    Opened {
        lesson: Arc<Lesson>,
        /// Its id, if it comes with the program.
        id: Option<String>,
        shown: Box<Shown>,
        /// What differs from what was shared, if it came by a link.
        note: Option<String>,
    },
    Shown(Box<Shown>),
    /// A line was done.
    Did {
        printed: Vec<String>,
        /// The node at which the following client (`redis-cli -c`) stands now.
        cli_at: u16,
        shown: Box<Shown>,
    },
    /// The chain of causes, effect first.
    Why(Vec<Reason>),
    Beliefs(Vec<Beliefs>),
    Events(EventList),
    Slots(SlotMap),
    Writes(Writes),
    /// A text that opens as this very lab: what stands behind the `#` of a link.
    Link {
        text: String,
    },
    /// A run as a text, and how a file of it may be called.
    Saved {
        file: String,
        text: String,
    },
    /// A lesson or a run with mistakes, each as it is printed.
    Broken {
        diagnostics: Vec<String>,
    },
    /// It could not be done; the hint says what to do instead.
    Refused {
        hint: String,
    },
}

/// A lesson that comes with the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    pub id: String,
    pub title: String,
    pub about: String,
    pub minutes: u32,
}

/// One line of a chain of causes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    pub told: Told,
    /// The function of Redis that decided it, as FIDELITY.md names it.
    pub rule: Option<String>,
    /// What was, together with it, the reason for the line above.
    pub also: Vec<Told>,
}

/// All that is shown at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub elapsed: Span,
    /// The present: how far there is something to see.
    pub present: Span,
    /// Whether nothing is left to be shown before the present.
    pub is_present: bool,
    pub stage: Stage,
    pub traffic: Traffic,
    /// What just happened.
    pub now: Option<Told>,
    /// The message that brought it.
    pub arrow: Option<Arrow>,
    /// How much time went by, if what is shown follows on what was shown before.
    pub passed: Option<Span>,
    /// The messages that were under way in that time, as far as they are shown.
    pub flights: Vec<Flight>,
    /// The last fault before the moment, and how long ago it was.
    pub since_fault: Option<(String, Span)>,
    pub marks: Vec<Mark>,
    pub lesson: Arc<LessonState>,
    /// The runs side by side, the lesson's own first.
    pub lanes: Vec<Lane>,
    /// Whether this is the end of a whole minute in which nothing happened.
    pub is_idle: bool,
    /// All nodes there are, whoever looks.
    pub ports: Vec<u16>,
    /// The clients that have been used.
    pub clients: Vec<String>,
    /// Where clients outside of the simulation were sent last, oldest first.
    pub redirects: Vec<Redirected>,
    /// The first moment that can be shown; later than zero if what was before it was forgotten.
    pub begins: Span,
    /// The served cluster, if this is one.
    pub live: Option<Live>,
}

impl Shown {
    /// The learner's own branch, if this is not the lesson's run.
    pub fn branch(&self) -> Option<&Lane> {
        self.lanes.iter().skip(1).find(|lane| lane.is_current)
    }
}

/// A message on the stage, from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    pub what: String,
}

/// A decision point on the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub elapsed: Span,
    pub position: usize,
    pub moment: Moment,
    pub text: String,
}

/// One run of the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub branch: usize,
    /// What was done differently in it.
    pub name: String,
    /// When it left the run before it; zero for the lesson's own.
    pub from: Span,
    pub until: Span,
    pub is_current: bool,
    /// The moments after it left.
    pub moments: Vec<(Span, Moment)>,
}

/// How far the lesson is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonState {
    /// The block at which the lesson stands; past the last one when it is over.
    pub block: usize,
    /// What it waits for.
    pub ask: RunnerAsk,
    pub pause: Pause,
    /// What its steps have printed.
    pub done: Vec<Exchanged>,
    /// The verdicts on the learner's answers, by the blocks of the questions.
    pub verdicts: BTreeMap<usize, RunnerAsk>,
}

impl LessonState {
    /// Whether the lesson only waits to be told that its text, or its pointer, was seen: both stay
    /// on the page, and the next live block stands right below.
    pub fn can_read_on(&self) -> bool {
        let is_text = matches!(self.ask, RunnerAsk::Show { .. } | RunnerAsk::Look { .. });
        is_text && self.pause == Pause::Waiting
    }
}

/// One step of the lesson, done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// The line of the lesson's file.
    pub line: usize,
    pub step: String,
    pub printed: Vec<String>,
    /// When it was over.
    pub elapsed: Span,
}
