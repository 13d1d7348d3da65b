//! Agreement: what a cluster comes back to when nothing disturbs it.
//!
//! The rule (Redis 7.0, `cluster.c`): every ping carries the sender's epochs, role and slots, and
//! of two claims to a slot the one with the greater configuration epoch wins. So a minute after the
//! last fault has healed, all nodes believe the same of every node: who is master, who replicates
//! whom, which slots each master serves, and what the current epoch is; and nobody believes of a
//! master a smaller configuration epoch than it states. A greater one may stay: a replica states
//! its master's, and should it be promoted with the votes of an old election, and so with an older
//! epoch (see `node::election`), those who heard the greater one never take it back. Marks of
//! failure are no part of the agreement: they are opinions, and come and go.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::node::{Belief, Node, Opinion, Role};
use crate::words::{ActorId, NodeId, SlotSet};

/// All that one running node believes.
#[derive(Clone, Debug)]
pub struct Beliefs<'a> {
    pub node: ActorId,
    pub id: NodeId,
    pub current_epoch: u64,
    pub of: Vec<Belief<'a>>,
}

impl Beliefs<'_> {
    pub fn of(actor: ActorId, node: &Node) -> Beliefs<'_> {
        Beliefs {
            node: actor,
            id: node.id(),
            current_epoch: node.current_epoch(),
            of: node.beliefs().collect(),
        }
    }
}

/// Two nodes that believe different things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    pub one: ActorId,
    pub other: ActorId,
    pub about: Matter,
}

/// About what they disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matter {
    CurrentEpoch,
    /// Only one of the two knows this node.
    Membership(NodeId),
    /// Whether this node is a master, or whose replica it is.
    Role(NodeId),
    /// The configuration epoch of this master, which states a greater one.
    ConfigEpoch(NodeId),
    /// The slots of this master.
    Slots(NodeId),
}

/// Whether all running nodes believe the same, but for the owners of some slots; if not, the first
/// two that do not.
pub fn agreement<'a>(
    all: impl IntoIterator<Item = Beliefs<'a>>,
    but_for: &SlotSet,
) -> Result<(), Disagreement> {
    let all: Vec<Beliefs> = all.into_iter().collect();
    let Some((one, others)) = all.split_first() else {
        return Ok(());
    };
    let known = one.members();
    for other in others {
        if let Some(about) = one.differs(&known, other, but_for) {
            return Err(Disagreement { one: one.node, other: other.node, about });
        }
    }
    for master in &all {
        if let Some(other) = all.iter().find(|other| other.is_behind(master)) {
            let about = Matter::ConfigEpoch(master.id);
            return Err(Disagreement { one: master.node, other: other.node, about });
        }
    }
    Ok(())
}

impl<'a> Beliefs<'a> {
    /// What it believes of each node, by name; those in handshake have no name yet.
    fn members(&self) -> Vec<&Belief<'a>> {
        let named = self.of.iter().filter(|belief| belief.opinion != Opinion::Handshake);
        let mut members: Vec<_> = named.collect();
        members.sort_unstable_by_key(|belief| belief.id);
        members
    }

    fn about(&self, id: NodeId) -> Option<&Belief<'a>> {
        self.of.iter().find(|belief| belief.id == id)
    }

    /// Whether it believes of a master a smaller configuration epoch than that states.
    fn is_behind(&self, master: &Beliefs) -> bool {
        let stated = master.about(master.id).filter(|own| own.role == Role::Master);
        let believed = self.about(master.id);
        stated
            .zip(believed)
            .is_some_and(|(stated, believed)| believed.config_epoch < stated.config_epoch)
    }

    fn differs(&self, known: &[&Belief], other: &Beliefs, but_for: &SlotSet) -> Option<Matter> {
        if self.current_epoch != other.current_epoch {
            return Some(Matter::CurrentEpoch);
        }
        let theirs = other.members();
        if let Some(id) = missing(known, &theirs).or_else(|| missing(&theirs, known)) {
            return Some(Matter::Membership(id));
        }
        known.iter().zip(&theirs).find_map(|(mine, theirs)| differs_about(mine, theirs, but_for))
    }
}

/// The first node of these that is none of those.
fn missing(these: &[&Belief], those: &[&Belief]) -> Option<NodeId> {
    let has = |id| those.binary_search_by_key(&id, |belief| belief.id).is_ok();
    these.iter().map(|belief| belief.id).find(|&id| !has(id))
}

