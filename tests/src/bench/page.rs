//! How heavy the page is, and how soon it lives, in a real browser on this machine.

use super::{Goal, Measure};
use crate::browser::{Browser, CommandServer, Page, Screen, Theme};

/// What was received for scripts, style and wasm, over every file once: the page and its worker
/// load some of them twice, the second time from the cache.
const BYTES_RECEIVED: &str = "
    const wanted = /[.](wasm|js|css)$/;
    const sizes = new Map();
    for (const entry of performance.getEntriesByType('resource')) {
        if (wanted.test(entry.name)) {
            sizes.set(entry.name, Math.max(entry.encodedBodySize, sizes.get(entry.name) ?? 0));
        }
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);";

/// Milliseconds from the start of navigation until now.
const AGE: &str = "return performance.now();";

/// The measures of the page; none where there is no browser.
pub async fn measure() -> Vec<Measure> {
    let Some(browser) = Browser::start().await else {
        return Vec::new();
    };
    let server = CommandServer::start();
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
    page.find("#engine[data-ready=true]").await;
    let age_ms = number(&page, AGE).await;
    let received_kb = number(&page, BYTES_RECEIVED).await / 1000.0;
    vec![
        Measure::new("wasm, js and css as served", received_kb, "KB", Goal::Under(600.0)),
        Measure::new("the worker has answered, cold", age_ms, "ms", Goal::Under(1500.0)),
    ]
}

async fn number(page: &Page, script: &str) -> f64 {
    page.evaluate(script).await.as_f64().expect("the script gives a number")
}
