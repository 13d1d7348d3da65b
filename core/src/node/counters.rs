//! How many bus messages of each kind were sent and received, as CLUSTER INFO prints them.

use super::bus::Kind;

/// Message counters of one node.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    sent: [u64; Kind::ALL.len()],
    received: [u64; Kind::ALL.len()],
}

impl Counters {
    pub(super) fn count_sent(&mut self, kind: Kind) {
        self.sent[kind as usize] += 1;
    }

    pub(super) fn count_received(&mut self, kind: Kind) {
        self.received[kind as usize] += 1;
    }

    pub(super) fn sent(&self, kind: Kind) -> u64 {
        self.sent[kind as usize]
    }

    pub(super) fn received(&self, kind: Kind) -> u64 {
        self.received[kind as usize]
    }
}
