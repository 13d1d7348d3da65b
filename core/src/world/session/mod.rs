//! A session: one cluster, all that was done to it, and all that might have been.
//!
//! The problem: a learner wants to go back, look again, and try something else, and nothing of what
//! was seen may be lost. The idea: a session is a setup and a few branches; a branch is a script,
//! its trace, and checkpoints on the way. Going back is playing again from the nearest checkpoint,
//! without recording; doing something in the past forks a branch. There is no code that undoes
//! anything.
//!
//! The session has a *present* in one branch. At the end of the branch, time goes on and is
//! recorded; before it, time moves through what is known already.
//!
//! - `script`: the entries of a run; `moment`: how they are played; `checkpoint`: earlier moments;
//! - `branch`: one history; `text`, `head`, `load`: a run as plain text, and reading it back;
//! - `outside`: what programs outside of the simulation do to it, and hear from it.

mod branch;
mod checkpoint;
mod head;
mod load;
mod moment;
mod outside;
mod script;
mod text;

use super::condition::Condition;
use super::step::Step;
use super::{Event, Level, Setup, Trace, World};
use crate::words::{Span, Time};
pub use branch::Branch;
pub use load::{Ending, Loader, Progress};
pub use moment::{Moment, Played};
pub use script::{Entry, Script};
pub use text::{Forgotten, LoadError, Scribe};

/// How much memory a session may use for its past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For the checkpoints of each branch.
    pub checkpoint_bytes: u64,
    /// For the trace of each branch.
    pub trace_bytes: usize,
    /// For the script of each branch. A script that has forgotten its beginning cannot be saved.
    pub script_bytes: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { checkpoint_bytes: 128 << 20, trace_bytes: 64 << 20, script_bytes: 128 << 20 }
    }
}

const NODE_SECONDS_MAX: u64 = 24 * 3_600;

/// What was given up for the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Seeking among the older moments plays a little longer for these.
    pub checkpoints: u64,
    /// The oldest events are not there any more; the moments are.
    pub events: usize,
    /// The oldest entries of the script, and with them all moments before [`Session::begins_at`].
    pub entries: usize,
}

/// A place in a branch, to the very step.
#[derive(Clone, Debug)]
pub struct Bookmark {
    number: usize,
    moment: Moment,
    events: usize,
}

/// A cluster, its past, and its other pasts.
#[derive(Clone, Debug)]
pub struct Session {
    setup: Setup,
    level: Level,
    budget: Budget,
    branches: Vec<Branch>,
    current: usize,
    /// The present, if it is not the end of the branch.
    back: Option<Moment>,
}

impl Session {
    /// A session on a cluster that has just formed; it keeps the whole trace.
    pub fn new(setup: Setup) -> Session {
        Session::with(setup, Level::Full, Budget::default())
    }

    pub fn with(setup: Setup, level: Level, budget: Budget) -> Session {
        Session::on(World::formed(setup.clone()), setup, level, budget)
    }

    /// A session as [`Session::new`] makes it; nothing if the cluster does not form.
    pub fn try_new(setup: Setup) -> Option<Session> {
        Session::try_with(setup, Level::Full, Budget::default())
    }

    /// A session as [`Session::with`] makes it; nothing if the cluster does not form.
    pub fn try_with(setup: Setup, level: Level, budget: Budget) -> Option<Session> {
        let world = World::try_formed(setup.clone())?;
        Some(Session::on(world, setup, level, budget))
    }

    fn on(world: World, setup: Setup, level: Level, budget: Budget) -> Session {
        let trunk = Branch::new(
            "the first run".to_owned(),
            world,
            Trace::new(level),
            budget.checkpoint_bytes,
        );
        Session { setup, level, budget, branches: vec![trunk], current: 0, back: None }
    }

