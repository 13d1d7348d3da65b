//! The backlog: the last part of the stream, kept for replicas that come back.

use crate::node::stream::Entry;

/// The last commands of the stream; cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Backlog {
    entries: imbl::Vector<Entry>,
    /// The offset before the first entry.
    start: u64,
}

impl Backlog {
    /// A backlog in which nothing follows `offset` yet.
    pub(super) fn new(offset: u64) -> Backlog {
        Backlog { entries: imbl::Vector::new(), start: offset }
    }

    /// Adds a command; the oldest are dropped beyond `bytes_max`.
    pub(super) fn push(&mut self, entry: Entry, bytes_max: u64) {
        let end = entry.end;
        self.entries.push_back(entry);
        while end - self.start > bytes_max {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.start = oldest.end;
        }
    }

    /// The number of its first byte, counted from 1, and how many bytes it has.
    pub(super) fn span(&self) -> (u64, u64) {
        let newest = self.entries.back().map_or(self.start, |entry| entry.end);
        (self.start + 1, newest - self.start)
    }

    /// What follows `offset`, if the backlog still has all of it.
    pub(super) fn after(&self, offset: u64) -> Option<impl Iterator<Item = &Entry>> {
        let newest = self.entries.back().map_or(self.start, |entry| entry.end);
        if !(self.start..=newest).contains(&offset) {
            return None;
        }
        Some(self.entries.iter().skip_while(move |entry| entry.end <= offset))
    }
}
