//! The shell's own words: for the past, for branches and for files. One row each.

use std::fs;
use std::path::Path;

use hashslot_core::words::Span;

use super::help;
use super::sitting::{Reply, Sitting, Then};
use crate::news;

/// A word that is no step: it changes what is looked at, not what happens.
pub struct Word {
    pub name: &'static str,
    pub usage: &'static str,
    pub about: &'static str,
    pub run: fn(&mut Sitting, &str) -> Reply,
}

/// All of them, in the order of the help.
#[rustfmt::skip]
pub const WORDS: &[Word] = &[
    Word { name: "back", usage: "back SPAN", about: "goes back in time", run: back },
    Word { name: "forward", usage: "forward SPAN", about: "goes on, through what is known and further", run: forward },
    Word { name: "seek", usage: "seek +SPAN", about: "goes to a moment, as in seek +12.3s", run: seek },
    Word { name: "branches", usage: "branches", about: "lists the histories of this cluster", run: branches },
    Word { name: "switch", usage: "switch NUMBER", about: "goes to the end of another branch", run: switch },
    Word { name: "save", usage: "save FILE", about: "writes this branch to a file", run: save },
    Word { name: "load", usage: "load FILE", about: "goes on with a saved run instead of this", run: load },
    Word { name: "help", usage: "help [NAME]", about: "explains a verb, a word or a Redis command", run: |_, rest| help::help(rest) },
    Word { name: "quit", usage: "quit", about: "leaves", run: leave },
    Word { name: "exit", usage: "exit", about: "leaves, too", run: leave },
];

pub fn names() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.name)
}

fn span(text: &str, example: &str) -> Result<Span, Reply> {
    let text = text.strip_prefix('+').unwrap_or(text).replace(' ', "");
    text.parse().map_err(|error| Reply::wrong(&format!("{error}; write, say: {example}")))
}

fn leave(_: &mut Sitting, _: &str) -> Reply {
    Reply { lines: Vec::new(), then: Then::Leave }
}

fn back(sitting: &mut Sitting, rest: &str) -> Reply {
    let span = match span(rest, "back 5s") {
        Ok(span) => span,
        Err(reply) => return reply,
    };
    let elapsed = sitting.session.world().elapsed().micros();
    go_to(sitting, Span::from_micros(elapsed.saturating_sub(span.micros())))
}

fn seek(sitting: &mut Sitting, rest: &str) -> Reply {
    match span(rest, "seek +12.3s") {
        Ok(span) => go_to(sitting, span),
        Err(reply) => reply,
    }
}

fn go_to(sitting: &mut Sitting, elapsed: Span) -> Reply {
    let session = &mut sitting.session;
    let at = session.world().origin() + elapsed;
    session.seek(at);
    match at > session.ends_at() {
        true => Reply::of(vec!["this is the end; `run` or `forward` goes further".to_owned()]),
        false => Reply::of(Vec::new()),
    }
}

fn forward(sitting: &mut Sitting, rest: &str) -> Reply {
    let span = match span(rest, "forward 5s") {
        Ok(span) => span,
        Err(reply) => return reply,
    };
    let from = sitting.session.position();
    sitting.session.run_for(span);
    Reply::of(sitting.news_since(from))
}

fn branches(sitting: &mut Sitting, _: &str) -> Reply {
    let session = &sitting.session;
    let origin = session.world().origin();
    let numbered = session.branches().iter().enumerate();
    let line = |(number, branch): (usize, &hashslot_core::world::session::Branch)| {
        let mark = if number == session.current() { '*' } else { ' ' };
        let end = news::clock(branch.ends_at().since(origin));
        let from = match branch.from() {
            Some((from, _)) => format!(", from {from}"),
            None => String::new(),
        };
        format!("{mark} {number}  {}{from}, to {end}", branch.name())
    };
    Reply::of(numbered.map(line).collect())
}

fn switch(sitting: &mut Sitting, rest: &str) -> Reply {
    let is_there = rest.parse().is_ok_and(|number| sitting.session.switch(number));
    match is_there {
        true => Reply::of(vec![format!("  {}", sitting.session.branch().name())]),
        false => Reply::wrong(&format!("there is no branch `{rest}`; `branches` lists them")),
    }
}

fn save(sitting: &mut Sitting, rest: &str) -> Reply {
    if rest.is_empty() {
        return Reply::wrong("a file is missing; write, say: save failover.txt");
    }
    let text = match sitting.session.save() {
        Ok(text) => text,
        Err(error) => return Reply::wrong(&error.to_string()),
    };
    match fs::write(rest, &text) {
        Ok(()) => {
            let end = text.lines().last().unwrap_or_default();
            Reply::of(vec![format!("saved to its end; {}", end.trim_start_matches("end "))])
        }
        Err(error) => Reply::wrong(&format!("{rest} cannot be written: {error}; name another")),
    }
}

fn load(sitting: &mut Sitting, rest: &str) -> Reply {
    if rest.is_empty() {
        return Reply::wrong("a file is missing; write, say: load failover.txt");
    }
    match super::load(Path::new(rest)) {
        Ok(session) => {
            let digest = session.digest();
            sitting.session = session;
            Reply::of(vec![format!("loaded, and played to its end; digest={digest:016x}")])
        }
        Err(sentence) => Reply::wrong(&sentence),
    }
}
