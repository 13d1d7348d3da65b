//! The stage: the slots, the nodes that own them, and what the nodes think of each other.
//!
//! Fill and outline of a node are the truth about its process; the marks below it are beliefs of
//! others. The two are never mixed: a node that was killed is hollow, and is marked failed only
//! where somebody believes it. Seen by one node the stage has no truth at all, but that node's
//! beliefs, and says so.
//!
//! - `plane`, `seating`, `layout` with `ring` and `rows`: where everything stands;
//! - `drawn`: what of a moment is drawn, no finer than it can be seen;
//! - `slots`, `links`, `node` with `opinions`, `message`: the picture; `kinds`: how messages look;
//! - `flights` and `canvas`: messages that move, above the picture; `told`: what real clients were
//!   told, for as long as it takes to read;
//! - `deeds`, `menu` and `menus`: what can be done with a node or a link; `tools`: a partition is
//!   drawn;
//! - `measure`: how large the stage is.

mod canvas;
mod deeds;
mod drawn;
mod flights;
mod kinds;
mod layout;
mod links;
mod measure;
mod menu;
mod menus;
mod message;
mod node;
mod opinions;
mod plane;
mod ring;
mod rows;
mod seating;
mod slots;
#[cfg(test)]
mod tests;
mod told;
mod tools;

use std::rc::Rc;
use std::sync::Arc;

use gloo::utils::window;
use hashslot_core::lesson::Sight;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::lab::{Lesson, Redirected, Shown};
use crate::model::{Motion, Pace};
use crate::watching::present;
use canvas::{Canvas, Sky};
use deeds::Open;
use layout::{Form, Layout, MARKS_MAX};
use links::{Bands, Following, Link};
use measure::use_size;
use menus::{OpenMenu, focus_node};
use message::{Message, Rest, Resting};
use node::Node;
use seating::Seating;
use slots::Slots;
use told::Told;
use tools::Tools;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Option<Rc<Shown>>,
    pub lesson: Option<Arc<Lesson>>,
    pub motion: Motion,
    pub pace: Pace,
    /// What is pointed at.
    pub ringed: Rc<Vec<Sight>>,
    /// Where real clients were sent last, oldest first.
    pub redirects: Rc<Vec<Redirected>>,
}

#[component]
pub fn StagePanel(props: &Props) -> Html {
    let root = use_node_ref();
    let size = use_size(&root);
    let open = use_state_eq(|| None::<Open>);
    let sky = use_memo((), |()| Sky::default());
    let founding = props.lesson.as_ref().map(|lesson| lesson.front.cluster.clone());
    let seating = props.shown.as_ref().zip(founding).map(|(it, was)| Seating::of(&it.stage, &was));
    let layout = use_memo((seating, size), |(seating, size)| {
        let (seating, size) = (seating.as_ref()?, (*size)?);
        Some(Rc::new(Layout::of(seating, size)))
    });
    let travels = use_travels(props);
    let found = props.shown.as_ref().zip((*layout).as_ref());
    let message = found.and_then(|(shown, layout)| message::message(shown, layout));
    use_flights(props, travels, (*layout).clone(), &message, &sky);
    let on_node = use_callback((), {
        let open = open.setter();
        move |port: u16, ()| open.set(Some(Open::Node(port)))
    });
    let on_link = use_callback((), {
        let open = open.setter();
        move |(one, other): (u16, u16), ()| open.set(Some(Open::Link(one, other)))
    });
    let class = classes!("stage", found.and_then(|(it, _)| it.stage.seen_by).map(|_| "believed"));
    html! {
        <section {class} aria-label="Stage" ref={root.clone()}>
            if let Some((shown, layout)) = found {
                { picture(props, shown, layout, message.as_ref(), travels, (&on_node, &on_link)) }
                <Canvas sky={(*sky).clone()} size={layout.size} />
                { caption(shown) }
                <Tools layout={layout.clone()} ports={shown.ports.clone()}
                    is_cut={shown.stage.faults.iter().any(|it| it.is_cut || it.latency.is_some())}
                    is_dropping={shown.stage.faults.iter().any(|it| !it.drops.is_empty())} />
                if let Some(which) = *open {
                    <OpenMenu {which} shown={shown.clone()} layout={layout.clone()}
                        on_open={set_open(&open)} />
                }
            }
        </section>
    }
}

