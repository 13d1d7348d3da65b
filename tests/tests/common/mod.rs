//! The golden scripts, and playing all of them.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// A golden script, as found.
pub struct Found {
    /// `<concern>/<claim>.txt`.
    pub name: String,
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
            found.push(Found { name: name.join("/"), source });
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
    hashslot_tests::seeds::play(items.len() as u64, |index| work(&items[index as usize]))
}
