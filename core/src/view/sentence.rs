//! Sentences: what an event says to a person.
//!
//! A sentence is a template and its fields; the words of a language are a table of templates
//! ([`super::english`]), so that a translation is another table. A field is a name or a number,
//! already printed.

use serde::{Deserialize, Serialize};

use super::english;

/// One sentence, not yet in any language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The template's key.
    pub key: String,
    /// The fields by name.
    pub fields: Vec<(String, String)>,
}

impl Sentence {
    pub fn new(key: &str) -> Sentence {
        Sentence { key: key.to_owned(), fields: Vec::new() }
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: impl ToString) -> Sentence {
        self.fields.push((name.to_owned(), value.to_string()));
        self
    }

    /// The sentence in English.
    pub fn english(&self) -> String {
        let template = english::template(&self.key).unwrap_or(&self.key);
        let mut text = template.to_owned();
        for (name, value) in &self.fields {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// Milliseconds as people say them: `640 ms`, `2.1 s`.
pub fn spoken_ms(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
    }
}

/// A count with its noun: `1 vote`, `2 votes`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
