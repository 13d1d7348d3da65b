//! A transcript: steps that are done on both clusters, and what may differ.
//!
//! ```text
//! # The first lines say what it shows and where it comes from.
//! stage masters 3 replicas 1 node-timeout 2s
//! a> CLUSTER SETSLOT 5061 MIGRATING <id 7001>
//! for 0..300 app> SET key:# #
//! ! waits EVAL
//! a> EVAL "return 1" 0
//! ! differs why it does
//! a> CLUSTER SLOTS
//! log 7000 7003
//! ```
//!
//! Steps are those of lessons; `<id 7001>` is that node's id. `for` does a step many times, with
//! `#` as the number. `!` says of the next step that it waits for a command that is not there, or
//! differs, or may differ from run to run, and why. `log` compares what nodes have logged since the
//! last `log`, by kind of line; `nodes.conf` compares that file of some nodes.

use std::fmt;

use hashslot_core::words::Span;
use hashslot_core::world::Setup;
use hashslot_core::world::step::Port;

/// A transcript as it was read.
pub struct Transcript {
    pub name: String,
    pub stage: Setup,
    pub items: Vec<Item>,
}

/// One thing to do.
pub struct Item {
    /// In the file, from 1.
    pub line: usize,
    pub what: What,
    pub mark: Mark,
}

/// What there is to do.
pub enum What {
    /// A step as it is written, with `<id PORT>` in it.
    Step(String),
    Log(Vec<Port>),
    NodesConf(Vec<Port>),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Step(text) => f.write_str(text),
            What::Log(ports) => write_ports(f, "log", ports),
            What::NodesConf(ports) => write_ports(f, "nodes.conf", ports),
        }
    }
}

fn write_ports(f: &mut fmt::Formatter<'_>, what: &str, ports: &[Port]) -> fmt::Result {
    f.write_str(what)?;
    ports.iter().try_for_each(|port| write!(f, " {port}"))
}

/// What is said of a step beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    Equal,
    /// It names a command that the data model does not have.
    Waits(String),
    /// It differs, for this reason.
    Differs(String),
    /// It differs in some runs of the real cluster and not in others, for this reason.
    MayDiffer(String),
}

impl Transcript {
    /// Reads a transcript; a mistake in it fails the test.
    pub fn read(name: &str, text: &str) -> Transcript {
        let mut stage = None;
        let mut items = Vec::new();
        let mut mark = Mark::Equal;
        for (index, text) in text.lines().enumerate() {
            let line = index + 1;
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            match word {
                "" | "#" => {}
                "stage" => stage = Some(stage_of(rest)),
                "!" => mark = mark_of(rest),
                "for" => items.extend(repeated(rest).map(|what| item(line, what, &mark))),
                "log" => items.push(item(line, What::Log(ports_of(rest)), &mark)),
                "nodes.conf" => items.push(item(line, What::NodesConf(ports_of(rest)), &mark)),
                _ => items.push(item(line, What::Step(text.to_owned()), &mark)),
            }
            if !matches!(word, "!" | "" | "#") {
                mark = Mark::Equal;
            }
        }
        let stage = stage.unwrap_or_else(|| panic!("{name} has no stage"));
        Transcript { name: name.to_owned(), stage, items }
    }
}

fn item(line: usize, what: What, mark: &Mark) -> Item {
    Item { line, what, mark: mark.clone() }
}

fn ports_of(text: &str) -> Vec<Port> {
    text.split(' ').map(|port| Port::parse(port).expect("a port")).collect()
}

/// `masters 3 replicas 1 node-timeout 2s`, or `empty 1`.
fn stage_of(text: &str) -> Setup {
    let mut setup = Setup { masters: 0, replicas: 0, ..Setup::default() };
    let words: Vec<&str> = text.split(' ').collect();
    for pair in words.chunks(2) {
        let number = || pair[1].parse().expect("a number of nodes");
        match pair[0] {
            "masters" => setup.masters = number(),
            "replicas" => setup.replicas = number(),
            "empty" => setup.empty = number(),
            "node-timeout" => {
                let span: Span = pair[1].parse().expect("a duration");
                setup.config.node_timeout_ms = span.millis();
            }
            other => panic!("a stage has no `{other}`"),
        }
    }
    setup
}

fn mark_of(text: &str) -> Mark {
    match text.split_once(' ') {
        Some(("waits", what)) => Mark::Waits(what.to_owned()),
        Some(("differs", why)) => Mark::Differs(why.to_owned()),
        Some(("may-differ", why)) => Mark::MayDiffer(why.to_owned()),
        _ => panic!("a mark is `! waits`, `! differs` or `! may-differ` and why, not `{text}`"),
    }
}

/// `0..300 app> SET key:# #`
fn repeated(text: &str) -> impl Iterator<Item = What> + '_ {
    let (range, step) = text.split_once(' ').expect("a range and a step");
    let (from, to) = range.split_once("..").expect("a range is written 0..300");
    let [from, to] = [from, to].map(|text| text.parse::<u32>().expect("a number"));
    (from..to).map(|number| What::Step(step.replace('#', &number.to_string())))
}
