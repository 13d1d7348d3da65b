//! Skeletons of nodes: what the messages of a cluster cost by themselves.
//!
//! How much of the core's time would be spent anyway? A skeleton does of a node only what no
//! simulation of single messages leaves out, in plain structures; others might be faster, so this
//! is a measure and no limit. A message waits in a queue until it arrives. For each, a tenth of the
//! nodes are drawn, and when the sender last heard of them is written into it; the receiver looks
//! each of them up, and believes the later pong. A ping is answered, and whoever has not answered
//! for half of node-timeout is pinged. There are no connections, epochs, slots, roles, suspicions,
//! effects, events or causes: what makes it a cluster the core does on top of this.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashslot_core::words::{Dice, NodeId};

const TICK_US: u64 = 100_000;
const LATENCY_US: u64 = 250;
const JITTER_US: u64 = 500;
/// Twice as many places as a thousand nodes need.
const PLACES: usize = 2_048;

/// What a node knows of another one: a line of the processor's cache, as in the core.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row {
    id: NodeId,
    pong_ms: u64,
    pending: bool,
    told: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    id: NodeId,
    pong_s: u32,
}

struct Node {
    dice: Dice,
    rows: Vec<Row>,
    /// The row of an id, at the place that its first bits ask for, or close behind.
    places: Vec<Option<u16>>,
    sent: u64,
}

#[derive(Default)]
struct Message {
    from: u16,
    is_pong: bool,
    entries: Vec<Entry>,
}

/// When, in which order, to whom; and the message, unless it is a tick.
type Due = Reverse<(u64, u64, u16, Option<u32>)>;

/// A cluster of them.
pub struct Skeletons {
    nodes: Vec<Node>,
    half_timeout_ms: u64,
    queue: BinaryHeap<Due>,
    order: u64,
    dice: Dice,
    messages: Vec<Message>,
    free: Vec<u32>,
}

impl Skeletons {
    pub fn new(nodes: u16, node_timeout_ms: u64) -> Skeletons {
        let mut dice = Dice::new(1, "skeleton", 0);
        let ids: Vec<NodeId> = (0..nodes).map(|_| NodeId::random(&mut dice)).collect();
        let mut skeletons = Skeletons {
            nodes: (0..nodes).map(|node| Node::new(node, &ids)).collect(),
            half_timeout_ms: node_timeout_ms / 2,
            queue: BinaryHeap::new(),
            order: 0,
            dice,
            messages: Vec::new(),
            free: Vec::new(),
        };
        for node in 0..nodes {
            let at_us = skeletons.dice.below(TICK_US);
            skeletons.push(at_us, node, None);
        }
        skeletons
    }

    /// Lets everything happen that is due up to this time.
    pub fn run_until(&mut self, until_us: u64) {
        while self.queue.peek().is_some_and(|due| due.0.0 <= until_us)
            && let Some(Reverse((now_us, _, to, message))) = self.queue.pop()
        {
            match message {
                None => self.tick(to, now_us),
                Some(place) => self.receive(to, now_us, place),
            }
        }
    }

    fn push(&mut self, at_us: u64, to: u16, message: Option<u32>) {
        self.queue.push(Reverse((at_us, self.order, to, message)));
        self.order += 1;
    }

    fn tick(&mut self, node: u16, now_us: u64) {
        let old_ms = (now_us / 1_000).saturating_sub(self.half_timeout_ms);
        for peer in 0..self.nodes.len() as u16 {
            let row = &mut self.nodes[usize::from(node)].rows[usize::from(peer)];
            if peer != node && !row.pending && row.pong_ms < old_ms {
                row.pending = true;
                self.send(node, peer, now_us, false);
            }
        }
        self.push(now_us + TICK_US, node, None);
    }

    fn send(&mut self, from: u16, to: u16, now_us: u64, is_pong: bool) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.messages.push(Message::default());
            self.messages.len() as u32 - 1
        });
        let message = &mut self.messages[place as usize];
        (message.from, message.is_pong) = (from, is_pong);
        self.nodes[usize::from(from)].tell(from, &mut message.entries);
        let at_us = now_us + LATENCY_US + self.dice.below(JITTER_US);
        self.push(at_us, to, Some(place));
    }

    fn receive(&mut self, to: u16, now_us: u64, place: u32) {
        let message = std::mem::take(&mut self.messages[place as usize]);
        if !message.is_pong {
            self.send(to, message.from, now_us, true);
        }
        let node = &mut self.nodes[usize::from(to)];
        if message.is_pong {
            let row = &mut node.rows[usize::from(message.from)];
            (row.pending, row.pong_ms) = (false, now_us / 1_000);
        }
        message.entries.iter().for_each(|entry| node.hear(entry));
        self.messages[place as usize] = message;
        self.free.push(place);
    }
}

impl Node {
    fn new(node: u16, ids: &[NodeId]) -> Node {
        let row = |&id| Row { id, pong_ms: 0, pending: false, told: 0 };
        let mut places = vec![None; PLACES];
        for (index, id) in ids.iter().enumerate() {
            let mut at = home(id);
            while places[at].is_some() {
                at = (at + 1) % PLACES;
            }
            places[at] = Some(index as u16);
        }
        let dice = Dice::new(1, &node.to_string(), 0);
        Node { dice, rows: ids.iter().map(row).collect(), places, sent: 0 }
    }

    fn tell(&mut self, myself: u16, entries: &mut Vec<Entry>) {
        let known = self.rows.len();
        self.sent += 1;
        entries.clear();
        for _ in 0..known / 10 * 3 {
            if entries.len() >= known / 10 {
                break;
            }
            let index = self.dice.below(known as u64) as usize;
            let row = &mut self.rows[index];
            if index != usize::from(myself) && row.told != self.sent {
                row.told = self.sent;
                entries.push(Entry { id: row.id, pong_s: (row.pong_ms / 1_000) as u32 });
            }
        }
    }

    fn hear(&mut self, entry: &Entry) {
        let mut at = home(&entry.id);
        while let Some(index) = self.places[at] {
            let row = &mut self.rows[usize::from(index)];
            if row.id == entry.id {
                if !row.pending {
                    row.pong_ms = row.pong_ms.max(u64::from(entry.pong_s) * 1_000);
                }
                return;
            }
            at = (at + 1) % PLACES;
        }
    }
}

fn home(id: &NodeId) -> usize {
    id.word() as usize % PLACES
}
