//! The map of slots: who owns them, who thinks otherwise, and where the keys are.

use serde::{Deserialize, Serialize};

use super::stage::{Arc, Ports, Stage, Truth, truth};
use crate::node::Open;
use crate::words::{NodeId, Slot, SlotRange};
use crate::world::World;
use crate::world::actor::Server;

/// All slots, as they are and as nodes believe them to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotMap {
    /// As the stage shows them.
    pub ring: Vec<Arc>,
    /// The nodes whose own map differs from that, each with its runs that do.
    pub otherwise: Vec<(u16, Vec<Arc>)>,
    /// The slots in which the owner has keys, and how many.
    pub keys: Vec<(Slot, u64)>,
    /// The slots that a node has open, and the other side, by the node's port.
    pub open: Vec<(u16, Slot, Open<Option<u16>>)>,
}

/// The map that goes with a stage.
pub fn slot_map(world: &World, stage: &Stage) -> SlotMap {
    let ports = Ports::of(world);
    let mut otherwise: Vec<(u16, Vec<Arc>)> = world
        .servers()
        .filter(|(_, _, server)| truth(server) != Truth::Gone)
        .map(|(_, port, server)| (port.number(), differing(server, &stage.ring, &ports)))
        .filter(|(_, runs)| !runs.is_empty())
        .collect();
    otherwise.sort_unstable_by_key(|&(port, _)| port);
    let mut keys: Vec<(Slot, u64)> = world
        .servers()
        .flat_map(|(_, port, server)| keys_of(server, port.number(), stage))
        .collect();
    keys.sort_unstable();
    SlotMap { ring: stage.ring.clone(), otherwise, keys, open: open_slots(world, &ports) }
}

/// What the nodes that are not gone have open.
fn open_slots(world: &World, ports: &Ports) -> Vec<(u16, Slot, Open<Option<u16>>)> {
    let alive = world.servers().filter(|(_, _, server)| truth(server) != Truth::Gone);
    let mut open: Vec<_> = alive
        .flat_map(|(_, port, server)| {
            let named = |open: Open<NodeId>| open.map(|id| ports.get(id));
            server.node.open_slots().map(move |(slot, open)| (port.number(), slot, named(open)))
        })
        .collect();
    open.sort_unstable_by_key(|&(port, slot, _)| (port, slot));
    open
}

/// The slots with keys that a node owns on this stage.
fn keys_of(server: &Server, port: u16, stage: &Stage) -> Vec<(Slot, u64)> {
    let owns = |slot: &Slot| owner_in(&stage.ring, *slot) == Some(port);
    let keyspace = server.node.keyspace();
    keyspace.used_slots().filter(owns).map(|slot| (slot, keyspace.count_in_slot(slot))).collect()
}

/// The owner of a slot on a ring.
pub fn owner_in(ring: &[Arc], slot: Slot) -> Option<u16> {
    let run = ring.partition_point(|arc| arc.slots.last < slot);
    ring.get(run).and_then(|arc| arc.owner)
}

/// The runs about which a node thinks otherwise.
fn differing(server: &Server, ring: &[Arc], ports: &Ports) -> Vec<Arc> {
    let mut runs: Vec<Arc> = Vec::new();
    for arc in ring {
        for number in arc.slots.first.number()..=arc.slots.last.number() {
            let Some(slot) = Slot::new(u64::from(number)) else { continue };
            let owner = server.node.owner_of(slot).and_then(|id| ports.get(id));
            if owner == arc.owner {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.owner == owner && run.slots.last.number() + 1 == number => {
                    run.slots.last = slot;
                }
                _ => runs.push(Arc { slots: SlotRange { first: slot, last: slot }, owner }),
            }
        }
    }
    runs
}
