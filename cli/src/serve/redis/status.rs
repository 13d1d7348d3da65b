//! How the server itself is doing: numbers that no view of the world has.

use hashslot_core::words::Span;

use super::clock::Flow;

/// Everything that is told of the hub.
#[derive(Clone, Debug)]
pub struct Status {
    pub flow: Flow,
    pub speed_percent: u32,
    /// How far the world is behind the clock, in its own time.
    pub behind: Span,
    /// How much of the clock's time was given up because the world could not keep up.
    pub given_up: Span,
    /// Connections of real clients, now and ever.
    pub clients: usize,
    pub opened: u64,
    /// Connections for which there was no room.
    pub refused: u64,
    /// Connections that were closed because of what waited to be read, or was sent and not used.
    pub closed_for_output: u64,
    pub closed_for_input: u64,
    pub output_bytes: usize,
    pub record: Option<RecordStatus>,
    /// What a person should know and cannot see elsewhere, such as a port that was lost.
    pub troubles: Vec<String>,
}

/// How the record is doing.
#[derive(Clone, Debug)]
pub struct RecordStatus {
    pub file: String,
    pub bytes: u64,
    /// Why no more is written, if so.
    pub failed: Option<String>,
}

/// Why something was not done, and what would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub error: String,
    pub help: String,
}

impl Refused {
    pub fn new(error: impl Into<String>, help: impl Into<String>) -> Refused {
        Refused { error: error.into(), help: help.into() }
    }
}
