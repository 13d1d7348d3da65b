//! The interface for programs: what it answers, and to whom.

use std::process::Command;

use hashslot_tests::binary;
use serde_json::Value;

use crate::http::Http;
use crate::served::{Served, eventually};

fn json((status, body): (u16, String)) -> Value {
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn the_status_tells_of_nodes_clock_and_clients() {
    let served = Served::start(&["--seed", "7"]);
    let client = served.wire(0);
    let http = Http::of(&served);
    let status = eventually("the client counts", || {
        let status = json(http.get("/api/status"));
        (status["clients"]["connected"] == 1).then_some(status)
    });
    assert_eq!(status["seed"], 7);
    assert_eq!(status["nodes"].as_array().unwrap().len(), 6);
    assert_eq!(status["clock"]["paused"], false);
    assert_eq!(status["nodes"][0]["slots"], 5461);
    drop(client);
    eventually("it has left", || {
        (json(http.get("/api/status"))["clients"]["connected"] == 0).then_some(())
    });
    assert_eq!(json(http.get("/api/stage"))["nodes"][0]["port"], served.port(0));
}

#[test]
fn a_paused_clock_stands_and_clients_wait() {
    let served = Served::start(&[]);
    let http = Http::of(&served);
    let mut client = served.wire(0);
    assert_eq!(client.ask("PING"), "PONG");
    let answer = json(http.post("/api/clock", "{\"paused\": true}"));
    assert_eq!(answer["clock"]["paused"], true);
    let elapsed = || json(http.get("/api/status"))["clock"]["elapsed_seconds"].clone();
    let before = elapsed();
    client.send(b"PING\r\n");
    client.socket.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    assert!(client.socket.peek(&mut [0]).is_err(), "nobody answers");
    assert_eq!(elapsed(), before);
    let answer = json(http.post("/api/clock", "{\"paused\": false, \"speed\": 3}"));
    assert_eq!(answer["clock"]["speed"], 3.0);
    client.socket.set_read_timeout(Some(crate::served::PATIENCE)).unwrap();
    assert_eq!(client.reply().unwrap(), "PONG");
}

#[test]
fn who_connects_while_the_clock_stands_is_served_when_it_runs() {
    let served = Served::start(&[]);
    let http = Http::of(&served);
    json(http.post("/api/clock", "{\"paused\": true}"));
    let mut clients: Vec<_> = (0..20).map(|_| served.wire(0)).collect();
    clients.iter_mut().for_each(|client| client.send(b"PING\r\n"));
    json(http.post("/api/clock", "{\"paused\": false}"));
    for client in &mut clients {
        assert_eq!(client.reply().unwrap(), "PONG");
    }
}

#[test]
fn events_come_with_positions_and_reasons() {
    let served = Served::start(&["--node-timeout", "500ms", "--speed", "5"]);
    let http = Http::of(&served);
    let line = format!("{{\"line\": \"$ kill {}\"}}", served.port(0));
    json(http.post("/api/do", &line));
    let won = eventually("a replica wins", || {
        let events = json(http.get("/api/events?limit=500"));
        let won = |event: &&Value| event["moment"] == "Won";
        events["events"].as_array().unwrap().iter().find(won).cloned()
    });
    let position = won["position"].as_u64().unwrap();
    let why = json(http.get(&format!("/api/why?position={position}")));
    assert!(why["why"].as_array().unwrap().len() > 3, "{why}");
    let since = json(http.get(&format!("/api/events?since={position}&limit=1")));
    assert_eq!(since["events"][0]["position"], position);
    assert_eq!(since["next"], position + 1);
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    let served = Served::start(&[]);
    let http = Http::of(&served);
    let wrong = [
        (http.post("/api/do", "{\"line\": \"$ kil 7000\"}"), 400, "did you mean `kill`?"),
        (http.post("/api/do", "nonsense"), 400, "send JSON such as"),
        (http.post("/api/do", "{\"line\": \"$ run 1h\"}"), 400, "at most 60s"),
        (http.post("/api/clock", "{\"speed\": 0}"), 400, "from 0.1 to 1000"),
        (http.post("/api/clock", "{\"sped\": 1}"), 400, "send JSON such as"),
        (http.get("/api/events?since=x"), 400, "/api/events?since=POSITION"),
        (http.get("/api/why?position=99999999"), 404, "positions go from"),
        (http.get("/api/nothing"), 404, "/api/status"),
        (http.get("/api/do"), 405, "POST"),
        (http.get("/live"), 426, "WebSocket"),
    ];
    for ((status, body), wanted, help) in wrong {
        assert_eq!(status, wanted, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body["error"].is_string(), "{body}");
        assert!(body["help"].as_str().unwrap().contains(help), "{body}");
    }
    let (status, _) = http.post("/api/do", &"x".repeat(100_000));
    assert_eq!(status, 413);
}

#[test]
fn a_page_from_elsewhere_reaches_nothing() {
    let served = Served::start(&[]);
    let here = format!("http://127.0.0.1:{}", served.page());
    let kill = format!("{{\"line\": \"$ kill {}\"}}", served.port(0));
    for path in ["/api/status", "/live", "/", "/metrics"] {
        let rebound = Http::of(&served).with("Host", "evil.example").get(path).0;
        assert_eq!(rebound, 403, "{path}");
    }
    let cross = Http::of(&served).with("Origin", "http://evil.example");
    assert_eq!(cross.post("/api/do", &kill).0, 403);
    let upgrade = cross.with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13");
    assert_eq!(upgrade.get("/live").0, 403);
    assert_eq!(served.wire(0).ask("PING"), "PONG");
    assert_eq!(Http::of(&served).with("Origin", &here).post("/api/do", &kill).0, 200);
}

#[test]
fn every_answer_holds_a_page_to_itself() {
    let served = Served::start(&[]);
    for path in ["/api/status", "/metrics", "/api/nothing", "/worlds.json"] {
        let (head, _) = Http::of(&served).heads("GET", path, "");
        let head = head.to_lowercase();
        assert!(head.contains("content-security-policy: default-src 'none'"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
    }
}

#[test]
fn prometheus_reads_the_metrics() {
    let served = Served::start(&[]);
    let mut client = served.wire(0);
    (0..10).for_each(|_| assert_eq!(client.ask("PING"), "PONG"));
    let (status, text) = Http::of(&served).get("/metrics");
    assert_eq!(status, 200);
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is not in {text}"))
            .rsplit_once(' ')
            .unwrap()
            .1
            .parse()
            .unwrap()
    };
    let first = served.port(0);
    assert_eq!(value("hashslot_clients"), 1.0);
    assert_eq!(value(&format!("hashslot_node_slots{{node=\"{first}\"}}")), 5461.0);
    assert!(value(&format!("hashslot_node_commands_total{{node=\"{first}\"}}")) >= 10.0);
    assert!(value("hashslot_virtual_seconds_total") >= 0.0);
    for line in text.lines() {
        let is_comment = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
        let is_sample =
            line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
        assert!(is_comment || is_sample, "{line}");
    }
    assert_eq!(Http::of(&served).get("/healthz"), (200, "ok\n".to_owned()));
}

#[test]
fn ctl_speaks_to_the_served_cluster() {
    let served = Served::start(&[]);
    let ctl = |args: &[&str]| {
        let output = Command::new(binary())
            .arg("ctl")
            .args(args)
            .args(["--at", &served.url])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, status, _) = ctl(&["status"]);
    assert_eq!(code, 0);
    assert!(status.contains(&format!("{}: running, master, state ok, 5461 slots", served.port(0))));
    let (_, said, _) = ctl(&["do", &format!("{}> PING", served.port(0))]);
    assert_eq!(said, "PONG\n");
    assert!(ctl(&["pause"]).1.starts_with("clock: paused, at +"));
    assert!(ctl(&["resume"]).1.starts_with("clock: 1.0 times"));
    assert!(ctl(&["speed", "2"]).1.starts_with("clock: 2.0 times"));
    let (code, _, said) = ctl(&["do", "$ kil 7000"]);
    assert_eq!(code, 1);
    assert!(said.contains("did you mean `kill`?"), "{said}");
    let (_, said, _) = ctl(&["status", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["clock"]["speed"], 2.0);
    assert_eq!(ctl(&["speed", "0"]).0, 2);
    let nobody = Command::new(binary())
        .args(["ctl", "status", "--at", "http://127.0.0.1:1/"])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8(nobody.stderr).unwrap().contains("hashslot serve --redis"));
}
