//! What is shared and saved: a lab as the text of a link, a run as a file.

#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hashslot_core::lab::{Answer, Ask, LINK_LEAD, Pause, SHELF};
use hashslot_core::lesson::RunnerAsk;
use hashslot_core::view::{Direction, Filter};
use hashslot_core::words::{Digest, Span};

use super::page::{Page, has_done, killed};

const LESSON: &str = "a-master-dies";
/// As long as a link of a shipped lesson may be.
const LINK_MAX: usize = 2_048;

/// Opens a link in a fresh lab, which must show the very same, and have the same run.
fn assert_opens_the_same(page: &mut Page) -> Page {
    let link = page.link();
    let (shown, digest) = (page.look(), page.digest());
    let mut fresh = Page::new();
    let opened = fresh.open("link", &link);
    assert_eq!(opened.note, None);
    assert_eq!(opened.shown, shown);
    assert_eq!(fresh.digest(), digest);
    assert_eq!(fresh.link(), link, "shared on, it is the same link");
    fresh
}

#[test]
fn a_link_of_each_lessons_end_is_short_and_opens_the_same_in_a_fresh_lab() {
    for shelved in SHELF {
        let mut page = Page::at(shelved.id);
        page.play_until(|shown| shown.lesson.pause == Pause::Over);
        page.present();
        let link = page.link();
        assert!(link.len() < LINK_MAX, "{}: {} bytes", shelved.id, link.len());
        let in_an_address = |c: char| c.is_ascii_alphanumeric() || "=.-_".contains(c);
        assert!(link.chars().all(in_an_address), "{link}");
        let mut fresh = Page::new();
        assert_eq!(fresh.open("link", &link).id.as_deref(), Some(shelved.id));
        assert_opens_the_same(&mut page);
    }
}

#[test]
fn a_link_carries_every_step_of_a_lesson() {
    let mut page = Page::at(LESSON);
    let mut shown = page.look();
    for turn in 0..300 {
        if turn % 5 == 0 {
            assert_opens_the_same(&mut page);
        }
        if shown.lesson.pause == Pause::Over {
            return;
        }
        shown = page.go_on(&shown, turn % 2);
    }
    panic!("the lesson has an end");
}

#[test]
fn a_link_carries_own_runs_answers_and_counter_runs() {
    let mut page = Page::at(LESSON);
    page.play_until(|shown| matches!(shown.lesson.ask, RunnerAsk::Predict { .. }));
    // A wrong answer, and the run in which it would have been right.
    let verdict = page.shown(Ask::Choose { option: 2 });
    let RunnerAsk::Verdict { chosen, right, .. } = verdict.lesson.ask else { panic!("a verdict") };
    assert_ne!(Some(chosen), right, "the lesson changed: choose another wrong option");
    page.shown(Ask::WhatIf { option: 2 });
    let mut fresh = assert_opens_the_same(&mut page);
    let shown = fresh.look();
    assert!(
        matches!(&shown.lesson.ask, RunnerAsk::Verdict { counter: Some(_), .. }),
        "{:?}",
        shown.lesson.ask
    );

    // A step in the past, another one after it, and a run that is given up again.
    page.shown(Ask::Seek { elapsed: Span::from_secs(1) });
    page.shown(Ask::Do { line: "$ kill 7002".to_owned() });
    page.print("$ run 12s");
    page.shown(Ask::PlayOn);
    page.shown(Ask::BackToLesson);
    page.shown(Ask::Do { line: "$ pause 7000".to_owned() });
    page.shown(Ask::BackToLesson);
    assert_opens_the_same(&mut page);
    let lanes = page.look().lanes.len();
    page.shown(Ask::Drop { branch: lanes - 1 });
    page.shown(Ask::Switch { branch: lanes - 2 });
    page.shown(Ask::Step { direction: Direction::Back, filter: Filter::Moments });
    let mut fresh = assert_opens_the_same(&mut page);
    assert!(killed(&fresh.present()));
    assert_eq!(fresh.shown(Ask::BackToLesson).lesson, page.shown(Ask::BackToLesson).lesson);
}

