//! A branch: one history, from the founding of the cluster to its last moment.
//!
//! Doing something in the past begins another history that shares everything before: script, trace
//! and checkpoints. A branch is named after what was done differently.

use super::super::step::Step;
use super::super::{Outside, Trace, World};
use super::Budget;
use super::checkpoint::Checkpoints;
use super::moment::{Moment, Played};
use super::script::{Entry, Script};
use crate::words::Time;

/// One history.
#[derive(Clone, Debug)]
pub struct Branch {
    pub(super) name: String,
    /// The branch that it was forked from, and when.
    pub(super) from: Option<(usize, Time)>,
    pub(super) script: Script,
    pub(super) trace: Trace,
    pub(super) checkpoints: Checkpoints,
    /// Its last moment.
    pub(super) end: Moment,
}

impl Branch {
    pub(super) fn new(name: String, world: World, trace: Trace, checkpoint_bytes: u64) -> Branch {
        let end = Moment::new(world);
        let checkpoints = Checkpoints::new(end.clone(), checkpoint_bytes);
        Branch { name, from: None, script: Script::default(), trace, checkpoints, end }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the branch that it was forked from, and when.
    pub fn from(&self) -> Option<(usize, Time)> {
        self.from
    }

    /// What was done, in order.
    pub fn script(&self) -> &Script {
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

    /// The first moment that can be shown: the founding, unless that was forgotten.
    pub fn begins_at(&self) -> Time {
        self.checkpoints.first_at()
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
        let mut script = self.script.up_to(moment.entries());
        if let Some(&Entry::Pass(until)) = script.last() {
            script.replace_last(Entry::Pass(until.min(now)));
        }
        match self.script.get(moment.entries()) {
            _ if moment.is_waiting() => script.push(Entry::Break(now)),
            Some(Entry::Pass(_) | Entry::Outside(..)) => script.push(Entry::Pass(now)),
            Some(Entry::Step(_) | Entry::Break(_)) | None => {}
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
        self.script.push(Entry::Step(Box::new(step)));
        self.play_out();
    }

    /// Does at the end what a program outside did, at this time or as soon after it as time is.
    pub(super) fn outside(&mut self, at: Time, what: Outside) {
        let entry = Entry::Outside(at.max(self.ends_at()), what);
        match self.script.last() {
            // That time passed until then is said by the entry itself.
            Some(Entry::Pass(_)) => self.script.replace_last(entry),
            Some(_) | None => self.script.push(entry),
        }
        self.play_out();
    }

    /// Lets time pass at the end.
    pub(super) fn pass(&mut self, until: Time) {
        match self.script.last() {
            Some(Entry::Pass(_)) => self.script.replace_last(Entry::Pass(until)),
            Some(_) | None => self.script.push(Entry::Pass(until)),
        }
        self.play_out();
    }

    /// Does what a script says.
    pub(super) fn follow(&mut self, script: impl IntoIterator<Item = Entry>) {
        script.into_iter().for_each(|entry| self.script.push(entry));
        self.play_out();
    }

    /// Forgets the oldest part of the past for the budget: of the script, and what can no longer
    /// be played to without it.
    pub(super) fn fit(&mut self, budget: &Budget) {
        self.trace.fit(budget.trace_bytes);
        if self.script.bytes() <= budget.script_bytes {
            return;
        }
        let middle = self.script.start() + (self.script.len() - self.script.start()) / 2;
        if self.checkpoints.newest().entries() < middle {
            self.checkpoints.keep_now(&self.end, self.script.bytes_ever());
        }
        let enough = budget.script_bytes - budget.script_bytes / 4;
        self.script.forget(enough, self.checkpoints.newest().entries());
        self.checkpoints.forget_before(self.script.start());
    }

    /// Plays what has not been played yet, with a checkpoint whenever one is due.
    fn play_out(&mut self) {
        loop {
            let to = self.checkpoints.due_at();
            let played = self.end.play(&self.script, to, &mut self.trace);
            self.checkpoints.keep(&self.end, self.script.bytes_ever());
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
