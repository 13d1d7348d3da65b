//! What many runs have shown: of each seed one [`Run`], of all of them a [`Summary`] with a table.

use std::fmt;

use super::schedule::Fault;
use crate::world::invariant::Broken;

/// What came of one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub seed: u64,
    /// The invariants that were broken; it must stay empty.
    pub broken: Vec<Broken>,
    /// How often each fault took place, in the order of [`Fault::all`]; what an operator wanted and
    /// did not get is not counted.
    pub faults: [u32; Fault::COUNT],
    /// Steps that made no sense when their time came.
    pub refused: u32,
    /// How many replicas won an election.
    pub failovers: u32,
    /// Whether in the end all agree, but on slots that nobody claims any more.
    pub has_lost_slots: bool,
    pub writes_acknowledged: u64,
    /// How often each hazard came true, in the order of [`crate::world::hazard::Hazard::WAYS`].
    pub hazards: Vec<(&'static str, u32)>,
    pub digest: u64,
}

/// What came of many seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub runs: u64,
    /// Runs in which at least one failover ended.
    pub with_failover: u64,
    pub failovers: u64,
    /// The seeds in which slots were lost.
    pub lost_slots: Vec<u64>,
    pub refused: u64,
    pub writes_acknowledged: u64,
    pub faults: [u64; Fault::COUNT],
    pub hazards: Vec<(&'static str, u64)>,
    /// The seeds that broke something, with what they broke.
    pub broken: Vec<(u64, Broken)>,
}

impl Summary {
    pub fn add(&mut self, run: &Run) {
        self.runs += 1;
        self.with_failover += u64::from(run.failovers > 0);
        self.failovers += u64::from(run.failovers);
        self.lost_slots.extend(run.has_lost_slots.then_some(run.seed));
        self.refused += u64::from(run.refused);
        self.writes_acknowledged += run.writes_acknowledged;
        for (sum, &count) in self.faults.iter_mut().zip(&run.faults) {
            *sum += u64::from(count);
        }
        for &(name, count) in &run.hazards {
            match self.hazards.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += u64::from(count),
                None => self.hazards.push((name, u64::from(count))),
            }
        }
        self.broken.extend(run.broken.iter().map(|broken| (run.seed, broken.clone())));
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, count: u64| writeln!(f, "{name:<24}{count:>12}");
        row("runs", self.runs)?;
        row("runs with a failover", self.with_failover)?;
        row("failovers", self.failovers)?;
        row("acknowledged writes", self.writes_acknowledged)?;
        for (fault, &count) in Fault::all().zip(&self.faults) {
            row(fault.name(), count)?;
        }
        row("refused steps", self.refused)?;
        for &(name, count) in &self.hazards {
            row(name, count)?;
        }
        row("runs that lose slots", self.lost_slots.len() as u64)?;
        row("broken invariants", self.broken.len() as u64)?;
        for seed in &self.lost_slots {
            writeln!(f, "seed {seed}: slots that nobody claims in the end")?;
        }
        for (seed, broken) in &self.broken {
            let at = broken.at.since(crate::words::Time::ZERO);
            writeln!(f, "seed {seed}: {} at {at}: {}", broken.name, broken.detail)?;
        }
        Ok(())
    }
}
