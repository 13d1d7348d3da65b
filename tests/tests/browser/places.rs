//! Where a person is: in which lesson, at which moment of its run, and whose place in it that is.

use std::time::Duration;

use hashslot_tests::browser::{Browser, FileServer, Page, Screen, Theme};
use serde_json::json;

use super::lesson::play_until;

/// Longer than it takes to remember a deed.
const A_WHILE: Duration = Duration::from_millis(500);

/// The lesson "A master dies", just opened.
async fn opened(screen: Screen) -> Option<(Browser, FileServer, Page)> {
    let browser = Browser::start().await?;
    let server = FileServer::start().await;
    let address = format!("{}#lesson=a-master-dies", server.url);
    let page = browser.open(&address, screen, Theme::Light).await;
    Some((browser, server, page))
}

/// The place in the lesson that the browser remembers, once it stays the same for a while.
async fn kept(page: &Page) -> String {
    let read = "return localStorage.getItem('hashslot lesson a-master-dies');";
    let mut known = page.wait_for_value(read).await;
    loop {
        tokio::time::sleep(A_WHILE).await;
        let now = page.wait_for_value(read).await;
        if now == known {
            return now.as_str().expect("a place is a text").to_owned();
        }
        known = now;
    }
}

/// Goes to what the address asks for; what was done before counts no more.
async fn go_to(page: &Page, hash: &str) {
    let script = format!("window.done = null; location.hash = {}; return true;", json!(hash));
    page.evaluate(&script).await;
}

#[tokio::test]
async fn who_looks_at_a_shared_lab_keeps_the_own_place() {
    let Some((_browser, _server, page)) = opened(Screen::DESKTOP).await else { return };
    play_until(&page, "SET hello world").await;
    let shared = kept(&page).await;
    let (_, link) = shared.split_once(' ').expect("whether it is done, and a link");
    play_until(&page, "$ run until 7004").await;
    let own = kept(&page).await;

    // As if somebody had sent the link.
    go_to(&page, link).await;
    page.wait_for_text("#says", "Your own place in this lesson is kept").await;
    play_until(&page, "$ kill 7001").await;
    assert_eq!(kept(&page).await, own);

    go_to(&page, "lesson=a-master-dies").await;
    page.wait_for_text("#primary", "$ run until 7004").await;
    page.assert_clean().await;
}

#[tokio::test]
async fn the_page_is_called_after_its_lesson_and_says_when_it_shows_the_past() {
    let Some((_browser, _server, page)) = opened(Screen::DESKTOP).await else { return };
    play_until(&page, "$ kill 7001").await;
    let title = page.evaluate("return document.title;").await;
    assert_eq!(title, "A master dies - hashslot");

    page.evaluate("document.activeElement?.blur(); return true;").await;
    page.press("<").await;
    page.wait_for_text(".behind", "the run has come to").await;
    page.click(".behind button").await;
    page.wait_for_value("return document.querySelector('.behind') === null;").await;
    page.assert_clean().await;
}

#[tokio::test]
async fn a_question_is_in_view_for_whoever_skips_to_it() {
    let Some((_browser, _server, page)) = opened(Screen::PHONE).await else { return };
    play_until(&page, "predict").await;
    page.still().await;
    let [_, lesson_top, _, lesson_height] = page.box_of("main").await;
    let [_, question_top, _, _] = page.box_of(".lesson-block:last-of-type").await;
    let is_in_view = (lesson_top..lesson_top + lesson_height).contains(&question_top);
    assert!(is_in_view, "it begins at {question_top}, the lesson at {lesson_top}");
    page.assert_clean().await;
}
