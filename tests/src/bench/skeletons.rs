//! Skeletons of nodes: what the messages of a cluster cost by themselves.
//!
//! How much of the core's time would be spent anyway? A skeleton does of a node only what no
//! simulation of single messages leaves out, in lean structures: times in arrays, nodes as numbers
//! that mean the same to everybody, a wheel of microseconds instead of a heap, memory that is used
//! again. A message waits until it arrives. For each, a tenth of the nodes are drawn, and when the
//! sender last heard of them is written into it; the receiver believes the later pong. A ping is
//! answered, and whoever has not answered for half of node-timeout is pinged. There are no ids,
//! connections, epochs, slots, roles, suspicions, effects, events, causes or digests: what makes it
//! a cluster the core does on top of this.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashslot_core::words::Dice;

const TICK_US: u64 = 100_000;
const TICK_LATE_US: u64 = 1_000;
const LATENCY_US: u64 = 200;
const JITTER_US: u64 = 200;
/// As many nodes as a number has bits.
const NODES_MAX: usize = 128;
const ENTRIES_MAX: usize = NODES_MAX / 10;
/// More microseconds than any message takes.
const WHEEL: usize = 512;

struct Node {
    dice: Dice,
    pong_ms: [u32; NODES_MAX],
    /// The pong that is news must be later than this: the last one, or none while the answer of
    /// this node is awaited.
    news_after_ms: [u32; NODES_MAX],
    /// A bit for each node whose answer is awaited.
    pending: u128,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    about: u8,
    pong_s: u32,
}

#[derive(Clone, Default)]
struct Message {
    from: u8,
    to: u8,
    is_pong: bool,
    entries: [Entry; ENTRIES_MAX],
    /// The place of the one that arrives next in the same microsecond, or that is free, too.
    next: Option<u16>,
}

/// The first and the last message that arrive in a microsecond.
#[derive(Clone, Copy)]
struct Bunch {
    first: u16,
    last: u16,
}

/// A cluster of them.
pub struct Skeletons {
    nodes: Vec<Node>,
    half_timeout_ms: u64,
    now_us: u64,
    ticks: BinaryHeap<Reverse<(u64, u8)>>,
    /// What arrives in the next microseconds, and a bit for each of these in which anything does.
    wheel: [Option<Bunch>; WHEEL],
    taken: [u64; WHEEL / 64],
    messages: Vec<Message>,
    free: Option<u16>,
    dice: Dice,
    delivered: u64,
    /// The number of the last message that tells of each node.
    told: [u64; NODES_MAX],
    sent: u64,
}

impl Skeletons {
    pub fn new(nodes: u16, node_timeout_ms: u64) -> Skeletons {
        assert!(usize::from(nodes) <= NODES_MAX);
        let mut dice = Dice::new(1, "skeletons", 0);
        let ticks = (0..nodes as u8).map(|node| Reverse((dice.below(TICK_US), node))).collect();
        Skeletons {
            nodes: (0..nodes).map(Node::new).collect(),
            half_timeout_ms: node_timeout_ms / 2,
            now_us: 0,
            ticks,
            wheel: [None; WHEEL],
            taken: [0; WHEEL / 64],
            messages: Vec::new(),
            free: None,
            dice,
            delivered: 0,
            told: [0; NODES_MAX],
            sent: 0,
        }
    }

    /// How many messages have arrived.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Lets everything happen that is due until this time, at which a node ticks or nothing is due.
    pub fn run_until(&mut self, until_us: u64) {
        while let Some(&Reverse((at_us, node))) = self.ticks.peek()
            && at_us <= until_us
        {
            self.ticks.pop();
            self.deliver_before(at_us);
            self.now_us = at_us;
            self.tick(node);
            let next_us = at_us + TICK_US + self.dice.below(TICK_LATE_US + 1);
            self.ticks.push(Reverse((next_us, node)));
        }
    }

    fn deliver_before(&mut self, end_us: u64) {
        while let Some(at_us) = self.next_arrival(end_us) {
            self.now_us = at_us;
            let turn = at_us as usize % WHEEL;
            self.taken[turn / 64] &= !(1 << (turn % 64));
            let mut next = self.wheel[turn].take().map(|bunch| bunch.first);
            while let Some(place) = next {
                next = self.messages[usize::from(place)].next;
                self.receive(place);
                self.messages[usize::from(place)].next = self.free.replace(place);
            }
        }
    }

