//! The page watches a served cluster: what real clients are told is seen, what is done on the page
//! happens to them, its clock can be stopped, its past can be looked at, and what was recorded is
//! played again to the same end.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashslot_tests::binary;
use hashslot_tests::browser::{
    Browser, Caller, FileServer, GLANCE, Page, Record, Screen, Served, Theme, key,
};
use serde_json::json;

/// A key of the last master's, and its slot.
const FOREIGN: (&str, u16) = ("foo", 12182);

/// Writes down each redirect that the stage shows, from now on.
const WATCH: &str = "
    window.redirects = [];
    new MutationObserver(() => document.querySelectorAll('#stage .fading').forEach((it) => {
        const seen = `${it.dataset.from}: ${it.textContent.trim()}`;
        if (!redirects.includes(seen)) redirects.push(seen);
    })).observe(document.body, { childList: true, subtree: true });
    return true;";

/// A served cluster, and a page that watches it.
async fn watched() -> Option<(Browser, Served, Page)> {
    let browser = Browser::start().await?;
    let served = Served::start(&[]);
    let page = open(&browser, &served).await;
    Some((browser, served, page))
}

async fn open(browser: &Browser, served: &Served) -> Page {
    let page = browser.open(&served.url, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text("#far-end", "connected").await;
    page.find("#stage .node").await;
    page
}

/// Picks an item of the menu of a node.
async fn pick(page: &Page, port: u16, item: &str) {
    page.evaluate(&format!(
        "document.querySelector(\"#stage .node[data-port='{port}']\").focus(); return true;"
    ))
    .await;
    page.press(key::ENTER).await;
    page.wait_for_value(&format!(
        "const item = [...document.querySelectorAll('[role=menuitem]')]
            .find((it) => it.textContent.startsWith('{item}'));
        item?.click();
        return !!item;"
    ))
    .await;
}

#[tokio::test]
async fn a_redirect_of_a_real_client_is_seen_while_it_happens() {
    let Some((_browser, served, page)) = watched().await else { return };
    page.wait_for_text(".worlds [aria-pressed=true]", "served cluster").await;
    page.wait_for_text("#far-end", "No client is connected").await;
    page.evaluate(WATCH).await;

    let mut caller = Caller::to(served.first_port);
    page.wait_for_text("#far-end", "1 client is connected").await;
    let (key, slot) = FOREIGN;
    let moved = format!("MOVED {slot} 127.0.0.1:{}", served.port(2));
    assert_eq!(caller.ask(&format!("GET {key}")).unwrap(), format!("-{moved}"));

    let seen = format!("{}: {moved}", served.first_port);
    page.wait_for_value(&format!("return redirects.includes({});", json!(seen))).await;
    page.wait_for_text(".redirects", &moved).await;
    page.wait_for_text("#stage .client", "1").await;
    page.wait_for_value("return !document.querySelector('#stage .fading');").await;
    page.assert_clean().await;
}

#[tokio::test]
async fn a_fault_from_the_page_acts_on_connected_clients() {
    let Some((_browser, served, page)) = watched().await else { return };
    let mut caller = Caller::to(served.first_port);
    assert_eq!(caller.ask("PING").unwrap(), "+PONG");
    pick(&page, served.first_port, "Kill").await;
    assert!(caller.hear(GLANCE * 10).is_err(), "its connection ends");
    page.find(&format!("#stage .node.gone[data-port='{}']", served.first_port)).await;
    // Its replica takes over, and the page shows it without being asked.
    page.find(&format!("#stage .node.master[data-port='{}']", served.port(3))).await;
    let mut other = Caller::to(served.port(3));
    assert_eq!(other.ask("SET a 1").unwrap().split(' ').next(), Some("-MOVED"));
    assert_eq!(other.ask("SET bar 1").unwrap(), "+OK");
    page.assert_clean().await;
}

#[tokio::test]
async fn under_load_the_page_draws_a_few_and_stays_at_hand() {
    let Some((_browser, served, page)) = watched().await else { return };
    let is_over = Arc::new(AtomicBool::new(false));
    let load = std::thread::spawn({
        let (is_over, port) = (is_over.clone(), served.first_port);
        move || {
            let mut caller = Caller::to(port);
            let batch = [format!("GET {}", FOREIGN.0).as_str(); 100].join("\r\n");
            let mut answers = 0;
            while !is_over.load(Ordering::Relaxed) {
                caller.send(&batch).unwrap();
                for _ in 0..100 {
                    caller.hear(GLANCE * 50).unwrap();
                    answers += 1;
                }
            }
            answers
        }
    });
    page.find("#stage .fading").await;
    page.wait_for_value("return document.querySelectorAll('.redirects li').length === 8;").await;
    page.wait_for_text("#stage .fading", "more").await;
    // Frames of the page, and what is drawn in them, for two seconds.
    let frames = "return new Promise((found) => {
        let [frames, most, end] = [0, 0, performance.now() + 2000];
        const frame = (now) => {
            frames += 1;
            most = Math.max(most, document.querySelectorAll('#stage .message').length);
            now < end ? requestAnimationFrame(frame) : found([frames, most]);
        };
        requestAnimationFrame(frame);
    });";
    let found = page.evaluate(frames).await;
    assert!(found[0].as_u64() > Some(10) && found[1].as_u64() <= Some(7), "{found}");
    page.click("#tab-events").await;
    page.wait_for_text("#dock", "is sent").await;
    is_over.store(true, Ordering::Relaxed);
    let answers = load.join().unwrap();
    assert!(answers > 1_000, "it was a load: {answers}");
    page.assert_clean().await;
}

