//! The golden scripts, and playing all of them.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A golden script, as found.
pub struct Found {
    /// `<concern>/<claim>.txt`.
    pub name: String,
    pub path: PathBuf,
    pub source: String,
}

/// All golden scripts, by name.
pub fn scripts() -> Vec<Found> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut found = Vec::new();
    for concern in fs::read_dir(&folder).unwrap() {
        for file in fs::read_dir(concern.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let parts = path.strip_prefix(&folder).unwrap().iter();
            let name: Vec<&str> = parts.map(|part| part.to_str().unwrap()).collect();
            let source = fs::read_to_string(&path).unwrap();
            found.push(Found { name: name.join("/"), path, source });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// What `work` gives for each item, in order; as many at a time as there are processors.
pub fn each<Item: Sync, Given: Send>(
    items: &[Item],
    work: impl Fn(&Item) -> Given + Sync,
) -> Vec<Given> {
    let next = Mutex::new(items.iter().enumerate());
    let given = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().unwrap().next();
                    let Some((index, item)) = taken else { return };
                    let one = work(item);
                    given.lock().unwrap().push((index, one));
                }
            });
        }
    });
    let mut given = given.into_inner().unwrap();
    given.sort_by_key(|&(index, _)| index);
    given.into_iter().map(|(_, one)| one).collect()
}