    /// How long a cluster of so many nodes may be played in one go: 4 hours of six nodes, which a
    /// browser does in half a minute; of more nodes, less.
    pub const fn node_time_max(nodes: u64) -> Span {
        let nodes = if nodes == 0 { 1 } else { nodes };
        Span::from_secs(NODE_SECONDS_MAX / nodes)
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// The world as it is in the present.
    pub fn world(&self) -> &World {
        match &self.back {
            Some(moment) => &moment.world,
            None => &self.branch().end.world,
        }
    }

    pub fn now(&self) -> Time {
        self.world().now()
    }

    /// Where the known past of this branch begins: the founding, unless that was forgotten.
    pub fn begins_at(&self) -> Time {
        self.branch().begins_at()
    }

    /// Where the known past of this branch ends.
    pub fn ends_at(&self) -> Time {
        self.branch().ends_at()
    }

    /// Whether the present is the end of the branch.
    pub fn is_at_end(&self) -> bool {
        self.back.is_none()
    }

    /// The digest of the run up to the present.
    pub fn digest(&self) -> u64 {
        self.world().digest()
    }

    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// How much time has been played, in all branches together.
    pub fn time_played(&self) -> Span {
        let played = |branch: &Branch| {
            let from = branch.from().map_or(branch.end.world.origin(), |(_, at)| at);
            branch.ends_at().since(from)
        };
        self.branches.iter().map(played).fold(Span::ZERO, |sum, span| sum + span)
    }

    /// The number of the branch in which the present is.
    pub fn current(&self) -> usize {
        self.current
    }

    pub fn branch(&self) -> &Branch {
        &self.branches[self.current]
    }

    /// All that happened in this branch, also after the present.
    pub fn trace(&self) -> &Trace {
        &self.branch().trace
    }

    /// The position in the trace of the first event after the present.
    pub fn position(&self) -> usize {
        self.trace().at(just_after(self.now()))
    }

    pub fn dropped(&self) -> Dropped {
        let branch = self.branch();
        Dropped {
            checkpoints: branch.checkpoints.dropped(),
            events: branch.trace.start(),
            entries: branch.script.start(),
        }
    }

    /// Does a step in the present. In the past this begins a branch, named after the step.
    pub fn apply(&mut self, step: &Step) {
        if self.back.is_some() {
            let name = self.name_of(step);
            self.fork(name);
        }
        self.branches[self.current].step(step.clone());
        self.settle();
    }

    /// Lets time pass: through what is known already, then further.
    pub fn run_for(&mut self, span: Span) {
        let until = self.now() + span;
        if until > self.ends_at() {
            self.branches[self.current].pass(until);
            self.back = None;
            self.settle();
        } else {
            self.seek(until);
        }
    }

    /// Lets time pass until the condition holds, at most `within`; whether it does.
    pub fn run_until(&mut self, condition: &Condition, within: Span) -> bool {
        self.apply(&Step::RunUntil { condition: *condition, within });
        self.world().holds(condition)
    }

    /// Moves the present to a time of this branch, between its beginning and its end.
    pub fn seek(&mut self, time: Time) {
        let branch = self.branch();
        let time = time.max(branch.begins_at());
        self.back = (time < branch.ends_at()).then(|| branch.at(time));
    }

    /// Moves the present to the next event that passes the filter.
    pub fn step_event(&mut self, shows: impl Fn(&Event) -> bool) -> Option<Event> {
        let found = self.trace().from(self.position()).find(|event| shows(event)).cloned()?;
        self.seek(found.at);
        Some(found)
    }

    /// Moves the present back to the last event that passes the filter and lies before it.
    pub fn back_event(&mut self, shows: impl Fn(&Event) -> bool) -> Option<Event> {
        let trace = self.trace();
        let past = (trace.start()..trace.at(self.now())).rev();
        let mut events = past.filter_map(|position| trace.get(position));
        let found = events.find(|event| shows(event)).cloned()?;
        self.seek(found.at);
        Some(found)
    }

    /// Begins a branch in the present, which becomes its end; its number.
    pub fn fork(&mut self, name: impl Into<String>) -> usize {
        let moment = match self.back.take() {
            Some(moment) => moment,
            None => self.branch().end.clone(),
        };
        let events = self.trace().at(just_after(moment.world.now()));
        self.begin(self.current, name.into(), moment, events)
    }

    /// Remembers the end of the branch, to the very step.
    pub fn bookmark(&self) -> Bookmark {
        let branch = self.branch();
        Bookmark { number: self.current, moment: branch.end.clone(), events: branch.trace.len() }
    }

    /// Begins a branch at a bookmark, before whatever was done at the same time after it; its
    /// number. The bookmark's branch must not have been dropped since.
    pub fn fork_at(&mut self, bookmark: &Bookmark, name: impl Into<String>) -> usize {
        let Bookmark { number, moment, events } = bookmark.clone();
        self.begin(number, name.into(), moment, events)
    }

    fn begin(&mut self, number: usize, name: String, moment: Moment, events: usize) -> usize {
        let branch = self.branches[number].fork(number, name, moment, events);
        self.branches.push(branch);
        self.current = self.branches.len() - 1;
        self.back = None;
        self.current
    }

    /// Goes to the end of another branch; whether there is one of this number.
    pub fn switch(&mut self, number: usize) -> bool {
        let is_there = number < self.branches.len();
        if is_there {
            self.current = number;
            self.back = None;
        }
        is_there
    }

    /// Gives a branch up, but not the first; whether there was one of this number. Those behind it
    /// move up by one, and those that were forked from it count as forked from what it was forked
    /// from. Who was in it is in that one now.
    pub fn drop_branch(&mut self, number: usize) -> bool {
        if number == 0 || number >= self.branches.len() {
            return false;
        }
        let dropped = self.branches.remove(number);
        let (parent, forked_at) = dropped.from.unwrap_or((0, dropped.ends_at()));
        for branch in &mut self.branches {
            branch.from = branch.from.map(|(from, at)| match from {
                from if from == number => (parent, at.min(forked_at)),
                from if from > number => (from - 1, at),
                from => (from, at),
            });
        }
        if self.current == number {
            self.switch(parent);
        } else if self.current > number {
            self.current -= 1;
        }
        true
    }

    /// The present run as text, if its beginning was not forgotten; see [`Session::load`].
    pub fn save(&self) -> Result<String, Forgotten> {
        text::save(self)
    }

    /// Reads what [`Session::save`] wrote, and plays it to the same end.
    pub fn load(text: &str) -> Result<Session, LoadError> {
        load::load(text)
    }

    /// The name of a branch that begins with this step: `kill 7004 at +6.2 s`.
    pub fn name_of(&self, step: &Step) -> String {
        let text = step.to_string();
        let tenths = self.world().elapsed().millis() / 100;
        let what = text.strip_prefix("$ ").unwrap_or(&text);
        format!("{what} at +{}.{} s", tenths / 10, tenths % 10)
    }

    /// After time was recorded: the present is the end, the past fits its budget, and no invariant
    /// was broken, which would be our mistake.
    fn settle(&mut self) {
        self.back = None;
        let branch = &mut self.branches[self.current];
        branch.fit(&self.budget);
        if let Some(broken) = branch.end.world.broken().first().cloned() {
            let run = self.save().unwrap_or_else(|error| error.to_string());
            panic!("invariant {} is broken: {}\n{run}", broken.name, broken.detail);
        }
    }
}

fn just_after(time: Time) -> Time {
    time + Span::from_micros(1)
}

#[cfg(test)]
mod tests;
