//! Drives the lab in a real browser: Debian's Chromium, through its WebDriver.
//!
//! ```text
//! test -> Browser -> chromedriver -> chromium -> CommandServer (the binary) or FileServer
//! ```
//!
//! A test opens a `Page`, waits until something is on it, and ends with `assert_clean`: no error
//! in the console, no request to anybody else. Nothing sleeps for a fixed time. Everything that
//! is started is ended when its value is dropped, after a panic too.
//!
//! Where Chromium, its driver or the page is missing, a test says so and passes; with CI=true it
//! fails, for there nothing may be skipped.

mod chromium;
mod missing;
mod page;
mod servers;

use std::path::PathBuf;

pub(crate) use crate::binary::root;
pub use chromium::Browser;
pub use page::{Page, Screen, Theme};
pub use servers::{CommandServer, FileServer};

/// Where `make site` writes the page.
fn site() -> PathBuf {
    root().join("target/site")
}
