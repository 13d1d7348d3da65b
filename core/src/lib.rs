//! A deterministic simulator of Redis Cluster (version 7.0), and everything that teaches with it.
//!
//! Layers, each of which may use only those before it:
//! `words < data < node < world < lesson, view, explore`.
//! No clock, socket, thread, file or ambient randomness: time and dice come in, effects go out.

pub mod data;
pub mod explore;
pub mod lab;
pub mod lesson;
pub mod node;
pub mod view;
pub mod words;
pub mod world;
