//! What may be typed next: the words that fit, and how a line goes on.
//!
//! The prompts of the shell and of the page read the same rows as the parsers, so that what they
//! offer is what is understood.

use crate::node::{self, Config};
use crate::world::condition::FORMS;
use crate::world::step::{MESSAGE_KINDS, VERBS, Verb};

/// The verb of this name.
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

/// The words that may follow those of a command: its name, or a subcommand, in capitals.
pub fn command_words(before: &[&str]) -> Vec<String> {
    let names = node::specs().map(|spec| spec.name);
    let capitals = str::to_ascii_uppercase;
    let mut found: Vec<String> = match before {
        [] => names.filter_map(|name| name.split('|').next()).map(capitals).collect(),
        [parent] => {
            let parent = format!("{}|", parent.to_ascii_lowercase());
            names.filter_map(|name| name.strip_prefix(&parent)).map(capitals).collect()
        }
        _ => Vec::new(),
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// What may follow a verb: its own words, those of conditions, and the ports that there are.
pub fn verb_words(verb: &Verb, ports: &[u16]) -> Vec<String> {
    let mut found = literals(verb.usage);
    if verb.usage.contains("CONDITION") {
        found.extend(FORMS.iter().flat_map(|form| literals(form.usage)));
    }
    if verb.usage.contains("KIND") {
        found.extend(MESSAGE_KINDS.iter().map(|(name, _)| (*name).to_owned()));
    }
    if verb.name == "config" {
        found.extend(Config::names().map(str::to_owned));
    }
    found.extend(ports.iter().map(u16::to_string));
    found.retain(|word| word != verb.name);
    found.sort_unstable();
    found.dedup();
    found
}

/// The words of a usage that are typed as they stand.
fn literals(usage: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let words = usage.split(|c: char| !is_part(c));
    let is_literal = |word: &&str| word.len() > 1 && !word.chars().any(|c| c.is_ascii_uppercase());
    words.filter(is_literal).map(str::to_owned).collect()
}

/// The words among `all` that begin like what has been typed, whatever the case.
pub fn beginning<'a>(all: &'a [String], typed: &'a str) -> impl Iterator<Item = &'a String> {
    all.iter().filter(move |word| {
        word.get(..typed.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(typed))
    })
}

/// The arguments of a command, of whose name these are all the words.
pub fn command_usage(words: &[&str]) -> Option<&'static str> {
    let name = words.join("|").to_ascii_lowercase();
    node::specs().find(|spec| spec.name == name).map(|spec| spec.usage)
}

/// What follows the name of a verb.
pub fn verb_usage(name: &str) -> Option<&'static str> {
    let usage = verb(name)?.usage;
    usage.strip_prefix("$ ")?.strip_prefix(name).map(str::trim_start)
}

/// The help on a verb; nothing if there is no such verb.
pub fn verb_help(name: &str) -> Option<Vec<String>> {
    let verb = verb(name)?;
    let mut lines = vec![
        format!("{}: {}", verb.name, verb.about),
        format!("  usage:    {}", verb.usage),
        format!("  example:  {}", verb.example),
    ];
    if verb.usage.contains("CONDITION") {
        lines.push("  CONDITION is one of:".to_owned());
        lines.extend(FORMS.iter().map(|form| format!("    {}  ({})", form.usage, form.about)));
    }
    Some(lines)
}

/// The help on a Redis command, by its name as it is typed; nothing if there is no such command.
pub fn command_help(name: &str) -> Option<Vec<String>> {
    let wanted = name.to_ascii_lowercase().replace(' ', "|");
    let spec = node::specs().find(|spec| spec.name == wanted)?;
    let usage = format!("{} {}", name.to_ascii_uppercase(), spec.usage);
    let summary = format!("  {} (since Redis {})", spec.summary, spec.since);
    Some(vec![usage.trim_end().to_owned(), summary])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_from_the_rows_that_are_read() {
        assert!(command_words(&[]).contains(&"CLUSTER".to_owned()));
        assert!(command_words(&["cluster"]).contains(&"NODES".to_owned()));
        let after = |name| verb_words(verb(name).unwrap(), &[7000]);
        assert!(after("run").contains(&"settled".to_owned()));
        assert!(after("drop").contains(&"fail".to_owned()));
        assert!(after("kill") == ["7000"]);
    }

    #[test]
    fn what_was_typed_is_completed_in_any_case() {
        let words = command_words(&[]);
        let found: Vec<&String> = beginning(&words, "ge").collect();
        assert_eq!(found, ["GET", "GETDEL", "GETEX", "GETRANGE", "GETSET"]);
        assert_eq!(beginning(&words, "\u{e4}").count(), 0);
    }

    #[test]
    fn usages_follow_the_name() {
        assert_eq!(command_usage(&["get"]), Some("key"));
        assert_eq!(verb_usage("heal"), Some("[PORT <-> PORT]"));
        assert!(command_help("cluster nodes").is_some() && verb_help("kill").is_some());
        assert_eq!(command_help("conquer"), None);
    }
}
