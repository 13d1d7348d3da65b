//! `predict`: a question about the very next step.
//!
//! Time stands still until the learner has answered; no option is marked right: the run decides.
//! Every wrong option says what would have made it right (`counter:`, steps from the same moment,
//! one per line, whose `$ ` may be left out) or the rule that forbids it (`never:`).

use serde::{Deserialize, Serialize};

use crate::words::TextError;
use crate::world::step::{Line, Step};

use super::Block;
use super::blocks::Fence;
use super::diagnostic::Findings;
use super::expected::ExpectedLine;
use super::lab::{is_nearly_prompt, read_line};
use super::markdown::Markdown;
use super::names::Names;

/// A question whose answer is what a step prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predict {
    pub line: usize,
    pub ask: Markdown,
    /// The line of the step, from 1.
    pub step_line: usize,
    pub step: Step,
    pub options: Vec<Choice>,
}

/// A possible answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub line: usize,
    /// What the step would print.
    pub output: Vec<ExpectedLine>,
    /// Steps after which this option would be right, in order; empty if there are none.
    pub counters: Vec<Counter>,
    /// The rule that forbids this option.
    pub never: Option<Markdown>,
}

/// A step of a counter-run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    pub line: usize,
    pub step: Step,
}

/// What has been read of a question so far.
#[derive(Default)]
struct Draft<'a> {
    ask: Vec<&'a str>,
    step: Option<(usize, Option<Step>)>,
    options: Vec<Choice>,
}

pub(super) fn read(fence: &Fence, findings: &mut Findings, names: &mut Names) -> Option<Block> {
    let mut draft = Draft::default();
    for (number, text) in fence.numbered() {
        read_row(&mut draft, number, text, findings, names);
    }
    finish(draft, fence.line, findings)
}

fn read_row<'a>(
    draft: &mut Draft<'a>,
    number: usize,
    text: &'a str,
    findings: &mut Findings,
    names: &mut Names,
) {
    if let Some((mark, rest)) = option_mark(text) {
        check_mark(mark, number, findings);
        draft.options.extend(read_option(number, rest, findings));
    } else if Line::has_prompt(text) && draft.options.is_empty() {
        read_question_step(draft, number, text, findings, names);
    } else if text.trim().is_empty() {
    } else if let Some(option) = draft.options.last_mut() {
        read_detail(option, number, text, findings, names);
    } else if text.starts_with("answer:") {
        let message = "only questions with options are built so far";
        findings.add_line(number, message, "write the answers as `( )` options");
    } else if let Some(ask) = text.strip_prefix("ask:").filter(|_| draft.ask.is_empty()) {
        draft.ask.push(ask.trim());
    } else if is_nearly_prompt(text) {
        let help = "write the step as `7000> COMMAND` or `$ VERB`";
        findings.add_line(number, "this is almost a prompt", help);
    } else if !draft.ask.is_empty() && draft.step.is_none() {
        draft.ask.push(text.trim());
    } else {
        let help = "a question is `ask: ...`, then a step, then its options";
        findings.add_line(number, "this is no part of a question", help);
    }
}

