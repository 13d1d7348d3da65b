//! The player: a lesson's runner on a session, and the learner's own branches beside it.
//!
//! The runner asks, the session answers. A step of the learner that is not in the lesson forks a
//! branch and pauses the lesson; going back to the lesson restores its run, which is never
//! overwritten. The same player serves the page, the terminal, the tests of lessons and `--update`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::answer::{Exchanged, LessonState};
use super::transcript;
use crate::lesson::{Block, Finding, Lesson, Mode, Observation, Runner, RunnerAsk, Stage, Target};
use crate::words::{Span, TextError, Time};
use crate::world::session::{Bookmark, Session};
use crate::world::step::Line;

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
    /// The last verdict on each question, by its block; the runner forgets a question when it is
    /// over.
    verdicts: BTreeMap<usize, RunnerAsk>,
    /// The moment that a prediction marked.
    mark: Option<Bookmark>,
}

impl Player {
    /// A lesson before its first block, for a learner.
    pub fn new(lesson: Arc<Lesson>) -> Player {
        Player::in_mode(lesson, Mode::Learn)
    }

    /// The same; nothing if its cluster does not form.
    pub fn try_new(lesson: Arc<Lesson>) -> Option<Player> {
        let session = Session::try_new(transcript::setup_of(&lesson.front))?;
        Some(Player::on(session, lesson, Mode::Learn))
    }

    /// A lesson before its first block.
    pub fn in_mode(lesson: Arc<Lesson>, mode: Mode) -> Player {
        let session = Session::new(transcript::setup_of(&lesson.front));
        Player::on(session, lesson, mode)
    }

    fn on(session: Session, lesson: Arc<Lesson>, mode: Mode) -> Player {
        let runner = Runner::new(lesson, mode, Target::Simulator);
        Player { session, runner, mode, done: Vec::new(), verdicts: BTreeMap::new(), mark: None }
    }

    /// A run that was saved, without a lesson about it.
    pub fn of_run(session: Session) -> Player {
        let count = session.branch().script().len();
        let text = told(count, session.branch().digest());
        Player::of_session(session, "A run that was saved", &text)
    }

    /// A run with a title and a text about it.
    pub fn of_session(session: Session, title: &str, text: &str) -> Player {
        let setup = session.setup();
        let stage = Stage {
            masters: setup.masters,
            replicas: setup.replicas,
            empty: setup.empty,
            node_timeout: Span::from_millis(setup.config.node_timeout_ms),
            seed: setup.seed,
            latency: None,
        };
        let lesson = Lesson::without_blocks(title, text, stage);
        let runner = Runner::new(lesson.into(), Mode::Learn, Target::Simulator);
        Player {
            session,
            runner,
            mode: Mode::Learn,
            done: Vec::new(),
            verdicts: BTreeMap::new(),
            mark: None,
        }
    }

    /// Another snapshot of the same run takes the place of this one.
    pub(super) fn replace_session(&mut self, session: Session) {
        self.session = session;
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
        matches!(block, Some(Block::Predict(_)))
    }

    /// Does what the runner asks, if it needs nobody; whether it did.
    fn play_one(&mut self, ask: &RunnerAsk) -> bool {
        let observation = match ask {
            RunnerAsk::Perform { line, action } => self.perform(*line, action),
            RunnerAsk::Mark => {
                self.mark = Some(self.session.bookmark());
                Observation::Seen
            }
            RunnerAsk::Fork { option } => self.fork_at_mark(*option),
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

    fn fork_at_mark(&mut self, option: usize) -> Observation {
        let Some(mark) = &self.mark else { return Observation::Impossible };
        let name = self.counter_name(option);
        self.session.fork_at(mark, name);
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
        note_verdict(&mut self.verdicts, &ask);
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

    /// Goes over to a branch of the learner's own, at the present, unless they are on one.
    pub fn leave_lesson(&mut self, name: &str) {
        self.seek_present();
        if !self.is_away() {
            let millis = self.session.world().elapsed().millis();
            self.session.fork(format!("{name} at +{}.{} s", millis / 1000, millis % 1000 / 100));
        }
    }

    /// Lets time pass after the present.
    pub fn run(&mut self, span: Span) {
        self.seek_present();
        self.session.run_for(span);
    }

    /// Goes to the end of another branch.
    pub fn switch(&mut self, branch: usize) -> Result<(), String> {
        match self.session.switch(branch) {
            true => Ok(()),
            false => Err(format!("there is no run {branch}")),
        }
    }

    /// Gives a branch of the learner's own up.
    pub fn drop_branch(&mut self, branch: usize) -> Result<(), String> {
        match branch {
            LESSON => Err("the lesson's own run stays".to_owned()),
            other if self.session.drop_branch(other) => Ok(()),
            other => Err(format!("there is no run {other}")),
        }
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

    /// The name of a counter-run: what has to happen first.
    fn counter_name(&self, option: usize) -> String {
        let block = self.lesson().blocks.get(self.runner.block());
        let Some(Block::Predict(predict)) = block else { return "what if".to_owned() };
        let counters = predict.options.get(option).map_or(&[][..], |choice| &choice.counters);
        let steps: Vec<String> = counters
            .iter()
            .map(|counter| counter.step.to_string().trim_start_matches("$ ").to_owned())
            .collect();
        format!("what if: {}", steps.join(", "))
    }

    /// The name of the learner's own branch, if they are on one.
    pub fn branch(&self) -> Option<String> {
        self.is_away().then(|| self.session.branch().name().to_owned())
    }

    fn is_away(&self) -> bool {
        self.session.current() != LESSON
    }

    /// How far the lesson is.
    pub fn state(&self) -> LessonState {
        let ask = self.next();
        let pause = match (&ask, self.is_away()) {
            (_, true) => Pause::Away,
            (RunnerAsk::Done, false) => Pause::Over,
            (_, false) => Pause::Waiting,
        };
        let mut verdicts = self.verdicts.clone();
        note_verdict(&mut verdicts, &ask);
        LessonState { block: self.runner.block(), ask, pause, done: self.done.clone(), verdicts }
    }
}

/// Remembers what was shown, if it was a verdict.
fn note_verdict(verdicts: &mut BTreeMap<usize, RunnerAsk>, ask: &RunnerAsk) {
    if let RunnerAsk::Verdict { block, .. } | RunnerAsk::QuizVerdict { block, .. } = ask {
        verdicts.insert(*block, ask.clone());
    }
}

fn told(steps: usize, digest: u64) -> String {
    let steps = crate::view::counted(steps as u64, "entry").replace("entrys", "entries");
    format!(
        "The script of this run has {steps}, and its end is the very same again: digest \
         `{digest:016x}`. Step through it, ask why, do something else."
    )
}
