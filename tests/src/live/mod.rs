//! A real cluster beside the simulated one, for tests.
//!
//! Where redis-server 7.0 is not installed, tests say so and pass; where paths cannot be cut, those
//! that need it do. Not so with `CI=true`.

pub mod engine;
pub mod grammar;
pub mod pair;
pub mod play;
pub mod random;
pub mod transcript;

use std::process::Command;

use hashslot::live::Program;

use crate::real::skip;

/// The redis-server of this machine; `None`, said plainly, if there is none of 7.0.
pub fn program() -> Option<Program> {
    match Program::find() {
        Ok(program) => Some(program),
        Err(trouble) => {
            skip(&trouble.to_string());
            None
        }
    }
}

/// Whether paths can be cut here, said plainly if not.
pub fn can_cut() -> bool {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let listed = Command::new("nft").args(["list", "tables"]).env("PATH", path).output();
    let can = listed.is_ok_and(|output| output.status.success());
    if !can {
        skip("paths cannot be cut: install nftables (.ci/setup test) and run as root");
    }
    can
}
