//! How speed and memory grow with the cluster: six nodes to a thousand, and a million keys.
//!
//! The largest comes first, since the peak of a process's memory never falls again.

use std::fs;
use std::time::Instant;

use hashslot_core::data::Reply;
use hashslot_core::words::{ActorId, Span, slot_of_key};
use hashslot_core::world::{Level, Setup, Trace, World};

use super::skeletons::Skeletons;
use super::{Goal, Measure, median};

/// A cluster of so many nodes, half of them masters, and how long its run is measured: for whole
/// halves of node-timeout, since after each of them the same pings are due again.
#[derive(Clone, Copy)]
struct Size {
    nodes: u16,
    node_timeout_ms: u64,
    run: Span,
}

const fn size(nodes: u16, node_timeout_ms: u64, run_s: u64) -> Size {
    Size { nodes, node_timeout_ms, run: Span::from_secs(run_s) }
}

const SIX: Size = size(6, 2_000, 600);
const HUNDRED: Size = size(100, 2_000, 10);
const HUNDRED_SLOW: Size = size(100, 15_000, 60);
const THOUSAND: Size = size(1_000, 15_000, 15);
/// The clusters of the table.
const SIZES: [Size; 8] = [
    THOUSAND,
    size(500, 15_000, 15),
    size(200, 15_000, 30),
    HUNDRED,
    size(50, 2_000, 20),
    size(25, 2_000, 60),
    size(12, 2_000, 200),
    SIX,
];
const KEYS: u32 = 1_000_000;

/// The rows of this file; the table of sizes is printed on the way.
pub fn measure() -> Vec<Measure> {
    let mut measures = Vec::new();
    let began = Instant::now();
    let mut thousand = form(THOUSAND);
    let founding_s = began.elapsed().as_secs_f64();
    let (name, unit) = ("founding 1000 nodes, node-timeout 15 s", "s");
    measures.push(Measure::new(name, founding_s, unit, Goal::Under(120.0)));
    let found = grow(&mut thousand, THOUSAND, Level::Off);
    measures.push(speed("native, 1000 nodes, node-timeout 15 s", &found, 1.0));
    if let Some(megabytes) = peak_mb() {
        let name = "peak memory, 1000 nodes";
        measures.push(Measure::new(name, megabytes, "MiB", Goal::Under(1024.0)));
    }
    drop(thousand);
    for (name, size, level, least) in [
        ("native, 100 nodes", HUNDRED, Level::Off, 500.0),
        ("native, 100 nodes, node-timeout 15 s", HUNDRED_SLOW, Level::Off, 500.0),
        ("native, 6 nodes, trace on facts", SIX, Level::Facts, 10_000.0),
        ("native, 6 nodes, no trace", SIX, Level::Off, 30_000.0),
    ] {
        measures.push(speed(name, &grow(&mut form(size), size, level), least));
    }
    measures.push(skeletons());
    print_growth();
    measures.extend(million_keys());
    measures
}

fn speed(name: &'static str, growth: &Growth, least: f64) -> Measure {
    Measure::new(name, growth.speed, "x", Goal::AtLeast(least))
}

fn form(size: Size) -> World {
    let mut setup = Setup { seed: 1, masters: size.nodes / 2, replicas: 1, ..Setup::default() };
    setup.config.node_timeout_ms = size.node_timeout_ms;
    World::formed(setup)
}

/// What a run of one size costs.
struct Growth {
    /// Times real time.
    speed: f64,
    /// Bus messages that were delivered, for each virtual second.
    messages: f64,
    /// Real time for each of them, ticks and all, in nanoseconds.
    cost_ns: f64,
}

/// The median of three runs.
fn grow(world: &mut World, size: Size, level: Level) -> Growth {
    let mut times = Vec::new();
    let before = delivered(world);
    for _ in 0..3 {
        let began = Instant::now();
        world.run_for(size.run, &mut Trace::new(level));
        times.push(began.elapsed().as_secs_f64());
    }
    let run_s = size.run.micros() as f64 / 1e6;
    let messages = (delivered(world) - before) / (3.0 * run_s);
    let real_s = median(times);
    Growth { speed: run_s / real_s, messages, cost_ns: real_s * 1e9 / (messages * run_s) }
}

