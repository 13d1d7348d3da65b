//! `lab`: a transcript, as in a console tutorial.
//!
//! A line with a prompt is a step; the lines up to the next prompt are its expected output, as
//! `redis-cli --no-raw` prints it. `unordered` alone on the line after a step compares as a set.

use serde::{Deserialize, Serialize};

use crate::words::TextError;
use crate::world::step::{Line, VERBS};

use super::Block;
use super::blocks::{Fence, Where};
use super::diagnostic::Findings;
use super::expected::{ExpectedLine, Order};
use super::names::Names;

/// A transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lab {
    pub line: usize,
    pub place: Where,
    pub exchanges: Vec<Exchange>,
}

/// A step and what it must print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The line of the step in the file, from 1.
    pub line: usize,
    pub action: Line,
    pub order: Order,
    pub expected: Vec<ExpectedLine>,
}

pub(super) fn read(fence: &Fence, findings: &mut Findings, names: &mut Names) -> Option<Block> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    // The lines after a step that could not be read are nobody's output.
    let mut is_lost = false;
    for (number, text) in fence.numbered() {
        if Line::has_prompt(text) {
            let exchange = read_step(number, text, findings, names);
            is_lost = exchange.is_none();
            exchanges.extend(exchange);
        } else if is_nearly_prompt(text) {
            findings.add(number, nearly_prompt(text));
            is_lost = true;
        } else if let Some(exchange) = exchanges.last_mut().filter(|_| !is_lost) {
            match text == "unordered" && exchange.expected.is_empty() {
                true => exchange.order = Order::Unordered,
                false => exchange.expected.push(ExpectedLine::parse(number, text)),
            }
        } else if !is_lost && !text.trim().is_empty() {
            let help = "begin with a step, as in `7000> GET k` or `$ run 1s`";
            findings.add_line(number, "this is output before the first step", help);
            is_lost = true;
        }
    }
    exchanges.iter_mut().for_each(|exchange| trim(&mut exchange.expected));
    Some(Block::Lab(Lab { line: fence.line, place: fence.place, exchanges }))
}

/// Reads a line with a prompt and checks the names in it.
pub(super) fn read_line(
    number: usize,
    text: &str,
    findings: &mut Findings,
    names: &mut Names,
) -> Option<Line> {
    match Line::parse(text) {
        Ok(line) => {
            names.check(&line, number, text, findings);
            Some(line)
        }
        Err(error) => {
            findings.add(number, error);
            None
        }
    }
}

fn read_step(
    number: usize,
    text: &str,
    findings: &mut Findings,
    names: &mut Names,
) -> Option<Exchange> {
    let action = read_line(number, text, findings, names)?;
    Some(Exchange { line: number, action, order: Order::Ordered, expected: Vec::new() })
}

/// Trailing blank lines do not count.
fn trim(expected: &mut Vec<ExpectedLine>) {
    while expected.last().is_some_and(|line| line.text.trim().is_empty()) {
        expected.pop();
    }
}

/// Whether a line is no prompt, but so near to one that it must be escaped to be output.
pub(super) fn is_nearly_prompt(text: &str) -> bool {
    if Line::has_prompt(text) {
        return false;
    }
    if let Some(rest) = text.strip_prefix('$') {
        return rest.starts_with(|c: char| c.is_ascii_alphabetic());
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let rest = text.trim_start_matches(is_name);
    !text.starts_with('-') && rest.trim_start().starts_with('>')
}

fn nearly_prompt(text: &str) -> TextError {
    let (prompt, fixed) = match text.strip_prefix('$') {
        Some(_) => ("$", "$ VERB".to_owned()),
        None => {
            let prompt = text.split_inclusive('>').next().unwrap_or(text);
            let name = prompt.trim_end_matches('>').trim();
            (prompt, format!("{name}> COMMAND"))
        }
    };
    let verb = text.trim_start_matches('$').split_whitespace().next();
    let is_verb = VERBS.iter().any(|row| Some(row.name) == verb);
    let help = match is_verb {
        true => "put a space after the `$`".to_owned(),
        false => format!("a step is written `{fixed}`; begin a line of output with a backslash"),
    };
    let message = "this is almost a prompt";
    TextError::new(1, prompt.chars().count(), message, help)
}
