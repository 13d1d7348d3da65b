//! A run as plain text: what is saved, shared, and put into a bug report.
//!
//! ```text
//! hashslot session 1
//! cluster masters=3 replicas=1 port=7000 seed=7 latency=200us jitter=200us epoch=1767225600000ms
//! setting cluster-node-timeout 2000
//! until 5s
//! $ kill 7001
//! $ run until 7004 is master
//! until 31.5s
//! end digest=0123456789abcdef
//! ```
//!
//! Steps are lines of the one grammar; times count from the founding of the cluster. `until` lets
//! time pass, `break` breaks off the step before, which still waits. Reading plays the run again
//! and compares the digest, so a text that another version plays differently says so.

use super::super::Setup;
use super::super::step::Step;
use super::Session;
use super::script::Entry;
use crate::node::{Config, Switch};
use crate::words::{Span, Time};

const TITLE: &str = "hashslot session 1";

/// As many nodes as a lesson may have, too.
const NODES_MAX: u64 = 1_000;

/// Why a text is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}; {help}")]
pub struct LoadError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub message: String,
    /// What would have been right.
    pub help: String,
}

/// A number among the words of the second line.
struct Field {
    name: &'static str,
    write: fn(&mut Setup, &str) -> Option<()>,
    /// Nothing if there is nothing to say.
    read: fn(&Setup) -> Option<String>,
}

const FIELDS: &[Field] = &[
    Field {
        name: "masters",
        write: |setup, text| {
            setup.masters = bounded(text, 1_000)?;
            Some(())
        },
        read: |setup| Some(setup.masters.to_string()),
    },
    Field {
        name: "replicas",
        write: |setup, text| {
            setup.replicas = bounded(text, 10)?;
            Some(())
        },
        read: |setup| Some(setup.replicas.to_string()),
    },
    Field {
        name: "empty",
        write: |setup, text| {
            setup.empty = bounded(text, 1_000)?;
            Some(())
        },
        read: |setup| (setup.empty > 0).then(|| setup.empty.to_string()),
    },
    Field {
        name: "port",
        write: |setup, text| {
            setup.first_port = bounded(text, 50_000)?;
            Some(())
        },
        read: |setup| Some(setup.first_port.to_string()),
    },
    Field {
        name: "seed",
        write: |setup, text| {
            setup.seed = text.parse().ok()?;
            Some(())
        },
        read: |setup| Some(setup.seed.to_string()),
    },
    Field {
        name: "latency",
        write: |setup, text| {
            setup.delay.latency = text.parse().ok()?;
            Some(())
        },
        read: |setup| Some(setup.delay.latency.to_string()),
    },
    Field {
        name: "jitter",
        write: |setup, text| {
            setup.delay.jitter = text.parse().ok()?;
            Some(())
        },
        read: |setup| Some(setup.delay.jitter.to_string()),
    },
    Field {
        name: "epoch",
        write: |setup, text| {
            setup.epoch = Time::ZERO + text.parse::<Span>().ok()?;
            Some(())
        },
        read: |setup| Some(setup.epoch.since(Time::ZERO).to_string()),
    },
];

