//! A whole lesson through the encoded form: every request and response as the page sends them.
//! What is shared and saved is in `links.rs`, texts that mean harm in `hostile.rs`.

#![allow(clippy::unwrap_used)]

use hashslot_core::lab::{Answer, Ask, Pause, SHELF, Shown};
use hashslot_core::node::Opinion;
use hashslot_core::view::{Direction, EventKinds, Filter, Moment, Traffic};
use hashslot_core::words::Span;

use super::page::{Page, has_done, killed};

const LESSON: &str = "a-master-dies";

#[test]
fn each_lesson_is_played_to_its_end_in_requests_and_responses() {
    for shelved in SHELF {
        let mut page = Page::at(shelved.id);
        let last = page.play_until(|shown| shown.lesson.pause == Pause::Over);
        assert!(last.branch().is_none(), "{}", shelved.id);
        assert!(!last.lesson.done.is_empty(), "{}", shelved.id);
        let present = page.present();
        assert!(present.is_present && present.elapsed == last.present, "{}", shelved.id);
    }
}

#[test]
fn a_replica_takes_over_for_its_master() {
    let mut page = Page::at(LESSON);
    let last = page.play_until(|shown| shown.lesson.pause == Pause::Over);
    assert!(has_done("$ kill 7001")(&last));
    let present = page.present();
    let promoted = present.stage.nodes.iter().find(|node| node.port == 7004).unwrap();
    assert!(!promoted.slots.is_empty(), "7004 serves the slots of 7001");
}

#[test]
fn nothing_is_shown_failed_before_a_node_believes_it() {
    let mut page = Page::at(LESSON);
    let shown = page.play_until(has_done("$ kill 7001"));
    let kill = shown.lesson.done.iter().find(|done| done.step == "$ kill 7001").unwrap();
    let moment = page.shown(Ask::Seek { elapsed: kill.elapsed });
    assert!(killed(&moment));
    let dead = moment.stage.nodes.iter().find(|node| node.port == 7001).unwrap();
    assert_eq!(dead.opinions.len(), 5);
    assert!(dead.opinions.iter().all(|opinion| opinion.opinion == Opinion::Ok));
}

