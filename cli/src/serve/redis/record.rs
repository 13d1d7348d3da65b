//! The record: all that came from outside, written to a file while it happens.
//!
//! A few times a second the lines of what was done since are added, so a server that is killed
//! leaves a record that lacks a moment and its last line; `hashslot run` plays it as far as it
//! goes. If the file cannot be written the cluster goes on, and says so.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hashslot_core::world::session::{Scribe, Session};

use super::status::RecordStatus;
use crate::failure::Failure;

/// A file that is being written.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    file: File,
    scribe: Option<Scribe>,
    /// Its memory is used again.
    text: String,
    bytes: u64,
    failed: Option<String>,
}

impl Record {
    /// A new file; what was there before is replaced.
    pub fn create(path: &Path) -> Result<Record, Failure> {
        let file = File::create(path).map_err(|error| {
            let path = path.display();
            Failure::new(format!("{path} cannot be written: {error}; name another with --record"))
        })?;
        let path = path.to_owned();
        Ok(Record { path, file, scribe: None, text: String::new(), bytes: 0, failed: None })
    }

    /// The lines before the first input.
    pub fn begin(&mut self, session: &Session) {
        self.scribe = Some(Scribe::new(session, &mut self.text));
        self.write();
    }

    /// Adds what was done since.
    pub fn catch_up(&mut self, session: &Session) {
        let Some(scribe) = &mut self.scribe else { return };
        if let Err(forgotten) = scribe.catch_up(session, &mut self.text) {
            self.fail(forgotten.to_string());
        }
        self.write();
    }

    /// Adds the last line.
    pub fn end(mut self, session: &Session) -> io::Result<()> {
        let Some(scribe) = self.scribe.take() else { return Ok(()) };
        if let Err(forgotten) = scribe.finish(session, &mut self.text) {
            self.fail(forgotten.to_string());
        }
        self.write();
        match self.failed {
            Some(why) => Err(io::Error::other(format!("{}: {why}", self.path.display()))),
            None => self.file.sync_all(),
        }
    }

    pub fn status(&self) -> RecordStatus {
        RecordStatus {
            file: self.path.display().to_string(),
            bytes: self.bytes,
            failed: self.failed.clone(),
        }
    }

    fn write(&mut self) {
        match self.file.write_all(self.text.as_bytes()) {
            Ok(()) => self.bytes += self.text.len() as u64,
            Err(error) => self.fail(error.to_string()),
        }
        self.text.clear();
    }

    fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
        self.scribe = None;
    }
}
