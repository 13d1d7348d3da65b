//! What a command gives when it cannot do its work.

use std::fmt;
use std::io;

/// Why a command ended before its work was done.
#[derive(Debug)]
pub enum Failure {
    /// What went wrong and what to do about it, in one sentence.
    Said(String),
    /// Whoever read our output has enough (`| head`): no failure of ours.
    ReaderLeft,
}

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Failure {
        Failure::Said(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Said(sentence) => f.write_str(sentence),
            Failure::ReaderLeft => f.write_str("the reader of the output left"),
        }
    }
}

/// Writing to the terminal failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderLeft,
            _ => Failure::Said(format!("the output could not be written: {error}")),
        }
    }
}
