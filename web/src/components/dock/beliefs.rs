//! Beliefs: what each node holds of each other one, as a matrix. The row thinks of the column.
//!
//! A row is drawn again only when one of its marks changes, so that a hundred nodes can be watched.

use std::rc::Rc;

use gloo::utils::document;
use hashslot_core::lesson::Sight;
use hashslot_core::view::{Beliefs, Truth};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::belief::{self, Cell};
use super::moment;
use super::moves::moved;
use crate::asker::{use_answer, use_asker};
use crate::lab::{Answer, Ask, Shown};

/// Above this many nodes the cells are small, and the heads of columns stand upright.
const ROOMY_MAX: usize = 7;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
    pub ringed: Rc<Vec<Sight>>,
}

#[component]
pub fn BeliefsTab(props: &Props) -> Html {
    let answer = use_answer(Some(Ask::Beliefs), moment(&props.shown));
    let picked = use_state_eq(|| None::<(u16, u16)>);
    let on_pick = use_callback(picked.setter(), |cell: (u16, u16), setter| setter.set(Some(cell)));
    let Some(Answer::Beliefs(rows)) = answer.as_deref() else {
        return html! { <p class="empty" role="status">{ "Asking the nodes ..." }</p> };
    };
    let pointed: Vec<u16> = props.ringed.iter().filter_map(row_of).collect();
    let first = pointed.first().copied().or_else(|| rows.first().map(|row| row.by));
    let at = picked.unwrap_or_else(|| {
        let by = first.unwrap_or_default();
        (by, rows.iter().map(|row| row.by).find(|port| *port != by).unwrap_or(by))
    });
    html! {
        <div class="beliefs">
            <p class="hint">
                { "The row thinks of the column. The arc fills up as nothing is heard." }
            </p>
            <Matrix rows={Rc::new(rows.clone())} {at} {on_pick} pointed={Rc::new(pointed)}
                node_timeout_ms={props.shown.stage.node_timeout_ms} />
            <Chosen rows={Rc::new(rows.clone())} {at} />
            { legend(rows.len() <= ROOMY_MAX) }
        </div>
    }
}

/// The row at which a lesson points.
fn row_of(sight: &Sight) -> Option<u16> {
    match sight {
        Sight::Beliefs(port) => Some(port.number()),
        _ => None,
    }
}

#[derive(Properties, PartialEq)]
struct MatrixProps {
    rows: Rc<Vec<Beliefs>>,
    at: (u16, u16),
    on_pick: Callback<(u16, u16)>,
    pointed: Rc<Vec<u16>>,
    node_timeout_ms: u64,
}

