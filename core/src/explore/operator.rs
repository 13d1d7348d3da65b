//! The operator: somebody who moves slots and plans failovers while faults fall.
//!
//! The problem: faults alone never open a slot nor promote a healthy replica, and on those paths
//! two rights to one slot meet. The idea: beside the faults works somebody who knows no fear. Slots
//! are moved in the order of `redis-cli --cluster reshard` (Redis 7.0, `redis-cli.c:
//! clusterManagerMoveSlot`): IMPORTING at the target, MIGRATING at the source, MIGRATE, NODE at the
//! target, NODE at the source; but with pauses, several at a time; some are never ended, and some
//! are called off half-way (STABLE at both ends), wherever the keys are by then. Like redis-cli it
//! gives a move up at its first error, which only the player of the schedule can see: the steps of
//! a move carry its number. And nodes are told to fail over, in all three forms.

use super::schedule::{FAULTS_FOR, Fault, Timed};
use crate::words::{ActorId, Dice, NodeId, Slot, Span};
use crate::world::client::KeyNumber;
use crate::world::ledger::{key_name, key_slot};
use crate::world::setup::slots_of;
use crate::world::step::{ClientName, Port, Step};
use crate::world::{Setup, World};

/// The keys of the workload; only slots with such keys are moved.
pub(super) const KEYS: u32 = 50;
/// How many moves are open at a time, at most.
const OPEN_MAX: usize = 3;

/// A slot on its way.
struct Move {
    number: u32,
    key: KeyNumber,
    from: Node,
    to: Node,
    /// How many of its steps were taken.
    stage: usize,
}

#[derive(Clone, Copy)]
struct Node {
    port: Port,
    id: NodeId,
}

/// Somebody who acts at random moments.
struct Operator {
    dice: Dice,
    masters: usize,
    nodes: Vec<Node>,
    open: Vec<Move>,
    begun: u32,
}

/// What the operator of a cluster's seed does while faults fall.
pub(super) fn operate(setup: &Setup) -> Vec<Timed> {
    let mut operator = Operator::new(setup);
    let mut steps = Vec::new();
    let mut at = Span::from_secs(1);
    while at < FAULTS_FOR {
        steps.extend(operator.act(setup, at));
        at = at + Span::from_micros(50_000 + operator.dice.below(2_500_000));
    }
    steps
}

/// The slot that a step opens or gives away.
pub(super) fn moved_slot(step: &Step) -> Option<Slot> {
    let Step::Command { args, .. } = step else { return None };
    match &args[..] {
        [_, verb, slot, ..] if &verb[..] == b"SETSLOT" => {
            Slot::new(std::str::from_utf8(slot).ok()?.parse().ok()?)
        }
        _ => None,
    }
}

/// The kind of a step that only an operator takes.
pub(super) fn kind_of(step: &Step) -> Option<Fault> {
    let Step::Command { args, .. } = step else { return None };
    let words: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
    Some(match words[..] {
        [b"CLUSTER", b"SETSLOT", _, b"IMPORTING" | b"MIGRATING", _] => Fault::OpenSlot,
        [b"CLUSTER", b"SETSLOT", _, b"NODE", _] => Fault::GiveSlot,
        [b"CLUSTER", b"SETSLOT", _, b"STABLE"] => Fault::CloseSlot,
        [b"MIGRATE", ..] => Fault::Migrate,
        [b"CLUSTER", b"FAILOVER"] => Fault::Failover,
        [b"CLUSTER", b"FAILOVER", b"FORCE"] => Fault::FailoverForce,
        [b"CLUSTER", b"FAILOVER", b"TAKEOVER"] => Fault::Takeover,
        _ => return None,
    })
}

impl Operator {
    fn new(setup: &Setup) -> Operator {
        // Ids are drawn when the nodes are made, so a world that nobody runs knows them.
        let world = World::new(setup.clone());
        let node = |(_, port, server): (ActorId, Port, &crate::world::actor::Server)| Node {
            port,
            id: server.node.id(),
        };
        Operator {
            dice: Dice::new(setup.seed, "operator", 0),
            masters: usize::from(setup.masters),
            nodes: world.servers().map(node).collect(),
            open: Vec::new(),
            begun: 0,
        }
    }

