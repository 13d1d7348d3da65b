//! Slots: the map of all 16,384, who owns them and who thinks otherwise; and the way from a key to
//! its slot.

use std::rc::Rc;

use hashslot_core::node::Open;
use hashslot_core::view::{Arc, SlotMap, Truth, counted, owner_in};
use hashslot_core::words::Slot;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

use super::key::KeyField;
use super::map::{Picture, SIDE, slot_at};
use super::moves::moved;
use super::{hue, moment};
use crate::asker::use_answer;
use crate::lab::{Answer, Ask, Shown};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
    pub masters: u16,
}

#[component]
pub fn SlotsTab(props: &Props) -> Html {
    let answer = use_answer(Some(Ask::Slots), moment(&props.shown));
    let pointed = use_state_eq(|| None::<u16>);
    let ringed = use_state_eq(|| None::<u16>);
    let Some(Answer::Slots(map)) = answer.as_deref() else {
        return html! { <p class="empty" role="status">{ "Reading the map ..." }</p> };
    };
    let nodes = props.shown.stage.nodes.iter();
    let gone: Vec<u16> =
        nodes.filter(|node| node.truth == Truth::Gone).map(|node| node.port).collect();
    let on_slot = {
        let ringed = ringed.clone();
        Callback::from(move |slot: Option<Slot>| ringed.set(slot.map(Slot::number)))
    };
    let picture = Picture {
        ring: &map.ring,
        keys: &map.keys,
        gone: &gone,
        masters: props.masters,
        pointed: *pointed,
        ringed: *ringed,
    };
    let told = (*pointed).or(*ringed);
    html! {
        <div class="slots">
            <Map on_point={let pointed = pointed.clone(); move |slot| pointed.set(slot)}
                at={*pointed} picture={picture.draw()} label={described(map)} />
            <p class="named" aria-live="polite">
                if let Some(slot) = told {
                    { named(slot, map) }
                } else {
                    { "Point at a cell: it is a slot." }
                }
            </p>
            <KeyField ring={Rc::new(map.ring.clone())} {on_slot} />
            { legend(map, &gone, props.masters) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct MapProps {
    at: Option<u16>,
    on_point: Callback<Option<u16>>,
    picture: Html,
    label: String,
}

/// The picture, as something to point at with the mouse, a finger, or the keys.
#[component]
fn Map(props: &MapProps) -> Html {
    let node = use_node_ref();
    let slot_of = {
        let node = node.clone();
        move |event: &MouseEvent| {
            let area = node.cast::<Element>()?.get_bounding_client_rect();
            let across = (f64::from(event.client_x()) - area.left()) / area.width();
            let down = (f64::from(event.client_y()) - area.top()) / area.height();
            slot_at(across, down)
        }
    };
    let on_move = {
        let on_point = props.on_point.clone();
        move |event: MouseEvent| on_point.emit(slot_of(&event))
    };
    let on_key = {
        let (on_point, at) = (props.on_point.clone(), props.at.unwrap_or_default());
        move |event: KeyboardEvent| {
            let side = usize::from(SIDE);
            let place = (usize::from(at / SIDE), usize::from(at % SIDE));
            let Some((row, column)) = moved(place, (side, side), &event.key()) else { return };
            event.prevent_default();
            on_point.emit(u16::try_from(row * side + column).ok());
        }
    };
    html! {
        <svg class="slot-map" viewBox="0 0 128 128" tabindex="0" role="img" ref={node}
            shape-rendering="crispEdges" aria-label={props.label.clone()}
            onmousemove={on_move.clone()} onclick={on_move} onkeydown={on_key}>
            { props.picture.clone() }
        </svg>
    }
}

/// What a cell is.
fn named(number: u16, map: &SlotMap) -> String {
    let Some(slot) = Slot::new(u64::from(number)) else { return String::new() };
    let owner = match owner_in(&map.ring, slot) {
        Some(owner) => format!("owned by {owner}"),
        None => "nobody owns it".to_owned(),
    };
    let keys = map.keys.iter().find(|(known, _)| *known == slot).map_or(0, |&(_, count)| count);
    let keys = match keys {
        0 => "no keys".to_owned(),
        count => counted(count, "key"),
    };
    let others: Vec<String> = map
        .otherwise
        .iter()
        .filter_map(|(by, runs)| {
            let run = runs.iter().find(|run| run.slots.first <= slot && slot <= run.slots.last)?;
            Some(match run.owner {
                Some(owner) => format!("{by} thinks {owner} owns it"),
                None => format!("{by} knows no owner"),
            })
        })
        .collect();
    let open = map.open.iter().filter(|(_, known, _)| *known == slot);
    let others: Vec<String> =
        open.map(|(by, _, open)| format!("{by} {}", way(*open))).chain(others).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    format!("Slot {number}: {owner}, {keys}{others}.")
}

/// What a node does with a slot that it has open.
fn way(open: Open<Option<u16>>) -> String {
    let port = |port: Option<u16>| port.map_or("a node that is gone".to_owned(), |p| p.to_string());
    match open {
        Open::MigratingTo(to) => format!("migrates it to {}", port(to)),
        Open::ImportingFrom(from) => format!("imports it from {}", port(from)),
    }
}

/// How much of the map is told to those who cannot see it.
fn described(map: &SlotMap) -> String {
    let keys: u64 = map.keys.iter().map(|&(_, count)| count).sum();
    let runs = map.ring.len();
    format!(
        "The map of 16,384 slots in {}, with {} in {}. The arrow keys move from slot to slot.",
        counted(runs as u64, "run"),
        counted(keys, "key"),
        counted(map.keys.len() as u64, "slot"),
    )
}

/// Owners with their runs, and who thinks otherwise, as a text.
fn legend(map: &SlotMap, gone: &[u16], masters: u16) -> Html {
    let mut owners: Vec<Option<u16>> = map.ring.iter().map(|arc| arc.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let owner = |owner: &Option<u16>| {
        let own: Vec<&Arc> = map.ring.iter().filter(|arc| arc.owner == *owner).collect();
        let count: u32 = own.iter().map(|arc| size(arc)).sum();
        let (class, name) = match owner {
            Some(port) if gone.contains(port) => (hue(*port, masters), format!("{port} (gone)")),
            Some(port) => (hue(*port, masters), port.to_string()),
            None => ("nobody".to_owned(), "nobody".to_owned()),
        };
        html! {
            <tr>
                <th scope="row"><span class={classes!("swatch", class)}></span>{ name }</th>
                <td>{ runs(&own) }</td>
                <td class="count">{ count }</td>
            </tr>
        }
    };
    let differing = |(by, arcs): &(u16, Vec<Arc>)| {
        let own: Vec<&Arc> = arcs.iter().collect();
        let count: u32 = own.iter().map(|arc| size(arc)).sum();
        let whose = match arcs.first().and_then(|arc| arc.owner) {
            Some(owner) => format!("are {owner}'s"),
            None => "have no owner".to_owned(),
        };
        html! { <li>{ format!("{by} thinks that {} ({count} in all) {whose}.", runs(&own)) }</li> }
    };
    html! {
        <>
            <table class="owners">
                <thead>
                    <tr><th scope="col">{ "Owner" }</th><th scope="col">{ "Slots" }</th>
                        <th scope="col" class="count">{ "Count" }</th></tr>
                </thead>
                <tbody>{ for owners.iter().map(owner) }</tbody>
            </table>
            if !map.open.is_empty() {
                <h3>{ "Open slots" }</h3>
                <ul class="otherwise">
                    { for map.open.iter().take(OPEN_MAX).map(|(by, slot, open)| html! {
                        <li>{ format!("Slot {slot}: {by} {}.", way(*open)) }</li>
                    }) }
                    if map.open.len() > OPEN_MAX {
                        <li>{ format!("And {} more.", map.open.len() - OPEN_MAX) }</li>
                    }
                </ul>
            }
            <h3>{ "Who thinks otherwise" }</h3>
            if map.otherwise.is_empty() {
                <p class="hint">{ "Nobody: every node that runs has this map." }</p>
            } else {
                <ul class="otherwise">{ for map.otherwise.iter().map(differing) }</ul>
            }
        </>
    }
}

fn size(arc: &Arc) -> u32 {
    u32::from(arc.slots.last.number() - arc.slots.first.number()) + 1
}

/// How many open slots are named before the rest is counted.
const OPEN_MAX: usize = 12;

/// How many runs are named before the rest is counted.
const RUNS_MAX: usize = 4;

fn runs(arcs: &[&Arc]) -> String {
    let mut named: Vec<String> =
        arcs.iter().take(RUNS_MAX).map(|arc| arc.slots.to_string()).collect();
    if arcs.len() > RUNS_MAX {
        named.push(format!("and {} more", arcs.len() - RUNS_MAX));
    }
    named.join(", ")
}
