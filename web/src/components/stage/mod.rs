//! The stage: the slots, the nodes that own them, and what the nodes think of each other.
//!
//! Fill and outline of a node are the truth about its process; the marks below it are beliefs of
//! others. The two are never mixed: a node that was killed is hollow, and is marked failed only
//! where somebody believes it.
//!
//! - `layout`: where everything stands; `slots`: the ring; `node`: a node and the opinions of it;
//! - `lines`: who follows whom, who hears whom, and the message that is shown.

mod layout;
mod lines;
mod node;
mod slots;

use hashslot_core::view::Stage as StageView;
use yew::prelude::*;

use crate::hooks::use_is_narrow;
use crate::lab::Arrow;
use layout::{Form, Layout};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub stage: StageView,
    /// The message that brought the event that is shown.
    pub arrow: Option<Arrow>,
    /// How many masters the cluster began with: so many hues there are.
    pub masters: u16,
    /// The nodes at which the lesson points.
    pub looked_at: Vec<u16>,
}

#[component]
pub fn Stage(props: &Props) -> Html {
    let form = if use_is_narrow() { Form::Rows } else { Form::Ring };
    let layout = Layout::of(&props.stage, props.masters, form);
    let nodes = props.stage.nodes.iter().filter_map(|node| {
        let spot = layout.spot(node.port)?;
        Some(node::node(node, spot, props.looked_at.contains(&node.port)))
    });
    html! {
        <svg id="stage" class={form.class()} viewBox={layout.view_box()} role="group"
            aria-label={describe(props)}>
            { lines::definitions() }
            { slots::slots(&props.stage, &layout) }
            { lines::hearing(&props.stage, &layout) }
            { lines::following(&props.stage, &layout) }
            { for nodes }
            { for props.arrow.iter().map(|arrow| lines::message(arrow, &layout)) }
        </svg>
    }
}

fn describe(props: &Props) -> String {
    let nodes = props.stage.nodes.len();
    let message = props.arrow.as_ref().map_or_else(String::new, |arrow| {
        format!(" A message, {}, goes from {} to {}.", arrow.what, arrow.from, arrow.to)
    });
    format!("The ring of 16,384 hash slots, and {nodes} nodes.{message}")
}
