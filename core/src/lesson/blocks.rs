//! The body of a lesson: its live blocks, and the prose between them.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use serde::{Deserialize, Serialize};

use crate::words::TextError;

use super::diagnostic::Findings;
use super::markdown::{Markdown, extensions};
use super::names::Names;
use super::{Block, Prose, lab, look, predict, quiz};

/// A live block: its info string and its lines.
pub(super) struct Fence<'a> {
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// Where the block can hold.
    pub place: Where,
    /// The lines between the fences; the first is line `line + 1` of the file.
    pub lines: Vec<&'a str>,
}

impl<'a> Fence<'a> {
    /// The lines with their numbers in the file.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &'a str)> + '_ {
        let first = self.line + 1;
        let lines = self.lines.iter().enumerate();
        lines.map(move |(index, &text)| (first + index, text))
    }
}

/// Where a block can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Where {
    Anywhere,
    /// `on=simulator`: no live cluster can be made to do this.
    Simulator,
}

type Read = fn(&Fence, &mut Findings, &mut Names) -> Option<Block>;

/// The kinds of live block: the first word of the info string, and what reads it.
const KINDS: &[(&str, Read)] = &[
    ("lab", lab::read),
    ("predict", predict::read),
    ("quiz", quiz::read),
    ("look", look::read),
    ("goal", refuse_goal),
];

/// Reads the body, which begins at this line, counted from 0.
pub(super) fn read(body: usize, findings: &mut Findings, names: &mut Names) -> Vec<Block> {
    let source = findings.lines()[body.min(findings.lines().len())..].join("\n");
    let mut blocks = Vec::new();
    let mut prose_from = 0;
    for found in fences(&source) {
        let line = body + source[..found.range.start].matches('\n').count() + 1;
        let Some(read) = kind_of(&found, line, findings) else {
            continue;
        };
        blocks.extend(prose(&source, prose_from..found.range.start, body));
        prose_from = found.range.end;
        let Some(fence) = open(&found, line, findings) else {
            continue;
        };
        blocks.extend(read(&fence, findings, names));
    }
    blocks.extend(prose(&source, prose_from..source.len(), body));
    blocks
}

/// A fenced block, as Markdown has it.
struct Found {
    /// The bytes of the block, with its fences.
    range: Range<usize>,
    info: String,
    /// How deep it lies in lists and quotes.
    depth: usize,
}

fn fences(source: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    for (event, range) in Parser::new_ext(source, extensions()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let info = info.into_string();
                found.push(Found { range, info, depth });
                depth += 1;
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

/// What reads a block, if it is a live one and stands where it may.
fn kind_of(found: &Found, line: usize, findings: &mut Findings) -> Option<Read> {
    let word = found.info.split_whitespace().next()?;
    let Some((name, read)) = KINDS.iter().find(|(name, _)| *name == word) else {
        warn_if_nearly(word, line, findings);
        return None;
    };
    if found.depth > 0 {
        let message = format!("a `{name}` block cannot live in a list or a quote");
        findings.add_line(line, message, "put its fences at the left margin");
        return None;
    }
    Some(*read)
}

/// `Lab` or `labs` would silently be a block of plain text.
fn warn_if_nearly(word: &str, line: usize, findings: &mut Findings) {
    let lower = word.to_ascii_lowercase();
    let singular = lower.strip_suffix('s').unwrap_or(&lower);
    if KINDS.iter().any(|(name, _)| *name == singular || *name == lower) {
        let message = format!("`{word}` is no live block");
        let length = word.chars().count();
        let column = column_of(findings.lines()[line - 1], word);
        let help = format!("did you mean `{singular}`?");
        findings.add(line, TextError::new(column, length, message, help));
    }
}

fn column_of(text: &str, word: &str) -> usize {
    let before = text.find(word).map_or("", |index| &text[..index]);
    before.chars().count() + 1
}

/// The lines of a live block; none if it is never closed.
fn open<'a>(found: &Found, line: usize, findings: &mut Findings<'a>) -> Option<Fence<'a>> {
    let opening = findings.lines()[line - 1];
    let indent = opening.len() - opening.trim_start().len();
    let mark = opening.trim_start().chars().next().unwrap_or('`');
    let width = opening.trim_start().chars().take_while(|&c| c == mark).count();
    let is_closing = |text: &str| {
        let text = text.trim();
        text.len() >= width && text.chars().all(|c| c == mark)
    };
    let rest = &findings.lines()[line..];
    let Some(count) = rest.iter().position(|text| is_closing(text)) else {
        let fence = opening.trim_start()[..width].to_owned();
        let message = "this block is never closed";
        let help = format!("end it with a line {fence}");
        let length = opening.trim().chars().count();
        findings.add(line, TextError::new(indent + 1, length, message, help));
        return None;
    };
    let is_blank = |c: char| c == ' ';
    let lines = rest[..count].iter().map(|text| {
        let blanks = text.len() - text.trim_start_matches(is_blank).len();
        &text[indent.min(blanks)..]
    });
    let lines = lines.collect();
    let place = place_of(found, line, findings)?;
    Some(Fence { line, place, lines })
}

/// What follows the kind in the info string.
fn place_of(found: &Found, line: usize, findings: &mut Findings) -> Option<Where> {
    let mut words = found.info.split_whitespace();
    let is_lab = words.next() == Some("lab");
    match words.next() {
        None => Some(Where::Anywhere),
        Some("on=simulator") if is_lab => Some(Where::Simulator),
        Some(other) => {
            let column = column_of(findings.lines()[line - 1], other);
            let message = format!("`{other}` means nothing here");
            let help = "only `lab on=simulator` has more than one word";
            findings.add(line, TextError::new(column, other.chars().count(), message, help));
            None
        }
    }
}

fn prose(source: &str, range: Range<usize>, body: usize) -> Option<Block> {
    let text = &source[range.clone()];
    let trimmed = text.trim_start_matches(['\n', '\r', ' ']);
    let begin = range.start + (text.len() - trimmed.len());
    let trimmed = trimmed.trim_end();
    (!trimmed.is_empty()).then(|| {
        Block::Prose(Prose {
            line: body + source[..begin].matches('\n').count() + 1,
            text: Markdown::parse(trimmed),
        })
    })
}

fn refuse_goal(fence: &Fence, findings: &mut Findings, _: &mut Names) -> Option<Block> {
    let help = "until then, ask for a prediction, or describe the task in prose";
    findings.add_line(fence.line, "`goal` blocks are not built yet", help);
    None
}
