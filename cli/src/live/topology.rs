//! One node's view of the cluster, as its CLUSTER NODES tells it.

use std::collections::BTreeSet;

use hashslot_core::words::{NodeId, Slot, SlotRange};

/// A node's table of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    pub rows: Vec<Row>,
}

/// What a node says of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: NodeId,
    /// As it is written: `127.0.5.1:7000@17000`, with a hostname if there is one.
    pub address: String,
    pub flags: BTreeSet<String>,
    pub master: Option<NodeId>,
    /// When the ping was sent that waits for its answer, in Unix milliseconds; 0 if none does.
    pub ping_sent_ms: u64,
    /// When its last pong came, in Unix milliseconds; 0 if none did.
    pub pong_received_ms: u64,
    pub config_epoch: u64,
    pub is_connected: bool,
    pub slots: Vec<SlotRange>,
    /// Slots on their way, as written: `[5061->-ID]`.
    pub moving: Vec<String>,
}

impl Topology {
    /// Reads the text of CLUSTER NODES; `None` if it is none.
    pub fn parse(text: &str) -> Option<Topology> {
        let rows: Option<Vec<Row>> =
            text.lines().filter(|line| !line.is_empty()).map(Row::parse).collect();
        Some(Topology { rows: rows? })
    }

    pub fn row(&self, id: NodeId) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The node that says this.
    pub fn myself(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.has("myself"))
    }

    /// How many slots have an owner here.
    pub fn slot_count(&self) -> u32 {
        let lengths = self.rows.iter().flat_map(|row| &row.slots).map(length);
        lengths.sum()
    }

    /// Whether two nodes say the same of who is master, who replicates whom, who serves which slot,
    /// and who has failed.
    pub fn agrees_with(&self, other: &Topology) -> bool {
        let sorted = |view: &Topology| {
            let mut rows: Vec<_> = view
                .rows
                .iter()
                .map(|row| (row.id, row.has("master"), row.master, row.has("fail"), row.slots()))
                .collect();
            rows.sort_unstable_by_key(|row| row.0);
            rows
        };
        sorted(self) == sorted(other)
    }
}

impl Row {
    fn parse(line: &str) -> Option<Row> {
        let mut words = line.split_whitespace();
        let id = NodeId::parse(words.next()?.as_bytes())?;
        let address = words.next()?.to_owned();
        let flags = words.next()?.split(',').map(str::to_owned).collect();
        let master = NodeId::parse(words.next()?.as_bytes());
        let ping_sent_ms = words.next()?.parse().ok()?;
        let pong_received_ms = words.next()?.parse().ok()?;
        let config_epoch = words.next()?.parse().ok()?;
        let is_connected = words.next()? == "connected";
        let (moving, served): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.starts_with('['));
        let slots: Option<Vec<SlotRange>> = served.into_iter().map(range).collect();
        let moving = moving.into_iter().map(str::to_owned).collect();
        Some(Row {
            id,
            address,
            flags,
            master,
            ping_sent_ms,
            pong_received_ms,
            config_epoch,
            is_connected,
            slots: slots?,
            moving,
        })
    }

    /// Whether it has this flag; `fail?` is PFAIL, `fail` is FAIL.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    pub fn owns(&self, slot: Slot) -> bool {
        self.slots.iter().any(|range| range.first <= slot && slot <= range.last)
    }

    fn slots(&self) -> Vec<(u16, u16)> {
        self.slots.iter().map(|range| (range.first.number(), range.last.number())).collect()
    }
}

fn length(range: &SlotRange) -> u32 {
    u32::from(range.last.number() - range.first.number()) + 1
}

fn range(word: &str) -> Option<SlotRange> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let slot = |text: &str| Slot::new(text.parse().ok()?);
    Some(SlotRange { first: slot(first)?, last: slot(last)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
cf6da349ce52caf42110316a065ed7bc7dd409a4 127.0.5.1:7000@17000 myself,master - 0 1 7 \
connected 0-5 9 [6->-4a1ceee9886b458155b10002721717d1bd961443]
4a1ceee9886b458155b10002721717d1bd961443 127.0.5.2:7001@17001 slave,fail? \
cf6da349ce52caf42110316a065ed7bc7dd409a4 0 1795201982057 7 disconnected
";

    #[test]
    fn every_part_of_a_row_is_read() {
        let view = Topology::parse(TEXT).unwrap();
        let myself = view.myself().unwrap();
        assert!(myself.owns(Slot::new(9).unwrap()) && !myself.owns(Slot::new(6).unwrap()));
        assert_eq!((myself.moving.len(), myself.config_epoch, view.slot_count()), (1, 7, 7));
        let replica = &view.rows[1];
        assert_eq!(replica.master, Some(myself.id));
        assert!(replica.has("fail?") && !replica.has("fail") && !replica.is_connected);
        assert!(view.agrees_with(&view.clone()));
        assert_eq!(Topology::parse("ERR no"), None);
    }
}