    /// When the next message arrives, if it does so before `end_us`.
    fn next_arrival(&self, end_us: u64) -> Option<u64> {
        let turn = self.now_us as usize % WHEEL;
        let mut word = turn / 64;
        let mut first_us = self.now_us - turn as u64 % 64;
        let mut bits = self.taken[word] & !0 << (turn % 64);
        for _ in 0..=self.taken.len() {
            if bits != 0 {
                let at_us = first_us + u64::from(bits.trailing_zeros());
                return (at_us < end_us).then_some(at_us);
            }
            word = (word + 1) % self.taken.len();
            first_us += 64;
            bits = self.taken[word];
        }
        None
    }

    fn tick(&mut self, node: u8) {
        let count = self.nodes.len();
        let Node { pong_ms, pending, .. } = &mut self.nodes[usize::from(node)];
        let old_ms = (self.now_us / 1_000).saturating_sub(self.half_timeout_ms) as u32;
        let is_old = |(peer, &pong_ms): (usize, &u32)| u128::from(pong_ms < old_ms) << peer;
        let old = pong_ms[..count].iter().enumerate().map(is_old).fold(0, |all, one| all | one);
        let mut due = old & !*pending & !(1 << node);
        *pending |= due;
        while due != 0 {
            let peer = due.trailing_zeros() as u8;
            self.nodes[usize::from(node)].news_after_ms[usize::from(peer)] = u32::MAX;
            self.send(node, peer, false);
            due &= due - 1;
        }
    }

    fn send(&mut self, from: u8, to: u8, is_pong: bool) {
        let place = self.free.unwrap_or_else(|| {
            self.messages.push(Message::default());
            (self.messages.len() - 1) as u16
        });
        let known = self.nodes.len();
        let message = &mut self.messages[usize::from(place)];
        self.free = message.next.take();
        (message.from, message.to, message.is_pong) = (from, to, is_pong);
        self.sent += 1;
        self.told[usize::from(from)] = self.sent;
        let entries = &mut message.entries[..known / 10];
        self.nodes[usize::from(from)].tell(known, entries, (&mut self.told, self.sent));
        let at_us = self.now_us + LATENCY_US + self.dice.below(JITTER_US + 1);
        self.put(at_us as usize % WHEEL, place);
    }

    fn put(&mut self, turn: usize, place: u16) {
        self.taken[turn / 64] |= 1 << (turn % 64);
        match &mut self.wheel[turn] {
            Some(bunch) => {
                self.messages[usize::from(bunch.last)].next = Some(place);
                bunch.last = place;
            }
            empty => *empty = Some(Bunch { first: place, last: place }),
        }
    }

    fn receive(&mut self, place: u16) {
        self.delivered += 1;
        let now_ms = (self.now_us / 1_000) as u32;
        let Message { from, to, is_pong, .. } = self.messages[usize::from(place)];
        if is_pong {
            let node = &mut self.nodes[usize::from(to)];
            node.hear_pong(from, now_ms);
            node.pending &= !(1 << from);
        } else {
            self.send(to, from, true);
        }
        let entries = self.nodes.len() / 10;
        let node = &mut self.nodes[usize::from(to)];
        node.hear(&self.messages[usize::from(place)].entries[..entries]);
    }
}

impl Node {
    fn new(node: u16) -> Node {
        let dice = Dice::new(1, &node.to_string(), 0);
        Node { dice, pong_ms: [0; NODES_MAX], news_after_ms: [0; NODES_MAX], pending: 0 }
    }

    /// Tells of nodes that this message has not told of.
    fn tell(
        &mut self,
        known: usize,
        entries: &mut [Entry],
        (told, number): (&mut [u64; NODES_MAX], u64),
    ) {
        for entry in entries {
            let about = loop {
                let drawn = self.dice.below(known as u64) as usize % NODES_MAX;
                if std::mem::replace(&mut told[drawn], number) != number {
                    break drawn;
                }
            };
            *entry = Entry { about: about as u8, pong_s: self.pong_ms[about] / 1_000 };
        }
    }

    fn hear_pong(&mut self, of: u8, pong_ms: u32) {
        self.pong_ms[usize::from(of)] = pong_ms;
        self.news_after_ms[usize::from(of)] = pong_ms;
    }

    fn hear(&mut self, entries: &[Entry]) {
        for entry in entries {
            let about = usize::from(entry.about) % NODES_MAX;
            let pong_ms = entry.pong_s * 1_000;
            if pong_ms > self.news_after_ms[about] {
                self.hear_pong(entry.about, pong_ms);
            }
        }
    }
}
