//! The page needs nobody: no third party, no script that is not its own, and after the first visit
//! no network.

use hashslot_tests::browser::{Browser, CommandServer, FileServer, Screen, Theme};
use serde_json::json;

#[tokio::test]
async fn the_lab_works_offline_after_the_first_visit() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = CommandServer::start();
    let address = format!("{}#lesson=redirects", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text("#primary", "SET foo 1").await;
    page.wait_for_value("return navigator.serviceWorker.controller !== null;").await;
    drop(server);
    page.reload().await;
    page.wait_for_text("#engine", "engine").await;
    page.wait_for_text("#primary", "SET foo 1").await;
    page.click("#primary").await;
    page.wait_for_text(".transcript .output", "OK").await;
    // A lesson that was not open before, too: all of it is at hand.
    page.evaluate("location.hash = '#lesson=a-master-dies'; return true;").await;
    page.wait_for_text("#primary", "SET user:1 alice").await;
}

/// What a foreign text would do, if it could.
const HARM: &str = "
    window.harmed = [];
    const script = document.createElement('script');
    script.textContent = 'window.harmed.push(\"inline\")';
    document.body.append(script);
    const handler = document.createElement('div');
    handler.setAttribute('onclick', 'window.harmed.push(\"handler\")');
    document.body.append(handler);
    handler.click();
    const style = document.createElement('style');
    style.textContent = 'body { --harmed: yes }';
    document.body.append(style);
    const seen = getComputedStyle(document.body).getPropertyValue('--harmed');
    if (seen.trim() === 'yes') window.harmed.push('style');
    setTimeout('window.harmed.push(\"timer\")', 0);
    const asked = ['https://example.org/', 'http://127.0.0.1:1/'].map((url) =>
        fetch(url, { mode: 'no-cors' }).then(() => window.harmed.push(url), () => {}));
    window.policy = new Promise((found) => addEventListener(
        'securitypolicyviolation', (event) => found(event.effectiveDirective), { once: true }));
    const image = new Image();
    image.src = 'https://example.org/x.png';
    const later = new Promise((done) => setTimeout(done, 300));
    return Promise.all([window.policy, later, ...asked]).then(([directive]) =>
        ({ harmed: window.harmed, directive }));";

#[tokio::test]
async fn a_foreign_script_does_not_run_and_reaches_nobody() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
    page.find("#engine[data-ready=true]").await;
    let found = page.evaluate(HARM).await;
    assert_eq!(found["harmed"], json!([]), "{found}");
    assert!(found["directive"].is_string(), "the policy is seen to work: {found}");
    let cookies = page.evaluate("return document.cookie;").await;
    assert_eq!(cookies, json!(""), "no cookie");
}
