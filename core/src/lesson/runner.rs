//! The runner plays a lesson: a state machine that is asked what to do, and told what was seen.
//!
//! ```text
//! loop { match runner.next() { Done => break, ask => runner.answer(do_it(ask)) } }
//! ```
//!
//! [`Runner::next`] changes nothing: asked twice, it says the same. So a runner can be put aside at
//! any ask, cloned, saved (all but the lesson is its [`Progress`]) and taken up again; a learner
//! who leaves the lesson's run and comes back finds it where it was.
//!
//! A prediction goes: the question (time stands still) - the moment is marked - the step is
//! performed on the lesson's own run - the verdict. A counter-run goes back to the marked moment on
//! a run of its own (`Fork`), does its steps and then the question's step, and leaves (`Back`), so
//! the lesson's own run is never overwritten.

mod predict;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::world::step::Line;

use super::expected::Ids;
use super::finding::{Finding, Mismatch};
use super::{Block, Lab, Lesson, Where};
use predict::Question;

/// For whom the lesson plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// For a learner: prose is shown, questions wait for an answer, counter-runs for a request.
    Learn,
    /// For its author: nothing waits, and every claim of the lesson is checked.
    Test,
}

/// On what the lesson plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    Simulator,
    /// A real cluster: blocks `on=simulator` are left out.
    Live,
}

/// What the runner needs next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunnerAsk {
    /// Show the prose of this block. Answer: `Seen`.
    Show { block: usize },
    /// Point at the sights of this block. Answer: `Seen`.
    Look { block: usize },
    /// Do this line of the file and answer `Printed`.
    Perform { line: usize, action: Line },
    /// Show the question of this block and answer `Chosen`.
    Predict { block: usize },
    /// Show what the run said. Answer: `Seen`, or `WhatIf` for the counter-run of an option.
    Verdict {
        block: usize,
        chosen: usize,
        /// The option that matches the run.
        right: Option<usize>,
        got: Vec<String>,
        /// The counter-run that was played last.
        counter: Option<CounterRun>,
    },
    /// Show the quiz of this block and answer `ChosenAll`.
    Quiz { block: usize },
    /// Show whether the choice was right, feedback and explanation. Answer: `Seen`.
    QuizVerdict { block: usize, chosen: Vec<usize>, is_right: bool },
    /// Remember this moment. Answer: `Seen`, or `Impossible`.
    Mark,
    /// Begin another run at the marked moment, for the counter-run of an option. Answer: `Seen`, or
    /// `Impossible`.
    Fork { option: usize },
    /// Leave that run; go on with the lesson's own where it was. Answer: `Seen`.
    Back,
    /// The run and the lesson disagree. Answer: `Seen`.
    Finding(Finding),
    /// The lesson is over.
    Done,
}

/// How a counter-run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterRun {
    pub option: usize,
    pub got: Vec<String>,
    /// Whether the option was right there.
    pub came_true: bool,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observation {
    Seen,
    /// What a step printed, line by line: as `redis-cli --no-raw` prints it, with the notes of
    /// redirects; addresses as the lesson writes them.
    Printed(Vec<String>),
    /// The index of an option.
    Chosen(usize),
    /// The indices of options.
    ChosenAll(Vec<usize>),
    /// Play the counter-run of this option.
    WhatIf(usize),
    /// This target cannot go back in time.
    Impossible,
}

/// An observation that answers nothing that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("block {block} of the lesson asks for something else")]
pub struct Unexpected {
    /// The block at which the runner stands, from 0.
    pub block: usize,
}

/// A lesson being played.
#[derive(Clone, Debug)]
pub struct Runner {
    lesson: Arc<Lesson>,
    progress: Progress,
}

/// How far a lesson is played: all of a runner but its lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    mode: Mode,
    target: Target,
    block: usize,
    position: Position,
    ids: Ids,
    findings: Vec<Finding>,
    /// How many of the findings were told.
    told: usize,
}

/// Where in its block the runner stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Position {
    /// At a block that is a single ask: prose, quiz, look.
    Whole,
    /// Before this exchange of a lab.
    Exchange(usize),
    Question(Question),
    QuizVerdict(Vec<usize>),
    Done,
}

impl Runner {
    /// A runner before the first block. The target must have built the lesson's stage.
    pub fn new(lesson: Arc<Lesson>, mode: Mode, target: Target) -> Runner {
        let progress = Progress {
            mode,
            target,
            block: 0,
            position: Position::Done,
            ids: Ids::new(),
            findings: Vec::new(),
            told: 0,
        };
        let mut runner = Runner { lesson, progress };
        runner.enter(0);
        runner
    }

    /// Takes a lesson up where it was left. The lesson must be the same.
    pub fn resume(lesson: Arc<Lesson>, progress: Progress) -> Runner {
        let mut runner = Runner { lesson, progress };
        if !runner.fits() {
            runner.enter(0);
        }
        runner
    }

    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The block at which the runner stands; past the last one when the lesson is over.
    pub fn block(&self) -> usize {
        self.progress.block
    }

    /// All that differed from the lesson so far.
    pub fn findings(&self) -> &[Finding] {
        &self.progress.findings
    }

