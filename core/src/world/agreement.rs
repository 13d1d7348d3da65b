//! Agreement: what a cluster comes back to when nothing disturbs it.
//!
//! The rule (Redis 7.0, `cluster.c`): every ping carries the sender's epochs, role and slots, and of
//! two claims to a slot the one with the greater configuration epoch wins. So a minute after the last
//! fault has healed, all nodes believe the same of every node: who is master, who replicates whom,
//! which slots each master serves with which epoch, and what the current epoch is. Marks of failure
//! are no part of it: they are opinions, and come and go.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::node::peers::{PeerIdx, Peers};
use crate::words::{ActorId, NodeId};

/// What one running node believes.
#[derive(Clone, Copy)]
pub struct Belief<'a> {
    pub node: ActorId,
    pub current_epoch: u64,
    pub peers: &'a Peers,
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
    /// The configuration epoch of this master.
    ConfigEpoch(NodeId),
    /// The slots of this master.
    Slots(NodeId),
}

/// Whether all running nodes believe the same; if not, the first two that do not.
pub fn agreement<'a>(beliefs: impl IntoIterator<Item = Belief<'a>>) -> Result<(), Disagreement> {
    let mut beliefs = beliefs.into_iter();
    let Some(one) = beliefs.next() else {
        return Ok(());
    };
    let known = one.members();
    for other in beliefs {
        if let Some(about) = one.differs(&known, &other) {
            return Err(Disagreement { one: one.node, other: other.node, about });
        }
    }
    Ok(())
}

impl Belief<'_> {
    /// The nodes that it knows, by name; those in handshake have no name yet.
    fn members(&self) -> Vec<(NodeId, PeerIdx)> {
        let rows = self.peers.indices().iter();
        let named = rows.filter(|&&row| !self.peers[row].in_handshake());
        let mut members: Vec<_> = named.map(|&row| (self.peers[row].id, row)).collect();
        members.sort_by_key(|&(id, _)| id);
        members
    }

    fn differs(&self, known: &[(NodeId, PeerIdx)], other: &Belief) -> Option<Matter> {
        if self.current_epoch != other.current_epoch {
            return Some(Matter::CurrentEpoch);
        }
        let theirs = other.members();
        let missing = |these: &[(NodeId, PeerIdx)], those: &[(NodeId, PeerIdx)]| {
            let has = |id| those.binary_search_by_key(&id, |&(id, _)| id).is_ok();
            these.iter().map(|&(id, _)| id).find(|&id| !has(id))
        };
        if let Some(id) = missing(known, &theirs).or_else(|| missing(&theirs, known)) {
            return Some(Matter::Membership(id));
        }
        known.iter().zip(&theirs).find_map(|(&(id, mine), &(_, theirs))| {
            differs_about(id, (self.peers, mine), (other.peers, theirs))
        })
    }
}

fn differs_about(
    id: NodeId,
    (mine, row): (&Peers, PeerIdx),
    (theirs, other): (&Peers, PeerIdx),
) -> Option<Matter> {
    let master = |peers: &Peers, row: PeerIdx| peers[row].master.map(|master| peers[master].id);
    if mine[row].is_master() != theirs[other].is_master()
        || master(mine, row) != master(theirs, other)
    {
        return Some(Matter::Role(id));
    }
    if !mine[row].is_master() {
        return None;
    }
    let (mine, theirs) = (mine.cold(row), theirs.cold(other));
    if !mine.slots.same(&theirs.slots) {
        return Some(Matter::Slots(id));
    }
    (mine.config_epoch != theirs.config_epoch).then_some(Matter::ConfigEpoch(id))
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
    use crate::node::peers::{Cold, Flags, MYSELF, Peer};
    use crate::words::{Addr, Dice, Slot, SlotSet};

    fn id(number: u16) -> NodeId {
        NodeId::random(&mut Dice::new(1, &number.to_string(), 0))
    }

    fn peer(number: u16, flags: Flags) -> Peer {
        Peer {
            id: id(number),
            flags,
            master: None,
            addr: Addr::loopback(number),
            ping_sent_ms: 0,
            pong_received_ms: 0,
            data_received_ms: 0,
            link: None,
        }
    }

    fn owns(slots: std::ops::Range<u64>, config_epoch: u64) -> Cold {
        let slots: SlotSet = slots.filter_map(Slot::new).collect();
        Cold { slots, config_epoch, ..Cold::default() }
    }

    /// The table of `me`, one of two masters, with a replica 7002 of the first.
    fn table(me: u16) -> Peers {
        let cold = |number| match number {
            7000 => owns(0..100, 1),
            7001 => owns(100..200, 2),
            _ => Cold::default(),
        };
        let flags = |number| if number == 7002 { Flags::REPLICA } else { Flags::MASTER };
        let mut peers = Peers::new(peer(me, flags(me)), cold(me));
        for number in [7000, 7001, 7002] {
            if number != me {
                peers.add(peer(number, flags(number)), cold(number));
            }
        }
        let replica = peers.find(id(7002)).unwrap();
        let master = peers.find(id(7000));
        peers.set_master(replica, master);
        peers
    }

    fn compare(one: &Peers, other: &Peers, epochs: (u64, u64)) -> Option<Matter> {
        let belief = |number, current_epoch, peers| Belief {
            node: ActorId(number),
            current_epoch,
            peers,
        };
        agreement([belief(0, epochs.0, one), belief(1, epochs.1, other)])
            .err()
            .map(|disagreement| disagreement.about)
    }

    #[test]
    fn equal_beliefs_in_any_order_agree() {
        assert_eq!(compare(&table(7000), &table(7001), (3, 3)), None);
        assert_eq!(compare(&table(7002), &table(7001), (3, 3)), None);
    }

    #[test]
    fn each_difference_is_named() {
        let one = table(7000);
        assert_eq!(compare(&one, &table(7001), (3, 4)), Some(Matter::CurrentEpoch));

        let mut other = table(7001);
        other.cold_mut(MYSELF).config_epoch = 9;
        assert_eq!(compare(&one, &other, (3, 3)), Some(Matter::ConfigEpoch(id(7001))));

        let mut other = table(7001);
        other.cold_mut(MYSELF).slots = SlotSet::default();
        assert_eq!(compare(&one, &other, (3, 3)), Some(Matter::Slots(id(7001))));

        let mut other = table(7001);
        let replica = other.find(id(7002)).unwrap();
        other.set_master(replica, Some(MYSELF));
        assert_eq!(compare(&one, &other, (3, 3)), Some(Matter::Role(id(7002))));

        let mut other = table(7001);
        other.remove(other.find(id(7002)).unwrap());
        assert_eq!(compare(&one, &other, (3, 3)), Some(Matter::Membership(id(7002))));
    }

    #[test]
    fn a_stranger_in_handshake_is_no_member_yet() {
        let mut one = table(7000);
        one.add(peer(7009, Flags::HANDSHAKE), Cold::default());
        assert_eq!(compare(&one, &table(7001), (3, 3)), None);
    }
}
