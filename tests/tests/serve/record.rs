//! What real clients do is written down, and played again to the same end.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hashslot_core::world::session::Session;
use hashslot_tests::binary;

use crate::http::Http;
use crate::served::{Served, eventually};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn play(path: &Path) -> Output {
    Command::new(binary()).arg("run").arg(path).output().unwrap()
}

/// Clients of several nodes, and a failover while they are there.
fn use_it(served: &Served) {
    let http = Http::of(served);
    let mut client = served.wire(2);
    for round in 0..50 {
        assert_eq!(client.ask(&format!("SET foo {round}")), "OK");
    }
    client.send(b"*1\r\n$4\r\nPI");
    client.send(b"NG\r\n");
    assert_eq!(client.reply().unwrap(), "PONG");
    assert_eq!(served.wire(0).ask("SUBSCRIBE news"), "[subscribe news 1]");
    let kill = format!("{{\"line\": \"$ kill {}\"}}", served.port(2));
    assert_eq!(http.post("/api/do", &kill).0, 200);
    eventually("a replica takes over", || {
        let said = served.wire(0).ask("GET foo");
        (said.starts_with("MOVED") && !said.ends_with(&served.port(2).to_string())).then_some(())
    });
}

#[test]
fn a_record_is_played_again_to_the_same_digest() {
    let path = file("whole.session");
    let options = ["--node-timeout", "500ms", "--speed", "5", "--record", path.to_str().unwrap()];
    let served = Served::start(&options);
    use_it(&served);
    assert!(served.end_with("-TERM").success());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().last().unwrap().starts_with("end digest="));
    let session = Session::load(&text).unwrap();
    assert_eq!(session.save().unwrap(), text);
    let output = play(&path);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn ctrl_c_ends_the_record_too() {
    let path = file("interrupted.session");
    let served = Served::start(&["--record", path.to_str().unwrap()]);
    assert_eq!(served.wire(0).ask("PING"), "PONG");
    assert!(served.end_with("-INT").success());
    let text = std::fs::read_to_string(&path).unwrap();
    Session::load(&text).unwrap();
    assert!(text.contains("PING"), "{text}");
}

#[test]
fn a_server_that_is_killed_leaves_what_was_done_so_far() {
    let path = file("killed.session");
    let served = Served::start(&["--record", path.to_str().unwrap()]);
    assert_eq!(served.wire(0).ask("ECHO hello"), "hello");
    eventually("it is written", || {
        std::fs::read_to_string(&path).unwrap().contains("hello").then_some(())
    });
    served.end_with("-KILL");
    let output = play(&path);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("The last line of the file is missing"), "{said}");
}

#[test]
fn the_run_so_far_can_be_saved_while_it_goes_on() {
    let served = Served::start(&[]);
    assert_eq!(served.wire(0).ask("PING"), "PONG");
    let (status, text) = Http::of(&served).get("/api/run");
    assert_eq!(status, 200);
    assert!(text.contains("PING"));
    Session::load(&text).unwrap();
}
