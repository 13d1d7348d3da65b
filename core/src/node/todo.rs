//! What a node does before it goes back to sleep.
//!
//! The rule (Redis 7.0, `cluster.c: clusterBeforeSleep`): while an input is handled, only the wish
//! to act is noted; afterwards, in this order, the election is looked at, the state evaluated, and
//! nodes.conf written. What was queued for others leaves only then, so that a vote or a promotion
//! is on disk before anybody hears of it.

use super::Node;
use super::port::Effects;

/// The wishes of one input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Todo {
    election: bool,
    state: bool,
    save: bool,
}

impl Todo {
    pub(super) fn election(&mut self) {
        self.election = true;
    }

    pub(super) fn update_state(&mut self) {
        self.state = true;
    }

    pub(super) fn save(&mut self) {
        self.save = true;
    }

    pub(super) fn has_state_update(&self) -> bool {
        self.state
    }

    pub(super) fn clear_state_update(&mut self) {
        self.state = false;
    }

    pub(super) fn clear_save(&mut self) {
        self.save = false;
    }
}

impl Node {
    pub(super) fn before_sleep(&mut self, out: &mut Effects) {
        if std::mem::take(&mut self.todo.election) {
            self.handle_election(out);
        }
        if std::mem::take(&mut self.todo.state) {
            self.update_state(out);
        }
        if self.todo.save {
            self.save();
        }
    }
}
