//! A whole lesson through the encoded form: every request and response as the page sends them.

#![allow(clippy::unwrap_used)]

use hashslot_core::lab::{Answer, Ask, Lab, Pause, Request, Response, Shown};
use hashslot_core::lesson::RunnerAsk;
use hashslot_core::node::Opinion;
use hashslot_core::view::{Direction, Filter, Truth};
use hashslot_core::words::Span;

/// The page's end of the wire.
struct Page {
    lab: Lab,
    sent: u64,
}

impl Page {
    fn new() -> Page {
        Page { lab: Lab::new(), sent: 0 }
    }

    /// Sends a request as text and reads the response from text.
    fn ask(&mut self, ask: Ask) -> Answer {
        self.sent += 1;
        let request = serde_json::to_string(&Request { id: self.sent, ask }).unwrap();
        let responses = self.lab.handle(serde_json::from_str(&request).unwrap());
        let text = serde_json::to_string(&responses).unwrap();
        let mut responses: Vec<Response> = serde_json::from_str(&text).unwrap();
        let response = responses.pop().expect("every request is answered");
        assert_eq!(response.id, self.sent);
        response.answer
    }

    fn shown(&mut self, ask: Ask) -> Shown {
        match self.ask(ask) {
            Answer::Shown(shown) | Answer::Opened { shown, .. } => *shown,
            other => panic!("expected to be shown something, got {other:?}"),
        }
    }

    fn open(&mut self) -> Shown {
        self.shown(Ask::Open { lesson: "a-master-dies".to_owned() })
    }

    /// Does what the lesson waits for; predictions are answered with their first option.
    fn go_on(&mut self, shown: &Shown) -> Shown {
        match &shown.lesson.ask {
            RunnerAsk::Predict { .. } => self.shown(Ask::Choose { option: 0 }),
            RunnerAsk::Quiz { .. } => self.shown(Ask::ChooseAll { options: vec![0] }),
            _ => self.shown(Ask::Continue),
        }
    }

    fn play_until(&mut self, mut shown: Shown, is_there: impl Fn(&Shown) -> bool) -> Shown {
        for _ in 0..200 {
            if is_there(&shown) {
                return shown;
            }
            shown = self.go_on(&shown);
        }
        panic!("the lesson does not get there: {:?}", shown.lesson.ask)
    }
}

fn killed(shown: &Shown) -> bool {
    shown.stage.nodes.iter().any(|node| node.truth == Truth::Gone)
}

#[test]
fn a_lesson_is_played_to_its_end_in_requests_and_responses() {
    let mut page = Page::new();
    let shown = page.open();
    let last = page.play_until(shown, |shown| shown.lesson.pause == Pause::Over);
    assert_eq!(last.branch, None);
    assert!(last.lesson.done.iter().any(|done| done.step == "$ kill 7001"));
    let present = page.shown(Ask::Seek { elapsed: last.present });
    let promoted = present.stage.nodes.iter().find(|node| node.port == 7004).unwrap();
    assert!(!promoted.slots.is_empty(), "7004 serves the slots of 7001");
}

#[test]
fn nothing_is_shown_failed_before_a_node_believes_it() {
    let mut page = Page::new();
    let shown = page.open();
    let done = |shown: &Shown| shown.lesson.done.iter().any(|done| done.step == "$ kill 7001");
    let shown = page.play_until(shown, done);
    let kill = shown.lesson.done.iter().find(|done| done.step == "$ kill 7001").unwrap();
    let moment = page.shown(Ask::Seek { elapsed: kill.elapsed });
    assert!(killed(&moment));
    let dead = moment.stage.nodes.iter().find(|node| node.port == 7001).unwrap();
    assert_eq!(dead.opinions.len(), 5);
    assert!(dead.opinions.iter().all(|opinion| opinion.opinion == Opinion::Ok));
}

#[test]
fn the_past_is_stepped_through_both_ways_and_explained() {
    let mut page = Page::new();
    let shown = page.open();
    let last = page.play_until(shown, |shown| shown.lesson.pause == Pause::Over);
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
    assert!(chain.len() >= 3, "{chain:#?}");
    assert!(chain.len() <= 7);
}

#[test]
fn a_step_of_the_learners_own_forks_and_the_lesson_comes_back() {
    let mut page = Page::new();
    let shown = page.open();
    let before = page.play_until(shown, |shown| shown.lesson.done.len() >= 2);
    let away = page.shown(Ask::Do { line: "$ kill 7002".to_owned() });
    assert!(away.branch.as_ref().is_some_and(|name| name.starts_with("kill 7002 at +")));
    assert_eq!(away.lesson.pause, Pause::Away);
    assert!(matches!(page.ask(Ask::Continue), Answer::Refused { .. }));
    let after = page.shown(Ask::BackToLesson);
    assert_eq!(after.branch, None);
    assert_eq!(after.lesson, before.lesson);
    assert!(!killed(&after));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_hint() {
    let mut page = Page::new();
    assert!(matches!(page.ask(Ask::Show), Answer::Refused { .. }));
    let unknown = page.ask(Ask::Open { lesson: "no-such".to_owned() });
    assert!(matches!(unknown, Answer::Refused { hint } if hint.contains("a-master-dies")));
    let broken = Ask::OpenText { file: "x.md".to_owned(), source: "no lesson".to_owned() };
    assert!(matches!(page.ask(broken), Answer::Broken { diagnostics } if !diagnostics.is_empty()));
    page.open();
    let typo = page.ask(Ask::Do { line: "$ kil 7001".to_owned() });
    assert!(matches!(typo, Answer::Refused { hint } if hint.contains("kill")));
}
