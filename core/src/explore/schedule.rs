//! A schedule: faults at random moments, and then their end.
//!
//! The idea: a minute of faults drawn from one seed, each a step of the ordinary grammar, so that a
//! run that breaks something is a script that anybody can play. What is drawn keeps to what makes
//! sense at that moment (a dead node is not killed again), so that few steps are refused, and at
//! most [`AWAY_MAX`] nodes are away at a time, so that the cluster mostly has a majority and
//! elections end. Then everything heals, everybody is started again, and a minute follows in which
//! nothing happens.

use super::operator;
use crate::words::{Dice, Span};
use crate::world::step::{Data, MessageKind, Offset, Party, Port, Step, Way};
use crate::world::{Setup, step};

/// How long faults fall.
pub const FAULTS_FOR: Span = Span::from_secs(60);
/// How long the cluster has to agree after the last fault has healed.
pub const HEAL_FOR: Span = Span::from_secs(60);
/// How many nodes are killed, crashed or paused at a time, at most.
const AWAY_MAX: usize = 2;

/// What happens, and when, from the founding of the cluster on.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    pub at: Span,
    pub step: Step,
    /// The number of the slot's move that it belongs to; after an error the rest is not done.
    pub part: Option<u32>,
}

/// The kinds of fault, for the table that shows how often each fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Kill,
    Crash,
    RestartKeep,
    RestartEmpty,
    Pause,
    Resume,
    CutOneWay,
    CutBothWays,
    Partition,
    HealLink,
    HealAll,
    Slow,
    Drop,
    Undrop,
    Clock,
    Roll,
    OpenSlot,
    Migrate,
    GiveSlot,
    CloseSlot,
    Failover,
    FailoverForce,
    Takeover,
}

/// One kind of fault: its name, how often it is drawn among all, and how it is made.
struct Row {
    fault: Fault,
    name: &'static str,
    weight: u64,
    make: fn(&mut Draw) -> Option<Step>,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { fault: Fault::Kill, name: "kill", weight: 14, make: kill },
    Row { fault: Fault::Crash, name: "crash", weight: 8, make: crash },
    Row { fault: Fault::RestartKeep, name: "restart", weight: 16, make: restart_keep },
    Row { fault: Fault::RestartEmpty, name: "restart empty", weight: 6, make: restart_empty },
    Row { fault: Fault::Pause, name: "pause", weight: 8, make: pause },
    Row { fault: Fault::Resume, name: "resume", weight: 10, make: resume },
    Row { fault: Fault::CutOneWay, name: "cut one way", weight: 5, make: cut_one_way },
    Row { fault: Fault::CutBothWays, name: "cut both ways", weight: 5, make: cut_both_ways },
    Row { fault: Fault::Partition, name: "partition", weight: 3, make: partition },
    Row { fault: Fault::HealLink, name: "heal a link", weight: 8, make: heal_link },
    Row { fault: Fault::HealAll, name: "heal all", weight: 8, make: heal_all },
    Row { fault: Fault::Slow, name: "slow", weight: 4, make: slow },
    Row { fault: Fault::Drop, name: "drop", weight: 4, make: drop_kind },
    Row { fault: Fault::Undrop, name: "drop none", weight: 3, make: undrop },
    Row { fault: Fault::Clock, name: "clock", weight: 2, make: clock },
    Row { fault: Fault::Roll, name: "roll", weight: 2, make: roll },
    Row { fault: Fault::OpenSlot, name: "open a slot", weight: 0, make: by_operator },
    Row { fault: Fault::Migrate, name: "migrate keys", weight: 0, make: by_operator },
    Row { fault: Fault::GiveSlot, name: "give a slot", weight: 0, make: by_operator },
    Row { fault: Fault::CloseSlot, name: "close a slot", weight: 0, make: by_operator },
    Row { fault: Fault::Failover, name: "failover", weight: 0, make: by_operator },
    Row { fault: Fault::FailoverForce, name: "failover force", weight: 0, make: by_operator },
    Row { fault: Fault::Takeover, name: "failover takeover", weight: 0, make: by_operator },
];

impl Fault {
    pub const COUNT: usize = ROWS.len();

    /// All kinds, in the order of the table.
    pub fn all() -> impl Iterator<Item = Fault> {
        ROWS.iter().map(|row| row.fault)
    }

    pub fn name(self) -> &'static str {
        ROWS.iter().find(|row| row.fault == self).map_or("", |row| row.name)
    }

    /// The kind of a step that a schedule holds; `None` if it is no fault.
    pub fn of(step: &Step) -> Option<Fault> {
        Some(match step {
            Step::Kill(_) => Fault::Kill,
            Step::Crash(_) => Fault::Crash,
            Step::Restart { data: Data::Keep, .. } => Fault::RestartKeep,
            Step::Restart { .. } => Fault::RestartEmpty,
            Step::Pause(_) => Fault::Pause,
            Step::Resume(_) => Fault::Resume,
            Step::Cut { way: Way::OneWay, .. } => Fault::CutOneWay,
            Step::Cut { way: Way::BothWays, .. } => Fault::CutBothWays,
            Step::Partition(_) => Fault::Partition,
            Step::Heal(Some(_)) => Fault::HealLink,
            Step::Heal(None) => Fault::HealAll,
            Step::Slow { .. } => Fault::Slow,
            Step::Drop { .. } => Fault::Drop,
            Step::Undrop => Fault::Undrop,
            Step::Clock { .. } => Fault::Clock,
            Step::Roll { .. } => Fault::Roll,
            _ => return operator::kind_of(step),
        })
    }
}

