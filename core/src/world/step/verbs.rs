//! The verbs behind the `$` prompt: one row each.
//!
//! A row has the verb, its usage, an example in the spelling that is printed, one sentence for the
//! help, and the function that reads what follows. Completion, help and the documents read the same
//! rows.

use std::fmt::Display;

use crate::words::{Span, TextError, nearest};

use super::scan::{Scan, whole_number};
use super::{Ask, ClientKind, Data, Draw, Line, MessageKind, Name, Offset, Port, Setting, Step};
use super::{Condition, Way};

/// One verb of the grammar.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    pub name: &'static str,
    /// The whole line: capitals stand for values, brackets for what may be left out.
    pub usage: &'static str,
    /// A line that is read and printed as it stands.
    pub example: &'static str,
    pub about: &'static str,
    read: fn(&mut Scan) -> Result<Line, TextError>,
}

macro_rules! verbs {
    ($($name:literal, $usage:literal, $example:literal, $about:literal, $read:expr;)*) => {
        &[$(Verb { name: $name, usage: $usage, example: $example, about: $about, read: $read }),*]
    };
}

/// All verbs, in the order of the help.
#[rustfmt::skip]
pub const VERBS: &[Verb] = verbs![
    "run", "$ run SPAN | until CONDITION [within SPAN]", "$ run until 7004 is master",
        "lets time pass", run;
    "kill", "$ kill PORT", "$ kill 7001",
        "ends the process: connections to it are refused", |s| node(s, Step::Kill);
    "crash", "$ crash PORT", "$ crash 7001",
        "ends the machine: nothing answers", |s| node(s, Step::Crash);
    "restart", "$ restart PORT [empty | without nodes.conf | torn nodes.conf]", "$ restart 7001",
        "starts a dead node again", restart;
    "pause", "$ pause PORT", "$ pause 7001",
        "stops the process, its connections stay open", |s| node(s, Step::Pause);
    "resume", "$ resume PORT", "$ resume 7001",
        "lets a paused process go on", |s| node(s, Step::Resume);
    "cut", "$ cut PORT ->|<-> PORT", "$ cut 7000 <-> 7001",
        "what is sent between two nodes does not arrive", cut;
    "heal", "$ heal [PORT <-> PORT]", "$ heal",
        "ends cuts, partitions and slow links", heal;
    "partition", "$ partition PORT... | PORT... [| ...]", "$ partition 7001 | 7000 7002 7003",
        "only nodes of one group hear each other", partition;
    "slow", "$ slow PORT ->|<-> PORT SPAN [jitter SPAN]", "$ slow 7000 <-> 7001 50ms jitter 10ms",
        "sets how long it takes from node to node; `outside` is all real clients", slow;
    "drop", "$ drop KIND PORT ->|<-> PORT, or: $ drop none", "$ drop fail 7000 -> 7001",
        "loses bus messages of one kind", drop_messages;
    "roll", "$ roll PORT election-delay SPAN", "$ roll 7004 election-delay 900ms",
        "decides a node's next random draw: the delay before its next election, \
         without what its rank adds", roll;
    "clock", "$ clock PORT +SPAN|-SPAN", "$ clock 7001 +300ms",
        "makes a node's clock jump", clock;
    "config", "$ config PORT NAME VALUE", "$ config 7000 cluster-allow-reads-when-down yes",
        "changes a setting of one node", config;
    "add", "$ add node PORT", "$ add node 7006",
        "starts an empty node that knows nobody", add;
    "client", "$ client NAME plain|follow|aware via PORT", "$ client app aware via 7000",
        "makes a client, used as NAME> COMMAND", client;
    "workload", "$ workload RATE/s [keys N], or: $ workload off", "$ workload 50/s keys 100",
        "clients write and read by themselves", workload;
    "events", "$ events [PORT] [last N]", "$ events 7004 last 5",
        "shows what happened", events;
    "why", "$ why PORT", "$ why 7004",
        "shows the causes of a node's last change", |s| Ok(Line::Ask(Ask::Why(s.port()?)));
    "beliefs", "$ beliefs [PORT]", "$ beliefs 7000",
        "shows what a node believes of the others",
        |s| Ok(Line::Ask(Ask::Beliefs(optional_port(s)?)));
    "writes", "$ writes", "$ writes",
        "shows which acknowledged writes are kept or lost", |_| Ok(Line::Ask(Ask::Writes));
    "digest", "$ digest", "$ digest",
        "shows the digest of the run so far", |_| Ok(Line::Ask(Ask::Digest));
    "nodes.conf", "$ nodes.conf PORT", "$ nodes.conf 7001",
        "shows the file in which a node keeps its table",
        |s| Ok(Line::Ask(Ask::NodesConf(s.port()?)));
    "facts", "$ facts PORT", "$ facts 7001",
        "shows what a node has noticed", |s| Ok(Line::Ask(Ask::Facts(s.port()?)));
    "log", "$ log PORT", "$ log 7001",
        "shows the lines that a real server would have logged",
        |s| Ok(Line::Ask(Ask::Log(s.port()?)));
];

