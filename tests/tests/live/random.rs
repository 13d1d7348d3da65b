//! Calls at random on a real cluster and a simulated one: the first difference is a short script.
//!
//! Thirty thousand calls, or as many as `HASHSLOT_CALLS` says. Every command must have succeeded
//! twenty times and more, every kind of error of every command that came up must have come up so
//! often; half of the replies are no errors. What is rare is tried more often. Only a run of very
//! many calls is long enough to ask for each routing error of each command.

use std::collections::BTreeMap;

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::words::Dice;
use hashslot_tests::live::grammar::{Grammar, ONLY_WRONG};
use hashslot_tests::live::program;
use hashslot_tests::live::random::{CONNECTIONS, Sent, SlotChange, Stage, words};

const CALLS: usize = 30_000;
/// Calls to a script, and to one of a run of very many.
const SCRIPT: usize = 60;
const LONG_SCRIPT: usize = 300;
const VERY_MANY: usize = 200_000;
/// The last of the dice's numbers for which a script repeats what is rare.
const RARE: u64 = 5;
/// How often everything must have come up.
const ENOUGH: usize = 20;

/// Commands that no cluster and no script of this kind lets succeed.
const NEVER_RIGHT: &[&str] = &[
    "move",
    "swapdb",
    "replicaof",
    "slaveof",
    "exec",
    "discard",
    "cluster|bumpepoch",
    "client|caching",
    "function|delete",
    "function|kill",
    "function|load",
    "latency|graph",
    "command|getkeys",
    "command|getkeysandflags",
    "acl|cat",
];

/// Errors that the cluster gives before the command has a say.
const ROUTING: &[&str] =
    &["MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN", "READONLY", "EXECABORT"];

fn calls() -> usize {
    match std::env::var("HASHSLOT_CALLS") {
        Ok(text) => text.parse().expect("HASHSLOT_CALLS is a number"),
        Err(_) => CALLS,
    }
}

fn seed() -> u64 {
    match std::env::var("HASHSLOT_SEED") {
        Ok(text) => text.parse().expect("HASHSLOT_SEED is a number"),
        Err(_) => 1,
    }
}

/// What comes of a call in a transaction.
const QUEUED: &str = "queued";

/// A command and what came of it: `ok`, `queued`, or a kind of error.
type Kind = (String, String);

/// How often each kind came up, with a call for which it did.
#[derive(Default)]
struct Counts {
    kinds: BTreeMap<Kind, (usize, Example)>,
    /// What the script has sent so far.
    sent: Vec<Sent>,
    replies: usize,
    errors: usize,
    /// Of each connection, whether it is in a transaction.
    within: [Within; CONNECTIONS.len()],
}

/// A call for which something came up, and what may have led to it.
struct Example {
    before: Vec<Sent>,
    sent: Sent,
    within: Within,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    Transaction,
}

impl Counts {
    fn begin_script(&mut self) {
        self.within = Default::default();
        self.sent.clear();
    }

