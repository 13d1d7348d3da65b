//! What happened, in words: the text twin of what the page draws.

use hashslot_core::view::{self, Names, Told};
use hashslot_core::words::Span;
use hashslot_core::world::event::{Event, EventKind};
use hashslot_core::world::session::Session;
use hashslot_core::world::trace::Trace;

/// The news from a position of the trace on, up to the present. What the person did, and what the
/// clients printed, stands beside it already.
pub fn since(session: &Session, from: usize) -> Vec<Told> {
    let trace = session.trace();
    between(session, trace, from, session.position())
}

/// The news of a trace between two positions.
pub fn between(session: &Session, trace: &Trace, from: usize, to: usize) -> Vec<Told> {
    let names = Names::of(session.world());
    let origin = session.world().origin();
    let told = |position| {
        let event = trace.get(position)?;
        let is_told = view::is_news(event) && !is_printed_anyway(event);
        is_told.then(|| view::tell(trace, position, origin, &names))?
    };
    (from.max(trace.start())..to).filter_map(told).collect()
}

fn is_printed_anyway(event: &Event) -> bool {
    matches!(event.kind, EventKind::Step(_) | EventKind::Refused(_) | EventKind::Client(_))
}

/// `+6.310 s`
pub fn clock(elapsed: Span) -> String {
    let micros = elapsed.micros();
    format!("+{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000)
}

/// `+6.310 s  7000 marks 7001 PFAIL: ...`
pub fn line(told: &Told) -> String {
    format!("{}  {}", clock(told.elapsed), told.text)
}
