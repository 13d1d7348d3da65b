//! Exploration: many seeds of random faults, to find a run that breaks what must never break.
//!
//! A test by example shows what its author thought of. Here each seed is a cluster, a workload and a
//! minute of faults that nobody thought of; the invariants watch every event, and after the last fault
//! all nodes have a minute to agree. What is found is a script, [`shrink`] makes it short, and it
//! plays in the shell like any other.
//!
//! - `schedule`: the faults of a seed; `report`: what came of it; `shrink`: less of the same.

mod report;
mod schedule;
mod shrink;

use crate::node::Fact;
use crate::words::{Span, Time};
use crate::world::hazard::HAZARDS;
use crate::world::invariant::Broken;
use crate::world::step::Step;
use crate::world::{EventKind, Level, Setup, Trace, World};
pub use report::{Run, Summary};
pub use schedule::{FAULTS_FOR, Fault, HEAL_FOR, Timed, schedule};
pub use shrink::shrink;

/// The name under which a cluster that does not agree in the end is reported.
pub const AGREEMENT: &str = "agreement-after-heal";

/// The cluster of a seed: three masters with a replica each, which take two seconds to miss a node.
pub fn setup(seed: u64) -> Setup {
    let mut setup = Setup { seed, ..Setup::default() };
    setup.config.node_timeout_ms = 2_000;
    setup
}

/// Plays the schedule of a cluster's seed.
pub fn explore(setup: &Setup) -> Run {
    play(setup, &schedule(setup))
}

/// Plays a schedule to its end, and lets the cluster agree after it.
pub fn play(setup: &Setup, steps: &[Timed]) -> Run {
    let mut world = World::formed(setup.clone());
    let mut trace = Trace::new(Level::Facts);
    for timed in steps {
        world.run_until(world.origin() + timed.at, &mut trace);
        world.apply(&timed.step, &mut trace);
    }
    let deadline = world.now() + HEAL_FOR;
    let mut broken = world_agrees_by(&mut world, deadline, &mut trace).err();
    let mut run = count(setup.seed, &trace);
    run.broken = world.broken().to_vec();
    run.broken.extend(broken.take());
    run.writes_acknowledged = world.workload().map_or(0, |(_, workload)| workload.ledger().count());
    run.digest = world.digest();
    run
}

/// Lets time pass until all agree, and looks once a second.
fn world_agrees_by(world: &mut World, deadline: Time, trace: &mut Trace) -> Result<(), Broken> {
    const LOOK: Span = Span::from_secs(1);
    loop {
        match world.agreement() {
            Ok(()) => return Ok(()),
            Err(found) if world.now() >= deadline => {
                return Err(Broken {
                    name: AGREEMENT.to_owned(),
                    at: world.now(),
                    detail: found.to_string(),
                });
            }
            Err(_) => world.run_for(LOOK, trace),
        }
    }
}

/// What the trace tells of a run.
fn count(seed: u64, trace: &Trace) -> Run {
    let mut run = Run {
        seed,
        broken: Vec::new(),
        faults: [0; Fault::COUNT],
        refused: 0,
        failovers: 0,
        writes_acknowledged: 0,
        hazards: HAZARDS.iter().map(|row| (row.name, 0)).collect(),
        digest: 0,
    };
    for event in trace.from(0) {
        match &event.kind {
            EventKind::Step(text) => {
                let step = Step::parse(text).ok();
                if let Some(fault) = step.as_ref().and_then(Fault::of) {
                    run.faults[fault as usize] += 1;
                }
            }
            EventKind::Refused(_) => run.refused += 1,
            EventKind::Fact(fact) if matches!(**fact, Fact::BecameMaster { .. }) => {
                run.failovers += 1;
            }
            EventKind::Hazard(hazard) => {
                let name = hazard.name();
                let known = run.hazards.iter_mut().filter(|(known, _)| *known == name);
                known.for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    run
}

#[cfg(test)]
mod tests;
