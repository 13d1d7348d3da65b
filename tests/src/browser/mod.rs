//! Drives the lab in a real browser: Debian's Chromium, through its WebDriver.
//!
//! ```text
//! test -> Browser -> chromedriver -> chromium -> CommandServer (the binary) or FileServer
//! ```
//!
//! `served` is a cluster for real clients, and such a client; `hand`, `keyboard` and `drop` are
//! what a person does; `play` plays lessons with them, beside a `twin` without a browser that says
//! what must be seen; `audit` asks axe.
//!
//! A test opens a `Page`, waits until something is on it, and ends with `assert_clean`: no error
//! in the console, no request to anybody else. Nothing sleeps for a fixed time. Everything that
//! is started is ended when its value is dropped, after a panic too.
//!
//! Where Chromium, its driver or the page is missing, a test says so and passes; with CI=true it
//! fails, for there nothing may be skipped.

mod audit;
mod chromium;
mod drop;
mod hand;
mod keyboard;
mod missing;
mod page;
mod play;
mod recorder;
mod scenes;
mod served;
mod servers;
mod twin;

use std::path::PathBuf;

pub(crate) use crate::binary::root;
pub use chromium::Browser;
pub use hand::{Hand, Spot};
pub use keyboard::key;
pub use page::{Page, Screen, Theme};
pub use play::play_lesson;
pub use scenes::{SCENES, Scene};
pub use served::{Caller, GLANCE, Record, Served};
pub use servers::{CommandServer, FileServer};
pub use twin::Twin;

/// Where `make site` writes the page.
fn site() -> PathBuf {
    root().join("target/site")
}
