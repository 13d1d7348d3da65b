//! A node: what became of its process, as fill and outline; and below it one mark for each other
//! node that runs, in the order of ports: what that one thinks of it.
//!
//! On a stage as one node sees it there is no truth about the others: they are outlines, with the
//! viewer's one opinion below.

use std::rc::Rc;

use hashslot_core::node::Opinion;
use hashslot_core::view::{RoleOnStage, Truth};
use web_sys::KeyboardEvent;
use yew::prelude::*;

use super::drawn::NodeDrawn;
use super::layout::{Label, Layout, Measures, Strip};
use super::opinions;
use super::plane::px;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub node: NodeDrawn,
    pub layout: Rc<Layout>,
    /// Whether it is reached with the tab key; the arrow keys reach all.
    pub is_tab_stop: bool,
    /// Its menu is asked for.
    pub on_open: Callback<u16>,
}

#[component]
pub fn Node(props: &Props) -> Html {
    let Props { node, layout, is_tab_stop, on_open } = props;
    let Some(spot) = layout.spot(node.port) else { return Html::default() };
    let measures = layout.measures;
    let class = classes!(
        "node",
        hue_class(spot.hue),
        role_class(node.role),
        truth_class(node.truth),
        node.is_viewer.then_some("viewer"),
        node.is_ringed.then_some("looked-at"),
    );
    let port = node.port;
    let onclick = on_open.reform(move |_: MouseEvent| port);
    let onkeydown = {
        let on_open = on_open.clone();
        Callback::from(move |event: KeyboardEvent| {
            if matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                event.stop_propagation();
                on_open.emit(port);
            }
        })
    };
    let half = measures.half;
    html! {
        <g {class} transform={format!("translate({} {})", px(spot.place.x), px(spot.place.y))}
            tabindex={if *is_tab_stop { "0" } else { "-1" }} role="button" aria-haspopup="menu"
            aria-label={describe(node)} data-port={port.to_string()}
            data-truth={truth_class(node.truth)} data-role={role_class(node.role)}
            {onclick} {onkeydown}>
            { opinions::plate(node, measures) }
            <circle class="touch" r={px(half.max(8.0) + 4.0)} />
            if node.is_ringed {
                <circle class="look-ring" r={px(around(node.role, half) + 4.0)} />
            }
            if node.is_viewer {
                <circle class="eye-ring" r={px(around(node.role, half))} />
            }
            { shape(node, half) }
            { label(port, measures, spot.label) }
            { opinions::strip(node, measures) }
        </g>
    }
}

/// The radius of a ring around a node.
fn around(role: RoleOnStage, half: f64) -> f64 {
    match role {
        RoleOnStage::Master => half * 1.33 + 4.0,
        RoleOnStage::Replica { .. } => half + 6.0,
    }
}

/// A square for a master, a circle for a replica; two bars and a hatch over what stands still.
fn shape(node: &NodeDrawn, half: f64) -> Html {
    let outline = match node.role {
        RoleOnStage::Master => {
            let (corner, side) = (px(-half), px(2.0 * half));
            let round = px(half * 0.28);
            html! {
                <rect class="shape" x={corner.clone()} y={corner} width={side.clone()}
                    height={side} rx={round} />
            }
        }
        RoleOnStage::Replica { .. } => html! { <circle class="shape" r={px(half)} /> },
    };
    let is_paused = node.truth == Some(Truth::Paused);
    html! {
        <>
            { outline }
            if is_paused {
                <path class="hatch" d={hatch(half * 0.78)} />
                <path class="bars" d={bars(half)} />
            }
        </>
    }
}

fn hatch(h: f64) -> String {
    let line =
        |x: f64, y: f64| format!("M{} {}L{} {}", px(-h + x), px(h - y), px(h - y), px(-h + x));
    let steps = [0.0, 0.45, 0.9];
    let below = steps.iter().map(|step| line(step * h, 0.0));
    let above = steps[1..].iter().map(|step| line(0.0, step * h));
    below.chain(above).collect()
}

