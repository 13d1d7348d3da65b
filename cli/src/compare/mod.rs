//! The same lesson on a real cluster and on simulated ones, and where they differ.
//!
//! The problem: a simulator that teaches must not teach what the real thing does not do. The idea:
//! one lesson, one runner; its lines are done on a real cluster once and on simulated ones with
//! many seeds. After each line all is looked at that can be seen without disturbing. What the real
//! cluster shows and no simulated one does is a [`Difference`], with the rule that it is likely
//! about.
//!
//! - [`Target`] is what a real cluster must be able to do; `target` and `simulated` play a lesson
//!   on either side into a `recording`; `pace` says how fast.
//! - `said` and `look` are what is seen; `masks` and `kinds` take out what differs from run to run.
//! - `difference` aligns the recordings; `bounds` knows what numbers may be; `rules` names rules.
//! - [`Report`] is all of it, for people and for programs.

mod bounds;
mod difference;
mod kinds;
mod look;
mod masks;
mod pace;
mod recording;
mod report;
mod rules;
mod said;
mod simulated;
mod target;

use std::sync::Arc;

use hashslot_core::lesson::Lesson;
use hashslot_core::node::Profile;
use hashslot_core::world::World;
use hashslot_core::world::step::Line;

pub use difference::{Difference, Kind, differences};
pub use kinds::kind_of;
pub use masks::{masked, nodes};
pub use pace::Pace;
pub use recording::{Recording, Stopped, Taken, lines_of};
pub use report::{Against, NotDone, Outcome, Paint, Report, page};
pub use rules::{Rule, all as all_rules};
pub use said::{Said, call_of, simulate};
pub use target::{Stage, real as play_on};

use crate::live::stop;
use simulated::Gait;

/// With so many seeds the simulator is played.
pub const SEEDS: u64 = 24;

/// What is to be compared.
pub struct Plan<'a> {
    pub lesson: &'a Arc<Lesson>,
    pub pace: Pace,
    /// On what it is played, in words.
    pub against: Against,
    /// How to do it again.
    pub again: String,
    /// Parts of what is seen that are not compared, since others have a hand in them.
    pub leaves_out: &'a [&'a str],
    /// Simulated clusters, one for each seed from 0 on; that of seed 0 has the lesson's ids.
    pub worlds: &'a (dyn Fn(u64) -> Option<World> + Sync),
}

/// Lessons that were played on simulated clusters, to be compared with a real one.
pub struct Simulated {
    recordings: Vec<Recording>,
    profile: Profile,
}

/// Plays a lesson on simulated clusters, each with a seed and a gait of its own.
pub fn simulate_all(plan: &Plan) -> Result<Simulated, Stopped> {
    let namesakes = (plan.worlds)(0).ok_or(Stopped)?;
    let profile = namesakes.setup().profile;
    let worlds = (0..SEEDS).filter_map(|seed| Some((seed, (plan.worlds)(seed)?)));
    let play = |(seed, world)| {
        let worlds = (world, namesakes.clone());
        simulated::simulated(plan.lesson, plan.pace, worlds, Gait::of(seed, SEEDS), stop::is_wanted)
    };
    Ok(Simulated { recordings: worlds.map(play).collect::<Result<_, _>>()?, profile })
}

/// Plays a lesson on a target, and compares. `tell` hears of each line before it is done.
pub fn compare(
    plan: Plan,
    simulated: &Simulated,
    target: &mut impl Stage,
    tell: impl FnMut(usize, &Line),
) -> Result<Report, Stopped> {
    let real = play_on(target, plan.lesson, plan.pace, tell)?;
    Ok(report(plan, &real, simulated))
}

/// Compares what was played already.
pub fn report(plan: Plan, real: &Recording, simulated: &Simulated) -> Report {
    Report::of(plan, real, &simulated.recordings, &simulated.profile)
}
