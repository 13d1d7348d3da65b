//! The recorded transcripts, played anew on a fresh real cluster and on the simulator in one go.
//!
//! Every reply must be equal after masking (`cli/src/compare/masks.rs`), but for the steps that are
//! marked: those that wait for a data model, and at most [`DIFFERING_MAX`] others.
//!
//! A transcript that differs is played once more, and has to be equal then: messages of real nodes
//! may overtake each other, most of all on a machine with other work; a rule that is wrong is wrong
//! every time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use hashslot::live::Program;
use hashslot_tests::live::play::{Difference, Played, play};
use hashslot_tests::live::program;
use hashslot_tests::live::transcript::{Mark, Transcript};

/// As many steps may differ, with a reason.
const DIFFERING_MAX: usize = 5;
/// As many clusters play at once.
const AT_ONCE: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts")
}

fn transcripts() -> Vec<Transcript> {
    let entries = fs::read_dir(folder()).expect("the folder of transcripts is there");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let wanted = std::env::var("HASHSLOT_TRANSCRIPT").unwrap_or_default();
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a transcript is text");
        name.contains(&wanted).then(|| Transcript::read(&name, &text))
    };
    paths.into_iter().filter_map(read).collect()
}

/// Plays all, a few at once; the results in order.
fn play_all(program: &Program, transcripts: &[Transcript]) -> Vec<Played> {
    let next = Mutex::new(transcripts.iter().enumerate());
    let work = || {
        let mut played = Vec::new();
        loop {
            let one = next.lock().expect("nobody panics while choosing").next();
            let Some((index, transcript)) = one else { return played };
            played.push((index, play(program, transcript)));
        }
    };
    let mut all: Vec<(usize, Played)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|one| one.join().expect("a transcript panicked")).collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, played)| played).collect()
}

/// What is wrong with the steps of a transcript.
fn problems(played: &Played) -> Vec<String> {
    played.differences.iter().filter_map(|one| problem(&played.name, one)).collect()
}

/// What is wrong with a step, if anything is.
fn problem(name: &str, difference: &Difference) -> Option<String> {
    let Difference { line, step, mark, sides } = difference;
    let place = format!("tests/transcripts/{name}.txt:{line}: {step}");
    match (mark, sides) {
        (Mark::Equal, Some([real, simulated])) => {
            Some(format!("{place}\n  real: {real}\n  ours: {simulated}"))
        }
        (Mark::Waits(_) | Mark::Differs(_), None) => {
            Some(format!("{place}\n  is equal: take its mark away"))
        }
        (Mark::Equal, None)
        | (Mark::Waits(_) | Mark::Differs(_), Some(_))
        | (Mark::MayDiffer(_), _) => None,
    }
}

#[test]
fn recorded_transcripts_are_the_same_on_both_sides() {
    let Some(program) = program() else { return };
    let transcripts = transcripts();
    let mut played = play_all(&program, &transcripts);
    for (one, transcript) in played.iter_mut().zip(&transcripts) {
        let before = problems(one);
        if !before.is_empty() {
            println!("{} is played again because of this:\n{}", one.name, before.join("\n"));
            *one = play(&program, transcript);
        }
    }
    let problems: Vec<String> = played.iter().flat_map(problems).collect();
    let mut differing = 0;
    println!("{:<24} {:>6} {:>6} {:>7}", "transcript", "steps", "wait", "differ");
    for Played { name, steps, differences } in &played {
        let waits = differences.iter().filter(|one| matches!(one.mark, Mark::Waits(_))).count();
        let marked = differences
            .iter()
            .filter(|one| matches!(one.mark, Mark::Differs(_) | Mark::MayDiffer(_)))
            .count();
        println!("{name:<24} {steps:>6} {waits:>6} {marked:>7}");
        differing += marked;
    }
    assert!(problems.is_empty(), "{} steps:\n{}", problems.len(), problems.join("\n"));
    assert!(differing <= DIFFERING_MAX, "{differing} steps differ");
}

/// The steps that wait, and those that differ, as rows of a table.
#[test]
fn what_is_not_compared_stands_in_fidelity() {
    let text = fs::read_to_string(folder().join("../../docs/FIDELITY.md")).expect("it is there");
    let mut missing = Vec::new();
    for transcript in transcripts() {
        for item in &transcript.items {
            let what = match &item.mark {
                Mark::Equal => continue,
                Mark::Waits(command) => format!("waits for {command}"),
                Mark::Differs(why) | Mark::MayDiffer(why) => why.clone(),
            };
            let step = item.what.to_string().replace('|', "\\|");
            let row = format!("| `{}:{}` | `{step}` | {what} |", transcript.name, item.line);
            if !text.contains(&row) {
                missing.push(row);
            }
        }
    }
    assert!(missing.is_empty(), "docs/FIDELITY.md lacks these rows:\n{}", missing.join("\n"));
}
