//! What is done to nodes, as connected clients see it.

use std::io::Read;
use std::time::Duration;

use crate::http::Http;
use crate::served::{Served, eventually};
use crate::wire::Wire;

fn perform(served: &Served, line: &str) {
    let (status, answer) = Http::of(served).post("/api/do", &format!("{{\"line\": \"{line}\"}}"));
    assert_eq!(status, 200, "{answer}");
    assert!(!answer.contains("refused"), "{answer}");
}

#[test]
fn a_killed_node_refuses_and_a_restarted_one_serves() {
    let served = Served::start(&[]);
    let port = served.port(1);
    let mut client = served.wire(1);
    assert_eq!(client.ask("PING"), "PONG");
    perform(&served, &format!("$ kill {port}"));
    assert!(client.is_closed());
    eventually("it refuses", || Wire::try_open(port).is_err().then_some(()));
    perform(&served, &format!("$ restart {port}"));
    let mut again = eventually("it listens again", || Wire::try_open(port).ok());
    assert_eq!(again.ask("PING"), "PONG");
}

#[test]
fn a_paused_node_hangs_and_a_resumed_one_answers() {
    let served = Served::start(&[]);
    let port = served.port(1);
    let mut client = served.wire(1);
    assert_eq!(client.ask("PING"), "PONG");
    perform(&served, &format!("$ pause {port}"));
    client.send(b"PING\r\n");
    let mut other = served.wire(1);
    other.send(b"PING\r\n");
    client.socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(client.socket.read(&mut [0; 16]).is_err(), "nobody answers");
    client.socket.set_read_timeout(Some(crate::served::PATIENCE)).unwrap();
    perform(&served, &format!("$ resume {port}"));
    assert_eq!(client.reply().unwrap(), "PONG");
    assert_eq!(other.reply().unwrap(), "PONG");
}

#[test]
fn a_node_that_is_cut_off_is_silent_until_it_heals() {
    let served = Served::start(&[]);
    let port = served.port(2);
    let mut client = served.wire(2);
    assert_eq!(client.ask("PING"), "PONG");
    perform(&served, &format!("$ cut outside <-> {port}"));
    client.send(b"PING\r\n");
    client.socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(client.socket.read(&mut [0; 16]).is_err(), "nobody answers");
    client.socket.set_read_timeout(Some(crate::served::PATIENCE)).unwrap();
    perform(&served, "$ heal");
    assert_eq!(client.reply().unwrap(), "PONG");
}

#[test]
fn a_new_node_gets_a_port() {
    let served = Served::start(&[]);
    let port = served.port(6);
    assert!(Wire::try_open(port).is_err());
    perform(&served, &format!("$ add node {port}"));
    let mut node = eventually("it listens", || Wire::try_open(port).ok());
    assert_eq!(node.ask("PING"), "PONG");
    assert!(node.ask("CLUSTER INFO").contains("cluster_known_nodes:1"));
}

#[test]
fn a_client_that_asks_on_meets_the_new_master() {
    let served = Served::start(&["--node-timeout", "500ms", "--speed", "5"]);
    assert_eq!(served.wire(2).ask("SET foo before"), "OK");
    assert_eq!(served.wire(2).ask("WAIT 1 1000"), "1");
    perform(&served, &format!("$ kill {}", served.port(2)));
    let heir = eventually("a replica takes over", || {
        let said = served.wire(0).ask("GET foo");
        let to = said.strip_prefix("MOVED 12182 127.0.0.1:")?.parse().ok()?;
        (to != served.port(2)).then_some(to)
    });
    assert_eq!(Wire::open(heir).ask("GET foo"), "before");
}

#[test]
fn a_client_that_shuts_a_node_down_finds_it_refusing() {
    let served = Served::start(&[]);
    served.wire(5).send(b"SHUTDOWN NOSAVE\r\n");
    eventually("it refuses", || Wire::try_open(served.port(5)).is_err().then_some(()));
}