/// Two bars above the label.
fn bars(half: f64) -> String {
    let (x, top, high) = (px(half * 0.2), px(-half * 0.86), px(half * 0.42));
    format!("M-{x} {top}v{high}M{x} {top}v{high}")
}

/// The port: inside, or, on small nodes, beside them; on the smallest it has no room at all.
fn label(port: u16, measures: Measures, direction: f64) -> Html {
    let half = measures.half;
    let class = match half {
        half if half >= 25.0 => "port large",
        half if half >= 19.0 => "port medium",
        _ => "port small",
    };
    match measures.label {
        Label::Inside => html! {
            <text {class} text-anchor="middle" dominant-baseline="central">{ port }</text>
        },
        Label::Nowhere => Html::default(),
        Label::Under => html! {
            <text class="port outside" y={px(half + 8.0)} text-anchor="middle"
                dominant-baseline="central">{ port }</text>
        },
        Label::Outside => {
            let degrees = (direction.to_degrees() + 90.0).rem_euclid(360.0) - 180.0;
            let is_flipped = !(-90.0..=90.0).contains(&degrees);
            let (turn, x, anchor) = match is_flipped {
                true => (degrees + 180.0, -half - 5.0, "end"),
                false => (degrees, half + 5.0, "start"),
            };
            html! {
                <text class="port outside" transform={format!("rotate({})", px(turn))} x={px(x)}
                    text-anchor={anchor} dominant-baseline="central">{ port }</text>
            }
        }
    }
}

/// The hue of a shard; of a node that belongs to none, none.
pub fn hue_class(hue: Option<u16>) -> String {
    hue.map_or_else(|| "shard-none".to_owned(), |hue| format!("shard-{}", hue % 6))
}

fn role_class(role: RoleOnStage) -> &'static str {
    match role {
        RoleOnStage::Master => "master",
        RoleOnStage::Replica { .. } => "replica",
    }
}

pub fn truth_class(truth: Option<Truth>) -> &'static str {
    match truth {
        Some(Truth::Running) => "running",
        Some(Truth::Paused) => "paused",
        Some(Truth::Gone) => "gone",
        None => "unknown",
    }
}

pub fn said_role(role: RoleOnStage) -> String {
    match role {
        RoleOnStage::Master => "a master".to_owned(),
        RoleOnStage::Replica { of: Some(of) } => format!("a replica of {of}"),
        RoleOnStage::Replica { of: None } => "a replica".to_owned(),
    }
}

/// Truth and beliefs as a text, for those who do not see the stage.
fn describe(node: &NodeDrawn) -> String {
    let (port, role) = (node.port, said_role(node.role));
    let truth = match node.truth {
        Some(Truth::Running) => format!("{port} runs, {role}."),
        Some(Truth::Paused) => format!("{port} stands still, {role}."),
        Some(Truth::Gone) => format!("The process of {port} is gone; it was {role}."),
        None => format!("{port}, believed to be {role}."),
    };
    let thoughts: Vec<String> =
        node.marks.iter().map(|mark| opinions::thinks(mark.by, mark.opinion)).collect();
    let count = |count: usize, held: Opinion| match count {
        0 => None,
        _ => Some(format!("Held for {} by {count}.", opinions::name(held))),
    };
    let counts = match node.marks.is_empty() {
        true => [count(node.badge.0, Opinion::Pfail), count(node.badge.1, Opinion::Fail)],
        false => [None, None],
    };
    let parts: Vec<String> =
        std::iter::once(truth).chain(thoughts).chain(counts.into_iter().flatten()).collect();
    parts.join(" ")
}

/// Whether a strip has marks, or only counts.
pub fn is_counted(measures: Measures) -> bool {
    !matches!(measures.strip, Strip::Marks { .. })
}
