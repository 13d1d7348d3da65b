//! The real tools, redis-cli and redis-benchmark, and a real server that hands its keys over, all
//! of them at a simulated node on a real port.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use hashslot_core::data::{Reply, encode_call};
use hashslot_core::node::Config;
use hashslot_tests::real::host::Host;
use hashslot_tests::real::{Mode, RealServer};

use super::call;

/// Runs a tool at a port; what it printed.
fn run(tool: &str, port: u16, args: &[&str], input: &[u8]) -> String {
    let mut child = Command::new(tool)
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tools are installed with the server");
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    stdin.write_all(input).expect("the tool reads");
    drop(stdin);
    said(child.wait_with_output().expect("the tool ends"), args)
}

fn said(output: Output, args: &[&str]) -> String {
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let said = said.concat();
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

/// What each mode of redis-cli prints, among other things.
const MODES: &[(&[&str], &str)] = &[
    (&["--bigkeys"], "Biggest string found '\"big\"' has 5000 bytes"),
    (&["--memkeys"], "Biggest string found '\"big\"' has 5184 bytes"),
    (&["--scan", "--pattern", "b*"], "big"),
    (&["--cluster", "check"], "[OK] All 16384 slots covered."),
    (&["--cluster", "info"], "102 keys in 1 masters."),
    (&["--cluster", "call", "DBSIZE"], "102"),
    (&["-3", "COMMAND", "DOCS", "set"], "summary"),
    (&["--functions-rdb", "FILE"], "Transfer finished with success"),
];

#[test]
fn redis_cli_works_at_a_simulated_node() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let host = Host::start(Config { repl_sync_delay_s: 0, ..Config::default() });
    let port = host.port();
    let set = |key: &str, value: &str| encode_call(&call(&format!("SET {key} {value}")));
    let mut pipe = set("big", &"x".repeat(5_000)).to_vec();
    (0..101).for_each(|number| pipe.extend_from_slice(&set(&format!("key:{number}"), "v")));
    let piped = run("redis-cli", port, &["--pipe"], &pipe);
    assert!(piped.contains("errors: 0, replies: 102"), "{piped}");
    let address = format!("127.0.0.1:{port}");
    let file = server.folder().join("functions.rdb").display().to_string();
    for (args, expected) in MODES {
        let mut args: Vec<&str> =
            args.iter().map(|&arg| if arg == "FILE" { &file } else { arg }).collect();
        if args[0] == "--cluster" {
            args.insert(2, &address);
        }
        let printed = run("redis-cli", port, &args, b"");
        assert!(printed.contains(expected), "{args:?} prints {printed}");
    }
}

#[test]
fn a_backup_of_a_simulated_node_is_made_by_redis_cli() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let host = Host::start(Config { repl_sync_delay_s: 0, ..Config::default() });
    assert_eq!(host.connect().call(&call("SET a text")).reply, Reply::ok());
    let folder = server.folder().join("backup");
    fs::create_dir(&folder).expect("the folder is writable");
    let (address, to) = (format!("127.0.0.1:{}", host.port()), folder.display().to_string());
    let printed = run("redis-cli", host.port(), &["--cluster", "backup", &address, &to], b"");
    assert!(printed.contains("Backup created into"), "{printed}");
    let files = fs::read_dir(&folder).expect("the folder is there");
    let names: Vec<String> = files
        .map(|file| file.expect("it can be read").file_name().to_string_lossy().into())
        .collect();
    let snapshot = names.iter().find(|name| name.ends_with(".rdb")).expect("a snapshot is there");
    let check = Command::new("redis-check-rdb").arg(folder.join(snapshot)).output();
    let checked = said(check.expect("redis-check-rdb is installed with the server"), &[]);
    assert!(checked.contains("RDB looks OK") && checked.contains("1 keys read"), "{checked}");
    assert!(names.iter().any(|name| name == "nodes.json"), "{names:?}");
}

#[test]
fn redis_benchmark_works_at_a_simulated_node() {
    if RealServer::start(Mode::Standalone).is_none() {
        return;
    }
    let host = Host::start(Config::default());
    let args = ["-t", "set,get", "-n", "2000", "-c", "10", "-P", "4", "-q"];
    let printed = run("redis-benchmark", host.port(), &args, b"");
    assert!(printed.contains("SET:") && printed.contains("GET:"), "{printed}");
    assert!(!printed.contains("WARNING"), "{printed}");
}

#[test]
fn a_real_server_hands_its_keys_over() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let host = Host::start(Config::default());
    let (mut real, mut ours) = (server.connect(), host.connect());
    assert_eq!(ours.call(&call("CONFIG SET requirepass sesame")).reply, Reply::ok());
    let again = "again ".repeat(100);
    for line in [
        "SET a text",
        "SET 7 300",
        "SET later x PXAT 9999999999000",
        "RPUSH list a b",
        &format!("SET long \"{again}\""),
    ] {
        assert!(!real.call(&call(line)).reply.is_error(), "{line}");
    }
    let port = host.port();
    let mut migrate = |key: &str, options: &str| {
        real.call(&call(&format!("MIGRATE 127.0.0.1 {port} {key} 0 5000 {options}"))).reply
    };
    let error =
        |text: &str| Reply::error(format!("ERR Target instance replied with error: {text}"));
    assert_eq!(migrate("a", ""), error("NOAUTH Authentication required."));
    let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
    assert_eq!(migrate("a", "AUTH x"), error(wrong));
    assert_eq!(migrate("a", "AUTH sesame"), Reply::ok());
    assert_eq!(migrate("\"\"", "AUTH2 default sesame KEYS 7 later long"), Reply::ok());
    let bad = "ERR Bad data format";
    assert_eq!(migrate("list", "AUTH sesame"), error(bad));
    for (line, expected) in
        [("GET a", "text"), ("GET 7", "300"), ("GET later", "x"), ("GET long", &again)]
    {
        assert_eq!(ours.call(&call(line)).reply, Reply::bulk(expected.to_owned()), "{line}");
    }
    let Reply::Integer(when) = ours.call(&call("PEXPIRETIME later")).reply else {
        panic!("a number")
    };
    assert!(when.abs_diff(9_999_999_999_000) < 10_000, "{when}");
}
