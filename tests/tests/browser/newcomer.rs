//! A newcomer's ten minutes: the page as it opens by itself, in its own pace, stop by stop.

#![allow(clippy::unwrap_used)]

use hashslot_tests::browser::{Browser, FileServer, Page, Screen, Theme};
use serde_json::Value;

/// Whether the play stands still.
const IS_STILL: &str =
    "return document.querySelector('#play').getAttribute('aria-label').startsWith('Play');";
/// Whether something is left to be shown.
const IS_BEHIND: &str = "return !!document.querySelector('#to-present');";
/// What the lesson waits for: `step`, `question`, `verdict` or `end`.
const NEXT: &str = "
    if (document.querySelector('#the-end')) return 'end';
    const primary = document.querySelector('#primary');
    if (!primary) return null;
    if (primary.matches('input')) return 'question';
    return primary.matches('.run') ? 'step' : 'verdict';";
/// What the lesson's column says; it changes with each answer of the lab.
const COLUMN: &str = "return document.querySelector('main')?.innerText ?? '';";
const TRUTH: &str = "
    const node = document.querySelector('.node[data-port=\"7001\"]');
    const marks = [...node.querySelectorAll('.opinion')].map((it) => it.dataset.opinion);
    return node.dataset.truth + ' ' + marks.join(' ');";

/// How the play goes on.
enum Pace {
    /// As the page does it, stop by stop.
    Story,
    /// At once.
    Skip,
}

struct Newcomer<'a> {
    page: &'a Page,
    pace: Pace,
    /// What was said at each stop.
    stops: Vec<String>,
    predictions: usize,
}

impl Newcomer<'_> {
    async fn text(&self, script: &str) -> String {
        match self.page.evaluate(script).await {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Watches until nothing is left to be shown.
    async fn watch(&mut self) {
        if let Pace::Skip = self.pace {
            let skip = "document.querySelector('#to-present')?.click();
                return !document.querySelector('#to-present');";
            self.page.wait_for_value(skip).await;
            return;
        }
        loop {
            self.page.wait_for_value(IS_STILL).await;
            if self.page.evaluate(IS_BEHIND).await == Value::Bool(false) {
                return;
            }
            self.stop().await;
        }
    }

    /// At a stop: it says what happened, says why, and goes on when it is told to.
    async fn stop(&mut self) {
        let said = self.text("return document.querySelector('#says').innerText;").await;
        self.page.click("#why").await;
        self.page.wait_for_text("#because", &said).await;
        self.page.evaluate("document.activeElement.blur(); return true;").await;
        self.page.press("\u{e00c}").await;
        self.stops.push(said);
        self.page.click("#play").await;
    }

    /// Does the next thing that the lesson waits for; what it was.
    async fn go_on(&mut self) -> String {
        let next = self.page.wait_for_value(NEXT).await.as_str().unwrap().to_owned();
        let before = self.text(COLUMN).await;
        match next.as_str() {
            "end" => return next,
            "question" => {
                self.predictions += 1;
                self.page.click(".lesson-block:last-of-type .option:nth-of-type(2) input").await;
                self.page.click("button.commit").await;
            }
            _ => self.page.click("#primary").await,
        }
        let changed = format!("return document.querySelector('main').innerText !== {before:?};");
        self.page.wait_for_value(&changed).await;
        self.watch().await;
        next
    }

    /// Goes on until the column has this in it.
    async fn until(&mut self, text: &str) {
        for _ in 0..60 {
            if self.text(COLUMN).await.contains(text) {
                return;
            }
            self.go_on().await;
        }
        panic!("the lesson never says {text}");
    }
}

#[tokio::test]
async fn a_newcomer_sees_a_master_die_in_ten_minutes() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text(".lesson h2", "First five minutes").await;
    let mut newcomer =
        Newcomer { page: &page, pace: Pace::Skip, stops: Vec::new(), predictions: 0 };

    newcomer.until("7001 has been dead for one second").await;
    let truth = newcomer.text(TRUTH).await;
    assert_eq!(truth, "gone ok ok ok ok ok", "nobody believes it yet");

    newcomer.pace = Pace::Story;
    while newcomer.go_on().await != "end" {}
    assert_eq!(newcomer.predictions, 3);
    let stops = &newcomer.stops;
    assert!((6..=8).contains(&stops.len()), "{stops:#?}");
    for said in ["PFAIL", "FAIL and tells", "CLUSTERDOWN", "asks every master", "is master now"] {
        assert!(stops.iter().any(|stop| stop.contains(said)), "{said} in {stops:#?}");
    }
    page.assert_clean().await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_lesson_forks_and_the_way_back_restores() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Dark).await;
    let mut newcomer =
        Newcomer { page: &page, pace: Pace::Skip, stops: Vec::new(), predictions: 0 };
    newcomer.until("Now 7001 dies").await;
    let before = newcomer.text(COLUMN).await;

    page.click(".node[data-port='7002']").await;
    let kill = "[...document.querySelectorAll('[role=menuitem]')]
        .find((it) => it.innerText.startsWith('Kill')).click(); return true;";
    page.evaluate(kill).await;
    page.wait_for_text(".lanes", "kill 7002 at").await;
    page.find(".node[data-port='7002'][data-truth=gone]").await;
    assert!(
        page.evaluate("return !document.querySelector('#primary');").await == Value::Bool(true)
    );

    // On one's own run, time brings what it brings; and no control waits for an animation.
    page.click("#to-present, #play").await;
    page.wait_for_text("#clock", "since kill 7002").await;
    for key in [",", ",", ".", "<", ">", ","] {
        page.press(key).await;
    }
    page.click("#back-to-lesson").await;
    page.find(".node[data-port='7002'][data-truth=running]").await;
    page.find("#primary").await;
    assert_eq!(newcomer.text(COLUMN).await, before, "the lesson is where it was");
    page.assert_clean().await;
}
