//! Help at the prompt: all verbs and words, or one of them, or a Redis command.

use hashslot_core::node;
use hashslot_core::world::condition::FORMS;
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
    if let Some(verb) = VERBS.iter().find(|verb| verb.name == name) {
        let mut lines = vec![
            format!("{}: {}", verb.name, verb.about),
            format!("  usage:    {}", verb.usage),
            format!("  example:  {}", verb.example),
        ];
        if verb.usage.contains("CONDITION") {
            lines.push("  CONDITION is one of:".to_owned());
            lines.extend(FORMS.iter().map(|form| format!("    {}  ({})", form.usage, form.about)));
        }
        return Reply::of(lines);
    }
    if let Some(word) = WORDS.iter().find(|word| word.name == name) {
        return Reply::of(vec![format!("{}: {}", word.usage, word.about)]);
    }
    let wanted = name.to_lowercase().replace(' ', "|");
    match node::specs().find(|spec| spec.name == wanted) {
        Some(spec) => {
            let usage = format!("{} {}", name.to_uppercase(), spec.usage);
            let summary = format!("  {} (since Redis {})", spec.summary, spec.since);
            Reply::of(vec![usage.trim_end().to_owned(), summary])
        }
        None => Reply::wrong(&format!("nothing is called `{name}`; `help` lists verbs and words")),
    }
}
