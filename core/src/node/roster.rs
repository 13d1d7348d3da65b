//! The roster: from a node's id to its row.
//!
//! The problem: every gossip entry names a node by its id, so nothing is asked more often than
//! which row that is (Redis 7.0, `cluster.c: clusterLookupNode`, a dict). The idea: ids are random
//! bits, so their first bits are as good a place in a table as any hash. Whoever finds its place
//! taken goes to the next free one; at least half of the table is empty.

use super::peers::PeerIdx;
use crate::words::NodeId;

/// The rows of all known nodes, each at the place that its id asks for, or close behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    /// As many as a power of two.
    places: Vec<Place>,
    count: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// By which the id is told from most others.
    tag: u16,
    row: Option<PeerIdx>,
}

/// Where an id wants to be, and its tag.
fn home_and_tag(id: NodeId) -> (usize, u16) {
    let [a, b, c, d, ..] = *id.as_bytes();
    (usize::from(u16::from_le_bytes([a, b])), u16::from_le_bytes([c, d]))
}

/// Throughout, `id_of` tells the id of a row.
impl Roster {
    /// The row of a node.
    pub fn find(&self, id: NodeId, id_of: impl Fn(PeerIdx) -> NodeId) -> Option<PeerIdx> {
        let mask = self.places.len().checked_sub(1)?;
        let (home, tag) = home_and_tag(id);
        let mut at = home & mask;
        loop {
            let place = self.places[at];
            let row = place.row?;
            if place.tag == tag && id_of(row) == id {
                return Some(row);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a node that is not in it.
    pub fn add(&mut self, id: NodeId, row: PeerIdx, id_of: impl Fn(PeerIdx) -> NodeId) {
        if 2 * (self.count + 1) > self.places.len() {
            let larger = vec![Place::default(); (2 * self.places.len()).max(16)];
            let places = std::mem::replace(&mut self.places, larger);
            let rows = places.into_iter().filter_map(|place| place.row);
            rows.for_each(|row| self.put(id_of(row), row));
        }
        self.put(id, row);
        self.count += 1;
    }

    fn put(&mut self, id: NodeId, row: PeerIdx) {
        let mask = self.places.len() - 1;
        let (home, tag) = home_and_tag(id);
        let mut at = home & mask;
        while self.places[at].row.is_some() {
            at = (at + 1) & mask;
        }
        self.places[at] = Place { tag, row: Some(row) };
    }

    /// Takes a node out; those behind it that could be closer to their homes move up.
    pub fn remove(&mut self, id: NodeId, row: PeerIdx, id_of: impl Fn(PeerIdx) -> NodeId) {
        let mask = self.places.len() - 1;
        let mut hole = home_and_tag(id).0 & mask;
        while self.places[hole].row != Some(row) {
            assert!(self.places[hole].row.is_some(), "only who is in it is taken out");
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            let Some(row) = place.row else { break };
            let from_home = at.wrapping_sub(home_and_tag(id_of(row)).0) & mask;
            if from_home >= at.wrapping_sub(hole) & mask {
                self.places[hole] = place;
                hole = at;
            }
        }
        self.places[hole] = Place::default();
        self.count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;

    /// Some thousand additions and removals, beside a list that is searched from end to end.
    #[test]
    fn a_roster_finds_who_is_in_it_and_nobody_else() {
        let mut dice = Dice::new(7, "roster", 0);
        let mut roster = Roster::default();
        let mut ids: Vec<(NodeId, bool)> = Vec::new();
        for _ in 0..6_000 {
            if ids.is_empty() || dice.below(3) > 0 {
                let id = NodeId::random(&mut dice);
                ids.push((id, true));
                roster.add(id, PeerIdx::of_row(ids.len() - 1), |known| ids[known.row()].0);
            } else {
                let at = dice.below(ids.len() as u64) as usize;
                if std::mem::take(&mut ids[at].1) {
                    let row = PeerIdx::of_row(at);
                    roster.remove(ids[at].0, row, |known| ids[known.row()].0);
                }
            }
        }
        for (row, &(id, is_in)) in ids.iter().enumerate() {
            let found = roster.find(id, |known| ids[known.row()].0);
            assert_eq!(found, is_in.then(|| PeerIdx::of_row(row)));
        }
        let stranger = NodeId::random(&mut dice);
        assert_eq!(roster.find(stranger, |known| ids[known.row()].0), None);
    }
}
