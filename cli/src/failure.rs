//! What a command gives when it cannot do its work.

use std::fmt;
use std::io;

/// The exit code after Ctrl-C, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// Why a command ended before its work was done.
#[derive(Debug)]
pub enum Failure {
    /// What went wrong and what to do about it, in one sentence.
    Said(String),
    /// The command line asks for what cannot be, and what to write instead.
    Usage(String),
    /// All that there is to say has been said.
    Shown,
    /// The same of what could not be done at all, or not wholly.
    #[cfg_attr(not(unix), allow(dead_code))]
    Unable,
    /// A person pressed Ctrl-C.
    #[cfg_attr(not(unix), allow(dead_code))]
    Interrupted,
    /// Whoever read our output, or typed our input, has enough: no failure of ours.
    Left,
}

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Failure {
        Failure::Said(sentence.into())
    }

    pub fn usage(sentence: impl Into<String>) -> Failure {
        Failure::Usage(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Said(sentence) | Failure::Usage(sentence) => f.write_str(sentence),
            Failure::Shown => f.write_str("it failed as shown"),
            Failure::Unable => f.write_str("it could not be done, as shown"),
            Failure::Interrupted => f.write_str("it was broken off"),
            Failure::Left => f.write_str("the person left"),
        }
    }
}

/// Writing to the terminal failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Left,
            _ => Failure::Said(format!("the output could not be written: {error}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        io::Error::from(error).into()
    }
}
