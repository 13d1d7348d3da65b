//! A rule of the simulator that is wrong on purpose is found, at the right step, and with the right
//! rule of `docs/FIDELITY.md`. The same play is equal beside a simulator that is right, so it is
//! the rule that is found, and not something else.

use std::sync::Arc;

use hashslot::compare::{
    Against, Difference, Outcome, Pace, Plan, Report, Simulated, play_on, report, simulate_all,
};
use hashslot::live::{Cluster, Program};
use hashslot_core::lab::setup_of;
use hashslot_core::lesson::Lesson;
use hashslot_core::node::{BrokenRule, Profile};
use hashslot_core::world::World;
use hashslot_tests::live::{can_cut, program};

use super::common::lesson;

const STAGE: &str = "{ masters: 3, replicas: 1, node-timeout: 1s, seed: 7 }";
/// Nobody is taken for dead within the few seconds of a lesson here.
const PATIENT: &str = "{ masters: 3, replicas: 1, node-timeout: 15s, seed: 7 }";
/// As often a play is repeated that shows more than the one wrong rule: a machine with other work
/// may be too late for a moment.
const ATTEMPTS: u32 = 3;

/// The lesson as it goes beside a simulator with these rules.
fn with_plan<T>(lesson: &Arc<Lesson>, profile: Profile, act: impl FnOnce(Plan) -> T) -> T {
    let worlds = |seed: u64| {
        let mut setup = setup_of(&lesson.front);
        setup.seed += seed;
        setup.profile = profile;
        World::try_formed(setup)
    };
    let against =
        Against { target: "processes".to_owned(), version: "7.0".to_owned(), warnings: Vec::new() };
    act(Plan {
        lesson,
        pace: Pace::as_written(lesson.front.cluster.node_timeout),
        against,
        again: String::new(),
        leaves_out: &[],
        worlds: &worlds,
    })
}

fn simulated(lesson: &Arc<Lesson>, profile: Profile) -> Simulated {
    with_plan(lesson, profile, |plan| simulate_all(&plan)).expect("nobody stops it")
}

/// One play on real nodes, beside the right rules and beside the wrong ones.
fn play(program: &Program, lesson: &Arc<Lesson>, sides: [&Simulated; 2]) -> [Report; 2] {
    let pace = Pace::as_written(lesson.front.cluster.node_timeout);
    let cluster = Cluster::start(program, &setup_of(&lesson.front));
    let mut cluster = cluster.unwrap_or_else(|trouble| panic!("{trouble}"));
    let real = play_on(&mut cluster, lesson, pace, |_, _| {}).expect("nobody stops it");
    sides.map(|side| with_plan(lesson, Profile::REDIS_7_0, |plan| report(plan, &real, side)))
}

/// Plays lines on real nodes; the first difference from a simulator with these rules.
fn first_difference(program: &Program, stage: &str, lines: &[&str], wrong: Profile) -> Difference {
    let lesson = lesson(stage, lines);
    let [right, wrong] = [Profile::REDIS_7_0, wrong].map(|profile| simulated(&lesson, profile));
    for attempt in 1.. {
        let [beside_right, beside_wrong] = play(program, &lesson, [&right, &wrong]);
        if beside_right.outcome == Outcome::Equal {
            assert_eq!(beside_wrong.outcome, Outcome::Different, "the wrong rule is not found");
            return beside_wrong.first().expect("there is a difference").clone();
        }
        assert!(attempt < ATTEMPTS, "{}", beside_right.plain());
        println!("played again because of this:\n{}", beside_right.plain());
    }
    unreachable!("the last attempt returns or fails");
}

fn broken(rule: BrokenRule) -> Profile {
    Profile { broken: Some(rule), ..Profile::REDIS_7_0 }
}

#[test]
fn an_election_delay_that_is_doubled_is_found() {
    let Some(program) = program() else { return };
    let lines = ["$ run 1s", "$ kill 7001", "$ run until 7004 is master within 20s"];
    let doubled = 2 * Profile::REDIS_7_0.election_delay_ms;
    let wrong = Profile { election_delay_ms: doubled, ..Profile::REDIS_7_0 };
    let found = first_difference(&program, STAGE, &lines, wrong);
    assert_eq!(found.action, lines[2], "{found:?}");
    assert!(found.rule.row.starts_with("It waits 500 ms"), "{found:?}");
}

#[test]
fn updates_that_are_never_sent_are_found() {
    let Some(program) = program() else { return };
    if !can_cut() {
        return;
    }
    let lines = [
        "$ cut 7001 <-> 7004",
        "$ kill 7001",
        "$ run until 7004 is master within 20s",
        "$ run 2s",
        "$ restart 7001",
        "$ run until 7001 is replica of 7004 within 10s",
    ];
    let found = first_difference(&program, STAGE, &lines, broken(BrokenRule::WithholdsUpdates));
    assert_eq!(found.action, lines[5], "{found:?}");
    assert!(found.rule.row.contains("is sent"), "{found:?}");
    assert_eq!(found.rule.section, "Epochs and slots");
}

#[test]
fn an_ask_where_moved_is_due_is_found() {
    let Some(program) = program() else { return };
    let lines = ["7000> GET hello", "(nil)", "7000> GET user:1", "$ run 100ms"];
    let found = first_difference(&program, STAGE, &lines, broken(BrokenRule::AsksForMoved));
    assert_eq!(found.action, "7000> GET user:1", "{found:?}");
    assert!(found.observed.contains("MOVED 10778") && found.expected[0].contains("ASK 10778"));
    assert!(found.rule.row.starts_with("Routing in order"), "{found:?}");
}

#[test]
fn a_cut_of_datagrams_is_found() {
    let Some(program) = program() else { return };
    if !can_cut() {
        return;
    }
    // What a replica says is lost, and with it that it got the first write. So the second one
    // waits, unless messages are datagrams.
    let lines = [
        "7004> READONLY",
        "7001> SET user:1 early",
        "$ run 1s",
        "$ cut 7004 -> 7001",
        "7001> SET user:1 first",
        "$ run 2s",
        "7001> SET user:1 second",
        "$ run 1s",
        "7004> GET user:1",
    ];
    let found = first_difference(&program, PATIENT, &lines, broken(BrokenRule::CutsDatagrams));
    assert_eq!(found.action, lines[8], "{found:?}");
    assert!(found.observed.contains("first") && found.expected[0].contains("second"));
    assert!(found.rule.row.starts_with("What is swallowed is sent again"), "{found:?}");
}
