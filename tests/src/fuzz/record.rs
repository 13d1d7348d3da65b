//! Record files and saved runs: a text that anybody may hand over.
//!
//! A text that is none is refused with a place and a remedy. One that is played must come out the
//! same once it is written and read again.

use std::str;

use hashslot_core::world::Session;

/// Longer texts only take longer.
const LENGTH_MAX: usize = 64 << 10;

/// The target.
pub fn feed(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if text.len() > LENGTH_MAX {
        return;
    }
    match Session::load(text) {
        Ok(session) => {
            let Ok(written) = session.save() else { return };
            let again = Session::load(&written).expect("what was written can be read");
            assert_eq!(again.digest(), session.digest(), "the same run, from its text");
        }
        Err(error) => {
            assert!(error.line > 0 && error.column > 0, "an error has a place: {error}");
            assert!(!error.help.is_empty(), "an error has a remedy: {error}");
        }
    }
}
