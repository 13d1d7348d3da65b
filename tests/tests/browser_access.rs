//! Everybody can use the page: what axe finds, and what the keyboard reaches and shows.

use hashslot_core::lab::Ask;
use hashslot_core::lesson::RunnerAsk;
use hashslot_tests::browser::{Browser, FileServer, Page, Screen, Theme, Twin};

const LESSON: &str = "a-master-dies";

/// A cluster after a failover, with the learner's own runs beside it.
fn after_a_failover() -> String {
    let mut twin = Twin::of_lesson(LESSON);
    twin.play_until(|shown| {
        shown.marks.iter().any(|mark| mark.text.contains("7004 is master now"))
    });
    twin.line("$ kill 7002");
    twin.ask(Ask::BackToLesson);
    twin.seek_mark("7004 is master now");
    twin.link()
}

/// A wrong answer, and the run in which it would have been right.
fn a_counter_run() -> String {
    let mut twin = Twin::of_lesson(LESSON);
    twin.play_until(|shown| matches!(shown.lesson.ask, RunnerAsk::Predict { .. }));
    twin.ask(Ask::Choose { option: 2 });
    twin.ask(Ask::WhatIf { option: 2 });
    twin.link()
}

async fn open(browser: &Browser, url: &str, screen: Screen, theme: Theme) -> Page {
    let page = browser.open(url, screen, theme).await;
    page.find("#engine[data-ready=true]").await;
    page.find("#stage .node").await;
    page
}

/// What each key opens, and what is there then.
const SCREENS: &[(&str, &str, &str)] = &[
    ("events", "1", "#dock"),
    ("beliefs", "2", "#dock"),
    ("why", "3", "#dock"),
    ("slots", "4", "#dock"),
    ("writes", "5", "#dock"),
];

#[tokio::test]
async fn axe_finds_nothing_serious_on_any_screen() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let link = format!("{}#{}", server.url, after_a_failover());
    let counter = format!("{}#{}", server.url, a_counter_run());
    for theme in [Theme::Light, Theme::Dark] {
        for screen in [Screen::DESKTOP, Screen::TABLET, Screen::PHONE] {
            let name = |what: &str| format!("{what}, {} px, {}", screen.width, theme.name());
            let page = open(&browser, &server.url, screen, theme).await;
            page.audit(&name("at first")).await;
            let page = open(&browser, &counter, screen, theme).await;
            page.find(".counter").await;
            page.audit(&name("a counter-run")).await;
            let page = open(&browser, &link, screen, theme).await;
            page.audit(&name("a failover")).await;
            for (what, key, part) in SCREENS {
                page.evaluate("document.activeElement?.blur(); return true;").await;
                page.press(key).await;
                page.find(part).await;
                page.audit(&name(what)).await;
            }
        }
    }
}

#[tokio::test]
async fn every_stop_of_the_keyboard_is_seen() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let link = format!("{}#{}", server.url, after_a_failover());
    for screen in [Screen::DESKTOP, Screen::TABLET, Screen::PHONE] {
        let page = open(&browser, &link, screen, Theme::Light).await;
        let stops = page.tab_around().await;
        for wanted in ["#play", "#why", "#share", "#track", "#seen-by", "#next-moment"] {
            assert!(stops.iter().any(|stop| stop.contains(wanted)), "{wanted}: {stops:#?}");
        }
    }
}
