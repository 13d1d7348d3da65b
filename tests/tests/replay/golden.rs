//! Golden scripts on real processes: each is played as the lesson that it is, on a real cluster and
//! on simulated ones.
//!
//! As many as `HASHSLOT_SCRIPTS` says, evenly chosen; `make soak` plays all. One that differs is
//! played once more, and has to be equal then, as in [`super::lessons`]. One that asks for what no
//! real node can be made to do (a forced draw, a clock) is played, but not judged. Some differ
//! because of how real nodes are driven: docs/FIDELITY.md lists them with the reasons, and they are
//! not played.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use hashslot_digest::as_lesson;
use hashslot_tests::live::{can_cut, program};
use hashslot_tests::scripts::{Found, scripts};
use serde_json::Value;

use super::common::{folder, replay, text};

/// As many are played if nothing is said.
const BY_DEFAULT: usize = 8;
/// As many play at once: most of their time is waiting.
const AT_ONCE: usize = 4;
const PAGE: &str = "../docs/FIDELITY.md";
const HEADING: &str = "## Golden scripts beside real processes";

/// The scripts of which FIDELITY says why they differ.
fn excused() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(path).expect("the page is there");
    let (_, section) = page.split_once(HEADING).expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2))
        .map(|name| format!("{name}.txt"))
        .collect()
}

fn count(all: usize) -> usize {
    match std::env::var("HASHSLOT_SCRIPTS") {
        Ok(text) => text.parse::<usize>().expect("HASHSLOT_SCRIPTS is a number").min(all),
        Err(_) => BY_DEFAULT,
    }
}

fn play(found: &Found) -> Value {
    let name = found.name.replace('/', "-").replace(".txt", "");
    let folder = folder(&format!("golden-{name}"));
    let output = replay(&folder, &as_lesson(&found.source), &["--report", "json"]);
    let json = text(&output.stdout);
    serde_json::from_str(&json).unwrap_or_else(|_| panic!("{name}: {}", text(&output.stderr)))
}

/// What differs, twice.
fn differs(found: &Found) -> Option<Value> {
    let is_different = |report: &Value| report["outcome"] == "different";
    let first = Some(play(found)).filter(is_different)?;
    eprintln!("{} is played again because of {}", found.name, first["differences"][0]);
    Some(play(found)).filter(is_different)
}

#[test]
fn golden_scripts_are_equal_on_processes_unless_fidelity_says_why_not() {
    if program().is_none() || !can_cut() {
        return;
    }
    let excused = excused();
    let played: Vec<Found> =
        scripts().into_iter().filter(|found| !excused.contains(&found.name)).collect();
    let count = count(played.len());
    let waiting = Mutex::new((0..count).map(|place| &played[place * played.len() / count]));
    let work = || {
        let next = || waiting.lock().expect("nobody panics while choosing").next();
        let mut wrong = Vec::new();
        while let Some(found) = next() {
            wrong.extend(differs(found).map(|report| format!("{}\n{report:#}", found.name)));
        }
        wrong
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|one| one.join().expect("a script panicked")).collect()
    });
    println!("{count} of {} scripts are played; {} are excused", played.len(), excused.len());
    assert!(wrong.is_empty(), "{} scripts differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn fidelity_excuses_only_scripts_that_exist() {
    let scripts = scripts();
    let excused = excused();
    assert!(excused.len() > 20, "{excused:?}");
    for name in excused {
        assert!(scripts.iter().any(|found| found.name == name), "{name} is not there");
    }
}