pub(super) const CLIENT_KINDS: &[(&str, ClientKind)] =
    &[("plain", ClientKind::Plain), ("follow", ClientKind::Follow), ("aware", ClientKind::Aware)];

/// The kinds of message that `$ drop` knows, by their words.
pub const MESSAGE_KINDS: &[(&str, MessageKind)] = &[
    ("ping", MessageKind::Ping),
    ("pong", MessageKind::Pong),
    ("meet", MessageKind::Meet),
    ("fail", MessageKind::Fail),
    ("update", MessageKind::Update),
    ("auth-req", MessageKind::AuthReq),
    ("auth-ack", MessageKind::AuthAck),
    ("mfstart", MessageKind::MfStart),
    ("publish", MessageKind::Publish),
    ("publishshard", MessageKind::PublishShard),
    ("replication", MessageKind::Replication),
];

pub(super) const DRAWS: &[(&str, Draw)] = &[("election-delay", Draw::ElectionDelay)];

/// Reads what follows the `$`; columns count from there.
pub(super) fn parse(text: &str) -> Result<Line, TextError> {
    let mut scan = Scan::new(text, "$ VERB ...")?;
    let found = scan.text("verb")?;
    let Some(verb) = VERBS.iter().find(|verb| verb.name == found) else {
        return Err(scan.at_last(format!("unknown verb `{found}`"), verb_help(&found)));
    };
    scan.use_usage(verb.usage);
    let line = (verb.read)(&mut scan)?;
    scan.finish()?;
    Ok(line)
}

