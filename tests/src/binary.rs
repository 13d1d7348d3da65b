//! The `hashslot` binary, for tests that run it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package is a folder of the workspace")
        .to_owned()
}

/// The binary, built now if it is older than its sources: cargo builds it only for the tests of
/// its own package. It is beside this test's folder, in the profile of this test.
pub fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = env::current_exe().expect("a test knows its own path");
        let is_profile = |folder: &&Path| !folder.ends_with("deps");
        let folder = test.ancestors().skip(1).find(is_profile).expect("it is in a folder");
        let profile = if folder.ends_with("release") { "release" } else { "test" };
        let status = Command::new(env!("CARGO"))
            .args(["test", "--quiet", "--workspace", "--no-run", "--test", "command"])
            .args(["--profile", profile])
            .current_dir(root())
            .status()
            .expect("cargo is there, for it runs this test");
        assert!(status.success(), "the binary must build");
        folder.join("hashslot").with_extension(env::consts::EXE_EXTENSION)
    })
}
