//! `/metrics`: the served cluster as Prometheus reads it (text format 0.0.4), and `/healthz`.
//!
//! A metric is a row: its name, its kind, its help, and how it is read. Those of a node have its
//! port as a label.

use std::fmt::Write;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hashslot_core::node::Health;
use hashslot_core::view::{self, NodeOnStage, RoleOnStage, Truth};

use super::World;
use super::api::seconds;
use super::error::Problem;
use crate::serve::redis::clock::Flow;
use crate::serve::redis::control::Snapshot;

struct OfServer {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    read: fn(&Snapshot) -> f64,
}

struct OfNode {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    read: fn(&NodeOnStage) -> f64,
}

#[rustfmt::skip]
const SERVER: &[OfServer] = &[
    OfServer { name: "hashslot_clients", kind: "gauge",
        help: "Connections of real clients.",
        read: |now| now.status.clients as f64 },
    OfServer { name: "hashslot_connections_total", kind: "counter",
        help: "Connections of real clients, ever.",
        read: |now| now.status.opened as f64 },
    OfServer { name: "hashslot_connections_refused_total", kind: "counter",
        help: "Connections for which there was no room.",
        read: |now| now.status.refused as f64 },
    OfServer { name: "hashslot_closed_for_output_total", kind: "counter",
        help: "Connections closed because too much waited to be read.",
        read: |now| now.status.closed_for_output as f64 },
    OfServer { name: "hashslot_closed_for_input_total", kind: "counter",
        help: "Connections closed because too much was sent and not used.",
        read: |now| now.status.closed_for_input as f64 },
    OfServer { name: "hashslot_output_bytes", kind: "gauge",
        help: "What waits to be read by clients.",
        read: |now| now.status.output_bytes as f64 },
    OfServer { name: "hashslot_virtual_seconds_total", kind: "counter",
        help: "The cluster's time since it was formed.",
        read: |now| seconds(now.session.world().elapsed()) },
    OfServer { name: "hashslot_behind_seconds", kind: "gauge",
        help: "How far the cluster is behind its clock.",
        read: |now| seconds(now.status.behind) },
    OfServer { name: "hashslot_given_up_seconds_total", kind: "counter",
        help: "Time of the clock that was given up because it could not be kept up with.",
        read: |now| seconds(now.status.given_up) },
    OfServer { name: "hashslot_clock_speed", kind: "gauge",
        help: "How fast time passes; 0 while it is paused.",
        read: |now| match now.status.flow {
            Flow::Paused => 0.0,
            Flow::Running => f64::from(now.status.speed_percent) / 100.0,
        } },
    OfServer { name: "hashslot_trace_bytes", kind: "gauge",
        help: "What the events that are kept take.",
        read: |now| now.session.trace().bytes() as f64 },
    OfServer { name: "hashslot_script_bytes", kind: "gauge",
        help: "What the inputs that are kept take.",
        read: |now| now.session.branch().script().bytes() as f64 },
    OfServer { name: "hashslot_record_bytes_total", kind: "counter",
        help: "What was written to the record.",
        read: |now| now.status.record.as_ref().map_or(0.0, |record| record.bytes as f64) },
];

#[rustfmt::skip]
const NODE: &[OfNode] = &[
    OfNode { name: "hashslot_node_up", kind: "gauge",
        help: "1 if the process runs.",
        read: |node| is(node.truth == Truth::Running) },
    OfNode { name: "hashslot_node_master", kind: "gauge",
        help: "1 if it holds itself for a master.",
        read: |node| is(node.role == RoleOnStage::Master) },
    OfNode { name: "hashslot_node_serves", kind: "gauge",
        help: "1 if its cluster state is ok.",
        read: |node| is(node.health == Health::Ok) },
    OfNode { name: "hashslot_node_slots", kind: "gauge",
        help: "Slots that it owns by its own belief.",
        read: |node| f64::from(slots_of(node)) },
    OfNode { name: "hashslot_node_keys", kind: "gauge",
        help: "Keys that it has.",
        read: |node| node.keys as f64 },
    OfNode { name: "hashslot_node_current_epoch", kind: "gauge",
        help: "The greatest epoch that it has seen.",
        read: |node| node.current_epoch as f64 },
    OfNode { name: "hashslot_node_config_epoch", kind: "gauge",
        help: "The epoch of its claim to its slots.",
        read: |node| node.config_epoch as f64 },
    OfNode { name: "hashslot_node_replication_offset", kind: "gauge",
        help: "Its place in the replication stream.",
        read: |node| node.offset as f64 },
];

pub async fn metrics(State(world): State<World>) -> Result<Response, Problem> {
    let text = text_of(&world.control.look().await?);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// Whether the cluster is served: that the world's thread answers.
pub async fn healthz(State(world): State<World>) -> Result<&'static str, Problem> {
    world.control.look().await?;
    Ok("ok\n")
}

fn text_of(now: &Snapshot) -> String {
    let mut out = String::new();
    for row in SERVER {
        head(&mut out, row.name, row.kind, row.help);
        line(&mut out, row.name, None, (row.read)(now));
    }
    let stage = view::stage(now.session.world());
    for row in NODE {
        head(&mut out, row.name, row.kind, row.help);
        for node in &stage.nodes {
            line(&mut out, row.name, Some(node.port), (row.read)(node));
        }
    }
    let name = "hashslot_node_commands_total";
    head(&mut out, name, "counter", "Commands that its process has run since it was started.");
    for (_, port, server) in now.session.world().servers() {
        line(&mut out, name, Some(port.number()), server.node.commands_processed() as f64);
    }
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, port: Option<u16>, value: f64) {
    let _ = match port {
        Some(port) => writeln!(out, "{name}{{node=\"{port}\"}} {value}"),
        None => writeln!(out, "{name} {value}"),
    };
}

fn is(claim: bool) -> f64 {
    f64::from(u8::from(claim))
}

pub(super) fn slots_of(node: &NodeOnStage) -> u32 {
    let len = |range: &hashslot_core::words::SlotRange| {
        range.last.index() as u32 - range.first.index() as u32 + 1
    };
    node.slots.iter().map(len).sum()
}
