//! Failure reports: which masters say of which nodes that they fail, and when each last said so.
//!
//! In good weather there are none, which is asked for every gossip entry; so they lie apart from
//! the peers, in a table that is empty then. What counts as a report is told in `failure`.

use std::collections::BTreeMap;

use super::peers::PeerIdx;

/// The reports about all nodes.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    /// By the node that they are about; nobody has an empty list.
    about: BTreeMap<PeerIdx, Vec<(PeerIdx, u64)>>,
}

/// Whether something is said for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    First,
    Again,
}

impl Reports {
    /// Whether there is no report about anybody.
    pub fn is_empty(&self) -> bool {
        self.about.is_empty()
    }

    /// How many say that a node fails.
    pub fn count(&self, about: PeerIdx) -> u64 {
        self.about.get(&about).map_or(0, |reports| reports.len() as u64)
    }

    /// Notes that `by` says so, at `now_ms`.
    pub fn add(&mut self, about: PeerIdx, by: PeerIdx, now_ms: u64) -> Told {
        let reports = self.about.entry(about).or_default();
        match reports.iter_mut().find(|(reporter, _)| *reporter == by) {
            Some((_, at_ms)) => {
                *at_ms = now_ms;
                Told::Again
            }
            None => {
                reports.push((by, now_ms));
                Told::First
            }
        }
    }

    /// Keeps those reports about a node which are so; how many are gone.
    pub fn retain(&mut self, about: PeerIdx, is_kept: impl Fn(PeerIdx, u64) -> bool) -> usize {
        let Some(reports) = self.about.get_mut(&about) else { return 0 };
        let before = reports.len();
        reports.retain(|&(by, at_ms)| is_kept(by, at_ms));
        let left = reports.len();
        if left == 0 {
            self.about.remove(&about);
        }
        before - left
    }

    /// Forgets what a node said of others, and others of it.
    pub fn forget(&mut self, node: PeerIdx) {
        self.about.remove(&node);
        self.about.retain(|_, reports| {
            reports.retain(|&(by, _)| by != node);
            !reports.is_empty()
        });
    }
}
