//! The golden scripts, and playing all of them.

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
    for concern in fs::read_dir(&folder).expect("the folder is there") {
        for file in fs::read_dir(concern.expect("it is readable").path()).expect("it is a folder") {
            let path = file.expect("it is readable").path();
            let parts = path.strip_prefix(&folder).expect("it lies there").iter();
            let name: Vec<&str> =
                parts.map(|part| part.to_str().expect("names are ASCII")).collect();
            let source = fs::read_to_string(&path).expect("it is a text");
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
    crate::seeds::play(items.len() as u64, |index| work(&items[index as usize]))
}
