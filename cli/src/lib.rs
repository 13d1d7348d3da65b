//! What of the command line others may use: the server for real clients, the adapter to real
//! clusters, and the comparison of what they do with what the simulator does.

#[cfg(unix)]
pub mod compare;
pub mod failure;
#[cfg(unix)]
pub mod live;
pub mod serve;
mod site;
