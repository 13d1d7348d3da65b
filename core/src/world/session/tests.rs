//! A run is its setup and its script: however it is played, it is the same run.

use super::super::event::EventKind;
use super::*;
use crate::node::{Config, Fact};

fn setup(seed: u64) -> Setup {
    let config = Config { node_timeout_ms: 2_000, ..Config::default() };
    Setup { seed, config, ..Setup::default() }
}

fn session(lines: &[&str]) -> Session {
    let mut session = Session::new(setup(7));
    lines.iter().for_each(|line| session.apply(&step(line)));
    session
}

fn step(line: &str) -> Step {
    Step::parse(line).unwrap()
}

const FAILOVER: [&str; 7] = [
    "$ workload 50/s keys 20",
    "$ run 2s",
    "7000> SET user:1 alice",
    "$ kill 7001",
    "$ run until 7004 is master within 20s",
    "$ restart 7001",
    "$ run 3s",
];

#[test]
fn going_back_shows_what_was() {
    let mut straight = Session::new(setup(7));
    let mut seen = Vec::new();
    for _ in 0..60 {
        straight.run_for(Span::from_millis(170));
        seen.push((straight.now(), straight.digest()));
        if seen.len() == 20 {
            straight.apply(&step("$ kill 7002"));
            seen.pop();
        }
    }
    for &(time, digest) in seen.iter().rev() {
        straight.seek(time);
        assert_eq!((straight.now(), straight.digest()), (time, digest));
    }
    assert!(!straight.is_at_end());
    straight.seek(straight.ends_at());
    assert!(straight.is_at_end());
}

#[test]
fn every_moment_inside_of_a_step_can_be_sought() {
    let mut one = session(&FAILOVER);
    let (begin, end) = (one.world().origin(), one.ends_at());
    let digest = one.digest();
    for part in 0..50 {
        let time = begin + Span::from_micros(end.since(begin).micros() / 50 * part);
        one.seek(time);
        assert_eq!(one.now(), time);
    }
    one.run_for(end.since(one.now()));
    assert_eq!(one.digest(), digest);
}

#[test]
fn a_saved_run_is_played_to_the_same_end() {
    let saved = session(&FAILOVER);
    let text = saved.save().unwrap();
    let loaded = Session::load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(loaded.digest(), saved.digest());
    assert_eq!(loaded.trace().len(), saved.trace().len());
    assert_eq!(loaded.save().unwrap(), text);
}

#[test]
fn a_step_in_the_past_begins_a_branch() {
    let mut session = session(&FAILOVER);
    let (end, digest) = (session.ends_at(), session.digest());
    session.seek(session.world().origin() + Span::from_millis(1_240));
    session.apply(&step("$ kill 7004"));
    assert_eq!(session.branches().len(), 2);
    assert_eq!(session.branch().name(), "kill 7004 at +1.2 s");
    session.run_for(Span::from_secs(10));
    assert_ne!(session.digest(), digest);
    let text = session.save().unwrap();
    assert!(text.contains("\nbreak 1.24s\n$ kill 7004\n"), "{text}");
    let loaded = Session::load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(loaded.digest(), session.digest());
    assert!(session.switch(0));
    assert_eq!((session.now(), session.digest()), (end, digest));
    assert!(!session.switch(9));
}

#[test]
fn a_fork_without_a_difference_makes_no_difference() {
    let mut session = Session::new(setup(3));
    session.run_for(Span::from_secs(4));
    session.apply(&step("$ kill 7000"));
    session.run_for(Span::from_secs(6));
    let (end, digest) = (session.ends_at(), session.digest());
    session.seek(session.world().origin() + Span::from_millis(5_500));
    session.fork("the same again");
    session.run_for(end.since(session.now()));
    assert_eq!(session.digest(), digest);
}

#[test]
fn events_are_stepped_through_both_ways() {
    let mut session = session(&FAILOVER);
    session.seek(Time::ZERO);
    let shows = |event: &Event| match &event.kind {
        EventKind::Fact(fact) => matches!(**fact, Fact::PfailSet { .. }),
        _ => false,
    };
    let first = session.step_event(shows).expect("somebody sees it fail");
    let second = session.step_event(shows).expect("and somebody else");
    assert!(first.at < second.at);
    assert_eq!(session.now(), second.at);
    assert_eq!(session.back_event(shows).map(|event| event.id), Some(first.id));
    assert_eq!(session.now(), first.at);
    assert!(session.back_event(shows).is_none());
}

