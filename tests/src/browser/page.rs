//! A page in the browser: what a test can do on it, and what must be true of it at the end.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;

use super::root;

/// How long something may take to appear before a test fails. Machines under load are slow.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A size in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
}

impl Screen {
    pub const DESKTOP: Screen = Screen { width: 1440, height: 900 };
    pub const TABLET: Screen = Screen { width: 1024, height: 768 };
    pub const PHONE: Screen = Screen { width: 390, height: 844 };
    /// What a beamer shows.
    pub const HALL: Screen = Screen { width: 1920, height: 1080 };
}

/// What the person's system prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// An open page.
pub struct Page {
    session: WebDriver,
    url: String,
}

impl Page {
    pub(super) async fn open(session: WebDriver, url: &str, screen: Screen, theme: Theme) -> Page {
        let mut page = Page::blank(session, screen, theme).await;
        page.url = url.to_owned();
        page.go(url).await;
        page
    }

    /// An empty page, from which another one is still to be opened.
    pub(super) async fn blank(session: WebDriver, screen: Screen, theme: Theme) -> Page {
        let page = Page { session, url: "about:blank".to_owned() };
        page.resize(screen).await;
        // What scrolls smoothly cannot be clicked at the same time.
        let media = json!([
            { "name": "prefers-color-scheme", "value": theme.name() },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        page.command("Emulation.setEmulatedMedia", json!({ "features": media })).await;
        page.go("about:blank").await;
        page
    }

    pub(crate) async fn go(&self, url: &str) {
        self.session.goto(url).await.expect("the server answers");
    }

    /// Loads the page once more.
    pub async fn reload(&self) {
        self.session.refresh().await.expect("somebody answers, if only the page's own worker");
    }

    /// Shows the page on a screen of another size.
    pub async fn resize(&self, screen: Screen) {
        self.resize_as(screen, json!(false)).await;
    }

    /// The same; `mobile` is whether it is a phone's browser, as far as Chromium can play one.
    pub(super) async fn resize_as(&self, screen: Screen, mobile: Value) {
        let Screen { width, height } = screen;
        let wanted = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile,
        });
        self.command("Emulation.setDeviceMetricsOverride", wanted).await;
    }

    /// The element that a CSS selector names, as soon as there is one.
    pub async fn find(&self, selector: &str) -> WebElement {
        self.session
            .query(By::Css(selector))
            .wait(PATIENCE, LOOK_EVERY)
            .first()
            .await
            .unwrap_or_else(|error| panic!("{selector} is not on the page: {error}"))
    }

    pub async fn click(&self, selector: &str) {
        self.touch_element(selector, async |element| element.click().await).await;
    }

    /// Types into a field.
    pub async fn enter(&self, selector: &str, text: &str) {
        self.touch_element(selector, async |element| element.send_keys(text).await).await;
    }

    /// Does something with an element. One that the page has drawn anew since it was found is found
    /// again.
    async fn touch_element(
        &self,
        selector: &str,
        touch: impl AsyncFn(WebElement) -> WebDriverResult<()>,
    ) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let Err(error) = touch(self.find(selector).await).await else { return };
            let is_stale = matches!(*error, WebDriverErrorInner::StaleElementReference(..));
            let late = tokio::time::Instant::now() > deadline;
            assert!(is_stale && !late, "{selector} cannot be touched: {error}");
        }
    }

    /// Waits until an element has this text in it.
    pub async fn wait_for_text(&self, selector: &str, text: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let shown = self.find(selector).await.text().await.unwrap_or_default();
            if shown.contains(text) {
                return;
            }
            let late = tokio::time::Instant::now() > deadline;
            assert!(!late, "{selector} should say {text:?}, and says {shown:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until a script gives something: neither nothing nor `false`.
    pub async fn wait_for_value(&self, script: &str) -> Value {
        let deadline = tokio::time::Instant::now() + 4 * PATIENCE;
        loop {
            let value = self.evaluate(script).await;
            if !value.is_null() && value != json!(false) {
                return value;
            }
            let late = tokio::time::Instant::now() > deadline;
            assert!(!late, "{script} should give something");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Presses a key, such as `.`, where the focus is.
    pub async fn press(&self, key: &str) {
        let keys = self.session.action_chain().send_keys(key);
        keys.perform().await.unwrap_or_else(|error| panic!("{key} cannot be pressed: {error}"));
    }

    /// What a script gives; `script` is the body of a function.
    pub async fn evaluate(&self, script: &str) -> Value {
        let answer = self.session.execute(script, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Waits until the page has stopped to change: two looks in a row see the same.
    pub async fn still(&self) {
        let look = "return new Promise((found) => setTimeout(() => found(
            document.body.innerHTML.length + document.body.textContent), 120));";
        let mut before = self.evaluate(look).await;
        for _ in 0..20 {
            let now = self.evaluate(look).await;
            if now == before {
                return;
            }
            before = now;
        }
    }

    /// Writes a picture of the page to `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        self.picture("target/screenshots", name).await;
    }

    /// Writes a picture of the page to a folder of the repository.
    pub async fn picture(&self, folder: &str, name: &str) {
        let folder = root().join(folder);
        fs::create_dir_all(&folder).expect("target can be written");
        let picture = self.session.screenshot_as_png().await.expect("Chromium takes pictures");
        fs::write(folder.join(format!("{name}.png")), picture).expect("target can be written");
    }

    /// Nothing is wider than the screen.
    pub async fn assert_fits(&self) {
        let script = "const e = document.scrollingElement; return e.scrollWidth - e.clientWidth";
        assert_eq!(self.evaluate(script).await, json!(0), "pixels beyond the screen's edge");
    }

    /// The console has no warning and no error, and nothing was asked of anybody else.
    pub async fn assert_clean(&self) {
        let log = self.session.browser_log().await.expect("the log is switched on");
        let bad: Vec<String> = log
            .iter()
            .filter(|entry| ["SEVERE", "WARNING"].contains(&entry.level.as_str()))
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect();
        assert!(bad.is_empty(), "the console has errors: {bad:#?}");

        let home = origin(&self.url);
        let asked = self.requested().await;
        let address = self.url.split('#').next().unwrap_or_default().to_owned();
        assert!(asked.contains(&address), "requests are seen at all: {asked:?}");
        let strangers: Vec<&String> =
            asked.iter().filter(|url| url.contains("://") && origin(url) != home).collect();
        assert!(strangers.is_empty(), "the page asked others: {strangers:#?}");
    }

    /// The addresses that were requested since the last look.
    async fn requested(&self) -> Vec<String> {
        let log = self.session.get_log("performance").await.expect("the log is switched on");
        log.iter()
            .filter_map(|entry| serde_json::from_str::<Value>(&entry.message).ok())
            .filter(|entry| entry["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|entry| {
                entry["message"]["params"]["request"]["url"].as_str().map(str::to_owned)
            })
            .collect()
    }

    /// Asks Chromium itself; see the Chrome DevTools Protocol.
    pub(crate) async fn command(&self, name: &str, params: Value) -> Value {
        let sent = self.session.cdp().send_raw(name, params).await;
        sent.unwrap_or_else(|error| panic!("Chromium knows {name}: {error}"))
    }
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}