#[component]
fn Matrix(props: &MatrixProps) -> Html {
    let ports: Rc<Vec<u16>> = Rc::new(props.rows.iter().map(|row| row.by).collect());
    let on_key = {
        let (ports, on_pick) = (ports.clone(), props.on_pick.clone());
        move |event: KeyboardEvent| {
            let Some((row, column)) = cell_at(event.target()) else { return };
            let place = |port: u16| ports.iter().position(|&known| known == port);
            let Some(at) = place(row).zip(place(column)) else { return };
            let size = (ports.len(), ports.len());
            let Some((row, column)) = moved(at, size, &event.key()) else { return };
            event.prevent_default();
            let to = (ports[row], ports[column]);
            on_pick.emit(to);
            focus(to);
        }
    };
    let size = if ports.len() > ROOMY_MAX { "small" } else { "roomy" };
    let head = |port: &u16| html! { <th scope="col"><span>{ port }</span></th> };
    let row = |row: &Beliefs| {
        let cells = ports
            .iter()
            .map(|&port| Cell::of(row, port, props.node_timeout_ms))
            .collect::<Vec<_>>();
        let chosen = (props.at.0 == row.by).then_some(props.at.1);
        html! {
            <Row key={row.by} by={row.by} is_gone={row.truth == Truth::Gone} {cells} {chosen}
                ports={ports.clone()} on_pick={props.on_pick.clone()}
                is_pointed={props.pointed.contains(&row.by)} />
        }
    };
    html! {
        <div class={classes!("matrix-scroll", size)}>
            <table class={classes!("matrix", size)} role="grid" onkeydown={on_key}
                aria-label="What each node believes of each other one">
                <thead>
                    <tr><td></td>{ for ports.iter().map(head) }</tr>
                </thead>
                <tbody>{ for props.rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    by: u16,
    is_gone: bool,
    cells: Vec<Cell>,
    ports: Rc<Vec<u16>>,
    /// The column of the chosen cell, if it is in this row.
    chosen: Option<u16>,
    is_pointed: bool,
    on_pick: Callback<(u16, u16)>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let by = props.by;
    // One listener for the row: the cell is known by its id.
    let pick = {
        let on_pick = props.on_pick.clone();
        move |target: Option<web_sys::EventTarget>| {
            if let Some(cell) = cell_at(target) {
                on_pick.emit(cell);
            }
        }
    };
    let on_over = {
        let pick = pick.clone();
        move |event: MouseEvent| pick(event.target())
    };
    let on_focus = {
        let pick = pick.clone();
        move |event: FocusEvent| pick(event.target())
    };
    let on_click = move |event: MouseEvent| pick(event.target());
    let cell = |(cell, &port): (&Cell, &u16)| {
        let is_chosen = props.chosen == Some(port);
        html! {
            <td key={port} id={cell_id((by, port))} role="gridcell" class={cell.class()}
                aria-selected={is_chosen.to_string()} aria-label={label(*cell, by, port)}
                tabindex={if is_chosen { "0" } else { "-1" }}>{ cell.mark() }</td>
        }
    };
    html! {
        <tr class={classes!(props.is_gone.then_some("gone"), props.is_pointed.then_some("pointed"))}
            onmouseover={on_over} onfocusin={on_focus} onclick={on_click}>
            <th scope="row">{ by }</th>
            { for props.cells.iter().zip(props.ports.iter()).map(cell) }
        </tr>
    }
}

/// What a screen reader says of a cell; the whole belief stands below the matrix.
fn label(cell: Cell, by: u16, port: u16) -> String {
    match cell {
        Cell::Own => format!("{by} itself"),
        Cell::Unknown => format!("{by} does not know {port}"),
        Cell::Gone => format!("{by} is gone"),
        Cell::Held { is_outdated, .. } => {
            let outdated = if is_outdated { ", outdated" } else { "" };
            format!("{by} of {port}: {}{outdated}", cell.class())
        }
    }
}

fn cell_id((by, port): (u16, u16)) -> String {
    format!("belief-{by}-{port}")
}

/// The cell in which something happened.
fn cell_at(target: Option<web_sys::EventTarget>) -> Option<(u16, u16)> {
    let element: Element = target?.dyn_into().ok()?;
    let cell = element.closest("td[id]").ok()??.id();
    let (by, port) = cell.strip_prefix("belief-")?.split_once('-')?;
    Some((by.parse().ok()?, port.parse().ok()?))
}

fn focus(cell: (u16, u16)) {
    let found = document().get_element_by_id(&cell_id(cell));
    if let Some(element) = found.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        // A cell that is gone needs no focus.
        let _ = element.focus();
    }
}

#[derive(Properties, PartialEq)]
struct ChosenProps {
    rows: Rc<Vec<Beliefs>>,
    at: (u16, u16),
}

/// The chosen cell in words, and the question behind it.
#[component]
fn Chosen(props: &ChosenProps) -> Html {
    let asker = use_asker();
    let (by, of) = props.at;
    let is_belief = props.rows.iter().any(|row| {
        row.by == by && by != of && row.truth != Truth::Gone && belief::of(row, of).is_some()
    });
    let on_why = {
        let asker = asker.clone();
        move |_: MouseEvent| {
            asker.look(if by == of { Ask::WhyNode { node: by } } else { Ask::WhyBelief { by, of } })
        }
    };
    let on_see = move |_: MouseEvent| asker.look(Ask::See { by: Some(by) });
    html! {
        <div class="chosen">
            <p aria-live="polite">{ belief::words(&props.rows, by, of) }</p>
            if let Some(correction) = belief::correction(&props.rows, by, of) {
                <p class="wrong">{ correction }</p>
            }
            if is_belief {
                <button type="button" id="why-belief" onclick={on_why}>
                    { format!("Why does {by} say so?") }
                </button>
                <button type="button" class="plain" onclick={on_see}>
                    { format!("See as {by}") }
                </button>
            } else if by == of {
                <button type="button" id="why-belief" onclick={on_why}>
                    { format!("Why is {by} so?") }
                </button>
            }
        </div>
    }
}

fn legend(is_open: bool) -> Html {
    use hashslot_core::node::Opinion::{Fail, Handshake, Ok, Pfail};
    let sample = |opinion, stale, is_outdated| Cell::Held { opinion, stale, is_outdated };
    let item = |cell: Cell, text: &'static str| {
        html! { <li class={cell.class()}>{ cell.mark() }{ text }</li> }
    };
    html! {
        <details class="legend-marks" open={is_open}>
            <summary>{ "What the marks mean" }</summary>
            <ul class="marks">
            { item(sample(Ok, 0, false), "fine") }
            { item(sample(Ok, 5, false), "not heard for a while") }
            { item(sample(Pfail, 8, false), "PFAIL: does not answer it") }
            { item(sample(Fail, 8, false), "FAIL: a majority says so") }
            { item(sample(Handshake, 0, false), "not met yet") }
            { item(sample(Ok, 0, true), "outdated role, epoch or slots") }
            </ul>
        </details>
    }
}
