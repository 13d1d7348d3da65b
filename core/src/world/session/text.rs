//! A run as plain text: what is saved, shared, recorded, and put into a bug report.
//!
//! ```text
//! hashslot session 1
//! cluster masters=3 replicas=1 port=7000 seed=7 latency=200us jitter=200us epoch=1767225600000ms
//! setting cluster-node-timeout 2000
//! until 5s
//! $ kill 7001
//! open 5.20025s 0 7000
//! send 5.2003s 0 "*1\r\n$4\r\nPING\r\n"
//! close 6s 0
//! $ run until 7004 is master
//! until 31.5s
//! end digest=0123456789abcdef
//! ```
//!
//! Steps are lines of the one grammar; times count from the founding of the cluster. `open`, `send`
//! and `close` are what programs outside of the simulation did, each with its time and the number
//! of the connection. `until` lets time pass, `break` breaks off the step before, which still
//! waits. Reading ([`super::load`]) plays the run again and compares the digest, so a text that
//! another version plays differently says so.
//!
//! A run that still goes on is written by a [`Scribe`], a few lines at a time.

use std::fmt::Write;

use super::super::Outside;
use super::script::Entry;
use super::{Branch, Session, head};
use crate::words::{Time, quote_arg};

pub(super) const TITLE: &str = "hashslot session 1";

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

pub(super) fn wrong(line: usize, column: usize, message: &str, help: String) -> LoadError {
    LoadError { line, column, message: message.to_owned(), help }
}

/// The beginning of the script is not there any more, so the run cannot be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this run is too long to be saved: its first {entries} entries were forgotten; \
     record it from its beginning, with --record FILE"
)]
pub struct Forgotten {
    pub entries: usize,
}

/// Writes the branch of the present, to its end.
pub(super) fn save(session: &Session) -> Result<String, Forgotten> {
    let mut out = String::new();
    Scribe::on(session, session.branch(), &mut out).end(session.branch(), &mut out)?;
    Ok(out)
}

/// Writes the first run of a session down while it goes on.
#[derive(Clone, Debug)]
pub struct Scribe {
    origin: Time,
    /// The first entry that is not written.
    next: usize,
}

impl Scribe {
    /// Writes the lines before the first entry.
    pub fn new(session: &Session, out: &mut String) -> Scribe {
        Scribe::on(session, &session.branches()[0], out)
    }

    fn on(session: &Session, branch: &Branch, out: &mut String) -> Scribe {
        head::write(session.setup(), out);
        Scribe { origin: branch.end.world.origin(), next: 0 }
    }

    /// Writes what was done since the last time. How far time has come is written with what is done
    /// next.
    pub fn catch_up(&mut self, session: &Session, out: &mut String) -> Result<(), Forgotten> {
        self.write(&session.branches()[0], out)
    }

    /// Writes the last lines: the run ends here.
    pub fn finish(self, session: &Session, out: &mut String) -> Result<(), Forgotten> {
        self.end(&session.branches()[0], out)
    }

    fn end(mut self, branch: &Branch, out: &mut String) -> Result<(), Forgotten> {
        self.write(branch, out)?;
        if let Some(last) = branch.script.get(self.next) {
            write_entry(last, self.origin, out);
        }
        out.push_str(&format!("end digest={:016x}\n", branch.digest()));
        Ok(())
    }

    fn write(&mut self, branch: &Branch, out: &mut String) -> Result<(), Forgotten> {
        let script = &branch.script;
        if script.start() > self.next {
            return Err(Forgotten { entries: script.start() });
        }
        while let Some(entry) = script.get(self.next) {
            // The last entry may still grow.
            if matches!(entry, Entry::Pass(_)) && self.next + 1 == script.len() {
                break;
            }
            write_entry(entry, self.origin, out);
            self.next += 1;
        }
        Ok(())
    }
}

fn write_entry(entry: &Entry, origin: Time, out: &mut String) {
    let written = match entry {
        Entry::Step(step) => writeln!(out, "{step}"),
        Entry::Outside(at, what) => write_outside(*at, what, origin, out),
        Entry::Pass(time) => writeln!(out, "until {}", time.since(origin)),
        Entry::Break(time) => writeln!(out, "break {}", time.since(origin)),
    };
    written.expect("a text takes everything in");
}

fn write_outside(at: Time, what: &Outside, origin: Time, out: &mut String) -> std::fmt::Result {
    let at = at.since(origin);
    match what {
        Outside::Open { conn, to } => writeln!(out, "open {at} {} {to}", conn.0),
        Outside::Send { conn, bytes } => {
            writeln!(out, "send {at} {} {}", conn.0, quote_arg(bytes))
        }
        Outside::Close { conn } => writeln!(out, "close {at} {}", conn.0),
    }
}
