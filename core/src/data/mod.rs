//! One server without a cluster: its keyspace, its commands, and how it speaks.
//!
//! A command is a row beside its function; [`execute`] looks the row up, checks the arity and runs
//! it on a [`Keyspace`]. What comes out, the [`Outcome`], is plain data: the reply, what replicas
//! must be told, and which keys changed. Nothing here knows of slots being owned or moved.

mod execute;
mod expire;
mod glob;
mod keys;
mod keyspace;
mod lossless;
mod number;
mod print;
mod reply;
mod resp;
mod resp_call;
mod row;
mod server;
mod set;
mod spec;
mod strings;
#[cfg(test)]
mod test_server;

pub use execute::{Context, Outcome, Role, active_expire, execute, in_transaction};
pub use glob::glob_matches;
pub use keyspace::{Expiry, Keyspace, Value};
pub use number::{format_double, parse_integer};
pub use print::{PrintForm, print_reply};
pub use reply::Reply;
pub use resp::{Protocol, ProtocolError, decode_reply, encode_reply};
pub use resp_call::{call_len, decode_call, encode_call};
pub use row::{Row, row, rows};
pub use spec::{Flags, Group, KeySpec, Spec, unknown_command};
