//! Unmodified redis-cli against real nodes and against simulated ones: what it shows is the same.

#![cfg(unix)]

mod modes;
mod sessions;
mod transcripts;