fn set_open(open: &UseStateHandle<Option<Open>>) -> Callback<Option<Open>> {
    let setter = open.setter();
    Callback::from(move |which| setter.set(which))
}

type Openers<'a> = (&'a Callback<u16>, &'a Callback<(u16, u16)>);

fn picture(
    props: &Props,
    shown: &Shown,
    layout: &Rc<Layout>,
    message: Option<&Message>,
    travels: bool,
    (on_node, on_link): Openers<'_>,
) -> Html {
    let stage = &shown.stage;
    let bands = drawn::bands(stage, layout);
    let nodes = drawn::nodes(stage, layout, &props.ringed);
    let links = drawn::links(stage, layout, &props.ringed);
    let are_few = nodes.len() <= 12;
    let links = links.into_iter().filter_map(|link| {
        let is_parted = links::is_parted(&bands, &link);
        // Among many nodes a band says it all.
        if is_parted && nodes.len() > MARKS_MAX && !link.is_ringed {
            return None;
        }
        let key = format!("{}-{}", link.one, link.other);
        let layout = layout.clone();
        Some(html! { <Link {key} {link} {is_parted} {layout} on_open={on_link} /> })
    });
    let links: Vec<Html> = links.collect();
    let links_class = classes!("links", (links.len() > 20).then_some("many"));
    let first = nodes.first().map(|node| node.port);
    let nodes = nodes.iter().map(|node| {
        let is_tab_stop = are_few || Some(node.port) == first;
        html! {
            <Node key={node.port} node={node.clone()} layout={layout.clone()} {is_tab_stop}
                on_open={on_node} />
        }
    });
    let steady = matches!(props.pace, Pace::Steady(_)) && props.motion != Motion::Still;
    let position = shown.now.as_ref().map_or_else(String::new, |now| now.position.to_string());
    let resting = message.filter(|_| !steady);
    let client = message::talking_client(shown, layout);
    let rest = match travels && present(shown).is_none() {
        true => Rest::Coming,
        false => Rest::Staying,
    };
    let (width, height) = (layout.size.width, layout.size.height);
    let class = match layout.form {
        Form::Ring { .. } => "ring-form",
        Form::Rows => "rows-form",
    };
    html! {
        <svg id="stage" {class} viewBox={format!("0 0 {width} {height}")} role="group"
            aria-label={describe(shown)} onkeydown={on_arrow_key(layout)}>
            { definitions() }
            <g class={links_class} aria-hidden="true">{ for links }</g>
            <Following lines={links::following(stage, layout)} />
            <Bands {bands} layout={layout.clone()} />
            <Slots runs={slots::runs(stage)} layout={layout.clone()} />
            <g class="nodes">{ for nodes }</g>
            { for resting.map(|message| html! {
                <Resting key={position.clone()} message={message.clone()} {rest} />
            }) }
            if shown.live.is_some() {
                <Told redirects={props.redirects.clone()} layout={layout.clone()} />
            }
            { for client.iter().map(|name| message::client(name, shown, layout)) }
        </svg>
    }
}

/// The head of the arrow, and the hatch of a band.
fn definitions() -> Html {
    html! {
        <defs>
            <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="10"
                markerHeight="10" markerUnits="userSpaceOnUse" orient="auto">
                <path d="M0 0.5L10 5L0 9.5z" />
            </marker>
            <pattern id="hatching" width="7" height="7" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)">
                <path d="M3.5 0V7" />
            </pattern>
        </defs>
    }
}

/// Who looks, if it is one of the nodes.
fn caption(shown: &Shown) -> Html {
    let Some(port) = shown.stage.seen_by else { return Html::default() };
    html! {
        <p class="caption">
            <svg viewBox="0 0 22 14" aria-hidden="true">
                <path d="M1 7C5 0 17 0 21 7C17 14 5 14 1 7z" /><circle cx="11" cy="7" r="3" />
            </svg>
            { format!("as {port} sees it") }
        </p>
    }
}

