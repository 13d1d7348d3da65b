//! Diagnostics: a mistake in a lesson, shown with the text at fault underlined.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::words::TextError;

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// How many characters are at fault; 0 if something is missing there.
    pub length: usize,
    pub message: String,
    /// What would have been right.
    pub help: String,
    /// The line of the file, for the underlining.
    pub text: String,
}

/// Whether a text may carry the colour codes of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Plain,
    Ansi,
}

/// The longest part of a line that is shown, in characters.
const SHOWN_MAX: usize = 120;

impl Diagnostic {
    /// The diagnostic as text of a few lines, with a newline at the end.
    pub fn render(&self, colour: Colour) -> String {
        let paint = Paint(colour);
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let bar = paint.blue("|");
        let (shown, column) = self.window();
        let marks = "^".repeat(self.length.clamp(1, SHOWN_MAX));
        let marks = format!("{}{}", " ".repeat(column - 1), paint.red(&marks));
        let mut text = String::new();
        let _ = writeln!(text, "{}: {}", paint.red("error"), paint.bold(&self.message));
        let arrow = paint.blue("-->");
        let _ = writeln!(text, "{margin}{arrow} {}:{}:{}", self.file, self.line, self.column);
        let _ = writeln!(text, "{margin} {bar}");
        let _ = writeln!(text, "{} {bar} {shown}", paint.blue(&number));
        let _ = writeln!(text, "{margin} {bar} {marks}");
        for line in self.help.lines() {
            let _ = writeln!(text, "{margin} {} {line}", paint.blue("="));
        }
        text
    }

    /// The part of the line that is shown, and the column of the mistake in it.
    fn window(&self) -> (String, usize) {
        let skipped = match self.column > SHOWN_MAX - 20 {
            true => self.column - 40,
            false => 0,
        };
        let characters = self.text.chars().skip(skipped).take(SHOWN_MAX);
        let shown: String = characters.map(visible).collect();
        (shown.trim_end().to_owned(), self.column - skipped)
    }
}

/// Keeps one column per character: a tab or a control character would move the marks.
fn visible(character: char) -> char {
    match character {
        '\t' => ' ',
        hidden if hidden.is_control() => '\u{fffd}',
        shown => shown,
    }
}

struct Paint(Colour);

impl Paint {
    fn wrap(&self, code: &str, text: &str) -> String {
        match self.0 {
            Colour::Plain => text.to_owned(),
            Colour::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }

    fn red(&self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn blue(&self, text: &str) -> String {
        self.wrap("1;34", text)
    }

    fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }
}

/// All mistakes as text, a blank line between them.
pub fn render_all(diagnostics: &[Diagnostic], colour: Colour) -> String {
    let texts: Vec<String> =
        diagnostics.iter().map(|diagnostic| diagnostic.render(colour)).collect();
    texts.join("\n")
}

/// A file and the mistakes found in it so far.
pub(super) struct Findings<'a> {
    file: &'a str,
    lines: Vec<&'a str>,
    found: Vec<Diagnostic>,
}

/// No more mistakes than this are collected from one file.
const FOUND_MAX: usize = 50;

impl<'a> Findings<'a> {
    pub fn new(file: &'a str, source: &'a str) -> Findings<'a> {
        Findings { file, lines: lines_of(source), found: Vec::new() }
    }

    pub fn lines(&self) -> &[&'a str] {
        &self.lines
    }

    /// Reports a mistake in a line, numbered from 1.
    pub fn add(&mut self, line: usize, error: TextError) {
        if self.found.len() < FOUND_MAX {
            self.found.push(diagnostic(self.file, &self.lines, line, error));
        }
    }

    /// Reports a mistake that concerns all of a line.
    pub fn add_line(&mut self, line: usize, message: impl Into<String>, help: impl Into<String>) {
        let text = self.lines.get(line - 1).copied().unwrap_or("");
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let length = text.trim().chars().count();
        self.add(line, TextError::new(indent + 1, length, message, help));
    }

    /// The mistakes, in the order of the file.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|found| (found.line, found.column));
        self.found
    }
}

/// A mistake in a line of a source, numbered from 1.
pub(super) fn diagnostic(file: &str, lines: &[&str], line: usize, error: TextError) -> Diagnostic {
    Diagnostic {
        file: file.to_owned(),
        line,
        column: error.column.max(1),
        length: error.length,
        message: error.message,
        help: error.help,
        text: lines.get(line.wrapping_sub(1)).copied().unwrap_or("").to_owned(),
    }
}

/// The lines of a text without their ends, `\r\n` or `\n`.
pub(super) fn lines_of(source: &str) -> Vec<&str> {
    let lines = source.split('\n');
    lines.map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
}