    fn count(&mut self, names: &[&'static str], sent: &Sent, reply: &Reply) {
        let name = name_of(names, &sent.call);
        let within = &mut self.within[sent.by];
        let was = *within;
        match (&name[..], reply.is_error()) {
            ("multi", false) => *within = Within::Transaction,
            ("exec" | "discard", _) => *within = Within::Nothing,
            _ => {}
        }
        self.replies += 1;
        self.errors += usize::from(reply.is_error());
        let outcome = outcome_of(&sent.call, reply);
        let is_of_all = calls() < VERY_MANY && ROUTING.contains(&code_of(&outcome));
        let kind = (if is_of_all { "(any command)".to_owned() } else { name }, outcome);
        let sent_before = &self.sent;
        let first =
            || Example { before: before(sent_before, sent, was), sent: sent.clone(), within: was };
        self.kinds.entry(kind).or_insert_with(|| (0, first())).0 += 1;
        if !reply.is_error() {
            self.sent.push(sent.clone());
        }
    }

    fn successes(&self, name: &str) -> usize {
        self.kinds.get(&(name.to_owned(), "ok".to_owned())).map_or(0, |found| found.0)
    }

    fn has_rare(&self) -> bool {
        self.kinds.iter().any(|(kind, found)| is_rare(kind, found.0))
    }

    /// A kind that is still rare.
    fn rare(&self, dice: &mut Dice) -> Option<&Example> {
        let rare = self.kinds.iter().filter(|(kind, found)| is_rare(kind, found.0));
        let rare: Vec<_> = rare.map(|(_, found)| found).collect();
        let chosen = rare.get(dice.below(rare.len().max(1) as u64) as usize)?;
        Some(&chosen.1)
    }
}

fn is_rare(kind: &Kind, times: usize) -> bool {
    kind.1 != QUEUED && times < ENOUGH
}

/// The command that a call names, as in the table; `unknown` if there is none.
fn name_of(names: &[&'static str], call: &[Bytes]) -> String {
    let word = |index: usize| {
        call.get(index).map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
    };
    let first = word(0).unwrap_or_default();
    let both = format!("{first}|{}", word(1).unwrap_or_default());
    let found = names.iter().find(|name| **name == both || **name == first);
    found.map_or("unknown".to_owned(), |name| (*name).to_owned())
}

fn outcome_of(call: &[Bytes], reply: &Reply) -> String {
    match reply {
        Reply::Error(text) => kind_of_error(call, text),
        Reply::Simple(text) if text == "QUEUED" => QUEUED.to_owned(),
        _ => "ok".to_owned(),
    }
}

/// The first word of an error.
fn code_of(error: &str) -> &str {
    error.split(' ').next().unwrap_or_default()
}

/// An error without what stands in it: numbers, quoted words, words of the call.
fn kind_of_error(call: &[Bytes], text: &str) -> String {
    // EXECABORT goes on with the error of the call that spoilt the transaction.
    if ROUTING.contains(&code_of(text)) && code_of(text) != "EXECABORT" {
        // Slots and addresses come after the code; CLUSTERDOWN gives its reason in words.
        let is_word = |word: &&str| !word.bytes().any(|byte| byte.is_ascii_digit());
        let words: Vec<&str> = text.split(' ').take_while(is_word).collect();
        return words.join(" ");
    }
    if let Some((lead, _)) = text.split_once(" '").or_else(|| text.split_once('`')) {
        return lead.trim_end().to_owned();
    }
    let args: Vec<String> = call
        .iter()
        .map(|arg| String::from_utf8_lossy(arg).replace(['\r', '\n', '\0'], " "))
        .collect();
    let is_name = |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b',');
    let is_said = |word: &str| {
        !is_name(word) && args.iter().any(|arg| arg.split(' ').any(|part| part == word))
    };
    let is_plain = |word: &&str| !word.bytes().any(|byte| byte.is_ascii_digit()) && !is_said(word);
    let plain: Vec<&str> = text.split(' ').filter(is_plain).take(7).collect();
    plain.join(" ").trim_end().to_owned()
}

/// A script: some calls by themselves, some in transactions, some that are rare so far.
fn script(stage: &Stage, grammar: &Grammar, counts: &Counts, dice: &mut Dice) -> Vec<Sent> {
    let mut script = stage.preamble();
    let names: Vec<&str> = grammar.names().collect();
    let length = if calls() < VERY_MANY { SCRIPT } else { LONG_SCRIPT };
    while script.len() < length {
        let chosen = match counts.replies < calls() {
            true => dice.below(12),
            false => RARE + dice.below(2),
        };
        match chosen {
            0 if dice.below(8) == 0 => {
                let change = dice.below(SlotChange::ALL.len() as u64) as usize;
                script.extend(stage.transaction_in_a_changing_slot(&SlotChange::ALL[change]));
            }
            0 => transaction(grammar, &mut script, dice),
            1 => {
                let (place, call) = grammar.recipe(dice);
                let by = CONNECTIONS.iter().position(|&(_, node)| node == place);
                let sent = Sent { by: by.expect("a node has a connection"), call };
                let takes_back = stage.takes_back(&sent);
                if takes_back.is_some() && dice.below(2) == 0 {
                    let call = words("CONFIG SET cluster-allow-reads-when-down yes");
                    script.push(Sent { by: sent.by, call });
                }
                script.push(sent);
                if let Some(takes_back) = takes_back {
                    script.extend((0..4).map(|_| Sent {
                        by: takes_back.by,
                        call: grammar.call(CONNECTIONS[takes_back.by].1, dice),
                    }));
                    script.push(takes_back);
                }
            }
            2..=RARE => {
                if let Some(example) = counts.rare(dice) {
                    again(&mut script, example);
                }
            }
            6..=9 => {
                let may_be_right: Vec<&str> =
                    names.iter().copied().filter(|name| !ONLY_WRONG.contains(name)).collect();
                let one = |dice: &mut Dice| pick(&may_be_right, dice);
                let candidates = [one(dice), one(dice), one(dice)];
                let name = candidates.into_iter().min_by_key(|name| counts.successes(name));
                script.push(sent(grammar, name, dice));
            }
            _ => script.push(sent(grammar, None, dice)),
        }
    }
    script
}

fn pick<'a>(names: &[&'a str], dice: &mut Dice) -> &'a str {
    names[dice.below(names.len() as u64) as usize]
}

