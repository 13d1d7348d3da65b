//! Real nodes in containers of a Docker engine.
//!
//! The problem: a lesson is to be replayed where people run Redis, each node as a machine of its
//! own with its own address, and nothing may be left behind. The idea: a node is two containers.
//! `redis-7000-address` holds the address and does nothing; `redis-7000` runs redis-server in the
//! network of the first. So the end of the one leaves the other: whoever connects to a killed node
//! is refused by a machine that still answers, as it should be, and does not hear silence. It is
//! the engine that kills, stops and starts, so that no image needs more than a redis-server: no
//! shell, no `kill`.
//!
//! - [`Docker`] (`engine`) is an engine that answers, and an image on it (`image`).
//! - [`Containers`] are the nodes of a cluster; `pair` makes the two containers of a node,
//!   `network` a network with addresses for all, `archive` reads and writes their files.
//! - `namespace` finds the network of a container, in which paths are cut.
//! - [`sweep`] removes what a run has left behind that is no more; `interrupt` clears up when a
//!   person presses Ctrl-C.

mod archive;
mod containers;
mod engine;
mod image;
mod interrupt;
mod namespace;
mod network;
mod pair;
mod sweep;

pub use containers::Containers;
pub use engine::{Docker, Reach};
pub use image::DEFAULT_IMAGE;
pub use interrupt::leave_first_interrupt;
pub use sweep::sweep;
