//! Checkpoints: earlier moments from which a run can be played again.
//!
//! The problem: any moment of a long run must be back within a frame, and memory is bounded. The
//! idea: a clone of the world about once a second; what lies between is played again. When the
//! budget is used up, the older half is thinned out to every second one, so that what happened
//! lately stays close at hand and what is long ago is still there, a little further away. The first
//! checkpoint always stays.
//!
//! Clones share what has not changed since, so the weight is an estimate from above.

use std::sync::Arc;

use super::script::Moment;
use crate::words::{Span, Time};

/// How much time passes between two checkpoints.
pub const INTERVAL: Span = Span::from_secs(1);

/// The checkpoints of one branch, oldest first. Branches share those before the fork.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    list: Vec<(Time, Arc<Moment>)>,
    bytes_max: u64,
    dropped: u64,
}

impl Checkpoints {
    pub fn new(first: Moment, bytes_max: u64) -> Checkpoints {
        let list = vec![(first.world.now(), Arc::new(first))];
        Checkpoints { list, bytes_max, dropped: 0 }
    }

    /// When the next one is due.
    pub fn due_at(&self) -> Time {
        self.list.last().map_or(Time::ZERO, |&(at, _)| at + INTERVAL)
    }

    /// Keeps a moment, if one is due.
    pub fn keep(&mut self, moment: &Moment) {
        let now = moment.world.now();
        if now < self.due_at() {
            return;
        }
        self.list.push((now, Arc::new(moment.clone())));
        let weight = weight(moment).max(1);
        if self.list.len() as u64 * weight > self.bytes_max {
            self.thin_out();
        }
    }

    /// The last one at or before this time; the first if there is none.
    pub fn nearest(&self, time: Time) -> &Moment {
        let after = self.list.partition_point(|&(at, _)| at <= time);
        &self.list[after.saturating_sub(1)].1
    }

    /// The same checkpoints, without those after a moment.
    pub fn up_to(&self, time: Time) -> Checkpoints {
        let kept = self.list.partition_point(|&(at, _)| at <= time).max(1);
        Checkpoints { list: self.list[..kept].to_vec(), ..*self }
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// How many were given up for the budget.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Gives up every second one of the older half.
    fn thin_out(&mut self) {
        let half = self.list.len() / 2;
        let before = self.list.len();
        let mut place = 0;
        self.list.retain(|_| {
            place += 1;
            place > half || place % 2 == 1
        });
        self.dropped += (before - self.list.len()) as u64;
    }
}

/// What a moment weighs at most, in bytes: each node's table of all nodes, and its slots.
fn weight(moment: &Moment) -> u64 {
    let nodes = moment.world.servers().count() as u64;
    nodes * (nodes * 256 + 16_384)
}
