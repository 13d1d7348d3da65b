//! Scenes: what pictures are made of, and what audits look at. Each opens at its moment by a link.

use hashslot_core::lab::Ask;
use hashslot_core::lesson::RunnerAsk;

use super::page::{Page, Screen, Theme};
use super::twin::Twin;
use super::{Browser, key};

/// Something to be seen on the page.
pub struct Scene {
    pub name: &'static str,
    /// What stands behind the `#` of the address.
    address: fn() -> String,
    acts: &'static [Act],
    /// Whether it is for a room, and not for a desk.
    pub is_for_hall: bool,
}

/// What is done before one looks.
enum Act {
    Key(&'static str),
    Click(&'static str),
    /// Waits until it is there.
    See(&'static str),
    /// Drops a lesson with mistakes.
    DropBroken,
}

use Act::{Click, DropBroken, Key, See};

const LESSON: &str = "a-master-dies";

/// All of them.
pub const SCENES: &[Scene] = &[
    scene("newcomer", || "lesson=first-five-minutes".to_owned(), &[See("#primary")]),
    scene("before-the-failover", || at("kill 7001"), &[]),
    scene("during-the-failover", || at("7001 FAIL"), &[]),
    scene("after-the-failover", || at("7004 is master now"), &[]),
    scene("own-runs", own_runs, &[]),
    scene("events", || at("7001 FAIL"), &[Key("1"), See("#dock")]),
    scene("beliefs", || at("7001 FAIL"), &[Key("2"), See("#dock")]),
    scene("why", || at("7004 is master now"), &[Click("#why"), See("#because")]),
    scene("slots", || at("7004 is master now"), &[Key("4"), See("#dock")]),
    scene("writes", || at("7004 is master now"), &[Key("5"), See("#dock")]),
    scene("terminal", || at("7001 FAIL"), &[Key("`"), See("#terminal")]),
    scene("share", || at("7001 FAIL"), &[Key("s"), See("[role=dialog], dialog")]),
    scene("keys", || at("7001 FAIL"), &[Key("?"), See("[role=dialog], dialog")]),
    scene("prediction", || prediction(&[]), &[See(".predict")]),
    scene("verdict", || prediction(&[Ask::Choose { option: 2 }]), &[See(".verdict")]),
    scene("counter-run", counter_run, &[See(".counter")]),
    scene("broken-lesson", || at("7001 FAIL"), &[DropBroken, See("[role=alert]")]),
    Scene {
        name: "present",
        address: || at("7004 is master now"),
        acts: &[Key("p"), See(".presenting")],
        is_for_hall: true,
    },
    Scene {
        name: "present-a-question",
        address: || prediction(&[]),
        acts: &[Key("p"), See(".presenting .predict")],
        is_for_hall: true,
    },
];

const fn scene(name: &'static str, address: fn() -> String, acts: &'static [Act]) -> Scene {
    Scene { name, address, acts, is_for_hall: false }
}

/// A lesson in which every kind of mistake is.
const BROKEN: &str = "---\nformat: 1\nredis: \"7.0\"\ntitle: Mine\nabout: Mistakes.\nminutes: 1\n\
    misconception: \"None.\"\ncluster: { masters: 3, replica: 1 }\n---\n\n# Mine\n\n\
    ```lab\n$ kil 7001\n$ run 5\n```\n";

impl Scene {
    /// Opens the page at this scene, and does what leads there.
    pub async fn open(&self, browser: &Browser, url: &str, screen: Screen, theme: Theme) -> Page {
        let address = format!("{url}#{}", (self.address)());
        let page = browser.open(&address, screen, theme).await;
        page.find("#engine[data-ready=true]").await;
        page.find("#stage .node").await;
        for act in self.acts {
            match act {
                Key(key) => {
                    page.evaluate("document.activeElement?.blur(); return true;").await;
                    page.press(key).await;
                }
                Click(selector) => page.click(selector).await,
                See(selector) => drop(page.find(selector).await),
                DropBroken => page.drop_file("mine.md", BROKEN).await,
            }
        }
        page
    }
}

/// "A master dies", played beyond a moment, at which it is shown.
fn at(moment: &str) -> String {
    let mut twin = Twin::of_lesson(LESSON);
    twin.play_until(|shown| shown.marks.iter().any(|mark| mark.text.contains(moment)));
    twin.seek_mark(moment);
    twin.link()
}

/// The same, with runs of the learner's own beside it.
fn own_runs() -> String {
    let mut twin = Twin::of_lesson(LESSON);
    let is_over = "7004 is master now";
    twin.play_until(|shown| shown.marks.iter().any(|mark| mark.text.contains(is_over)));
    for line in ["$ kill 7002", "$ partition 7000 | 7001 7002 7003 7004 7005"] {
        twin.seek_mark(is_over);
        twin.line(line);
        twin.line("$ run 15s");
        twin.ask(Ask::BackToLesson);
    }
    twin.ask(Ask::Switch { branch: 2 });
    twin.link()
}

/// At the first question, and after that.
fn prediction(asks: &[Ask]) -> String {
    let mut twin = Twin::of_lesson(LESSON);
    twin.play_until(|shown| matches!(shown.lesson.ask, RunnerAsk::Predict { .. }));
    for ask in asks {
        twin.ask(ask.clone());
    }
    twin.seek(hashslot_core::words::Span::MAX);
    twin.link()
}

/// A wrong answer, and the run in which it would have been right.
fn counter_run() -> String {
    prediction(&[Ask::Choose { option: 2 }, Ask::WhatIf { option: 2 }])
}

impl Page {
    /// Closes what lies over the page.
    pub async fn escape(&self) {
        self.press(key::ESCAPE).await;
    }
}
