//! A moment: a place in a script, and the world there.

use super::super::{Begun, Trace, Waited, World};
use super::script::{Entry, Script};
use crate::words::Time;

/// A place in a script, and the world there. A clone shares almost everything.
#[derive(Clone, Debug)]
pub struct Moment {
    pub world: World,
    /// The next entry, or the one under way.
    next: usize,
    /// The step before, if it still waits.
    begun: Option<Begun>,
}

impl Moment {
    pub fn new(world: World) -> Moment {
        Moment { world, next: 0, begun: None }
    }

    /// How many entries have been begun or done, of which the last may still be passing.
    pub fn entries(&self) -> usize {
        self.next
    }

    /// Whether a step still waits for something.
    pub fn is_waiting(&self) -> bool {
        self.begun.is_some()
    }

    /// Plays the script up to this time: all that was done then has been done.
    pub fn play(&mut self, script: &Script, to: Time, trace: &mut Trace) -> Played {
        loop {
            if self.wait(script, to, trace) == Played::ToTheTime {
                return Played::ToTheTime;
            }
            match script.get(self.next) {
                None => return Played::ToTheEnd,
                Some(Entry::Step(step)) => {
                    self.begun = Some(self.world.begin(step, trace));
                    self.next += 1;
                }
                Some(Entry::Outside(at, what)) => {
                    self.pass(*at, to, trace);
                    if to < *at {
                        return Played::ToTheTime;
                    }
                    self.world.do_outside(what, trace);
                    self.next += 1;
                }
                Some(Entry::Break(_)) => {
                    self.begun = None;
                    self.next += 1;
                }
                Some(&Entry::Pass(until)) => {
                    self.pass(until, to, trace);
                    // The last entry may still grow, so it is left only for another one.
                    if to < until || self.next + 1 == script.len() {
                        return if to < until { Played::ToTheTime } else { Played::ToTheEnd };
                    }
                    self.next += 1;
                }
            }
        }
    }

    /// Lets time pass until one of the two.
    fn pass(&mut self, until: Time, to: Time, trace: &mut Trace) {
        let until = until.min(to);
        if self.world.now() < until {
            self.world.run_until(until, trace);
        }
    }

    /// Lets the step that was begun wait; [`Played::ToTheTime`] if it has to go on after `to`.
    fn wait(&mut self, script: &Script, to: Time, trace: &mut Trace) -> Played {
        let Some(begun) = &self.begun else {
            return Played::ToTheEnd;
        };
        let stop = match script.get(self.next) {
            Some(&Entry::Break(at)) => at,
            _ => Time::MAX,
        };
        match self.world.wait(begun, stop.min(to), trace) {
            Waited::ToTheStop if to < stop => Played::ToTheTime,
            Waited::ToTheStop => Played::ToTheEnd,
            Waited::ToTheEnd => {
                self.begun = None;
                Played::ToTheEnd
            }
        }
    }
}

/// How far a script was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// The time has come; the script goes on.
    ToTheTime,
    /// There is no more, and nothing waits.
    ToTheEnd,
}
