//! What the tests share. The tests themselves are in `tests/`, scripts and lessons beside them.

mod binary;

pub use binary::binary;

pub mod bench;
#[cfg(feature = "browser")]
pub mod browser;
#[cfg(unix)]
pub mod bus;
#[cfg(unix)]
pub mod fuzz;
#[cfg(unix)]
pub mod judges;
#[cfg(unix)]
pub mod live;
pub mod outside;
pub mod ranks;
pub mod real;
pub mod scripts;
pub mod seeds;
pub mod trials;
