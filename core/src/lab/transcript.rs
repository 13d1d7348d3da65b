//! What a line prints: the transcript of a step, as `redis-cli --no-raw` would have it.

use super::inspect;
use crate::lesson::FrontMatter;
use crate::world::event::EventKind;
use crate::world::session::Session;
use crate::world::setup::Setup;
use crate::world::step::{ClientKind, ClientName, Line};
use crate::world::{Trace, World};

/// Does a line on a session; what it prints.
pub fn perform(session: &mut Session, line: &Line) -> Vec<String> {
    let step = match line {
        Line::Ask(ask) => return inspect::inspect(session, ask),
        Line::Step(step) => step,
    };
    let nodes = u64::from(session.setup().nodes());
    let time_max = Session::node_time_max(nodes);
    if step.time_max() > time_max {
        let seconds = time_max.millis() / 1_000;
        let hint = format!("with {nodes} nodes, one run takes at most {seconds} s");
        return vec![format!("(refused) {hint}")];
    }
    let from = session.position();
    session.apply(step);
    printed(session.world(), session.trace(), from)
}

/// What clients printed, and what was refused, from a position of the trace on.
pub fn printed(world: &World, trace: &Trace, from: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for event in trace.from(from) {
        match &event.kind {
            EventKind::Refused(hint) => lines.push(format!("(refused) {hint}")),
            EventKind::Client(note) => {
                let owner = world.clients().iter().find(|(_, actor)| *actor == event.id.owner);
                if let Some((name, _)) = owner {
                    let kind = world.client(name).map_or(ClientKind::Plain, |(_, c)| c.kind());
                    lines.extend(note.lines(&prompt_name(name), kind));
                }
            }
            _ => {}
        }
    }
    lines
}

/// A client's name, as it stands before the `>` of its prompt.
fn prompt_name(name: &ClientName) -> String {
    match name {
        ClientName::Cli => String::new(),
        ClientName::Node(port) => port.number().to_string(),
        ClientName::Named(name) => name.as_str().to_owned(),
    }
}

/// The world that a lesson's front matter asks for.
pub fn setup_of(front: &FrontMatter) -> Setup {
    let stage = &front.cluster;
    let mut setup = Setup { seed: stage.seed, ..Setup::default() };
    setup.masters = stage.masters;
    setup.replicas = stage.replicas;
    setup.empty = stage.empty;
    setup.config.node_timeout_ms = stage.node_timeout.millis();
    if let Some(latency) = stage.latency {
        setup.delay.latency = latency;
    }
    setup
}
