//! What is shown at one moment, drawn from the session.

use super::answer::{Arrow, Lane, Mark, Shown};
use super::eyes::Eyes;
use super::player::Player;
use crate::view::{self, Moment, Moments, Names, Told};
use crate::words::{Span, Time};
use crate::world::World;
use crate::world::client::ClientNote;
use crate::world::event::{EventKind, What};
use crate::world::session::{Branch, Session};
use crate::world::trace::Trace;

/// Where in the past the learner is: at an event, or between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The position of the event that is shown; nothing before the first.
    pub position: Option<usize>,
    pub at: Time,
}

/// Draws a place, reached from another one if that lies before it.
pub fn shown(
    player: &Player,
    moments: &[Moments],
    eyes: &Eyes,
    place: Place,
    before: Option<Place>,
) -> Shown {
    let session = player.session();
    let (world, trace) = (session.world(), session.trace());
    let names = Names::of(world);
    let origin = world.origin();
    let now = place.position.and_then(|position| view::tell(trace, position, origin, &names));
    let own = &moments[session.current()];
    let marks: Vec<Mark> =
        own.all().iter().filter_map(|&found| mark(trace, found, origin, &names)).collect();
    let elapsed = place.at.since(origin);
    let from = before.map(|before| before.at).filter(|&from| from < place.at);
    Shown {
        elapsed,
        present: session.ends_at().since(origin),
        is_present: is_present(session, place),
        stage: stage(world, eyes),
        traffic: eyes.traffic,
        arrow: now.as_ref().and_then(|told| arrow(trace, told)),
        now,
        passed: from.map(|from| place.at.since(from)),
        flights: from.map_or_else(Vec::new, |from| {
            view::flights(trace, &names, (origin, world.outside()), (from, place.at), eyes.traffic)
        }),
        since_fault: since_fault(trace, &marks, elapsed),
        marks,
        lesson: player.state().into(),
        lanes: lanes(session, moments),
        is_idle: false,
        ports: ports(world),
        clients: clients(world),
        redirects: redirects(session, &names, place.at),
        begins: session.begins_at().since(origin),
        live: None,
    }
}

/// The last redirects of programs outside up to a moment.
fn redirects(session: &Session, names: &Names, at: Time) -> Vec<view::Redirected> {
    let (world, trace) = (session.world(), session.trace());
    let until = trace.at(at + Span::from_micros(1));
    let of = |outside| view::redirects(trace, names, (outside, world.origin()), until);
    world.outside().map_or_else(Vec::new, of)
}

/// The stage, through whose eyes it is seen.
pub fn stage(world: &World, eyes: &Eyes) -> view::Stage {
    let seen = eyes.by.and_then(|port| view::stage_seen_by(world, port));
    seen.unwrap_or_else(|| view::stage(world))
}

fn mark(
    trace: &Trace,
    (position, moment): (usize, Moment),
    origin: Time,
    names: &Names,
) -> Option<Mark> {
    let told = view::tell(trace, position, origin, names)?;
    Some(Mark { elapsed: told.elapsed, position, moment, text: told.text })
}

fn ports(world: &World) -> Vec<u16> {
    let mut ports: Vec<u16> = world.servers().map(|(_, port, _)| port.number()).collect();
    ports.sort_unstable();
    ports
}

fn clients(world: &World) -> Vec<String> {
    let used = world.clients().iter().map(|&(_, actor)| actor);
    used.chain(world.outside()).map(|actor| world.name(actor).to_owned()).collect()
}

fn lanes(session: &Session, moments: &[Moments]) -> Vec<Lane> {
    let origin = session.world().origin();
    let lane = |(number, (branch, moments)): (usize, (&Branch, &Moments))| {
        let from = branch.from().map_or(origin, |(_, at)| at);
        let after_fork = |&(position, moment): &(usize, Moment)| {
            let event = branch.trace().get(position)?;
            (number == 0 || event.at > from).then(|| (event.at.since(origin), moment))
        };
        Lane {
            branch: number,
            name: branch.name().to_owned(),
            from: from.since(origin),
            until: branch.ends_at().since(origin),
            is_current: number == session.current(),
            moments: moments.all().iter().filter_map(after_fork).collect(),
        }
    };
    session.branches().iter().zip(moments).enumerate().map(lane).collect()
}

/// Whether a place is the last that there is to be shown.
fn is_present(session: &Session, place: Place) -> bool {
    let trace = session.trace();
    let first_after = place.position.map_or_else(|| trace.at(place.at), |position| position + 1);
    let is_news = |position| trace.get(position).is_some_and(view::is_news);
    place.at == session.ends_at() && !(first_after..trace.len()).any(is_news)
}

/// The last fault up to a moment, as it was asked for, and how long ago it was.
fn since_fault(trace: &Trace, marks: &[Mark], elapsed: Span) -> Option<(String, Span)> {
    let is_past_fault = |mark: &&Mark| mark.moment == Moment::Step && mark.elapsed <= elapsed;
    let fault = marks.iter().rev().find(is_past_fault)?;
    let EventKind::Step(step) = &trace.get(fault.position)?.kind else { return None };
    let ago = Span::from_micros(elapsed.micros() - fault.elapsed.micros());
    Some((step.strip_prefix("$ ").unwrap_or(step).to_owned(), ago))
}

/// The message behind an event: the one that brought it, or the command that a client sends.
fn arrow(trace: &Trace, told: &Told) -> Option<Arrow> {
    let event = trace.get(told.position)?;
    if let EventKind::Client(note) = &event.kind
        && let ClientNote::Asked { node, .. } = &**note
    {
        let (from, to) = (told.node.clone(), node.port().to_string());
        return Some(Arrow { from, to, what: "command".to_owned() });
    }
    let what = match &trace.find(event.cause?)?.kind {
        EventKind::Received { what: What::Client { .. }, .. } => match &event.kind {
            EventKind::Client(_) => "reply".to_owned(),
            _ => "command".to_owned(),
        },
        EventKind::Received { what, .. } => view::named(what),
        _ => return None,
    };
    Some(Arrow { from: told.from.clone()?, to: told.node.clone(), what })
}