/// At each moment of each lesson: who is shown to hold another for failed has an event of its own
/// that says so, not later than that.
#[test]
fn every_opinion_on_the_stage_has_an_event_behind_it() {
    let mut found = 0;
    for shelved in SHELF {
        let mut page = Page::at(shelved.id);
        let last = page.play_until(|shown| shown.lesson.pause == Pause::Over);
        for mark in &last.marks {
            let shown = page.shown(Ask::ShowEvent { position: mark.position });
            for node in &shown.stage.nodes {
                let is_bad = |opinion| matches!(opinion, Opinion::Pfail | Opinion::Fail);
                for it in node.opinions.iter().filter(|it| is_bad(it.opinion)) {
                    let ask = Ask::WhyBelief { by: it.by, of: node.port };
                    let Answer::Why(chain) = page.ask(ask) else { panic!("no chain") };
                    let told = &chain.first().expect("a belief has an event").told;
                    let place = format!("{}, {}: {}", shelved.id, mark.text, told.text);
                    assert!(told.elapsed <= shown.elapsed, "{place}");
                    assert!(told.node == it.by.to_string(), "{place}");
                    let says_so = told.text.contains("FAIL") || told.text.contains("failed");
                    let names_it = told.text.contains(&node.port.to_string());
                    assert!(says_so && names_it, "{place}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 20, "{found} opinions were seen");
}

#[test]
fn the_past_is_stepped_through_both_ways_and_explained() {
    let mut page = Page::at(LESSON);
    let last = page.play_until(|shown| shown.lesson.pause == Pause::Over);
    let forward = Ask::Step { direction: Direction::Forward, filter: Filter::Moments };
    let back = Ask::Step { direction: Direction::Back, filter: Filter::Moments };
    let mut shown = page.shown(Ask::Seek { elapsed: Span::ZERO });
    let mut texts = Vec::new();
    while let Some(told) =
        page.shown(forward.clone()).now.filter(|now| Some(now) != shown.now.as_ref())
    {
        texts.push(told.text.clone());
        shown.now = Some(told);
        if texts.len() > 200 {
            break;
        }
    }
    assert!(texts.iter().any(|text| text.contains("PFAIL")), "{texts:#?}");
    assert!(texts.iter().any(|text| text.contains("is master now")), "{texts:#?}");
    let earlier = page.shown(back);
    assert!(earlier.elapsed <= last.present);
    let promotion = last.marks.iter().find(|mark| mark.text.contains("7004 is master now"));
    let at = promotion.expect("the promotion is a moment").elapsed;
    let moment = page.shown(Ask::Seek { elapsed: at });
    let position = moment.now.expect("something happened").position;
    let Answer::Why(chain) = page.ask(Ask::Why { position }) else { panic!("no chain") };
    assert!((3..=7).contains(&chain.len()), "{chain:#?}");
}

#[test]
fn a_step_of_the_learners_own_forks_and_the_lesson_comes_back() {
    let mut page = Page::at(LESSON);
    let before = page.play_until(|shown| shown.lesson.done.len() >= 2);
    let away = page.shown(Ask::Do { line: "$ kill 7002".to_owned() });
    let branch = away.branch().expect("it is a branch");
    assert!(branch.name.starts_with("kill 7002 at +"), "{}", branch.name);
    assert_eq!(away.lesson.pause, Pause::Away);
    assert!(page.hint(Ask::Continue).contains("go back to the lesson"));
    let after = page.shown(Ask::BackToLesson);
    assert!(after.branch().is_none());
    assert_eq!(after.lesson, before.lesson);
    assert!(!killed(&after));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_hint() {
    let mut page = Page::new();
    assert_eq!(page.hint(Ask::Show), "open a lesson first");
    assert!(page.hint(Ask::Open { lesson: "no-such".to_owned() }).contains(LESSON));
    let broken = page.open_text("x.md", "no lesson");
    assert!(matches!(broken, Answer::Broken { diagnostics } if !diagnostics.is_empty()));
    let mut page = Page::at(LESSON);
    assert!(page.hint(Ask::Do { line: "$ kil 7001".to_owned() }).contains("kill"));
    for ask in [
        Ask::Switch { branch: 1 },
        Ask::Drop { branch: 0 },
        Ask::Drop { branch: usize::MAX },
        Ask::See { by: Some(9) },
        Ask::See { by: Some(8000) },
        Ask::WhyNode { node: 8000 },
        Ask::WhyBelief { by: 7000, of: 8000 },
        Ask::WhyBelief { by: 0, of: 7000 },
        Ask::Choose { option: 0 },
        Ask::ChooseAll { options: vec![usize::MAX] },
        Ask::WhatIf { option: usize::MAX },
    ] {
        let hint = page.hint(ask.clone());
        assert!(!hint.is_empty(), "{ask:?}");
    }
}

#[test]
fn what_is_out_of_reach_changes_nothing() {
    let mut page = Page::at(LESSON);
    page.play_until(|shown| shown.lesson.done.len() >= 2);
    let here = page.present();
    assert_eq!(page.shown(Ask::ShowEvent { position: usize::MAX }), page.look());
    assert_eq!(page.present().stage, here.stage);
    let chain = page.ask(Ask::Why { position: usize::MAX });
    assert!(matches!(chain, Answer::Why(chain) if chain.is_empty()));
    let late = page.shown(Ask::Pass { span: Span::MAX });
    assert_eq!(late.elapsed, here.elapsed);
}

/// The line stays a question: nothing is forked for it.
#[test]
fn a_line_that_asks_leaves_the_lesson_alone() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ kill 7001"));
    page.present();
    let printed = page.print("$ beliefs 7000");
    assert!(printed[0].starts_with("7000 thinks: 7001 ok"), "{printed:?}");
    assert!(page.look().branch().is_none());
}

#[test]
fn the_following_client_says_where_it_stands() {
    let mut page = Page::at(LESSON);
    let at = |answer| match answer {
        Answer::Did { cli_at, printed, .. } => (cli_at, printed),
        other => panic!("{other:?}"),
    };
    let mut type_in = |line: &str| at(page.ask(Ask::Do { line: line.to_owned() }));
    assert_eq!(type_in("$ digest").0, 7000);
    let (cli_at, printed) = type_in("> SET foo 1");
    assert_eq!(cli_at, 7002, "{printed:?}");
    assert_eq!(printed, ["-> Redirected to slot [12182] located at 127.0.0.1:7002", "OK"]);
}

#[test]
fn a_healthy_cluster_plays_on_for_a_minute_and_says_that_it_is_idle() {
    let mut page = Page::at(LESSON);
    let before = page.present();
    let after = page.shown(Ask::PlayOn);
    assert!(!after.is_idle && after.elapsed == before.elapsed, "the page follows by itself");
    assert_eq!(after.branch().expect("time passes on a run of its own").from, before.elapsed);
    let idle = page.present();
    assert!(idle.is_idle);
    assert_eq!(idle.elapsed.millis() - before.elapsed.millis(), 60_000);
}

#[test]
fn a_dead_master_is_a_moment_at_which_playing_on_stops() {
    let mut page = Page::at(LESSON);
    page.shown(Ask::Do { line: "$ kill 7001".to_owned() });
    let before = page.look();
    let after = page.shown(Ask::PlayOn);
    assert!(!after.is_idle && !after.is_present, "there is something to be shown");
    assert_eq!(after.elapsed, before.elapsed, "the page follows by itself");
    let pfail = after.marks.last().expect("there is a moment");
    assert_eq!(pfail.moment, Moment::Pfail);
    let silence = pfail.elapsed.millis() - before.elapsed.millis();
    assert!((4_000..10_000).contains(&silence), "the node timeout is 5 s: {silence}");
}

#[test]
fn passing_time_stops_at_each_moment_and_at_the_present() {
    let mut page = Page::at(LESSON);
    page.print("$ run 1s");
    page.present();
    page.print("$ kill 7001");
    page.present();
    page.print("$ run until 7004 is master");
    let marks = page.look().marks;
    page.shown(Ask::Seek { elapsed: Span::ZERO });
    for mark in &marks {
        let shown = page.shown(Ask::Pass { span: Span::from_secs(3_600) });
        let now = shown.now.expect("it stops at an event");
        assert_eq!((now.position, shown.elapsed), (mark.position, mark.elapsed));
    }
    assert!(page.shown(Ask::Pass { span: Span::from_secs(3_600) }).is_present);
    page.shown(Ask::Seek { elapsed: Span::ZERO });
    let first = marks.first().unwrap().elapsed;
    let halfway = Span::from_micros(first.micros() / 2);
    assert_eq!(page.shown(Ask::Pass { span: halfway }).elapsed, halfway);
}

#[test]
fn eyes_and_traffic_change_the_picture_and_nothing_else() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ run until settled"));
    page.present();
    let (digest, world) = (page.digest(), page.look());
    let seen = page.shown(Ask::See { by: Some(7000) });
    assert_eq!(seen.stage.seen_by, Some(7000));
    assert_eq!(seen.ports, world.ports, "all nodes can still be chosen");
    let quiet = page.shown(Ask::ShowTraffic { traffic: Traffic::Quiet });
    assert_eq!(quiet.traffic, Traffic::Quiet);
    page.shown(Ask::ShowTraffic { traffic: Traffic::News });
    let back = page.shown(Ask::See { by: None });
    assert_eq!(back, world);
    assert_eq!(page.digest(), digest);
}

#[test]
fn traffic_is_as_much_as_was_asked_for() {
    let mut page = Page::at(LESSON);
    page.shown(Ask::Do { line: "$ kill 7001".to_owned() });
    page.print("$ run until 7004 is master");
    let mut seen = |traffic| {
        page.shown(Ask::ShowTraffic { traffic });
        page.shown(Ask::Seek { elapsed: Span::ZERO });
        page.present().flights.len()
    };
    let [quiet, news, all] = [Traffic::Quiet, Traffic::News, Traffic::All].map(&mut seen);
    assert_eq!(quiet, 0);
    assert!(0 < news && news < all, "{news} of {all}");
}

#[test]
fn a_run_that_is_deleted_moves_the_others_up() {
    let mut page = Page::at(LESSON);
    page.play_until(|shown| shown.lesson.done.len() >= 2);
    for line in ["$ kill 7000", "$ kill 7001", "$ kill 7002"] {
        page.present();
        page.shown(Ask::Do { line: line.to_owned() });
        page.shown(Ask::BackToLesson);
    }
    let lanes = page.look().lanes;
    assert_eq!(lanes.iter().map(|lane| lane.branch).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let last = page.shown(Ask::Switch { branch: 3 });
    assert!(last.branch().unwrap().name.starts_with("kill 7002"));
    let dropped = page.shown(Ask::Drop { branch: 2 });
    let names: Vec<&str> = dropped.lanes.iter().skip(1).map(|lane| lane.name.as_str()).collect();
    assert_eq!(names.len(), 2);
    assert!(names[0].starts_with("kill 7000") && names[1].starts_with("kill 7002"), "{names:?}");
    assert_eq!(dropped.branch().map(|lane| lane.branch), Some(2), "who was in it still is");
    let shown = page.shown(Ask::Drop { branch: 2 });
    assert!(shown.branch().is_none(), "who was in a run that is gone is in the one before it");
    assert!(page.hint(Ask::Drop { branch: 2 }).contains("there is no run 2"));
}

#[test]
fn events_are_found_by_kind_by_node_and_by_word() {
    let mut page = Page::at(LESSON);
    page.play_until(|shown| shown.lesson.pause == Pause::Over);
    page.present();
    let mut list = |kinds, of: Option<&str>, text: &str| {
        let ask = Ask::Events { kinds, of: of.map(str::to_owned), text: text.to_owned() };
        match page.ask(ask) {
            Answer::Events(list) => list,
            other => panic!("{other:?}"),
        }
    };
    let all = list(EventKinds::All, None, "");
    assert!(!all.rows.is_empty() && all.after == 0);
    assert!(all.rows.windows(2).all(|pair| pair[0].position < pair[1].position));
    let votes = list(EventKinds::Votes, None, "");
    assert!(votes.rows.iter().any(|row| row.text.contains("votes")), "{votes:?}");
    let own = list(EventKinds::All, Some("7004"), "");
    assert!(own.rows.iter().all(|row| row.node == "7004") && !own.rows.is_empty());
    let found = list(EventKinds::All, None, "is MASTER now");
    assert!(found.rows.iter().all(|row| row.text.contains("is master now")), "{found:?}");
    assert!(!found.rows.is_empty());
    assert!(list(EventKinds::All, None, "<script>").rows.is_empty());
}

#[test]
fn slots_and_writes_are_those_of_the_moment() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("> SET user:1 alice"));
    let Answer::Slots(map) = page.ask(Ask::Slots) else { panic!("no map") };
    let text = serde_json::to_string(&map).unwrap();
    assert!(text.contains("7001"), "{text}");
    let Answer::Writes(writes) = page.ask(Ask::Writes) else { panic!("no writes") };
    let text = serde_json::to_string(&writes).unwrap();
    assert!(text.contains("7001"), "{text}");
}

#[test]
fn why_a_node_thinks_what_it_thinks_is_answered_from_its_own_past() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ run until settled"));
    page.present();
    let mut why = |ask| match page.ask(ask) {
        Answer::Why(chain) => chain,
        other => panic!("{other:?}"),
    };
    let belief = why(Ask::WhyBelief { by: 7000, of: 7001 });
    assert!(belief[0].told.text.contains("7001"), "{belief:#?}");
    assert!(belief.len() > 1, "it has a cause: {belief:#?}");
    let node = why(Ask::WhyNode { node: 7004 });
    assert!(node[0].told.text.contains("7004 is master now"), "{node:#?}");
    page.shown(Ask::Seek { elapsed: Span::ZERO });
    let Answer::Why(nothing) = page.ask(Ask::WhyNode { node: 7004 }) else { panic!() };
    assert!(nothing.is_empty(), "nothing had happened to it then: {nothing:#?}");
}

/// What is shown of a failover in the story's pace: each event as it is told, and the silence
/// before it.
fn story_of_the_failover(lesson: &str) -> Vec<Shown> {
    let mut page = Page::at(lesson);
    let shown = page.play_until(has_done("$ run until settled"));
    let over = shown.lesson.done.iter().find(|done| done.step == "$ run until settled").unwrap();
    let kill = shown.marks.iter().find(|mark| mark.text.contains("$ kill 7001")).unwrap();
    let mut told = vec![page.shown(Ask::ShowEvent { position: kill.position })];
    let forward = Ask::Step { direction: Direction::Forward, filter: Filter::Story };
    loop {
        let next = page.shown(forward.clone());
        if next.is_present || next.elapsed > over.elapsed {
            return told;
        }
        told.push(next);
    }
}

#[test]
fn a_failover_is_a_story_of_half_a_minute_with_six_to_eight_stops() {
    for lesson in ["first-five-minutes", "a-master-dies"] {
        let told = story_of_the_failover(lesson);
        // As the page paces it: 0.6 s for an event, and 0.2 s more after a silence.
        let is_silent = |shown: &&Shown| shown.passed.is_some_and(|it| it > Span::from_secs(1));
        let silences = told.iter().filter(is_silent).count();
        let seconds = told.len() as f64 * 0.6 + silences as f64 * 0.2;
        let stops = told.iter().filter(|shown| {
            let here = shown.now.as_ref().map(|now| now.position);
            let mut marks = shown.marks.iter();
            marks.any(|mark| Some(mark.position) == here && mark.moment.is_stop())
        });
        let stops = stops.count();
        let texts: Vec<&str> = told.iter().filter_map(|s| Some(&*s.now.as_ref()?.text)).collect();
        assert!((10.0..=30.0).contains(&seconds), "{lesson}: {seconds} s, {texts:#?}");
        assert!((6..=8).contains(&stops), "{lesson}: {stops} stops");
    }
}

#[test]
fn the_stage_tells_what_is_wrong_with_the_network() {
    let mut page = Page::at(LESSON);
    let mut after = |line: &str| match page.ask(Ask::Do { line: line.to_owned() }) {
        Answer::Did { shown, .. } => shown.stage.faults,
        other => panic!("{line}: {other:?}"),
    };
    let faults = after("$ cut 7000 -> 7001");
    assert_eq!(faults.len(), 1);
    assert!((faults[0].from, faults[0].to, faults[0].is_cut) == (7000, 7001, true));
    after("$ drop fail 7000 -> 7001");
    let faults = after("$ slow 7001 -> 7000 50ms");
    assert_eq!(faults[0].drops, ["fail"]);
    assert_eq!(faults[1].latency, Some(Span::from_millis(50)));
    assert!(!faults[1].is_cut);
    let faults = after("$ heal");
    assert!(faults.len() == 1 && !faults[0].is_cut, "what is dropped goes on being dropped");
    assert!(after("$ drop none").is_empty());
    let apart = after("$ partition 7001 | 7000 7002 7003 7004 7005");
    assert_eq!(apart.iter().filter(|fault| fault.is_cut).count(), 10);
}
