//! Three sessions with redis-cli, as they were once recorded from the real server.
//!
//! The recorded transcripts are in `tests/cluster_manager/`, a folder for each session. What stands
//! between them here is the set-up that they do not show: keys, open slots, uncovered slots.

use std::thread;
use std::time::{Duration, Instant};

use hashslot_core::data::Reply;
use hashslot_core::words::slot_of_key;
use hashslot_tests::judges::redis_cli::{self, Input};
use hashslot_tests::judges::{Options, Servers, Side};

/// What was shown, by the name of the transcript.
pub type Shown = Vec<(&'static str, String)>;

/// A session: its folder, the ports that were recorded, and how it is played again.
pub struct Session {
    pub folder: &'static str,
    pub recorded_ports: &'static [u16],
    pub play: fn(Side) -> Option<Played>,
}

/// A session that was played: what was shown, and at which ports.
pub struct Played {
    pub shown: Shown,
    pub ports: Vec<u16>,
}

pub const SESSIONS: &[Session] = &[
    Session {
        folder: "first",
        recorded_ports: &[21_000, 21_001, 21_002, 21_003, 21_004, 21_005],
        play: first,
    },
    Session {
        folder: "second",
        recorded_ports: &[21_000, 21_001, 21_002, 21_003, 21_004, 21_005, 21_016, 21_019],
        play: second,
    },
    Session {
        folder: "third",
        recorded_ports: &[21_000, 21_001, 21_002, 21_003, 21_004, 21_005, 21_020],
        play: third,
    },
];

/// How many nodes the cluster has.
const NODES: u16 = 6;
/// The masters, by their place among the ports.
const A: u16 = 0;
const B: u16 = 1;
const C: u16 = 2;
const PATIENCE: Duration = Duration::from_secs(20);

/// A session in progress.
struct Stage {
    servers: Servers,
    shown: Shown,
}

impl Stage {
    fn start(side: Side, nodes: u16) -> Option<Stage> {
        let options = Options { nodes, ..Options::default() };
        Some(Stage { servers: Servers::start(side, &options)?, shown: Vec::new() })
    }

    fn create(&mut self, name: &'static str) {
        let shown = self.servers.create(NODES, 1);
        self.shown.push((name, shown));
    }

    /// Runs redis-cli; `@0` in an argument stands for the first node's address, and so on.
    fn cli(&mut self, name: &'static str, args: &str, input: &Input) {
        let args: Vec<String> = args
            .split(' ')
            .map(|arg| match arg.strip_prefix('@') {
                Some(index) => self.servers.address(index.parse().expect("a place is a number")),
                None => arg.to_owned(),
            })
            .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let shown = redis_cli::run(&args, input);
        // It is told if the session does not come to its end.
        println!("{name}:\n{shown}");
        self.shown.push((name, shown));
    }

    /// A call that must be answered with OK.
    fn ok(&self, index: u16, words: &[&str]) {
        assert_eq!(self.servers.say(index, words), Reply::ok(), "{words:?}");
    }

    /// Writes `key:0` and so on, each at its owner.
    fn load(&self, count: u32) {
        let mut masters = [A, B, C].map(|index| self.servers.connect(index));
        for number in 0..count {
            let key = format!("key:{number}");
            let owner = match slot_of_key(key.as_bytes()).number() {
                0..=5460 => A,
                5461..=10_922 => B,
                _ => C,
            };
            let reply = masters[usize::from(owner)].say(&["SET", &key, &number.to_string()]);
            assert_eq!(reply.expect("the node answers"), Reply::ok(), "{key}");
        }
    }

    /// Gives one slot to a node, the masters being told one after the other.
    fn give(&self, slot: &str, to: u16) {
        let id = self.servers.id(to);
        for index in [to, A, B, C] {
            self.ok(index, &["CLUSTER", "SETSLOT", slot, "NODE", &id]);
        }
    }

    fn settle(&self) {
        self.servers.wait_until_settled(NODES);
    }

    fn finish(self, ports: &[u16]) -> Option<Played> {
        let ports = ports.iter().map(|index| self.servers.port(*index)).collect();
        Some(Played { shown: self.shown, ports })
    }
}

fn first(side: Side) -> Option<Played> {
    let mut stage = Stage::start(side, NODES)?;
    stage.create("02-create");
    stage.cli("04-check", "--cluster check @0", &Input::None);
    stage.cli("05-info", "--cluster info @0", &Input::None);
    stage.finish(&[0, 1, 2, 3, 4, 5])
}

fn second(side: Side) -> Option<Played> {
    let mut stage = Stage::start(side, 8)?;
    stage.create("02b-create");
    stage.load(300);
    move_the_slot_of_bar(&stage);
    stage.settle();
    let (a, b, c) = (stage.servers.id(A), stage.servers.id(B), stage.servers.id(C));
    let reshard = format!(
        "--cluster reshard @0 --cluster-from {a} --cluster-to {b} --cluster-slots 5 --cluster-yes"
    );
    stage.cli("10-reshard", &reshard, &Input::None);
    stage.settle();
    stage.cli("13-rebalance", "--cluster rebalance @0 --cluster-threshold 0.01", &Input::None);
    stage.settle();
    open_slots(&mut stage, &a, &c);
    uncovered_slot(&mut stage);
    nodes_come_and_go(&mut stage, &a);
    let call = "--cluster call @0 config get cluster-node-timeout --cluster-only-masters";
    stage.cli("28-call", "--cluster call @0 dbsize", &Input::None);
    stage.cli("29-call-masters", call, &Input::None);
    stage.cli("30-set-timeout", "--cluster set-timeout @0 2500", &Input::None);
    let port = stage.servers.port(A);
    let lines = "set foo 1\nget bar\ncluster keyslot foo\nmset a 1 b 2\n";
    stage.cli("31-cli-c", &format!("-c -p {port}"), &Input::Text(lines));
    let lines = "set foo 1\ncluster nodes\ncluster slots\ncluster info\n";
    stage.cli("32-cli-noc", &format!("-p {port}"), &Input::Text(lines));
    stage.finish(&[0, 1, 2, 3, 4, 5, 6, 7])
}

/// Slot 5061 and what is in it go from A to B, by hand.
fn move_the_slot_of_bar(stage: &Stage) {
    let (a, b) = (stage.servers.id(A), stage.servers.id(B));
    stage.ok(A, &["SET", "bar", "1"]);
    stage.ok(A, &["SET", "{bar}2", "2"]);
    stage.ok(B, &["CLUSTER", "SETSLOT", "5061", "IMPORTING", &a]);
    stage.ok(A, &["CLUSTER", "SETSLOT", "5061", "MIGRATING", &b]);
    let mut importer = stage.servers.connect(B);
    let asking = importer.say(&["ASKING"]).expect("the node answers");
    let set = importer.say(&["SET", "{bar}new", "1"]).expect("the node answers");
    assert_eq!([asking, set], [Reply::ok(), Reply::ok()]);
    let port = stage.servers.port(B).to_string();
    let migrate = ["MIGRATE", "127.0.0.1", &port, "", "0", "1000", "KEYS", "bar", "{bar}2"];
    stage.ok(A, &migrate);
    stage.give("5061", B);
}

fn open_slots(stage: &mut Stage, a: &str, c: &str) {
    stage.ok(A, &["CLUSTER", "SETSLOT", "100", "MIGRATING", c]);
    stage.cli("14-check-open", "--cluster check @0", &Input::None);
    stage.cli("15-fix-case4", "--cluster fix @0", &Input::None);
    stage.ok(A, &["CLUSTER", "SETSLOT", "100", "MIGRATING", c]);
    stage.ok(C, &["CLUSTER", "SETSLOT", "100", "IMPORTING", a]);
    stage.cli("16-fix-case1", "--cluster fix @0", &Input::None);
    stage.settle();
}

/// Nobody owns slot 200 until redis-cli gives it to a master that chance decides on.
fn uncovered_slot(stage: &mut Stage) {
    for index in [A, B, C] {
        stage.ok(index, &["CLUSTER", "DELSLOTS", "200"]);
    }
    wait_until("7000 does not serve", || {
        stage.servers.text(A, &["CLUSTER", "INFO"]).starts_with("cluster_state:fail")
    });
    stage.cli("18-check-uncovered", "--cluster check @0", &Input::None);
    let answers = [("(type 'yes' to accept): ", "yes")];
    stage.cli("19-fix-uncovered", "--cluster fix @0", &Input::Answers(&answers));
    stage.settle();
    // As it was when it was recorded, the slot is with the first master from here on.
    stage.give("200", A);
    stage.settle();
}

fn nodes_come_and_go(stage: &mut Stage, a: &str) {
    stage.cli("20-add-node-master", "--cluster add-node @6 @0", &Input::None);
    stage.servers.wait_until_settled(7);
    let rebalance = "--cluster rebalance @0 --cluster-use-empty-masters --cluster-simulate";
    stage.cli("21-rebalance-empty", rebalance, &Input::None);
    let master = stage.servers.id(6);
    let add = format!("--cluster add-node @7 @0 --cluster-slave --cluster-master-id {master}");
    stage.cli("22-add-node-replica", &add, &Input::None);
    stage.servers.wait_until_settled(8);
    stage.cli("23-check-8", "--cluster check @0", &Input::None);
    stage.cli("24-del-node-nonempty", &format!("--cluster del-node @0 {a}"), &Input::None);
    let replica = stage.servers.id(7);
    stage.cli("25-del-node-replica", &format!("--cluster del-node @0 {replica}"), &Input::None);
    stage.cli("26-del-node-master", &format!("--cluster del-node @0 {master}"), &Input::None);
    let views = [0, 6, 7].map(|index| {
        let [nodes, info] = ["NODES", "INFO"]
            .map(|what| stage.servers.text(index, &["CLUSTER", what]).replace("\r\n", "\n"));
        let address = stage.servers.address(index);
        format!("== {address}\n> CLUSTER NODES\n{nodes}> CLUSTER INFO\n{info}")
    });
    stage.shown.push(("27-after-del", views.concat()));
}

fn third(side: Side) -> Option<Played> {
    let mut stage = Stage::start(side, NODES)?;
    stage.servers.create(NODES, 1);
    stage.load(400);
    let (a, c) = (stage.servers.id(A), stage.servers.id(C));
    let answers = [
        ("(from 1 to 16384)? ", "20"),
        ("receiving node ID? ", &c),
        ("Source node #1: ", "all"),
        ("reshard plan (yes/no)? ", "yes"),
    ];
    stage.cli("11-reshard-interactive", "--cluster reshard @0", &Input::Answers(&answers));
    stage.settle();
    let reshard = format!(
        "--cluster reshard @0 --cluster-from {a} --cluster-to {c} --cluster-slots 200 --cluster-yes"
    );
    stage.cli("10b-reshard-with-keys", &reshard, &Input::None);
    stage.settle();
    let simulate = "--cluster rebalance @0 --cluster-simulate --cluster-threshold 1";
    stage.cli("12-rebalance-simulate", simulate, &Input::None);
    let none = "--cluster rebalance @0 --cluster-threshold 10";
    stage.cli("12b-rebalance-none", none, &Input::None);
    stage.cli("13b-create-errors", "--cluster create @0 @1 @2", &Input::None);
    stage.cli("13c-check-dead", "--cluster check @6", &Input::None);
    stage.finish(&[0, 1, 2, 3, 4, 5, 6])
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it does not come true that {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