/// How fast a hundred nodes run that are nothing but their messages.
fn skeletons() -> Measure {
    let Size { nodes, node_timeout_ms, run } = HUNDRED;
    let mut skeletons = Skeletons::new(nodes, node_timeout_ms);
    let mut times = Vec::new();
    const ROUNDS: u64 = 5;
    for round in 1..=ROUNDS {
        let began = Instant::now();
        skeletons.run_until(round * run.micros());
        times.push(began.elapsed().as_secs_f64());
    }
    let run_s = run.micros() as f64 / 1e6;
    let real_s = median(times);
    let messages = skeletons.delivered() as f64 / (ROUNDS as f64 * run_s);
    let cost_ns = real_s * 1e9 / (messages * run_s);
    println!("skeletons: {messages:.0} messages/s, {cost_ns:.0} ns per message");
    Measure::new("skeletons of 100 nodes", run_s / real_s, "x", Goal::AtLeast(500.0))
}

/// How many bus messages all nodes say that they have received.
fn delivered(world: &mut World) -> f64 {
    let actors: Vec<ActorId> = world.servers().map(|(actor, _, _)| actor).collect();
    let received = actors.into_iter().map(|actor| {
        let info = world.command(actor, &[b"CLUSTER", b"INFO"], &mut Trace::new(Level::Off));
        let (Reply::Verbatim { text, .. } | Reply::Bulk(text)) = &info else { return 0.0 };
        let text = String::from_utf8_lossy(text);
        let (_, after) = text.split_once("cluster_stats_messages_received:").unwrap_or_default();
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0.0)
    });
    received.sum()
}

/// The most memory that this process ever held, in mebibytes; nothing on a system that does not
/// tell.
fn peak_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = kilobytes.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// The cost of a message as the cluster grows.
fn print_growth() {
    println!(
        "{:>6} {:>13} {:>12} {:>15} {:>12}",
        "nodes", "node-timeout", "messages/s", "ns per message", "real time x"
    );
    for size in SIZES {
        let Growth { speed, messages, cost_ns } = grow(&mut form(size), size, Level::Off);
        let Size { nodes, node_timeout_ms, .. } = size;
        println!("{nodes:>6} {node_timeout_ms:>13} {messages:>12.0} {cost_ns:>15.0} {speed:>12.1}");
    }
    println!();
}

/// A checkpoint of six nodes with a million keys, and the first write after it.
fn million_keys() -> [Measure; 2] {
    let mut world = form(SIX);
    let mut trace = Trace::new(Level::Off);
    for number in 0..KEYS {
        set(&mut world, number, &mut trace);
        if number % 1_000 == 0 {
            world.run_for(Span::from_millis(10), &mut trace);
        }
    }
    world.run_for(Span::from_secs(2), &mut trace);
    let mut kept = Vec::new();
    let (mut checkpoints, mut writes) = (Vec::new(), Vec::new());
    for number in 0..21 {
        let began = Instant::now();
        kept.push(world.clone());
        checkpoints.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        set(&mut world, number, &mut trace);
        writes.push(began.elapsed().as_secs_f64() * 1e3);
        world.run_for(Span::from_secs(1), &mut trace);
    }
    let goal = Goal::Under(1.0);
    [
        Measure::new("checkpoint with 1,000,000 keys", median(checkpoints), "ms", goal),
        Measure::new("first write after it", median(writes), "ms", goal),
    ]
}

fn set(world: &mut World, number: u32, trace: &mut Trace) {
    let key = format!("key:{number}");
    let slot = slot_of_key(key.as_bytes());
    let owner = world.servers().find(|(_, _, server)| server.node.own_slots().contains(slot));
    let owner = owner.map(|(actor, _, _)| actor).expect("every slot has an owner");
    let reply = world.command(owner, &[b"SET", key.as_bytes(), b"value"], trace);
    assert!(reply == Reply::ok(), "SET {key}: {reply:?}");
}
