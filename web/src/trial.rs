//! A cluster to be timed: what `make bench` runs in a worker of its own, in a real browser.
//!
//! Nothing on the page calls it. The clock is the worker's `performance.now()`, around these calls.

use hashslot_core::words::{Span, Time};
use hashslot_core::world::session::Session;
use hashslot_core::world::setup::Setup;
use hashslot_core::world::step::{Line, Step};
use wasm_bindgen::prelude::wasm_bindgen;

/// Three masters with a replica each, node-timeout 2 s, the trace on.
#[wasm_bindgen]
pub struct Trial {
    session: Session,
}

#[wasm_bindgen]
impl Trial {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Trial {
        let mut setup = Setup { seed: 1, masters: 3, replicas: 1, ..Setup::default() };
        setup.config.node_timeout_ms = 2_000;
        Trial { session: Session::new(setup) }
    }

    /// Does a line as a lesson writes it, such as `$ workload 50/s`.
    pub fn run_line(&mut self, line: &str) {
        if let Line::Step(step) =
            Line::parse(line).expect("the bench writes lines that can be read")
        {
            self.session.apply(&step);
        }
    }

    /// Lets so many milliseconds pass.
    pub fn run(&mut self, millis: u32) {
        self.session.apply(&Step::Run(Span::from_millis(u64::from(millis))));
    }

    /// Goes to so many milliseconds after the beginning.
    pub fn seek(&mut self, millis: u32) {
        let origin = self.session.world().origin();
        let at: Time = origin + Span::from_millis(u64::from(millis));
        self.session.seek(at);
    }

    /// The events of the trace.
    pub fn event_count(&self) -> usize {
        self.session.trace().len()
    }
}

impl Default for Trial {
    fn default() -> Trial {
        Trial::new()
    }
}
