//! The single figures: how long what people and nodes do takes, against the real server.
//!
//! The real figures were read once from redis-server 7.0.15 on loopback, node-timeout 2000 ms, by
//! clients that asked every few milliseconds. A simulated figure is the median of many seeds, each
//! begun at another moment. It must be within 15 % of the real one, or, since a single reading lies
//! anywhere in a tick, within one tick; the rows that no tick decides are held to a few ms.

use hashslot_core::node::{Fact, Health, ReplicaReason};
use hashslot_core::words::{Dice, Span, Time};
use hashslot_core::world::event::EventKind;
use hashslot_core::world::step::{Port, Step};
use hashslot_core::world::{Level, Setup, Trace, World};
use hashslot_tests::seeds;

const SEEDS: u64 = 50;
const TICK_MS: u64 = 100;

/// What is measured: how, and how long it took on the real server.
struct Row {
    name: &'static str,
    real_ms: u64,
    /// How far off it may be besides 15 %, in ms.
    slack_ms: u64,
    measure: fn(&mut Run) -> Option<u64>,
}

const ROWS: &[Row] = &[
    Row {
        name: "CLUSTER FAILOVER: replica is master",
        real_ms: 2,
        slack_ms: 5,
        measure: |run| run.promotion("CLUSTER FAILOVER"),
    },
    Row {
        name: "CLUSTER FAILOVER: old master is replica",
        real_ms: 31,
        slack_ms: 20,
        measure: |run| run.demotion("CLUSTER FAILOVER"),
    },
    Row {
        name: "FORCE: replica is master",
        real_ms: 18,
        slack_ms: TICK_MS,
        measure: |run| run.promotion("CLUSTER FAILOVER FORCE"),
    },
    Row {
        name: "FORCE: old master is replica",
        real_ms: 67,
        slack_ms: TICK_MS,
        measure: |run| run.demotion("CLUSTER FAILOVER FORCE"),
    },
    Row {
        name: "FORCE: from the one to the other",
        real_ms: 67 - 18,
        slack_ms: 15,
        measure: |run| {
            let demoted = run.demotion("CLUSTER FAILOVER FORCE")?;
            Some(demoted - run.first(7004, |fact| matches!(fact, Fact::BecameMaster { .. }))?)
        },
    },
    Row {
        name: "TAKEOVER: replica is master",
        real_ms: 2,
        slack_ms: 5,
        measure: |run| run.promotion("CLUSTER FAILOVER TAKEOVER"),
    },
    Row {
        name: "TAKEOVER: old master is replica",
        real_ms: 3,
        slack_ms: 5,
        measure: |run| run.demotion("CLUSTER FAILOVER TAKEOVER"),
    },
    Row {
        name: "replica migration, from the death of the only replica",
        real_ms: 7_500,
        slack_ms: TICK_MS,
        measure: replica_migration,
    },
    Row {
        name: "FORGET: until gossip brings the node back",
        real_ms: 61_100,
        slack_ms: TICK_MS,
        measure: forgotten_node_returns,
    },
    Row {
        name: "restart of a master: until it serves",
        real_ms: 2_025,
        slack_ms: TICK_MS,
        measure: |run| {
            run.step("$ kill 7000");
            run.begin("$ restart 7000");
            run.pass(3_000);
            run.first(7000, |fact| matches!(fact, Fact::StateChanged { to: Health::Ok, .. }))
        },
    },
    Row {
        name: "isolated master: until it stops serving",
        real_ms: 2_864,
        slack_ms: TICK_MS,
        measure: isolated_master_stops,
    },
    Row {
        name: "isolated master: back among the others, until it serves",
        real_ms: 1_925,
        slack_ms: TICK_MS,
        measure: |run| {
            isolated_master_stops(run)?;
            run.begin_all(&OTHERS.map(|port| format!("$ resume {port}")));
            run.pass(5_000);
            run.first(7000, |fact| matches!(fact, Fact::StateChanged { to: Health::Ok, .. }))
        },
    },
];

const OTHERS: [u16; 5] = [7001, 7002, 7003, 7004, 7005];

