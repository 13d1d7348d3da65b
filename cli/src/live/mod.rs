//! A real cluster, driven and observed as the simulated one is.
//!
//! The problem: a simulator is believed only if the same script can be played on the real thing.
//! The idea: everything that a script may ask of a world (`core`'s [`Step`]s and conditions) is
//! asked of real nodes, and what they answer is put into the script's own terms: addresses as
//! `127.0.0.1:7000`, ids as the simulator would have drawn them. The clients are the very state
//! machines of the simulator, on real sockets.
//!
//! - [`Cluster`] is a stage: it takes a line and says what was printed. `founding` forms it with
//!   the commands of `redis-cli --cluster create`; `judge` answers conditions; `clients` carries
//!   bytes; `names` translates; `lesson` plays a lesson on it.
//! - [`Nodes`] is what a stage needs of its nodes, [`Target`] on what they may run, `roll` who
//!   there is and what may be done to whom, `settings` what redis.conf says on every target.
//! - [`Processes`] are the nodes as child processes, one loopback address each: `ground` finds
//!   addresses that are free, `process` starts one, `program` finds the binary, `firewall` cuts
//!   paths, and `reaper` clears up should we be killed.
//! - [`docker`] has the nodes as containers. `paths` makes paths slow, lossy, or deaf to a kind of
//!   message, on both.
//! - [`clean()`] removes what earlier runs have left behind, which `owner` tells from what is in
//!   use.
//! - `call` is a plain connection, `topology` reads CLUSTER NODES, `log` reads a node's log.
//!
//! [`Step`]: hashslot_core::world::step::Step

mod admin;
mod call;
mod clean;
mod clients;
mod cluster;
pub mod docker;
mod existing;
mod firewall;
mod folder;
mod founding;
mod ground;
mod judge;
mod lesson;
mod log;
mod names;
mod nodes;
mod owner;
mod paths;
mod process;
mod processes;
mod program;
mod reaper;
mod roll;
mod settings;
pub mod stop;
mod target;
mod tongue;
mod topology;
mod trouble;

pub use call::{Answer, Connection};
pub use clean::clean;
pub use clients::Noted;
pub use cluster::Cluster;
pub use existing::{Captured, Existing, Fault, Login, Member};
pub use lesson::play;
pub use log::{LogLine, Stamp};
pub use names::Names;
pub use nodes::{Afterwards, NODES_CONF, Nodes, Options, Persistence, Verdict};
pub use processes::Processes;
pub use program::Program;
pub use roll::{Roll, Standing};
pub use target::{Target, TargetKind};
pub use topology::{Row, Topology};
pub use trouble::Trouble;
