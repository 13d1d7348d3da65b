//! What can be asked of a lab, and what it answers: plain data for serde.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::player::{Pause, Player};
use crate::lesson::{Lesson, RunnerAsk};
use crate::view::{self, Beliefs, Direction, Filter, Moment, Names, Stage, Told};
use crate::words::{Span, Time};
use crate::world::event::EventKind;

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
    Why(Vec<Told>),
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

/// All that is shown at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub elapsed: Span,
    /// The present: how far there is something to see.
    pub present: Span,
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
    let arrow = now.as_ref().and_then(|told| {
        let what = brought_by(session.trace(), told)?;
        Some(Arrow { from: told.from.clone()?, to: told.node.clone(), what })
    });
    let mut marks: Vec<Mark> = Vec::new();
    for (position, moment) in view::moments(trace, trace.start(), trace.len()) {
        if let Some(told) = view::tell(trace, position, origin, &names) {
            marks.push(Mark { elapsed: told.elapsed, moment, text: told.text });
        }
    }
    let elapsed = at.since(origin);
    let fault =
        marks.iter().rev().find(|mark| mark.moment == Moment::Step && mark.elapsed <= elapsed);
    Shown {
        elapsed,
        present: session.ends_at().since(origin),
        stage: view::stage(world),
        since_fault: fault.map(|mark| {
            let ago = elapsed.micros() - mark.elapsed.micros();
            (mark.text.clone(), Span::from_micros(ago))
        }),
        now,
        arrow,
        marks,
        lesson: player.state(),
        branch: player.branch(),
    }
}

fn brought_by(trace: &crate::world::trace::Trace, told: &Told) -> Option<String> {
    let cause = trace.find(trace.get(told.position)?.cause?)?;
    match &cause.kind {
        EventKind::Received { what, .. } => Some(view::named(what)),
        _ => None,
    }
}
