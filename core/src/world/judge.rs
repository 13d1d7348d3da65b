//! Whether a condition holds.
//!
//! Each condition names whose view it is, and is read from what that node believes, as its ROLE,
//! CLUSTER NODES, CLUSTER INFO and CLUSTER SLOTS would tell. A node that does not run holds no
//! view.

use super::World;
use super::condition::{Condition, Opinion as Claim};
use super::step::Port;
use crate::node::{Belief, Health, Node, Opinion, Role};
use crate::words::NodeId;

impl World {
    /// Whether the condition holds now. One that names a node which is not there does not.
    pub fn holds(&self, condition: &Condition) -> bool {
        self.judge(condition).unwrap_or(false)
    }

    fn judge(&self, condition: &Condition) -> Option<bool> {
        Some(match *condition {
            Condition::IsMaster(node) => self.running(node)?.is_master(),
            Condition::IsReplica { node, of: None } => !self.running(node)?.is_master(),
            Condition::IsReplica { node, of: Some(of) } => {
                self.running(node)?.master() == Some(self.id_of(of)?)
            }
            Condition::Knows { by, of } => {
                self.belief(by, of).is_some_and(|belief| belief.opinion != Opinion::Handshake)
            }
            Condition::Sees { by, of, what } => sees(&self.belief(by, of)?, what),
            Condition::SeesOwner { by, owner, slot } => {
                self.running(by)?.owner_of(slot) == Some(self.id_of(owner)?)
            }
            Condition::ClusterOk(node) => self.running(node)?.health() == Health::Ok,
            Condition::ClusterFail(node) => self.running(node)?.health() == Health::Fail,
            Condition::Linked { replica, master } => {
                let node = self.running(replica)?;
                node.master() == Some(self.id_of(master)?) && node.replication().is_connected()
            }
            Condition::Settled => self.is_settled(),
        })
    }

    fn running(&self, port: Port) -> Option<&Node> {
        let server = self.server(self.find(port)?)?;
        server.is_running().then_some(&server.node)
    }

    fn id_of(&self, port: Port) -> Option<NodeId> {
        Some(self.node(port)?.id())
    }

    fn belief(&self, by: Port, of: Port) -> Option<Belief<'_>> {
        self.running(by)?.belief_about(self.id_of(of)?)
    }

    /// Whether all running nodes agree on who is master, who replicates whom, who serves which
    /// slot, and who has failed.
    fn is_settled(&self) -> bool {
        let mut views = self.servers().filter(|(_, _, server)| server.is_running());
        let Some((_, _, first)) = views.next() else { return false };
        let first = view(&first.node);
        views.all(|(_, _, server)| is_same(&first, &view(&server.node)))
    }
}

fn sees(belief: &Belief<'_>, what: Claim) -> bool {
    match what {
        Claim::Ok => belief.opinion == Opinion::Ok,
        Claim::Pfail => belief.opinion == Opinion::Pfail,
        Claim::Fail => belief.opinion == Opinion::Fail,
        Claim::Master => belief.role == Role::Master,
        Claim::Replica => matches!(belief.role, Role::Replica { .. }),
    }
}

/// All that a node believes, in the order of ids.
fn view(node: &Node) -> Vec<Belief<'_>> {
    let mut beliefs: Vec<_> = node.beliefs().collect();
    beliefs.sort_unstable_by_key(|belief| belief.id);
    beliefs
}

fn is_same(one: &[Belief<'_>], other: &[Belief<'_>]) -> bool {
    let failed = |belief: &Belief<'_>| belief.opinion == Opinion::Fail;
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.id == other.id
                && one.role == other.role
                && failed(one) == failed(other)
                && one.slots.same(other.slots)
        })
}
