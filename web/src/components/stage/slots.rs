//! The slots: a ring or a bar in the hues of their owners. Solid: the owner's process is there;
//! dashed: it is gone; a thin line: nobody owns them.

use std::f64::consts::PI;
use std::rc::Rc;

use hashslot_core::view::{Arc, Stage, Truth};
use yew::prelude::*;

use super::layout::{Form, Layout};
use super::node::hue_class;
use super::plane::px;
use super::seating::{first, past};

/// Between two owners, in slots: about one hundredth of the ring.
const GAP: f64 = 110.0;
/// Where the bar lies.
const BAR_Y: f64 = 17.0;

/// A run of slots, and whether its owner is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    arc: Arc,
    is_gone: bool,
}

/// All runs. What one node believes tells nothing of processes.
pub fn runs(stage: &Stage) -> Vec<Run> {
    let is_gone = |owner: Option<u16>| {
        let node = stage.nodes.iter().find(|node| Some(node.port) == owner);
        stage.seen_by.is_none() && node.is_some_and(|node| node.truth == Truth::Gone)
    };
    stage.ring.iter().map(|arc| Run { arc: arc.clone(), is_gone: is_gone(arc.owner) }).collect()
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub runs: Vec<Run>,
    pub layout: Rc<Layout>,
}

#[component]
pub fn Slots(props: &Props) -> Html {
    html! { <g class="slots">{ for props.runs.iter().map(|run| one(run, &props.layout)) }</g> }
}

fn one(run: &Run, layout: &Layout) -> Html {
    let Run { arc, is_gone } = run;
    let class = match arc.owner {
        None => classes!("slots-run", "unassigned"),
        Some(owner) => {
            classes!("slots-run", hue_class(layout.hue(owner)), is_gone.then_some("dashed"))
        }
    };
    let (from, to) = trimmed(first(arc.slots), past(arc.slots));
    let (from, to) = (layout.along(from), layout.along(to));
    let said = match arc.owner {
        Some(owner) => format!("slots {} of {owner}", arc.slots),
        None => format!("slots {} of nobody", arc.slots),
    };
    html! { <path {class} d={path(from, to, layout)}><title>{ said }</title></path> }
}

fn path(from: f64, to: f64, layout: &Layout) -> String {
    let Form::Ring { centre, radius } = layout.form else {
        return format!("M{} {BAR_Y}H{}", px(from), px(to));
    };
    let (start, end) = (centre.around(from, radius), centre.around(to, radius));
    let is_long = u8::from(to - from > PI);
    let radius = px(radius);
    format!(
        "M{} {}A{radius} {radius} 0 {is_long} 1 {} {}",
        px(start.x),
        px(start.y),
        px(end.x),
        px(end.y)
    )
}

/// A run without the gap at its ends, as far as it is long enough.
fn trimmed(from: f64, to: f64) -> (f64, f64) {
    let gap = (GAP / 2.0).min((to - from) / 4.0);
    (from + gap, to - gap)
}