fn sent(grammar: &Grammar, name: Option<&str>, dice: &mut Dice) -> Sent {
    let by = dice.below(CONNECTIONS.len() as u64) as usize;
    let place = CONNECTIONS[by].1;
    let call = match name {
        Some(name) => grammar.call_named(name, place, dice),
        None => grammar.call(place, dice),
    };
    Sent { by, call }
}

/// WATCH some of the time, MULTI, a few calls, and an end.
fn transaction(grammar: &Grammar, script: &mut Vec<Sent>, dice: &mut Dice) {
    let first = sent(grammar, Some("set"), dice);
    let by = first.by;
    if dice.below(2) == 0 && first.call.len() > 1 {
        script.push(Sent { by, call: vec![Bytes::from("WATCH"), first.call[1].clone()] });
        if dice.below(2) == 0 {
            let other = if by == 0 { 1 } else { 0 };
            script.push(Sent { by: other, ..first.clone() });
        }
    }
    script.push(Sent { by, call: words("MULTI") });
    for _ in 0..dice.below(4) {
        let call = grammar.call(CONNECTIONS[by].1, dice);
        script.push(Sent { by, call });
    }
    let end = if dice.below(5) == 0 { "DISCARD" } else { "EXEC" };
    script.push(Sent { by, call: words(end) });
}

/// A call that was rare, in the surroundings in which it was.
fn again(script: &mut Vec<Sent>, example: &Example) {
    let by = example.sent.by;
    script.extend(example.before.iter().cloned());
    match example.within {
        // The transaction that it runs is among what led to it.
        Within::Transaction if is_exec(&example.sent) => script.push(example.sent.clone()),
        Within::Nothing => script.push(example.sent.clone()),
        Within::Transaction => {
            script.push(Sent { by, call: words("MULTI") });
            script.push(example.sent.clone());
            script.push(Sent { by, call: words("DISCARD") });
        }
    }
}

/// The subcommands of CLUSTER that change what others answer.
const SLOT_CHANGES: &[&str] =
    &["addslots", "addslotsrange", "delslots", "delslotsrange", "setslot"];

fn is_exec(sent: &Sent) -> bool {
    is_named(sent, b"exec")
}

fn is_named(sent: &Sent, name: &[u8]) -> bool {
    sent.call.first().is_some_and(|first| first.eq_ignore_ascii_case(name))
}

