//! What nodes.conf keeps of each node, in the order of the file.
//!
//! The problem: a node of a large cluster writes its file thousands of times while the cluster
//! forms, and each time a few nodes are new or different. The idea: the contents lie by row, and
//! only those rows are written anew that changed since the last time; of those that only aged,
//! nothing but their times.

use super::durable::Saved;
use super::peers::{MYSELF, PeerIdx, Peers};

#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// In the order of the file; those in handshake are among them.
    order: Vec<PeerIdx>,
    /// By row; nothing of those in handshake.
    rows: Vec<Option<Saved>>,
}

impl Kept {
    /// Adds a node that was read from a file.
    pub(super) fn push(&mut self, saved: Saved) {
        self.order.push(PeerIdx::of_row(self.rows.len()));
        self.rows.push(Some(saved));
    }

    /// The node at this place becomes the first one.
    pub(super) fn bring_to_front(&mut self, place: usize) {
        self.order[..=place].rotate_right(1);
    }

    /// The nodes in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Saved> {
        self.order.iter().filter_map(|index| self.rows[index.row()].as_ref())
    }

    /// Brings it up to date with what a node believes now.
    pub(super) fn update(&mut self, peers: &Peers) {
        self.rows.resize(self.rows.len().max(peers.rows()), None);
        for index in peers.aged() {
            if let Some(saved) = &mut self.rows[index.row()] {
                saved.ping_sent_ms = peers[index].ping_sent_ms;
                saved.pong_received_ms = peers[index].pong_received_ms;
            }
        }
        for index in peers.changed() {
            self.write(peers, index);
            // What is written of a replica names its master and its master's epoch.
            for replica in peers.replicas_of(index) {
                self.write(peers, replica);
            }
        }
        self.order.clear();
        self.order.extend_from_slice(peers.indices());
    }

    fn write(&mut self, peers: &Peers, index: PeerIdx) {
        let is_kept = index == MYSELF || !peers[index].in_handshake();
        self.rows[index.row()] = is_kept.then(|| Saved::of(peers, index));
    }
}

#[cfg(test)]
mod tests {
    use super::super::peers::{Cold, Flags, Peer};
    use super::*;
    use crate::words::{Addr, ConnId, Dice, NodeId, Slot};

    fn stranger(dice: &mut Dice) -> Peer {
        let flags = [Flags::MASTER, Flags::REPLICA, Flags::HANDSHAKE][dice.below(3) as usize];
        Peer::new(NodeId::random(dice), Addr::loopback(dice.below(9_999) as u16), flags)
    }

    /// Somebody's belief changes, or somebody is learned or forgotten.
    fn change(peers: &mut Peers, dice: &mut Dice) {
        let mut any = || peers.indices()[dice.below(peers.len() as u64) as usize];
        let (index, other) = (any(), any());
        let number = dice.below(1_000);
        match dice.below(14) {
            0 | 1 if peers.len() < 40 => {
                let peer = stranger(dice);
                peers.add(peer, Cold::new(number));
            }
            2 if index != MYSELF => peers.remove(index),
            3 => peers.rename(index, NodeId::random(dice)),
            4 => peers.set_master(index, (index != other).then_some(other)),
            5 => peers.set_master(index, None),
            6 => peers.ping(index, number),
            7 => peers.pong(index, number),
            8 => peers.refresh(index, number),
            9 => peers.cold_mut(index).config_epoch = number,
            10 => peers[index].flags = stranger(dice).flags,
            11 => peers[index].link = number.is_multiple_of(2).then_some(ConnId(1)),
            12 => peers.add_slot(index, Slot::new(number).expect("a slot")),
            13 => peers.remove_slot(index, Slot::new(number).expect("a slot")),
            _ => {}
        }
    }

    fn text(kept: &Kept) -> Vec<String> {
        kept.iter().map(|saved| format!("{saved:?}")).collect()
    }

    #[test]
    fn what_is_brought_up_to_date_is_as_if_it_were_written_anew() {
        let mut dice = Dice::new(11, "kept", 0);
        let mut peers = Peers::new(stranger(&mut dice), Cold::new(0));
        let mut kept = Kept::default();
        for _ in 0..20_000 {
            change(&mut peers, &mut dice);
            if dice.below(4) > 0 {
                continue;
            }
            kept.update(&peers);
            peers.all_kept();
            let (mut anew, mut all) = (Kept::default(), peers.clone());
            for &index in peers.indices() {
                all.cold_mut(index);
            }
            anew.update(&all);
            assert_eq!(text(&kept), text(&anew));
        }
    }
}
