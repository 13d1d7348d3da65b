//! The lesson "A master dies", played in a real browser from its first word to its last.

use hashslot_tests::browser::{Browser, FileServer, Page, Screen, Theme};
use serde_json::{Value, json};

/// What each node on the stage is: its port, what became of it, its role, and the opinions of it.
const STAGE: &str = "
    return [...document.querySelectorAll('#stage .node')].map((node) => ({
        port: node.dataset.port, truth: node.dataset.truth, role: node.dataset.role,
        opinions: [...node.querySelectorAll('.opinion')].map((mark) => mark.dataset.opinion),
    }));";

/// What is to be done next, once the last answer has come: the end, a question, or the text of
/// the primary control.
const NEXT: &str = "
    if (document.querySelector('#the-end')) return 'end';
    const primary = document.querySelector('#primary');
    if (!primary) return null;
    const block = primary.closest('.lesson-block').dataset.block;
    const is_input = primary.matches('input');
    const kind = primary.closest('.quiz') ? 'quiz' : 'predict';
    const text = is_input ? kind : primary.innerText.trim().replace(/\\s+/g, ' ');
    window.next = block + text;
    return window.next === window.done ? null : text;";

/// Remembers that this was done, so that it is not taken for the next.
const DONE: &str = "window.done = window.next; return true;";

async fn next(page: &Page) -> String {
    page.wait_for_value(NEXT).await.as_str().unwrap_or_default().to_owned()
}

/// Presses the primary control.
async fn press_primary(page: &Page) {
    next(page).await;
    page.evaluate(DONE).await;
    page.click("#primary").await;
}

/// Commits to an option of the last question, counted from 1.
async fn choose(page: &Page, option: u32) {
    let input = format!(".lesson-block:last-of-type .option:nth-of-type({option}) input");
    page.click(&input).await;
    page.click("button.commit").await;
    page.find(".lesson-block:last-of-type .verdict").await;
}

async fn node(page: &Page, port: &str) -> Value {
    let nodes = page.evaluate(STAGE).await;
    let found = nodes.as_array().and_then(|nodes| nodes.iter().find(|node| node["port"] == port));
    found.unwrap_or_else(|| panic!("{port} is on the stage")).clone()
}

/// Shows all that there is to be shown.
async fn to_present(page: &Page) {
    let skip = "document.querySelector('#to-present')?.click();
        return !document.querySelector('#to-present');";
    page.wait_for_value(skip).await;
}

/// Does what the lesson asks for, until it asks for this; what it asked for on the way.
pub async fn play_until(page: &Page, wanted: &str) -> Vec<String> {
    let mut asked = Vec::new();
    for _ in 0..120 {
        let next = next(page).await;
        to_present(page).await;
        asked.push(next.clone());
        if next.contains(wanted) {
            return asked;
        }
        match next.as_str() {
            "predict" | "quiz" => choose(page, 2).await,
            _ => press_primary(page).await,
        }
    }
    panic!("the lesson never asks for {wanted}: {asked:?}");
}

#[tokio::test]
async fn a_lesson_is_played_from_its_first_word_to_its_last() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let address = format!("{}#lesson=a-master-dies", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;

    play_until(&page, "$ kill 7001").await;
    press_primary(&page).await;
    page.wait_for_text("#clock", "since kill 7001").await;
    to_present(&page).await;
    let killed = node(&page, "7001").await;
    assert_eq!(killed["truth"], "gone", "{killed}");
    let fine = json!(["ok", "ok", "ok", "ok", "ok"]);
    assert_eq!(killed["opinions"], fine, "nobody believes yet that a killed node has failed");

    // A wrong prediction, and the run in which it would have been right.
    play_until(&page, "predict").await;
    choose(&page, 3).await;
    page.wait_for_text(".verdict", "No. The run printed:").await;
    page.click("button.what-if").await;
    page.wait_for_text(".counter", "run until 7000 sees 7001 fail").await;
    page.wait_for_text(".counter", "Then your answer comes true:").await;

    play_until(&page, "$ run until 7000 sees 7001 fail").await;
    let opinions = node(&page, "7001").await["opinions"].to_string();
    assert!(opinions.contains("pfail"), "{opinions}");
    assert!(!opinions.contains("\"fail\""), "no quorum yet: {opinions}");
    press_primary(&page).await;
    page.wait_for_text("#says", "marks 7001 FAIL").await;
    let opinions = node(&page, "7001").await["opinions"].to_string();
    assert!(opinions.contains("\"fail\""), "who says FAIL holds it: {opinions}");

    play_until(&page, "$ run until settled").await;
    assert_eq!(node(&page, "7004").await["role"], "master");
    back_and_forth(&page).await;
    ask_why(&page).await;

    let asked = play_until(&page, "end").await;
    assert!(asked.iter().any(|asked| asked.contains("$ kill 7002")), "{asked:?}");
    page.wait_for_text("#the-end", "the whole lesson").await;
    page.assert_clean().await;
}

/// From the promotion back to the silence and forth again: the stage follows.
async fn back_and_forth(page: &Page) {
    page.click("#previous-moment").await;
    page.find("#play[aria-label^=Play][aria-disabled=false]").await;
    page.evaluate("document.activeElement.blur(); return true;").await;
    for _ in 0..20 {
        page.press("<").await;
    }
    page.wait_for_text("#says", "Nothing has happened yet.").await;
    assert_eq!(node(page, "7001").await["truth"], "running");
    page.press(">").await;
    page.wait_for_text("#says", "$ kill 7001").await;
    page.press(".").await;
    page.wait_for_text("#says", "The process of 7001 is gone.").await;
    page.press(",").await;
    page.wait_for_text("#says", "$ kill 7001").await;
    page.press(" ").await;
    page.wait_for_text("#says", "loses its connection to 7001").await;
    page.click("#play").await;
    page.find("#play[aria-label^=Play]").await;
    to_present(page).await;
    assert_eq!(node(page, "7004").await["role"], "master");
}

/// From the promotion to its cause.
async fn ask_why(page: &Page) {
    page.click("[data-letter=M]").await;
    page.wait_for_text("#says", "7004 is master now").await;
    page.click("#why").await;
    page.wait_for_text("#because", "because").await;
    page.wait_for_text("#because", "7001").await;
    page.click("#because li:last-of-type button").await;
    page.find("#because li:last-of-type button[aria-current]").await;
    page.click(".dock-strip .close").await;
    to_present(page).await;
}

#[tokio::test]
async fn a_lesson_is_played_by_the_keyboard_on_a_phone() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let address = format!("{}#lesson=a-master-dies", server.url);
    let page = browser.open(&address, Screen::PHONE, Theme::Dark).await;
    for wanted in ["SET user:1 alice", "SET hello world", "$ run until 7004", "$ run 1s"] {
        page.wait_for_text("#primary", wanted).await;
        next(&page).await;
        page.find("#primary:focus").await;
        page.evaluate(DONE).await;
        page.press("\u{e007}").await;
    }
    page.wait_for_text("#primary", "$ kill 7001").await;
    page.assert_fits().await;
    page.assert_clean().await;
}
