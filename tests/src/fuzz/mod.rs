//! What is fuzzed: bytes from strangers, in process.
//!
//! Each target is a function of bytes that must neither panic nor hang, whatever the bytes are. The
//! fuzzer (`tests/fuzz`) looks for bytes that reach new code; what it has found worth keeping is in
//! `tests/corpus`, and a test feeds all of it to the targets once more.

pub mod api;
pub mod mutate;
pub mod record;
pub mod resp;

use std::fs;
use std::path::PathBuf;

use crate::binary::root;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] =
    &[("resp", resp::feed), ("record", record::feed), ("api", api::feed)];

/// The kept inputs of a target, by their names.
pub fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("tests/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("each target has a corpus");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).expect("an input can be read");
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}
