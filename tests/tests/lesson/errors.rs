//! Each mistake in a lesson gives the right error at the right place: one golden file each.
//!
//! `lessons-bad/<mistake>.md` must give what `lessons-bad/<mistake>.txt` shows. To write the golden
//! files anew, run the test with `UPDATE_GOLDEN=1` and read the difference.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashslot_core::lab::Player;
use hashslot_core::lesson::{Colour, Diagnostic, Lesson, render_all};

/// Lessons whose mistake only a run can show.
const SHOWN_BY_A_RUN: [&str; 2] = ["two_options", "counter_run"];

fn bad_lessons() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons-bad");
    let files = fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

#[test]
fn each_mistake_gives_its_error() {
    let lessons = bad_lessons();
    assert!(lessons.len() >= 16, "{lessons:?}");
    let mut wrong = Vec::new();
    for (name, path) in lessons {
        let source = fs::read_to_string(&path).unwrap();
        let file = format!("{name}.md");
        let found = match Lesson::parse(&file, &source) {
            Ok(lesson) if SHOWN_BY_A_RUN.contains(&name.as_str()) => {
                render_all(&mistakes_of_a_run(lesson), Colour::Plain)
            }
            Ok(_) => "no mistake was found\n".to_owned(),
            Err(diagnostics) => render_all(&diagnostics, Colour::Plain),
        };
        if !is_golden(&path.with_extension("txt"), &found) {
            wrong.push(format!("{name}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Plays a lesson on a simulated cluster.
fn mistakes_of_a_run(lesson: Lesson) -> Vec<Diagnostic> {
    let lesson = Arc::new(lesson);
    let played = Player::test(Arc::clone(&lesson));
    played.findings().iter().map(|finding| finding.diagnostic(&lesson)).collect()
}

fn is_golden(path: &Path, found: &str) -> bool {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, found).unwrap();
    }
    fs::read_to_string(path).is_ok_and(|golden| golden == found)
}
