//! `quiz`: a question that the author answers.
//!
//! The question, its options, `( )` if one is right and `[ ]` if several are, the right ones marked
//! `(x)` or `[x]`; what follows ` | ` is said to who chose that option; after a line `---` comes
//! the explanation for all.

use serde::{Deserialize, Serialize};

use crate::words::TextError;

use super::Block;
use super::blocks::Fence;
use super::diagnostic::Findings;
use super::markdown::Markdown;
use super::names::Names;
use super::predict::option_mark;

/// A question with marked answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiz {
    pub line: usize,
    pub question: Markdown,
    pub marks: Marks,
    pub options: Vec<QuizOption>,
    pub explanation: Markdown,
}

/// How many options one may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Marks {
    /// `( )`: one is right.
    One,
    /// `[ ]`: one or more are right, and all of them must be chosen.
    Several,
}

/// An answer that one may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizOption {
    pub line: usize,
    pub text: Markdown,
    pub is_right: bool,
    /// What is said to who chose it.
    pub feedback: Option<Markdown>,
}

impl Quiz {
    /// Whether exactly the right options are chosen.
    pub fn is_right(&self, chosen: &[usize]) -> bool {
        let mut options = self.options.iter().enumerate();
        options.all(|(index, option)| option.is_right == chosen.contains(&index))
    }
}

/// An option as written: its place, its mark, its text.
struct Written<'a> {
    line: usize,
    mark: &'a str,
    text: String,
}

pub(super) fn read(fence: &Fence, findings: &mut Findings, _: &mut Names) -> Option<Block> {
    let mut question: Vec<&str> = Vec::new();
    let mut written: Vec<Written> = Vec::new();
    let mut explanation: Option<Vec<&str>> = None;
    for (number, text) in fence.numbered() {
        if let Some(explanation) = &mut explanation {
            explanation.push(text);
        } else if text.trim_end() == "---" {
            explanation = Some(Vec::new());
        } else if let Some((mark, text)) = option_mark(text) {
            let (line, text) = (number, text.trim().to_owned());
            written.push(Written { line, mark, text });
        } else if let Some(option) = written.last_mut() {
            go_on(option, number, text, findings);
        } else {
            question.push(text);
        }
    }
    let marks = check(&question, &written, fence.line, findings)?;
    Some(Block::Quiz(Quiz {
        line: fence.line,
        question: Markdown::parse(question.join("\n").trim()),
        marks,
        options: written.iter().map(option).collect(),
        explanation: Markdown::parse(explanation.unwrap_or_default().join("\n").trim()),
    }))
}

/// An indented line goes on with the option above it.
fn go_on(option: &mut Written, number: usize, text: &str, findings: &mut Findings) {
    if text.trim().is_empty() {
        return;
    }
    if text.starts_with("  ") {
        option.text.push(' ');
        option.text.push_str(text.trim());
        return;
    }
    let help = "write `( ) ANSWER`, or `---` before the explanation";
    findings.add_line(number, "this is no option", help);
}

fn option(written: &Written) -> QuizOption {
    let (text, feedback) = split_feedback(&written.text);
    QuizOption {
        line: written.line,
        text: Markdown::parse(text),
        is_right: is_marked(written),
        feedback: feedback.map(Markdown::parse),
    }
}

fn is_marked(written: &Written) -> bool {
    matches!(written.mark, "(x)" | "(X)" | "[x]" | "[X]")
}

/// The text before and after the first ` | ` that stands in no code.
fn split_feedback(text: &str) -> (&str, Option<&str>) {
    for (index, _) in text.match_indices(" | ") {
        let is_in_code = text[..index].matches('`').count() % 2 == 1;
        if !is_in_code {
            return (text[..index].trim(), Some(text[index + 3..].trim()));
        }
    }
    (text, None)
}

/// The rules of a quiz; which marks it uses, if it can be used at all.
fn check(
    question: &[&str],
    written: &[Written],
    line: usize,
    findings: &mut Findings,
) -> Option<Marks> {
    if question.iter().all(|text| text.trim().is_empty()) {
        findings.add_line(line, "this quiz asks nothing", "write the question first");
    }
    if written.len() < 2 {
        let help = "write at least two lines `( ) ANSWER`, the right one `(x) ANSWER`";
        findings.add_line(line, "a quiz has at least two options", help);
        return None;
    }
    let first = written.first()?;
    let marks = match first.mark.starts_with('[') {
        true => Marks::Several,
        false => Marks::One,
    };
    check_marks(written, marks, first, findings);
    let right: Vec<&Written> = written.iter().filter(|option| is_marked(option)).collect();
    if right.is_empty() {
        let help = match marks {
            Marks::One => "mark the right option `(x)`",
            Marks::Several => "mark the right options `[x]`",
        };
        findings.add_line(line, "this quiz has no right answer", help);
    }
    if marks == Marks::One {
        for option in right.iter().skip(1) {
            let help = "mark one, or write all options with `[ ]` and `[x]`";
            let error = TextError::new(1, 3, "a second right answer", help);
            findings.add(option.line, error);
        }
    }
    Some(marks)
}

fn check_marks(written: &[Written], marks: Marks, first: &Written, findings: &mut Findings) {
    let bracket = match marks {
        Marks::One => '(',
        Marks::Several => '[',
    };
    for option in written {
        if option.text.is_empty() {
            let error = TextError::new(5, 0, "this option is empty", "write an answer");
            findings.add(option.line, error);
        }
        if !option.mark.starts_with(bracket) {
            let message = format!("the option in line {} is marked otherwise", first.line);
            let help = "use `( )` for one right answer, `[ ]` for several, not both";
            findings.add(option.line, TextError::new(1, 3, message, help));
        }
    }
}