/// `( ) text` and its like: the mark and the text.
pub(super) fn option_mark(text: &str) -> Option<(&str, &str)> {
    let mark = text.get(..3)?;
    let is_mark = matches!(mark, "( )" | "(x)" | "(X)" | "[ ]" | "[x]" | "[X]");
    let rest = &text[3.min(text.len())..];
    let is_apart = rest.is_empty() || rest.starts_with(' ');
    (is_mark && is_apart).then(|| (mark, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn check_mark(mark: &str, number: usize, findings: &mut Findings) {
    if mark != "( )" {
        let message = "an option of a prediction is not marked: the run decides";
        findings.add(number, TextError::new(1, 3, message, "write `( )`"));
    }
}

fn read_option(number: usize, text: &str, findings: &mut Findings) -> Option<Choice> {
    if text.trim().is_empty() {
        let help = "write what the step would print, as in `( ) (nil)`";
        findings.add(number, TextError::new(5, 0, "this option is empty", help));
        return None;
    }
    Some(Choice {
        line: number,
        output: vec![ExpectedLine::parse(number, text)],
        counters: Vec::new(),
        never: None,
    })
}

fn read_question_step(
    draft: &mut Draft,
    number: usize,
    text: &str,
    findings: &mut Findings,
    names: &mut Names,
) {
    if draft.step.is_some() {
        let help = "put the steps that lead up to it in a `lab` block before it";
        findings.add_line(number, "a question has one step", help);
        return;
    }
    let step = match read_line(number, text, findings, names) {
        Some(Line::Step(step)) => Some(step),
        Some(Line::Ask(_)) => {
            let help = "ask for the reply to a command, as in `7000> GET k`";
            findings.add_line(number, "this cannot be predicted", help);
            None
        }
        None => None,
    };
    draft.step = Some((number, step));
}

/// Reads an indented line below an option: more output, a counter-run or a rule.
fn read_detail(
    option: &mut Choice,
    number: usize,
    text: &str,
    findings: &mut Findings,
    names: &Names,
) {
    let trimmed = text.trim_start();
    let indent = text.len() - trimmed.len();
    if indent < 2 {
        let help = "write `( ) ANSWER`, or indent what belongs to the option above";
        findings.add_line(number, "this is no option", help);
    } else if let Some(step) = trimmed.strip_prefix("counter:") {
        let column = text.chars().count() - step.trim_start().chars().count();
        let step = read_counter(number, column, step.trim(), findings);
        if let Some(step) = step {
            let mut names = names.clone();
            names.check(&Line::Step(step.clone()), number, text, findings);
            option.counters.push(Counter { line: number, step });
        }
    } else if let Some(rule) = trimmed.strip_prefix("never:") {
        option.never = Some(Markdown::parse(rule.trim()));
    } else if option.counters.is_empty() && option.never.is_none() {
        let output = &text[indent.min(4)..];
        option.output.push(ExpectedLine::parse(number, output));
    } else {
        let help = "write each on one line; more output stands before `counter:` and `never:`";
        findings.add_line(number, "this is neither `counter:` nor `never:`", help);
    }
}

fn read_counter(
    number: usize,
    columns_before: usize,
    text: &str,
    findings: &mut Findings,
) -> Option<Step> {
    let error = match Line::parse_bare(text) {
        Ok(Line::Step(step)) => return Some(step),
        Ok(Line::Ask(_)) => {
            let help = "write steps, as in `counter: run until 7000 sees 7001 fail`";
            TextError::new(1, text.chars().count(), "this does nothing", help)
        }
        Err(error) => error,
    };
    findings.add(number, error.shifted(columns_before));
    None
}

fn finish(draft: Draft, line: usize, findings: &mut Findings) -> Option<Block> {
    let ask = draft.ask.join("\n");
    let Some((step_line, step)) = draft.step else {
        let help = "write the step whose output is asked for, as in `7000> GET k`";
        findings.add_line(line, "this question has no step", help);
        return None;
    };
    if ask.trim().is_empty() {
        findings.add_line(line, "this question asks nothing", "begin it with `ask: ...`");
    }
    check_options(&draft.options, line, findings);
    Some(Block::Predict(Predict {
        line,
        ask: Markdown::parse(&ask),
        step_line,
        step: step?,
        options: draft.options,
    }))
}

fn check_options(options: &[Choice], line: usize, findings: &mut Findings) {
    if options.len() < 2 {
        let help = "write at least two lines `( ) ANSWER`";
        findings.add_line(line, "a question has at least two options", help);
        return;
    }
    for (index, option) in options.iter().enumerate() {
        let same = |other: &&Choice| texts(other) == texts(option);
        if let Some(other) = options[..index].iter().find(same) {
            let message = format!("this option is the same as the one in line {}", other.line);
            findings.add_line(option.line, message, "exactly one option may match the run");
        }
    }
    let is_open = |option: &&Choice| option.counters.is_empty() && option.never.is_none();
    let open: Vec<&Choice> = options.iter().filter(is_open).collect();
    for option in open.iter().skip(1) {
        let message = "another option with neither `counter:` nor `never:`; only the right one may";
        let help = "below each wrong option write what would make it right, `counter: STEP`,\n\
                    or the rule that forbids it, `never: RULE`";
        findings.add_line(option.line, message, help);
    }
    if options.iter().all(|option| option.never.is_some()) {
        let help = "take `never:` away from the one that the run will show";
        findings.add_line(line, "every option is forbidden", help);
    }
}

fn texts(option: &Choice) -> Vec<&str> {
    option.output.iter().map(|line| line.text.as_str()).collect()
}
