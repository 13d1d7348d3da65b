//! A simulated server beside the real one: the same is asked of both, and the answers are compared.

mod backlog;
mod bus;
mod commands;
mod data;
mod node;
mod printer;
mod pubsub;
mod sessions;
mod tools;

use bytes::Bytes;
use hashslot_core::words::split_args;

type Call = Vec<Bytes>;

/// The call that a line spells.
fn call(line: &str) -> Call {
    split_args(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}
