//! The parts of the page, one a file. Each gets plain data and names the intentions that it
//! reports.

pub mod header;
pub mod key_finder;
pub mod lesson;
pub mod says;
pub mod stage;
pub mod timeline;
