//! Taking slots that nobody owns, and letting go of slots, by command.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCommand, checkSlotAssignmentsOrReply,
//! clusterUpdateSlots`): slots are all read before any is looked at, ranges are read and looked at
//! one after the other; all are looked at before any changes. A slot that is added must have no
//! owner, one that is deleted must have one, whoever it is; none may be named twice. Either way the
//! slot is importing no longer. Whether keys are in the slot, and whether the node is a master, is
//! not asked; only FLUSHSLOTS, which lets go of all slots of this node, wants it to have no keys.
//!
//! Nobody is told that a slot was let go of: the others see that its owner claims it no longer,
//! keep it bound to that owner, and let anybody else claim it.

use bytes::Bytes;

use super::Node;
use super::cluster::{parse_slot, spec};
use super::command::{NodeRow, Run};
use super::fact::Fact;
use super::peers::MYSELF;
use super::port::Effects;
use crate::data::Reply;
use crate::words::{ConnId, Slot, SlotSet};

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("cluster|addslots", -3, "slot [slot ...]", "Take slots that nobody owns."),
        run: Run::Reply(|node, _, args, out| node.change_slots(Change::Add, listed(args), out)),
    },
    NodeRow {
        spec: spec(
            "cluster|addslotsrange",
            -4,
            "start-slot end-slot [start-slot end-slot ...]",
            "Take ranges of slots that nobody owns.",
        )
        .since("7.0.0"),
        run: Run::Reply(|node, _, args, out| node.change_slots(Change::Add, ranged(args), out)),
    },
    NodeRow {
        spec: spec("cluster|delslots", -3, "slot [slot ...]", "Forget who owns slots."),
        run: Run::Reply(|node, _, args, out| node.change_slots(Change::Delete, listed(args), out)),
    },
    NodeRow {
        spec: spec(
            "cluster|delslotsrange",
            -4,
            "start-slot end-slot [start-slot end-slot ...]",
            "Forget who owns ranges of slots.",
        )
        .since("7.0.0"),
        run: Run::Reply(|node, _, args, out| node.change_slots(Change::Delete, ranged(args), out)),
    },
    NodeRow {
        spec: spec("cluster|flushslots", 2, "", "Let go of all slots of this node."),
        run: Run::Reply(flush_slots),
    },
];

/// What happens to the slots that a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Add,
    Delete,
}

/// Slots that are read together, and looked at before the next are read.
type Group = Result<Vec<Slot>, Reply>;

/// The slots of a call that names each.
fn listed(args: &[Bytes]) -> Vec<Group> {
    vec![args[2..].iter().map(|arg| parse_slot(arg)).collect()]
}

/// The slots of a call that names ranges.
fn ranged(args: &[Bytes]) -> Vec<Group> {
    if args.len() % 2 == 1 {
        let name = String::from_utf8_lossy(&args[1]).to_ascii_lowercase();
        let error = format!("ERR wrong number of arguments for 'cluster|{name}' command");
        return vec![Err(Reply::error(error))];
    }
    args[2..].chunks_exact(2).map(|pair| range(&pair[0], &pair[1])).collect()
}

fn range(first: &Bytes, last: &Bytes) -> Group {
    let (first, last) = (parse_slot(first)?, parse_slot(last)?);
    if first > last {
        return Err(Reply::error(format!(
            "ERR start slot number {first} is greater than end slot number {last}"
        )));
    }
    Ok(Slot::all().skip(first.index()).take(last.index() - first.index() + 1).collect())
}

fn flush_slots(node: &mut Node, _: ConnId, _: &[Bytes], out: &mut Effects) -> Reply {
    if !node.keyspace.is_empty() {
        return Reply::error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
    }
    let slots = node.peers.cold(MYSELF).slots().clone();
    node.slots.free_all_of(&mut node.peers, MYSELF);
    node.slots_changed(Change::Delete, &slots, out);
    Reply::ok()
}

impl Node {
    /// Takes the slots, or lets go of them; all or none.
    fn change_slots(&mut self, change: Change, groups: Vec<Group>, out: &mut Effects) -> Reply {
        let named = match self.check_slots(change, groups) {
            Ok(named) => named,
            Err(error) => return error,
        };
        for slot in named.iter() {
            self.open.end_importing(slot);
            match change {
                Change::Add => self.slots.bind(&mut self.peers, slot, MYSELF),
                Change::Delete => self.slots.free(&mut self.peers, slot),
            }
        }
        self.slots_changed(change, &named, out);
        Reply::ok()
    }

    /// The slots as a set, if each of them may change.
    fn check_slots(&self, change: Change, groups: Vec<Group>) -> Result<SlotSet, Reply> {
        let mut named = SlotSet::default();
        for group in groups {
            for slot in group? {
                self.check_slot(change, slot)?;
                if !named.insert(slot) {
                    return Err(Reply::error(format!("ERR Slot {slot} specified multiple times")));
                }
            }
        }
        Ok(named)
    }

    fn check_slot(&self, change: Change, slot: Slot) -> Result<(), Reply> {
        let why = match (change, self.slots.owner(slot)) {
            (Change::Add, Some(_)) => "already busy",
            (Change::Delete, None) => "already unassigned",
            (Change::Add, None) | (Change::Delete, Some(_)) => return Ok(()),
        };
        Err(Reply::error(format!("ERR Slot {slot} is {why}")))
    }

    fn slots_changed(&mut self, change: Change, slots: &SlotSet, out: &mut Effects) {
        if let Some(first) = slots.iter().next() {
            let count = slots.len();
            out.note(match change {
                Change::Add => Fact::SlotsAssigned { count, first },
                Change::Delete => Fact::SlotsFreed { count, first },
            });
        }
        self.todo.update_state();
        self.todo.save();
    }
}
