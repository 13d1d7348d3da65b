//! Where clients outside of the simulation were sent on: the few things of them that a person
//! wants to see one by one, out of a hundred thousand calls.

use serde::{Deserialize, Serialize};

use super::names::Names;
use crate::words::{ActorId, Span, Time};
use crate::world::client::{ClientNote, Redirect};
use crate::world::event::{Event, EventKind};
use crate::world::trace::Trace;

/// A redirect that a real client was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirected {
    pub position: usize,
    /// Since the cluster was formed.
    pub elapsed: Span,
    /// The node that said so; nothing where the trace keeps no traffic.
    pub by: Option<String>,
    /// What it said: `MOVED 3999 127.0.0.1:7000`.
    pub text: String,
}

/// As many are shown.
const SHOWN_MAX: usize = 8;
/// As many events are looked through for them.
const LOOKED_AT_MAX: usize = 20_000;

/// The last redirects of programs outside before a position, oldest first.
pub fn redirects(
    trace: &Trace,
    names: &Names,
    (outside, origin): (ActorId, Time),
    until: usize,
) -> Vec<Redirected> {
    let first = trace.start().max(until.saturating_sub(LOOKED_AT_MAX));
    let found = |position: usize| {
        let event = trace.get(position).filter(|event| event.id.owner == outside)?;
        redirected(trace, names, origin, position, event)
    };
    let mut last: Vec<Redirected> =
        (first..until).rev().filter_map(found).take(SHOWN_MAX).collect();
    last.reverse();
    last
}

fn redirected(
    trace: &Trace,
    names: &Names,
    origin: Time,
    position: usize,
    event: &Event,
) -> Option<Redirected> {
    let EventKind::Client(note) = &event.kind else { return None };
    let ClientNote::Redirected { kind, slot, to, host, .. } = &**note else { return None };
    let kind = match kind {
        Redirect::Moved => "MOVED",
        Redirect::Ask => "ASK",
    };
    let to = match host {
        Some(host) => format!("{host}:{}", to.port()),
        None => to.to_string(),
    };
    let by = match event.cause.and_then(|cause| trace.find(cause)).map(|event| &event.kind) {
        Some(EventKind::Received { from: Some(from), .. }) => Some(names.actor(*from).to_owned()),
        _ => None,
    };
    let text = format!("{kind} {slot} {to}");
    Some(Redirected { position, elapsed: event.at.since(origin), by, text })
}
