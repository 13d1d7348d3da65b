//! Who is let in, and to whom it is served.

use std::process::Command;

use hashslot_tests::binary;

use crate::http::Http;
use crate::served::{Served, any_ports};

fn refusal(options: &[&str]) -> String {
    let output = Command::new(binary())
        .args(["serve", "--redis", "--no-open", "--port", "0", "--first-port"])
        .arg(any_ports().to_string())
        .args(options)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn other_machines_are_let_in_only_on_purpose() {
    let said = refusal(&["--bind", "0.0.0.0"]);
    assert!(said.contains("--password-file") && said.contains("--no-auth"), "{said}");
    let said = refusal(&["--bind", "0.0.0.0", "--password", ""]);
    assert!(said.contains("the password is empty"), "{said}");
}

#[test]
fn with_a_password_nodes_and_page_want_it() {
    let served = Served::start(&["--password", "hunter2"]);
    let mut client = served.wire(2);
    assert!(client.ask("GET foo").starts_with("NOAUTH"));
    assert!(client.ask("AUTH wrong").starts_with("WRONGPASS"));
    assert_eq!(client.ask("AUTH hunter2"), "OK");
    assert_eq!(client.ask("SET foo bar"), "OK");
    assert_eq!(client.ask("WAIT 1 5000"), "1", "replicas know the password");
    assert_eq!(Http::of(&served).get("/api/status").0, 401);
    assert_eq!(Http::of(&served).get("/live").0, 401);
    let login = "Basic ZGVmYXVsdDpodW50ZXIy";
    assert_eq!(Http::of(&served).with("Authorization", login).get("/api/status").0, 200);
    assert_eq!(Http::of(&served).get("/healthz").0, 200);
    let ctl = |password: &str| {
        let mut command = Command::new(binary());
        command.args(["ctl", "status", "--at", &served.url]).env("HASHSLOT_PASSWORD", password);
        command.output().unwrap().status.code()
    };
    assert_eq!((ctl("hunter2"), ctl("wrong")), (Some(0), Some(1)));
}

#[test]
fn all_addresses_can_be_served_without_a_password_on_purpose() {
    let served = Served::start(&["--bind", "0.0.0.0", "--no-auth"]);
    // Whoever connects knows the address already, and is told of ports only.
    assert_eq!(served.wire(0).ask("GET foo"), format!("MOVED 12182 :{}", served.port(2)));
}