#[test]
fn a_link_opens_at_the_moment_that_was_shown() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ run until settled"));
    let moments = page.present().marks;
    for mark in moments {
        page.shown(Ask::ShowEvent { position: mark.position });
        let mut fresh = Page::new();
        let opened = fresh.open("link", &page.link());
        assert_eq!(opened.shown.now.unwrap().position, mark.position);
    }
}

/// A lab in which something was done, and what it looks like.
fn some_lab() -> (Page, String) {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ kill 7001"));
    let link = page.link();
    (page, link)
}

#[test]
fn a_damaged_link_is_refused_and_the_open_lab_stays() {
    let (mut page, link) = some_lab();
    let mut open = Page::at("redirects");
    let before = (open.look(), open.digest());
    let payload = link.find('.').unwrap() + 1;
    let refused = |open: &mut Page, text: &str| {
        let ask = Ask::OpenText { file: "link".to_owned(), source: text.to_owned() };
        let hint = open.hint(ask);
        assert!(hint.contains("damaged") || hint.contains("another version"), "{hint}");
    };
    for at in LINK_LEAD.len()..link.len() {
        let mut changed = link.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        refused(&mut open, &String::from_utf8(changed).unwrap());
    }
    for length in LINK_LEAD.len()..link.len() {
        refused(&mut open, &link[..length]);
    }
    for tail in ["A", "====", "\u{e4}", &link[payload..]] {
        refused(&mut open, &format!("{link}{tail}"));
    }
    assert_eq!((open.look(), open.digest()), before);
    page.look();
}

#[test]
fn a_link_of_another_format_says_so() {
    let (_, link) = some_lab();
    let mut page = Page::at("redirects");
    let before = page.look();
    for format in ["0", "1", "17", "99999999999999999999999"] {
        let other = link.replacen("=2.", &format!("={format}."), 1);
        let hint = page.hint(Ask::OpenText { file: "link".to_owned(), source: other });
        assert!(hint.contains("another version of hashslot"), "{hint}");
    }
    assert_eq!(page.look(), before);
}

#[test]
fn a_link_of_a_lesson_that_was_changed_since_says_so() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ kill 7001"));
    let link = page.link();
    let old = forged(&link, |saved| saved["o"]["l"]["sum"] = "00000000".into());
    let mut fresh = Page::new();
    // The text differs, but what was done in it still gives the same run: nothing to be said.
    assert_eq!(fresh.open("link", &old).note, None);
    let differs = forged(&old, |saved| saved["h"] = "0123456789abcdef".into());
    let opened = Page::new().open("link", &differs);
    let note = opened.note.expect("what is seen is not what was shared");
    assert!(note.contains("the lesson was changed since"), "{note}");
    assert!(has_done("$ kill 7001")(&opened.shown), "and yet it opens");
    let version = forged(&link, |saved| {
        saved["h"] = "0123456789abcdef".into();
        saved["v"] = "0.0.9".into();
    });
    let note = Page::new().open("link", &version).note.unwrap();
    assert!(note.contains("made with hashslot 0.0.9"), "{note}");
    assert!(note.contains("the simulator was changed since"), "{note}");
}

#[test]
fn a_link_to_a_lesson_that_is_not_shipped_any_more_says_which_there_are() {
    let (_, link) = some_lab();
    let gone = forged(&link, |saved| saved["o"]["l"]["id"] = "no-such".into());
    let mut page = Page::at("redirects");
    let before = page.look();
    let hint = page.hint(Ask::OpenText { file: "link".to_owned(), source: gone });
    assert!(hint.contains("no lesson is called no-such") && hint.contains(LESSON), "{hint}");
    assert_eq!(page.look(), before);
}

