//! `hashslot serve --redis` as real clients meet it: with the binary, real sockets and real files.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod control;
mod faults;
mod http;
mod live;
mod nodes;
mod record;
mod safety;
mod secret;
mod served;
mod wire;