#[tokio::test]
async fn pausing_the_clock_holds_clients_up() {
    let Some((_browser, served, page)) = watched().await else { return };
    let mut caller = Caller::to(served.first_port);
    assert_eq!(caller.ask("PING").unwrap(), "+PONG");
    page.click("#play").await;
    page.wait_for_text("#far-end", "The clock is paused").await;
    caller.send("PING").unwrap();
    assert!(caller.hear(GLANCE).is_err(), "nothing happens without time");
    page.click("#play").await;
    assert_eq!(caller.hear(GLANCE * 10).unwrap(), "+PONG");
    page.assert_clean().await;
}

#[tokio::test]
async fn the_past_is_looked_at_while_clients_go_on() {
    let Some((_browser, served, page)) = watched().await else { return };
    let mut caller = Caller::to(served.first_port);
    let (key, _) = FOREIGN;
    caller.ask(&format!("GET {key}")).unwrap();
    page.wait_for_text(".redirects", "MOVED").await;
    page.press(",").await;
    page.wait_for_text("#past", "The past; your clients go on").await;
    let before = page.evaluate("return document.querySelector('#clock').textContent;").await;
    assert_eq!(caller.ask("SET bar 1").unwrap(), "+OK", "a client goes on");
    // What is tried there touches nobody.
    pick(&page, served.first_port, "Kill").await;
    page.wait_for_text("#past", "A run of your own").await;
    assert_eq!(caller.ask("GET bar").unwrap(), "$1");
    assert_eq!(caller.hear(GLANCE).unwrap(), "1");
    page.click("#back-to-live").await;
    page.wait_for_value("return !document.querySelector('#past');").await;
    page.find(&format!("#stage .node.running[data-port='{}']", served.first_port)).await;
    let now = "document.querySelector('#clock').textContent";
    page.wait_for_value(&format!("return {now} !== {before};")).await;
    page.assert_clean().await;
}

