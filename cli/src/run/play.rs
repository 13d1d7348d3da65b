//! The conversation: what the lesson wants next is shown, and the person's answer handed back.
//!
//! A person may go their own way at every prompt: a line such as `$ beliefs 7000` is done on a
//! branch of their own, and the lesson goes on, where it was, at the next Enter.

use std::sync::Arc;

use hashslot_core::lab::{Player, inspect};
use hashslot_core::lesson::{Block, Lesson, Look, Observation, Prose as Text, RunnerAsk, Sight};
use hashslot_core::words::Span;
use hashslot_core::world::step::{Ask, Line};

use super::item::{Event, Item, Prose};
use super::learner::{Learner, Typed};
use super::screen::Screen;
use crate::failure::Failure;
use crate::news;

/// How many events `look events` shows.
const EVENTS_SHOWN: u32 = 8;

pub struct Play {
    pub(super) player: Player,
    pub(super) lesson: Arc<Lesson>,
    pub(super) learner: Learner,
    pub(super) screen: Screen,
    /// How many findings were shown.
    told: usize,
    /// The branch whose counter-run was shown last.
    pub(super) counters_shown: usize,
}

impl Play {
    pub fn new(lesson: Arc<Lesson>, learner: Learner, screen: Screen) -> Play {
        let player = Player::new(Arc::clone(&lesson));
        Play { player, lesson, learner, screen, told: 0, counters_shown: 0 }
    }

    pub fn play(mut self) -> Result<(), Failure> {
        let front = &self.lesson.front;
        self.screen.show(&Item::Lesson {
            file: self.lesson.file.clone(),
            title: front.title.clone(),
            about: front.about.clone(),
            minutes: front.minutes,
        })?;
        loop {
            self.player.play_to_pause();
            self.show_findings()?;
            match self.player.next() {
                RunnerAsk::Done => return self.end(),
                ask => self.answer(ask)?,
            }
        }
    }

    /// Shows what is asked, and tells the player the answer.
    fn answer(&mut self, ask: RunnerAsk) -> Result<(), Failure> {
        let lesson = Arc::clone(&self.lesson);
        match ask {
            RunnerAsk::Perform { line, action } => self.step(line, action.to_string()),
            RunnerAsk::Verdict { block, chosen, right, got, counter } => {
                let Block::Predict(predict) = &lesson.blocks[block] else { return self.seen() };
                match counter {
                    Some(counter) if self.has_new_branch() => {
                        self.counter_run(predict, counter)?;
                    }
                    _ => self.verdict(predict, chosen, right, got)?,
                }
                self.offer_counter_runs(predict)
            }
            RunnerAsk::QuizVerdict { block, chosen, .. } => {
                let Block::Quiz(quiz) = &lesson.blocks[block] else { return self.seen() };
                self.quiz_verdict(quiz, &chosen)
            }
            RunnerAsk::Show { block }
            | RunnerAsk::Look { block }
            | RunnerAsk::Predict { block }
            | RunnerAsk::Quiz { block } => match &lesson.blocks[block] {
                Block::Prose(prose) => self.prose(prose, lesson.blocks.get(block + 1)),
                Block::Look(look) => self.look(look),
                Block::Predict(predict) => self.predict(predict),
                Block::Quiz(quiz) => self.quiz(quiz),
                Block::Lab(_) => self.seen(),
            },
            RunnerAsk::Mark
            | RunnerAsk::Fork { .. }
            | RunnerAsk::Back
            | RunnerAsk::Finding(_)
            | RunnerAsk::Done => self.seen(),
        }
    }

    pub(super) fn seen(&mut self) -> Result<(), Failure> {
        self.tell(Observation::Seen)
    }

    pub(super) fn tell(&mut self, observation: Observation) -> Result<(), Failure> {
        let refused = |hint| Failure::new(format!("the lesson stands still: {hint}"));
        self.player.tell(observation).map_err(refused)
    }

    fn prose(&mut self, prose: &Text, next: Option<&Block>) -> Result<(), Failure> {
        let (line, text) = (prose.line, Prose(prose.text.clone()));
        self.screen.show(&Item::Prose { line, text })?;
        if next.is_some() {
            self.wait("Enter goes on:")?;
        }
        self.seen()
    }

