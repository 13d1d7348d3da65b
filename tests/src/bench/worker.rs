//! How fast the core is in the browser: the same run as natively, in a worker, by its own clock.

use serde_json::Value;

use super::world::WORKLOAD;
use super::{Goal, Measure};
use crate::browser::{Browser, FileServer, Screen, Theme};

/// A worker of the wasm file that times a run of ten minutes and a thousand seeks in it.
const WORKER: &str = r#"
import init, { Trial } from "./hashslot.js";

const RUN_MS = 600_000;
const SEEKS = 1_000;

function speed(workload) {
  const speeds = [];
  for (let round = 0; round < 3; round += 1) {
    const trial = new Trial();
    if (workload) trial.run_line(workload);
    const start = performance.now();
    trial.run(RUN_MS);
    speeds.push(RUN_MS / (performance.now() - start));
    trial.free();
  }
  return speeds.sort((a, b) => a - b)[1];
}

function seekP95(workload) {
  const trial = new Trial();
  if (workload) trial.run_line(workload);
  trial.run(RUN_MS);
  let seed = 1;
  const times = [];
  for (let count = 0; count < SEEKS; count += 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    const moment = seed % RUN_MS;
    const start = performance.now();
    trial.seek(moment);
    times.push(performance.now() - start);
  }
  trial.free();
  return times.sort((a, b) => a - b)[Math.floor(SEEKS * 0.95)];
}

addEventListener("message", async ({ data: workload }) => {
  await init();
  postMessage([speed(null), speed(workload), seekP95(null), seekP95(workload)]);
});
"#;

/// Starts the worker; its answer comes later, and is asked for by `ANSWER`.
fn start_script() -> String {
    format!(
        "const worker = new Worker('trial.js', {{ type: 'module' }});
        worker.onmessage = ({{ data }}) => {{ window.trial = data; }};
        worker.onerror = (error) => {{ window.trial = error.message ?? 'it did not load'; }};
        worker.postMessage('{WORKLOAD}');"
    )
}

const ANSWER: &str = "return window.trial ?? null;";

/// The rows of this file; none where there is no browser.
pub async fn measure() -> Vec<Measure> {
    let Some(browser) = Browser::start().await else {
        return Vec::new();
    };
    let server = FileServer::start_with("trial.js", WORKER).await;
    let page = browser.open(&server.url, Screen::DESKTOP, Theme::Light).await;
    page.find("#engine[data-ready=true]").await;
    page.evaluate(&start_script()).await;
    let answer = page.wait_for_value(ANSWER).await;
    let value = |index: usize| match &answer[index] {
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        _ => panic!("the trial broke: {answer}"),
    };
    let fast = Goal::AtLeast(500.0);
    let quick = Goal::Under(16.0);
    vec![
        Measure::new("Chromium, trace on", value(0), "x", fast),
        Measure::new("Chromium, trace on, workload 20/s", value(1), "x", fast),
        Measure::new("Chromium seek, 95th", value(2), "ms", quick),
        Measure::new("Chromium seek, 95th, workload 20/s", value(3), "ms", quick),
    ]
}
