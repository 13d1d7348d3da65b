//! Mistakes in text: where, what, and what would have been right.
//!
//! Only text can be wrong; everything else in this program is a reply or an event. So every parser
//! of a line answers with a [`TextError`], and whoever knows file and line adds them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mistake in one line of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextError {
    /// Where it begins, in characters, from 1.
    pub column: usize,
    /// How many characters are at fault; 0 if something is missing there.
    pub length: usize,
    pub message: String,
    /// What would have been right.
    pub help: String,
}

impl TextError {
    pub fn new(
        column: usize,
        length: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> TextError {
        TextError { column, length, message: message.into(), help: help.into() }
    }

    /// The same mistake in a line that has `columns` more characters before it.
    pub fn shifted(mut self, columns: usize) -> TextError {
        self.column += columns;
        self
    }
}

impl std::error::Error for TextError {}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)?;
        match self.help.is_empty() {
            true => Ok(()),
            false => write!(f, "; {}", self.help),
        }
    }
}

/// The candidate nearest to a mistyped word: at most two edits away, and at most half of its
/// letters. Of two that are equally near, the first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let edits = edits_between(word, candidate);
        let is_near = edits <= 2 && edits * 2 <= candidate.chars().count();
        if is_near && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn edits_between(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=one.len()).collect();
    for (line, letter) in other.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for column in 0..one.len() {
            let change = corner + usize::from(one[column] != letter);
            corner = row[column + 1];
            row[column + 1] = change.min(corner + 1).min(row[column] + 1);
        }
    }
    row[one.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_if_it_is_near() {
        let verbs = ["kill", "crash", "run"];
        assert_eq!(nearest("kil", verbs), Some("kill"));
        assert_eq!(nearest("crahs", verbs), Some("crash"));
        assert_eq!(nearest("explode", verbs), None);
        assert_eq!(edits_between("kitten", "sitting"), 3);
    }
}