#[tokio::test]
async fn a_recorded_session_ends_alike_in_the_browser_and_on_the_command_line() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let record = Record::new("failover");
    let mut served = Served::start(&["--record", record.path(), "--speed", "5"]);
    let mut caller = Caller::to(served.first_port);
    assert_eq!(caller.ask("SET bar 1").unwrap(), "+OK");
    let page = open(&browser, &served).await;
    pick(&page, served.first_port, "Kill").await;
    page.find(&format!("#stage .node.master[data-port='{}']", served.port(3))).await;
    let mut heir = Caller::to(served.port(3));
    assert_eq!(heir.ask("GET bar").unwrap(), "$1", "what was acknowledged is still there");
    page.assert_clean().await;
    served.interrupt();

    let played = Command::new(binary()).args(["run", record.path()]).output().unwrap();
    let played = String::from_utf8_lossy(&played.stdout).into_owned();
    let Some(other) = Browser::start().await else {
        return;
    };
    let site = FileServer::start().await;
    let page = other.open(&site.url, Screen::DESKTOP, Theme::Light).await;
    page.find("#stage .node").await;
    page.drop_file("failover.session", &record.text()).await;
    page.wait_for_text(".lesson", "digest").await;
    let digest = page
        .evaluate("return document.querySelector('.lesson').textContent.match(/[0-9a-f]{16}/)[0];")
        .await;
    let digest = digest.as_str().expect("a digest is a text").to_owned();
    assert!(played.contains(&digest), "the page has {digest}, the command line says: {played}");
    page.find(&format!("#stage .node.master[data-port='{}']", served.port(3))).await;
    page.assert_clean().await;
}

#[tokio::test]
async fn each_world_keeps_its_state_and_the_address_remembers_which_is_shown() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let served = Served::start(&[]);
    let address = format!("{}#lesson=redirects", served.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_text("#primary", "SET foo 1").await;
    page.click("#primary").await;
    page.wait_for_text(".transcript .output", "OK").await;
    page.click(".worlds button:last-child").await;
    page.wait_for_text("#far-end", "connected").await;
    assert_eq!(page.evaluate("return location.hash;").await, json!("#served"));
    page.reload().await;
    page.wait_for_text("#far-end", "connected").await;
    page.click(".worlds button:first-child").await;
    page.wait_for_text(".lesson", "You are where you left off").await;
    page.click(".worlds button:last-child").await;
    page.wait_for_text("#far-end", "connected").await;
    // Whoever comes back without a reload finds all as it was.
    page.press(",").await;
    page.find("#past").await;
    page.click(".worlds button:first-child").await;
    page.wait_for_text(".transcript .output", "OK").await;
    page.click(".worlds button:last-child").await;
    page.find("#past").await;
    page.assert_clean().await;
}

#[tokio::test]
async fn a_lost_connection_is_said_and_made_again() {
    let Some((_browser, mut served, page)) = watched().await else { return };
    page.press(",").await;
    page.wait_for_text("#past", "your clients go on").await;
    served.kill();
    page.wait_for_text("#says", "The connection to the server is lost").await;
    page.wait_for_text("#far-end", "tries again").await;
    let past = page.evaluate("return document.querySelector('#past span').textContent;").await;
    assert_eq!(past, "The past.", "nobody knows of any clients");
    page.find("#back-to-live[aria-disabled=true]").await;
    let nodes = "return document.querySelectorAll('#stage .node').length;";
    assert_eq!(page.evaluate(nodes).await, json!(6), "what was seen last stays");
    served.start_again();
    page.wait_for_text("#far-end", "connected").await;
    let says = "return !document.querySelector('#says').textContent.includes('lost');";
    page.wait_for_value(says).await;
}

#[tokio::test]
async fn a_served_cluster_fits_every_screen_and_everybody_can_use_it() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let served = Served::start(&[]);
    let mut breaches = Vec::new();
    for (screen, name) in [(Screen::DESKTOP, "desktop"), (Screen::PHONE, "phone")] {
        for theme in [Theme::Light, Theme::Dark] {
            let page = browser.open(&served.url, screen, theme).await;
            page.wait_for_text("#far-end", "connected").await;
            page.find("#stage .node").await;
            page.assert_fits().await;
            breaches.extend(page.audit(name).await);
            page.press(",").await;
            page.find("#past").await;
            page.assert_fits().await;
            breaches.extend(page.audit(&format!("{name}, the past")).await);
            page.screenshot(&format!("served-{}-{}", screen.width, theme.name())).await;
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[tokio::test]
async fn a_site_of_plain_files_offers_no_served_cluster() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let site = FileServer::start().await;
    let page = browser.open(&format!("{}#served", site.url), Screen::DESKTOP, Theme::Light).await;
    page.find("#primary").await;
    assert_eq!(page.evaluate("return !!document.querySelector('.worlds');").await, json!(false));
    page.assert_clean().await;
}
