//! The lab in a real browser: it starts wherever it is served from, its worker answers, it asks
//! nobody else for anything, and it fits the screens that people have.

use hashslot_tests::browser::{Browser, CommandServer, FileServer, Page, Screen, Theme};

/// What the worker says when asked which version it is.
const ENGINE: &str = concat!("engine ", env!("CARGO_PKG_VERSION"));

async fn assert_lab_works(page: &Page) {
    page.wait_for_text("#engine", ENGINE).await;
    page.enter("#key", "{user1000}.following").await;
    page.wait_for_text("#says", "slot 3443").await;
    page.wait_for_text("#stage .marker .slot", "3443").await;
    page.assert_clean().await;
}

#[tokio::test]
async fn the_lab_starts_from_the_command_line() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = CommandServer::start();
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
    assert_lab_works(&page).await;
}

#[tokio::test]
async fn the_lab_starts_from_any_file_server_under_a_sub_path() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
    assert_lab_works(&page).await;
}

#[tokio::test]
async fn the_lab_fits_every_screen_in_light_and_dark() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    for theme in [Theme::Light, Theme::Dark] {
        let page = browser.open(&server.url, Screen::DESKTOP, theme).await;
        page.wait_for_text("#engine", ENGINE).await;
        page.enter("#key", "user:1234").await;
        page.wait_for_text("#says", "slot 15814").await;
        for screen in [Screen::DESKTOP, Screen::TABLET, Screen::PHONE] {
            page.resize(screen).await;
            page.assert_fits().await;
            page.screenshot(&format!("lab-{}-{}", screen.width, theme.name())).await;
        }
        page.assert_clean().await;
    }
}

/// Workers that break: while they load, and while they answer (a message that nobody sends).
const BROKEN_WORKERS: [(&str, &str); 2] = [
    ("throw new Error('out of slots')", "out of slots"),
    (
        "import init, { start_worker } from './hashslot.js';
        addEventListener('message', async (event) => {
            await init({ module_or_path: event.data });
            start_worker();
            dispatchEvent(new MessageEvent('message', { data: 'nonsense' }));
        }, { once: true });",
        "both ends speak the same version",
    ),
];

#[tokio::test]
async fn a_worker_that_breaks_is_not_waited_for() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    for (script, reason) in BROKEN_WORKERS {
        let server = FileServer::start_with("worker.js", script).await;
        let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
        page.wait_for_text("#says", "The simulation has stopped").await;
        page.wait_for_text("#says", reason).await;
    }
}
