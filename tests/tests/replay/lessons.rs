//! All lessons that come with the program, at a fast pace on processes and in containers, and the
//! table of that.
//!
//! A few play at once on each target, on processes within [`LIMIT`]; most of the time is waiting. A
//! lesson that differs is played once more, and has to be equal then: here time is real, and a
//! machine with other work may be too late for a moment; a rule that is wrong is wrong every time.
//! With `UPDATE_GOLDEN=1` the table is written anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hashslot_core::lab::{SHELF, Shelf};
use hashslot_tests::binary;
use hashslot_tests::live::engine::{docker, image};
use hashslot_tests::live::{can_cut, program};
use serde_json::Value;

use super::common::text;

/// All lessons together take no longer on processes.
const LIMIT: Duration = Duration::from_secs(300);
const TARGETS: [&str; 2] = ["processes", "docker"];
/// As many play at once on a target.
const AT_ONCE: usize = 2;
/// Whoever writes the table does so alone.
static TABLE: Mutex<()> = Mutex::new(());

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/replayed.md")
}

/// How a lesson went.
struct Row {
    lesson: &'static Shelf,
    report: Value,
}

fn replay(lesson: &'static Shelf, on: &str) -> Row {
    let mut command = Command::new(binary());
    command.args(["replay", lesson.id, "--fast", "--report", "json", "--on", on]);
    if on == "docker" {
        command.args(["--image", &image()]);
    }
    let output = command.output().expect("the binary runs");
    let json = text(&output.stdout);
    let report = serde_json::from_str(&json);
    let report = report.unwrap_or_else(|_| panic!("{}: {}", lesson.id, text(&output.stderr)));
    Row { lesson, report }
}

impl Row {
    fn is_equal(&self) -> bool {
        self.report["outcome"] == "equal"
    }

    /// As a row of the table.
    fn line(&self) -> String {
        let explained = self.report["explained"].as_array().expect("it is a list");
        let mut rules: Vec<&str> =
            explained.iter().filter_map(|one| one["rule"]["section"].as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        let rules = if rules.is_empty() { "-".to_owned() } else { rules.join("; ") };
        let (file, steps) = (self.lesson.file, &self.report["steps"]);
        let target = self.report["against"]["target"].as_str().expect("it is a word");
        let outcome = self.report["outcome"].as_str().expect("it is a word");
        format!("| `{file}` | `{target}` | {steps} | {outcome} | {rules} |")
    }
}

/// All of them, in the order of the shelf; the longest begin first.
fn replay_all(on: &str) -> Vec<Row> {
    let waiting = Mutex::new(SHELF.iter().enumerate());
    let work = || {
        let mut rows = Vec::new();
        loop {
            let next = waiting.lock().expect("nobody panics while choosing").next_back();
            let Some((index, lesson)) = next else { return rows };
            rows.push((index, replay(lesson, on)));
        }
    };
    let mut rows: Vec<(usize, Row)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|one| one.join().expect("a lesson panicked")).collect()
    });
    rows.sort_by_key(|(index, _)| *index);
    rows.into_iter().map(|(_, row)| row).collect()
}

#[test]
fn every_shipped_lesson_is_equal_on_processes() {
    let Some(_) = program() else { return };
    let took = all_are_equal("processes");
    assert!(took < LIMIT, "all lessons took {took:?}");
}

#[test]
fn every_shipped_lesson_is_equal_in_containers() {
    let Some(_) = docker() else { return };
    all_are_equal("docker");
}

/// Plays all lessons on a target; how long that took.
fn all_are_equal(on: &str) -> Duration {
    if !can_cut() {
        return Duration::ZERO;
    }
    binary();
    let begun = Instant::now();
    let mut rows = replay_all(on);
    let took = begun.elapsed();
    println!("all lessons on {on} took {took:?}");
    for row in rows.iter_mut().filter(|row| !row.is_equal()) {
        println!("{} is played again because of this:\n{:#}", row.lesson.id, row.report);
        *row = replay(row.lesson, on);
        assert!(row.is_equal(), "{}: {:#}", row.lesson.id, row.report);
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write(on, &rows);
    }
    took
}

/// Writes the rows of one target; those of the others stay.
fn write(on: &str, rows: &[Row]) {
    let against = &rows[0].report["against"];
    let _alone = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    let version = against["version"].as_str().expect("it is a text");
    let timeout = &rows[0].report["node_timeout_ms"];
    let seeds = &rows[0].report["seeds"];
    let old = fs::read_to_string(page()).unwrap_or_default();
    let rows_of = |target: &str| -> Vec<String> {
        if target == on {
            return rows.iter().map(Row::line).collect();
        }
        let is_of_target = |line: &&str| line.contains(&format!("| `{target}` |"));
        old.lines().filter(is_of_target).map(str::to_owned).collect()
    };
    let lines: Vec<String> = TARGETS.into_iter().flat_map(rows_of).collect();
    let text = format!(
        "# Lessons on a real cluster\n\n\
         This table is written by the tests (`{TEST}`) from the last whole run of\n\
         `hashslot replay LESSON --fast`: each lesson on Redis {version} with a\n\
         node-timeout of {timeout} ms, beside {seeds} simulated clusters. *Explained by* names\n\
         the sections of [FIDELITY](FIDELITY.md) whose rules explain what differs.\n\n\
         | lesson | target | lines | outcome | explained by |\n|---|---|---|---|---|\n{}\n",
        lines.join("\n")
    );
    fs::write(page(), text).expect("the page can be written");
}

const TEST: &str = "tests/tests/replay/lessons.rs";

#[test]
fn the_table_lists_every_lesson_as_equal() {
    let text = fs::read_to_string(page()).unwrap_or_default();
    for (lesson, target) in SHELF.iter().flat_map(|lesson| TARGETS.map(|target| (lesson, target))) {
        let head = format!("| `{}` | `{target}` |", lesson.file);
        let row = text.lines().find(|line| line.starts_with(&head));
        let row = row.unwrap_or_else(|| panic!("docs/replayed.md lacks {head}"));
        assert!(row.contains("| equal |"), "{row}");
    }
}
