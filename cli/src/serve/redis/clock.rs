//! The clock: which moment of the world it is, by the clock on the wall.
//!
//! The problem: real programs measure real time, and the world counts its own. The idea: an anchor,
//! a pair of moments that belong together, and a speed; a change of speed, a pause and a leap set a
//! new anchor. Whoever cannot keep up (the machine was asleep, or the speed is more than it can do)
//! runs behind the clock and catches up; what is too far behind is given up, which is a new anchor
//! as well, so that nobody runs after the clock for ever.

use std::time::{Duration, Instant};

use hashslot_core::words::{Span, Time};

/// So far behind the clock by the wall's measure that it is set back.
const BEHIND_MAX: Duration = Duration::from_secs(60);
/// The slowest and the fastest that there are, in percent.
pub const SPEED_PERCENT: std::ops::RangeInclusive<u32> = 10..=100_000;

/// Whether time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Running,
    Paused,
}

/// The world's time by the clock on the wall.
#[derive(Clone, Debug)]
pub struct Clock {
    wall: Instant,
    world: Time,
    speed_percent: u32,
    flow: Flow,
    given_up: Span,
}

impl Clock {
    /// A running clock that shows `world` at `wall`.
    pub fn new(wall: Instant, world: Time, speed_percent: u32) -> Clock {
        Clock { wall, world, speed_percent, flow: Flow::Running, given_up: Span::ZERO }
    }

    pub fn flow(&self) -> Flow {
        self.flow
    }

    pub fn speed_percent(&self) -> u32 {
        self.speed_percent
    }

    /// How much time was given up because the world could not keep up.
    pub fn given_up(&self) -> Span {
        self.given_up
    }

    /// What the clock shows.
    pub fn at(&self, wall: Instant) -> Time {
        match self.flow {
            Flow::Paused => self.world,
            Flow::Running => self.world + self.span(wall.saturating_duration_since(self.wall)),
        }
    }

    /// When the clock shows a moment; never while it is paused.
    pub fn when(&self, world: Time) -> Option<Instant> {
        match self.flow {
            Flow::Paused => None,
            Flow::Running => Some(self.wall + self.duration(world.since(self.world))),
        }
    }

    pub fn set_flow(&mut self, wall: Instant, flow: Flow) {
        self.anchor(wall, self.at(wall));
        self.flow = flow;
    }

    /// A speed within [`SPEED_PERCENT`].
    pub fn set_speed(&mut self, wall: Instant, percent: u32) {
        self.anchor(wall, self.at(wall));
        self.speed_percent = percent;
    }

    /// The world is at `world`: if that is ahead of the clock, the clock is set forward.
    pub fn leap(&mut self, wall: Instant, world: Time) {
        if world > self.at(wall) {
            self.anchor(wall, world);
        }
    }

    /// The world is at `world` now, whatever the clock showed.
    fn anchor(&mut self, wall: Instant, world: Time) {
        (self.wall, self.world) = (wall, world);
    }

    /// The world is at `world`: if that is too far behind, the clock is set back.
    pub fn give_up(&mut self, wall: Instant, world: Time) {
        let behind = self.at(wall).since(world);
        if self.duration(behind) > BEHIND_MAX {
            self.given_up = self.given_up + behind;
            self.anchor(wall, world);
        }
    }

    /// So much passes in the world meanwhile.
    fn span(&self, wall: Duration) -> Span {
        let micros = wall.as_micros() * u128::from(self.speed_percent) / 100;
        Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    fn duration(&self, world: Span) -> Duration {
        let micros = u128::from(world.micros()) * 100;
        let rounded_up = micros.div_ceil(u128::from(self.speed_percent));
        // Ten years are as good as never, and an Instant can still be so far away.
        let longest = 10 * 365 * 24 * 3_600 * 1_000_000;
        Duration::from_micros(u64::try_from(rounded_up).unwrap_or(longest).min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_millis(5_000);

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn it_runs_at_its_speed_and_the_way_back_agrees() {
        let wall = Instant::now();
        let mut clock = Clock::new(wall, START, 100);
        assert_eq!(clock.at(after(wall, 250)), Time::from_millis(5_250));
        clock.set_speed(after(wall, 1_000), 1_000);
        assert_eq!(clock.at(after(wall, 1_100)), Time::from_millis(7_000));
        let due = clock.when(Time::from_millis(7_000)).unwrap();
        assert_eq!(due, after(wall, 1_100));
        clock.set_speed(after(wall, 1_100), 10);
        assert_eq!(clock.at(after(wall, 2_100)), Time::from_millis(7_100));
    }

    #[test]
    fn a_paused_clock_stands_and_goes_on_from_there() {
        let wall = Instant::now();
        let mut clock = Clock::new(wall, START, 100);
        clock.set_flow(after(wall, 100), Flow::Paused);
        assert_eq!(clock.at(after(wall, 9_000)), Time::from_millis(5_100));
        assert_eq!(clock.when(Time::from_millis(6_000)), None);
        clock.set_flow(after(wall, 9_000), Flow::Running);
        assert_eq!(clock.at(after(wall, 9_001)), Time::from_millis(5_101));
    }

    #[test]
    fn a_leap_sets_the_clock_forward_and_never_back() {
        let wall = Instant::now();
        let mut clock = Clock::new(wall, START, 100);
        clock.leap(wall, Time::from_millis(9_000));
        assert_eq!(clock.at(after(wall, 10)), Time::from_millis(9_010));
        clock.leap(after(wall, 10), START);
        assert_eq!(clock.at(after(wall, 10)), Time::from_millis(9_010));
    }

    #[test]
    fn who_is_too_far_behind_gives_it_up() {
        let wall = Instant::now();
        let mut clock = Clock::new(wall, START, 100);
        clock.give_up(after(wall, 59_000), START);
        assert_eq!(clock.given_up(), Span::ZERO);
        clock.give_up(after(wall, 61_000), START);
        assert_eq!(clock.given_up(), Span::from_secs(61));
        assert_eq!(clock.at(after(wall, 61_000)), START);
    }
}
