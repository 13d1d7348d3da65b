//! `hashslot replay` as a person and a program meet it: exit codes, reports, Ctrl-C.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hashslot_tests::live::program;
use serde_json::Value;

use super::common::{code, command, folder, replay, source, text};

const ONE: &str = "{ masters: 1, replicas: 0, node-timeout: 1s }";

#[test]
fn equal_sides_end_with_0() {
    let Some(_) = program() else { return };
    let folder = folder("equal");
    let lesson = source(ONE, &["7000> SET k v", "OK", "$ run 200ms", "7000> GET k", "\"v\""]);
    let output = replay(&folder, &lesson, &[]);
    let (shown, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(code(&output), 0, "{shown}{said}");
    assert!(shown.starts_with("equal  made.md\n") && shown.contains("Redis 7.0."), "{shown}");
    assert_eq!(said, "", "progress is for terminals");
    let json = text(&replay(&folder, &lesson, &["--report", "json"]).stdout);
    let report: Value = serde_json::from_str(&json).expect("one object");
    assert_eq!((&report["outcome"], &report["steps"]), (&"equal".into(), &3.into()));
}

#[test]
fn a_difference_ends_with_1_and_is_told_in_every_form() {
    let Some(_) = program() else { return };
    let folder = folder("different");
    let lines = ["7000> SET <script> v", "$ run 100ms", "7000> BITCOUNT <script>"];
    let lesson = source(ONE, &lines);
    let output = replay(&folder, &lesson, &["--report", "json", "--output", "report.json"]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let json = fs::read_to_string(folder.join("report.json")).expect("the report is there");
    let report: Value = serde_json::from_str(&json).expect("one object");
    let first = &report["differences"][0];
    assert_eq!(report["outcome"], "different");
    assert_eq!(first["action"], lines[2]);
    assert_eq!(first["line"], 16);
    assert_eq!(first["kind"], "reply");
    assert!(first["observed"].as_str().is_some_and(|said| said.contains(":5")), "{first}");
    assert!(first["expected"][0].as_str().is_some_and(|said| said.contains("ERR unknown command")));
    assert_eq!(report["again"], "hashslot replay made.md --on processes");

    let output = replay(&folder, &lesson, &["--report", "html", "--output", "report.html"]);
    assert_eq!(code(&output), 1);
    let page = fs::read_to_string(folder.join("report.html")).expect("the report is there");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.contains("BITCOUNT &lt;script&gt;") && !page.contains("<script>"));
    assert!(!page.contains("http") && !page.contains("src="), "it needs nothing else");
    assert!(page.contains("FIDELITY.md") && page.contains("different"));
}

#[test]
fn a_step_that_cannot_be_done_is_told_and_ends_with_2() {
    let Some(_) = program() else { return };
    let lesson = source(ONE, &["$ roll 7000 election-delay 900ms", "$ run 100ms"]);
    let output = replay(&folder("undone"), &lesson, &[]);
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 2, "{shown}");
    assert!(shown.starts_with("incomplete  made.md\n"), "{shown}");
    assert!(shown.contains("not done: line 14: $ roll 7000 election-delay 900ms"), "{shown}");
    assert!(shown.contains("a real node rolls its own dice"), "{shown}");
}

#[test]
fn an_option_without_effect_is_refused() {
    let folder = folder("in-vain");
    let lesson = source(ONE, &["7000> PING", "PONG"]);
    let existing = ["--on", "127.0.0.1:1"];
    for (args, option) in [
        (vec!["--allow-faults", "slots"], "--allow-faults"),
        (vec!["--password-file", "secret"], "--password-file"),
        (vec!["--image", "redis:7.0.15"], "--image"),
        ([&existing[..], &["--keep"]].concat(), "--keep"),
        ([&existing[..], &["--fast"]].concat(), "--fast"),
    ] {
        let output = replay(&folder, &lesson, &args);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{said}");
        assert!(said.contains(option) && said.contains("leave it out"), "{said}");
    }
}

#[test]
fn a_missing_server_and_a_full_disk_are_told_with_their_remedies() {
    let folder = folder("troubles");
    let lesson = source(ONE, &["7000> PING", "PONG"]);
    let missing = command(&folder, &lesson, &[])
        .env("HASHSLOT_REDIS_SERVER", "no-such-redis-server")
        .output()
        .expect("the binary runs");
    assert_eq!(code(&missing), 2);
    assert!(text(&missing.stderr).contains("Install Redis 7.0"), "{}", text(&missing.stderr));
    let nowhere = replay(&folder, &lesson, &["--output", "no/such/folder.txt"]);
    assert_eq!(code(&nowhere), 2);
    assert!(text(&nowhere.stderr).contains("name another file"), "{}", text(&nowhere.stderr));
    let Some(_) = program() else { return };
    let full = replay(&folder, &lesson, &["--output", "/dev/full"]);
    let said = text(&full.stderr);
    assert_eq!(code(&full), 2, "{said}");
    assert!(
        said.contains("/dev/full cannot be written") && said.contains("name another"),
        "{said}"
    );
    assert!(text(&full.stdout).starts_with("equal  made.md\n"), "the report is not lost");
}

#[test]
fn a_lesson_with_mistakes_is_not_played() {
    let output = replay(&folder("mistakes"), "no lesson", &[]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("made.md has mistakes"), "{}", text(&output.stderr));
}

/// What the processes of a replay have made below its folder for temporary files.
fn made(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    let all: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    all.into_iter().filter(|path| path.join("7000").exists()).collect()
}

/// The numbers of the processes that were started in a folder.
fn processes_in(folder: &Path) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("it is there").flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_there = |pid: &u32| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|at| at.starts_with(folder))
    };
    numbers.filter(is_there).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_all_of_it_with_130() {
    let Some(_) = program() else { return };
    let folder = folder("interrupted");
    let temporary = folder.join("temporary");
    fs::create_dir_all(&temporary).expect("a folder for the nodes");
    let lesson = source(ONE, &["7000> PING", "PONG", "$ run 60s"]);
    let mut child = command(&folder, &lesson, &[])
        .env("TMPDIR", &temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let begun = Instant::now();
    while made(&temporary).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "its nodes never started");
        assert!(child.try_wait().expect("it is ours").is_none(), "it has ended by itself");
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(1_500));
    assert!(!processes_in(&temporary).is_empty(), "a node runs");
    let pressed = Instant::now();
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("broken off"), "{}", text(&output.stderr));
    assert!(pressed.elapsed() < Duration::from_secs(10), "it took {:?}", pressed.elapsed());
    assert_eq!(fs::read_dir(&temporary).expect("it is there").count(), 0, "a folder is left");
    assert_eq!(processes_in(&temporary), Vec::<u32>::new(), "a process is left");
}
