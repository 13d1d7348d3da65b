//! On a cluster that exists already and belongs to somebody else: it is left as it was.

use std::net::TcpListener;
use std::process::Output;
use std::thread;
use std::time::Duration;

use hashslot::live::{Cluster, Connection, Program};
use hashslot_core::data::Reply;
use hashslot_core::world::Setup;
use hashslot_core::world::step::Port;
use hashslot_tests::live::program;
use hashslot_tests::real::{Mode, RealServer};

use super::common::{code, command, folder, replay, source, text};

const STAGE: &str = "{ masters: 3, replicas: 1, node-timeout: 5s }";
const PATIENCE: Duration = Duration::from_secs(5);
const SECRET: &str = "correct horse";

/// The cluster of another person.
struct Foreign {
    cluster: Cluster,
}

impl Foreign {
    fn start(program: &Program) -> Foreign {
        let mut setup = Setup { masters: 3, replicas: 1, ..Setup::default() };
        setup.config.node_timeout_ms = 5_000;
        let cluster = Cluster::start(program, &setup);
        Foreign { cluster: cluster.unwrap_or_else(|trouble| panic!("{trouble}")) }
    }

    fn place(&self, port: u16) -> String {
        let port = Port::new(port).expect("it is a port");
        self.cluster.nodes().place(port).expect("the node is there").to_string()
    }

    fn connect(&self, port: u16) -> Connection {
        let place = self.place(port).parse().expect("it is an address");
        Connection::open(place, PATIENCE).expect("the node answers")
    }

    fn say(&self, port: u16, words: &[&str]) -> Reply {
        self.connect(port).say(words).expect("the node answers")
    }

    /// Every key of every master, sorted.
    fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for port in 7000..7003 {
            let Reply::Array(found) = self.say(port, &["KEYS", "*"]) else { panic!("no keys") };
            keys.extend(found.iter().map(|key| match key {
                Reply::Bulk(name) => String::from_utf8_lossy(name).into_owned(),
                other => panic!("{other:?} is no key"),
            }));
        }
        keys.sort();
        keys
    }
}

