//! Measures, and what they ought to be.
//!
//! A measure is a row: a name, a number, its unit, and a goal. `make bench` prints all rows as a
//! table and writes them to `target/bench.json`, so that two versions can be compared.

mod page;
mod worker;
mod world;

use std::fmt;
use std::fs;
use std::io;

use serde::Serialize;

use crate::browser::root;

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
}

impl Measure {
    pub fn new(name: &'static str, value: f64, unit: &'static str, goal: Goal) -> Measure {
        Measure { name, value, unit, goal: goal.to_string(), met: goal.is_met_by(value) }
    }
}

/// Measures everything, prints the table, and writes `target/bench.json`.
pub async fn run() -> io::Result<()> {
    let mut measures = Vec::new();
    measures.extend(world::measure());
    measures.extend(page::measure().await);
    measures.extend(worker::measure().await);
    print_table(&measures);
    let json = serde_json::to_string_pretty(&measures)?;
    fs::write(root().join("target/bench.json"), json + "\n")
}

fn print_table(measures: &[Measure]) {
    println!("{:<44} {:>12} {:<8} {:>12}  met", "measure", "value", "unit", "goal");
    for Measure { name, value, unit, goal, met } in measures {
        let met = if *met { "yes" } else { "NO" };
        println!("{name:<44} {value:>12.1} {unit:<8} {goal:>12}  {met}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_knows_whether_its_goal_is_met() {
        assert!(Measure::new("speed", 5000.0, "x", Goal::AtLeast(5000.0)).met);
        assert!(!Measure::new("size", 600.0, "KB", Goal::Under(600.0)).met);
    }
}
