//! Nothing breaks; and each claim breaks as soon as the rule behind it does.

use super::*;
use crate::node::BrokenRule;

fn summary(seeds: std::ops::Range<u64>, rule: Option<BrokenRule>) -> Summary {
    let mut summary = Summary::default();
    for seed in seeds {
        let mut setup = setup(seed);
        setup.profile.broken = rule;
        summary.add(&explore(&setup));
    }
    summary
}

#[test]
fn no_seed_breaks_an_invariant() {
    let summary = summary(0..40, None);
    assert!(summary.broken.is_empty(), "{summary}");
    assert!(summary.with_failover * 2 >= summary.runs, "{summary}");
}

#[test]
fn a_seed_is_played_the_same_twice() {
    assert_eq!(explore(&setup(5)), explore(&setup(5)));
}

#[test]
fn each_claim_breaks_with_its_rule() {
    let rules = [
        (BrokenRule::ElectsItself, "one-winner-per-epoch"),
        (BrokenRule::EpochFalls, "epoch-never-falls"),
        (BrokenRule::CountsTwice, "replica-not-ahead"),
        (BrokenRule::NeverYields, AGREEMENT),
    ];
    for (rule, name) in rules {
        let summary = summary(0..60, Some(rule));
        let found = summary.broken.iter().any(|(_, broken)| broken.name == name);
        assert!(found, "{rule:?} does not break {name}:\n{summary}");
    }
}

/// Two replicas of one master that hear late of each other ask for votes in the same epoch.
#[test]
fn a_voter_that_forgets_its_vote_votes_twice() {
    let lines = [
        "$ slow 7003 <-> 7006 800ms",
        "$ roll 7003 election-delay 700ms",
        "$ roll 7006 election-delay 700ms",
        "$ kill 7000",
        "$ run 20s",
        "$ restart 7000",
        "$ heal",
    ];
    let steps: Vec<Timed> = lines
        .iter()
        .map(|line| Timed { at: Span::ZERO, step: Step::parse(line).unwrap(), part: None })
        .collect();
    let play = |seed, rule| {
        let mut setup = Setup { replicas: 2, ..setup(seed) };
        setup.profile.broken = rule;
        play(&setup, &steps).broken
    };
    let forgets = |seed| play(seed, Some(BrokenRule::ForgetsVotes));
    let twice = |broken: Vec<Broken>| broken.iter().any(|one| one.name == "one-vote-per-epoch");
    assert!((0..10).any(|seed| twice(forgets(seed))));
    assert!((0..10).all(|seed| play(seed, None).is_empty()));
}

#[test]
fn a_shrunken_schedule_still_breaks() {
    let mut setup = setup(1);
    setup.profile.broken = Some(BrokenRule::EpochFalls);
    let steps = schedule(&setup);
    let name = "epoch-never-falls";
    assert!(play(&setup, &steps).broken.iter().any(|broken| broken.name == name));
    let less = shrink(&setup, &steps, name);
    assert!(less.len() < steps.len());
    assert!(play(&setup, &less).broken.iter().any(|broken| broken.name == name));
}