#[test]
fn a_lesson_that_is_not_shipped_travels_in_its_link() {
    let shelved = SHELF.iter().find(|shelved| shelved.id == "redirects").unwrap();
    let source = shelved.source.replace("user:1", "user:2");
    let mut page = Page::new();
    let opened = page.open("mine.md", &source);
    assert_eq!(opened.id, None);
    page.play_until(|shown| shown.lesson.pause == Pause::Over);
    let mut fresh = assert_opens_the_same(&mut page);
    let lesson = match fresh.ask(Ask::OpenText { file: "l".to_owned(), source: page.link() }) {
        Answer::Opened { lesson, id, .. } => {
            assert_eq!(id, None);
            lesson
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(lesson.file, "mine.md");
}

#[test]
fn a_saved_run_opens_as_the_same_run() {
    let mut page = Page::at(LESSON);
    page.play_until(has_done("$ kill 7001"));
    page.shown(Ask::Seek { elapsed: Span::from_secs(1) });
    page.shown(Ask::Do { line: "$ kill 7002".to_owned() });
    page.print("$ run until 7005 is master");
    page.present();
    let (shown, digest) = (page.look(), page.digest());
    let (file, text) = page.saved();
    assert!(file.ends_with(".session") && !file.contains(['/', ' ']), "{file}");
    let mut fresh = Page::new();
    let opened = fresh.open(&file, &text);
    assert_eq!((opened.id, opened.note), (None, None));
    fresh.play_until(|shown| shown.lesson.pause == Pause::Over);
    let present = fresh.present();
    assert_eq!(present.stage, shown.stage);
    assert_eq!(present.marks, shown.marks);
    assert_eq!(fresh.digest(), digest);
    assert_eq!(fresh.saved().1, text);
    fresh.shown(Ask::Do { line: "$ restart 7002".to_owned() });
    assert_opens_the_same(&mut fresh);
}

#[test]
fn a_saved_run_with_a_mistake_names_its_place_and_the_open_lab_stays() {
    let (mut page, _) = some_lab();
    let before = page.look();
    let text = page.saved().1;
    let (run, digest) = text.trim_end().rsplit_once('=').unwrap();
    let other = u64::from_str_radix(digest, 16).unwrap() ^ 1;
    for (broken, said) in [
        (text.replace("$ kill 7001", "$ kil 7001"), "did you mean `kill`"),
        (text.replace("seed=", "sead="), "says nothing of a cluster"),
        (format!("{run}={other:016x}\n"), "plays the run differently"),
        (text.replace("end digest=", "end digest=f"), "this is no digest"),
        (text.split("end digest").next().unwrap().to_owned(), "the last line is missing"),
    ] {
        let Answer::Broken { diagnostics } = page.open_text("run.session", &broken) else {
            panic!("{broken}")
        };
        assert!(diagnostics.concat().contains(said), "{diagnostics:?}");
        assert!(diagnostics[0].starts_with("run.session: line "), "{diagnostics:?}");
    }
    assert_eq!(page.look(), before);
}

/// A link with something else in it.
fn forged(link: &str, change: impl Fn(&mut serde_json::Value)) -> String {
    let (_, payload) = link.split_once('.').unwrap();
    let bytes = BASE64.decode(payload).unwrap();
    let json = miniz_oxide::inflate::decompress_to_vec(&bytes[4..]).unwrap();
    let mut saved = serde_json::from_slice(&json).unwrap();
    change(&mut saved);
    pack(&serde_json::to_vec(&saved).unwrap())
}

/// A link of a stranger's making.
pub fn pack(json: &[u8]) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec(json, 9);
    let mut sum = Digest::new();
    sum.bytes(&packed);
    let sum = (sum.value() >> 32) as u32;
    format!("{LINK_LEAD}2.{}", BASE64.encode([&sum.to_be_bytes()[..], &packed].concat()))
}
