//! What a test says: one line for each lesson, its mistakes, and a line at the end.
//!
//! While many lessons are tested a person sees, on standard error, which one it is.

use std::io::{self, IsTerminal, Write};

use hashslot_core::lesson::{Diagnostic, render_all};
use serde::Serialize;

use super::difference::{Change, Way};
use crate::failure::Failure;
use crate::terminal::{Ink, Terminal, harmless};

/// How one lesson did.
pub enum Outcome {
    Passed,
    /// The run differs from the lesson.
    Failed(Vec<Diagnostic>),
    /// The lesson cannot be read.
    Broken(Vec<Diagnostic>),
    /// The file was rewritten; what is left is for the author.
    Updated {
        changes: Vec<Change>,
        left: Vec<Diagnostic>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

pub struct Report {
    form: Form,
    out: Terminal,
    err: Terminal,
    /// How many lessons there are, were begun, are right and were rewritten.
    all: usize,
    begun: usize,
    passed: usize,
    updated: usize,
}

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Row<'a> {
    Lesson { file: &'a str, result: &'a str, findings: &'a [Diagnostic], changes: &'a [Change] },
    End { lessons: usize, passed: usize, failed: usize, updated: usize },
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Broken(_) => "broken",
            Outcome::Updated { .. } => "updated",
        }
    }

    fn findings(&self) -> &[Diagnostic] {
        match self {
            Outcome::Passed => &[],
            Outcome::Failed(found) | Outcome::Broken(found) => found,
            Outcome::Updated { left, .. } => left,
        }
    }

    fn changes(&self) -> &[Change] {
        match self {
            Outcome::Updated { changes, .. } => changes,
            Outcome::Passed | Outcome::Failed(_) | Outcome::Broken(_) => &[],
        }
    }
}

impl Report {
    pub fn new(form: Form, all: usize) -> Report {
        let (out, err) = (Terminal::stdout(), Terminal::stderr());
        Report { form, out, err, all, begun: 0, passed: 0, updated: 0 }
    }

    /// Shows a person which lesson is being played.
    pub fn begin(&mut self, name: &str) -> Result<(), Failure> {
        self.begun += 1;
        if self.shows_progress() {
            let shown = harmless(name);
            write!(io::stderr(), "\r\x1b[K{}/{} {shown}", self.begun, self.all)?;
        }
        Ok(())
    }

    fn shows_progress(&self) -> bool {
        self.form == Form::Text && self.all > 1 && io::stderr().is_terminal()
    }

    pub fn add(&mut self, name: &str, outcome: Outcome) -> Result<(), Failure> {
        if self.shows_progress() {
            write!(io::stderr(), "\r\x1b[K")?;
        }
        self.passed += usize::from(outcome.findings().is_empty());
        self.updated += usize::from(!outcome.changes().is_empty());
        match self.form {
            Form::Json => write_row(&Row::Lesson {
                file: name,
                result: outcome.name(),
                findings: outcome.findings(),
                changes: outcome.changes(),
            }),
            Form::Text => self.write_text(name, &outcome),
        }
    }

    fn write_text(&self, name: &str, outcome: &Outcome) -> Result<(), Failure> {
        let is_right = outcome.findings().is_empty();
        let ink = if is_right { Ink::Good } else { Ink::Bad };
        let mut out = io::stdout().lock();
        writeln!(out, "{}  {}", self.out.paint(ink, outcome.name()), harmless(name))?;
        for change in outcome.changes() {
            let (sign, ink) = match change.way {
                Way::Went => ('-', Ink::Bad),
                Way::Came => ('+', Ink::Good),
            };
            let text = format!("{:>5} {sign} {}", change.line, harmless(&change.text));
            writeln!(out, "{}", self.out.paint(ink, &text))?;
        }
        out.flush()?;
        if !is_right {
            write!(io::stderr(), "\n{}\n", render_all(outcome.findings(), self.err.colour))?;
        }
        Ok(())
    }

    /// The sum, and the failure if not all lessons are right.
    pub fn end(self) -> Result<(), Failure> {
        let failed = self.all - self.passed;
        match self.form {
            Form::Json => write_row(&Row::End {
                lessons: self.all,
                passed: self.passed,
                failed,
                updated: self.updated,
            })?,
            Form::Text => {
                let ink = if failed == 0 { Ink::Good } else { Ink::Bad };
                let text = format!("{} of {} lessons are right", self.passed, self.all);
                writeln!(io::stdout(), "{}", self.out.paint(ink, &text))?;
            }
        }
        match failed {
            0 => Ok(()),
            _ => Err(Failure::Shown),
        }
    }
}

fn write_row(row: &Row) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, row)?;
    Ok(writeln!(out)?)
}
