//! What a browser test needs, and what it says when that is not there.

use std::env;
use std::io::Write;
use std::path::PathBuf;

/// Where the two programs are.
pub struct Programs {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

/// The programs; or `None`, said plainly, when something is missing.
pub fn find_programs() -> Option<Programs> {
    let chromium = find("chromium");
    let chromedriver = find("chromedriver");
    let has_site = super::site().join("index.html").is_file();
    match (chromium, chromedriver) {
        (Some(chromium), Some(chromedriver)) if has_site => {
            Some(Programs { chromium, chromedriver })
        }
        (None, _) => skip("chromium is not installed: .ci/setup test"),
        (_, None) => skip("chromedriver is not installed: .ci/setup test"),
        (Some(_), Some(_)) => skip("the page is not built: make site"),
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Says why a test is skipped, past the capture of the test runner; fails where that is forbidden.
pub(super) fn skip(why: &str) -> Option<Programs> {
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "with CI=true no test may be skipped, but {why}"
    );
    // Should standard error be closed, there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED, a browser test: {why}");
    None
}
