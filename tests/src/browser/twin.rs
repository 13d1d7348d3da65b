//! The same lab without a browser: what the page must show, and labs to begin from.
//!
//! A lab is deterministic, so a twin that is asked the same as the page's worker knows what the
//! page ought to say. It also makes links: a test that needs a cluster after its failover opens a
//! link to it, instead of playing there.

use std::collections::BTreeSet;

use hashslot_core::lab::{Answer, Ask, Lab, Pause, Request, Shown};
use hashslot_core::lesson::{Block, Lesson, RunnerAsk};
use hashslot_core::node::Opinion;
use hashslot_core::words::Span;
use std::sync::Arc;

use super::recorder::{Mark, Picture};

/// A lab in which a lesson is open.
pub struct Twin {
    lab: Lab,
    lesson: Arc<Lesson>,
    shown: Shown,
}

impl Twin {
    /// A lesson that comes with the program.
    pub fn of_lesson(id: &str) -> Twin {
        Twin::open(Ask::Open { lesson: id.to_owned() })
    }

    /// A lesson of the test's own.
    pub fn of_text(source: &str) -> Twin {
        Twin::open(Ask::OpenText { file: "test.md".to_owned(), source: source.to_owned() })
    }

    fn open(ask: Ask) -> Twin {
        let mut lab = Lab::new();
        match lab.handle(Request { id: 0, ask }).pop().map(|response| response.answer) {
            Some(Answer::Opened { lesson, shown, .. }) => Twin { lab, lesson, shown: *shown },
            other => panic!("the lesson does not open: {other:?}"),
        }
    }

    fn handle(&mut self, ask: Ask) -> Answer {
        self.lab.handle(Request { id: 0, ask }).remove(0).answer
    }

    /// Asks for something that shows.
    pub fn ask(&mut self, ask: Ask) -> &Shown {
        match self.handle(ask.clone()) {
            Answer::Shown(shown) | Answer::Did { shown, .. } => self.shown = *shown,
            other => panic!("{ask:?} shows nothing: {other:?}"),
        }
        &self.shown
    }

    /// Does a line of the learner's own.
    pub fn line(&mut self, line: &str) -> &Shown {
        self.ask(Ask::Do { line: line.to_owned() })
    }

    pub fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// What the lesson waits for, past what is only to be read.
    pub fn waits_for(&mut self) -> RunnerAsk {
        while matches!(self.shown.lesson.ask, RunnerAsk::Show { .. } | RunnerAsk::Look { .. }) {
            self.ask(Ask::Continue);
        }
        self.shown.lesson.ask.clone()
    }

    /// How many steps of a console were done.
    pub fn steps_done(&self, block: usize) -> usize {
        let Some(Block::Lab(lab)) = self.lesson.blocks.get(block) else { return 0 };
        let lines: BTreeSet<usize> = lab.exchanges.iter().map(|exchange| exchange.line).collect();
        let done = self.shown.lesson.done.iter();
        done.filter(|done| lines.contains(&done.line)).count()
    }

    /// Plays until the lesson waits for something, or to its end; questions get their first option.
    pub fn play_until(&mut self, is_there: impl Fn(&Shown) -> bool) -> &Shown {
        for _ in 0..400 {
            let ask = self.waits_for();
            if is_there(&self.shown) || self.shown.lesson.pause == Pause::Over {
                return &self.shown;
            }
            match ask {
                RunnerAsk::Predict { .. } => self.ask(Ask::Choose { option: 0 }),
                RunnerAsk::Quiz { .. } => self.ask(Ask::ChooseAll { options: vec![0] }),
                _ => self.ask(Ask::Continue),
            };
        }
        panic!("the lesson has no end");
    }

    /// Plays the whole lesson.
    pub fn play(&mut self) -> &Shown {
        self.play_until(|_| false)
    }

    pub fn seek(&mut self, elapsed: Span) -> &Shown {
        self.ask(Ask::Seek { elapsed })
    }

    /// Shows the first moment whose sentence has this in it.
    pub fn seek_mark(&mut self, text: &str) -> &Shown {
        let mark = self.shown.marks.iter().find(|mark| mark.text.contains(text));
        let position = mark.unwrap_or_else(|| panic!("{text} is a moment")).position;
        self.ask(Ask::ShowEvent { position })
    }

    /// What stands behind the `#` of a link to this lab.
    pub fn link(&mut self) -> String {
        match self.handle(Ask::Link) {
            Answer::Link { text } => text,
            other => panic!("no link: {other:?}"),
        }
    }

    /// Everything in these pictures that nobody believed at that moment.
    pub(super) fn untrue(&mut self, pictures: &[Picture]) -> Vec<(u64, Mark)> {
        let mut found = Vec::new();
        for Picture { elapsed, marks } in pictures.iter().filter(|it| !it.marks.is_empty()) {
            self.seek(Span::from_micros(*elapsed));
            let believed = believed(&self.shown);
            found.extend(marks.difference(&believed).map(|mark| (*elapsed, mark.clone())));
        }
        found
    }
}

/// Who holds whom for PFAIL or FAIL.
pub fn believed(shown: &Shown) -> BTreeSet<Mark> {
    let name = |opinion| match opinion {
        Opinion::Pfail => Some("pfail".to_owned()),
        Opinion::Fail => Some("fail".to_owned()),
        Opinion::Ok | Opinion::Handshake => None,
    };
    let of_node = |node: &hashslot_core::view::NodeOnStage| {
        let of = node.port;
        let marks = node.opinions.iter();
        marks.filter_map(move |it| Some((of, it.by, name(it.opinion)?))).collect::<Vec<_>>()
    };
    shown.stage.nodes.iter().flat_map(of_node).collect()
}