/// The schedule of a seed: the workload, a minute of faults beside an operator, and their end.
pub fn schedule(setup: &Setup) -> Vec<Timed> {
    let workload = Step::Workload { rate_per_second: 20, keys: operator::KEYS };
    let mut steps = vec![Timed { at: Span::ZERO, step: workload, part: None }];
    let mut draw = Draw::new(setup);
    let mut at = Span::ZERO;
    loop {
        at = at + draw.pause_between();
        if at >= FAULTS_FOR {
            break;
        }
        if let Some(step) = draw.fault() {
            draw.know(&step);
            steps.push(Timed { at, step, part: None });
        }
    }
    steps.extend(operator::operate(setup));
    steps.sort_by_key(|timed| timed.at);
    let ends = draw.ends().into_iter();
    steps.extend(ends.map(|step| Timed { at: FAULTS_FOR, step, part: None }));
    steps
}

/// What is known of the nodes while a schedule is drawn.
struct Draw {
    dice: Dice,
    nodes: Vec<Port>,
    dead: Vec<Port>,
    paused: Vec<Port>,
    cuts: Vec<(Party, Party)>,
    /// Microseconds by which each clock is ahead.
    clocks: Vec<i64>,
}

impl Draw {
    fn new(setup: &Setup) -> Draw {
        let ports = setup.first_port..setup.first_port + setup.nodes();
        let nodes: Vec<Port> = ports.filter_map(Port::new).collect();
        let dice = Dice::new(setup.seed, "schedule", 0);
        let clocks = vec![0; nodes.len()];
        Draw { dice, nodes, dead: Vec::new(), paused: Vec::new(), cuts: Vec::new(), clocks }
    }

    /// Between two faults: mostly seconds, so that failovers can end; sometimes hardly anything.
    fn pause_between(&mut self) -> Span {
        match self.dice.below(4) {
            0 => Span::from_micros(self.dice.below(300_000)),
            _ => Span::from_micros(500_000 + self.dice.below(6_500_000)),
        }
    }

    fn fault(&mut self) -> Option<Step> {
        let total: u64 = ROWS.iter().map(|row| row.weight).sum();
        let mut rest = self.dice.below(total);
        for row in ROWS {
            if rest < row.weight {
                return (row.make)(self);
            }
            rest -= row.weight;
        }
        None
    }

    /// Takes in what a step changes.
    fn know(&mut self, step: &Step) {
        match step {
            Step::Kill(node) | Step::Crash(node) => {
                self.paused.retain(|other| other != node);
                self.dead.push(*node);
            }
            Step::Restart { node, .. } => self.dead.retain(|other| other != node),
            Step::Pause(node) => self.paused.push(*node),
            Step::Resume(node) => self.paused.retain(|other| other != node),
            Step::Cut { from, to, .. } => self.cuts.push((*from, *to)),
            Step::Heal(None) => self.cuts.clear(),
            Step::Heal(Some(link)) => self.cuts.retain(|cut| cut != link),
            Step::Clock { node, offset } => {
                if let Some(place) = self.nodes.iter().position(|other| other == node) {
                    self.clocks[place] += offset.micros();
                }
            }
            _ => {}
        }
    }

    /// The steps after which nothing is broken any more.
    fn ends(&self) -> Vec<Step> {
        let restart = |&node: &Port| Step::Restart { node, data: Data::Keep };
        let right = self
            .nodes
            .iter()
            .zip(&self.clocks)
            .filter(|&(_, &ahead)| ahead != 0)
            .map(|(&node, &ahead)| Step::Clock { node, offset: Offset::from_micros(-ahead) });
        [Step::Heal(None), Step::Undrop]
            .into_iter()
            .chain(self.paused.iter().map(|&node| Step::Resume(node)))
            .chain(self.dead.iter().map(restart))
            .chain(right)
            .collect()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let place = self.dice.below(from.len() as u64) as usize;
        from.get(place).copied()
    }

    /// A node that runs, unless too many are away already.
    fn victim(&mut self) -> Option<Port> {
        if self.dead.len() + self.paused.len() >= AWAY_MAX {
            return None;
        }
        let runs = |node: &Port| !self.dead.contains(node) && !self.paused.contains(node);
        let running: Vec<Port> = self.nodes.iter().copied().filter(runs).collect();
        self.pick(&running)
    }

    fn dead_one(&mut self) -> Option<Port> {
        let dead = self.dead.clone();
        self.pick(&dead)
    }

    fn pair(&mut self) -> Option<(Port, Port)> {
        let nodes = self.nodes.clone();
        let from = self.pick(&nodes)?;
        let others: Vec<Port> = nodes.into_iter().filter(|&node| node != from).collect();
        Some((from, self.pick(&others)?))
    }

