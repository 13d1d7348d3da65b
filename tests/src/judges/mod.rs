//! Programs that were written for the real server, and judge ours.
//!
//! The problem: that we answer as Redis does is best said by those who do not know us. The idea: a
//! *judge* is an unmodified program (redis-cli, a client library) that is given ports and nothing
//! else. [`Servers`] are nodes at such ports, real ones or those of `hashslot serve --redis`; so
//! each judge is tried on the real server too, and what fails there is no fault of ours.
//!
//! - [`Servers`] starts nodes, kills and restarts them; `real`, `simulated` are the two sides,
//!   `ports` finds free ones.
//! - [`redis_cli`] runs redis-cli and keeps what it shows; [`masks`] takes out of it what chance
//!   decides.
//! - [`program`] runs a client library's page of ordinary use and does what it asks for.

pub mod masks;
pub mod ports;
pub mod program;
mod real;
pub mod redis_cli;
mod servers;
mod simulated;

pub use servers::{NO_AGREEMENT, Options, Servers, Side};

use std::process::Command;

use crate::real::skip;

/// Whether redis-cli 7.0 is here, said plainly if not.
pub fn has_redis_cli() -> bool {
    let output = Command::new("redis-cli").arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let has = version.as_ref().is_ok_and(|version| version.starts_with("redis-cli 7.0."));
    if !has {
        skip("redis-cli 7.0 is not installed: .ci/setup test");
    }
    has
}
