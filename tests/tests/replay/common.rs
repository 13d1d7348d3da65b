//! Lessons made for one test, and the binary that replays them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use hashslot_core::lesson::Lesson;
use hashslot_tests::binary;

/// A folder that is empty, for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replay").join(name);
    // It is there if the test ran before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// A lesson on a stage, with these lines in its one block.
pub fn source(stage: &str, lines: &[&str]) -> String {
    let lines = lines.join("\n");
    format!(
        "---\nformat: 1\nredis: \"7.0\"\ntitle: Made for a test\nabout: A test.\nminutes: 1\n\
         misconception: None.\ncluster: {stage}\n---\n\n# Made for a test\n\n```lab\n{lines}\n```\n"
    )
}

pub fn lesson(stage: &str, lines: &[&str]) -> Arc<Lesson> {
    let lesson = Lesson::parse("made.md", &source(stage, lines));
    Arc::new(lesson.unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

/// Runs `hashslot replay` in a folder in which there is the lesson `made.md`.
pub fn command(folder: &Path, lesson: &str, args: &[&str]) -> Command {
    fs::write(folder.join("made.md"), lesson).expect("the folder is writable");
    let mut command = Command::new(binary());
    command
        .args(["replay", "made.md"])
        .args(args)
        .current_dir(folder)
        .env_remove("HASHSLOT_USER")
        .env_remove("HASHSLOT_PASSWORD")
        .stdin(Stdio::null());
    command
}

pub fn replay(folder: &Path, lesson: &str, args: &[&str]) -> Output {
    command(folder, lesson, args).output().expect("the binary runs")
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is text")
}
