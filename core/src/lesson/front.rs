//! The front matter of a lesson: what it is about, and the stage on which it plays.
//!
//! Settings between two lines `---`. Unknown keys are errors. What their shape does not say, such
//! as durations, is checked after it, each with its place.

use serde::{Deserialize, Serialize};

use super::diagnostic::Findings;
use super::settings::{self, Keys, Mistake, Place, Placed, Settings};
use crate::words::{Span, TextError};
use crate::world::step::Port;

/// What stands at the head of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontMatter {
    pub title: String,
    /// One sentence for the list of lessons.
    pub about: String,
    /// How long the lesson takes.
    pub minutes: u32,
    /// The belief that the lesson attacks, as people say it.
    pub misconception: String,
    pub redis: Version,
    pub cluster: Stage,
}

/// The versions of Redis that lessons are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    #[serde(rename = "7.0")]
    V7_0,
}

/// The nodes that a lesson begins with: a cluster that is formed, settled and without keys, or
/// empty nodes that know nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// 0 on a stage of empty nodes, and so are the replicas.
    pub masters: u16,
    /// Per master, paired in order: with three masters, 7003 replicates 7000, 7004 7001, and so on.
    pub replicas: u16,
    /// Nodes that belong to no cluster; 0 on a stage with masters.
    pub empty: u16,
    pub node_timeout: Span,
    pub seed: u64,
    /// How long a message takes from node to node, if the lesson says so.
    pub latency: Option<Span>,
}

impl Stage {
    /// The name of the first node; the others follow by ones.
    pub const FIRST_PORT: u16 = 7000;
    /// As many nodes as a stage may have.
    pub const NODES_MAX: u32 = 1000;

    /// How many nodes there are.
    pub fn node_count(&self) -> u16 {
        let formed = self.masters.saturating_mul(self.replicas.saturating_add(1));
        formed.saturating_add(self.empty)
    }

    /// The nodes by name, masters first.
    pub fn ports(&self) -> Vec<Port> {
        let numbers = Stage::FIRST_PORT..Stage::FIRST_PORT.saturating_add(self.node_count());
        numbers.filter_map(Port::new).collect()
    }
}

const NODE_TIMEOUT_DEFAULT: Span = Span::from_secs(15);

/// The keys of the front matter, and how each is written.
#[rustfmt::skip]
const KEYS: Keys = &[
    ("format", "format: 1"),
    ("redis", "redis: \"7.0\""),
    ("title", "title: A master dies"),
    ("about", "about: How six nodes notice that one is gone."),
    ("minutes", "minutes: 15"),
    ("misconception", "misconception: \"The cluster knows that a node is dead.\""),
    ("cluster", "cluster: { masters: 3, replicas: 1, node-timeout: 5s, seed: 7 }"),
    ("servers", "cluster: { masters: 3, ... }"),
];

/// The keys of its `cluster`.
#[rustfmt::skip]
const STAGE_KEYS: Keys = &[
    ("masters", "masters: 3"),
    ("replicas", "replicas: 1"),
    ("empty", "empty: 6"),
    ("node-timeout", "node-timeout: 5s"),
    ("seed", "seed: 7"),
    ("latency", "latency: 2ms"),
];

/// The front matter as written.
struct Written {
    format: Placed<u32>,
    redis: Placed<String>,
    title: String,
    about: String,
    minutes: u32,
    misconception: String,
    stage: Stages,
}

/// On what the lesson plays, as written.
enum Stages {
    Cluster(WrittenStage),
    Servers(Placed<String>),
}

struct WrittenStage {
    place: Place,
    masters: Option<u16>,
    replicas: Option<u16>,
    empty: Option<Placed<u16>>,
    node_timeout: Option<Placed<String>>,
    seed: u64,
    latency: Option<Placed<String>>,
}

/// Where the front matter and the body lie, in lines from 0: `(yaml, body)`.
pub(super) fn find(findings: &mut Findings) -> Option<(std::ops::Range<usize>, usize)> {
    let help = "begin the file with a line `---`, the settings, and another line `---`";
    if findings.lines()[0].trim_end() != "---" {
        findings.add_line(1, "a lesson begins with its front matter", help);
        return None;
    }
    let is_end = |line: &&str| line.trim_end() == "---";
    match findings.lines().iter().skip(1).position(is_end) {
        Some(length) => Some((1..1 + length, length + 2)),
        None => {
            findings.add_line(1, "the front matter is never closed", help);
            None
        }
    }
}

/// Reads the lines of the front matter.
pub(super) fn read(yaml: std::ops::Range<usize>, findings: &mut Findings) -> Option<FrontMatter> {
    let text = findings.lines()[yaml].join("\n");
    match Written::read(&text) {
        Ok(written) => check(written, findings),
        Err(mistake) => {
            findings.add(line_of(mistake.line), mistake.error);
            None
        }
    }
}

/// Line 1 of the settings is line 2 of the file.
fn line_of(line: usize) -> usize {
    line + 1
}

impl Written {
    fn read(text: &str) -> Result<Written, Mistake> {
        let mut settings = settings::read(text, KEYS)?;
        let mut needed_number = |key: &str| {
            let found = settings.number(key)?;
            settings.needed(key, found)
        };
        let format = needed_number("format")?;
        let minutes = needed_number("minutes")?.value;
        let mut needed_text = |key: &str| {
            let found = settings.text(key)?;
            settings.needed(key, found)
        };
        let redis = needed_text("redis")?;
        let title = needed_text("title")?.value;
        let about = needed_text("about")?.value;
        let misconception = needed_text("misconception")?.value;
        let stage = match settings.text("servers")? {
            Some(servers) => Stages::Servers(servers),
            None => {
                let cluster = settings.settings("cluster", STAGE_KEYS)?;
                Stages::Cluster(WrittenStage::read(settings.needed("cluster", cluster)?)?)
            }
        };
        Ok(Written { format, redis, title, about, minutes, misconception, stage })
    }
}

