//! The lab in a real browser: it starts wherever it is served from, its worker answers, it asks
//! nobody else for anything, and it fits the screens that people have. The lesson itself is played
//! in `lesson.rs`.

use hashslot_tests::browser::{Browser, CommandServer, FileServer, Page, Screen, Theme};

/// What the worker says when asked which version it is.
const ENGINE: &str = concat!("engine ", env!("CARGO_PKG_VERSION"));

/// A lesson whose first steps are known here.
const LESSON: &str = "#lesson=a-master-dies";

/// Its first steps.
async fn assert_lab_works(page: &Page) {
    page.wait_for_text("#engine", ENGINE).await;
    page.wait_for_text(".lesson h2", "A master dies").await;
    page.wait_for_text("#primary", "SET user:1 alice").await;
    page.click("#primary").await;
    page.wait_for_text(".transcript .output", "Redirected to slot [10778]").await;
    page.wait_for_text("#says", "gets an answer: OK").await;
    page.assert_clean().await;
}

#[tokio::test]
async fn the_lab_starts_from_the_command_line() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = CommandServer::start();
    let address = format!("{}{LESSON}", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    assert_lab_works(&page).await;
}

#[tokio::test]
async fn the_lab_starts_from_any_file_server_under_a_sub_path() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let address = format!("{}{LESSON}", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    assert_lab_works(&page).await;
}

#[tokio::test]
async fn the_lab_fits_every_screen_in_light_and_dark() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    for theme in [Theme::Light, Theme::Dark] {
        let address = format!("{}{LESSON}", server.url);
        let page = browser.open(&address, Screen::DESKTOP, theme).await;
        page.wait_for_text("#primary", "SET user:1 alice").await;
        for screen in [Screen::DESKTOP, Screen::TABLET, Screen::PHONE] {
            page.resize(screen).await;
            page.assert_fits().await;
            page.screenshot(&format!("lab-{}-{}", screen.width, theme.name())).await;
        }
        page.assert_clean().await;
    }
}

#[tokio::test]
async fn an_address_opens_a_lesson_and_a_wrong_one_says_which_there_are() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let address = format!("{}#lesson=nothing", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text(".lesson .trouble", "no lesson is called nothing").await;
    page.click("#lessons summary").await;
    page.click("#lessons a[href='#lesson=redirects']").await;
    page.wait_for_text("#primary", "SET foo 1").await;
    page.wait_for_text(".top .lesson-title", "Redirects").await;
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
