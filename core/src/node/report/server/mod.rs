//! INFO: what a server says of itself, section by section.
//!
//! The rule (Redis 7.0, `server.c: infoCommand, genInfoSectionDict, genRedisInfoString`): sections
//! are named in any number and case; `default`, `all` and `everything` stand for several, and so
//! does nothing. What is named is given once, in the order of the server; what is not known gives
//! nothing. How we differ: processor time and the allocator are not modelled, so these numbers are
//! constants or derived from the keys; see each file.

mod memory;
mod persistence;
mod process;
mod replication;
mod stats;

use bytes::Bytes;

use crate::data::Reply;
use crate::node::Node;

/// The lines of a section as they are written.
pub(super) struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        self.text(&format!("{name}:{value}\r\n"));
    }

    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

struct Section {
    name: &'static str,
    title: &'static str,
    asked: Asked,
    write: fn(&Node, &mut Lines),
}

/// By which general word a section is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ByDefault,
    WithAll,
}

const fn section(
    name: &'static str,
    title: &'static str,
    asked: Asked,
    write: fn(&Node, &mut Lines),
) -> Section {
    Section { name, title, asked, write }
}

const SECTIONS: &[Section] = &[
    section("server", "Server", Asked::ByDefault, process::server),
    section("clients", "Clients", Asked::ByDefault, process::clients),
    section("memory", "Memory", Asked::ByDefault, memory::memory),
    section("persistence", "Persistence", Asked::ByDefault, persistence::persistence),
    section("stats", "Stats", Asked::ByDefault, stats::stats),
    section("replication", "Replication", Asked::ByDefault, replication::replication),
    section("cpu", "CPU", Asked::ByDefault, process::cpu),
    section("modules", "Modules", Asked::ByDefault, |_, _| {}),
    section("commandstats", "Commandstats", Asked::WithAll, stats::commands),
    section("errorstats", "Errorstats", Asked::ByDefault, stats::errors),
    section("latencystats", "Latencystats", Asked::WithAll, stats::latencies),
    section("cluster", "Cluster", Asked::ByDefault, |_, lines| lines.line("cluster_enabled", 1)),
    section("keyspace", "Keyspace", Asked::ByDefault, stats::keyspace),
];

impl Section {
    fn is_meant_by(&self, word: &[u8]) -> bool {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let by_default = self.asked == Asked::ByDefault;
        is(self.name) || is("all") || is("everything") || (by_default && is("default"))
    }
}

/// The sections that are named; `words` are the arguments after INFO.
pub(in crate::node) fn server_info(node: &Node, words: &[Bytes]) -> Reply {
    let default = [Bytes::from_static(b"default")];
    let words = if words.is_empty() { &default } else { words };
    let mut lines = Lines(String::new());
    for section in SECTIONS.iter().filter(|section| words.iter().any(|w| section.is_meant_by(w))) {
        if !lines.0.is_empty() {
            lines.text("\r\n");
        }
        lines.text(&format!("# {}\r\n", section.title));
        (section.write)(node, &mut lines);
    }
    Reply::verbatim(lines.0)
}