#[test]
fn a_stage_of_empty_nodes_is_saved_as_such() {
    let mut session = Session::new(Setup { masters: 0, replicas: 0, empty: 3, ..setup(2) });
    session.apply(&step("7001> CLUSTER MEET 127.0.0.1 7000"));
    session.run_for(Span::from_secs(3));
    let text = session.save().unwrap();
    assert!(text.contains("\ncluster masters=0 replicas=0 empty=3 port=7000 "), "{text}");
    let loaded = Session::load(&text).unwrap();
    assert_eq!(loaded.setup(), session.setup());
    assert_eq!(loaded.digest(), session.digest());
    let both = text.replace("masters=0", "masters=3");
    let none = text.replace(" empty=3", "");
    for wrong in [both, none] {
        assert_eq!(Session::load(&wrong).map(drop).unwrap_err().line, 2, "{wrong}");
    }
}

#[test]
fn checkpoints_keep_to_their_budget() {
    let budget = Budget { checkpoint_bytes: 2 << 20, ..Budget::default() };
    let mut session = Session::with(setup(1), Level::Off, budget);
    session.run_for(Span::from_secs(120));
    let kept = session.branch().checkpoints.count();
    assert!((5..25).contains(&kept), "{kept}");
    assert!(session.dropped().checkpoints > 90);
    let digest = session.digest();
    session.seek(session.world().origin() + Span::from_secs(61));
    session.run_for(Span::from_secs(59));
    assert_eq!(session.digest(), digest);
}

#[test]
fn mistakes_in_a_text_are_pointed_at() {
    let good = session(&["$ kill 7001", "$ run 5s"]).save().unwrap();
    let cases = [
        ("hashslot session 1", "hashslot session 9", (1, 1)),
        ("masters=3", "masters=x", (2, 9)),
        ("node-timeout 2000", "node-timeout no", (3, 9)),
        ("$ kill 7001", "$ kil 7001", (4, 3)),
        ("end digest=", "end digest=f", (6, 5)),
        ("\nend ", "\nuntil 5\nend ", (6, 7)),
    ];
    for (from, to, place) in cases {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}\n{good}");
        let error = Session::load(&text).map(drop).unwrap_err();
        assert_eq!((error.line, error.column), place, "{error}");
    }
    assert!(Session::load("").is_err());
}

#[test]
fn a_bookmark_lies_before_what_was_done_at_the_same_time() {
    let mut session = session(&["$ run 1s", "7000> SET hello 1"]);
    let (now, digest) = (session.now(), session.digest());
    let events = session.trace().len();
    let bookmark = session.bookmark();
    session.apply(&step("$ kill 7001"));
    assert_eq!(session.now(), now, "a kill takes no time");
    assert_eq!(session.fork_at(&bookmark, "another way"), 1);
    assert_eq!((session.digest(), session.trace().len()), (digest, events));
    session.apply(&step("$ kill 7002"));
    let other = session.digest();
    session.seek(session.world().origin());
    session.seek(session.ends_at());
    assert_eq!(session.digest(), other);
    let loaded = Session::load(&session.save().unwrap()).unwrap();
    assert_eq!(loaded.digest(), other);
}

#[test]
fn a_branch_that_is_dropped_leaves_the_others_in_order() {
    let mut session = session(&["$ run 1s"]);
    for name in ["one", "two", "three"] {
        session.fork(name);
    }
    assert!(session.drop_branch(2), "two is there");
    let names: Vec<&str> = session.branches().iter().map(Branch::name).collect();
    assert_eq!(names[1..], ["one", "three"]);
    assert_eq!(session.branches()[2].from().map(|(from, _)| from), Some(1), "two's parent");
    assert_eq!(session.current(), 2);
    assert!(session.drop_branch(2) && session.current() == 1);
    assert!(!session.drop_branch(0) && !session.drop_branch(5));
}
