//! The process: which start it is, since when it runs, and the name of this run.
//!
//! The rule (Redis 7.0, `server.c: initServerConfig`): each start has a random run id. How we
//! differ: its letters come from dice of their own, so that nothing else is drawn differently; the
//! process id is made up, the same for each run of the simulator.

use crate::words::{Dice, NodeId, Time};

/// One life of a node.
#[derive(Clone, Debug)]
pub(super) struct Process {
    incarnation: u32,
    started: Time,
    run_id: NodeId,
}

impl Process {
    pub(super) fn new(seed: u64, port: u16, incarnation: u32, started: Time) -> Process {
        let mut dice = Dice::new(seed, &format!("run {port}"), incarnation);
        Process { incarnation, started, run_id: NodeId::random(&mut dice) }
    }

    pub(super) fn incarnation(&self) -> u32 {
        self.incarnation
    }

    pub(super) fn run_id(&self) -> NodeId {
        self.run_id
    }

    pub(super) fn uptime_s(&self, now: Time) -> u64 {
        now.seconds().saturating_sub(self.started.seconds())
    }
}

/// A made-up process id.
pub fn process_id(port: u16, incarnation: u32) -> u32 {
    1_000 + u32::from(port) % 10_000 + 311 * incarnation
}
