//! Exploration: many seeds of random faults, to find a run that breaks what must never break.
//!
//! A test by example shows what its author thought of. Here each seed is a cluster, a workload and
//! a minute of faults that nobody thought of; the invariants watch every event, and after the last
//! fault all nodes have a minute to agree. What is found is a script, [`shrink`] makes it short,
//! and it plays in the shell like any other.
//!
//! - `schedule`: the faults of a seed; `operator`: who moves slots and plans failovers meanwhile;
//!   `report`: what came of it; `shrink`: less of the same.

mod operator;
mod report;
mod schedule;
mod shrink;

use crate::data::Reply;
use crate::node::Fact;
use crate::words::{Slot, SlotSet, Span, Time};
use crate::world::client::ClientNote;
use crate::world::hazard::Hazard;
use crate::world::invariant::Broken;
use crate::world::step::Step;
use crate::world::{EventKind, Level, Setup, Trace, World};
pub use report::{Run, Summary};
pub use schedule::{FAULTS_FOR, Fault, HEAL_FOR, Timed, schedule};
pub use shrink::shrink;

/// The name under which a cluster that does not agree in the end is reported.
pub const AGREEMENT: &str = "agreement-after-heal";

/// The cluster of a seed: three masters with two replicas each, which take two seconds to miss a
/// node.
pub fn setup(seed: u64) -> Setup {
    let mut setup = Setup { seed, replicas: 2, ..Setup::default() };
    setup.config.node_timeout_ms = 2_000;
    setup
}

/// Plays the schedule of a cluster's seed.
pub fn explore(setup: &Setup) -> Run {
    play(setup, &schedule(setup))
}

/// Plays a schedule to its end, and lets the cluster agree after it: on all slots but those that an
/// operator moved, and those that a node has open. A move that is disturbed may leave a slot
/// without an owner that all agree on; and who has a slot open takes no news of its owner, as a
/// master does with the slots of its keys if it is started again after they went to others (Redis
/// 7.0, `cluster.c: verifyClusterConfigWithData, clusterUpdateSlotsConfigWith`). Both last until
/// somebody repairs it (`redis-cli --cluster fix`); Redis promises no more.
///
/// If in the end they differ only on slots that nobody claims, the run has lost them. This happens
/// to Redis, though hardly ever: the first word that a node has from a former master may be an
/// UPDATE, and that tells it the config epoch of a replica (its new master's), but not the role. So
/// it holds that epoch for the one of the old claims, and tells the owner of the slots that they
/// went there. An owner to whom other slots are left stays a master, and never claims them again.
pub fn play(setup: &Setup, steps: &[Timed]) -> Run {
    let mut world = World::formed(setup.clone());
    let mut trace = Trace::new(Level::Facts);
    let mut done = [0; Fault::COUNT];
    let mut given_up = Vec::new();
    let mut moved = SlotSet::default();
    for Timed { at, step, part } in steps {
        if part.is_some_and(|part| given_up.contains(&part)) {
            continue;
        }
        if let Some(slot) = operator::moved_slot(step) {
            moved.insert(slot);
        }
        world.run_until(world.origin() + *at, &mut trace);
        let before = trace.len();
        world.apply(step, &mut trace);
        match (operator::kind_of(step), part) {
            (Some(kind), _) if succeeded(&trace, before) => done[kind as usize] += 1,
            (Some(_), Some(part)) => given_up.push(*part),
            (Some(_) | None, _) => {}
        }
    }
    let deadline = world.now() + HEAL_FOR;
    let disagreement = agrees_by(&mut world, deadline, &moved, &mut trace).err();
    let mut run = count(setup.seed, &trace, done);
    run.broken = world.broken().to_vec();
    if let Some(disagreement) = disagreement {
        let excused: SlotSet = moved.iter().chain(unclaimed(&world)).collect();
        run.has_lost_slots = world.agreement_but_for(&open_or(&excused, &world)).is_ok();
        run.broken.extend((!run.has_lost_slots).then_some(disagreement));
    }
    run.writes_acknowledged = world.workload().map_or(0, |(_, workload)| workload.ledger().count());
    run.digest = world.digest();
    run
}

/// Whether a command was answered since then, and not with an error.
fn succeeded(trace: &Trace, since: usize) -> bool {
    trace.from(since).any(|event| {
        matches!(&event.kind, EventKind::Client(note)
            if matches!(&**note, ClientNote::Answered { reply, .. }
                if !matches!(reply, Reply::Error(_))))
    })
}

/// Lets time pass until all agree, and looks once a second.
fn agrees_by(
    world: &mut World,
    deadline: Time,
    moved: &SlotSet,
    trace: &mut Trace,
) -> Result<(), Broken> {
    const LOOK: Span = Span::from_secs(1);
    loop {
        match world.agreement_but_for(&open_or(moved, world)) {
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

/// These slots, and those that some node has open.
fn open_or(slots: &SlotSet, world: &World) -> SlotSet {
    let nodes = world.servers().map(|(_, _, server)| &server.node);
    let open = nodes.flat_map(|node| node.open_slots()).map(|(slot, _)| slot);
    open.chain(slots.iter()).collect()
}

/// The slots that no running node calls its own.
fn unclaimed(world: &World) -> impl Iterator<Item = Slot> {
    let running = world.servers().filter(|(_, _, server)| server.is_running());
    let claimed = running.flat_map(|(_, _, server)| server.node.own_slots().iter());
    let claimed: SlotSet = claimed.collect();
    Slot::all().filter(move |&slot| !claimed.contains(slot))
}

/// What the trace tells of a run.
fn count(seed: u64, trace: &Trace, faults: [u32; Fault::COUNT]) -> Run {
    let mut run = Run {
        seed,
        broken: Vec::new(),
        faults,
        refused: 0,
        failovers: 0,
        has_lost_slots: false,
        writes_acknowledged: 0,
        hazards: Hazard::WAYS.iter().map(|&way| (way, 0)).collect(),
        digest: 0,
    };
    for event in trace.from(0) {
        match &event.kind {
            EventKind::Step(text) => {
                let step = Step::parse(text).ok();
                if let Some(step) = step.filter(|step| operator::kind_of(step).is_none())
                    && let Some(fault) = Fault::of(&step)
                {
                    run.faults[fault as usize] += 1;
                }
            }
            EventKind::Refused(_) => run.refused += 1,
            EventKind::Fact(fact) if matches!(**fact, Fact::BecameMaster { .. }) => {
                run.failovers += 1;
            }
            EventKind::Hazard(hazard) => {
                let way = hazard.way();
                let known = run.hazards.iter_mut().filter(|(known, _)| *known == way);
                known.for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    run
}

#[cfg(test)]
mod tests;
