//! Real clients on a served cluster beside a real one: ratios, each the median of pairs of runs
//! that follow one another, so that what else the machine does falls on both.

use std::io;
use std::process::Command;

use super::{Goal, Measure, median};
use crate::judges::{Options, Servers, Side, has_redis_cli, program};

const PAIRS: usize = 9;
const SECONDS: &str = "3";
/// As many calls redis-benchmark makes of each kind.
const CALLS: &str = "150000";
/// The key of its calls, as long as it is not told to choose at random.
const KEY: &str = "key:__rand_int__";
const CALLS_PIPELINED: &str = "1000000";

/// The rows of this file; fewer where redis-py or Redis 7.0 is not installed.
pub fn measure() -> io::Result<Vec<Measure>> {
    let mut measures = Vec::new();
    if !has_redis_cli() {
        return Ok(measures);
    }
    if program::python().is_some()
        && let Some(sides) = sides("facts")
    {
        let ratio = ratio(&sides, redis_py)?;
        measures.push(Measure::new("redis-py, to real", ratio, "x", Goal::AtLeast(1.0)));
    }
    let Some(sides) = sides("off") else { return Ok(measures) };
    for (name, kind, depth, calls, goal) in [
        ("redis-benchmark -t set -P 1, to real", "set", "1", CALLS, 0.7),
        ("redis-benchmark -t get -P 1, to real", "get", "1", CALLS, 0.7),
        ("redis-benchmark -t set -P 16, to real", "set", "16", CALLS_PIPELINED, 0.5),
        ("redis-benchmark -t get -P 16, to real", "get", "16", CALLS_PIPELINED, 0.5),
    ] {
        let run = |servers: &Servers| redis_benchmark(servers, kind, depth, calls);
        let ratio = ratio(&sides, run)?;
        measures.push(Measure::new(name, ratio, "x", Goal::AtLeast(goal)));
    }
    Ok(measures)
}

/// A real cluster, and a simulated one.
fn sides(trace: &'static str) -> Option<[Servers; 2]> {
    let options = Options { trace, ..Options::default() };
    let real = Servers::cluster(Side::Real, &options, 1)?;
    Some([real, Servers::cluster(Side::Simulated, &options, 1)?])
}

/// How much faster the simulated one is, the median.
fn ratio(sides: &[Servers; 2], run: impl Fn(&Servers) -> io::Result<f64>) -> io::Result<f64> {
    let [real, simulated] = sides;
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let [real, simulated] = [run(real)?, run(simulated)?];
        println!("{simulated:.0} to {real:.0} a second");
        ratios.push(simulated / real);
    }
    Ok(median(ratios))
}

fn redis_py(servers: &Servers) -> io::Result<f64> {
    let mut command = program::python().ok_or_else(|| io::Error::other("redis-py went away"))?;
    command
        .arg(program::page("cluster_speed.py"))
        .args(servers.ports().iter().map(u16::to_string))
        .arg(SECONDS);
    number(&mut command, |line| line.trim().parse().ok())
}

/// Of one kind of call, at the master that owns the key which redis-benchmark uses.
fn redis_benchmark(servers: &Servers, kind: &str, depth: &str, calls: &str) -> io::Result<f64> {
    let port = servers.port(servers.owner(KEY)).to_string();
    let mut command = Command::new("redis-benchmark");
    command.args(["-p", &port, "-t", kind, "-P", depth, "-n", calls, "--csv", "-q"]);
    number(&mut command, |line| line.split(',').nth(1)?.trim_matches('"').parse().ok())
}

/// The last number that a program prints.
fn number(command: &mut Command, read: impl Fn(&str) -> Option<f64>) -> io::Result<f64> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().rev().find_map(read).ok_or_else(|| {
        io::Error::other(format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    })
}
