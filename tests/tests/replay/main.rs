//! The same lesson on a real cluster and on simulated ones: what the comparison finds, what it
//! reports, and what it leaves behind.

#![cfg(unix)]

mod command;
mod common;
mod docker;
mod existing;
mod golden;
mod lessons;
mod rules;
mod wrong_rules;
