//! Nodes at consecutive ports, of either side.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::thread;
use std::time::{Duration, Instant};

use hashslot::live::{Connection, Topology};
use hashslot_core::data::Reply;
use hashslot_core::words::slot_of_key;

use super::ports;
use super::real::RealNodes;
use super::redis_cli::{self, Input};
use super::simulated::SimulatedNodes;
use crate::live::program;

/// How long a node may take to answer, and a cluster to agree.
const PATIENCE: Duration = Duration::from_secs(60);
/// With these words a wait ends in which the nodes do not come to agree.
pub const NO_AGREEMENT: &str = "the nodes do not come to agree";
const POLL: Duration = Duration::from_millis(50);

/// Whose nodes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Real,
    Simulated,
}

/// What nodes are started with.
#[derive(Clone, Debug)]
pub struct Options {
    pub nodes: u16,
    pub node_timeout_ms: u32,
    /// Further settings, as in redis.conf.
    pub settings: Vec<(&'static str, String)>,
    /// How much the simulator keeps of what happens: `off`, `facts` or `full`.
    pub trace: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Options { nodes: 6, node_timeout_ms: 2_000, settings: Vec::new(), trace: "facts" }
    }
}

enum Nodes {
    Real(RealNodes),
    Simulated(SimulatedNodes),
}

/// Nodes that know nobody at first.
pub struct Servers {
    nodes: Nodes,
    first_port: u16,
    count: u16,
}

impl Servers {
    /// Starts them; `None`, said plainly, if there is no redis-server 7.0 for the real side.
    pub fn start(side: Side, options: &Options) -> Option<Servers> {
        let first_port = ports::take(options.nodes);
        let nodes = match side {
            Side::Real => Nodes::Real(RealNodes::start(program()?, first_port, options)),
            Side::Simulated => Nodes::Simulated(SimulatedNodes::start(first_port, options)),
        };
        let servers = Servers { nodes, first_port, count: options.nodes };
        for index in 0..options.nodes {
            assert_eq!(servers.say(index, &["PING"]), Reply::simple("PONG"), "node {index}");
        }
        Some(servers)
    }

    /// The same, founded with redis-cli as a cluster with so many replicas for each master.
    pub fn cluster(side: Side, options: &Options, replicas: u16) -> Option<Servers> {
        let servers = Servers::start(side, options)?;
        servers.create(options.nodes, replicas);
        Some(servers)
    }

    /// Founds a cluster of the first so many nodes.
    pub fn create(&self, nodes: u16, replicas: u16) -> String {
        let addresses: Vec<String> = (0..nodes).map(|index| self.address(index)).collect();
        let replicas = replicas.to_string();
        let mut args = vec!["--cluster", "create"];
        args.extend(addresses.iter().map(String::as_str));
        args.extend(["--cluster-replicas", &replicas, "--cluster-yes"]);
        let shown = redis_cli::run(&args, &Input::None);
        assert!(shown.ends_with("[exit 0]\n"), "redis-cli could not found a cluster:\n{shown}");
        self.wait_until_settled(nodes);
        shown
    }

    pub fn port(&self, index: u16) -> u16 {
        self.first_port + index
    }

    pub fn ports(&self) -> Vec<u16> {
        (0..self.count).map(|index| self.port(index)).collect()
    }

    /// Which node has this port.
    pub fn index_of(&self, port: u16) -> u16 {
        let index = port.checked_sub(self.first_port).filter(|index| *index < self.count);
        index.unwrap_or_else(|| panic!("no node has the port {port}"))
    }

    /// Such as `127.0.0.1:17000`.
    pub fn address(&self, index: u16) -> String {
        format!("127.0.0.1:{}", self.port(index))
    }

    pub fn connect(&self, index: u16) -> Connection {
        let place = SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port(index));
        Connection::open(place, PATIENCE).unwrap_or_else(|error| panic!("{place}: {error}"))
    }

    /// What a node answers to one call on a connection of its own.
    pub fn say(&self, index: u16, words: &[&str]) -> Reply {
        let answer = self.connect(index).say(words);
        answer.unwrap_or_else(|error| panic!("{words:?} at {}: {error}", self.address(index)))
    }

    /// The same, where the answer is a text.
    pub fn text(&self, index: u16, words: &[&str]) -> String {
        match self.say(index, words) {
            Reply::Bulk(text) => String::from_utf8_lossy(&text).into_owned(),
            Reply::Simple(text) => text.into_owned(),
            Reply::Verbatim { text, .. } => String::from_utf8_lossy(&text).into_owned(),
            other => panic!("{words:?}: {other:?} is no text"),
        }
    }

    pub fn id(&self, index: u16) -> String {
        self.text(index, &["CLUSTER", "MYID"])
    }

    pub fn topology(&self, index: u16) -> Topology {
        Topology::parse(&self.text(index, &["CLUSTER", "NODES"])).expect("it lists nodes")
    }

    /// The place of the node that says that it owns a key's slot.
    pub fn owner(&self, key: &str) -> u16 {
        let slot = slot_of_key(key.as_bytes());
        let owns = |index: &u16| {
            let view = self.topology(*index);
            view.myself().is_some_and(|row| {
                row.slots.iter().any(|range| (range.first..=range.last).contains(&slot))
            })
        };
        (0..self.count).find(owns).unwrap_or_else(|| panic!("nobody owns the slot of {key}"))
    }

    pub fn kill(&mut self, index: u16) {
        match &mut self.nodes {
            Nodes::Real(nodes) => nodes.kill(index),
            Nodes::Simulated(nodes) => nodes.kill(index),
        }
    }

    pub fn restart(&mut self, index: u16) {
        match &mut self.nodes {
            Nodes::Real(nodes) => nodes.restart(index),
            Nodes::Simulated(nodes) => nodes.restart(index),
        }
    }

    /// The process that simulates them, if they are simulated.
    pub fn simulated(&self) -> Option<&SimulatedNodes> {
        match &self.nodes {
            Nodes::Real(_) => None,
            Nodes::Simulated(nodes) => Some(nodes),
        }
    }

    /// Waits until the first so many nodes agree, serve, and their replicas are connected.
    pub fn wait_until_settled(&self, nodes: u16) {
        let begun = Instant::now();
        while !self.is_settled(nodes) {
            assert!(begun.elapsed() < PATIENCE, "{NO_AGREEMENT}: {}", self.beliefs(nodes));
            thread::sleep(POLL);
        }
    }

    /// What each node says of the cluster.
    fn beliefs(&self, nodes: u16) -> String {
        let asked = [["CLUSTER", "NODES"], ["CLUSTER", "INFO"], ["INFO", "replication"]];
        let said = |index| asked.map(|words| self.text(index, &words)).join("\n");
        (0..nodes).map(|index| format!("\n{index}:\n{}", said(index))).collect()
    }

    fn is_settled(&self, nodes: u16) -> bool {
        let views: Vec<Topology> = (0..nodes).map(|index| self.topology(index)).collect();
        let is_whole = |view: &Topology| {
            view.rows.len() == usize::from(nodes)
                && view.rows.iter().all(|row| row.is_connected && !row.has("handshake"))
        };
        let agree = views.iter().all(|view| is_whole(view) && view.agrees_with(&views[0]));
        agree && (0..nodes).all(|index| self.serves(index))
    }

    fn serves(&self, index: u16) -> bool {
        let info = self.text(index, &["INFO", "replication"]);
        let is_linked = info.contains("role:master") || info.contains("master_link_status:up");
        is_linked && self.text(index, &["CLUSTER", "INFO"]).starts_with("cluster_state:ok")
    }
}
