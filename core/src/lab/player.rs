//! The player: a lesson's runner on a session, and the learner's own branches beside it.
//!
//! The runner asks, the session answers. A step of the learner that is not in the lesson forks a
//! branch and pauses the lesson; going back to the lesson restores its run, which is never
//! overwritten. The same player serves the page, the terminal, the tests of lessons and `--update`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::request::{Exchanged, LessonState};
use super::transcript;
use crate::lesson::{Finding, Lesson, Mode, Observation, Runner, RunnerAsk, Target};
use crate::words::{Span, TextError, Time};
use crate::world::session::Session;
use crate::world::step::{Line, Step};

/// The branch on which the lesson itself runs.
const LESSON: usize = 0;

/// Whether the lesson goes on by itself, or waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pause {
    /// It waits for the learner.
    Waiting,
    /// The learner is on a branch of their own.
    Away,
    Over,
}

/// A lesson being played on a simulated cluster.
pub struct Player {
    session: Session,
    runner: Runner,
    mode: Mode,
    done: Vec<Exchanged>,
    /// The moment that a prediction marked.
    mark: Option<Time>,
}

impl Player {
    /// A lesson before its first block, for a learner.
    pub fn new(lesson: Arc<Lesson>) -> Player {
        Player::in_mode(lesson, Mode::Learn)
    }

    /// A lesson before its first block.
    pub fn in_mode(lesson: Arc<Lesson>, mode: Mode) -> Player {
        let session = Session::new(transcript::setup_of(&lesson.front));
        let runner = Runner::new(lesson, mode, Target::Simulator);
        Player { session, runner, mode, done: Vec::new(), mark: None }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn lesson(&self) -> &Arc<Lesson> {
        self.runner.lesson()
    }

    /// All that differed from the lesson so far.
    pub fn findings(&self) -> &[Finding] {
        self.runner.findings()
    }

    /// What the runner needs next.
    pub fn next(&self) -> RunnerAsk {
        self.runner.next()
    }

    /// What the lesson's steps have printed so far.
    pub fn done(&self) -> &[Exchanged] {
        &self.done
    }

    /// Plays a lesson from its first block to its last, as its test.
    pub fn test(lesson: Arc<Lesson>) -> Player {
        let mut player = Player::in_mode(lesson, Mode::Test);
        loop {
            let ask = player.next();
            if ask == RunnerAsk::Done {
                return player;
            }
            if !player.play_one(&ask) {
                player.tell(Observation::Seen).expect("a test waits for nobody");
            }
        }
    }

    /// Plays what needs nobody until the runner waits for somebody.
    pub fn play_to_pause(&mut self) {
        loop {
            let ask = self.next();
            let waits = matches!(ask, RunnerAsk::Perform { .. }) && self.mode == Mode::Learn;
            if waits && !self.in_question() || !self.play_one(&ask) {
                return;
            }
        }
    }

    /// Whether the runner stands in a prediction, whose steps it does by itself.
    fn in_question(&self) -> bool {
        let block = self.lesson().blocks.get(self.runner.block());
        matches!(block, Some(crate::lesson::Block::Predict(_)))
    }

    /// Does what the runner asks, if it needs nobody; whether it did.
    fn play_one(&mut self, ask: &RunnerAsk) -> bool {
        let observation = match ask {
            RunnerAsk::Perform { line, action } => self.perform(*line, action),
            RunnerAsk::Mark => {
                self.mark = Some(self.session.ends_at());
                Observation::Seen
            }
            RunnerAsk::Fork => self.fork_at_mark(),
            RunnerAsk::Back => {
                self.session.switch(LESSON);
                Observation::Seen
            }
            RunnerAsk::Finding(_) => Observation::Seen,
            RunnerAsk::Show { .. }
            | RunnerAsk::Look { .. }
            | RunnerAsk::Predict { .. }
            | RunnerAsk::Verdict { .. }
            | RunnerAsk::Quiz { .. }
            | RunnerAsk::QuizVerdict { .. }
            | RunnerAsk::Done => return false,
        };
        self.runner.answer(observation).expect("it is what was asked");
        true
    }

    fn perform(&mut self, line: usize, action: &Line) -> Observation {
        let printed = transcript::perform(&mut self.session, action);
        if !self.is_away() {
            let elapsed = self.session.world().elapsed();
            let step = action.to_string();
            self.done.push(Exchanged { line, step, printed: printed.clone(), elapsed });
        }
        Observation::Printed(printed)
    }

    fn fork_at_mark(&mut self) -> Observation {
        let Some(at) = self.mark else { return Observation::Impossible };
        self.session.switch(LESSON);
        self.session.seek(at);
        self.session.fork("what if");
        Observation::Seen
    }

    /// Tells the runner what the learner did, or has it do its next step.
    pub fn tell(&mut self, observation: Observation) -> Result<(), String> {
        if self.is_away() {
            return Err("you have left the lesson's run: go back to the lesson first".to_owned());
        }
        let ask = self.next();
        if observation == Observation::Seen && matches!(ask, RunnerAsk::Perform { .. }) {
            self.play_one(&ask);
            return Ok(());
        }
        self.runner.answer(observation).map_err(|error| error.to_string())
    }

    /// Does a line of the learner's own, on a branch of their own; what it prints.
    pub fn do_line(&mut self, line: &str) -> Result<Vec<String>, TextError> {
        let line = Line::parse(line)?;
        if let Line::Step(step) = &line
            && !self.is_away()
        {
            let name = self.session.name_of(step);
            self.session.fork(name);
        }
        Ok(transcript::perform(&mut self.session, &line))
    }

    /// Lets time pass, on a branch of the learner's own.
    pub fn run(&mut self, span: Span) {
        if !self.is_away() {
            let name = self.session.name_of(&Step::Run(span));
            self.session.fork(name);
        }
        self.session.apply(&Step::Run(span));
    }

    /// Returns to the lesson's own run, where it was left.
    pub fn back_to_lesson(&mut self) {
        self.session.switch(LESSON);
        self.seek_present();
    }

    /// Goes to a moment of the past, or to the present.
    pub fn seek(&mut self, at: Time) {
        self.session.seek(at);
    }

    pub fn seek_present(&mut self) {
        let present = self.session.ends_at();
        self.session.seek(present);
    }

    /// The name of the learner's branch, if they are on one.
    pub fn branch(&self) -> Option<String> {
        self.is_away().then(|| self.session.branch().name().to_owned())
    }

    fn is_away(&self) -> bool {
        self.session.current() != LESSON
    }

    /// How far the lesson is.
    pub fn state(&self) -> LessonState {
        let ask = self.next();
        let pause = match (&ask, self.branch()) {
            (_, Some(_)) => Pause::Away,
            (RunnerAsk::Done, None) => Pause::Over,
            (_, None) => Pause::Waiting,
        };
        LessonState { block: self.runner.block(), ask, pause, done: self.done.clone() }
    }
}
