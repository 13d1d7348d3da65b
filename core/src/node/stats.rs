//! What a node counts, for INFO.
//!
//! The rule (Redis 7.0, `server.c: resetServerStats, serverCron, call,
//! afterErrorReply`): counters grow until CONFIG RESETSTAT or the end of the process. A command
//! counts when it runs, one that was refused does not; an error counts under its first word. Rates
//! are the mean of the last sixteen ticks. How we differ: nothing takes processor time here, so no
//! microseconds are counted.

use std::collections::BTreeMap;

use crate::data::{Reply, Seen};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stat {
    Connections,
    Commands,
    BytesIn,
    BytesOut,
    StreamBytesIn,
    StreamBytesOut,
    SyncFull,
    SyncPartialOk,
    SyncPartialErr,
    ExpiredKeys,
    Hits,
    Misses,
    Errors,
    Reads,
    Writes,
    Forks,
    Rejected,
}

const STATS: usize = Stat::Rejected as usize + 1;

/// The counters of one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Stats {
    counts: [u64; STATS],
    errors: BTreeMap<String, u64>,
    commands: BTreeMap<&'static str, Calls>,
    rates: Rates,
    /// Changes of keys; a reset of the counters leaves them.
    changes: u64,
}

/// How often a command was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub run: u64,
    pub refused: u64,
    pub failed: u64,
}

/// What there are rates of, in the order of INFO.
pub(super) const RATED: [Stat; 5] =
    [Stat::Commands, Stat::BytesIn, Stat::BytesOut, Stat::StreamBytesIn, Stat::StreamBytesOut];

const SAMPLES: usize = 16;

/// The last samples of all rates, per second.
#[derive(Clone, Debug, Default)]
struct Rates {
    samples: [[u32; RATED.len()]; SAMPLES],
    next: usize,
    counted: [u64; RATED.len()],
    at_ms: u64,
}

impl Stats {
    pub(super) fn count(&mut self, stat: Stat) {
        self.add(stat, 1);
    }

    pub(super) fn add(&mut self, stat: Stat, count: u64) {
        self.counts[stat as usize] += count;
    }

    pub(super) fn of(&self, stat: Stat) -> u64 {
        self.counts[stat as usize]
    }

    pub(super) fn changed(&mut self, count: u64) {
        self.changes += count;
    }

    /// How many changes of keys there were since they were last saved.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// A call that was refused before it ran; its name, if there is such a command.
    pub(super) fn refused(&mut self, command: Option<&'static str>, error: &Reply) {
        if let Some(command) = command {
            self.commands.entry(command).or_default().refused += 1;
        }
        self.count_error(error);
    }

    /// A call that ran. What the keys were asked counts only for those that read.
    pub(super) fn ran(&mut self, command: &'static str, reply: &Reply, seen: Seen) {
        self.count(Stat::Commands);
        let calls = self.commands.entry(command).or_default();
        calls.run += 1;
        calls.failed += u64::from(reply.is_error());
        self.count_error(reply);
        self.add(Stat::ExpiredKeys, seen.expired);
        self.add(Stat::Hits, seen.hits);
        self.add(Stat::Misses, seen.misses);
    }

    /// A call that ran and was answered later, with an error.
    pub(super) fn failed(&mut self, command: &'static str, error: &Reply) {
        self.commands.entry(command).or_default().failed += 1;
        self.count_error(error);
    }

    fn count_error(&mut self, reply: &Reply) {
        const CODE_MAX: usize = 32;
        let Reply::Error(text) = reply else { return };
        self.count(Stat::Errors);
        let code = text.find(' ').filter(|&end| end < CODE_MAX).map_or("ERR", |end| &text[..end]);
        *self.errors.entry(code.to_owned()).or_default() += 1;
    }

    pub(super) fn errors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.errors.iter().map(|(code, count)| (code.as_str(), *count))
    }

    pub(super) fn commands(&self) -> impl Iterator<Item = (&'static str, Calls)> + '_ {
        self.commands.iter().map(|(name, calls)| (*name, *calls))
    }

    /// Samples the rates, once a tick.
    pub(super) fn sample(&mut self, now_ms: u64) {
        let counted = RATED.map(|stat| self.of(stat));
        self.rates.sample(counted, now_ms);
    }

    /// The rates per second, in the order of [`RATED`].
    pub(super) fn rates(&self) -> [u64; RATED.len()] {
        self.rates.means()
    }

    /// Forgets everything (CONFIG RESETSTAT).
    pub(super) fn reset(&mut self) {
        *self = Stats { changes: self.changes, ..Stats::default() };
    }
}

impl Rates {
    fn sample(&mut self, counted: [u64; RATED.len()], now_ms: u64) {
        let passed_ms = now_ms.saturating_sub(self.at_ms);
        if self.at_ms > 0 && passed_ms > 0 {
            self.samples[self.next] = std::array::from_fn(|rate| {
                let since = counted[rate].saturating_sub(self.counted[rate]);
                // A division takes long, and mostly there is nothing to divide.
                let per_second = if since == 0 { 0 } else { since * 1_000 / passed_ms };
                u32::try_from(per_second).unwrap_or(u32::MAX)
            });
            self.next = (self.next + 1) % SAMPLES;
        }
        (self.counted, self.at_ms) = (counted, now_ms);
    }

    fn means(&self) -> [u64; RATED.len()] {
        let sum = |rate: usize| self.samples.iter().map(|tick| u64::from(tick[rate])).sum::<u64>();
        std::array::from_fn(|rate| sum(rate) / SAMPLES as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_under_its_first_word() {
        let mut stats = Stats::default();
        stats.refused(None, &Reply::error("ERR unknown command 'x'"));
        stats.ran("get", &Reply::error("MOVED 1 127.0.0.1:7000"), Seen::default());
        stats.ran("get", &Reply::error("NOSPACE"), Seen::default());
        stats.ran("get", &Reply::Null, Seen { misses: 1, ..Seen::default() });
        assert_eq!(stats.errors().collect::<Vec<_>>(), [("ERR", 2), ("MOVED", 1)]);
        let calls = Calls { run: 3, refused: 0, failed: 2 };
        assert_eq!(stats.commands().collect::<Vec<_>>(), [("get", calls)]);
        assert_eq!((stats.of(Stat::Commands), stats.of(Stat::Misses)), (3, 1));
    }

    #[test]
    fn a_rate_is_the_mean_of_sixteen_ticks() {
        let mut stats = Stats::default();
        stats.sample(1_000);
        for tick in 1..=16 {
            stats.add(Stat::Commands, 10);
            stats.sample(1_000 + tick * 100);
        }
        assert_eq!(stats.rates()[0], 100);
    }
}
