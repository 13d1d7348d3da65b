//! What one peer may cost the others, and the machine.

use std::io::{Read, Write};
use std::time::Duration;

use crate::http::Http;
use crate::served::{Served, eventually};
use crate::wire::Wire;

const MEGABYTE: u64 = 1 << 20;

fn assert_serves(served: &Served) {
    assert_eq!(served.wire(0).ask("PING"), "PONG");
}

#[test]
#[cfg(target_os = "linux")]
fn an_announced_bulk_takes_no_memory_before_it_comes() {
    let served = Served::start(&["--trace", "off"]);
    assert_serves(&served);
    let before = served.resident_bytes();
    let mut clients: Vec<Wire> = (0..100).map(|_| served.wire(0)).collect();
    for client in &mut clients {
        client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nhello");
    }
    assert_serves(&served);
    let grown = served.resident_bytes().saturating_sub(before);
    assert!(grown < 100 * MEGABYTE, "{grown} bytes more");
}

#[test]
#[cfg(target_os = "linux")]
fn a_call_without_an_end_is_cut_off() {
    let served = Served::start(&["--trace", "off"]);
    let mut client = served.wire(0);
    client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n");
    let piece = vec![b'x'; MEGABYTE as usize];
    let sent = (0..512).take_while(|_| client.socket.write_all(&piece).is_ok()).count();
    assert!(sent < 200, "{sent} megabytes were taken");
    assert_serves(&served);
    assert!(served.resident_bytes() < 700 * MEGABYTE, "{}", served.resident_bytes());
}

#[test]
#[cfg(target_os = "linux")]
fn who_reads_nothing_is_given_up() {
    let served = Served::start(&["--standalone", "--trace", "off"]);
    let mut client = served.wire(0);
    let value = "x".repeat(MEGABYTE as usize);
    assert_eq!(
        client.ask(&format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n{value}", value.len())),
        "OK"
    );
    let mut slow = served.wire(0);
    slow.socket.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let asked = (0..2_000).take_while(|_| slow.socket.write_all(b"GET k\r\n").is_ok()).count();
    eventually("it is closed", || {
        let (_, metrics) = Http::of(&served).get("/metrics");
        metrics.contains("hashslot_closed_for_output_total 1").then_some(())
    });
    assert_serves(&served);
    assert!(served.resident_bytes() < 700 * MEGABYTE, "{asked}: {}", served.resident_bytes());
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_sent_to_a_node_that_stands_still_waits_in_the_socket() {
    let served = Served::start(&["--trace", "off"]);
    let line = format!("{{\"line\": \"$ pause {}\"}}", served.port(0));
    assert_eq!(Http::of(&served).post("/api/do", &line).0, 200);
    let before = served.resident_bytes();
    let mut client = served.wire(0);
    client.socket.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let call = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n{}\r\n", "x".repeat(100_000));
    let sent = (0..3_000).take_while(|_| client.socket.write_all(call.as_bytes()).is_ok()).count();
    assert!(sent < 1_000, "{sent} calls were taken");
    let grown = served.resident_bytes().saturating_sub(before);
    assert!(grown < 200 * MEGABYTE, "{grown} bytes more");
    assert_eq!(served.wire(1).ask("PING"), "PONG");
}

#[test]
fn deep_and_endless_arrays_are_errors() {
    let served = Served::start(&[]);
    for nonsense in ["*1\r\n*1\r\n*1\r\n", "*99999999999\r\n", "*1\r\n$-5\r\n", "*1\r\n$abc\r\n"] {
        let mut client = served.wire(0);
        assert!(client.ask(nonsense).starts_with("ERR Protocol error"), "{nonsense:?}");
        assert!(client.is_closed());
    }
    assert_serves(&served);
}

#[test]
#[cfg(target_os = "linux")]
fn thousands_of_idle_connections_fit() {
    let served = Served::start(&["--trace", "off"]);
    let count = 4_000;
    let mut clients: Vec<Wire> = (0..count).map(|_| served.wire(0)).collect();
    for client in clients.iter_mut().step_by(100) {
        assert_eq!(client.ask("PING"), "PONG");
    }
    assert_serves(&served);
    let (_, metrics) = Http::of(&served).get("/metrics");
    assert!(metrics.contains("hashslot_connections_total 40"), "{metrics}");
    assert!(served.resident_bytes() < 300 * MEGABYTE, "{}", served.resident_bytes());
    drop(clients);
    eventually("all have left", || {
        Http::of(&served).get("/metrics").1.contains("hashslot_clients 0\n").then_some(())
    });
}

#[test]
fn a_storm_of_connections_starves_nobody() {
    let served = Served::start(&[]);
    let mut steady = served.wire(1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| drop(Wire::try_open(served.port(0)))));
        }
        for _ in 0..100 {
            assert_eq!(steady.ask("PING"), "PONG");
        }
    });
    eventually("the storm is over", || {
        Http::of(&served).get("/metrics").1.contains("hashslot_clients 1\n").then_some(())
    });
}

#[test]
fn half_of_a_connection_is_enough_to_be_answered() {
    let served = Served::start(&[]);
    let mut client = served.wire(0);
    client.send(b"PING\r\nPING\r\n");
    client.socket.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    client.socket.read_to_string(&mut said).unwrap();
    assert_eq!(said, "+PONG\r\n+PONG\r\n");
    eventually("it is gone", || {
        Http::of(&served).get("/metrics").1.contains("hashslot_clients 0\n").then_some(())
    });
}
