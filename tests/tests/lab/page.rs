//! The page's end of the wire: every request and response as text, as page and worker send them.

#![allow(clippy::unwrap_used)]

use hashslot_core::lab::{Answer, Ask, Lab, Request, Response, Shown};
use hashslot_core::lesson::RunnerAsk;
use hashslot_core::view::Truth;
use hashslot_core::words::Span;

/// A page with a lab behind it.
pub struct Page {
    lab: Lab,
    sent: u64,
}

/// What opens: who it is, what is shown, and what is to be said about it.
pub struct Opened {
    pub id: Option<String>,
    pub shown: Shown,
    pub note: Option<String>,
}

impl Page {
    pub fn new() -> Page {
        Page { lab: Lab::new(), sent: 0 }
    }

    /// A page on which a shipped lesson is open.
    pub fn at(lesson: &str) -> Page {
        let mut page = Page::new();
        page.shown(Ask::Open { lesson: lesson.to_owned() });
        page
    }

    /// Sends a request as text and reads the response from text.
    pub fn ask(&mut self, ask: Ask) -> Answer {
        self.sent += 1;
        let request = serde_json::to_string(&Request { id: self.sent, ask }).unwrap();
        let responses = self.lab.handle(serde_json::from_str(&request).unwrap());
        let text = serde_json::to_string(&responses).unwrap();
        let mut responses: Vec<Response> = serde_json::from_str(&text).unwrap();
        let response = responses.pop().expect("every request is answered");
        assert_eq!(response.id, self.sent);
        response.answer
    }

    pub fn shown(&mut self, ask: Ask) -> Shown {
        match self.ask(ask) {
            Answer::Shown(shown) | Answer::Opened { shown, .. } | Answer::Did { shown, .. } => {
                *shown
            }
            other => panic!("expected to be shown something, got {other:?}"),
        }
    }

    pub fn look(&mut self) -> Shown {
        self.shown(Ask::Show)
    }

    /// Does a line; what it printed.
    pub fn print(&mut self, line: &str) -> Vec<String> {
        match self.ask(Ask::Do { line: line.to_owned() }) {
            Answer::Did { printed, .. } => printed,
            other => panic!("{line} should be done, not {other:?}"),
        }
    }

    /// What a request that cannot be done is answered with.
    pub fn hint(&mut self, ask: Ask) -> String {
        match self.ask(ask) {
            Answer::Refused { hint } => hint,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    pub fn open_text(&mut self, file: &str, source: &str) -> Answer {
        self.ask(Ask::OpenText { file: file.to_owned(), source: source.to_owned() })
    }

    /// Opens a text that must open.
    pub fn open(&mut self, file: &str, source: &str) -> Opened {
        match self.open_text(file, source) {
            Answer::Opened { id, shown, note, .. } => Opened { id, shown: *shown, note },
            other => panic!("{file} should open, but: {other:?}"),
        }
    }

    /// The lab as the text of a link.
    pub fn link(&mut self) -> String {
        match self.ask(Ask::Link) {
            Answer::Link { text } => text,
            other => panic!("expected a link, got {other:?}"),
        }
    }

    /// The run as the text of a file.
    pub fn saved(&mut self) -> (String, String) {
        match self.ask(Ask::SaveRun) {
            Answer::Saved { file, text } => (file, text),
            other => panic!("expected a run, got {other:?}"),
        }
    }

    /// The digest of the run at the moment that is shown.
    pub fn digest(&mut self) -> Vec<String> {
        self.print("$ digest")
    }

    /// Shows the last moment that there is.
    pub fn present(&mut self) -> Shown {
        self.shown(Ask::Seek { elapsed: Span::MAX })
    }

    /// Does what the lesson waits for, always with this option of a question.
    pub fn go_on(&mut self, shown: &Shown, option: usize) -> Shown {
        match &shown.lesson.ask {
            RunnerAsk::Predict { .. } => self.shown(Ask::Choose { option }),
            RunnerAsk::Quiz { .. } => self.shown(Ask::ChooseAll { options: vec![option] }),
            _ => self.shown(Ask::Continue),
        }
    }

    /// Plays the lesson until something is so.
    pub fn play_until(&mut self, is_there: impl Fn(&Shown) -> bool) -> Shown {
        let mut shown = self.look();
        for _ in 0..300 {
            if is_there(&shown) {
                return shown;
            }
            shown = self.go_on(&shown, 0);
        }
        panic!("the lesson does not get there: {:?}", shown.lesson.ask)
    }
}

/// Whether a process is gone.
pub fn killed(shown: &Shown) -> bool {
    shown.stage.nodes.iter().any(|node| node.truth == Truth::Gone)
}

/// Whether the lesson has done a step.
pub fn has_done(step: &str) -> impl Fn(&Shown) -> bool {
    move |shown| shown.lesson.done.iter().any(|done| done.step == step)
}
