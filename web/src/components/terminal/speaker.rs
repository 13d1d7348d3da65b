//! Who speaks: the client that follows redirects, a plain client of one node, a client that a step
//! has made, or the hand of the person. And what helps to type: completion, hints, help.

use hashslot_core::view::typing::{
    beginning, command_help, command_usage, command_words, verb, verb_help, verb_usage, verb_words,
};
use hashslot_core::world::step::{Line, VERBS};

/// Who sends what is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Speaker {
    /// `redis-cli -c`.
    #[default]
    Follow,
    /// `redis-cli` at this node.
    Node(u16),
    /// A client made by `$ client`.
    Named(String),
    /// The verbs of the world.
    Hand,
}

impl Speaker {
    /// Reads the value of the list of speakers.
    pub fn parse(value: &str) -> Speaker {
        match value {
            ">" => Speaker::Follow,
            "$" => Speaker::Hand,
            name => match name.parse() {
                Ok(port) => Speaker::Node(port),
                Err(_) => Speaker::Named(name.to_owned()),
            },
        }
    }

    /// Its value in the list of speakers.
    pub fn value(&self) -> String {
        match self {
            Speaker::Follow => ">".to_owned(),
            Speaker::Hand => "$".to_owned(),
            Speaker::Node(port) => port.to_string(),
            Speaker::Named(name) => name.clone(),
        }
    }

    /// The prompt as redis-cli prints it; `follower_at` is where the following client stands.
    pub fn prompt(&self, follower_at: u16) -> String {
        match self {
            Speaker::Follow => format!("127.0.0.1:{follower_at}>"),
            Speaker::Node(port) => format!("127.0.0.1:{port}>"),
            Speaker::Named(name) => format!("{name}>"),
            Speaker::Hand => "$".to_owned(),
        }
    }

    /// What is typed as a line of the grammar. A line with a prompt of its own is taken as it is.
    pub fn line(&self, typed: &str) -> String {
        let typed = typed.trim();
        match self {
            _ if Line::has_prompt(typed) => typed.to_owned(),
            Speaker::Follow => format!("> {typed}"),
            Speaker::Node(port) => format!("{port}> {typed}"),
            Speaker::Named(name) => format!("{name}> {typed}"),
            Speaker::Hand => format!("$ {typed}"),
        }
    }

    /// The words that may stand after `before`.
    fn words(&self, before: &str, ports: &[u16]) -> Vec<String> {
        let (hand, before) = self.meant(before);
        let words: Vec<&str> = before.split_whitespace().collect();
        let own = ["clear", "exit", "help"].map(str::to_owned);
        match (hand, words.as_slice()) {
            (true, []) => VERBS.iter().map(|verb| verb.name.to_owned()).chain(own).collect(),
            (true, [name, ..]) if *name != "help" => {
                verb(name).map_or_else(Vec::new, |verb| verb_words(verb, ports))
            }
            (true, _) => VERBS.iter().map(|verb| verb.name.to_owned()).collect(),
            (false, ["help", rest @ ..]) => command_words(rest),
            (false, []) => command_words(&[]).into_iter().chain(own).collect(),
            (false, words) => command_words(words),
        }
    }

    /// Whether a line is one of the hand, and what follows its prompt, if it has one of its own.
    fn meant<'a>(&self, typed: &'a str) -> (bool, &'a str) {
        if let Some(rest) = typed.strip_prefix("$ ") {
            return (true, rest);
        }
        match typed.split_once("> ") {
            Some((_, rest)) if Line::has_prompt(typed) => (false, rest),
            _ => (*self == Speaker::Hand, typed),
        }
    }

    /// What is still to be typed after a name that is complete, as redis-cli hints it: the
    /// arguments that are not there yet.
    pub fn hint(&self, typed: &str) -> Option<String> {
        let (hand, line) = self.meant(typed);
        let words: Vec<&str> = line.split_whitespace().collect();
        let (usage, args) = match (hand, words.as_slice()) {
            (_, []) => return None,
            (true, [name, args @ ..]) => (verb_usage(name)?, args),
            (false, [parent, sub, args @ ..]) if command_usage(&[parent, sub]).is_some() => {
                (command_usage(&[parent, sub])?, args)
            }
            (false, [name, args @ ..]) => (command_usage(&[name])?, args),
        };
        let rest = parts(usage).into_iter().skip(args.len()).collect::<Vec<_>>().join(" ");
        let gap = if typed.ends_with(' ') { "" } else { " " };
        (!rest.is_empty()).then(|| format!("{gap}{rest}"))
    }
}

/// The arguments of a usage, each with its brackets.
fn parts(usage: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, byte) in usage.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 => {
                found.push(&usage[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&usage[start..]);
    found.retain(|part| !part.is_empty());
    found
}

/// A word that is being completed: each press of the key shows the next one that fits, and after
/// the last what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The whole lines, what was typed last.
    lines: Vec<String>,
    at: usize,
}

