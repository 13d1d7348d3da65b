//! Random faults on nine nodes for a virtual minute, while slots are moved and failovers planned,
//! then a minute of peace: what must never happen does not, whatever the seed, and in the end all
//! nodes agree. What may happen does: some seed reaches each way in which a hazard comes true.
//!
//! 1,000 seeds by default; `HASHSLOT_SEEDS=10000` (as `make soak` sets it) plays more. That each
//! claim is able to fail is shown in `core/src/explore/tests.rs`, with rules broken on purpose.

use hashslot_core::explore::{Run, Summary, explore, setup};
use hashslot_tests::seeds;

/// Slots are lost (see `explore::play`) in at most one of so many runs.
const LOSES_SLOTS_ONE_IN: u64 = 1_000;

#[test]
fn no_seed_of_random_faults_breaks_an_invariant() {
    let runs = seeds::play(seeds::count(1_000), |seed| explore(&setup(seed)));
    let mut summary = Summary::default();
    runs.iter().for_each(|run| summary.add(run));
    println!("{summary}");
    assert!(summary.broken.is_empty(), "an invariant is broken:\n{summary}");
    assert!(
        summary.lost_slots.len() as u64 * LOSES_SLOTS_ONE_IN <= summary.runs,
        "slots are lost too often:\n{summary}"
    );
    assert!(
        summary.with_failover * 2 >= summary.runs,
        "fewer than half of the seeds contain a finished failover:\n{summary}"
    );
    assert!(summary.faults.iter().all(|&count| count > 0), "a fault never fired:\n{summary}");
    for (place, &(way, _)) in summary.hazards.iter().enumerate() {
        let first = runs.iter().find(|run| reaches(run, place));
        let seed = first.map(|run| run.seed);
        println!("seed {seed:?} reaches: {way}");
        assert!(seed.is_some(), "no seed reaches {way}:\n{summary}");
    }
}

/// Whether a run reached the way at this place among the hazards.
fn reaches(run: &Run, place: usize) -> bool {
    run.hazards.get(place).is_some_and(|&(_, count)| count > 0)
}
