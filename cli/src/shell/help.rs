//! Help at the prompt: all verbs and words, or one of them, or a Redis command.

use hashslot_core::view::typing;
use hashslot_core::world::step::VERBS;

use super::sitting::Reply;
use super::words::WORDS;

/// Usages longer than this push what they mean to the next line.
const USAGE_WIDTH: usize = 34;

pub fn help(name: &str) -> Reply {
    match name.trim_start_matches("$ ").trim() {
        "" => Reply::of(everything()),
        name => one(name),
    }
}

fn everything() -> Vec<String> {
    let mut lines = vec!["A line is one of:".to_owned()];
    lines.push(row("7000> COMMAND", "a client of that node: redirects show as errors"));
    lines.push(row("> COMMAND", "redis-cli -c: follows redirects"));
    lines.push(row("NAME> COMMAND", "a client made by `client`"));
    lines.push("or a verb (with or without `$ `):".to_owned());
    lines.extend(VERBS.iter().map(|verb| row(bare(verb.usage), verb.about)));
    lines.push("or a word of this shell:".to_owned());
    lines.extend(WORDS.iter().map(|word| row(word.usage, word.about)));
    lines.push("`help NAME` explains one of them, or a Redis command.".to_owned());
    lines
}

fn row(usage: &str, about: &str) -> String {
    match usage.chars().count() <= USAGE_WIDTH {
        true => format!("  {usage:<USAGE_WIDTH$}  {about}"),
        false => format!("  {usage}\n  {:USAGE_WIDTH$}  {about}", ""),
    }
}

fn bare(usage: &str) -> &str {
    usage.strip_prefix("$ ").unwrap_or(usage)
}

fn one(name: &str) -> Reply {
    if let Some(lines) = typing::verb_help(name) {
        return Reply::of(lines);
    }
    if let Some(word) = WORDS.iter().find(|word| word.name == name) {
        return Reply::of(vec![format!("{}: {}", word.usage, word.about)]);
    }
    match typing::command_help(name) {
        Some(lines) => Reply::of(lines),
        None => Reply::wrong(&format!("nothing is called `{name}`; `help` lists verbs and words")),
    }
}
