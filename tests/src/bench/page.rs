//! How soon the page lives, in a real browser on this machine.
//!
//! Cold is a fresh profile: nothing in the cache, no compiled wasm. The clock is the page's own,
//! from the start of navigation; a script that runs before the page's looks once per frame.

use serde_json::json;

use super::{Goal, Measure, median};
use crate::browser::{Browser, CommandServer, Screen, Theme};

const PROFILES: usize = 5;

/// Notes when the engine has answered and what is to be done next can be pressed.
const LOOK: &str = "
    const look = () => {
        const engine = document.querySelector('#engine[data-ready=true]');
        const primary = document.querySelector('#primary');
        const box = primary?.getBoundingClientRect();
        if (engine && box && box.width > 0) window.readyAt = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

/// The row of this file; none where there is no browser.
pub async fn measure(server: &CommandServer) -> Option<Measure> {
    let mut times = Vec::new();
    for _ in 0..PROFILES {
        let browser = Browser::start().await?;
        let page = browser.blank(Screen::DESKTOP, Theme::Light).await;
        let script = json!({ "source": LOOK });
        page.command("Page.addScriptToEvaluateOnNewDocument", script).await;
        page.go(&server.url).await;
        let ready = page.wait_for_value("return window.readyAt ?? null;").await;
        times.push(ready.as_f64().expect("a time is a number"));
    }
    let name = "interactive, cold, median of 5";
    Some(Measure::new(name, median(times), "ms", Goal::Under(1500.0)))
}
