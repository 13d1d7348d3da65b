//! Shrinking: the shortest schedule that still breaks the same invariant.
//!
//! The rule: leave out a run of steps; if what broke before still breaks, they are left out for good.
//! Begin with half of the steps and end with single ones (the idea of delta debugging, Zeller and
//! Hildebrandt 2002). The steps that end all faults stay, or the last claim would be broken by them.

use super::play;
use super::schedule::{FAULTS_FOR, Timed};
use crate::world::Setup;

/// The same schedule without what it does not need to break the invariant `name`.
pub fn shrink(setup: &Setup, steps: &[Timed], name: &str) -> Vec<Timed> {
    let breaks = |steps: &[Timed]| play(setup, steps).broken.iter().any(|one| one.name == name);
    let mut kept = steps.to_vec();
    let mut length = kept.len().div_ceil(2);
    while length > 0 {
        let mut from = 0;
        while from < kept.len() {
            let to = (from + length).min(kept.len());
            let less = without(&kept, from, to);
            if less.len() < kept.len() && breaks(&less) {
                kept = less;
            } else {
                from = to;
            }
        }
        length /= 2;
    }
    kept
}

/// A schedule without some of its steps; those that end all faults stay.
fn without(steps: &[Timed], from: usize, to: usize) -> Vec<Timed> {
    let left_out = |place: usize| (from..to).contains(&place) && steps[place].at < FAULTS_FOR;
    let kept = steps.iter().enumerate().filter(|&(place, _)| !left_out(place));
    kept.map(|(_, timed)| timed.clone()).collect()
}
