//! What a peer may cost.
//!
//! The problem: whoever connects decides how much he sends, how slowly he reads and how often he
//! comes. The idea: for everything that a peer can make grow there is a number here, and beyond it
//! his connection is closed or left unread; nobody else pays. Redis has no limit for the output of
//! normal clients unless one is set (`client-output-buffer-limit`), and we have one always.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What waits to be read by one peer; beyond it the connection is closed.
pub const PEER_OUTPUT_BYTES_MAX: usize = 64 << 20;
/// What waits to be read by all peers together; beyond it, whoever is given more is closed.
pub const OUTPUT_BYTES_MAX: usize = 256 << 20;
/// How long a call of one peer may be; beyond it the connection is closed.
pub const PEER_INPUT_BYTES_MAX: u64 = 64 << 20;
/// What one peer may have sent that no node has taken: beyond it he is read again when there is
/// less.
pub const UNDER_WAY_BYTES_MAX: u64 = 4 << 20;
/// Both, of all peers together; beyond it, whoever sends more is closed.
pub const INPUT_BYTES_MAX: u64 = 256 << 20;
/// How much is read from a socket at once, and becomes one input.
pub const READ_BYTES: usize = 64 << 10;
/// Reads of one peer before the others have their turn.
pub const READS_IN_A_ROW: usize = 8;
/// How many connections the kernel keeps for us until they are accepted.
pub const BACKLOG: u32 = 1_024;
/// A peer that is gone without a word is noticed after this long: as `tcp-keepalive` of Redis.
pub const KEEPALIVE_SECONDS: u64 = 300;
/// What is said to whoever comes when there is no room.
pub const TOO_MANY: &[u8] = b"-ERR max number of clients reached\r\n";
/// Descriptors that are kept for listeners, files and the page.
#[cfg(unix)]
const SPARE_DESCRIPTORS: u64 = 128;

static PEERS_MAX: AtomicUsize = AtomicUsize::new(900);

/// How many connections there may be at once, as far as the descriptors go.
pub fn peers_max() -> usize {
    PEERS_MAX.load(Ordering::Relaxed)
}

/// Asks for as many descriptors as this user may have.
#[cfg(unix)]
pub fn raise_descriptors(listeners: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let known = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: known.maximum, maximum: known.maximum };
    // Without more, fewer may connect: that is said to them.
    let _ = setrlimit(Resource::Nofile, wanted);
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = descriptors.saturating_sub(SPARE_DESCRIPTORS + listeners as u64).max(16);
    PEERS_MAX.store(usize::try_from(room).unwrap_or(usize::MAX), Ordering::Relaxed);
}

#[cfg(not(unix))]
pub fn raise_descriptors(_: usize) {
    PEERS_MAX.store(10_000, Ordering::Relaxed);
}
