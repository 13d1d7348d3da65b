//! How the page moves: frames while a run is played, steps that are clicked, and memory.
//!
//! The runs are made by a twin without a browser and opened by a link at their beginning, so that
//! nothing but the play is measured.

use std::env;

use serde_json::Value;

use hashslot_core::words::Span;

use super::memory;
use super::{Goal, Measure};
use crate::browser::{Browser, CommandServer, Page, Screen, Theme, Twin};

/// The variable that asks for ten minutes by the clock on the wall.
const TRUE_MINUTES: &str = "HASHSLOT_TEN_MINUTES";

/// A run of so many nodes with writes and a failover in it, shown at its beginning.
fn run(cluster: &str, steps: &str) -> String {
    let source = format!(
        "---\nformat: 1\nredis: \"7.0\"\ntitle: Bench\nabout: A run.\nminutes: 1\n\
         misconception: \"None.\"\ncluster: {cluster}\n---\n\nA run.\n\n```lab\n{steps}\n```\n"
    );
    let mut twin = Twin::of_text(&source);
    twin.play();
    twin.seek(Span::ZERO);
    twin.link()
}

const SIX: &str = "{ masters: 3, replicas: 1, node-timeout: 5s, seed: 1 }";
const HUNDRED: &str = "{ masters: 50, replicas: 1, node-timeout: 5s, seed: 1 }";
const FAILOVERS: &str = "$ workload 20/s\n$ run 5s\n$ kill 7001\n$ run 40s\n$ restart 7001\n\
                         $ run 20s\n$ kill 7000\n$ run 60s";
const ONE_FAILOVER: &str = "$ workload 20/s\n$ run 5s\n$ kill 7001\n$ run 100s";
const TEN_MINUTES: &str = "$ workload 20/s\n$ run 5s\n$ kill 7001\n$ run 595s";

/// The rows of this file; none where there is no browser.
pub async fn measure(server: &CommandServer) -> Option<Vec<Measure>> {
    let browser = Browser::start().await?;
    let mut measures = Vec::new();
    let url = |link: String| format!("{}#{link}", server.url);

    let page = open(&browser, &url(run(SIX, FAILOVERS))).await;
    let frames = frames(&page, "10 times", 10).await;
    let name = "frame at 10 times, 6 nodes, 95th";
    measures.push(Measure::new(name, frames.p95_ms, "ms", Goal::Under(20.0)));

    let (longest, count) = thousand_clicks(&page).await;
    let name = "1000 clicks on step and back, longest task";
    measures.push(Measure::new(name, longest, "ms", Goal::Under(50.0)));
    let name = "1000 clicks, tasks over 50 ms";
    measures.push(Measure::new(name, count, "tasks", Goal::Under(1.0)));

    let page = open(&browser, &url(run(HUNDRED, ONE_FAILOVER))).await;
    let frames = self::frames(&page, "10 times", 10).await;
    let name = "frames a second at 10 times, 100 nodes";
    measures.push(Measure::new(name, frames.per_second, "1/s", Goal::AtLeast(30.0)));
    drop(browser);

    let browser = Browser::start().await?;
    let page = open(&browser, &url(run(SIX, TEN_MINUTES))).await;
    let is_true = env::var_os(TRUE_MINUTES).is_some();
    let frames = match is_true {
        true => self::frames(&page, "real time", 610).await,
        false => self::frames(&page, "100 times", 12).await,
    };
    assert!(frames.played_s > 590.0, "ten minutes were played, not {} s", frames.played_s);
    let name = match is_true {
        true => "own memory of the page's process, 10 min",
        false => "own memory of the page's process, 600 s at 100x",
    };
    let megabytes = memory::renderer_mb(browser.driver_id());
    measures.push(Measure::new(name, megabytes?, "MB", Goal::Under(200.0)));
    Some(measures)
}

async fn open(browser: &Browser, url: &str) -> Page {
    let page = browser.open(url, Screen::DESKTOP, Theme::Light).await;
    page.find("#engine[data-ready=true]").await;
    page.find("#stage .node").await;
    page
}

struct Frames {
    p95_ms: f64,
    per_second: f64,
    /// How far the play came, in virtual seconds.
    played_s: f64,
}

/// Plays at a pace for so many seconds, over every stop.
async fn frames(page: &Page, pace: &str, seconds: u32) -> Frames {
    let choose = "const list = document.querySelector('#pace');
        const found = [...list.options].findIndex((option) => option.text === 'PACE');
        if (found < 0) throw new Error('no such pace: PACE');
        list.selectedIndex = found;
        list.dispatchEvent(new Event('change', { bubbles: true }));
        return true;";
    page.evaluate(&choose.replace("PACE", pace)).await;
    page.evaluate(&PLAY.replace("SECONDS", &seconds.to_string())).await;
    for _ in 0..seconds.div_ceil(60) {
        tokio::time::sleep(std::time::Duration::from_secs(u64::from(seconds.min(60)))).await;
    }
    let times = page.wait_for_value("return window.frameTimes ?? null;").await;
    let mut times: Vec<f64> =
        times.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    assert!(times.len() > 10, "there were frames: {times:?}");
    let here = page.evaluate("return Number(document.querySelector('#track').ariaValueNow);").await;
    let played_s = here.as_f64().unwrap_or(0.0) / 1e6;
    assert!(played_s > 2.0, "it was played: {played_s} s at {pace}");
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    let per_second = times.len() as f64 * 1e3 / total;
    Frames { p95_ms: times[times.len() * 95 / 100], per_second, played_s }
}

/// Plays, goes on whenever it stops at a decision, and notes how long each frame took.
const PLAY: &str = "
    window.frameTimes = null;
    const times = [];
    const end = performance.now() + SECONDS * 1000;
    const press = () => {
        const play = document.querySelector('#play');
        const isBehind = document.querySelector('#to-present');
        if (isBehind && play.getAttribute('aria-label').startsWith('Play')) play.click();
    };
    const timer = setInterval(press, 50);
    press();
    let last = performance.now();
    const frame = (now) => {
        times.push(now - last);
        last = now;
        if (now < end) return requestAnimationFrame(frame);
        clearInterval(timer);
        const play = document.querySelector('#play');
        if (play.getAttribute('aria-label').startsWith('Pause')) play.click();
        window.frameTimes = times.slice(1);
    };
    requestAnimationFrame(frame);
    return true;";

/// The longest task on the page's thread, and how many were over 50 ms, while one steps back and
/// forth; a task that is shorter is not told, and counts as none.
async fn thousand_clicks(page: &Page) -> (f64, f64) {
    page.evaluate(CLICKS).await;
    let found = page.wait_for_value("return window.longTasks ?? null;").await;
    let tasks: Vec<f64> =
        found.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    (tasks.iter().copied().fold(0.0, f64::max), tasks.len() as f64)
}

const CLICKS: &str = "
    window.longTasks = null;
    const tasks = [];
    const observer = new PerformanceObserver((list) =>
        tasks.push(...list.getEntries().map((entry) => entry.duration)));
    observer.observe({ type: 'longtask' });
    const frame = () => new Promise(requestAnimationFrame);
    const click = async () => {
        for (let count = 0; count < 1000; count += 1) {
            const id = count % 2 === 0 ? '#previous-event' : '#next-event';
            document.querySelector(id).click();
            await frame();
        }
        await new Promise((later) => setTimeout(later, 200));
        observer.disconnect();
        window.longTasks = tasks;
    };
    click();
    return true;";
