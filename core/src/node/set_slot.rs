//! CLUSTER SETSLOT: a person opens a slot, closes it, or says whose it is.
//!
//! The problem: a slot must change owners without a moment in which two nodes, or none, may answer
//! for a key. The idea: first both sides open the slot, then the keys move, and last the new owner
//! is named, to the taker first. Each call tells one node one thing; nobody checks that the others
//! were told.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCommand`), in the order in which it is checked:
//! 1. Only masters, and only slots that there are.
//! 2. MIGRATING: the slot is mine, the target is known and a master.
//! 3. IMPORTING: the slot is not mine, the source is known and a master.
//! 4. STABLE: both marks go.
//! 5. NODE: the owner is known and a master; I may not give away a slot whose keys I hold. A slot
//!    without keys migrates no longer. Whoever gave its last slot away becomes a replica of the
//!    taker. Whoever gets a slot that it was importing takes a new config epoch, without asking
//!    anybody, so that its claim is greater than the source's; and it tells everybody at once.

use bytes::Bytes;

use super::Node;
use super::cluster::{parse_slot, spec, unknown_node};
use super::command::{NodeRow, Run};
use super::epoch::Bumped;
use super::fact::{Fact, ImportReason, ReplicaReason};
use super::notice::Notice;
use super::open_slots::Open;
use super::peers::{MYSELF, PeerIdx};
use super::port::Effects;
use crate::data::{self, Reply};
use crate::words::{ConnId, NodeId, Slot};

pub(super) const ROWS: &[NodeRow] = &[NodeRow {
    spec: spec(
        "cluster|setslot",
        -4,
        "slot IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE",
        "Open a slot, close it, or say whose it is.",
    ),
    run: Run::Reply(set_slot),
}];

fn set_slot(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    if node.peers.me().is_replica() {
        return Reply::error("ERR Please use SETSLOT only with masters.");
    }
    let slot = match parse_slot(&args[2]) {
        Ok(slot) => slot,
        Err(error) => return error,
    };
    let action = args[3].to_ascii_lowercase();
    let done = match (action.as_slice(), args.get(4), args.len()) {
        (b"migrating", Some(id), 5) => node.set_migrating(slot, id, out),
        (b"importing", Some(id), 5) => node.set_importing(slot, id, out),
        (b"stable", None, _) => node.set_stable(slot, out),
        (b"node", Some(id), 5) => node.set_owner(slot, id, out),
        _ => Err(Reply::error(
            "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP",
        )),
    };
    if let Err(error) = done {
        return error;
    }
    node.todo.update_state();
    node.todo.save();
    Reply::ok()
}

impl Node {
    /// Rule 2.
    fn set_migrating(&mut self, slot: Slot, id: &[u8], out: &mut Effects) -> Result<(), Reply> {
        if self.slots.owner(slot) != Some(MYSELF) {
            return Err(Reply::error(format!("ERR I'm not the owner of hash slot {slot}")));
        }
        let to = self.other_side(id)?;
        self.open.open(slot, Open::MigratingTo(to));
        out.note(Fact::SlotMigrating { slot, to: self.peers[to].id });
        Ok(())
    }

    /// Rule 3.
    fn set_importing(&mut self, slot: Slot, id: &[u8], out: &mut Effects) -> Result<(), Reply> {
        if self.slots.owner(slot) == Some(MYSELF) {
            return Err(Reply::error(format!("ERR I'm already the owner of hash slot {slot}")));
        }
        let from = self.other_side(id)?;
        self.open.open(slot, Open::ImportingFrom(from));
        let (from, why) = (self.peers[from].id, ImportReason::ByCommand);
        out.note(Fact::SlotImporting { slot, from, why });
        Ok(())
    }

    /// The node at the other side of an open slot.
    fn other_side(&self, id: &[u8]) -> Result<PeerIdx, Reply> {
        let Some(found) = NodeId::parse(id).and_then(|id| self.peers.find(id)) else {
            let typed = String::from_utf8_lossy(data::c_text(id, id.len()));
            return Err(Reply::error(format!("ERR I don't know about node {typed}")));
        };
        self.unless_replica(found)
    }

    fn unless_replica(&self, index: PeerIdx) -> Result<PeerIdx, Reply> {
        if self.peers[index].is_replica() {
            return Err(Reply::error("ERR Target node is not a master"));
        }
        Ok(index)
    }

    /// Rule 4.
    fn set_stable(&mut self, slot: Slot, out: &mut Effects) -> Result<(), Reply> {
        self.open.end_importing(slot);
        self.open.end_migrating(slot);
        out.note(Fact::SlotClosed { slot });
        Ok(())
    }

    /// Rule 5.
    fn set_owner(&mut self, slot: Slot, id: &[u8], out: &mut Effects) -> Result<(), Reply> {
        let found = NodeId::parse(id).and_then(|id| self.peers.find(id));
        let owner = self.unless_replica(found.ok_or_else(|| unknown_node(id))?)?;
        let was_mine = self.slots.owner(slot) == Some(MYSELF);
        let has_keys = self.keyspace.count_in_slot(slot) > 0;
        if was_mine && owner != MYSELF && has_keys {
            return Err(Reply::error(format!(
                "ERR Can't assign hashslot {slot} to a different node \
                 while I still hold keys for this hash slot."
            )));
        }
        if !has_keys {
            self.open.end_migrating(slot);
        }
        let from = self.slots.owner(slot).map(|from| self.peers[from].id);
        self.slots.bind(&mut self.peers, slot, owner);
        let scope = out.begin(Fact::SlotGiven { slot, from, to: self.peers[owner].id });
        let gave_last = was_mine && !self.peers[MYSELF].serves();
        if gave_last && self.config.allow_replica_migration.is_on() {
            self.become_replica_of(owner, ReplicaReason::SlotsTaken, out);
        }
        if owner == MYSELF && self.open.importing_from(slot).is_some() {
            if self.bump_epoch_alone(out) == Bumped::Yes {
                out.note(Fact::Logged(Notice::EpochForImport { slot }));
            }
            self.open.end_importing(slot);
            self.broadcast_pong(out);
        }
        out.end(scope);
        Ok(())
    }
}
