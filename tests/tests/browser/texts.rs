//! What comes from outside, on the real page: links and dropped files, whole, damaged and hostile;
//! and the gestures that the other tests do not use.

use hashslot_tests::browser::{Browser, FileServer, Hand, SCENES, Screen, Theme, Twin};
use serde_json::json;

/// A lesson in which a stranger tries what a page might let them.
const HARMFUL: &str = "---\nformat: 1\nredis: \"7.0\"\ntitle: Harm\nabout: Harm.\nminutes: 1\n\
    misconception: \"<img src=x onerror=harm()>\"\ncluster: { masters: 3, replicas: 1 }\n---\n\n\
    # Harm <script>window.harm = 1</script>\n\n<script>window.harm = 1</script>\n\n\
    <img src=x onerror=\"window.harm = 1\">\n\n[press me](javascript:window.harm=1)\n\n\
    ```lab\n> SET a \"<b onmouseover=harm()>\"\nOK\n> GET a\n```\n";

#[tokio::test]
async fn dropped_files_open_or_say_why_not_and_the_page_lives() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let address = format!("{}#lesson=redirects", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text("#primary", "SET foo 1").await;

    page.drop_file("big.md", &"# big\n".repeat(1 << 20)).await;
    page.wait_for_text("body", "at most").await;
    page.drop_file("deep.md", &"> ".repeat(100_000)).await;
    page.wait_for_text("[role=alert]", "front matter").await;
    let endless = HARMFUL.replace("> GET a", "$ run 99999999999999s");
    page.drop_file("endless.md", &endless).await;
    page.wait_for_text("[role=alert]", "duration").await;

    page.drop_file("harm.md", HARMFUL).await;
    page.wait_for_text(".top .lesson-title", "Harm").await;
    page.wait_for_text("#primary", "SET a").await;
    page.click("#primary").await;
    page.wait_for_text(".transcript .output", "OK").await;
    let harm = "return [window.harm ?? 0, document.querySelectorAll('main script, main img, \
        main a[href^=javascript]').length];";
    assert_eq!(page.evaluate(harm).await, json!([0, 0]));
    page.assert_clean().await;
}

#[tokio::test]
async fn a_shared_link_opens_as_it_was_and_a_damaged_one_says_so() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let mut twin = Twin::of_lesson("a-master-dies");
    twin.play();
    twin.seek_mark("7004 is master now");
    let link = twin.link();
    let page = browser.open(&format!("{}#{link}", server.url), Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text("#says", "7004 is master now").await;
    page.find("#the-end").await;

    let other = |from: &str, to: &str| format!("{}#{}", server.url, link.replacen(from, to, 1));
    let cut = format!("{}#{}", server.url, &link[..link.len() - 7]);
    let changed = {
        let (head, tail) = link.split_at(link.len() / 2);
        let letter = if tail.starts_with('A') { "B" } else { "A" };
        format!("{}#{head}{letter}{}", server.url, &tail[1..])
    };
    for (address, said) in [
        (cut, "this link is damaged"),
        (changed, "this link is damaged"),
        (other("=2.", "=9."), "another version of hashslot"),
    ] {
        let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
        page.wait_for_text("body", said).await;
        page.click("#lessons summary").await;
        page.click("#lessons a[href='#lesson=redirects']").await;
        page.wait_for_text("#primary", "SET foo 1").await;
    }
}

#[tokio::test]
async fn a_finger_scrolls_the_lesson_and_a_mouse_drags_time() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let scene = SCENES.iter().find(|scene| scene.name == "after-the-failover");
    let scene = scene.expect("there is such a scene");
    let page = scene.open(&browser, &server.url, Hand::Touch.screen(), Theme::Light).await;
    page.use_touch(Hand::Touch.screen()).await;
    page.still().await;
    page.evaluate("document.querySelector('main.lesson').scrollTop = 0; return true;").await;
    let scrolled = "return document.querySelector('main.lesson').scrollTop > 100;";
    page.swipe((195.0, 800.0), (195.0, 620.0)).await;
    page.wait_for_value(scrolled).await;

    let page = scene.open(&browser, &server.url, Screen::DESKTOP, Theme::Light).await;
    let [left, top, width, height] = page.box_of("#track").await;
    let middle = top + height / 2.0;
    page.drag((left + width * 0.3, middle), (left + width * 0.05, middle)).await;
    let early = "return Number(document.querySelector('#track').ariaValueNow) < 2e6;";
    page.wait_for_value(early).await;
    page.click_at((left + width * 0.97, middle)).await;
    page.wait_for_value("return Number(document.querySelector('#track').ariaValueNow) > 5e6;")
        .await;
}
