//! The nodes that real clients meet.

use std::process::Command;

use hashslot_tests::binary;

use crate::served::{Served, eventually};
use crate::wire::Wire;

#[test]
fn every_node_answers_on_its_own_port() {
    let served = Served::start(&[]);
    for index in 0..6 {
        assert_eq!(served.wire(index).ask("PING"), "PONG");
    }
    let (first, last) = (served.port(0), served.port(5));
    assert!(served.greeting[1].contains(&format!("ports {first} to {last}")));
    assert_eq!(served.greeting[2], format!("Try: redis-cli -c -p {first}"));
}

#[test]
fn a_key_of_another_node_is_moved_there() {
    let served = Served::start(&[]);
    let third = served.port(2);
    assert_eq!(served.wire(0).ask("GET foo"), format!("MOVED 12182 127.0.0.1:{third}"));
    assert_eq!(served.wire(2).ask("SET foo bar"), "OK");
    assert_eq!(served.wire(2).ask("GET foo"), "bar");
}

#[test]
fn the_nodes_clocks_show_the_time_of_the_wall() {
    let served = Served::start(&[]);
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let before = now().as_secs();
    let said = served.wire(0).ask("TIME");
    let seconds: u64 = said.trim_start_matches('[').split(' ').next().unwrap().parse().unwrap();
    assert!((before.saturating_sub(1)..=now().as_secs() + 1).contains(&seconds), "{said}");
}

#[test]
fn one_node_alone_owns_all_slots() {
    let served = Served::start(&["--standalone"]);
    let mut node = served.wire(0);
    assert_eq!(node.ask("SET foo bar"), "OK");
    assert!(node.ask("CLUSTER INFO").contains("cluster_slots_ok:16384"));
    assert!(Wire::try_open(served.port(1)).is_err());
}

#[test]
fn empty_nodes_wait_to_be_met() {
    let served = Served::start(&["--empty", "--nodes", "2"]);
    let mut first = served.wire(0);
    assert!(first.ask("GET foo").starts_with("CLUSTERDOWN"));
    assert!(first.ask("CLUSTER INFO").contains("cluster_known_nodes:1"));
    assert_eq!(first.ask(&format!("CLUSTER MEET 127.0.0.1 {}", served.port(1))), "OK");
    eventually("they know each other", || {
        let known = |wire: &mut Wire| wire.ask("CLUSTER INFO").contains("cluster_known_nodes:2");
        (known(&mut first) && known(&mut served.wire(1))).then_some(())
    });
}

#[test]
fn a_setting_and_the_node_timeout_hold_for_all_nodes() {
    let options = ["--node-timeout", "1500ms", "--set", "cluster-require-full-coverage=no"];
    let served = Served::start(&options);
    let said = served.wire(3).ask("CONFIG GET cluster-node-timeout");
    assert_eq!(said, "[cluster-node-timeout 1500]");
    let said = served.wire(4).ask("CONFIG GET cluster-require-full-coverage");
    assert_eq!(said, "[cluster-require-full-coverage no]");
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_helps() {
    let served = Served::start(&[]);
    let output = Command::new(binary())
        .args(["serve", "--redis", "--no-open", "--port", "0", "--first-port"])
        .arg(served.port(0).to_string())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains(&served.port(0).to_string()) && said.contains("--first-port"), "{said}");
}

#[test]
fn time_passes_at_the_speed_that_was_chosen() {
    let served = Served::start(&["--speed", "50"]);
    let mut node = served.wire(0);
    assert_eq!(node.ask("SET bar value PX 20000"), "OK");
    let began = std::time::Instant::now();
    eventually("the key expires", || (node.ask("GET bar") == "(nil)").then_some(()));
    assert!(began.elapsed() < std::time::Duration::from_secs(15));
}
