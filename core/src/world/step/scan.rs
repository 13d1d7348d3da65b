//! Reading the words of a line from left to right.

use crate::words::{ParseSpanError, QuoteError, Span, TextError, Word, nearest, split_words};

use super::{Party, Port};

/// The words of a line, and how far they are read.
pub(in crate::world) struct Scan {
    words: Vec<Word>,
    next: usize,
    /// The column just after the last word, where a missing word is pointed at.
    end_column: usize,
    /// How the whole line should look, said when it does not.
    usage: String,
}

impl Scan {
    pub fn new(text: &str, usage: impl Into<String>) -> Result<Scan, QuoteError> {
        let words = split_words(text)?;
        let end_column = words.last().map_or(1, |word| word.column + word.length + 1);
        Ok(Scan { words, next: 0, end_column, usage: usage.into() })
    }

    /// From here on, mistakes are answered with this usage.
    pub fn use_usage(&mut self, usage: impl Into<String>) {
        self.usage = usage.into();
    }

    /// The next word as text, if there is one; bytes that are no text stay recognisably wrong.
    pub fn peek(&self) -> Option<String> {
        let word = self.words.get(self.next)?;
        Some(String::from_utf8_lossy(&word.bytes).into_owned())
    }

    pub fn is_at_end(&self) -> bool {
        self.next >= self.words.len()
    }

    /// The next word, which must be there.
    pub fn word(&mut self, what: &str) -> Result<Word, TextError> {
        let word = self.words.get(self.next).cloned();
        let word = word.ok_or_else(|| self.missing(&format!("the {what}")))?;
        self.next += 1;
        Ok(word)
    }

    /// The next word as text, which must be there.
    pub fn text(&mut self, what: &str) -> Result<String, TextError> {
        let word = self.word(what)?;
        String::from_utf8(word.bytes.to_vec()).map_err(|_| self.wrong_last(&format!("no {what}")))
    }

    /// Reads the next word if it is this one.
    pub fn eat(&mut self, expected: &str) -> bool {
        let is_it = self.peek().as_deref() == Some(expected);
        self.next += usize::from(is_it);
        is_it
    }

    /// Reads a word that must be this one.
    pub fn keyword(&mut self, expected: &str) -> Result<(), TextError> {
        match self.eat(expected) {
            true => Ok(()),
            false => Err(self.wrong_next(&format!("`{expected}`"))),
        }
    }

    /// A word that is almost this one is taken for a slip of the pen.
    pub fn near_keyword(&self, expected: &str) -> Result<(), TextError> {
        match self.peek() {
            Some(found) if nearest(&found, [expected]).is_some() => {
                let (column, length) = self.place(self.next);
                let help = format!("did you mean `{expected}`?");
                Err(TextError::new(column, length, format!("unknown word `{found}`"), help))
            }
            _ => Ok(()),
        }
    }

    /// A node's name: the port on which it serves clients.
    pub fn port(&mut self) -> Result<Port, TextError> {
        let found = self.text("node")?;
        Port::parse(&found).ok_or_else(|| {
            let message = format!("`{found}` names no node");
            self.at_last(message, "nodes are named by their port, as in 7000")
        })
    }

    /// A node, or `outside`.
    pub fn party(&mut self) -> Result<Party, TextError> {
        match self.eat(Party::OUTSIDE) {
            true => Ok(Party::Outside),
            false => self.port().map(Party::Node),
        }
    }

    /// A duration.
    pub fn span(&mut self) -> Result<Span, TextError> {
        let found = self.text("duration")?;
        found.parse().map_err(|error: ParseSpanError| {
            self.at_last(format!("`{found}` is no duration"), error.to_string())
        })
    }

    /// A whole number above zero.
    pub fn count(&mut self, what: &str) -> Result<u32, TextError> {
        let found = self.text(what)?;
        let number = whole_number(&found).filter(|&number| number > 0);
        number.ok_or_else(|| {
            let message = format!("`{found}` is no {what}");
            self.at_last(message, "write a whole number from 1 up")
        })
    }

    /// One of a closed list of words.
    pub fn choice<T: Copy>(&mut self, what: &str, rows: &[(&str, T)]) -> Result<T, TextError> {
        let found = self.text(what)?;
        if let Some((_, value)) = rows.iter().find(|(name, _)| *name == found) {
            return Ok(*value);
        }
        let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
        let help = match nearest(&found, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of: {}", names.join(", ")),
        };
        Err(self.at_last(format!("`{found}` is no {what}"), help))
    }

    /// Nothing may be left.
    pub fn finish(&mut self) -> Result<(), TextError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong_next("the end of the line")),
        }
    }

    /// The word read last is wrong.
    pub fn at_last(&self, message: impl Into<String>, help: impl Into<String>) -> TextError {
        let (column, length) = self.place(self.next.saturating_sub(1));
        TextError::new(column, length, message, help)
    }

    fn wrong_last(&self, message: &str) -> TextError {
        self.at_last(message, self.usage_help())
    }

    /// The next word is not what is expected here, or is missing.
    pub fn wrong_next(&self, expected: &str) -> TextError {
        let Some(found) = self.peek() else {
            return self.missing(expected);
        };
        let (column, length) = self.place(self.next);
        let message = format!("expected {expected}, found `{found}`");
        TextError::new(column, length, message, self.usage_help())
    }

    fn missing(&self, what: &str) -> TextError {
        let message = format!("{what} is missing here");
        TextError::new(self.end_column, 0, message, self.usage_help())
    }

    fn usage_help(&self) -> String {
        format!("write: {}", self.usage)
    }

    fn place(&self, index: usize) -> (usize, usize) {
        match self.words.get(index) {
            Some(word) => (word.column, word.length),
            None => (self.end_column, 0),
        }
    }
}

/// Digits only, without a sign or leading zeros, so that each number has one spelling.
pub(in crate::world) fn whole_number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = text == "0" || !text.starts_with('0');
    (is_plain && is_short).then(|| text.parse().ok()).flatten()
}
