//! Completion and hints at the prompt, from the same rows that the parsers read.

use std::borrow::Cow;

use hashslot_core::lesson::Colour;
use hashslot_core::view::typing;
use hashslot_core::world::step::{VERBS, Verb};
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::words::{self, WORDS};

/// Knows what may be typed next.
pub struct Assistant {
    colour: Colour,
    ports: Vec<u16>,
    clients: Vec<String>,
    files: FilenameCompleter,
}

/// How the line goes on; shown, never typed.
pub struct Usage(String);

impl Hint for Usage {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

/// What a line is so far.
enum Begun<'a> {
    /// Nothing but perhaps part of its first word.
    Nothing,
    /// A client's prompt, and the words of its command that are complete.
    Command(Vec<&'a str>),
    /// A verb, or `$` alone.
    Verb(Option<&'static Verb>),
    Word(&'a str),
}

impl<'a> Begun<'a> {
    /// Of the words before the one that is being typed.
    fn of(before: &'a str) -> Begun<'a> {
        let mut words = before.split_whitespace();
        match words.next() {
            None => Begun::Nothing,
            Some("$") => Begun::Verb(words.next().and_then(typing::verb)),
            Some(prompt) if prompt.ends_with('>') => Begun::Command(words.collect()),
            Some(name) if words::names().any(|word| word == name) => Begun::Word(name),
            Some(name) => Begun::Verb(typing::verb(name)),
        }
    }
}

impl Assistant {
    pub fn new(colour: Colour) -> Assistant {
        let files = FilenameCompleter::new();
        Assistant { colour, ports: Vec::new(), clients: Vec::new(), files }
    }

    /// Takes in which nodes and clients there are now.
    pub fn learn(&mut self, ports: Vec<u16>, clients: Vec<String>) {
        self.ports = ports;
        self.clients = clients;
    }

    /// All words that may stand after `before`.
    fn candidates(&self, before: &str) -> Vec<String> {
        let owned = |name: &str| name.to_owned();
        let verbs = || VERBS.iter().map(|verb| owned(verb.name));
        match Begun::of(before) {
            Begun::Nothing => {
                let prompts = self.ports.iter().map(|port| format!("{port}>"));
                let clients = self.clients.iter().map(|name| format!("{name}>"));
                verbs().chain(words::names().map(owned)).chain(prompts).chain(clients).collect()
            }
            Begun::Command(words) => typing::command_words(&words),
            Begun::Verb(None) if before.trim() == "$" => verbs().collect(),
            Begun::Verb(None) => Vec::new(),
            Begun::Verb(Some(verb)) => typing::verb_words(verb, &self.ports),
            Begun::Word("help") => verbs().chain(words::names().map(owned)).collect(),
            Begun::Word(_) => Vec::new(),
        }
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let head = &line[..pos];
        let start = head.rfind(' ').map_or(0, |space| space + 1);
        let (before, typed) = head.split_at(start);
        if matches!(Begun::of(before), Begun::Word("save" | "load")) {
            return self.files.complete(line, pos, context);
        }
        let candidates = self.candidates(before);
        let pair = |word: &String| Pair { replacement: format!("{word} "), display: word.clone() };
        Ok((start, typing::beginning(&candidates, typed).map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = Usage;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Usage> {
        let before = line.strip_suffix(' ')?;
        if pos < line.len() {
            return None;
        }
        usage_after(before).filter(|usage| !usage.is_empty()).map(Usage)
    }
}

/// How a line goes on whose last word is a verb, a word or a command.
fn usage_after(before: &str) -> Option<String> {
    let words: Vec<&str> = before.split_whitespace().collect();
    let name = match words.as_slice() {
        [name] if !name.ends_with('>') => *name,
        ["$", name] => *name,
        [prompt, rest @ ..] if prompt.ends_with('>') && !rest.is_empty() => {
            return typing::command_usage(rest).map(str::to_owned);
        }
        _ => return None,
    };
    if let Some(word) = WORDS.iter().find(|word| word.name == name) {
        return word.usage.strip_prefix(name).map(|rest| rest.trim().to_owned());
    }
    typing::verb_usage(name).map(str::to_owned)
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.colour {
            Colour::Plain => Cow::Borrowed(hint),
            Colour::Ansi => Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match self.colour {
            Colour::Plain => Cow::Borrowed(prompt),
            Colour::Ansi => Cow::Owned(format!("\x1b[36m{prompt}\x1b[0m")),
        }
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(before: &str) -> Vec<String> {
        let mut assistant = Assistant::new(Colour::Plain);
        assistant.learn(vec![7000, 7001], vec!["app".to_owned()]);
        assistant.candidates(before)
    }

    #[test]
    fn what_may_come_next_is_offered() {
        let has = |before: &str, word: &str| candidates(before).iter().any(|one| one == word);
        assert!(has("", "kill") && has("", "back") && has("", "7001>") && has("", "app>"));
        assert!(has("kill ", "7000") && has("$ ", "kill") && has("$ run ", "until"));
        assert!(has("run until ", "settled") && has("drop ", "fail"));
        assert!(has("config 7000 ", "cluster-node-timeout"));
        assert!(has("7000> ", "GET") && has("> ", "CLUSTER") && has("> cluster ", "NODES"));
        assert!(!has("7000> ", "kill"));
    }

    #[test]
    fn the_rest_of_the_usage_is_hinted() {
        assert_eq!(usage_after("kill").as_deref(), Some("PORT"));
        assert_eq!(usage_after("$ heal").as_deref(), Some("[PORT <-> PORT]"));
        assert_eq!(usage_after("back").as_deref(), Some("SPAN"));
        assert_eq!(usage_after("7000> get").as_deref(), Some("key"));
        assert_eq!(usage_after("7000>"), None);
    }
}
