//! Whether a condition holds on a real cluster: from ROLE, CLUSTER NODES and CLUSTER INFO of the
//! node that it names. A node that does not run holds no view.

use hashslot_core::data::Reply;
use hashslot_core::words::NodeId;
use hashslot_core::world::condition::{Condition, Opinion};
use hashslot_core::world::step::Port;

use super::{Cluster, Row, Standing, Topology};

/// Whoever can be asked what the nodes of a cluster see.
pub trait Witness {
    /// The nodes that run.
    fn running(&self) -> Vec<Port>;
    /// The id by which a node goes in what is answered here.
    fn id_of(&self, node: Port) -> Option<NodeId>;
    /// A node's reply; nothing if it does not run.
    fn reply(&mut self, node: Port, words: &[&str]) -> Option<Reply>;
}

impl Cluster {
    /// Whether the condition holds now. One that names a node which is not there does not.
    pub fn holds(&mut self, condition: &Condition) -> bool {
        holds(self, condition)
    }

    /// Whether a replica's link to its master is connected.
    pub fn is_linked(&mut self, replica: Port) -> bool {
        role(self, replica).is_some_and(|role| role.is_connected)
    }
}

impl Witness for Cluster {
    fn running(&self) -> Vec<Port> {
        let ports = self.nodes().ports().into_iter();
        ports.filter(|&port| self.nodes().standing(port) == Some(Standing::Running)).collect()
    }

    fn id_of(&self, node: Port) -> Option<NodeId> {
        Cluster::id_of(self, node)
    }

    fn reply(&mut self, node: Port, words: &[&str]) -> Option<Reply> {
        self.ask_node(node, words)
    }
}

/// Whether the condition holds now. One that names a node which is not there does not.
pub fn holds(by: &mut impl Witness, condition: &Condition) -> bool {
    judge(by, condition).unwrap_or(false)
}

fn judge(witness: &mut impl Witness, condition: &Condition) -> Option<bool> {
    Some(match *condition {
        Condition::IsMaster(node) => role(witness, node)?.master.is_none(),
        Condition::IsReplica { node, of: None } => role(witness, node)?.master.is_some(),
        Condition::IsReplica { node, of: Some(of) } => role(witness, node)?.master == Some(of),
        Condition::Knows { by, of } => !belief(witness, by, of)?.has("handshake"),
        Condition::Sees { by, of, what } => sees(&belief(witness, by, of)?, what),
        Condition::SeesOwner { by, owner, slot } => belief(witness, by, owner)?.owns(slot),
        Condition::ClusterOk(node) => state(witness, node)? == "ok",
        Condition::ClusterFail(node) => state(witness, node)? == "fail",
        Condition::Linked { replica, master } => {
            let role = role(witness, replica)?;
            role.master == Some(master) && role.is_connected
        }
        Condition::Settled => is_settled(witness),
    })
}

fn role(witness: &mut impl Witness, node: Port) -> Option<Role> {
    match witness.reply(node, &["ROLE"])? {
        Reply::Array(parts) => Role::read(&parts),
        _ => None,
    }
}

fn text(witness: &mut impl Witness, node: Port, words: &[&str]) -> Option<String> {
    match witness.reply(node, words)? {
        Reply::Bulk(text) | Reply::Verbatim { text, .. } => {
            Some(String::from_utf8_lossy(&text).into_owned())
        }
        _ => None,
    }
}

fn topology(witness: &mut impl Witness, node: Port) -> Option<Topology> {
    Topology::parse(&text(witness, node, &["CLUSTER", "NODES"])?)
}

fn belief(witness: &mut impl Witness, by: Port, of: Port) -> Option<Row> {
    let id = witness.id_of(of)?;
    topology(witness, by)?.row(id).cloned()
}

fn state(witness: &mut impl Witness, node: Port) -> Option<String> {
    let info = text(witness, node, &["CLUSTER", "INFO"])?;
    let state = info.lines().find_map(|line| line.strip_prefix("cluster_state:"))?;
    Some(state.trim().to_owned())
}

fn is_settled(witness: &mut impl Witness) -> bool {
    let running = witness.running();
    let views: Option<Vec<Topology>> =
        running.into_iter().map(|port| topology(witness, port)).collect();
    match views.as_deref() {
        Some([first, others @ ..]) => others.iter().all(|other| first.agrees_with(other)),
        Some([]) | None => false,
    }
}

struct Role {
    master: Option<Port>,
    is_connected: bool,
}

impl Role {
    fn read(parts: &[Reply]) -> Option<Role> {
        let is = |part: &Reply, text: &'static str| *part == Reply::bulk(text);
        match parts {
            [name, ..] if is(name, "master") => Some(Role { master: None, is_connected: false }),
            [name, _, Reply::Integer(port), state, ..] if is(name, "slave") => Some(Role {
                master: Port::new(u16::try_from(*port).ok()?),
                is_connected: is(state, "connected"),
            }),
            _ => None,
        }
    }
}

fn sees(row: &Row, what: Opinion) -> bool {
    match what {
        Opinion::Ok => !row.has("fail?") && !row.has("fail") && !row.has("handshake"),
        Opinion::Pfail => row.has("fail?"),
        Opinion::Fail => row.has("fail"),
        Opinion::Master => row.has("master"),
        Opinion::Replica => row.has("slave"),
    }
}
