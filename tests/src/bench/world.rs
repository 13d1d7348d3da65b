//! How fast the core is natively: times real time, and the time of a seek.

use std::time::Instant;

use hashslot_core::words::{Dice, Span};
use hashslot_core::world::step::Step;
use hashslot_core::world::{Level, Session, Setup, Trace, World};

use super::{Goal, Measure};

/// The run that is measured: 3+3 nodes, node-timeout 2000 ms, ten minutes.
const RUN: Span = Span::from_secs(600);
const SEEKS: usize = 1_000;
/// The workload of the rows that have one.
pub const WORKLOAD: &str = "$ workload 20/s";

/// The rows of this file.
pub fn measure() -> Vec<Measure> {
    let fast = Goal::AtLeast(5_000.0);
    let quick = Goal::Under(16.0);
    vec![
        Measure::new("native, trace on", speed(None), "x", fast),
        Measure::new("native, trace on, workload 20/s", speed(Some(WORKLOAD)), "x", fast),
        Measure::new("native seek, 95th", seek_p95_ms(None), "ms", quick),
        Measure::new("native seek, 95th, workload 20/s", seek_p95_ms(Some(WORKLOAD)), "ms", quick),
    ]
}

fn setup() -> Setup {
    let mut setup = Setup { seed: 1, ..Setup::default() };
    setup.config.node_timeout_ms = 2_000;
    setup
}

fn step(text: &str) -> Step {
    text.parse().expect("a step of the benchmark is a step")
}

/// Virtual seconds per second, the median of five runs.
fn speed(workload: Option<&str>) -> f64 {
    let mut speeds: Vec<f64> = (0..5).map(|_| speed_once(workload)).collect();
    speeds.sort_by(f64::total_cmp);
    speeds[2]
}

fn speed_once(workload: Option<&str>) -> f64 {
    let mut world = World::formed(setup());
    let mut trace = Trace::new(Level::Full);
    if let Some(workload) = workload {
        world.apply(&step(workload), &mut trace);
    }
    let start = Instant::now();
    world.run_for(RUN, &mut trace);
    RUN.micros() as f64 / 1e6 / start.elapsed().as_secs_f64()
}

fn seek_p95_ms(workload: Option<&str>) -> f64 {
    let mut session = Session::new(setup());
    if let Some(workload) = workload {
        session.apply(&step(workload));
    }
    session.run_for(RUN);
    let origin = session.world().origin();
    let mut dice = Dice::new(1, "seeks", 0);
    let mut times: Vec<f64> = (0..SEEKS)
        .map(|_| {
            let moment = origin + Span::from_micros(dice.below(RUN.micros()));
            let start = Instant::now();
            session.seek(moment);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[SEEKS * 95 / 100]
}
