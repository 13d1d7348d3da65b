//! The universe: what one may ask of it.

pub mod condition;
pub mod step;
