//! A branch: one history, from the founding of the cluster to its last moment.
//!
//! Doing something in the past begins another history that shares everything before: the script is
//! copied up to there, trace and checkpoints are shared. A branch is named after what was done
//! differently.

use super::super::step::Step;
use super::super::{Trace, World};
use super::checkpoint::Checkpoints;
use super::script::{Entry, Moment, Played};
use crate::words::Time;

/// One history.
#[derive(Clone, Debug)]
pub struct Branch {
    pub(super) name: String,
    /// The branch that it was forked from, and when.
    pub(super) from: Option<(usize, Time)>,
    pub(super) script: Vec<Entry>,
    pub(super) trace: Trace,
    pub(super) checkpoints: Checkpoints,
    /// Its last moment.
    pub(super) end: Moment,
}

impl Branch {
    pub(super) fn new(name: String, world: World, trace: Trace, checkpoint_bytes: u64) -> Branch {
        let end = Moment::new(world);
        let checkpoints = Checkpoints::new(end.clone(), checkpoint_bytes);
        Branch { name, from: None, script: Vec::new(), trace, checkpoints, end }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the branch that it was forked from, and when.
    pub fn from(&self) -> Option<(usize, Time)> {
        self.from
    }

    /// What was done, in order.
    pub fn script(&self) -> &[Entry] {
        &self.script
    }

    /// All that happened in it, also before it was forked.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The digest of the whole run.
    pub fn digest(&self) -> u64 {
        self.end.world.digest()
    }

    pub fn ends_at(&self) -> Time {
        self.end.world.now()
    }

    /// Another history that is the same up to `moment`, by which so many events had happened.
    pub(super) fn fork(
        &self,
        number: usize,
        name: String,
        moment: Moment,
        events: usize,
    ) -> Branch {
        let now = moment.world.now();
        let mut script = self.script[..moment.entries()].to_vec();
        if let Some(Entry::Pass(until)) = script.last_mut() {
            *until = (*until).min(now);
        }
        match self.script.get(moment.entries()) {
            _ if moment.is_waiting() => script.push(Entry::Break(now)),
            Some(Entry::Pass(_)) => script.push(Entry::Pass(now)),
            _ => {}
        }
        let mut trace = self.trace.clone();
        trace.truncate(events);
        Branch {
            name,
            from: Some((number, now)),
            script,
            trace,
            checkpoints: self.checkpoints.up_to(now),
            end: moment,
        }
    }

    /// Does a step at the end, and lets time pass for as long as it waits.
    pub(super) fn step(&mut self, step: Step) {
        self.script.push(Entry::Step(step));
        self.play_out();
    }

    /// Lets time pass at the end.
    pub(super) fn pass(&mut self, until: Time) {
        match self.script.last_mut() {
            Some(Entry::Pass(end)) => *end = until,
            _ => self.script.push(Entry::Pass(until)),
        }
        self.play_out();
    }

    /// Does what a script says.
    pub(super) fn follow(&mut self, script: Vec<Entry>) {
        self.script.extend(script);
        self.play_out();
    }

    /// Plays what has not been played yet, with a checkpoint whenever one is due.
    fn play_out(&mut self) {
        loop {
            let to = self.checkpoints.due_at();
            let played = self.end.play(&self.script, to, &mut self.trace);
            self.checkpoints.keep(&self.end);
            if played == Played::ToTheEnd {
                return;
            }
        }
    }

    /// The world of this branch at a time.
    pub(super) fn at(&self, time: Time) -> Moment {
        if time >= self.ends_at() {
            return self.end.clone();
        }
        let mut moment = self.checkpoints.nearest(time).clone();
        let mut nobody = Trace::new(super::super::Level::Off);
        moment.play(&self.script, time, &mut nobody);
        moment
    }
}