/// Another replica for 7000, which then has two; the only replica of 7001 dies.
fn replica_migration(run: &mut Run) -> Option<u64> {
    run.step("$ add node 7006");
    run.step("7006> CLUSTER MEET 127.0.0.1 7000");
    run.pass(4_000);
    run.step(&format!("7006> CLUSTER REPLICATE {}", run.id(7000)));
    run.pass(8_000);
    run.begin("$ kill 7004");
    run.pass(12_000);
    let is_migration =
        |fact: &Fact| matches!(fact, Fact::BecameReplica { why: ReplicaReason::Migration, .. });
    run.first(7003, is_migration).or_else(|| run.first(7006, is_migration))
}

fn forgotten_node_returns(run: &mut Run) -> Option<u64> {
    run.begin(&format!("7000> CLUSTER FORGET {}", run.id(7005)));
    run.pass(70_000);
    run.first(7000, |fact| matches!(fact, Fact::PeerLearned { .. }))
}

/// All others stand still, and go on three seconds after 7000 noticed.
fn isolated_master_stops(run: &mut Run) -> Option<u64> {
    run.begin_all(&OTHERS.map(|port| format!("$ pause {port}")));
    run.pass(5_900);
    run.first(7000, |fact| matches!(fact, Fact::StateChanged { to: Health::Fail, .. }))
}

/// One seed's cluster of three masters and three replicas, and its trace.
struct Run {
    world: World,
    trace: Trace,
    /// When what is measured began: the time, and the place in the trace.
    begun: (Time, usize),
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut setup = Setup { seed, ..Setup::default() };
        setup.config.node_timeout_ms = 2_000;
        let world = World::formed(setup);
        let begun = (world.now(), 0);
        let mut run = Run { world, trace: Trace::new(Level::Facts), begun };
        let mut dice = Dice::new(seed, "the moment of the step", 0);
        run.pass(3_000 + dice.below(2_000));
        run
    }

    fn id(&self, port: u16) -> String {
        let port = Port::new(port).expect("it is a port");
        self.world.node(port).expect("it runs").id().to_string()
    }

    fn pass(&mut self, ms: u64) {
        self.world.run_for(Span::from_millis(ms), &mut self.trace);
    }

    fn step(&mut self, line: &str) {
        let step: Step = line.parse().expect("it is a step");
        self.world.apply(&step, &mut self.trace);
    }

    /// What is measured begins with this step.
    fn begin(&mut self, line: &str) {
        self.begun = (self.world.now(), self.trace.len());
        self.step(line);
    }

    fn begin_all(&mut self, lines: &[String]) {
        self.begun = (self.world.now(), self.trace.len());
        lines.iter().for_each(|line| self.step(line));
    }

    /// How long after the beginning a node first noticed this, in ms.
    fn first(&self, port: u16, found: impl Fn(&Fact) -> bool) -> Option<u64> {
        let (at, place) = self.begun;
        let owner = self.world.find(Port::new(port)?)?;
        let event = self.trace.from(place).find(|event| {
            event.id.owner == owner && matches!(&event.kind, EventKind::Fact(fact) if found(fact))
        })?;
        Some(event.at.since(at).millis())
    }

    fn promotion(&mut self, command: &str) -> Option<u64> {
        self.begin(&format!("7004> {command}"));
        self.pass(1_000);
        self.first(7004, |fact| matches!(fact, Fact::BecameMaster { .. }))
    }

    fn demotion(&mut self, command: &str) -> Option<u64> {
        self.promotion(command)?;
        self.first(7001, |fact| matches!(fact, Fact::BecameReplica { .. }))
    }
}

/// What is wrong with a row, if anything is.
fn judge(row: &Row) -> Option<String> {
    let mut times = seeds::play(SEEDS, |seed| {
        let measured = (row.measure)(&mut Run::new(seed));
        measured.unwrap_or_else(|| panic!("{}, seed {seed}: it did not happen", row.name))
    });
    times.sort_unstable();
    let median = times[times.len() / 2];
    let real = row.real_ms;
    println!("{:<58} {median:>6} ms, real {real:>6} ms", row.name);
    let near = (real * 15 / 100).max(row.slack_ms);
    (median.abs_diff(real) > near)
        .then(|| format!("{}: {median} ms is not within {near} ms of {real} ms", row.name))
}

#[test]
fn what_is_done_takes_as_long_as_on_the_real_server() {
    let wrong: Vec<String> = ROWS.iter().filter_map(judge).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
