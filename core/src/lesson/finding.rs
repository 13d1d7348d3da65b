//! What a run shows to be wrong in a lesson.

use serde::{Deserialize, Serialize};

use crate::words::TextError;
use crate::world::step::Line;

use super::diagnostic::Diagnostic;
use super::expected::{ExpectedLine, Ids, Order, Pattern, matches, trimmed};
use super::{Exchange, Lesson};

/// A place where the run and the lesson disagree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// A step of a `lab` printed something else.
    Output(Mismatch),
    /// No option of a prediction matches what the step in `line` printed.
    NoOption { line: usize, got: Vec<String> },
    /// Two options match; the lines of both.
    TwoOptions { first: usize, second: usize, got: Vec<String> },
    /// The option that matches carries a rule that forbids it.
    Forbidden { option: usize, got: Vec<String> },
    /// After its counter-run the option is not what the step prints. `line` is that of the last
    /// `counter:`.
    Counter { line: usize, got: Vec<String> },
}

/// A step whose output is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The line of the step, from 1.
    pub line: usize,
    pub action: Line,
    pub order: Order,
    pub expected: Vec<ExpectedLine>,
    /// Without trailing blank lines.
    pub got: Vec<String>,
}

impl Mismatch {
    /// The mismatch, if the output is not as expected.
    pub fn find(exchange: &Exchange, got: &[String], ids: &mut Ids) -> Option<Mismatch> {
        let is_match = matches(&exchange.expected, got, exchange.order, ids);
        (!is_match).then(|| Mismatch {
            line: exchange.line,
            action: exchange.action.clone(),
            order: exchange.order,
            expected: exchange.expected.clone(),
            got: trimmed(got).to_vec(),
        })
    }

    /// The line of the first difference: an expected line that does not come, or the step itself.
    fn place(&self) -> usize {
        for (index, expected) in self.expected.iter().enumerate() {
            if expected.pattern == Pattern::Lines {
                return self.line;
            }
            let got = self.got.get(index).map_or(&[][..], std::slice::from_ref);
            let expected_line = std::slice::from_ref(expected);
            if !matches(expected_line, got, self.order, &mut Ids::new()) {
                return expected.line;
            }
        }
        self.line
    }
}

impl Finding {
    /// The finding as a mistake of the lesson, with its place.
    pub fn diagnostic(&self, lesson: &Lesson) -> Diagnostic {
        let (line, message, help) = match self {
            Finding::Output(mismatch) => (
                mismatch.place(),
                format!("`{}` printed something else", mismatch.action),
                shown(&mismatch.got),
            ),
            Finding::NoOption { line, got } => {
                (*line, "no option matches what this step printed".to_owned(), shown(got))
            }
            Finding::TwoOptions { first, second, got } => (
                *second,
                format!("this option matches the run, and so does the one in line {first}"),
                format!("exactly one may match\n{}", shown(got)),
            ),
            Finding::Forbidden { option, got } => (
                *option,
                "the run shows what this option's `never:` forbids".to_owned(),
                shown(got),
            ),
            Finding::Counter { line, got } => (
                *line,
                "this counter-run does not come true".to_owned(),
                format!("after it the option above should be right\n{}", shown(got)),
            ),
        };
        let text = lesson.source.lines().nth(line - 1).unwrap_or("");
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let length = text.trim().chars().count();
        lesson.diagnostic(line, TextError::new(indent + 1, length, message, help))
    }
}

/// As many lines of output as a diagnostic shows.
const SHOWN_LINES_MAX: usize = 12;

fn shown(got: &[String]) -> String {
    if got.is_empty() {
        return "it printed nothing".to_owned();
    }
    let mut lines: Vec<String> =
        got.iter().take(SHOWN_LINES_MAX).map(|line| format!("got: {line}")).collect();
    if got.len() > SHOWN_LINES_MAX {
        lines.push(format!("and {} more lines", got.len() - SHOWN_LINES_MAX));
    }
    lines.join("\n")
}
