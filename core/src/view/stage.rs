//! The stage: truth and belief side by side.
//!
//! *Truth* is what became of a process: it runs, stands still, or is gone. *Belief* is what each
//! node holds of each other one. The two are kept apart here, so that nothing is ever shown as
//! failed because it was killed.

use serde::{Deserialize, Serialize};

use super::beliefs::{self, BeliefOf};
use crate::node::{Belief, Health, Opinion, Role};
use crate::words::{ActorId, NodeId, SlotRange, Span};
use crate::world::World;
use crate::world::actor::{Process, Server};
use crate::world::paths::PathFault;
use crate::world::step::Port;

/// All nodes, and who owns which slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Whose beliefs these are; nothing if they are the truth and everybody's own beliefs.
    pub seen_by: Option<u16>,
    /// Since the cluster was formed.
    pub elapsed: Span,
    pub node_timeout_ms: u64,
    pub nodes: Vec<NodeOnStage>,
    pub ring: Vec<Arc>,
    /// What is wrong with the network between nodes. It is the person's own doing and no node's
    /// belief, so it is the same whoever looks.
    pub faults: Vec<Fault>,
}

/// What is wrong with the way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub from: u16,
    pub to: u16,
    pub is_cut: bool,
    /// How long each message takes, if the way was made slow.
    pub latency: Option<Span>,
    /// The kinds of message that are lost, by the words of `$ drop`.
    pub drops: Vec<String>,
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
    /// By every other node that runs, in the order of ports; of a large cluster, only those that
    /// say that something is wrong.
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

/// Above this many nodes the opinions that all is well are left out.
const ALL_OPINIONS_MAX: usize = 12;

/// The stage as the world is.
pub fn stage(world: &World) -> Stage {
    let ports = Ports::of(world);
    let nodes =
        world.servers().map(|(_, port, server)| on_stage(world, port.number(), server, &ports));
    let mut nodes: Vec<NodeOnStage> = nodes.collect();
    nodes.sort_unstable_by_key(|node| node.port);
    if nodes.len() > ALL_OPINIONS_MAX {
        for node in &mut nodes {
            node.opinions.retain(|opinion| opinion.opinion != Opinion::Ok);
        }
    }
    Stage {
        seen_by: None,
        elapsed: world.elapsed(),
        node_timeout_ms: world.setup().config.node_timeout_ms,
        ring: ring(&nodes),
        faults: faults(world),
        nodes,
    }
}

/// The stage as one node believes it to be: what it does not know is not on it, and whatever it
/// thinks of a node is the only opinion there is. Nothing if there is no such node.
pub fn stage_seen_by(world: &World, port: Port) -> Option<Stage> {
    let viewer = world.server(world.find(port)?)?;
    let ports = Ports::of(world);
    let believed = |belief: BeliefOf| {
        let is_self = belief.port == port.number();
        NodeOnStage {
            port: belief.port,
            truth: if is_self { truth(viewer) } else { Truth::Running },
            role: belief.opinion.role,
            health: viewer.node.health(),
            config_epoch: belief.opinion.config_epoch,
            current_epoch: viewer.node.current_epoch(),
            offset: belief.offset,
            keys: if is_self { viewer.node.keyspace().len() as u64 } else { 0 },
            slots: belief.slots,
            opinions: if is_self { Vec::new() } else { vec![belief.opinion] },
        }
    };
    let row = beliefs::of_node(world, port.number(), viewer, &ports);
    let nodes: Vec<NodeOnStage> = row.into_iter().map(believed).collect();
    Some(Stage {
        seen_by: Some(port.number()),
        elapsed: world.elapsed(),
        node_timeout_ms: world.setup().config.node_timeout_ms,
        ring: ring(&nodes),
        faults: faults(world),
        nodes,
    })
}

/// What is wrong between two nodes; clients are left out.
fn faults(world: &World) -> Vec<Fault> {
    let ports: Vec<(ActorId, u16)> =
        world.servers().map(|(actor, port, _)| (actor, port.number())).collect();
    let port =
        |wanted: ActorId| ports.iter().find(|(actor, _)| *actor == wanted).map(|&(_, port)| port);
    let fault = |path: PathFault| {
        Some(Fault {
            from: port(path.from)?,
            to: port(path.to)?,
            is_cut: path.is_cut,
            latency: path.delay.map(|delay| delay.latency),
            drops: path.drops.into_iter().map(str::to_owned).collect(),
        })
    };
    world.network().paths().faults().filter_map(fault).collect()
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
    let role = beliefs::own_role(server, ports);
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
        Process::Paused { .. } | Process::Busy(_) => Truth::Paused,
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
    opinions.sort_unstable_by_key(|opinion| opinion.by);
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
