//! What is done to real nodes is seen from outside, on every target, and nothing is left behind.

#![cfg(unix)]

mod faults;
mod leftovers;
mod lessons;
mod troubles;
