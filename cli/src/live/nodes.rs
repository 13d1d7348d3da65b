//! What a stage needs of its nodes, whatever they run on.
//!
//! A target does to real nodes what a person may do to simulated ones. What it cannot do it refuses
//! with the reason and the remedy; it never passes anything over.

use std::net::SocketAddrV4;
use std::path::PathBuf;

use hashslot_core::words::Span;
use hashslot_core::world::step::{Data, MessageKind, Port};

use super::{LogLine, Roll, Standing, Trouble};

/// The file in which a node keeps its table.
pub const NODES_CONF: &str = "nodes.conf";

/// Whether a node's keys survive its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// An append-only file has every write: what `$ restart` promises.
    Keep,
    /// Neither an append-only file nor snapshots.
    Nothing,
}

/// What becomes of the nodes when we are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// They end, and nothing is left of them.
    Remove,
    /// They go on, for somebody who wants to look around; `hashslot clean` removes them.
    Leave,
}

/// How nodes are started.
#[derive(Clone, Debug)]
pub struct Options {
    pub node_timeout_ms: u64,
    pub persistence: Persistence,
    /// Further settings, as in redis.conf.
    pub settings: Vec<(String, String)>,
    pub afterwards: Afterwards,
}

impl Options {
    /// Nodes that keep their keys and leave nothing behind.
    pub fn new(node_timeout_ms: u64) -> Options {
        Options {
            node_timeout_ms,
            persistence: Persistence::Keep,
            settings: Vec::new(),
            afterwards: Afterwards::Remove,
        }
    }
}

/// What a deed came to: done, or why not and what to do about it.
pub type Verdict = Result<(), Trouble>;

/// The nodes of one cluster on some target.
pub trait Nodes: Send {
    /// Who there is, and how each fares.
    fn roll(&self) -> &Roll;

    /// Which redis-server runs, and on what: `redis-server 7.0.15 as processes`.
    fn describe(&self) -> String;

    /// All of them, in the order in which they came.
    fn ports(&self) -> Vec<Port> {
        self.roll().ports().collect()
    }

    fn standing(&self, port: Port) -> Option<Standing> {
        self.roll().standing(port)
    }

    /// Where a node listens for clients, as the others know it.
    fn place(&self, port: Port) -> Option<SocketAddrV4> {
        self.roll().place(port)
    }

    /// Where that is reached from here.
    fn door(&self, port: Port) -> Option<SocketAddrV4> {
        self.place(port)
    }

    /// The folder in which a node keeps its files, if it is one of this machine.
    fn folder(&self, _port: Port) -> Option<PathBuf> {
        None
    }

    /// The process of a node on this machine, if it has one here.
    fn pid(&self, port: Port) -> Option<u32>;

    /// The text of a file that a node keeps; nothing if it is not there.
    fn file(&self, port: Port, name: &str) -> String;

    /// The text of a node's log.
    fn log_text(&self, port: Port) -> String;

    /// All that a node has logged.
    fn log(&self, port: Port) -> Vec<LogLine> {
        self.log_text(port).lines().filter_map(LogLine::parse).collect()
    }

    /// Starts another empty node.
    fn add(&mut self, port: Port) -> Verdict;

    /// The process ends at once, unsaved: connections to it are refused.
    fn kill(&mut self, port: Port) -> Verdict;

    /// The machine ends: silence.
    fn crash(&mut self, port: Port) -> Verdict;

    /// An ended node is started again, with what is left of its files.
    fn restart(&mut self, port: Port, data: Data) -> Verdict;

    /// The process stands still; its connections stay open.
    fn pause(&mut self, port: Port) -> Verdict;

    fn resume(&mut self, port: Port) -> Verdict;

    /// What one node sends to another does not arrive any more.
    fn cut(&mut self, from: Port, to: Port) -> Verdict;

    /// A cut or a slow path from one node to another ends.
    fn heal(&mut self, from: Port, to: Port) -> Verdict;

    /// All cuts and slow paths end.
    fn heal_all(&mut self) -> Verdict;

    /// What one node sends to another takes this long, and up to `jitter` longer.
    fn slow(&mut self, from: Port, to: Port, latency: Span, jitter: Span) -> Verdict;

    /// So many of a hundred pieces that one node sends to another are lost, and sent again: to
    /// whoever waits for them loss is delay.
    fn lose(&mut self, from: Port, to: Port, percent: u8) -> Verdict;

    /// Single bus messages of one kind from one node to another are lost.
    fn drop_kind(&mut self, kind: MessageKind, from: Port, to: Port) -> Verdict;

    /// No kind of message is lost any more.
    fn drop_none(&mut self) -> Verdict;

    /// All connections between two nodes break, once.
    fn sever(&mut self, one: Port, other: Port) -> Verdict;
}
