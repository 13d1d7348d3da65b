//! The interface for programs: `/api/...`, in JSON. `docs/serve.md` describes it.
//!
//! What is asked is computed from a copy of the session; what is done goes to the world's thread.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hashslot_core::view::{self, Names, Stage, Told, is_news, rule_of, tell};
use hashslot_core::words::Span;
use hashslot_core::world::session::Session;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::World;
use super::error::Problem;
use super::metrics::slots_of;
use crate::serve::redis::clock::{Flow, SPEED_PERCENT};
use crate::serve::redis::control::{ClockChange, Snapshot};

const EVENTS_DEFAULT: usize = 100;
const EVENTS_MAX: usize = 10_000;

type Answer = Result<Json<Value>, Problem>;

pub async fn status(State(world): State<World>) -> Answer {
    Ok(Json(status_of(&world.control.look().await?)))
}

pub async fn stage(State(world): State<World>) -> Result<Json<Stage>, Problem> {
    let snapshot = world.control.look().await?;
    Ok(Json(view::stage(snapshot.session.world())))
}

/// Which events are wanted: from a position of the trace on, or else the last ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsAsked {
    since: Option<usize>,
    limit: Option<usize>,
    /// Also what is no news: every message.
    #[serde(default)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Events {
    /// From where to ask on.
    next: usize,
    /// What lies before was forgotten.
    first: usize,
    events: Vec<Told>,
}

pub async fn events(
    State(world): State<World>,
    asked: Result<Query<EventsAsked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.map_err(|error| {
        Problem::bad(error.body_text(), "write /api/events?since=POSITION&limit=N&all=true")
    })?;
    let snapshot = world.control.look().await?;
    Ok(Json(events_of(&snapshot.session, &asked)).into_response())
}

fn events_of(session: &Session, asked: &EventsAsked) -> Events {
    let (world, trace) = (session.world(), session.trace());
    let (names, origin) = (Names::of(world), world.origin());
    let limit = asked.limit.unwrap_or(EVENTS_DEFAULT).min(EVENTS_MAX);
    let is_wanted =
        |position: &usize| trace.get(*position).is_some_and(|event| asked.all || is_news(event));
    let told = |position| tell(trace, position, origin, &names);
    let (first, end) = (trace.start(), trace.len());
    let Some(since) = asked.since else {
        let mut last: Vec<usize> = (first..end).rev().filter(is_wanted).take(limit).collect();
        last.reverse();
        return Events { next: end, first, events: last.into_iter().filter_map(told).collect() };
    };
    let found: Vec<usize> = (since.max(first)..end).filter(is_wanted).take(limit).collect();
    let next = match found.last() {
        Some(&last) if found.len() == limit => last + 1,
        _ => end,
    };
    Events { next, first, events: found.into_iter().filter_map(told).collect() }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyAsked {
    position: usize,
}

/// The chain of causes of an event, itself first.
pub async fn why(
    State(world): State<World>,
    asked: Result<Query<WhyAsked>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(asked) = asked.map_err(|error| {
        Problem::bad(error.body_text(), "write /api/why?position=N, as /api/events tells it")
    })?;
    let session = world.control.look().await?.session;
    let (world, trace) = (session.world(), session.trace());
    if trace.get(asked.position).is_none() {
        let error = format!("there is no event at position {}", asked.position);
        let help = format!("positions go from {} to {}", trace.start(), trace.len());
        return Err(Problem::new(StatusCode::NOT_FOUND, error, help));
    }
    let (names, origin) = (Names::of(world), world.origin());
    let tell = |position| tell(trace, position, origin, &names);
    let chain = view::why(trace, &names, asked.position);
    let reasons: Vec<Value> = chain
        .iter()
        .map(|because| {
            let also: Vec<Told> = because.also.iter().filter_map(|&also| tell(also)).collect();
            let rule = trace.get(because.position).and_then(rule_of);
            json!({ "told": tell(because.position), "rule": rule, "also": also })
        })
        .collect();
    Ok(Json(json!({ "why": reasons })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    line: String,
}

/// Does a line, as a person would at the prompt.
pub async fn perform(State(world): State<World>, body: Bytes) -> Answer {
    let Line { line } = read(&body, "send JSON such as {\"line\": \"$ kill 7000\"}")?;
    let printed = world.control.perform(line).await??;
    Ok(Json(json!({ "printed": printed })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockAsked {
    paused: Option<bool>,
    speed: Option<f64>,
}

/// Pauses the clock, lets it run, sets its speed.
pub async fn clock(State(world): State<World>, body: Bytes) -> Answer {
    let asked: ClockAsked = read(&body, "send JSON such as {\"paused\": true, \"speed\": 2.0}")?;
    let speed_percent = asked.speed.map(percent).transpose()?;
    let flow = asked.paused.map(|paused| if paused { Flow::Paused } else { Flow::Running });
    world.control.set_clock(ClockChange { flow, speed_percent }).await?;
    Ok(Json(status_of(&world.control.look().await?)))
}

fn percent(speed: f64) -> Result<u32, Problem> {
    let percent = (speed * 100.0).round();
    let range = f64::from(*SPEED_PERCENT.start())..=f64::from(*SPEED_PERCENT.end());
    match range.contains(&percent) {
        true => Ok(percent as u32),
        false => Err(Problem::bad("this is no speed", "choose one from 0.1 to 1000")),
    }
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8], help: &str) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string(), help))
}

/// The run so far as a text that `hashslot run` plays.
pub async fn run(State(world): State<World>) -> Result<Response, Problem> {
    let session = world.control.look().await?.session;
    let text = session.save().map_err(|error| {
        let help = "start the server with --record FILE, which keeps everything";
        Problem::new(StatusCode::CONFLICT, error.to_string(), help)
    })?;
    let name = "attachment; filename=\"served.session\"";
    let kind = "text/plain; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// What there is no better place for.
pub async fn nothing() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is nothing here",
        "the interface has /api/status, stage, events, why, do, clock and run; /metrics; /healthz",
    )
}

pub async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this is not asked in this way",
        "GET what is only looked at, and POST to /api/do and /api/clock",
    )
}

fn status_of(snapshot: &Snapshot) -> Value {
    let Snapshot { session, status } = snapshot;
    let stage = view::stage(session.world());
    let nodes: Vec<Value> = stage
        .nodes
        .iter()
        .map(|node| {
            json!({
                "port": node.port, "truth": node.truth, "role": node.role,
                "health": node.health, "slots": slots_of(node), "keys": node.keys,
            })
        })
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "seed": session.setup().seed,
        "nodes": nodes,
        "clock": {
            "paused": status.flow == Flow::Paused,
            "speed": f64::from(status.speed_percent) / 100.0,
            "elapsed_seconds": seconds(session.world().elapsed()),
            "behind_seconds": seconds(status.behind),
            "given_up_seconds": seconds(status.given_up),
        },
        "clients": {
            "connected": status.clients,
            "opened": status.opened,
            "refused": status.refused,
            "closed_for_output": status.closed_for_output,
            "closed_for_input": status.closed_for_input,
        },
        "digest": format!("{:016x}", session.digest()),
        "events": session.trace().len(),
        "record": status.record.as_ref().map(|record| {
            json!({ "file": record.file, "bytes": record.bytes, "failed": record.failed })
        }),
        "troubles": status.troubles,
    })
}

pub(super) fn seconds(span: Span) -> f64 {
    span.micros() as f64 / 1e6
}
