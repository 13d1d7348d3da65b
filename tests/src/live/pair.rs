//! A real cluster and a simulated one that get the same steps.

use hashslot::compare::{Said, simulate};
use hashslot::live::{Cluster, Noted, Persistence, Program};
use hashslot_core::words::Span;
use hashslot_core::world::step::Step;
use hashslot_core::world::{Level, Setup, Trace, World};

/// Both clusters.
pub struct Pair {
    pub real: Cluster,
    pub simulated: World,
    pub trace: Trace,
}

impl Pair {
    /// Two clusters of one setup. Real nodes get these settings on top, as in redis.conf.
    pub fn start(program: &Program, setup: &Setup, settings: &[(&str, &str)]) -> Pair {
        let real = Cluster::with_settings(program, setup, Persistence::Keep, settings);
        let real = real.unwrap_or_else(|trouble| panic!("{trouble}"));
        let simulated = World::formed(setup.clone());
        Pair { real, simulated, trace: Trace::new(Level::Facts) }
    }

    /// Does a step on both: what is said to whom has asked, by the real one first.
    pub fn both(&mut self, step: &Step) -> [Vec<Said>; 2] {
        let mut simulated = simulate(&mut self.simulated, &mut self.trace, step);
        let (noted, verdict) = self.real.apply(step);
        let said = |noted: Noted| Said::of(noted.client, &noted.note);
        let mut real: Vec<Said> = noted.into_iter().filter_map(said).collect();
        real.extend(verdict.err().map(|trouble| Said::Refused(trouble.to_string())));
        for side in [&mut real, &mut simulated] {
            side.retain(|said| !matches!(said, Said::Heard { .. }));
        }
        [real, simulated]
    }

    /// Lets time pass on both.
    pub fn let_pass(&mut self, span: Span) {
        self.both(&Step::Run(span));
    }
}
