//! Writes: what was promised to clients, how far the copies are, and what was lost.

use serde::{Deserialize, Serialize};

use super::names::Names;
use super::own_writes::{OwnWrite, own_writes};
use super::slot_map::owner_in;
use super::stage::{RoleOnStage, Stage, Truth};
use super::timeline::{Told, tell};
use crate::data::{Keyspace, Value};
use crate::words::{Slot, quote_arg, slot_of_key};
use crate::world::World;
use crate::world::event::EventKind;
use crate::world::hazard::Hazard;
use crate::world::trace::Trace;

/// What became of what was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Writes {
    /// Whether there is, or was, a workload.
    pub is_loaded: bool,
    /// How many writes of the workload were acknowledged.
    pub acknowledged: u64,
    /// The acknowledged writes that were lost up to the moment, newest last.
    pub lost: Vec<Told>,
    /// Those of the person's own clients, newest last.
    pub own: Vec<OwnWrite>,
    pub streams: Vec<Stream>,
    /// At most [`KEYS_MAX`] keys, by name.
    pub keys: Vec<Copies>,
    pub key_count: u64,
}

/// A master's stream of writes, and how far its replicas are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    pub master: u16,
    pub truth: Truth,
    /// In bytes.
    pub offset: u64,
    pub replicas: Vec<Follower>,
}

/// A replica of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    pub port: u16,
    pub truth: Truth,
    pub offset: u64,
    /// Whether its link to the master is up.
    pub is_linked: bool,
}

/// Who has a key, and with which value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    pub key: String,
    pub slot: Slot,
    pub owner: Option<u16>,
    /// By port; a node that is gone has what it had when it ended.
    pub held: Vec<(u16, String)>,
}

pub const KEYS_MAX: usize = 200;
const LOST_MAX: usize = 50;
/// So much of a value is shown.
const VALUE_MAX: usize = 40;

/// The writes of a world, drawn on this stage; `position` is that of the event that is shown.
pub fn writes(world: &World, trace: &Trace, stage: &Stage, position: usize) -> Writes {
    let names = Names::of(world);
    let is_loss = |&at: &usize| {
        trace.get(at).is_some_and(|event| match &event.kind {
            EventKind::Hazard(hazard) => matches!(**hazard, Hazard::WriteLost { .. }),
            _ => false,
        })
    };
    let past = (trace.start()..trace.len().min(position + 1)).rev();
    let mut lost: Vec<Told> = past
        .filter(is_loss)
        .take(LOST_MAX)
        .filter_map(|at| tell(trace, at, world.origin(), &names))
        .collect();
    lost.reverse();
    let (keys, key_count) = copies(world, stage);
    Writes {
        is_loaded: world.workload().is_some(),
        acknowledged: world.workload().map_or(0, |(_, workload)| workload.ledger().count()),
        lost,
        own: own_writes(world, trace, stage, position + 1),
        streams: streams(world, stage),
        keys,
        key_count,
    }
}

fn streams(world: &World, stage: &Stage) -> Vec<Stream> {
    let masters = stage.nodes.iter().filter(|node| node.role == RoleOnStage::Master);
    let stream = |master: &super::NodeOnStage| {
        let replicas = stage.nodes.iter().filter(
            |node| matches!(node.role, RoleOnStage::Replica { of: Some(of) } if of == master.port),
        );
        let follower = |node: &super::NodeOnStage| Follower {
            port: node.port,
            truth: node.truth,
            offset: node.offset,
            is_linked: is_linked(world, node.port),
        };
        Stream {
            master: master.port,
            truth: master.truth,
            offset: master.offset,
            replicas: replicas.map(follower).collect(),
        }
    };
    masters.map(stream).collect()
}

fn is_linked(world: &World, port: u16) -> bool {
    let mut servers = world.servers();
    servers.any(|(_, known, server)| {
        known.number() == port && server.node.replication().is_connected()
    })
}

/// Every key with those who have it, and how many keys there are.
fn copies(world: &World, stage: &Stage) -> (Vec<Copies>, u64) {
    let mut names: Vec<bytes::Bytes> = world
        .servers()
        .flat_map(|(_, _, server)| server.node.keyspace().names().cloned())
        .collect();
    names.sort_unstable();
    names.dedup();
    let key_count = names.len() as u64;
    let of_key = |name: &bytes::Bytes| {
        let slot = slot_of_key(name);
        let mut held: Vec<(u16, String)> = world
            .servers()
            .filter_map(|(_, port, server)| {
                Some((port.number(), value_of(server.node.keyspace(), name)?))
            })
            .collect();
        held.sort_unstable();
        Copies { key: quote_arg(name), slot, owner: owner_in(&stage.ring, slot), held }
    };
    (names.iter().take(KEYS_MAX).map(of_key).collect(), key_count)
}

fn value_of(keyspace: &Keyspace, key: &[u8]) -> Option<String> {
    let Value::String(bytes) = keyspace.get_stored(key)?;
    let text = quote_arg(bytes);
    Some(match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    })
}
