//! The lines between nodes: who follows whom, who hears whom, and the message that is shown.

use hashslot_core::view::{RoleOnStage, Stage};
use yew::prelude::*;

use super::layout::{BELOW, Form, HALF, Layout, Place, px};
use crate::lab::Arrow;

/// Above this many nodes, lines between all of them would hide everything else.
const MESH_MAX: usize = 9;

/// The head of the arrow.
pub fn definitions() -> Html {
    html! {
        <defs>
            <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="10"
                markerHeight="10" markerUnits="userSpaceOnUse" orient="auto">
                <path d="M0 0.5L10 5L0 9.5z" />
            </marker>
        </defs>
    }
}

/// A hair for every two nodes; dotted once one of them has heard nothing of the other for more
/// than half the node timeout.
pub fn hearing(stage: &Stage, layout: &Layout) -> Html {
    if stage.nodes.len() > MESH_MAX {
        return Html::default();
    }
    let mut hairs = Vec::new();
    for node in &stage.nodes {
        for opinion in &node.opinions {
            let back = stage.nodes.iter().find(|other| other.port == opinion.by);
            let back = back.and_then(|other| other.opinions.iter().find(|it| it.by == node.port));
            if back.is_some() && opinion.by < node.port {
                continue;
            }
            let silent_ms = opinion.silent_ms.max(back.map_or(0, |back| back.silent_ms));
            let (Some(a), Some(b)) = (layout.spot(node.port), layout.spot(opinion.by)) else {
                continue;
            };
            let is_silent = silent_ms * 2 > stage.node_timeout_ms;
            let class = classes!("hair", is_silent.then_some("silent"));
            hairs.push(line(class, a.place, b.place));
        }
    }
    html! { <g class="hairs" aria-hidden="true">{ for hairs }</g> }
}

/// A dashed line from each replica to its master.
pub fn following(stage: &Stage, layout: &Layout) -> Html {
    let lines = stage.nodes.iter().filter_map(|node| {
        let RoleOnStage::Replica { of: Some(of) } = node.role else { return None };
        let (from, to) = (layout.spot(node.port)?, layout.spot(of)?);
        let class = classes!("follows", format!("shard-{}", from.shard % 6));
        Some(line(class, from.place, to.place))
    });
    html! { <g aria-hidden="true">{ for lines }</g> }
}

fn line(class: Classes, a: Place, b: Place) -> Html {
    html! { <line {class} x1={px(a.x)} y1={px(a.y)} x2={px(b.x)} y2={px(b.y)} /> }
}

/// The message that brought what is shown, from its sender to its receiver.
pub fn message(arrow: &Arrow, layout: &Layout) -> Html {
    let client = [&arrow.from, &arrow.to].into_iter().find(|name| !layout.is_node(name));
    if layout.form == Form::Rows && client.is_some() {
        // There is no room for a client between the rows; the sentence below tells of it.
        return Html::default();
    }
    let (from, to) = (layout.place_of(&arrow.from), layout.place_of(&arrow.to));
    let (start, end) = shortened(from, to);
    let width = 9.0 * arrow.what.chars().count() as f64 + 34.0;
    let middle = label_place(start, end, width, layout);
    html! {
        <g class="message" data-from={arrow.from.clone()} data-to={arrow.to.clone()}
            data-what={arrow.what.clone()} aria-hidden="true">
            { for client.map(|_| client_mark(layout)) }
            <line class="arrow" x1={px(start.x)} y1={px(start.y)} x2={px(end.x)} y2={px(end.y)}
                marker-end="url(#head)" />
            <g transform={format!("translate({} {})", px(middle.x), px(middle.y))}>
                <rect class="plate" x={px(-width / 2.0)} y="-13" width={px(width)} height="26"
                    rx="13" />
                <path class="sign" transform={format!("translate({} 0)", px(15.0 - width / 2.0))}
                    d={sign(&arrow.what)} />
                <text x="10" text-anchor="middle" dominant-baseline="central">{ &arrow.what }</text>
            </g>
        </g>
    }
}

/// A client is no part of the cluster: a plain word.
fn client_mark(layout: &Layout) -> Html {
    let place = layout.place_of("client");
    let at = format!("translate({} {})", px(place.x), px(place.y));
    html! {
        <g class="client" transform={at}>
            <rect class="plate" x="-34" y="-16" width="68" height="32" rx="16" />
            <text text-anchor="middle" dominant-baseline="central">{ "client" }</text>
        </g>
    }
}

/// The middle of the line; on the short way down a column, beside it, where no marks are.
fn label_place(start: Place, end: Place, width: f64, layout: &Layout) -> Place {
    let middle = Place { x: (start.x + end.x) / 2.0, y: (start.y + end.y) / 2.0 };
    let is_down_a_column = layout.form == Form::Rows && (end.x - start.x).abs() < 20.0;
    match (is_down_a_column, middle.x > 200.0) {
        (false, _) => middle,
        (true, true) => Place { x: middle.x - width / 2.0 - 8.0, ..middle },
        (true, false) => Place { x: middle.x + width / 2.0 + 8.0, ..middle },
    }
}

/// The line between two places without what the shapes, and the marks below them, cover.
fn shortened(from: Place, to: Place) -> (Place, Place) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let is_steep = uy.abs() > 0.8 && length > 170.0;
    let shape = (HALF + 7.0).min(length / 3.0);
    let (mut near, mut far) = (shape, shape);
    if is_steep && uy > 0.0 {
        near = BELOW + 2.0;
    } else if is_steep {
        far = BELOW + 2.0;
    }
    (
        Place { x: from.x + ux * near, y: from.y + uy * near },
        Place { x: to.x - ux * far, y: to.y - uy * far },
    )
}

/// The shape of a message: FAIL a diamond, a vote asked for or given a triangle, MEET and UPDATE a
/// pentagon, replication a square, all else a dot.
fn sign(what: &str) -> &'static str {
    match what {
        "FAIL" => "M0 -7L7 0L0 7L-7 0z",
        "AUTH-REQ" | "AUTH-REQUEST" => "M0 -7L7 6H-7z",
        "AUTH-ACK" => "M0 -7L7 6H-7zM-2.5 1.5L-0.5 3.5L3 -0.5",
        "MEET" | "UPDATE" => "M0 -7L7 -1.5L4 6H-4L-7 -1.5z",
        what if what.starts_with("replication") => "M-5 -5H5V5H-5z",
        _ => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
    }
}
