//! How long a failover takes, on real nodes and on simulated ones, in one test.
//!
//! A master is killed at a random moment; the time to its replica's promotion is compared: by rank
//! test, and each real trial with the range of the simulated ones. A few clusters run at once, so
//! that they do not disturb each other. With `HASHSLOT_TRIALS` set to more trials, medians must be
//! within five per cent.

#![cfg(unix)]

use std::thread;
use std::time::{Duration, Instant};

use hashslot::live::{Cluster, Program};
use hashslot_core::words::Dice;
use hashslot_core::world::condition::Condition;
use hashslot_core::world::step::{Line, Port};
use hashslot_tests::live::program;
use hashslot_tests::ranks::{median, rank_test};
use hashslot_tests::seeds;
use hashslot_tests::trials::{QUIET_MS, setup, simulated};

const NODE_TIMEOUT_MS: u64 = 1_000;
const SIMULATED: u64 = 1_000;
/// How many real trials there are if nobody says more.
const TRIALS: u64 = 8;
/// As many clusters run at once.
const AT_ONCE: u64 = 4;
/// How far a real trial may lie outside of the simulated ones, in ms.
const EARLIER_MS: u64 = 150;
const LATER_MS: u64 = 300;
/// Below this the two are not the same.
const PROBABILITY_MIN: f64 = 0.001;
/// From so many trials on medians are compared, and how far they may be apart.
const MANY: u64 = 40;
const MEDIANS_PERCENT: u64 = 5;

fn trials() -> u64 {
    match std::env::var("HASHSLOT_TRIALS") {
        Ok(text) => text.parse().expect("HASHSLOT_TRIALS is a number"),
        Err(_) => TRIALS,
    }
}

/// One trial on real nodes: ms from the kill to the promotion.
fn real(program: &Program, number: u64) -> u64 {
    let cluster = Cluster::start(program, &setup(number, NODE_TIMEOUT_MS));
    let mut cluster = cluster.unwrap_or_else(|trouble| panic!("{trouble}"));
    let mut dice = Dice::new(number, "the moment of the kill", 0);
    thread::sleep(Duration::from_millis(QUIET_MS[0] + dice.below(QUIET_MS[1])));
    let victim = 7000 + number as u16 % 3;
    let heir = Port::new(victim + 3).expect("it is a port");
    let kill = Line::parse(&format!("$ kill {victim}")).expect("it is a step");
    let killed = Instant::now();
    assert_eq!(cluster.perform(&kill), [""; 0]);
    while !cluster.holds(&Condition::IsMaster(heir)) {
        assert!(killed.elapsed() < Duration::from_secs(30), "trial {number}: no failover");
        thread::sleep(Duration::from_millis(2));
    }
    killed.elapsed().as_millis() as u64
}

fn real_trials(program: &Program, count: u64) -> Vec<u64> {
    let mut times = Vec::new();
    for first in (0..count).step_by(AT_ONCE as usize) {
        let batch = first..count.min(first + AT_ONCE);
        thread::scope(|scope| {
            let running: Vec<_> =
                batch.map(|number| scope.spawn(move || real(program, number))).collect();
            times.extend(running.into_iter().map(|one| one.join().expect("a trial panicked")));
        });
    }
    times
}

#[test]
fn a_failover_takes_as_long_on_real_nodes_as_on_simulated_ones() {
    let Some(program) = program() else { return };
    let count = trials();
    let real = real_trials(&program, count);
    let simulated = seeds::play(SIMULATED, |seed| simulated(seed, NODE_TIMEOUT_MS)[3]);
    let (least, most) = (simulated.iter().min(), simulated.iter().max());
    let (&least, &most) = least.zip(most).expect("there are simulated trials");
    let probability = rank_test(&real, &simulated);
    let medians = [median(&real), median(&simulated)];
    println!("real trials, ms:   {real:?}, median {}", medians[0]);
    println!("simulated:         {least} to {most}, median {}", medians[1]);
    println!("rank test:         p = {probability:.4}");
    assert!(probability >= PROBABILITY_MIN, "the two are not of one distribution");
    let range = least.saturating_sub(EARLIER_MS)..=most + LATER_MS;
    let outside: Vec<_> = real.iter().filter(|time| !range.contains(time)).collect();
    assert!(outside.is_empty(), "{outside:?} ms are outside of {range:?}");
    if count >= MANY {
        let off = medians[0].abs_diff(medians[1]) * 100;
        assert!(off <= medians[1] * MEDIANS_PERCENT, "the medians differ: {medians:?}");
    }
}
