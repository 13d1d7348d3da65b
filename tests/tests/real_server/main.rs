//! The simulated server beside the real one: the same calls, and the replies compared.

mod data;
mod node;
mod printer;

use bytes::Bytes;
use hashslot_core::words::split_args;

type Call = Vec<Bytes>;

/// The call that a line spells.
fn call(line: &str) -> Call {
    split_args(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}
