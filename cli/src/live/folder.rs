//! The folder in which a cluster of processes keeps its files.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::nodes::Afterwards;
use super::{Trouble, owner};

/// How the names of all such folders begin.
const NAME: &str = "hashslot-live-";
/// The file in a folder that says whose it is.
const OWNER: &str = "owner";

/// A new folder that goes when this is dropped.
pub struct Folder {
    path: PathBuf,
    afterwards: Afterwards,
}

impl Folder {
    pub fn make() -> Result<Folder, Trouble> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("{NAME}{}-{count}", std::process::id()));
        let make = || -> io::Result<Folder> {
            DirBuilder::new().mode(0o700).create(&path)?;
            let folder = Folder { path: path.clone(), afterwards: Afterwards::Remove };
            fs::write(path.join(OWNER), owner::myself())?;
            Ok(folder)
        };
        make().map_err(|error| {
            Trouble::new(format!(
                "{} cannot be made: {error}; set TMPDIR to a folder with room, and run `hashslot \
                 clean` if earlier runs have left something there",
                path.display()
            ))
        })
    }

    /// All such folders, and who owns each.
    pub fn all() -> Vec<(PathBuf, owner::Owner)> {
        let entries = fs::read_dir(env::temp_dir()).into_iter().flatten().flatten();
        let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(NAME));
        let mut found: Vec<_> = ours
            .map(|entry| {
                let whose = fs::read_to_string(entry.path().join(OWNER)).unwrap_or_default();
                (entry.path(), owner::Owner::read(&whose))
            })
            .collect();
        found.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        found
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It does not go.
    pub fn leave(&mut self) {
        self.afterwards = Afterwards::Leave;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.afterwards == Afterwards::Remove {
            // A folder that is gone already needs no removing.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