fn verb_help(found: &str) -> String {
    let names = || VERBS.iter().map(|verb| verb.name);
    match nearest(found, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the verbs are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

fn node(scan: &mut Scan, step: fn(Port) -> Step) -> Result<Line, TextError> {
    Ok(Line::Step(step(scan.port()?)))
}

fn run(scan: &mut Scan) -> Result<Line, TextError> {
    if !scan.eat("until") {
        scan.near_keyword("until")?;
        return Ok(Line::Step(Step::Run(time_of_run(scan)?)));
    }
    let condition = Condition::read(scan)?;
    let within = match scan.eat("within") {
        true => time_of_run(scan)?,
        false => Step::WITHIN_DEFAULT,
    };
    Ok(Line::Step(Step::RunUntil { condition, within }))
}

fn time_of_run(scan: &mut Scan) -> Result<Span, TextError> {
    let span = scan.span()?;
    match span <= Step::RUN_MAX {
        true => Ok(span),
        false => {
            Err(scan.at_last("this is too long for one run", "write at most 1h, several times"))
        }
    }
}

fn restart(scan: &mut Scan) -> Result<Line, TextError> {
    let node = scan.port()?;
    let data = match scan.eat("empty") {
        true => Data::Empty,
        false if scan.eat("without") => {
            scan.keyword("nodes.conf")?;
            Data::LostConfig
        }
        false if scan.eat("torn") => {
            scan.keyword("nodes.conf")?;
            Data::TornConfig
        }
        false => Data::Keep,
    };
    Ok(Line::Step(Step::Restart { node, data }))
}

/// `A -> B`, `A <-> B`, or `A B`, which means both ways.
fn link<T: Copy + PartialEq + Display>(
    scan: &mut Scan,
    read: fn(&mut Scan) -> Result<T, TextError>,
) -> Result<(T, T, Way), TextError> {
    let from = read(scan)?;
    let way = match scan.eat("->") {
        true => Way::OneWay,
        false => {
            scan.eat("<->");
            Way::BothWays
        }
    };
    let to = read(scan)?;
    if from == to {
        let message = format!("a link joins two, and this is {from} twice");
        return Err(scan.at_last(message, "name another node"));
    }
    Ok((from, to, way))
}

fn cut(scan: &mut Scan) -> Result<Line, TextError> {
    let (from, to, way) = link(scan, Scan::party)?;
    Ok(Line::Step(Step::Cut { from, to, way }))
}

fn heal(scan: &mut Scan) -> Result<Line, TextError> {
    if scan.is_at_end() {
        return Ok(Line::Step(Step::Heal(None)));
    }
    match link(scan, Scan::party)? {
        (one, other, Way::BothWays) => Ok(Line::Step(Step::Heal(Some((one, other))))),
        (one, other, Way::OneWay) => {
            Err(scan
                .at_last("a link is healed both ways", format!("write: $ heal {one} <-> {other}")))
        }
    }
}

fn partition(scan: &mut Scan) -> Result<Line, TextError> {
    let mut groups: Vec<Vec<Port>> = vec![vec![scan.port()?]];
    while !scan.is_at_end() {
        if scan.eat("|") {
            groups.push(Vec::new());
        }
        let port = scan.port()?;
        if groups.iter().flatten().any(|&other| other == port) {
            let message = format!("{port} is named twice");
            return Err(scan.at_last(message, "a node belongs to one group"));
        }
        groups.last_mut().into_iter().for_each(|group| group.push(port));
    }
    Ok(Line::Step(Step::Partition(groups)))
}

fn slow(scan: &mut Scan) -> Result<Line, TextError> {
    let (from, to, way) = link(scan, Scan::party)?;
    let latency = scan.span()?;
    let jitter = match scan.eat("jitter") {
        true => scan.span()?,
        false => Span::ZERO,
    };
    Ok(Line::Step(Step::Slow { from, to, way, latency, jitter }))
}

fn drop_messages(scan: &mut Scan) -> Result<Line, TextError> {
    if scan.eat("none") {
        return Ok(Line::Step(Step::Undrop));
    }
    let kind = scan.choice("kind of message", MESSAGE_KINDS)?;
    let (from, to, way) = link(scan, Scan::port)?;
    Ok(Line::Step(Step::Drop { kind, from, to, way }))
}

fn roll(scan: &mut Scan) -> Result<Line, TextError> {
    Ok(Line::Step(Step::Roll {
        node: scan.port()?,
        what: scan.choice("random draw", DRAWS)?,
        value: scan.span()?,
    }))
}

fn clock(scan: &mut Scan) -> Result<Line, TextError> {
    let node = scan.port()?;
    let found = scan.text("offset")?;
    let offset = read_offset(&found).ok_or_else(|| {
        let message = format!("`{found}` is no offset of a clock");
        scan.at_last(message, "write a sign and a duration, as in +300ms or -2s")
    })?;
    Ok(Line::Step(Step::Clock { node, offset }))
}

fn read_offset(text: &str) -> Option<Offset> {
    let size = text.strip_prefix(['+', '-'])?;
    let micros = i64::try_from(size.parse::<Span>().ok()?.micros()).ok()?;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Some(Offset::from_micros(sign * micros))
}

fn config(scan: &mut Scan) -> Result<Line, TextError> {
    let node = scan.port()?;
    let found = scan.text("setting")?;
    let name = Setting::parse(&found).ok_or_else(|| {
        let message = format!("`{found}` is no setting");
        scan.at_last(message, "write a name as in redis.conf, in lower case")
    })?;
    let value = scan.word("value")?.bytes;
    Ok(Line::Step(Step::Config { node, name, value }))
}

fn add(scan: &mut Scan) -> Result<Line, TextError> {
    scan.keyword("node")?;
    node(scan, Step::AddNode)
}

fn client(scan: &mut Scan) -> Result<Line, TextError> {
    let found = scan.text("name")?;
    let name = Name::parse(&found).ok_or_else(|| {
        let message = format!("`{found}` cannot name a client");
        let help = "begin with a letter, go on with letters, digits, - and _; `cli` and \
                    `outside` are taken";
        scan.at_last(message, help)
    })?;
    let kind = scan.choice("kind of client", CLIENT_KINDS)?;
    scan.keyword("via")?;
    let via = scan.port()?;
    Ok(Line::Step(Step::Client { name, kind, via }))
}

fn workload(scan: &mut Scan) -> Result<Line, TextError> {
    if scan.eat("off") {
        return Ok(Line::Step(Step::WorkloadOff));
    }
    let found = scan.text("rate")?;
    let rate = found.strip_suffix("/s").and_then(whole_number);
    let can_be = |&rate: &u32| (1..=Step::WORKLOAD_RATE_MAX).contains(&rate);
    let rate_per_second = rate.filter(can_be).ok_or_else(|| {
        let message = format!("`{found}` is no rate");
        scan.at_last(message, "write commands per second, as in 50/s; at most 10000/s")
    })?;
    let keys = match scan.eat("keys") {
        true => scan.count("number of keys")?,
        false => Step::WORKLOAD_KEYS_DEFAULT,
    };
    if keys > Step::WORKLOAD_KEYS_MAX {
        return Err(scan.at_last("these are too many keys", "write at most 100000"));
    }
    Ok(Line::Step(Step::Workload { rate_per_second, keys }))
}

fn events(scan: &mut Scan) -> Result<Line, TextError> {
    let node = match scan.peek().as_deref() {
        None | Some("last") => None,
        Some(_) => Some(scan.port()?),
    };
    let last = match scan.eat("last") {
        true => scan.count("number of events")?,
        false => Ask::EVENTS_DEFAULT,
    };
    Ok(Line::Ask(Ask::Events { node, last }))
}

fn optional_port(scan: &mut Scan) -> Result<Option<Port>, TextError> {
    match scan.is_at_end() {
        true => Ok(None),
        false => scan.port().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_prints_as_it_is_read() {
        for verb in VERBS {
            let line = Line::parse(verb.example);
            let line = line.unwrap_or_else(|error| panic!("{}: {error}", verb.example));
            assert_eq!(line.to_string(), verb.example);
            assert!(verb.usage.starts_with(&format!("$ {}", verb.name)));
        }
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let cases = [
            ("$ kil 7001", 3, 3, "did you mean `kill`?"),
            ("$ kill", 8, 0, "write: $ kill PORT"),
            ("$ kill 70o1", 8, 4, "nodes are named by their port, as in 7000"),
            ("$ kill 7001 now", 13, 3, "write: $ kill PORT"),
            ("$ drop fial 7000 -> 7001", 8, 4, "did you mean `fail`?"),
            ("$ cut 7000 -> 7000", 15, 4, "name another node"),
            ("7000>", 7, 0, "write a Redis command, as in `7000> GET k`"),
        ];
        for (text, column, length, help) in cases {
            let error = Line::parse(text).unwrap_err();
            assert_eq!((error.column, error.length), (column, length), "{text}");
            assert_eq!(error.help, help, "{text}");
        }
    }

    #[test]
    fn other_spellings_are_read() {
        let same = [
            ("$ cut 7000 7001", "$ cut 7000 <-> 7001"),
            ("$  workload   50/s", "$ workload 50/s keys 100"),
            ("cli> GET k", "> GET k"),
            ("$ run until settled within 60s", "$ run until settled"),
            ("$ run 120s", "$ run 2m"),
        ];
        for (one, other) in same {
            assert_eq!(Line::parse(one).unwrap(), Line::parse(other).unwrap());
        }
    }
}