/// A setting of `redis.conf`, as text.
type Setting = (&'static str, fn(&Config) -> String);

const SETTINGS: &[Setting] = &[
    ("cluster-node-timeout", |config| config.node_timeout_ms.to_string()),
    ("cluster-replica-validity-factor", |config| config.replica_validity_factor.to_string()),
    ("cluster-allow-replica-migration", |config| yes_no(config.allow_replica_migration)),
    ("cluster-require-full-coverage", |config| yes_no(config.require_full_coverage)),
    ("cluster-replica-no-failover", |config| yes_no(config.replica_no_failover)),
    ("cluster-allow-reads-when-down", |config| yes_no(config.allow_reads_when_down)),
    ("repl-ping-replica-period", |config| config.repl_ping_period_s.to_string()),
    ("repl-timeout", |config| config.repl_timeout_s.to_string()),
    ("repl-backlog-size", |config| config.repl_backlog_bytes.to_string()),
    ("repl-diskless-sync-delay", |config| config.repl_sync_delay_s.to_string()),
];

fn yes_no(switch: Switch) -> String {
    (if switch.is_on() { "yes" } else { "no" }).to_owned()
}

fn bounded(text: &str, max: u16) -> Option<u16> {
    text.parse().ok().filter(|&number| number <= max)
}

/// Writes the branch of the present, to its end.
pub(super) fn save(session: &Session) -> String {
    let branch = session.branch();
    let origin = branch.end.world.origin();
    let mut out = format!("{TITLE}\ncluster");
    for field in FIELDS {
        if let Some(value) = (field.read)(&session.setup) {
            out.push_str(&format!(" {}={value}", field.name));
        }
    }
    out.push('\n');
    let usual = Config::default();
    for (name, read) in SETTINGS {
        let value = read(&session.setup.config);
        if value != read(&usual) {
            out.push_str(&format!("setting {name} {value}\n"));
        }
    }
    for entry in &branch.script {
        match entry {
            Entry::Step(step) => out.push_str(&format!("{step}\n")),
            Entry::Pass(time) => out.push_str(&format!("until {}\n", time.since(origin))),
            Entry::Break(time) => out.push_str(&format!("break {}\n", time.since(origin))),
        }
    }
    out.push_str(&format!("end digest={:016x}\n", branch.end.world.digest()));
    out
}

/// Reads a session, and plays it.
pub(super) fn load(text: &str) -> Result<Session, LoadError> {
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    let first = lines.next().map_or("", |(_, line)| line);
    if first != TITLE {
        return Err(wrong(1, 1, "this is no session that I can read", format!("write: {TITLE}")));
    }
    let cluster = lines.next().unwrap_or((2, ""));
    let mut setup = read_cluster(cluster)?;
    while let Some((number, line)) = lines.next_if(|(_, line)| line.starts_with("setting ")) {
        read_setting(&mut setup.config, number, line)?;
    }
    let nodes = u64::from(setup.nodes());
    let Some(mut session) = Session::try_new(setup) else {
        let help = "a message must arrive within half of the node timeout".to_owned();
        return Err(wrong(cluster.0, 1, "this cluster does not form", help));
    };
    let mut time_left = Session::node_time_max(nodes);
    let mut reader = Reader { origin: session.world().origin(), last: Span::ZERO };
    let mut script = Vec::new();
    for (number, line) in lines {
        match line.strip_prefix("end ") {
            Some(digest) => {
                session.branches[0].follow(script);
                session.settle();
                return check_end(session, number, digest);
            }
            None => {
                let before = reader.last;
                let entry = reader.entry(number, line)?;
                let spent = match &entry {
                    Entry::Step(step) => step.time_max(),
                    Entry::Pass(_) | Entry::Break(_) => reader.last.less(before),
                };
                if spent > time_left {
                    let help = "it takes hours to play, as no run does that a person made";
                    let message = "this run is longer than any that is read";
                    return Err(wrong(number, 1, message, help.to_owned()));
                }
                time_left = time_left.less(spent);
                script.push(entry);
            }
        }
    }
    let last = text.lines().count() + 1;
    Err(wrong(last, 1, "the last line is missing", "write: end digest=...".to_owned()))
}

/// Reads entries, whose times do not go back.
struct Reader {
    origin: Time,
    last: Span,
}

impl Reader {
    fn entry(&mut self, number: usize, line: &str) -> Result<Entry, LoadError> {
        match line.split_once(' ') {
            Some(("until", time)) => Ok(Entry::Pass(self.time(number, time)?)),
            Some(("break", time)) => Ok(Entry::Break(self.time(number, time)?)),
            _ => Step::parse(line)
                .map(Entry::Step)
                .map_err(|error| wrong(number, error.column, &error.message, error.help.clone())),
        }
    }

    fn time(&mut self, number: usize, text: &str) -> Result<Time, LoadError> {
        let column = 1 + "until ".len();
        let span: Span = text
            .parse()
            .map_err(|error| wrong(number, column, "this is no time", format!("{error}")))?;
        if span < self.last {
            let help = format!("it is {} already, and time does not go back", self.last);
            return Err(wrong(number, column, "this time is in the past", help));
        }
        self.last = span;
        Ok(self.origin + span)
    }
}

fn read_cluster((number, line): (usize, &str)) -> Result<Setup, LoadError> {
    let mut setup = Setup::default();
    let usage =
        || "write: cluster masters=3 replicas=1 port=7000 seed=1, or masters=0 empty=6".to_owned();
    let Some(words) = line.strip_prefix("cluster") else {
        return Err(wrong(number, 1, "the cluster is missing", usage()));
    };
    let mut column = 1 + "cluster".len();
    for word in words.split(' ') {
        let known = word.split_once('=').and_then(|(name, value)| {
            let field = FIELDS.iter().find(|field| field.name == name)?;
            (field.write)(&mut setup, value)
        });
        if known.is_none() && !word.is_empty() {
            let message = format!("`{word}` says nothing of a cluster");
            return Err(wrong(number, column, &message, usage()));
        }
        column += word.chars().count() + 1;
    }
    let formed = u64::from(setup.masters) * (1 + u64::from(setup.replicas));
    let message = if setup.masters == 0 && setup.empty == 0 {
        "this cluster has no nodes"
    } else if setup.masters > 0 && setup.empty > 0 {
        "nodes are masters and their replicas, or empty"
    } else if formed + u64::from(setup.empty) > NODES_MAX {
        "these are more nodes than the 1000 that a cluster has here"
    } else if u64::from(setup.first_port) + formed + u64::from(setup.empty) > 55_535 {
        "this cluster has no ports for all of its nodes"
    } else {
        return Ok(setup);
    };
    Err(wrong(number, 1, message, usage()))
}

fn read_setting(config: &mut Config, number: usize, line: &str) -> Result<(), LoadError> {
    let mut words = line.splitn(3, ' ').skip(1);
    let (name, value) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let column = 1 + "setting ".len();
    config
        .set(name, value)
        .map_err(|help| wrong(number, column, "this is no setting of a node", help))
}

fn check_end(session: Session, number: usize, text: &str) -> Result<Session, LoadError> {
    let found = format!("digest={:016x}", session.digest());
    if text != found {
        let message = "this version plays the run differently";
        let help = format!("here it ends with {found}: use the version that saved it");
        return Err(wrong(number, 1 + "end ".len(), message, help));
    }
    Ok(session)
}

fn wrong(line: usize, column: usize, message: &str, help: String) -> LoadError {
    LoadError { line, column, message: message.to_owned(), help }
}
