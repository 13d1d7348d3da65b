//! What a node does before it goes back to sleep.
//!
//! The rule (Redis 7.0, `cluster.c: clusterBeforeSleep`): while an input is handled, only the wish
//! to act is noted; afterwards, in this order, a manual failover and the election are looked at,
//! the state evaluated, and nodes.conf written. What was queued for others leaves only then, so
//! that a vote or a promotion is on disk before anybody hears of it. What is wished for meanwhile
//! is left to the next turn of the loop (`ae.c`), which follows at once if a link has something to
//! write, else with the next message or tick. Then (`server.c: beforeSleep`) clients whose wait is
//! over are woken and served, replicas are asked how far they are if a client waits for that, and
//! what was said to clients is sent.

use super::Node;
use super::port::{Effect, Effects};
use crate::words::{ConnId, Span};

/// The wishes of one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Todo {
    verified: bool,
    manual_failover: bool,
    own_address: bool,
    wait: Option<(ConnId, Span)>,
    election: bool,
    state: bool,
    save: bool,
}

impl Todo {
    /// Whether the keys and the slots have not been held against each other yet; then it is as if
    /// they had.
    pub(super) fn take_verification(&mut self) -> bool {
        !std::mem::replace(&mut self.verified, true)
    }

    /// The settings changed: they may say otherwise of this node's own address and name.
    pub(super) fn own_address(&mut self) {
        self.own_address = true;
    }

    pub(super) fn manual_failover(&mut self) {
        self.manual_failover = true;
    }

    /// The process shall do nothing but wait for this connection, at most so long.
    pub(super) fn wait_for(&mut self, conn: ConnId, span: Span) {
        self.wait = Some((conn, span));
    }

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
        self.act_before_sleep(out);
        self.serve_before_sleep(out);
    }

    /// What the cluster asks for.
    fn act_before_sleep(&mut self, out: &mut Effects) {
        self.end_waits();
        if std::mem::take(&mut self.todo.own_address) {
            self.update_own_address();
        }
        if std::mem::take(&mut self.todo.manual_failover) {
            self.see_to_manual_failover(out);
            self.todo.election();
        }
        if std::mem::take(&mut self.todo.election) {
            self.handle_election(out);
        }
        if std::mem::take(&mut self.todo.state) {
            self.update_state(out);
        }
        if self.todo.save {
            self.save();
        }
        // An election that need not wait is wished for again; the next turn of the loop follows at
        // once if something has to be written.
        if self.todo.election && out.speaks_on_bus() {
            out.push(Effect::Again);
        }
    }

    /// What clients wait for.
    pub(super) fn serve_before_sleep(&mut self, out: &mut Effects) {
        self.close_shard_channels(out);
        self.settle_waits();
        self.serve_woken_clients(out);
        if !self.check_pause() {
            self.ask_for_acks(out);
        }
        self.flush_clients(out);
        if let Some((conn, span)) = self.todo.wait.take() {
            out.push(Effect::Busy { span, awaits: Some(conn) });
        }
    }
}