/// The last calls before this one that may matter to it: to its key, to the whole cluster, and the
/// transaction that it runs. What changed since that began comes after its beginning.
fn before(sent: &[Sent], now: &Sent, within: Within) -> Vec<Sent> {
    let begins = match within {
        Within::Transaction if is_exec(now) => {
            sent.iter().rposition(|one| one.by == now.by && is_named(one, b"multi"))
        }
        Within::Transaction | Within::Nothing => None,
    };
    let is_run = |at: usize, by: usize| by == now.by && begins.is_some_and(|begins| at >= begins);
    let changes_all = |one: &Sent| {
        let word = |index: usize| one.call.get(index).map(|word| word.to_ascii_lowercase());
        let second = word(1).unwrap_or_default();
        let is_about_slots = SLOT_CHANGES.iter().any(|name| name.as_bytes() == second);
        (is_about_slots || second == b"set") && one.call.len() > 2
    };
    let is_same_key = |one: &Sent| now.call.len() > 1 && one.call.contains(&now.call[1]);
    let (mut of_all, mut of_key) = (8, 4);
    let mut before: Vec<Sent> = Vec::new();
    for (at, one) in sent.iter().enumerate().rev() {
        if is_run(at, one.by) {
            before.push(one.clone());
            continue;
        }
        let left = match (is_same_key(one), changes_all(one)) {
            (true, _) => &mut of_key,
            (false, true) => &mut of_all,
            (false, false) => continue,
        };
        if *left > 0 && !before.contains(one) {
            *left -= 1;
            before.push(one.clone());
        }
    }
    before.reverse();
    before
}

#[test]
fn calls_at_random_are_answered_alike() {
    let Some(program) = program() else { return };
    let mut stage = Stage::start(&program);
    let grammar = stage.grammar();
    let names: Vec<&'static str> = grammar.names().collect();
    let mut counts = Counts::default();
    let mut dice = Dice::new(seed(), "calls on a cluster", 0);
    let wanted = calls();
    while counts.replies < wanted || counts.has_rare() && counts.replies < wanted * 3 / 2 {
        let script = script(&stage, &grammar, &counts, &mut dice);
        counts.begin_script();
        let found = stage.play(&script, |sent, reply| counts.count(&names, sent, reply));
        if let Some(found) = found {
            let (script, found) = stage.shrink(script, found);
            let lines: Vec<String> = script.iter().map(Sent::line).collect();
            panic!(
                "after {} calls:\n{}\nthe real cluster answers: {}\nthe simulated one:        {}",
                counts.replies,
                lines.join("\n"),
                found.real,
                found.simulated
            );
        }
    }
    judge(&names, &counts);
}

/// Prints the table, and fails if something is rare.
fn judge(names: &[&str], counts: &Counts) {
    println!("{:<30} {:>7}  came of it", "command", "times");
    for ((name, outcome), (times, _)) in &counts.kinds {
        println!("{name:<30} {times:>7}  {outcome}");
    }
    let (replies, errors) = (counts.replies, counts.errors);
    println!("{replies} replies, {errors} of them errors");
    assert!(errors * 2 <= replies, "more than half of the replies are errors");
    let rare = counts.kinds.iter().filter(|(kind, found)| is_rare(kind, found.0));
    let rare: Vec<_> = rare
        .map(|(kind, found)| {
            let lines: Vec<String> = found.1.before.iter().map(Sent::line).collect();
            (kind, found.0, lines, found.1.sent.line())
        })
        .collect();
    let failing: Vec<_> = names
        .iter()
        .filter(|name| !NEVER_RIGHT.contains(name) && !ONLY_WRONG.contains(name))
        .filter(|name| counts.successes(name) < ENOUGH)
        .collect();
    assert!(failing.is_empty(), "they hardly ever succeed: {failing:?}");
    let rare: Vec<String> = rare.into_iter().map(|rare| format!("{rare:?}")).collect();
    assert!(rare.is_empty(), "these came up less than {ENOUGH} times:\n{}", rare.join("\n"));
}
