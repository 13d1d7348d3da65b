//! Trials of a failover: a master of six nodes dies at a random moment, and its replica takes over.

use hashslot_core::node::Fact;
use hashslot_core::words::{Dice, Span, Time};
use hashslot_core::world::event::EventKind;
use hashslot_core::world::step::Step;
use hashslot_core::world::{Level, Setup, Trace, World};

/// Milliseconds from the kill to the first PFAIL, FAIL, the election, and its win.
pub type Phases = [u64; 4];

/// How long a cluster is left alone before the kill, in ms: at least, and the random part.
pub const QUIET_MS: [u64; 2] = [3_000, 2_000];

fn phase_of(fact: &Fact) -> Option<usize> {
    match fact {
        Fact::PfailSet { .. } => Some(0),
        Fact::FailSet { .. } => Some(1),
        Fact::ElectionStarted { .. } => Some(2),
        Fact::BecameMaster { .. } => Some(3),
        _ => None,
    }
}

/// The stage of a trial.
pub fn setup(seed: u64, node_timeout_ms: u64) -> Setup {
    let mut setup = Setup { seed, ..Setup::default() };
    setup.config.node_timeout_ms = node_timeout_ms;
    setup
}

/// One trial on the simulator.
pub fn simulated(seed: u64, node_timeout_ms: u64) -> Phases {
    let mut world = World::formed(setup(seed, node_timeout_ms));
    let mut trace = Trace::new(Level::Facts);
    let mut dice = Dice::new(seed, "the moment of the kill", 0);
    let quiet = QUIET_MS[0] + dice.below(QUIET_MS[1]);
    world.run_for(Span::from_millis(quiet), &mut trace);
    let kill: Step = format!("$ kill {}", 7000 + seed % 3).parse().expect("it is a step");
    let killed_at = world.now();
    let from = trace.len();
    world.apply(&kill, &mut trace);
    world.run_for(Span::from_secs(15), &mut trace);
    phases_since(&trace, from, killed_at)
        .unwrap_or_else(|| panic!("seed {seed}: no failover within 15 s"))
}

fn phases_since(trace: &Trace, from: usize, killed_at: Time) -> Option<Phases> {
    let mut first: [Option<u64>; 4] = [None; 4];
    for event in trace.from(from) {
        let EventKind::Fact(fact) = &event.kind else { continue };
        if let Some(phase) = phase_of(fact) {
            first[phase].get_or_insert(event.at.since(killed_at).millis());
        }
    }
    Some([first[0]?, first[1]?, first[2]?, first[3]?])
}
