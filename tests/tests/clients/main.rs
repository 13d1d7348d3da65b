//! Unmodified client libraries: a page of ordinary use of a cluster each, on real nodes and on
//! simulated ones. Every result is checked, and while slots move and while a master dies no write
//! is lost that the real server would keep.

#![cfg(unix)]

mod libraries;
mod promises;
mod redis_crate;
mod redis_crate_async;
