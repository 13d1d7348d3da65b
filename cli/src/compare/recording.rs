//! What a lesson was seen to do on one side, step by step.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashslot_core::lesson::{Finding, Lesson, Mode, Observation, Runner, RunnerAsk, Target};
use hashslot_core::words::Span;
use hashslot_core::world::step::{Line, Port, Step};

use super::look::Look;
use super::pace::Pace;

/// How long both sides are left alone after the last step, before the last look.
const END: Span = Span::from_secs(1);

/// A lesson as it went on one side.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub steps: Vec<Taken>,
    /// What differed from the lesson's own text.
    pub findings: Vec<Finding>,
}

/// A step, and what came of it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its line in the file, from 1; 0 for the last look.
    pub line: usize,
    /// As it was done, at the pace of the play.
    pub action: Line,
    pub came: Came,
}

/// What came of a step.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// What was said; on a simulated cluster also what would have been said a little later.
    pub said: Vec<Vec<String>>,
    /// As a person reads it.
    pub printed: Vec<String>,
    /// What was seen at its end; on a simulated cluster also a little later.
    pub looks: Vec<Look>,
    /// The lines of the logs, if time passed.
    pub logged: Vec<Logged>,
    /// Whether logs can be read here.
    pub has_logs: bool,
    pub took: Span,
    /// Why it could not be done here.
    pub not_done: Option<String>,
}

/// A line of a node's log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Logged {
    pub node: Port,
    pub kind: String,
    /// The line itself, in the names of the lesson.
    pub text: String,
    /// When, in milliseconds since the log's first line of this step.
    pub at_ms: i64,
}

impl Taken {
    /// Whether its purpose is that time passes.
    pub fn lets_time_pass(&self) -> bool {
        lets_time_pass(&self.action)
    }

    /// The kinds of lines that the nodes have logged.
    pub fn kinds(&self) -> BTreeSet<&str> {
        self.came.logged.iter().map(|logged| &logged.kind[..]).collect()
    }
}

pub fn lets_time_pass(action: &Line) -> bool {
    matches!(action, Line::Step(Step::Run(_) | Step::RunUntil { .. }))
}

/// Why a play was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Plays a lesson through a side that does one line after the other. The runner is the same for
/// all sides, and so are the lines: none of them can go back in time.
pub fn record(
    lesson: &Arc<Lesson>,
    pace: Pace,
    mut perform: impl FnMut(usize, &Line) -> Result<Came, Stopped>,
) -> Result<Recording, Stopped> {
    let mut runner = Runner::new(Arc::clone(lesson), Mode::Test, Target::Live);
    let mut steps = Vec::new();
    loop {
        let observation = match runner.next() {
            RunnerAsk::Done => break,
            RunnerAsk::Perform { line, action } => {
                let action = pace.line(&action);
                let came = perform(line, &action)?;
                let printed = came.printed.clone();
                steps.push(Taken { line, action, came });
                Observation::Printed(printed)
            }
            RunnerAsk::Mark | RunnerAsk::Fork { .. } => Observation::Impossible,
            _ => Observation::Seen,
        };
        runner.answer(observation).expect("it is what was asked, and a test waits for nobody");
    }
    let action = Line::Step(Step::Run(END));
    let came = perform(0, &action)?;
    steps.push(Taken { line: 0, action, came });
    Ok(Recording { steps, findings: runner.findings().to_vec() })
}

/// The lines of a lesson that a target is asked to do, with their numbers.
pub fn lines_of(lesson: &Arc<Lesson>, pace: Pace) -> Vec<(usize, Line)> {
    let nothing = |_: usize, _: &Line| Ok(Came::default());
    let recording = record(lesson, pace, nothing).unwrap_or_default();
    recording.steps.into_iter().map(|taken| (taken.line, taken.action)).collect()
}