impl WrittenStage {
    fn read(mut settings: Settings) -> Result<WrittenStage, Mistake> {
        Ok(WrittenStage {
            place: settings.place,
            masters: settings.number("masters")?.map(|masters| masters.value),
            replicas: settings.number("replicas")?.map(|replicas| replicas.value),
            empty: settings.number("empty")?,
            node_timeout: settings.text("node-timeout")?,
            seed: settings.number("seed")?.map_or(0, |seed| seed.value),
            latency: settings.text("latency")?,
        })
    }
}

/// What the rules say beyond the shape: every rule is checked, so that all mistakes are reported.
fn check(written: Written, findings: &mut Findings) -> Option<FrontMatter> {
    let format = check_format(&written.format, findings);
    let redis = check_redis(&written.redis, findings);
    let cluster = match written.stage {
        Stages::Cluster(stage) => check_stage(stage, findings),
        Stages::Servers(servers) => {
            let help = "use `cluster: { masters: 3, ... }`";
            wrong(&servers, "a stage of `servers` is not built yet", help, findings);
            None
        }
    };
    format?;
    Some(FrontMatter {
        title: written.title,
        about: written.about,
        minutes: written.minutes,
        misconception: written.misconception,
        redis: redis?,
        cluster: cluster?,
    })
}

fn check_format(format: &Placed<u32>, findings: &mut Findings) -> Option<()> {
    if format.value == 1 {
        return Some(());
    }
    let message = format!("this program reads format 1, not {}", format.value);
    wrong(format, &message, "write: format: 1", findings);
    None
}

fn check_redis(redis: &Placed<String>, findings: &mut Findings) -> Option<Version> {
    if redis.value == "7.0" {
        return Some(Version::V7_0);
    }
    let message = format!("there is no profile of Redis {}", redis.value);
    wrong(redis, &message, "write: redis: \"7.0\"", findings);
    None
}

fn check_stage(written: WrittenStage, findings: &mut Findings) -> Option<Stage> {
    let node_timeout = check_span(&written.node_timeout, NODE_TIMEOUT_DEFAULT, findings);
    let latency = check_span(&written.latency, Span::ZERO, findings);
    let problem = nodes_problem(&written);
    let stage = Stage {
        masters: written.masters.unwrap_or(0),
        replicas: written.replicas.unwrap_or(0),
        empty: written.empty.as_ref().map_or(0, |empty| empty.value),
        node_timeout: node_timeout?,
        seed: written.seed,
        latency: latency.filter(|_| written.latency.is_some()),
    };
    latency?;
    let Some((message, help)) = problem.or_else(|| size_problem(&stage)) else {
        return Some(stage);
    };
    let place = written.empty.map_or(written.place, |empty| empty.place);
    findings.add(line_of(place.line), TextError::new(place.column, 1, message, help));
    None
}

/// Whether it is said which nodes there are, and said once.
fn nodes_problem(written: &WrittenStage) -> Option<(String, &'static str)> {
    let formed = written.masters.is_some() || written.replicas.is_some();
    match &written.empty {
        None if written.masters.is_none() => Some((
            "a stage needs nodes".to_owned(),
            "write masters: 3, or empty: 6 for nodes that know nobody",
        )),
        Some(_) if formed => Some((
            "empty nodes are neither masters nor replicas".to_owned(),
            "write masters and replicas, or empty, but not both",
        )),
        Some(empty) if empty.value == 0 => {
            Some(("a stage needs a node".to_owned(), "write empty: 6, say"))
        }
        _ => None,
    }
}

/// A duration, or the default if there is none; `None` if it is wrong.
fn check_span(
    written: &Option<Placed<String>>,
    default: Span,
    findings: &mut Findings,
) -> Option<Span> {
    let Some(written) = written else {
        return Some(default);
    };
    match written.value.parse() {
        Ok(span) => Some(span),
        Err(error) => {
            let message = format!("`{}` is no duration", written.value);
            let error: crate::words::ParseSpanError = error;
            wrong(written, &message, &error.to_string(), findings);
            None
        }
    }
}

/// Reports a value that YAML could read, but that is not right.
fn wrong<T: ToString>(value: &Placed<T>, message: &str, help: &str, findings: &mut Findings) {
    let length = value.value.to_string().chars().count();
    let error = TextError::new(value.place.column, length, message, help);
    findings.add(line_of(value.place.line), error);
}

fn size_problem(stage: &Stage) -> Option<(String, &'static str)> {
    let formed = u32::from(stage.masters) * (u32::from(stage.replicas) + 1);
    let nodes = formed + u32::from(stage.empty);
    if stage.masters == 0 && stage.empty == 0 {
        Some(("a cluster needs a master".to_owned(), "write masters: 3 or more"))
    } else if nodes > Stage::NODES_MAX {
        let message = format!("{nodes} nodes are more than a stage holds");
        Some((message, "at most 1000 nodes, replicas included"))
    } else if stage.node_timeout == Span::ZERO {
        Some(("the node timeout is zero".to_owned(), "write node-timeout: 5s, say"))
    } else {
        None
    }
}
