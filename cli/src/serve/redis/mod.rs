//! The served cluster: real clients on real sockets, and one simulated cluster for all of them.
//!
//! ```text
//! socket <-> peer --bytes--> hub --Outside--> Session
//!              ^              |
//!              +-- mailbox <--+ <------News-----
//! ```
//!
//! One thread has the world and all sockets of clients; another one has the page (`http`). Between
//! them is a channel (`control`), over which go requests one way and copies of the session back.
//!
//! - `hub`: where sockets and the world meet; `clock`: which moment it is; `mailbox`: what waits;
//! - `peer`: one socket; `doors`: the listeners; `thread`: what runs them and lets time pass;
//! - `record`: all that came from outside, as a file; `limits`: what a peer may cost;
//! - `status`: how the server is doing; `settings`: what can be chosen on the command line.

pub mod clock;
pub mod control;
mod doors;
mod hub;
mod limits;
mod mailbox;
mod peer;
mod record;
mod settings;
mod start;
pub mod status;
mod thread;

pub use settings::{RedisArgs, speed_percent};
pub use start::{Served, start};
