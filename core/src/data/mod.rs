//! One server without a cluster: its keyspace, its commands, and how it speaks.
//!
//! A command is a row beside its function; [`execute`] looks the row up, checks the arity and runs
//! it on a [`Keyspace`]. What comes out, the [`Outcome`], is plain data: the reply, what replicas
//! must be told, and which keys changed. Nothing here knows of slots being owned or moved.

mod category;
mod execute;
mod expire;
mod extended;
mod float;
mod glob;
mod key_use;
mod keys;
mod keyspace;
mod lcs;
mod lossless;
mod lzf;
mod number;
mod object;
mod payload;
mod print;
mod range;
mod rdb;
mod rename;
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
mod transfer;

pub use category::Categories;
pub use execute::{Context, Outcome, Role, Seen, active_expire, counted, execute, in_transaction};
pub use glob::glob_matches;
pub use key_use::KeyUse;
pub use keyspace::{Expiry, Keyspace, Value};
pub use number::{format_double, parse_integer};
pub use object::random_key;
pub use payload::{empty_payload, is_sealed};
pub use print::{PrintForm, print_reply};
pub use rdb::{Aux, rdb_file};
pub use reply::Reply;
pub use resp::{Protocol, ProtocolError, decode_reply, encode_array_head, encode_reply};
pub use resp_call::{
    CallReader, Limits, Peer, call_len, decode_call, each_piece, encode_call, push_call,
};
pub use row::{Row, row, rows, subcommands};
pub(crate) use spec::c_text;
pub use spec::{Flags, Group, KeySpec, Spec, unknown_command, unknown_subcommand};
