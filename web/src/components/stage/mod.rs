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

use std::rc::Rc;
use std::sync::Arc;

use hashslot_core::lesson::Sight;
use yew::prelude::*;

use crate::hooks::use_is_narrow;
use crate::lab::{Lesson, Shown};
use crate::model::{Motion, Pace};
use layout::{Form, Layout};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Option<Rc<Shown>>,
    pub lesson: Option<Arc<Lesson>>,
    pub motion: Motion,
    pub pace: Pace,
    /// What is pointed at.
    pub ringed: Rc<Vec<Sight>>,
}

#[component]
pub fn StagePanel(props: &Props) -> Html {
    let form = if use_is_narrow() { Form::Rows } else { Form::Ring };
    html! {
        <section class="stage" aria-label="Stage">
            if let (Some(lesson), Some(shown)) = (&props.lesson, &props.shown) {
                { picture(lesson, shown, &props.ringed, form) }
            }
        </section>
    }
}

fn picture(lesson: &Lesson, shown: &Shown, ringed: &[Sight], form: Form) -> Html {
    let layout = Layout::of(&shown.stage, lesson.front.cluster.masters, form);
    let is_ringed = |port: u16| {
        ringed.iter().flat_map(|sight| sight.ports()).any(|ringed| ringed.number() == port)
    };
    let nodes = shown.stage.nodes.iter().filter_map(|node| {
        let spot = layout.spot(node.port)?;
        Some(node::node(node, spot, is_ringed(node.port)))
    });
    html! {
        <svg id="stage" class={form.class()} viewBox={layout.view_box()} role="group"
            aria-label={describe(shown)}>
            { lines::definitions() }
            { slots::slots(&shown.stage, &layout) }
            { lines::hearing(&shown.stage, &layout) }
            { lines::following(&shown.stage, &layout) }
            { for nodes }
            { for shown.arrow.iter().map(|arrow| lines::message(arrow, &layout)) }
        </svg>
    }
}

fn describe(shown: &Shown) -> String {
    let nodes = shown.stage.nodes.len();
    let message = shown.arrow.as_ref().map_or_else(String::new, |arrow| {
        format!(" A message, {}, goes from {} to {}.", arrow.what, arrow.from, arrow.to)
    });
    format!("The ring of 16,384 hash slots, and {nodes} nodes.{message}")
}
