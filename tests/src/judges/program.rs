//! A client library's page of ordinary use, run on a cluster.
//!
//! The page is a program that is given ports. It can ask for what no client can do, by a line that
//! begins with `@`: that a node dies, that its replica has succeeded it, that it comes back, that
//! slots move. The wish is fulfilled while the page goes on, and a line `done` says so. Its last
//! line is what it found, as JSON.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::redis_cli::{self, Input};
use super::{Servers, Side};
use crate::binary::root;
use crate::real::skip;

const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
/// The three masters and their replicas.
pub const NODES: u16 = 6;

/// What a page says at its end.
#[derive(Debug, Deserialize)]
pub struct Findings {
    pub client: String,
    pub checks: u32,
    pub failures: Vec<String>,
    /// What was done under load, and what came of it.
    pub notes: BTreeMap<String, serde_json::Value>,
}

/// The interpreter of Python with redis-py; `None`, said plainly, if it is not here.
pub fn python() -> Option<Command> {
    let path = root().join(".tools/clients-python/bin/python");
    program(path, "redis-py is not in .tools: .ci/setup test")
}

/// Node, with ioredis; `None`, said plainly, if it is not here.
pub fn node() -> Option<Command> {
    let modules = root().join(".tools/clients-node/node_modules");
    if !modules.join("ioredis").is_dir() {
        skip("ioredis is not in .tools: .ci/setup test");
        return None;
    }
    let mut command = Command::new("node");
    command.env("HASHSLOT_NODE_MODULES", modules);
    Some(command)
}

fn program(path: PathBuf, otherwise: &str) -> Option<Command> {
    if !path.exists() {
        skip(otherwise);
        return None;
    }
    Some(Command::new(path))
}

/// Where a file of `tests/clients` is.
pub fn page(file: &str) -> PathBuf {
    root().join("tests/clients").join(file)
}

/// Runs a file of `tests/clients` on a cluster, and fulfils its wishes.
pub fn run(mut command: Command, file: &str, servers: &mut Servers) -> Findings {
    let mut child = command
        .arg(page(file))
        .args(servers.ports().iter().map(u16::to_string))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{file} cannot be run: {error}"));
    let mut answers = child.stdin.take().expect("its input is piped");
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut last = String::new();
    for line in output.lines().map_while(Result::ok) {
        match line.strip_prefix('@') {
            Some(wish) => {
                fulfil(wish, servers);
                writeln!(answers, "done").expect("the page waits for it");
            }
            None => last = line,
        }
    }
    let status = child.wait().expect("a child can be waited for");
    assert!(status.success(), "{file} ended with {status}");
    serde_json::from_str(&last).unwrap_or_else(|error| panic!("{file} said {last:?}: {error}"))
}

/// Does what a page asks for.
pub fn fulfil(wish: &str, servers: &mut Servers) {
    let words: Vec<&str> = wish.split(' ').collect();
    let port = |word: &str| word.parse().expect("a wish names ports");
    match words[..] {
        ["kill", victim] => servers.kill(servers.index_of(port(victim))),
        ["restart", victim] => servers.restart(servers.index_of(port(victim))),
        ["succeeded", victim] => wait_for_successor(servers, servers.index_of(port(victim))),
        ["reshard", from, to, slots] => {
            let from = servers.index_of(port(from));
            reshard(servers, from, servers.index_of(port(to)), slots);
        }
        _ => panic!("nobody knows how to fulfil {wish:?}"),
    }
}

/// Waits until all who live believe that the victim failed, and that all slots have owners again.
fn wait_for_successor(servers: &Servers, victim: u16) {
    let begun = Instant::now();
    let others = || (0..NODES).filter(|index| *index != victim);
    let has_successor = |index| {
        let text = servers.text(index, &["CLUSTER", "NODES"]);
        let address = format!("{}@", servers.address(victim));
        let is_over = |line: &str| line.contains(&address) && line.contains("fail");
        let info = servers.text(index, &["CLUSTER", "INFO"]);
        text.lines().any(is_over) && info.contains("cluster_slots_ok:16384")
    };
    while !others().all(has_successor) {
        assert!(begun.elapsed() < PATIENCE, "nobody succeeds {}", servers.address(victim));
        thread::sleep(POLL);
    }
}

fn reshard(servers: &Servers, from: u16, to: u16, slots: &str) {
    let (source, target) = (servers.id(from), servers.id(to));
    let address = servers.address(from);
    let mut args = vec!["--cluster", "reshard", &address, "--cluster-from", &source];
    args.extend(["--cluster-to", &target, "--cluster-slots", slots, "--cluster-yes"]);
    let shown = redis_cli::run(&args, &Input::None);
    assert!(shown.ends_with("[exit 0]\n"), "redis-cli could not reshard:\n{shown}");
}

/// Fails with what a page found to be wrong; tells what it did.
pub fn judge(side: Side, findings: &Findings) {
    let Findings { client, checks, failures, notes } = findings;
    println!("{client}, {side:?}: {checks} checks");
    for (name, note) in notes {
        println!("  {name}: {note}");
    }
    assert!(failures.is_empty(), "{client}, {side:?}:\n  {}", failures.join("\n  "));
}