/// Whether the message of what is shown travels: it does if the page was playing when it came.
#[hook]
fn use_travels(props: &Props) -> bool {
    let last = use_mut_ref(|| (None::<Rc<Shown>>, Motion::Still, false));
    let mut last = last.borrow_mut();
    let is_new = match (&last.0, &props.shown) {
        (Some(before), Some(shown)) => !Rc::ptr_eq(before, shown),
        (None, None) => false,
        _ => true,
    };
    if is_new {
        let is_held = is_same_message(last.0.as_deref(), props.shown.as_deref());
        let is_live = props.shown.as_deref().is_some_and(|shown| present(shown).is_some());
        let goes_on = last.1 != Motion::Still || is_live;
        last.2 = goes_on && !is_held && !prefers_stillness();
        last.0 = props.shown.clone();
    }
    last.1 = props.motion;
    last.2
}

/// Whether what is newly shown is another consequence of the message that stands there already.
fn is_same_message(before: Option<&Shown>, shown: Option<&Shown>) -> bool {
    let (Some(before), Some(shown)) = (before, shown) else { return false };
    before.elapsed == shown.elapsed && before.arrow == shown.arrow
}

fn prefers_stillness() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Sets moving what was under way in the time that is newly shown.
#[hook]
fn use_flights(
    props: &Props,
    travels: bool,
    layout: Option<Rc<Layout>>,
    message: &Option<Message>,
    sky: &Rc<Sky>,
) {
    // What goes on by itself is shown as it goes, whatever the pace.
    let is_live = props.shown.as_deref().is_some_and(|shown| present(shown).is_some());
    let pace = if is_live { Pace::Steady(1.0) } else { props.pace };
    let (sky, message) = (sky.clone(), message.clone());
    let newest = props.shown.as_ref().map(|shown| Newest(shown.clone()));
    use_effect_with(newest, move |newest| {
        let (Some(Newest(shown)), Some(layout), true) = (newest, layout, travels) else {
            return sky.clear();
        };
        sky.add(flights::sprites(shown, message.as_ref(), &layout, pace, Sky::now_ms()));
    });
}

/// What is shown, told apart by being another answer, whatever is in it.
struct Newest(Rc<Shown>);

impl PartialEq for Newest {
    fn eq(&self, other: &Newest) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The arrow keys go from a node to the nearest one in that direction.
fn on_arrow_key(layout: &Rc<Layout>) -> Callback<KeyboardEvent> {
    let layout = layout.clone();
    Callback::from(move |event: KeyboardEvent| {
        let (x, y) = match event.key().as_str() {
            "ArrowLeft" => (-1.0, 0.0),
            "ArrowRight" => (1.0, 0.0),
            "ArrowUp" => (0.0, -1.0),
            "ArrowDown" => (0.0, 1.0),
            _ => return,
        };
        let target = event.target_dyn_into::<web_sys::Element>();
        let port = target.and_then(|it| it.get_attribute("data-port")?.parse().ok());
        let Some(next) = port.and_then(|port| layout.neighbour(port, x, y)) else { return };
        event.prevent_default();
        event.stop_propagation();
        focus_node(next);
    })
}

/// The whole picture as a text, without what its parts say themselves.
fn describe(shown: &Shown) -> String {
    let stage = &shown.stage;
    let whose = match stage.seen_by {
        Some(port) => format!(" as {port} believes them to be"),
        None => String::new(),
    };
    let nodes = stage.nodes.len();
    let message = shown.arrow.as_ref().map_or_else(String::new, |arrow| {
        format!(" A message, {}, goes from {} to {}.", arrow.what, arrow.from, arrow.to)
    });
    let cuts = stage.faults.iter().filter(|fault| fault.is_cut && stage.seen_by.is_none());
    let cuts: Vec<String> =
        cuts.take(12).map(|fault| format!("{} to {}", fault.from, fault.to)).collect();
    let cut = match cuts.is_empty() {
        true => String::new(),
        false => format!(" What is cut: {}.", cuts.join(", ")),
    };
    format!("The ring of 16,384 hash slots, and {nodes} nodes{whose}.{message}{cut}")
}
