//! Flights: the messages that were under way between two moments.
//!
//! Most of them are heartbeats that change nothing, so a person is shown none, those that were news
//! where they arrived, or all. What a cut swallowed is shown as well: it leaves, never to arrive.

use serde::{Deserialize, Serialize};

use super::events::named;
use super::names::Names;
use crate::words::{ActorId, Span, Time};
use crate::world::event::{Event, EventKind, What};
use crate::world::trace::Trace;

/// Which messages a person is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Traffic {
    Quiet,
    /// Those that changed something where they arrived.
    #[default]
    News,
    All,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    pub from: String,
    pub to: String,
    /// What it is called: `PING`, `FAIL`, `AUTH-REQUEST`, `replication command`, `command`.
    pub what: String,
    /// Since the cluster was formed.
    pub left: Span,
    /// Nothing if it was lost.
    pub arrived: Option<Span>,
}

/// A picture of more than this many would show nothing.
const FLIGHTS_MAX: usize = 400;
/// Of those between nodes and programs outside of the simulation so many are shown among the news:
/// a person wants to see their own client's calls, but not a hundred thousand of them.
const OUTSIDE_MAX: usize = 16;

/// The messages that arrived, or were lost, after one moment and up to another; `outside` are the
/// programs outside of the simulation.
pub fn flights(
    trace: &Trace,
    names: &Names,
    (origin, outside): (Time, Option<ActorId>),
    (after, until): (Time, Time),
    traffic: Traffic,
) -> Vec<Flight> {
    if traffic == Traffic::Quiet {
        return Vec::new();
    }
    let instant = Span::from_micros(1);
    let window = trace.at(after + instant)..trace.at(until + instant);
    let mut room = OUTSIDE_MAX;
    let mut is_shown = |event: &Event| {
        if event.changed || traffic == Traffic::All {
            return true;
        }
        let is_outside = outside.is_some() && is_of(event, outside) && room > 0;
        room -= usize::from(is_outside);
        is_outside
    };
    let events = window.filter_map(|position| trace.get(position));
    let shown = events.filter(|event| is_shown(event));
    shown.filter_map(|event| flight(trace, names, origin, event)).take(FLIGHTS_MAX).collect()
}

/// Whether this is the arrival of a message to or from somebody.
fn is_of(event: &Event, somebody: Option<ActorId>) -> bool {
    match event.kind {
        EventKind::Received { from, .. } => from == somebody || Some(event.id.owner) == somebody,
        _ => false,
    }
}

fn flight(trace: &Trace, names: &Names, origin: Time, event: &Event) -> Option<Flight> {
    let (from, to, what, arrived) = match &event.kind {
        EventKind::Received { from, what, .. } => ((*from)?, event.id.owner, what, Some(event.at)),
        EventKind::Lost { from, to, what, .. } => (*from, *to, what, None),
        _ => return None,
    };
    let sent = event.cause.and_then(|cause| trace.find(cause)).filter(|sent| {
        sent.id.owner == from
            && matches!(sent.kind, EventKind::Sent { .. } | EventKind::Held { .. })
    });
    let left = sent.map_or(event.at, |sent| sent.at);
    Some(Flight {
        from: names.actor(from).to_owned(),
        to: names.actor(to).to_owned(),
        what: kind_of(what, names, from),
        left: left.since(origin),
        arrived: arrived.map(|at| at.since(origin)),
    })
}

/// What a message is called; of those between clients and nodes, who speaks decides.
fn kind_of(what: &What, names: &Names, from: ActorId) -> String {
    match what {
        What::Client { .. } if names.is_node(from) => "reply".to_owned(),
        What::Client { .. } => "command".to_owned(),
        other => named(other),
    }
}
