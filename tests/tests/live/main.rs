//! Real nodes beside simulated ones. All of it is one program, so that tests which wait and tests
//! which work run at the same time; how long things take is compared in `live_failover.rs`, alone.

#![cfg(unix)]

mod lessons;
mod processes;
mod random;
mod transcripts;