    fn act(&mut self, setup: &Setup, at: Span) -> Vec<Timed> {
        match self.dice.below(10) {
            0 => self.fail_over("", at),
            1 => self.fail_over(" FORCE", at),
            2 if self.dice.below(2) == 0 => self.fail_over(" TAKEOVER", at),
            _ => self.move_on(setup, at),
        }
    }

    fn fail_over(&mut self, how: &str, at: Span) -> Vec<Timed> {
        let node = self.nodes[self.dice.below(self.nodes.len() as u64) as usize];
        vec![Timed { at, step: command(node, &format!("CLUSTER FAILOVER{how}")), part: None }]
    }

    /// The next step of a move, or all that are left.
    fn move_on(&mut self, setup: &Setup, at: Span) -> Vec<Timed> {
        if self.open.is_empty() || self.open.len() < OPEN_MAX && self.dice.below(4) == 0 {
            let begun = self.begin(setup);
            self.open.push(begun);
        }
        let place = self.dice.below(self.open.len() as u64) as usize;
        let left = Move::STEPS - self.open[place].stage;
        let count = if self.dice.below(3) == 0 { left } else { 1 };
        let mut one = self.open.swap_remove(place);
        let steps = (0..count).map(|_| Timed { at, step: one.next(), part: Some(one.number) });
        let mut steps: Vec<Timed> = steps.collect();
        if one.stage == Move::STEPS {
            return steps;
        }
        match self.dice.below(12) {
            0 => {}
            1 => steps.extend(one.call_off(at)),
            _ => self.open.push(one),
        }
        steps
    }

    /// A slot of a random key goes from the shard that had it first to another.
    fn begin(&mut self, setup: &Setup) -> Move {
        let key = self.dice.below(u64::from(KEYS)) as KeyNumber;
        let slot = u64::from(key_slot(key).number());
        let owns = |&master: &usize| {
            slots_of(master as u16, setup.masters)
                .is_some_and(|(first, last)| (first..=last).contains(&slot))
        };
        let source = (0..self.masters).find(owns).unwrap_or(0);
        let ahead = 1 + self.dice.below(self.masters.max(2) as u64 - 1) as usize;
        let mut ends = [source, (source + ahead) % self.masters];
        if self.dice.below(3) == 0 {
            ends.reverse();
        }
        let [from, to] = ends.map(|shard| self.member(shard));
        self.begun += 1;
        Move { number: self.begun, key, from, to, stage: 0 }
    }

    /// The first master of a shard, or sometimes one of its first replicas.
    fn member(&mut self, shard: usize) -> Node {
        let size = self.nodes.len() / self.masters;
        let place = match self.dice.below(3) {
            0 => self.dice.below(size as u64) as usize,
            _ => 0,
        };
        self.nodes[shard + place * self.masters]
    }
}

impl Move {
    const STEPS: usize = 5;

    fn next(&mut self) -> Step {
        let Move { from, to, .. } = *self;
        let (slot, key) = (key_slot(self.key), key_name(self.key));
        let key = String::from_utf8_lossy(&key).into_owned();
        let stage = self.stage;
        self.stage += 1;
        match stage {
            0 => command(to, &format!("CLUSTER SETSLOT {slot} IMPORTING {}", from.id)),
            1 => command(from, &format!("CLUSTER SETSLOT {slot} MIGRATING {}", to.id)),
            2 => command(from, &format!("MIGRATE 127.0.0.1 {} {key} 0 500", to.port.number())),
            3 => command(to, &format!("CLUSTER SETSLOT {slot} NODE {}", to.id)),
            _ => command(from, &format!("CLUSTER SETSLOT {slot} NODE {}", to.id)),
        }
    }

    fn call_off(&self, at: Span) -> [Timed; 2] {
        let text = format!("CLUSTER SETSLOT {} STABLE", key_slot(self.key));
        [self.to, self.from].map(|node| Timed { at, step: command(node, &text), part: None })
    }
}

fn command(node: Node, text: &str) -> Step {
    let args = crate::words::split_args(text).expect("an operator's line is a line");
    Step::Command { client: ClientName::Node(node.port), args }
}