    /// Two different nodes, as the ends of a path.
    fn path(&mut self) -> Option<(Party, Party)> {
        self.pair().map(|(from, to)| (from.into(), to.into()))
    }

    fn span(&mut self, least_ms: u64, most_ms: u64) -> Span {
        Span::from_millis(least_ms + self.dice.below(most_ms - least_ms))
    }
}

fn kill(draw: &mut Draw) -> Option<Step> {
    draw.victim().map(Step::Kill)
}

fn crash(draw: &mut Draw) -> Option<Step> {
    draw.victim().map(Step::Crash)
}

fn restart_keep(draw: &mut Draw) -> Option<Step> {
    draw.dead_one().map(|node| Step::Restart { node, data: Data::Keep })
}

fn restart_empty(draw: &mut Draw) -> Option<Step> {
    draw.dead_one().map(|node| Step::Restart { node, data: Data::Empty })
}

fn pause(draw: &mut Draw) -> Option<Step> {
    draw.victim().map(Step::Pause)
}

fn resume(draw: &mut Draw) -> Option<Step> {
    let paused = draw.paused.clone();
    draw.pick(&paused).map(Step::Resume)
}

fn cut_one_way(draw: &mut Draw) -> Option<Step> {
    draw.path().map(|(from, to)| Step::Cut { from, to, way: Way::OneWay })
}

fn cut_both_ways(draw: &mut Draw) -> Option<Step> {
    draw.path().map(|(from, to)| Step::Cut { from, to, way: Way::BothWays })
}

/// One or two nodes apart from all others.
fn partition(draw: &mut Draw) -> Option<Step> {
    let (one, other) = draw.pair()?;
    let few = if draw.dice.below(2) == 0 { vec![one] } else { vec![one, other] };
    let rest = draw.nodes.iter().copied().filter(|node| !few.contains(node)).collect();
    Some(Step::Partition(vec![few, rest]))
}

fn heal_link(draw: &mut Draw) -> Option<Step> {
    let cuts = draw.cuts.clone();
    draw.pick(&cuts).map(|link| Step::Heal(Some(link)))
}

fn heal_all(_: &mut Draw) -> Option<Step> {
    Some(Step::Heal(None))
}

fn slow(draw: &mut Draw) -> Option<Step> {
    let (from, to) = draw.path()?;
    let (latency, jitter) = (draw.span(5, 800), draw.span(1, 200));
    Some(Step::Slow { from, to, way: Way::BothWays, latency, jitter })
}

fn drop_kind(draw: &mut Draw) -> Option<Step> {
    const KINDS: [MessageKind; 7] = [
        MessageKind::Ping,
        MessageKind::Pong,
        MessageKind::Meet,
        MessageKind::Fail,
        MessageKind::Update,
        MessageKind::AuthReq,
        MessageKind::AuthAck,
    ];
    let (from, to) = draw.pair()?;
    let kind = draw.pick(&KINDS)?;
    Some(Step::Drop { kind, from, to, way: Way::OneWay })
}

fn undrop(_: &mut Draw) -> Option<Step> {
    Some(Step::Undrop)
}

fn clock(draw: &mut Draw) -> Option<Step> {
    let nodes = draw.nodes.clone();
    let node = draw.pick(&nodes)?;
    let micros = draw.dice.below(1_000_000) as i64 - 500_000;
    Some(Step::Clock { node, offset: Offset::from_micros(micros) })
}

fn roll(draw: &mut Draw) -> Option<Step> {
    let nodes = draw.nodes.clone();
    let node = draw.pick(&nodes)?;
    let value = draw.span(0, 3_000);
    Some(Step::Roll { node, what: step::Draw::ElectionDelay, value })
}

/// Not a fault: the operator acts at its own pace.
fn by_operator(_: &mut Draw) -> Option<Step> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_seed(seed: u64) -> Vec<Timed> {
        schedule(&Setup { seed, ..Setup::default() })
    }

    #[test]
    fn a_schedule_is_made_of_lines_of_the_grammar() {
        for timed in of_seed(1) {
            assert_eq!(Step::parse(&timed.step.to_string()).as_ref(), Ok(&timed.step));
        }
        assert_eq!(of_seed(1), of_seed(1));
        assert_ne!(of_seed(1), of_seed(2));
    }

    #[test]
    fn every_kind_of_fault_is_drawn_and_ends() {
        let mut drawn = [0; Fault::COUNT];
        for seed in 0..100 {
            let mut away = 0_usize;
            for timed in of_seed(seed) {
                match timed.step {
                    Step::Kill(_) | Step::Crash(_) | Step::Pause(_) => away += 1,
                    Step::Restart { .. } | Step::Resume(_) => away -= 1,
                    _ => {}
                }
                if let Some(fault) = Fault::of(&timed.step) {
                    drawn[fault as usize] += 1;
                }
                assert!(away <= AWAY_MAX && timed.at <= FAULTS_FOR);
            }
            assert_eq!(away, 0, "seed {seed} leaves nodes behind");
        }
        assert!(drawn.iter().all(|&count| count > 15), "{drawn:?}");
    }
}
