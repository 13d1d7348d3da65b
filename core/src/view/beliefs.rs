//! Beliefs: what each node holds of each other one, how old that is, and where it is wrong.

use serde::{Deserialize, Serialize};

use super::stage::{OpinionOnStage, Ports, RoleOnStage, Truth, opinion, truth};
use crate::words::SlotRange;
use crate::world::World;
use crate::world::actor::Server;

/// What a node believes of all the others, for those who look through its eyes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beliefs {
    pub by: u16,
    pub truth: Truth,
    /// Of every node that it knows, itself included, by port.
    pub of: Vec<BeliefOf>,
}

/// What one node believes of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeliefOf {
    pub port: u16,
    pub opinion: OpinionOnStage,
    pub slots: Vec<SlotRange>,
    /// Its replication offset, as it told last.
    pub offset: u64,
    /// Whether role, epoch or slots are not what that node itself holds; of one that stands still
    /// nothing is outdated, since it holds itself what was true before.
    pub is_outdated: bool,
}

/// The beliefs of every node, in the order of ports.
pub fn beliefs(world: &World) -> Vec<Beliefs> {
    let ports = Ports::of(world);
    let mut rows: Vec<Beliefs> = world
        .servers()
        .map(|(_, port, server)| Beliefs {
            by: port.number(),
            truth: truth(server),
            of: of_node(world, port.number(), server, &ports),
        })
        .collect();
    rows.sort_unstable_by_key(|row| row.by);
    rows
}

/// What one node believes of every node, itself included, by port.
pub(super) fn of_node(world: &World, by: u16, server: &Server, ports: &Ports) -> Vec<BeliefOf> {
    let clock_ms = server.clock(world.setup().epoch, world.now()).millis();
    let mut row: Vec<BeliefOf> = server
        .node
        .beliefs()
        .map(|belief| {
            let opinion = opinion(by, &belief, clock_ms, ports);
            let slots = belief.slots.ranges();
            let own = world.servers().find(|(_, _, other)| other.node.id() == belief.id);
            let running = own.filter(|(_, _, own)| own.is_running());
            let is_outdated = running.is_some_and(|(_, _, own)| {
                let role = own_role(own, ports);
                role != opinion.role
                    || own.node.own_slots().ranges() != slots
                    || role == RoleOnStage::Master && own.node.config_epoch() != belief.config_epoch
            });
            // A node that has not been met yet has no address of its own.
            let port = if belief.id == server.node.id() { by } else { belief.addr.port };
            BeliefOf { port, opinion, slots, offset: belief.offset, is_outdated }
        })
        .collect();
    row.sort_by_key(|belief| belief.port);
    row
}

pub(super) fn own_role(server: &Server, ports: &Ports) -> RoleOnStage {
    match server.node.is_master() {
        true => RoleOnStage::Master,
        false => RoleOnStage::Replica { of: server.node.master().and_then(|id| ports.get(id)) },
    }
}
