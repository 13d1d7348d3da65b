//! Nothing is left behind, however a run ends; and nobody else's things are touched.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hashslot_tests::binary;
use hashslot_tests::live::engine::{Witness, docker, image};
use hashslot_tests::live::program;

/// Whoever leaves something behind on purpose does so alone: `clean` removes what anybody has left.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process that holds a stage, and what can be seen of it.
struct Stage {
    child: Child,
    folder: PathBuf,
    places: Vec<String>,
    pids: Vec<u32>,
}

impl Stage {
    /// Waits until its nodes are up.
    fn start(words: &[&str]) -> Stage {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stage-{}-{count}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder for the test");
        let mut child = Command::new(env!("CARGO_BIN_EXE_stage"))
            .args(words)
            .env("TMPDIR", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the stage starts");
        let said = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("ready"), "{words:?}");
        let nodes: Vec<(String, u32)> = lines.take(2).map(|line| read_node(&line)).collect();
        let (places, pids) = nodes.into_iter().unzip();
        Stage { child, folder, places, pids }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, name: &str) {
        signal(name, self.pid());
    }

    fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("it is piped");
        writeln!(input, "{line}").expect("it listens");
    }

    /// Waits for its end, though its input goes on.
    fn wait(&mut self) -> ExitStatus {
        let _input = self.child.stdin.take();
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends its input, and waits for its end.
    fn end(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().expect("it has ended")
    }

    /// What there is of its nodes that are processes.
    fn traces(&self) -> Vec<String> {
        let folders = fs::read_dir(&self.folder).expect("the folder is there").flatten();
        let folders = folders.map(|entry| entry.path().display().to_string());
        let alive = self.pids.iter().filter(|&&pid| pid > 0 && is_alive(pid));
        let network = self.places[0].split('.').nth(2).unwrap_or_default().to_owned();
        let tables = tables().into_iter().filter(|name| *name == format!("hashslot_{network}"));
        folders.chain(alive.map(|pid| format!("process {pid}"))).chain(tables).collect()
    }

    fn await_no_traces(&self) {
        let begun = Instant::now();
        while !self.traces().is_empty() {
            let left = self.traces();
            assert!(begun.elapsed() < Duration::from_secs(10), "these are left: {left:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Both may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn read_node(line: &str) -> (String, u32) {
    let (place, pid) = line.split_once(' ').expect("a place and a process");
    (place.to_owned(), pid.parse().expect("a number"))
}

fn signal(name: &str, pid: u32) {
    let done = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(done.is_ok_and(|status| status.success()), "{pid} is there to be told {name}");
}

fn is_alive(pid: u32) -> bool {
    let status = Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn children_of(pid: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-o", "pid=", "--ppid", &pid.to_string()]).output();
    let listed = listed.expect("ps is there").stdout;
    String::from_utf8_lossy(&listed).split_whitespace().flat_map(str::parse).collect()
}

/// The tables of the firewall of this machine that have our name.
fn tables() -> Vec<String> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let listed = Command::new("nft").args(["list", "tables"]).env("PATH", path).output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    let names = String::from_utf8_lossy(&listed).into_owned();
    let names = names.lines().filter_map(|line| line.split_whitespace().last());
    names.filter(|name| name.starts_with("hashslot")).map(str::to_owned).collect()
}

/// Runs `hashslot clean`, with leftovers in this folder; what it told.
fn clean(folder: &Path) -> String {
    let cleaned = Command::new(binary()).arg("clean").env("TMPDIR", folder).output();
    let cleaned = cleaned.expect("the binary runs");
    assert!(cleaned.status.success(), "{cleaned:?}");
    String::from_utf8_lossy(&cleaned.stdout).into_owned()
}

fn answers(place: &str) -> bool {
    let place = place.parse().expect("an address");
    TcpStream::connect_timeout(&place, Duration::from_millis(500)).is_ok()
}

/// The words for the stage in containers; `None` if there is no engine.
fn containers() -> Option<String> {
    docker().map(|_| format!("docker={}", image()))
}

#[test]
fn processes_leave_nothing_when_a_run_ends_panics_or_is_interrupted() {
    if program().is_none() {
        return;
    }
    let mut ended = Stage::start(&["processes"]);
    assert!(ended.traces().len() >= 3, "a folder and two processes: {:?}", ended.traces());
    assert!(ended.end().success());
    ended.await_no_traces();
    let mut panicked = Stage::start(&["processes"]);
    panicked.say("panic");
    assert!(!panicked.wait().success());
    panicked.await_no_traces();
    for name in ["INT", "TERM", "KILL"] {
        let mut interrupted = Stage::start(&["processes"]);
        interrupted.signal(name);
        assert!(!interrupted.wait().success());
        interrupted.await_no_traces();
    }
}

#[test]
fn containers_leave_nothing_when_a_run_ends_panics_or_is_interrupted() {
    let Some(docker) = containers() else { return };
    let witness = Witness::new();
    let mut ended = Stage::start(&[&docker]);
    assert_eq!(witness.made_by(ended.pid()).len(), 5, "two nodes and a network");
    assert!(ended.end().success());
    assert_eq!(witness.made_by(ended.pid()), [""; 0]);
    let mut panicked = Stage::start(&[&docker]);
    panicked.say("panic");
    assert!(!panicked.wait().success());
    assert_eq!(witness.made_by(panicked.pid()), [""; 0]);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut interrupted = Stage::start(&[&docker]);
        interrupted.signal(name);
        assert_eq!(interrupted.wait().code(), Some(code));
        assert_eq!(witness.made_by(interrupted.pid()), [""; 0]);
    }
}

#[test]
fn a_run_that_is_interrupted_while_it_begins_leaves_no_container() {
    let Some(docker) = containers() else { return };
    let witness = Witness::new();
    for delay_ms in [300, 900] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stage"))
            .arg(&docker)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the stage starts");
        let pid = child.id();
        while witness.made_by(pid).is_empty() {
            assert!(child.try_wait().is_ok_and(|ended| ended.is_none()), "it ended by itself");
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(delay_ms));
        let _input = child.stdin.take();
        signal("INT", pid);
        child.wait().expect("it has ended");
        assert_eq!(witness.made_by(pid), [""; 0], "after {delay_ms} ms");
    }
}

#[test]
fn clean_removes_containers_of_the_dead_and_nothing_else() {
    let Some(docker) = containers() else { return };
    let _alone = alone();
    let witness = Witness::new();
    let foreign = ["redis-7000", "hashslot-redis-7000"];
    witness.make_foreign(foreign[0], &[]);
    witness.make_foreign(foreign[1], &[("hashslot.runner", "another program")]);
    let mut alive = Stage::start(&[&docker]);
    let mut killed = Stage::start(&[&docker]);
    killed.signal("KILL");
    killed.wait();
    let left = witness.made_by(killed.pid());
    assert_eq!(left.len(), 5, "{left:?}");
    let mut kept = Stage::start(&[&docker, "keep"]);
    assert!(kept.end().success());
    assert!(answers(&kept.places[0]), "it was told to leave its nodes");
    let told = clean(&killed.folder);
    for name in left {
        assert!(
            told.contains(&format!("removed container {name}\n"))
                || told.contains(&format!("removed network {name}\n")),
            "{name}: {told}"
        );
    }
    assert_eq!(witness.made_by(killed.pid()), [""; 0]);
    assert_eq!(witness.made_by(kept.pid()), [""; 0]);
    assert!(answers(&alive.places[0]), "its run goes on: {told}");
    assert_eq!(witness.made_by(alive.pid()).len(), 5);
    assert!(alive.end().success());
    for name in foreign {
        let there = witness.everything();
        assert!(there.iter().any(|(other, _)| other == name), "{name} is gone: {there:?}");
        witness.remove_foreign(name);
    }
}

#[test]
fn clean_removes_processes_of_the_dead_and_nothing_else() {
    if program().is_none() {
        return;
    }
    let _alone = alone();
    let mut alive = Stage::start(&["processes"]);
    let mut killed = Stage::start(&["processes", "keep"]);
    assert!(killed.end().success());
    assert!(killed.places.iter().all(|place| answers(place)), "it was told to leave its nodes");
    // With the shell that would clear up after it gone as well, nobody is left who knows.
    let mut orphaned = Stage::start(&["processes"]);
    let nodes = orphaned.pids.clone();
    let others = children_of(orphaned.pid()).into_iter().filter(|pid| !nodes.contains(pid));
    others.for_each(|reaper| signal("KILL", reaper));
    orphaned.signal("KILL");
    orphaned.wait();
    for stage in [&killed, &orphaned] {
        assert!(stage.traces().len() >= 3, "{:?}", stage.traces());
        let told = clean(&stage.folder);
        assert!(told.contains("ended redis-server, process "), "{told}");
        stage.await_no_traces();
    }
    let told = clean(&alive.folder);
    assert!(told.contains("its run goes on"), "{told}");
    assert!(alive.places.iter().all(|place| answers(place)));
    assert!(alive.end().success());
}
