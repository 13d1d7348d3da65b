//! The slots: a ring or a bar in the hues of their owners. Solid: the owner's process is there;
//! dashed: it is gone; a thin line: nobody owns them.

use hashslot_core::view::{Arc, Stage, Truth};
use yew::prelude::*;

use super::layout::{Form, Layout, RADIUS, first, on_ring, past, px};

/// Between two owners, in slots: about one hundredth of the ring.
const GAP: f64 = 110.0;

/// All runs of slots.
pub fn slots(stage: &Stage, layout: &Layout) -> Html {
    html! { <g class="slots">{ for stage.ring.iter().map(|arc| run(arc, stage, layout)) }</g> }
}

fn run(arc: &Arc, stage: &Stage, layout: &Layout) -> Html {
    let owner = arc.owner.and_then(|port| stage.nodes.iter().find(|node| node.port == port));
    let class = match owner {
        None => classes!("slots-run", "unassigned"),
        Some(node) => classes!(
            "slots-run",
            format!("shard-{}", layout.shard(node.port) % 6),
            (node.truth == Truth::Gone).then_some("dashed"),
        ),
    };
    let (from, to) = trimmed(first(arc.slots), past(arc.slots));
    let (from, to) = (layout.along(from), layout.along(to));
    let path = match layout.form {
        Form::Ring => ring_path(from, to),
        Form::Rows => format!("M{} 14H{}", px(from), px(to)),
    };
    let said = match arc.owner {
        Some(owner) => format!("slots {} of {owner}", arc.slots),
        None => format!("slots {} of nobody", arc.slots),
    };
    html! { <path {class} d={path}><title>{ said }</title></path> }
}

/// A run without the gap at its ends, as far as it is long enough.
fn trimmed(from: f64, to: f64) -> (f64, f64) {
    let gap = (GAP / 2.0).min((to - from) / 4.0);
    (from + gap, to - gap)
}

fn ring_path(from: f64, to: f64) -> String {
    let (start, end) = (on_ring(from, RADIUS), on_ring(to, RADIUS));
    let is_long = u8::from(to - from > std::f64::consts::PI);
    let radius = px(RADIUS);
    format!(
        "M{} {}A{radius} {radius} 0 {is_long} 1 {} {}",
        px(start.x),
        px(start.y),
        px(end.x),
        px(end.y)
    )
}
