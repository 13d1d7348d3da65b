//! Whether a person wants all of this to end: Ctrl-C.
//!
//! Whatever waits on a real cluster looks here now and then, and goes on at once, so that who
//! started the nodes can end them in an orderly way.

use std::sync::atomic::{AtomicBool, Ordering};

static WANTED: AtomicBool = AtomicBool::new(false);

/// From now on nothing waits any more.
pub fn stop() {
    WANTED.store(true, Ordering::Relaxed);
}

/// Whether it is wanted that all ends.
pub fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}
