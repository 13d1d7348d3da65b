//! Measures, and what they ought to be.
//!
//! A measure is a row: a name, a number, its unit, and a goal. `make bench` prints all rows as a
//! table and writes them to `target/bench.json`, so that two versions can be compared.
//!
//! A goal that is missed is said, and nothing fails; what fails is not being able to measure.

#[cfg(all(unix, feature = "browser"))]
mod clients;
#[cfg(feature = "browser")]
mod memory;
mod outside;
#[cfg(feature = "browser")]
mod page;
#[cfg(feature = "browser")]
mod play;
mod scale;
mod skeletons;
#[cfg(feature = "browser")]
mod weight;
#[cfg(feature = "browser")]
mod worker;
mod world;

use std::fmt;
use std::fs;
use std::io;

use serde::Serialize;

use crate::binary::root;
#[cfg(feature = "browser")]
use crate::browser::CommandServer;

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    AtLeast(f64),
    Under(f64),
}

impl Goal {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(least) => value >= least,
            Goal::Under(limit) => value < limit,
        }
    }

    /// How far a value is from it.
    fn distance(self, value: f64) -> f64 {
        match self {
            Goal::AtLeast(limit) | Goal::Under(limit) => (value - limit).abs(),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtLeast(least) => write!(f, ">= {least}"),
            Goal::Under(limit) => write!(f, "< {limit}"),
        }
    }
}

/// One measured number.
#[derive(Clone, Debug, Serialize)]
pub struct Measure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    goal: String,
    met: bool,
    #[serde(skip)]
    verdict: String,
}

impl Measure {
    pub fn new(name: &'static str, value: f64, unit: &'static str, goal: Goal) -> Measure {
        let met = goal.is_met_by(value);
        let verdict = match met {
            true => "ok".to_owned(),
            false => format!("missed by {:.1} {unit}", goal.distance(value)),
        };
        Measure { name, value, unit, goal: goal.to_string(), met, verdict }
    }
}

/// Measures the core natively, prints the table, and writes `target/bench.json`.
pub fn run_native() -> io::Result<()> {
    report(&measure_native())
}

fn measure_native() -> Vec<Measure> {
    let mut measures = scale::measure();
    measures.extend(world::measure());
    measures.extend(outside::measure());
    measures
}

fn report(measures: &[Measure]) -> io::Result<()> {
    print_table(measures);
    let json = serde_json::to_string_pretty(measures)?;
    fs::write(root().join("target/bench.json"), json + "\n")
}

/// Measures everything, prints the table, and writes `target/bench.json`.
#[cfg(feature = "browser")]
pub async fn run() -> io::Result<()> {
    let mut measures = measure_native();
    #[cfg(unix)]
    measures.extend(clients::measure()?);
    let has_browser = measure_page(&mut measures).await?;
    report(&measures)?;
    match has_browser {
        Some(()) => Ok(()),
        None => Err(io::Error::other("the page could not be measured: .ci/setup test; make site")),
    }
}

/// The rows of the page, in a real browser; nothing where there is none.
#[cfg(feature = "browser")]
async fn measure_page(measures: &mut Vec<Measure>) -> io::Result<Option<()>> {
    let server = CommandServer::start();
    measures.push(weight::measure(&server)?);
    let Some(soon) = page::measure(&server).await else { return Ok(None) };
    measures.push(soon);
    let Some(play) = play::measure(&server).await else { return Ok(None) };
    measures.extend(play);
    measures.extend(worker::measure().await);
    Ok(Some(()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print_table(measures: &[Measure]) {
    println!("{:<48} {:>12} {:<6} {:>10}  verdict", "measure", "value", "unit", "goal");
    for Measure { name, value, unit, goal, verdict, .. } in measures {
        println!("{name:<48} {value:>12.1} {unit:<6} {goal:>10}  {verdict}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_knows_whether_its_goal_is_met() {
        assert!(Measure::new("speed", 5000.0, "x", Goal::AtLeast(5000.0)).met);
        let heavy = Measure::new("size", 612.0, "KB", Goal::Under(600.0));
        assert_eq!((heavy.met, heavy.verdict.as_str()), (false, "missed by 12.0 KB"));
        assert!(!Measure::new("size", 600.0, "KB", Goal::Under(600.0)).met);
    }
}
