//! Finding redis-server, and asking which version it is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Trouble;

/// The variable that names another redis-server than the one on the PATH.
const VARIABLE: &str = "HASHSLOT_REDIS_SERVER";
const NAME: &str = "redis-server";
/// The version that is compared with.
const WANTED: &str = "7.0.";

/// A redis-server that can be started.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    version: String,
}

impl Program {
    /// The redis-server of this machine, if it is one of 7.0.
    pub fn find() -> Result<Program, Trouble> {
        let path = env::var_os(VARIABLE).map_or_else(|| PathBuf::from(NAME), PathBuf::from);
        Program::at(&path)
    }

    /// The redis-server of this machine, of whatever version.
    pub fn find_any() -> Result<Program, Trouble> {
        let path = env::var_os(VARIABLE).map_or_else(|| PathBuf::from(NAME), PathBuf::from);
        Program::of_any_version(&path)
    }

    /// The same for the program at this path, if it is one of 7.0.
    pub fn at(path: &Path) -> Result<Program, Trouble> {
        let program = Program::of_any_version(path)?;
        match program.is_compared() {
            true => Ok(program),
            false => Err(Trouble::new(format!(
                "{} is of version {}, and what is simulated here is 7.0: set {VARIABLE} to the \
                 path of a redis-server 7.0",
                path.display(),
                program.version
            ))),
        }
    }

    fn of_any_version(path: &Path) -> Result<Program, Trouble> {
        let shown = path.display();
        let output = Command::new(path).arg("--version").output().map_err(|error| {
            Trouble::new(format!(
                "{shown} cannot be run: {error}. Install Redis 7.0 (on Debian: sudo apt-get \
                 install redis-server), or set {VARIABLE} to the path of its redis-server"
            ))
        })?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = said.split_whitespace().find_map(|word| word.strip_prefix("v="));
        match version {
            Some(version) => Ok(Program { path: path.to_owned(), version: version.to_owned() }),
            None => Err(Trouble::new(format!(
                "{shown} does not say which version it is: set {VARIABLE} to the path of a \
                 redis-server 7.0"
            ))),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is of the version that is simulated here.
    pub fn is_compared(&self) -> bool {
        self.version.starts_with(WANTED)
    }

    /// Such as `7.0.15`.
    pub fn version(&self) -> &str {
        &self.version
    }
}
