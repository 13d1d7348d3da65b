//! A sitting: a session, and what one line of the shell does to it.

use hashslot_core::lab::perform;
use hashslot_core::node;
use hashslot_core::words::{TextError, nearest};
use hashslot_core::world::session::Session;
use hashslot_core::world::step::{ClientName, Line, VERBS};

use super::words::{self, WORDS};
use crate::news;
use crate::terminal::harmless;

pub struct Sitting {
    pub session: Session,
}

/// What a line gave.
pub struct Reply {
    pub lines: Vec<String>,
    pub then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    GoOn,
    /// The line was wrong and nothing was done.
    Mend,
    Leave,
}

impl Reply {
    pub fn of(lines: Vec<String>) -> Reply {
        Reply { lines, then: Then::GoOn }
    }

    pub fn wrong(sentence: &str) -> Reply {
        Reply { lines: vec![format!("error: {sentence}")], then: Then::Mend }
    }
}

impl Sitting {
    pub fn new(session: Session) -> Sitting {
        Sitting { session }
    }

    /// Does a line; blank lines and those that begin with `#` do nothing.
    pub fn do_line(&mut self, line: &str) -> Reply {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Reply::of(Vec::new());
        }
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(word) = WORDS.iter().find(|word| word.name == first) {
            return (word.run)(self, rest.trim());
        }
        match Line::parse_bare(line) {
            Ok(step) => self.do_step(&step),
            Err(error) => wrong_line(line, first, error),
        }
    }

    fn do_step(&mut self, line: &Line) -> Reply {
        let (from, branch) = (self.session.position(), self.session.current());
        let printed = perform(&mut self.session, line);
        let mut lines = Vec::new();
        if self.session.current() != branch {
            let (number, name) = (self.session.current(), self.session.branch().name());
            lines.push(format!("  branch {number} begins: {name}"));
        }
        lines.extend(self.news_since(from));
        lines.extend(printed.iter().map(|line| harmless(line)));
        Reply::of(lines)
    }

    /// The news from a position of the trace on, as lines.
    pub fn news_since(&self, from: usize) -> Vec<String> {
        let told = news::since(&self.session, from);
        told.iter().map(|told| format!("  {}", harmless(&news::line(told)))).collect()
    }

    /// `+6.310 s > `, with the branch if it is not the first, and the end if it lies ahead.
    pub fn prompt(&self) -> String {
        let mut text = news::clock(self.session.world().elapsed());
        if !self.session.is_at_end() {
            let end = self.session.ends_at().since(self.session.world().origin());
            text.push_str(&format!(" of {}", news::clock(end)));
        }
        if self.session.current() > 0 {
            text.push_str(&format!(", branch {}", self.session.current()));
        }
        text + " > "
    }

    /// The ports of all nodes, dead ones too.
    pub fn ports(&self) -> Vec<u16> {
        self.session.world().servers().map(|(_, port, _)| port.number()).collect()
    }

    /// The names of the clients that were made by `$ client`.
    pub fn clients(&self) -> Vec<String> {
        let clients = self.session.world().clients().iter();
        clients
            .filter_map(|(name, _)| match name {
                ClientName::Named(name) => Some(name.as_str().to_owned()),
                ClientName::Cli | ClientName::Node(_) => None,
            })
            .collect()
    }
}

/// A line that could not be read, with the place marked.
fn wrong_line(line: &str, first: &str, mut error: TextError) -> Reply {
    let is_verb = VERBS.iter().any(|verb| verb.name == first);
    if !is_verb && !Line::has_prompt(line) {
        error.help = unknown_word_help(line, first);
    }
    let marks = "^".repeat(error.length.max(1));
    let before = " ".repeat(error.column.saturating_sub(1));
    let mut lines = vec![
        format!("error: {}", harmless(&error.message)),
        format!("  {}", harmless(line)),
        format!("  {before}{marks}"),
    ];
    lines.extend(error.help.lines().map(|help| format!("  {}", harmless(help))));
    Reply { lines, then: Then::Mend }
}

fn unknown_word_help(line: &str, first: &str) -> String {
    if node::specs().any(|spec| spec.name.eq_ignore_ascii_case(first)) {
        return format!("a Redis command needs a client: > {line}");
    }
    let names = || VERBS.iter().map(|verb| verb.name).chain(words::names());
    match nearest(first, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "type `help` for all verbs and words".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashslot_core::world::setup::Setup;

    fn sitting() -> Sitting {
        Sitting::new(Session::new(Setup::default()))
    }

    #[test]
    fn what_is_done_in_the_past_begins_a_branch() {
        let mut sitting = sitting();
        sitting.do_line("run 5s");
        sitting.do_line("back 2s");
        assert_eq!(sitting.prompt(), "+3.000 s of +5.000 s > ");
        let reply = sitting.do_line("kill 7001");
        assert_eq!(reply.lines[0], "  branch 1 begins: kill 7001 at +3.0 s");
        assert_eq!(sitting.prompt(), "+3.000 s, branch 1 > ");
    }

    #[test]
    fn a_wrong_line_says_what_would_be_right() {
        let mut sitting = sitting();
        let help = |sitting: &mut Sitting, line: &str| {
            let reply = sitting.do_line(line);
            assert_eq!(reply.then, Then::Mend, "{line}");
            reply.lines.last().cloned().unwrap_or_default()
        };
        assert_eq!(help(&mut sitting, "get k"), "  a Redis command needs a client: > get k");
        assert_eq!(help(&mut sitting, "bakc 5s"), "  did you mean `back`?");
        assert_eq!(help(&mut sitting, "conquer"), "  type `help` for all verbs and words");
    }
}