impl Completion {
    /// Completes the last word of what is typed; nothing if nothing fits.
    pub fn begin(speaker: &Speaker, typed: &str, ports: &[u16]) -> Option<Completion> {
        let start = typed.rfind(' ').map_or(0, |space| space + 1);
        let (before, word) = typed.split_at(start);
        if before.is_empty() && word.is_empty() {
            return None;
        }
        let words = speaker.words(before, ports);
        let mut lines: Vec<String> =
            beginning(&words, word).map(|word| format!("{before}{word}")).collect();
        if lines.is_empty() {
            return None;
        }
        lines.push(typed.to_owned());
        Some(Completion { lines, at: 0 })
    }

    pub fn line(&self) -> &str {
        &self.lines[self.at]
    }

    pub fn next(&mut self) {
        self.at = (self.at + 1) % self.lines.len();
    }
}

/// What `help` prints.
pub fn help(name: &str) -> Vec<String> {
    let name = name.trim().trim_start_matches("$ ");
    if name.is_empty() {
        return [
            "Type a Redis command, as in redis-cli. The list above chooses who asks.",
            "With redis-cli -c the prompt follows redirects; a plain client shows them as errors.",
            "With $ you change the world: kill 7001, cut 7000 <-> 7001, run 5s, workload 50/s ...",
            "help COMMAND or help VERB explains one. Tab completes, arrow up brings lines back.",
            "clear (or Ctrl-L) empties the screen; exit (or Escape) closes the terminal.",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    verb_help(name)
        .filter(|_| name == name.to_ascii_lowercase() && !is_command_too(name))
        .or_else(|| command_help(name))
        .unwrap_or_else(|| {
            vec![format!("(error) nothing is called `{name}`; type help for a beginning")]
        })
}

/// Of a name that is both, the command is meant.
fn is_command_too(name: &str) -> bool {
    command_usage(&[name]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(speaker: &Speaker, typed: &str, presses: usize) -> Option<String> {
        let mut completion = Completion::begin(speaker, typed, &[7000, 7001])?;
        (1..presses).for_each(|_| completion.next());
        Some(completion.line().to_owned())
    }

    #[test]
    fn what_is_typed_becomes_a_line_of_the_grammar() {
        assert_eq!(Speaker::Follow.line(" SET a 1 "), "> SET a 1");
        assert_eq!(Speaker::Node(7000).line("GET a"), "7000> GET a");
        assert_eq!(Speaker::Hand.line("kill 7001"), "$ kill 7001");
        assert_eq!(Speaker::Follow.line("$ kill 7001"), "$ kill 7001");
        assert_eq!(Speaker::Hand.line("7001> GET a"), "7001> GET a");
        for speaker in [Speaker::Follow, Speaker::Hand, Speaker::Node(1), Speaker::parse("app")] {
            assert_eq!(Speaker::parse(&speaker.value()), speaker);
        }
    }

    #[test]
    fn the_key_goes_round_what_fits() {
        let at = |presses| completed(&Speaker::Follow, "ge", presses).unwrap();
        assert_eq!([at(1), at(2), at(5), at(6), at(7)], ["GET", "GETDEL", "GETSET", "ge", "GET"]);
        assert_eq!(completed(&Speaker::Follow, "cluster no", 1).as_deref(), Some("cluster NODES"));
        assert_eq!(completed(&Speaker::Hand, "kil", 1).as_deref(), Some("kill"));
        assert_eq!(completed(&Speaker::Hand, "kill ", 2).as_deref(), Some("kill 7001"));
        assert_eq!(completed(&Speaker::Follow, "$ kil", 1).as_deref(), Some("$ kill"));
        assert_eq!(completed(&Speaker::Follow, "conquer", 1), None);
        assert_eq!(completed(&Speaker::Follow, "", 1), None);
    }

    #[test]
    fn hints_say_what_is_still_missing() {
        let hint = |typed: &str| Speaker::Follow.hint(typed);
        assert_eq!(hint("get").as_deref(), Some(" key"));
        assert_eq!(hint("get ").as_deref(), Some("key"));
        assert_eq!(hint("get k"), None);
        assert!(hint("SET a ").unwrap().starts_with("value ["));
        assert_eq!(hint("cluster keyslot ").as_deref(), Some("key"));
        assert_eq!(Speaker::Hand.hint("kill ").as_deref(), Some("PORT"));
        assert_eq!(hint("conquer "), None);
    }

    #[test]
    fn commands_and_verbs_are_explained() {
        assert!(help("get")[0].starts_with("GET key"));
        assert!(help("kill")[0].starts_with("kill: "));
        assert!(help("conquer")[0].contains("conquer"));
        assert_eq!(parts("key [EX s | PX ms] [NX]"), ["key", "[EX s | PX ms]", "[NX]"]);
    }
}
