//! What the tests share. The tests themselves are in `tests/`, scripts and lessons beside them.

#[cfg(feature = "browser")]
pub mod bench;
#[cfg(feature = "browser")]
pub mod browser;
pub mod seeds;