/// In what two nodes differ about a third. The epoch and the slots of a replica are its master's.
fn differs_about(mine: &Belief, theirs: &Belief, but_for: &SlotSet) -> Option<Matter> {
    if mine.role != theirs.role {
        return Some(Matter::Role(mine.id));
    }
    if mine.role != Role::Master {
        return None;
    }
    (!mine.slots.same_but_for(theirs.slots, but_for)).then_some(Matter::Slots(mine.id))
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "actors {} and {} disagree about ", self.one.0, self.other.0)?;
        match self.about {
            Matter::CurrentEpoch => f.write_str("the current epoch"),
            Matter::Membership(id) => write!(f, "whether {id} is one of them"),
            Matter::Role(id) => write!(f, "the role of {id}"),
            Matter::ConfigEpoch(id) => write!(f, "the configuration epoch of {id}"),
            Matter::Slots(id) => write!(f, "the slots of {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Linked;
    use crate::words::{Addr, Dice, Slot};

    fn id(number: u16) -> NodeId {
        NodeId::random(&mut Dice::new(1, &number.to_string(), 0))
    }

    fn slots(range: std::ops::Range<u64>) -> SlotSet {
        range.filter_map(Slot::new).collect()
    }

    fn belief(number: u16, role: Role, slots: &SlotSet) -> Belief<'_> {
        Belief {
            id: id(number),
            addr: Addr::loopback(number),
            opinion: Opinion::Ok,
            role,
            config_epoch: u64::from(number),
            slots,
            offset: 0,
            heard_ms: 0,
            ping_sent_ms: 0,
            linked: Linked::Yes,
        }
    }

    /// Two masters, and a replica 7002 of the first.
    fn table(slots: &[SlotSet; 3]) -> Beliefs<'_> {
        let replica = Role::Replica { of: Some(id(7000)) };
        let of = vec![
            belief(7000, Role::Master, &slots[0]),
            belief(7001, Role::Master, &slots[1]),
            belief(7002, replica, &slots[2]),
        ];
        Beliefs { node: ActorId(0), id: id(7000), current_epoch: 3, of }
    }

    /// What two nodes disagree about, of which the second believes all but one thing.
    fn differs(change: impl FnOnce(&mut Beliefs<'_>)) -> Option<Matter> {
        let slots = [slots(0..100), slots(100..200), SlotSet::default()];
        let one = table(&slots);
        let mut other = table(&slots);
        other.id = id(7001);
        other.of.reverse();
        change(&mut other);
        agreement([one, other], &SlotSet::default()).err().map(|disagreement| disagreement.about)
    }

    #[test]
    fn equal_beliefs_in_any_order_agree() {
        assert_eq!(differs(|_| {}), None);
        assert_eq!(agreement([], &SlotSet::default()), Ok(()));
    }

    #[test]
    fn each_difference_is_named() {
        let nobody = Role::Replica { of: None };
        assert_eq!(differs(|other| other.current_epoch = 4), Some(Matter::CurrentEpoch));
        let smaller = differs(|other| other.of[2].config_epoch -= 1);
        assert_eq!(smaller, Some(Matter::ConfigEpoch(id(7000))));
        assert_eq!(differs(|other| other.of[2].config_epoch += 1), None);
        assert_eq!(differs(|other| other.of[0].role = nobody), Some(Matter::Role(id(7002))));
        assert_eq!(
            differs(|other| {
                other.of.remove(0);
            }),
            Some(Matter::Membership(id(7002)))
        );
        let slots = slots(0..100);
        let matter = {
            let all = [slots.clone(), SlotSet::default(), SlotSet::default()];
            let less = [SlotSet::default(), SlotSet::default(), SlotSet::default()];
            let differ = |but_for| agreement([table(&all), table(&less)], but_for);
            assert_eq!(differ(&slots), Ok(()));
            differ(&SlotSet::default()).map_err(|found| found.about)
        };
        assert_eq!(matter, Err(Matter::Slots(id(7000))));
    }

    #[test]
    fn a_stranger_in_handshake_is_no_member_yet() {
        let slots = SlotSet::default();
        let stranger = Belief { opinion: Opinion::Handshake, ..belief(7009, Role::Master, &slots) };
        let all = [slots.clone(), slots.clone(), slots.clone()];
        let mut one = table(&all);
        one.of.push(stranger);
        assert_eq!(agreement([one, table(&all)], &SlotSet::default()), Ok(()));
    }
}
