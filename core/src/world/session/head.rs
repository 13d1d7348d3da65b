//! The first lines of a run as text: the cluster, and the settings of its nodes.
//!
//! The cluster is one line of words, each a row here; a setting is a line of its own, and only
//! those stand there that differ from what nodes have by themselves.

use super::super::Setup;
use super::text::{LoadError, TITLE, wrong};
use crate::node::Config;
use crate::words::{Span, Time};

/// As many nodes as a lesson may have, too.
const NODES_MAX: u64 = 1_000;

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
            setup.first_port = bounded(text, 50_000).filter(|&port| port > 0)?;
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

fn bounded(text: &str, max: u16) -> Option<u16> {
    text.parse().ok().filter(|&number| number <= max)
}

/// Writes the lines before the first entry.
pub(super) fn write(setup: &Setup, out: &mut String) {
    out.push_str(TITLE);
    out.push_str("\ncluster");
    for field in FIELDS {
        if let Some(value) = (field.read)(setup) {
            out.push_str(&format!(" {}={value}", field.name));
        }
    }
    out.push('\n');
    for (name, value) in setup.config.changed() {
        out.push_str(&format!("setting {name} {value}\n"));
    }
}

pub(super) fn read_cluster((number, line): (usize, &str)) -> Result<Setup, LoadError> {
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

pub(super) fn read_setting(
    config: &mut Config,
    number: usize,
    line: &str,
) -> Result<(), LoadError> {
    let mut words = line.splitn(3, ' ').skip(1);
    let (name, value) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let column = 1 + "setting ".len();
    config
        .set(name, value)
        .map_err(|help| wrong(number, column, "this is no setting of a node", help))
}
