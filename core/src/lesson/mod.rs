//! Lessons: Markdown files that are read, played and tested.
//!
//! A lesson reads well in any viewer of Markdown. Its front matter sets the stage, its fenced
//! blocks `lab`, `predict`, `quiz` and `look` are live, all else is prose. [`Lesson::parse`] turns
//! the file into a [`Lesson`], or into every mistake it can find, each with its place. A
//! [`Runner`] plays the lesson as a state machine: whoever drives it asks [`Runner::next`] what to
//! do and tells it what was observed, so that a simulated world, a terminal and a live cluster are
//! all the same to it. What differs from the lesson is a [`Finding`]; [`update`] rewrites the
//! expected output.
//!
//! The format is described in `docs/lesson-format.md`.

mod answer;
mod blocks;
mod diagnostic;
mod expected;
mod finding;
mod front;
mod lab;
mod look;
mod markdown;
mod names;
mod predict;
mod quiz;
mod runner;
mod settings;
mod update;

use serde::{Deserialize, Serialize};

use crate::words::TextError;

pub use answer::is_answer;
pub use blocks::Where;
pub use diagnostic::{Colour, Diagnostic, render_all};
pub use expected::{ExpectedLine, Ids, Order, Pattern, Piece, escape, matches};
pub use finding::{Finding, Mismatch};
pub use front::{FrontMatter, Stage, Version};
pub use lab::{Exchange, Lab};
pub use look::{Look, Sight};
pub use markdown::{Inline, Markdown, Node};
pub use predict::{Choice, Counter, Predict};
pub use quiz::{Marks, Quiz, QuizOption};
pub use runner::{CounterRun, Mode, Observation, Runner, RunnerAsk, Target, Unexpected};
pub use update::{ErrorCodes, update};

/// A lesson, as read from its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// The name of the file, for diagnostics.
    pub file: String,
    pub source: String,
    pub front: FrontMatter,
    pub blocks: Vec<Block>,
}

/// A piece of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    Prose(Prose),
    Lab(Lab),
    Predict(Predict),
    Quiz(Quiz),
    Look(Look),
}

impl Block {
    /// The line of the file at which the block begins, from 1.
    pub fn line(&self) -> usize {
        match self {
            Block::Prose(prose) => prose.line,
            Block::Lab(lab) => lab.line,
            Block::Predict(predict) => predict.line,
            Block::Quiz(quiz) => quiz.line,
            Block::Look(look) => look.line,
        }
    }
}

/// Text between two live blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prose {
    pub line: usize,
    pub text: Markdown,
}

impl Lesson {
    /// No lesson is longer than this, in bytes.
    pub const SIZE_MAX: usize = 1 << 20;

    /// Reads a lesson; `file` is its name in diagnostics.
    pub fn parse(file: &str, source: &str) -> Result<Lesson, Vec<Diagnostic>> {
        if source.len() > Lesson::SIZE_MAX {
            let help = "a lesson is at most 1 MB long: split it";
            let error = TextError::new(1, 0, "this file is too long for a lesson", help);
            return Err(vec![diagnostic::diagnostic(file, &[], 1, error)]);
        }
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let mut findings = diagnostic::Findings::new(file, source);
        let (front, blocks) = read(&mut findings);
        let found = findings.finish();
        match (front, found.is_empty()) {
            (Some(front), true) => {
                Ok(Lesson { file: file.to_owned(), source: source.to_owned(), front, blocks })
            }
            _ => Err(found),
        }
    }

    /// A text on a stage, with nothing to be done in it.
    pub fn without_blocks(title: &str, text: &str, stage: Stage) -> Lesson {
        let front = FrontMatter {
            title: title.to_owned(),
            about: text.to_owned(),
            minutes: 1,
            misconception: String::new(),
            redis: Version::V7_0,
            cluster: stage,
        };
        let source = format!("# {title}\n\n{text}\n");
        let text = Markdown::parse(&source);
        let blocks = vec![Block::Prose(Prose { line: 1, text })];
        Lesson { file: String::new(), source, front, blocks }
    }

    /// Reads a lesson from the bytes of a file.
    pub fn parse_bytes(file: &str, bytes: &[u8]) -> Result<Lesson, Vec<Diagnostic>> {
        match std::str::from_utf8(bytes) {
            Ok(source) => Lesson::parse(file, source),
            Err(error) => {
                let before = &bytes[..error.valid_up_to()];
                let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
                let error = TextError::new(1, 0, "this line is no UTF-8 text", "save it as UTF-8");
                Err(vec![diagnostic::diagnostic(file, &[], line, error)])
            }
        }
    }

    /// A mistake of this lesson that its run has shown, in a line numbered from 1.
    pub fn diagnostic(&self, line: usize, error: TextError) -> Diagnostic {
        diagnostic::diagnostic(&self.file, &diagnostic::lines_of(&self.source), line, error)
    }
}

fn read(findings: &mut diagnostic::Findings) -> (Option<FrontMatter>, Vec<Block>) {
    let Some((yaml, body)) = front::find(findings) else {
        return (None, Vec::new());
    };
    let front = front::read(yaml, findings);
    let mut names = names::Names::new(front.as_ref().map(|front| &front.cluster));
    let blocks = blocks::read(body, findings, &mut names);
    (front, blocks)
}
