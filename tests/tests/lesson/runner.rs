//! The runner as a state machine: what it asks for, in which order, and how it goes on.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use hashslot_core::lesson::{
    ErrorCodes, Lesson, Mode, Observation, Runner, RunnerAsk, Target, update,
};

const LESSON: &str = r#"---
format: 1
redis: "7.0"
title: T
about: A
minutes: 1
misconception: M
cluster: { masters: 3, replicas: 1 }
---
# T

```lab
7000> SET a 1
OK
7000> CLUSTER MYID
"<id 7000>"
```

```lab on=simulator
$ roll 7004 election-delay 900ms
```

```predict
ask: What does 7000 answer?
7000> GET b
( ) (error) MOVED 3300 127.0.0.1:7001
( ) (nil)
    counter: kill 7001
    counter: run until 7000 sees 7004 own 3300
( ) "2"
    never: nodes do not proxy
```

```quiz
Q
[x] a
[ ] b | no
[x] c
```
"#;

fn runner(mode: Mode, target: Target) -> Runner {
    let lesson = Lesson::parse("t.md", LESSON).unwrap();
    Runner::new(Arc::new(lesson), mode, target)
}

/// What a target without a cluster says to each ask.
fn observe(ask: &RunnerAsk) -> Observation {
    match ask {
        RunnerAsk::Perform { action, .. } => Observation::Printed(print(&action.to_string())),
        RunnerAsk::Predict { .. } => Observation::Chosen(1),
        RunnerAsk::Quiz { .. } => Observation::ChosenAll(vec![0, 2]),
        _ => Observation::Seen,
    }
}

fn print(step: &str) -> Vec<String> {
    let text = match step {
        "7000> SET a 1" => "OK".to_owned(),
        "7000> CLUSTER MYID" => format!("\"{}\"", "a".repeat(40)),
        "7000> GET b" => "(error) MOVED 3300 127.0.0.1:7001".to_owned(),
        _ => return Vec::new(),
    };
    vec![text]
}

fn short(ask: &RunnerAsk) -> String {
    match ask {
        RunnerAsk::Perform { action, .. } => action.to_string(),
        other => format!("{other:?}").split([' ', '(']).next().unwrap_or("").to_owned(),
    }
}

/// Plays to the end and answers the asks in order.
fn play(mut runner: Runner) -> (Runner, Vec<String>) {
    let mut asks = Vec::new();
    while runner.next() != RunnerAsk::Done {
        let ask = runner.next();
        asks.push(short(&ask));
        runner.answer(observe(&ask)).unwrap();
    }
    (runner, asks)
}

#[test]
fn a_learner_sees_prose_and_is_asked() {
    let (runner, asks) = play(runner(Mode::Learn, Target::Simulator));
    let expected = [
        "Show",
        "7000> SET a 1",
        "7000> CLUSTER MYID",
        "$ roll 7004 election-delay 900ms",
        "Predict",
        "Mark",
        "7000> GET b",
        "Verdict",
        "Quiz",
        "QuizVerdict",
    ];
    assert_eq!(asks, expected);
    assert_eq!(runner.findings(), &[]);
}

#[test]
fn a_test_checks_every_counter_run() {
    let (runner, asks) = play(runner(Mode::Test, Target::Live));
    let expected = [
        "7000> SET a 1",
        "7000> CLUSTER MYID",
        "Mark",
        "7000> GET b",
        "Fork",
        "$ kill 7001",
        "$ run until 7000 sees 7004 own 3300",
        "7000> GET b",
        "Finding",
        "Back",
    ];
    assert_eq!(asks, expected);
    assert_eq!(runner.findings().len(), 1);
}

#[test]
fn a_learner_may_ask_what_if() {
    let mut runner = runner(Mode::Learn, Target::Simulator);
    while !matches!(runner.next(), RunnerAsk::Verdict { .. }) {
        runner.answer(observe(&runner.next())).unwrap();
    }
    runner.answer(Observation::WhatIf(0)).unwrap_err();
    runner.answer(Observation::WhatIf(1)).unwrap();
    assert_eq!(runner.next(), RunnerAsk::Fork { option: 1 });
    runner.answer(Observation::Seen).unwrap();
    runner.answer(Observation::Printed(Vec::new())).unwrap();
    runner.answer(Observation::Printed(Vec::new())).unwrap();
    runner.answer(Observation::Printed(vec!["(nil)".into()])).unwrap();
    runner.answer(Observation::Seen).unwrap();
    let RunnerAsk::Verdict { right, counter, .. } = runner.next() else {
        panic!("{:?}", runner.next())
    };
    assert_eq!(right, Some(0));
    assert!(counter.is_some_and(|counter| counter.option == 1 && counter.came_true));
}

#[test]
fn a_runner_goes_on_where_it_was_left_at_any_ask() {
    let mut runner = runner(Mode::Test, Target::Simulator);
    while runner.next() != RunnerAsk::Done {
        let saved = serde_json::to_string(runner.progress()).unwrap();
        let progress = serde_json::from_str(&saved).unwrap();
        let again = Runner::resume(Arc::clone(runner.lesson()), progress);
        assert_eq!(again.next(), runner.next());
        assert_eq!(again.progress(), runner.progress());
        let sent = serde_json::to_string(&runner.next()).unwrap();
        assert_eq!(serde_json::from_str::<RunnerAsk>(&sent).unwrap(), runner.next());
        let ask = runner.next();
        runner.answer(Observation::ChosenAll(vec![99])).unwrap_err();
        assert_eq!(runner.next(), ask);
        runner.answer(observe(&ask)).unwrap();
    }
}

#[test]
fn a_target_that_cannot_go_back_checks_no_counter_runs() {
    let mut runner = runner(Mode::Test, Target::Live);
    while runner.next() != RunnerAsk::Done {
        let ask = runner.next();
        assert!(!matches!(ask, RunnerAsk::Fork { .. }));
        let observation = match ask {
            RunnerAsk::Mark => Observation::Impossible,
            _ => observe(&ask),
        };
        runner.answer(observation).unwrap();
    }
    assert_eq!(runner.findings(), &[]);
}

#[test]
fn output_is_rewritten_but_error_codes_are_not_unless_accepted() {
    let source = LESSON.replace("OK", "WRONG\n<any>").replace("\"<id 7000>\"", "(error) ERR no");
    let lesson = Arc::new(Lesson::parse("t.md", &source).unwrap());
    let (runner, _) = play(Runner::new(Arc::clone(&lesson), Mode::Test, Target::Live));
    let refused = update(&lesson, runner.findings(), ErrorCodes::Keep).unwrap_err();
    assert_eq!((refused[0].line, refused.len()), (17, 1));
    let rewritten = update(&lesson, runner.findings(), ErrorCodes::Accept).unwrap();
    let expected =
        LESSON.replace("OK", "<any>").replace("\"<id 7000>\"", &format!("\"{}\"", "a".repeat(40)));
    assert_eq!(rewritten, expected);
}
