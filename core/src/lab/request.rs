//! What can be asked of a lab, and what it answers: plain data for serde.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::player::{Pause, Player};
use crate::lesson::{Lesson, RunnerAsk};
use crate::view::{self, Beliefs, Direction, Filter, Moment, Names, Stage, Told};
use crate::words::{Span, Time};
use crate::world::client::ClientNote;
use crate::world::event::{EventKind, What};
use crate::world::trace::Trace;

/// One question, with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    pub ask: Ask,
}

/// One answer, with the number of its question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub id: u64,
    pub answer: Answer,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Version,
    /// Which lessons come with the program.
    Lessons,
    /// Opens a lesson that comes with the program.
    Open {
        lesson: String,
    },
    /// Opens a lesson from its text.
    OpenText {
        file: String,
        source: String,
    },
    /// The learner has read, or seen, what the lesson showed, or wants its next step done.
    Continue,
    Choose {
        option: usize,
    },
    ChooseAll {
        options: Vec<usize>,
    },
    /// Plays the counter-run of an option.
    WhatIf {
        option: usize,
    },
    /// A line of the learner's own, as in a lesson's `lab`; leaves the lesson's run.
    Do {
        line: String,
    },
    BackToLesson,
    Step {
        direction: Direction,
        filter: Filter,
    },
    Seek {
        elapsed: Span,
    },
    /// Shows the event at this position of the trace.
    ShowEvent {
        position: usize,
    },
    /// Lets time pass from the present on.
    Run {
        span: Span,
    },
    Show,
    /// Why the event at this position of the trace happened.
    Why {
        position: usize,
    },
    Beliefs,
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
        shown: Box<Shown>,
    },
    Shown(Box<Shown>),
    /// The chain of causes, effect first.
    Why(Vec<Reason>),
    Beliefs(Vec<Beliefs>),
    /// A lesson with mistakes, each as it is printed.
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
    /// What was, together with it, the reason for the line above.
    pub also: Vec<String>,
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
    /// What just happened.
    pub now: Option<Told>,
    /// The message that brought it.
    pub arrow: Option<Arrow>,
    /// The last fault before the moment, and how long ago it was.
    pub since_fault: Option<(String, Span)>,
    pub marks: Vec<Mark>,
    pub lesson: LessonState,
    /// The name of the learner's own branch, if this is not the lesson's run.
    pub branch: Option<String>,
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

/// How far the lesson is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonState {
    /// The block at which the lesson stands; past the last one when it is over.
    pub block: usize,
    /// What it waits for.
    pub ask: RunnerAsk,
    pub pause: Pause,
    /// What its steps have printed.
    pub done: Vec<Exchanged>,
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

/// Draws the moment `at`, at which the event at `position` happened.
pub(super) fn shown(player: &Player, position: Option<usize>, at: Time) -> Shown {
    let session = player.session();
    let (world, trace) = (session.world(), session.trace());
    let names = Names::of(world);
    let origin = world.origin();
    let now = position.and_then(|position| view::tell(trace, position, origin, &names));
    let arrow = now.as_ref().and_then(|told| arrow(trace, told));
    let mut marks: Vec<Mark> = Vec::new();
    for (position, moment) in view::moments(trace, trace.start(), trace.len()) {
        if let Some(told) = view::tell(trace, position, origin, &names) {
            marks.push(Mark { elapsed: told.elapsed, position, moment, text: told.text });
        }
    }
    let elapsed = at.since(origin);
    Shown {
        elapsed,
        present: session.ends_at().since(origin),
        is_present: is_present(player, position, at),
        stage: view::stage(world),
        since_fault: since_fault(trace, &marks, elapsed),
        now,
        arrow,
        marks,
        lesson: player.state(),
        branch: player.branch(),
    }
}

/// Whether the moment `at`, and the event at `position`, are the last that there is to be shown.
fn is_present(player: &Player, position: Option<usize>, at: Time) -> bool {
    let session = player.session();
    let trace = session.trace();
    let first_after = position.map_or_else(|| trace.at(at), |position| position + 1);
    let is_news = |position| trace.get(position).is_some_and(view::is_news);
    at == session.ends_at() && !(first_after..trace.len()).any(is_news)
}

/// The last fault up to a moment, as it was asked for, and how long ago it was.
fn since_fault(trace: &Trace, marks: &[Mark], elapsed: Span) -> Option<(String, Span)> {
    let is_past_fault = |mark: &&Mark| mark.moment == Moment::Step && mark.elapsed <= elapsed;
    let fault = marks.iter().rev().find(is_past_fault)?;
    let EventKind::Step(step) = &trace.get(fault.position)?.kind else { return None };
    let ago = Span::from_micros(elapsed.micros() - fault.elapsed.micros());
    Some((step.strip_prefix("$ ").unwrap_or(step).to_owned(), ago))
}

/// The message behind an event: the one that brought it, or the command that a client sends.
fn arrow(trace: &Trace, told: &Told) -> Option<Arrow> {
    let event = trace.get(told.position)?;
    if let EventKind::Client(note) = &event.kind
        && let ClientNote::Asked { node, .. } = &**note
    {
        let (from, to) = (told.node.clone(), node.port().to_string());
        return Some(Arrow { from, to, what: "command".to_owned() });
    }
    let what = match &trace.find(event.cause?)?.kind {
        EventKind::Received { what: What::Client { .. }, .. } => match &event.kind {
            EventKind::Client(_) => "reply".to_owned(),
            _ => "command".to_owned(),
        },
        EventKind::Received { what, .. } => view::named(what),
        _ => return None,
    };
    Some(Arrow { from: told.from.clone()?, to: told.node.clone(), what })
}
