//! The stage: truth and belief side by side.
//!
//! *Truth* is what became of a process: it runs, stands still, or is gone. *Belief* is what each
//! node holds of each other one. The two are kept apart here, so that nothing is ever shown as
//! failed because it was killed.

use serde::{Deserialize, Serialize};

use crate::node::{Belief, Health, Node, Opinion, Role};
use crate::words::{NodeId, SlotRange, Span};
use crate::world::World;
use crate::world::actor::{Process, Server};

/// All nodes, and who owns which slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Since the cluster was formed.
    pub elapsed: Span,
    pub node_timeout_ms: u64,
    pub nodes: Vec<NodeOnStage>,
    pub ring: Vec<Arc>,
}

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Truth {
    Running,
    Paused,
    Gone,
}

/// One node, with what the others think of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeOnStage {
    pub port: u16,
    pub truth: Truth,
    /// Its own belief; of a node that is gone, its last one.
    pub role: RoleOnStage,
    pub health: Health,
    pub config_epoch: u64,
    pub current_epoch: u64,
    pub offset: u64,
    pub keys: u64,
    pub slots: Vec<SlotRange>,
    /// By every other node that runs, in the order of ports.
    pub opinions: Vec<OpinionOnStage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleOnStage {
    Master,
    /// Of the node at this port, if its master is known.
    Replica {
        of: Option<u16>,
    },
}

/// What one node thinks of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpinionOnStage {
    pub by: u16,
    pub opinion: Opinion,
    /// How long nothing came from it.
    pub silent_ms: u64,
    pub config_epoch: u64,
    pub role: RoleOnStage,
}

/// A run of slots on the ring: the owner is who claims it with the greatest config epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arc {
    pub slots: SlotRange,
    pub owner: Option<u16>,
}

/// The stage as the world is.
pub fn stage(world: &World) -> Stage {
    let ports = Ports::of(world);
    let nodes =
        world.servers().map(|(_, port, server)| on_stage(world, port.number(), server, &ports));
    let mut nodes: Vec<NodeOnStage> = nodes.collect();
    nodes.sort_by_key(|node| node.port);
    Stage {
        elapsed: world.elapsed(),
        node_timeout_ms: world.setup().config.node_timeout_ms,
        ring: ring(&nodes),
        nodes,
    }
}

/// The ports of all nodes by id.
pub(super) struct Ports(Vec<(NodeId, u16)>);

impl Ports {
    pub(super) fn of(world: &World) -> Ports {
        Ports(world.servers().map(|(_, port, server)| (server.node.id(), port.number())).collect())
    }

    pub(super) fn get(&self, id: NodeId) -> Option<u16> {
        self.0.iter().find(|&&(known, _)| known == id).map(|&(_, port)| port)
    }

    pub(super) fn role(&self, role: Role) -> RoleOnStage {
        match role {
            Role::Master => RoleOnStage::Master,
            Role::Replica { of } => RoleOnStage::Replica { of: of.and_then(|id| self.get(id)) },
        }
    }
}

fn on_stage(world: &World, port: u16, server: &Server, ports: &Ports) -> NodeOnStage {
    let node = &server.node;
    let role = match node.is_master() {
        true => RoleOnStage::Master,
        false => RoleOnStage::Replica { of: node.master().and_then(|id| ports.get(id)) },
    };
    NodeOnStage {
        port,
        truth: truth(server),
        role,
        health: node.health(),
        config_epoch: node.config_epoch(),
        current_epoch: node.current_epoch(),
        offset: node.replication().offset(),
        keys: node.keyspace().len() as u64,
        slots: node.own_slots().ranges(),
        opinions: opinions_of(world, node.id(), ports),
    }
}

pub(super) fn truth(server: &Server) -> Truth {
    match server.process {
        Process::Running => Truth::Running,
        Process::Paused { .. } => Truth::Paused,
        Process::Ended => Truth::Gone,
    }
}

fn opinions_of(world: &World, id: NodeId, ports: &Ports) -> Vec<OpinionOnStage> {
    let others = world.servers().filter(|(_, _, server)| {
        server.node.id() != id && !matches!(server.process, Process::Ended)
    });
    let mut opinions: Vec<OpinionOnStage> = others
        .filter_map(|(_, port, server)| {
            let belief = server.node.belief_about(id)?;
            let clock_ms = server.clock(world.setup().epoch, world.now()).millis();
            Some(opinion(port.number(), &belief, clock_ms, ports))
        })
        .collect();
    opinions.sort_by_key(|opinion| opinion.by);
    opinions
}

pub(super) fn opinion(
    by: u16,
    belief: &Belief<'_>,
    clock_ms: u64,
    ports: &Ports,
) -> OpinionOnStage {
    OpinionOnStage {
        by,
        opinion: belief.opinion,
        silent_ms: clock_ms.saturating_sub(belief.heard_ms),
        config_epoch: belief.config_epoch,
        role: ports.role(belief.role),
    }
}

/// Each slot with the node that claims it at the greatest epoch, as runs; slots that nobody claims
/// are runs without an owner.
fn ring(nodes: &[NodeOnStage]) -> Vec<Arc> {
    use crate::words::{SLOT_COUNT, Slot};
    let mut owners: Vec<Option<(u64, u16)>> = vec![None; usize::from(SLOT_COUNT)];
    for node in nodes {
        for range in &node.slots {
            for owner in &mut owners[range.first.index()..=range.last.index()] {
                if owner.is_none_or(|(epoch, _)| epoch < node.config_epoch) {
                    *owner = Some((node.config_epoch, node.port));
                }
            }
        }
    }
    let mut arcs: Vec<Arc> = Vec::new();
    for (slot, owner) in Slot::all().zip(owners) {
        let owner = owner.map(|(_, port)| port);
        match arcs.last_mut() {
            Some(arc) if arc.owner == owner => arc.slots.last = slot,
            _ => arcs.push(Arc { slots: SlotRange { first: slot, last: slot }, owner }),
        }
    }
    arcs
}

/// What a node believes of all the others, for those who look through its eyes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beliefs {
    pub by: u16,
    pub truth: Truth,
    /// Of every node that it knows but itself, by port.
    pub of: Vec<(u16, OpinionOnStage)>,
}

/// The beliefs of every node, in the order of ports.
pub fn beliefs(world: &World) -> Vec<Beliefs> {
    let ports = Ports::of(world);
    let mut rows: Vec<Beliefs> = world
        .servers()
        .map(|(_, port, server)| Beliefs {
            by: port.number(),
            truth: truth(server),
            of: beliefs_of(world, port.number(), server, &ports),
        })
        .collect();
    rows.sort_by_key(|row| row.by);
    rows
}

fn beliefs_of(
    world: &World,
    by: u16,
    server: &Server,
    ports: &Ports,
) -> Vec<(u16, OpinionOnStage)> {
    let clock_ms = server.clock(world.setup().epoch, world.now()).millis();
    let node: &Node = &server.node;
    let others = node.beliefs().filter(|belief| belief.id != node.id());
    let mut row: Vec<(u16, OpinionOnStage)> =
        others.map(|belief| (belief.addr.port, opinion(by, &belief, clock_ms, ports))).collect();
    row.sort_by_key(|&(port, _)| port);
    row
}