fn shown(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn keys_of_others_survive_and_own_ones_go() {
    let Some(program) = program() else { return };
    let foreign = Foreign::start(&program);
    // `user:1` is a key of the lesson too.
    for (port, key) in [(7001, "user:1"), (7000, "hello"), (7000, "hs:mine")] {
        assert_eq!(foreign.say(port, &["SET", key, "theirs"]), Reply::ok(), "{key}");
    }
    let before = foreign.keys();
    let lines = [
        "7001> SET user:1 alice",
        "OK",
        "7000> GET user:1",
        "(error) MOVED 10778 127.0.0.1:7001",
        "> SET {user:1}:cart tea",
        "-> Redirected to slot [10778] located at 127.0.0.1:7001",
        "OK",
        "> MGET {user:1}:cart user:1",
        "7004> READONLY",
        "7004> GET user:1",
        "$ run until 7004 linked to 7001",
        "7000> CLUSTER NODES",
        "7000> CLUSTER SLOTS",
        "7000> CLUSTER SHARDS",
        "7004> ROLE",
        "7000> GET hello",
        "(nil)",
        "$ run 1s",
    ];
    let folder = folder("existing");
    let output = replay(&folder, &source(STAGE, &lines), &["--on", &foreign.place(7004)]);
    assert_eq!(code(&output), 0, "{}", shown(&output));
    assert!(shown(&output).starts_with("equal  made.md\n"), "{}", shown(&output));
    assert_eq!(foreign.keys(), before);
    for (port, key) in [(7001, "user:1"), (7000, "hello"), (7000, "hs:mine")] {
        assert_eq!(foreign.say(port, &["GET", key]), Reply::bulk("theirs"), "{key}");
    }
    what_changes_the_cluster_needs_leave(&foreign);
    a_key_that_is_left_is_not_overwritten(&foreign);
    nothing_is_sent_that_is_not_on_the_list(&foreign);
    a_password_is_asked_for_and_never_shown(&foreign);
}

fn what_changes_the_cluster_needs_leave(foreign: &Foreign) {
    let folder = folder("leave");
    let lines = ["7003> CLUSTER FAILOVER", "OK", "$ run until 7003 is master", "$ run 2s"];
    let lesson = source(STAGE, &lines);
    let place = foreign.place(7000);
    let refused = replay(&folder, &lesson, &["--on", &place]);
    assert_eq!(code(&refused), 2);
    assert!(shown(&refused).contains("--allow-faults failover"), "{}", shown(&refused));
    let Reply::Array(role) = foreign.say(7000, &["ROLE"]) else { panic!("no role") };
    assert_eq!(role[0], Reply::bulk("master"), "nothing was done");
    let allowed = replay(&folder, &lesson, &["--on", &place, "--allow-faults", "slots,failover"]);
    assert_eq!(code(&allowed), 0, "{}", shown(&allowed));
    let Reply::Array(role) = foreign.say(7003, &["ROLE"]) else { panic!("no role") };
    assert_eq!(role[0], Reply::bulk("master"));
    // Back to what it was, for whoever owns it.
    assert_eq!(foreign.say(7000, &["CLUSTER", "FAILOVER"]), Reply::ok());
    for _ in 0..600 {
        if has_its_old_shape(foreign) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("7000 does not become master again, with a replica that it knows of");
}

/// Whether 7000 is a master again, and knows a replica of each master: it hears of its own
/// only with the next message from there, which may take half of node-timeout.
fn has_its_old_shape(foreign: &Foreign) -> bool {
    let Reply::Array(role) = foreign.say(7000, &["ROLE"]) else { panic!("no role") };
    let Reply::Array(ranges) = foreign.say(7000, &["CLUSTER", "SLOTS"]) else { panic!("no slots") };
    let replicated = |range: &Reply| matches!(range, Reply::Array(parts) if parts.len() == 4);
    role[0] == Reply::bulk("master") && ranges.iter().all(replicated)
}

fn a_key_that_is_left_is_not_overwritten(foreign: &Foreign) {
    assert_eq!(foreign.say(7001, &["SET", "hs:{user:1}", "left"]), Reply::ok());
    let lesson = source(STAGE, &["7001> SET user:1 alice", "$ run 100ms"]);
    let output = replay(&folder("left"), &lesson, &["--on", &foreign.place(7000)]);
    assert_eq!(code(&output), 2);
    assert!(shown(&output).contains("there is a key hs:{user:1} already"), "{}", shown(&output));
    assert_eq!(foreign.say(7001, &["GET", "hs:{user:1}"]), Reply::bulk("left"));
    assert_eq!(foreign.say(7001, &["DEL", "hs:{user:1}"]), Reply::Integer(1));
}

fn nothing_is_sent_that_is_not_on_the_list(foreign: &Foreign) {
    let before = foreign.keys();
    let place = foreign.place(7000);
    let refused = [
        ("7000> FLUSHALL", "FLUSHALL is not sent"),
        ("7000> CONFIG SET maxmemory 1", "CONFIG SET is not sent"),
        ("$ kill 7001", "play the lesson on processes"),
        ("7000> GET a}b", "has no other name of the same slot"),
    ];
    for (line, why) in refused {
        let lesson = source(STAGE, &["7001> SET user:1 alice", line]);
        let output = replay(&folder("list"), &lesson, &["--on", &place]);
        assert_eq!(code(&output), 2, "{line}");
        assert!(shown(&output).contains(why), "{line}: {}", shown(&output));
        assert!(shown(&output).contains("line 15: "), "{}", shown(&output));
    }
    let other = source("{ masters: 5, replicas: 1 }", &["7000> PING"]);
    let output = replay(&folder("list"), &other, &["--on", &place]);
    assert_eq!(code(&output), 2);
    assert!(shown(&output).contains("begins with 5 masters"), "{}", shown(&output));
    assert_eq!(foreign.keys(), before);
}

fn a_password_is_asked_for_and_never_shown(foreign: &Foreign) {
    for port in 7000..7006 {
        let mut connection = foreign.connect(port);
        for name in ["masterauth", "requirepass"] {
            let set = connection.say(&["CONFIG", "SET", name, SECRET]).expect("it answers");
            assert_eq!(set, Reply::ok());
        }
    }
    let folder = folder("password");
    let lesson = source(STAGE, &["7001> SET user:1 alice", "OK", "> GET user:1", "$ run 100ms"]);
    let place = foreign.place(7000);
    let args = ["--on", &place[..], "--report", "json"];
    let without = replay(&folder, &lesson, &args);
    assert_eq!(code(&without), 2);
    assert!(shown(&without).contains("set HASHSLOT_PASSWORD"), "{}", shown(&without));
    let with = |password: &str| {
        let mut command = command(&folder, &lesson, &args);
        command.env("HASHSLOT_PASSWORD", password).output().expect("the binary runs")
    };
    let wrong = with("wrong donkey");
    assert_eq!(code(&wrong), 2);
    assert!(shown(&wrong).contains("does not take this password"), "{}", shown(&wrong));
    assert!(!shown(&wrong).contains("donkey"));
    let right = with(SECRET);
    assert_eq!(code(&right), 0, "{}", shown(&right));
    assert!(!shown(&right).contains(SECRET));
    std::fs::write(folder.join("secret"), format!("{SECRET}\n")).expect("a file for the secret");
    let from_file = replay(&folder, &lesson, &[&args[..], &["--password-file", "secret"]].concat());
    assert_eq!(code(&from_file), 0, "{}", shown(&from_file));
    assert!(!shown(&from_file).contains(SECRET));
}

#[test]
fn a_target_that_is_none_is_told_with_its_remedy() {
    let lesson = source(STAGE, &["7000> PING", "PONG"]);
    let folder = folder("none");
    let on = |place: &str| {
        let output = replay(&folder, &lesson, &["--on", place]);
        assert_eq!(code(&output), 2, "{place}: {}", shown(&output));
        shown(&output)
    };
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.local_addr().expect("it has an address").port()
    };
    let dead = on(&format!("127.0.0.1:{port}"));
    assert!(
        dead.contains("cannot be reached") && dead.contains("check that a node runs"),
        "{dead}"
    );
    assert!(on("no-such-host.invalid:7000").contains("write HOST:PORT"));
    assert!(on("nonsense").contains("HOST:PORT of a node"));
    let Some(node) = RealServer::start(Mode::Cluster) else { return };
    let failed = on(&format!("127.0.0.1:{}", node.port()));
    assert!(failed.contains("is in the state fail: mend it first"), "{failed}");
    let Some(alone) = RealServer::start(Mode::Standalone) else { return };
    let alone = on(&format!("127.0.0.1:{}", alone.port()));
    assert!(alone.contains("is no node of a cluster"), "{alone}");
}