    fn look(&mut self, look: &Look) -> Result<(), Failure> {
        for sight in &look.sights {
            let (sight, ask) = described(*sight);
            let lines = ask.map(|ask| inspect(self.player.session(), &ask)).unwrap_or_default();
            self.screen.show(&Item::Look { line: look.line, sight, lines })?;
        }
        self.seen()
    }

    /// Does a step of a `lab`.
    fn step(&mut self, line: usize, text: String) -> Result<(), Failure> {
        let elapsed_us = self.elapsed().micros();
        self.screen.show(&Item::Step { line, elapsed_us, text })?;
        let from = self.player.session().position();
        self.seen()?;
        self.show_news(from)?;
        if let Some(done) = self.player.done().last() {
            self.screen.show(&Item::Printed { lines: done.printed.clone() })?;
        }
        Ok(())
    }

    /// Shows the news from a position of the trace on.
    pub(super) fn show_news(&mut self, from: usize) -> Result<(), Failure> {
        for told in news::since(self.player.session(), from) {
            self.screen.show(&Item::Event(Event::of(&told)))?;
        }
        Ok(())
    }

    /// Waits for Enter; lines of the person's own are done meanwhile.
    pub(super) fn wait(&mut self, prompt: &str) -> Result<(), Failure> {
        while self.read(prompt)? != Typed::Enter {
            self.screen.say("Enter goes on, q leaves; or type a step, as in $ beliefs 7000")?;
        }
        Ok(())
    }

    /// Reads an answer; lines of the person's own are done until one comes.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Typed, Failure> {
        loop {
            if !self.learner.is_there() {
                return Ok(Typed::Enter);
            }
            self.screen.prompt(prompt)?;
            match self.learner.read()? {
                Typed::Text(text) => self.do_line(&text)?,
                Typed::Enter if self.player.branch().is_some() => self.come_back()?,
                typed => {
                    self.come_back()?;
                    return Ok(typed);
                }
            }
        }
    }

    /// Does a line that is not in the lesson.
    fn do_line(&mut self, text: &str) -> Result<(), Failure> {
        let line = match Line::parse_bare(text) {
            Ok(line) => line,
            Err(error) => return Ok(self.screen.say(&format!("{error}"))?),
        };
        let from = self.player.session().position();
        let printed = self.player.do_line(&line.to_string());
        self.show_news(from)?;
        Ok(self.screen.show(&Item::Printed { lines: printed.unwrap_or_default() })?)
    }

    /// Leaves the person's own branch, if they are on one.
    fn come_back(&mut self) -> Result<(), Failure> {
        let Some(branch) = self.player.branch() else { return Ok(()) };
        self.player.back_to_lesson();
        self.counters_shown = self.player.session().branches().len();
        self.screen.say(&format!("Back to the lesson, where it was before `{branch}`."))?;
        Ok(())
    }

    fn show_findings(&mut self) -> Result<(), Failure> {
        for finding in &self.player.findings()[self.told..] {
            self.screen.show(&Item::Finding(finding.diagnostic(&self.lesson)))?;
        }
        self.told = self.player.findings().len();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        let digest = format!("{:016x}", self.player.session().digest());
        let (elapsed_us, findings) = (self.elapsed().micros(), self.told);
        Ok(self.screen.show(&Item::End { elapsed_us, digest, findings })?)
    }

    fn elapsed(&self) -> Span {
        self.player.session().world().elapsed()
    }
}

/// A sight in words, and the question that shows it as text.
fn described(sight: Sight) -> (String, Option<Ask>) {
    match sight {
        Sight::Beliefs(node) => (format!("beliefs {node}"), Some(Ask::Beliefs(Some(node)))),
        Sight::Why(node) => (format!("why {node}"), Some(Ask::Why(node))),
        Sight::Events => {
            ("events".to_owned(), Some(Ask::Events { node: None, last: EVENTS_SHOWN }))
        }
        Sight::Node(node) => (format!("node {node}"), None),
        Sight::Link(one, other) => (format!("link {one}-{other}"), None),
        Sight::Timeline => ("timeline".to_owned(), None),
    }
}
