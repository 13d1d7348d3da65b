//! Checkpoints: earlier moments from which a run can be played again.
//!
//! The problem: any moment of a long run must be back within a frame, and memory is bounded. The
//! idea: a clone of the world about once a second; what lies between is played again. When the
//! budget is used up, the older half is thinned out to every second one, so that what happened
//! lately stays close at hand and what is long ago is still there, a little further away. The first
//! checkpoint stays, unless the script after it is forgotten.
//!
//! Clones share what has not changed since. So a checkpoint weighs what was changed since the one
//! before it: what nodes say and hold in any second, and as much of the keys as clients can have
//! touched. It is an estimate from above.

use std::sync::Arc;

use super::moment::Moment;
use crate::words::{Span, Time};

/// How much time passes between two checkpoints.
pub const INTERVAL: Span = Span::from_secs(1);

/// What a key takes at most beside its value, in all trees in which it stands.
const KEY_BYTES: u64 = 512;
/// What one entry of the script changes at most of trees of keys.
const ENTRY_BYTES: u64 = 32 << 10;
/// What a node holds for a client.
const CLIENT_BYTES: u64 = 1 << 10;

/// The checkpoints of one branch, oldest first. Branches share those before the fork.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    list: Vec<Kept>,
    bytes_max: u64,
    dropped: u64,
}

#[derive(Clone, Debug)]
struct Kept {
    at: Time,
    moment: Arc<Moment>,
    /// How much the whole script took by then.
    script_bytes: u64,
    /// What it weighs.
    bytes: u64,
}

impl Checkpoints {
    pub fn new(first: Moment, bytes_max: u64) -> Checkpoints {
        let (at, bytes) = (first.world.now(), nodes_weight(&first));
        let list = vec![Kept { at, moment: Arc::new(first), script_bytes: 0, bytes }];
        Checkpoints { list, bytes_max, dropped: 0 }
    }

    /// When the next one is due.
    pub fn due_at(&self) -> Time {
        self.list.last().map_or(Time::ZERO, |kept| kept.at + INTERVAL)
    }

    /// Keeps a moment, if one is due, by which the script took so much.
    pub fn keep(&mut self, moment: &Moment, script_bytes: u64) {
        if moment.world.now() >= self.due_at() {
            self.keep_now(moment, script_bytes);
        }
    }

    /// Keeps a moment, due or not.
    pub fn keep_now(&mut self, moment: &Moment, script_bytes: u64) {
        let at = moment.world.now();
        let bytes = self.list.last().map_or(0, |last| weight(moment, script_bytes, last));
        self.list.push(Kept { at, moment: Arc::new(moment.clone()), script_bytes, bytes });
        if self.list.iter().map(|kept| kept.bytes).sum::<u64>() > self.bytes_max {
            self.thin_out();
        }
    }

    /// When the first one is.
    pub fn first_at(&self) -> Time {
        self.list.first().map_or(Time::ZERO, |kept| kept.at)
    }

    pub fn newest(&self) -> &Moment {
        &self.list.last().expect("the last checkpoint always stays").moment
    }

    /// Gives up those before this place of the script; the last one lies after it.
    pub fn forget_before(&mut self, place: usize) {
        let before = self.list.len();
        self.list.retain(|kept| kept.moment.entries() >= place);
        self.dropped += (before - self.list.len()) as u64;
    }

    /// The last one at or before this time; the first if there is none.
    pub fn nearest(&self, time: Time) -> &Moment {
        let after = self.list.partition_point(|kept| kept.at <= time);
        &self.list[after.saturating_sub(1)].moment
    }

    /// The same checkpoints, without those after a moment.
    pub fn up_to(&self, time: Time) -> Checkpoints {
        let kept = self.list.partition_point(|kept| kept.at <= time).max(1);
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

/// What a moment weighs at most, in bytes, beside the one before it.
fn weight(moment: &Moment, script_bytes: u64, before: &Kept) -> u64 {
    let world = &moment.world;
    let keys: u64 = world.servers().map(|(_, _, server)| server.node.keyspace().len() as u64).sum();
    let entries = moment.entries().saturating_sub(before.moment.entries()) as u64;
    nodes_weight(moment)
        + (keys * KEY_BYTES).min(entries * ENTRY_BYTES)
        + script_bytes.saturating_sub(before.script_bytes)
        + world.outside_connections() as u64 * CLIENT_BYTES
}

/// Each node's table of all nodes, and its slots.
fn nodes_weight(moment: &Moment) -> u64 {
    let nodes = moment.world.servers().count() as u64;
    nodes * (nodes * 256 + 16_384)
}
