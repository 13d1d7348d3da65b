//! Who replicates whom: the replicas of each master, in the order in which they were learned.
//!
//! The idea: nobody replicates two masters, so each row has room for one neighbour, and the
//! replicas of a master are a chain through their own rows. A million beliefs of a cluster of a
//! thousand then need no list each.

use super::peers::PeerIdx;

#[derive(Clone, Debug, Default)]
pub(super) struct Replicas(Vec<Link>);

/// The place of one row: as a master, and as a replica.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    /// Of its own replicas.
    first: Option<PeerIdx>,
    last: Option<PeerIdx>,
    /// The next replica of its master.
    next: Option<PeerIdx>,
}

impl Replicas {
    pub fn of(&self, master: PeerIdx) -> impl Iterator<Item = PeerIdx> + Clone + '_ {
        std::iter::successors(self.link(master).first, |&replica| self.link(replica).next)
    }

    /// Adds one that replicates nobody.
    pub fn add(&mut self, master: PeerIdx, replica: PeerIdx) {
        self.link_mut(replica).next = None;
        match self.link_mut(master).last.replace(replica) {
            Some(last) => self.link_mut(last).next = Some(replica),
            None => self.link_mut(master).first = Some(replica),
        }
    }

    /// Takes one of this master's out.
    pub fn remove(&mut self, master: PeerIdx, replica: PeerIdx) {
        let next = self.link(replica).next;
        let before = self.of(master).find(|&other| self.link(other).next == Some(replica));
        match before {
            Some(before) => self.link_mut(before).next = next,
            None => self.link_mut(master).first = next,
        }
        if next.is_none() {
            self.link_mut(master).last = before;
        }
    }

    /// This master is no more.
    pub fn forget_those_of(&mut self, master: PeerIdx) {
        let link = self.link_mut(master);
        (link.first, link.last) = (None, None);
    }

    fn link(&self, index: PeerIdx) -> Link {
        self.0.get(index.row()).copied().unwrap_or_default()
    }

    fn link_mut(&mut self, index: PeerIdx) -> &mut Link {
        let row = index.row();
        if self.0.len() <= row {
            self.0.resize(row + 1, Link::default());
        }
        &mut self.0[row]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;

    /// Some thousand moves between a few masters, beside lists.
    #[test]
    fn each_master_has_its_replicas_in_the_order_in_which_they_came() {
        let mut dice = Dice::new(5, "replicas", 0);
        let mut replicas = Replicas::default();
        let mut lists: [Vec<PeerIdx>; 4] = Default::default();
        for _ in 0..4_000 {
            let replica = PeerIdx::of_row(4 + dice.below(12) as usize);
            if let Some(master) = lists.iter().position(|list| list.contains(&replica)) {
                lists[master].retain(|&other| other != replica);
                replicas.remove(PeerIdx::of_row(master), replica);
            } else {
                let master = dice.below(4) as usize;
                lists[master].push(replica);
                replicas.add(PeerIdx::of_row(master), replica);
            }
            for (master, list) in lists.iter().enumerate() {
                assert!(replicas.of(PeerIdx::of_row(master)).eq(list.iter().copied()));
            }
        }
    }
}
