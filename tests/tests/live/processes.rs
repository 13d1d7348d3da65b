//! Real nodes as processes: what is done to them is seen from outside, and nothing is left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hashslot::live::{Cluster, Program, Row};
use hashslot_core::world::Setup;
use hashslot_core::world::step::{Line, Port};
use hashslot_tests::binary;
use hashslot_tests::live::program;

fn setup(masters: u16, replicas: u16) -> Setup {
    let mut setup = Setup { masters, replicas, ..Setup::default() };
    setup.config.node_timeout_ms = 1_000;
    setup
}

fn start(program: &Program, setup: &Setup) -> Cluster {
    Cluster::start(program, setup).unwrap_or_else(|trouble| panic!("{trouble}"))
}

fn port(number: u16) -> Port {
    Port::new(number).expect("it is a port")
}

/// Does a line, and says what it printed.
fn printed(cluster: &mut Cluster, line: &str) -> String {
    let line: Line = Line::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    cluster.perform(&line).join("\n")
}

/// Does lines that must print nothing.
fn quietly(cluster: &mut Cluster, lines: &[&str]) {
    for line in lines {
        assert_eq!(printed(cluster, line), "", "{line}");
    }
}

#[test]
fn what_a_target_cannot_do_is_said() {
    let Some(program) = program() else { return };
    let mut cluster = start(&program, &setup(1, 1));
    let refused = [
        "$ roll 7001 election-delay 900ms",
        "$ clock 7000 +300ms",
        "$ workload 10/s",
        "$ why 7000",
        "$ drop replication 7000 -> 7001",
        "$ kill 7005",
        "$ resume 7000",
    ];
    for line in refused {
        let said = printed(&mut cluster, line);
        assert!(said.starts_with("(refused) "), "{line}: {said}");
    }
}

#[test]
fn a_dropped_kind_of_message_is_missed() {
    let Some(program) = program() else { return };
    let mut cluster = start(&program, &setup(1, 1));
    quietly(&mut cluster, &["$ drop pong 7000 -> 7001"]);
    let mut row = 0;
    let last = await_row(&mut cluster, |seen| {
        row = if seen.ping_sent_ms > 0 { row + 1 } else { 0 };
        row == 10
    });
    // While anything else comes from 7000 no new ping is sent and no link is given up: the pong
    // that was dropped stays missing until a new link begins with a ping.
    let id = cluster.id_of(port(7000)).expect("it has an id");
    quietly(&mut cluster, &["$ drop none"]);
    let killed =
        cluster.ask_text(port(7001), &["DEBUG", "CLUSTERLINK", "KILL", "TO", &id.to_string()]);
    assert_eq!(killed.as_deref(), Some("OK"));
    await_row(&mut cluster, |seen| seen.pong_received_ms > last.pong_received_ms);
}

/// Looks at what 7001 knows of 7000 until this holds of it; what it was then.
fn await_row(cluster: &mut Cluster, mut is_so: impl FnMut(&Row) -> bool) -> Row {
    let id = cluster.id_of(port(7000)).expect("it has an id");
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < Duration::from_secs(10), "what 7001 knows stays as it is");
        thread::sleep(Duration::from_millis(20));
        let view = cluster.topology(port(7001)).expect("7001 answers");
        let seen = view.row(id).expect("7001 knows 7000");
        if is_so(seen) {
            return seen.clone();
        }
    }
}

#[test]
fn a_missing_or_other_server_is_told_with_its_remedy() {
    let missing = Program::at(Path::new("no-such-redis-server")).expect_err("it is not there");
    assert!(missing.to_string().contains("Install Redis 7.0"), "{missing}");
    let other = Program::at(Path::new("echo")).expect_err("it is no server");
    assert!(other.to_string().contains("HASHSLOT_REDIS_SERVER"), "{other}");
}

/// Waits until a folder is gone.
fn await_gone(folder: &Path) {
    let begun = Instant::now();
    while folder.exists() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{} is left", folder.display());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nothing_is_left_when_the_parent_is_killed() {
    let Some(_) = program() else { return };
    let folder = std::env::temp_dir().join(format!("hashslot-orphans-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    let mut parent = Command::new(binary())
        .args(["test", "first-five-minutes", "--on", "processes"])
        .env("TMPDIR", &folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let begun = Instant::now();
    let nodes_of = |path: &Path| fs::read_dir(path).map(Iterator::count).unwrap_or(0);
    let mut inner = Vec::new();
    while inner.iter().map(|path: &PathBuf| nodes_of(path)).sum::<usize>() < 6 {
        assert!(begun.elapsed() < Duration::from_secs(20), "its nodes never started");
        thread::sleep(Duration::from_millis(20));
        let entries = fs::read_dir(&folder).expect("the folder is there").flatten();
        inner = entries.map(|entry| entry.path()).collect();
    }
    thread::sleep(Duration::from_millis(300));
    parent.kill().expect("it is killed");
    parent.wait().expect("it has ended");
    inner.iter().for_each(|path| await_gone(path));
    fs::remove_dir_all(&folder).expect("the folder of the test goes");
}