    /// What is needed next. Changes nothing.
    pub fn next(&self) -> RunnerAsk {
        if let Some(finding) = self.progress.findings.get(self.progress.told) {
            return RunnerAsk::Finding(finding.clone());
        }
        let block = self.progress.block;
        let Some(content) = self.lesson.blocks.get(block) else {
            return RunnerAsk::Done;
        };
        match (content, &self.progress.position) {
            (Block::Lab(lab), Position::Exchange(index)) => perform(lab, *index),
            (Block::Predict(predict), Position::Question(question)) => {
                question.next(predict, block)
            }
            (Block::Quiz(quiz), Position::QuizVerdict(chosen)) => RunnerAsk::QuizVerdict {
                block,
                chosen: chosen.clone(),
                is_right: quiz.is_right(chosen),
            },
            (Block::Quiz(_), _) => RunnerAsk::Quiz { block },
            (Block::Look(_), _) => RunnerAsk::Look { block },
            (Block::Prose(_), _) => RunnerAsk::Show { block },
            _ => RunnerAsk::Done,
        }
    }

    /// Tells what was seen after [`Runner::next`]. An observation that does not answer it changes
    /// nothing.
    pub fn answer(&mut self, observation: Observation) -> Result<(), Unexpected> {
        let ask = self.next();
        let is_taken = match (&ask, &observation) {
            (RunnerAsk::Done, _) => false,
            (RunnerAsk::Finding(_), Observation::Seen) => {
                self.progress.told += 1;
                true
            }
            (RunnerAsk::Finding(_), _) => false,
            _ => self.take(&observation),
        };
        match is_taken {
            true => Ok(()),
            false => Err(Unexpected { block: self.progress.block }),
        }
    }

    /// Moves on by an observation, if it fits the position.
    fn take(&mut self, observation: &Observation) -> bool {
        let lesson = Arc::clone(&self.lesson);
        let Some(content) = lesson.blocks.get(self.progress.block) else {
            return false;
        };
        let position = std::mem::replace(&mut self.progress.position, Position::Whole);
        match (content, position, observation) {
            (Block::Lab(lab), Position::Exchange(index), Observation::Printed(got)) => {
                self.compare(lab, index, got);
            }
            (Block::Predict(predict), Position::Question(question), _) => {
                return self.take_question(predict, question, observation);
            }
            (Block::Quiz(quiz), Position::Whole, Observation::ChosenAll(chosen))
                if chosen.iter().all(|&index| index < quiz.options.len()) =>
            {
                self.progress.position = Position::QuizVerdict(chosen.clone());
            }
            (Block::Quiz(_), Position::QuizVerdict(_), Observation::Seen)
            | (Block::Prose(_) | Block::Look(_), _, Observation::Seen) => self.enter_next(),
            (_, position, _) => {
                self.progress.position = position;
                return false;
            }
        }
        true
    }

    fn compare(&mut self, lab: &Lab, index: usize, got: &[String]) {
        let exchange = &lab.exchanges[index];
        let mismatch = Mismatch::find(exchange, got, &mut self.progress.ids);
        self.progress.findings.extend(mismatch.map(Finding::Output));
        match index + 1 < lab.exchanges.len() {
            true => self.progress.position = Position::Exchange(index + 1),
            false => self.enter_next(),
        }
    }

    fn take_question(
        &mut self,
        predict: &super::Predict,
        mut question: Question,
        observation: &Observation,
    ) -> bool {
        let progress = &mut self.progress;
        let context = predict::Context {
            mode: progress.mode,
            ids: &mut progress.ids,
            findings: &mut progress.findings,
        };
        let is_taken = question.take(predict, observation, context);
        let is_over = question.is_over();
        self.progress.position = Position::Question(question);
        if is_over {
            self.enter_next();
        }
        is_taken
    }

    fn enter_next(&mut self) {
        self.enter(self.progress.block + 1);
    }

    /// Goes to the first block from this one on that has something to do.
    fn enter(&mut self, first: usize) {
        let blocks = self.lesson.blocks.iter().enumerate().skip(first);
        for (index, block) in blocks {
            if let Some(position) = self.begin(block) {
                self.progress.block = index;
                self.progress.position = position;
                return;
            }
        }
        self.progress.block = self.lesson.blocks.len();
        self.progress.position = Position::Done;
    }

    /// Where a block begins; nowhere if there is nothing to do in it.
    fn begin(&self, block: &Block) -> Option<Position> {
        let progress = &self.progress;
        match block {
            Block::Lab(lab) => {
                let is_left_out = lab.place == Where::Simulator && progress.target == Target::Live;
                let is_empty = lab.exchanges.is_empty();
                (!is_left_out && !is_empty).then_some(Position::Exchange(0))
            }
            Block::Predict(_) => Some(Position::Question(Question::new(progress.mode))),
            Block::Prose(_) | Block::Quiz(_) | Block::Look(_) => {
                (progress.mode == Mode::Learn).then_some(Position::Whole)
            }
        }
    }

    /// Whether the progress can belong to this lesson.
    fn fits(&self) -> bool {
        let block = self.lesson.blocks.get(self.progress.block);
        match (block, &self.progress.position) {
            (None, Position::Done) => self.progress.block == self.lesson.blocks.len(),
            (Some(Block::Lab(lab)), Position::Exchange(index)) => *index < lab.exchanges.len(),
            (Some(Block::Predict(predict)), Position::Question(question)) => question.fits(predict),
            (Some(Block::Quiz(_)), Position::QuizVerdict(_) | Position::Whole)
            | (Some(Block::Prose(_) | Block::Look(_)), Position::Whole) => true,
            _ => false,
        }
    }
}

fn perform(lab: &Lab, index: usize) -> RunnerAsk {
    match lab.exchanges.get(index) {
        None => RunnerAsk::Done,
        Some(exchange) => {
            RunnerAsk::Perform { line: exchange.line, action: exchange.action.clone() }
        }
    }
}
