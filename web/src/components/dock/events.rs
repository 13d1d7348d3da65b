//! Events: what happened, a sentence each, filtered by kind, by node and by words. The one that is
//! shown stands out and stays in view; a click goes to another.

use std::rc::Rc;

use hashslot_core::view::{EventKinds, EventList, Told};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use super::moment;
use crate::asker::{Asker, use_answer, use_asker};
use crate::components::{chosen, spoken};
use crate::lab::{Answer, Ask, Shown};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
}

/// What is wanted.
#[derive(Clone, Default, PartialEq)]
struct Wanted {
    kinds: EventKinds,
    of: Option<String>,
    text: String,
}

#[component]
pub fn EventsTab(props: &Props) -> Html {
    let asker = use_asker();
    let wanted = use_state_eq(Wanted::default);
    let Wanted { kinds, of, text } = (*wanted).clone();
    let answer = use_answer(Some(Ask::Events { kinds, of, text }), moment(&props.shown));
    let here = props.shown.now.as_ref().map(|told| told.position);
    let on_clear = {
        let wanted = wanted.clone();
        move |_: MouseEvent| wanted.set(Wanted::default())
    };
    let list = use_node_ref();
    let rows = match answer.as_deref() {
        Some(Answer::Events(list)) => list.rows.len(),
        _ => 0,
    };
    use_in_view(&list, (here, rows));
    html! {
        <div class="events">
            <Filters wanted={(*wanted).clone()} shown={props.shown.clone()}
                on_change={let wanted = wanted.clone(); move |to| wanted.set(to)} />
            <div class="rows" ref={list}>
                if let Some(Answer::Events(found)) = answer.as_deref() {
                    if found.rows.is_empty() {
                        { nothing(&wanted, on_clear) }
                    } else {
                        { rows_of(found, here, &asker) }
                    }
                }
            </div>
        </div>
    }
}

/// Keeps the shown event in view.
#[hook]
fn use_in_view(list: &NodeRef, deps: (Option<usize>, usize)) {
    let list = list.clone();
    use_effect_with(deps, move |_| {
        let Some(list) = list.cast::<Element>() else { return };
        let found = list.query_selector("[aria-current], .later").ok().flatten();
        if let Some(row) = found {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

fn rows_of(found: &EventList, here: Option<usize>, asker: &Asker) -> Html {
    let row = |told: &Told| {
        let position = told.position;
        let asker = asker.clone();
        let on_click = move |_: MouseEvent| asker.look(Ask::ShowEvent { position });
        let is_later = here.is_none_or(|here| position > here);
        html! {
            <li key={position} class={classes!(is_later.then_some("later"))}>
                <button type="button" class="told" onclick={on_click}
                    aria-current={(here == Some(position)).then_some("step")}>
                    <time>{ spoken(told.elapsed) }</time>
                    <span>{ &told.text }</span>
                </button>
            </li>
        }
    };
    let beyond = |count: usize, word: &str| {
        html! { if count > 0 { <p class="beyond">{ format!("{count} {word} not listed") }</p> } }
    };
    html! {
        <>
            { beyond(found.before, "earlier") }
            <ol>{ for found.rows.iter().map(row) }</ol>
            { beyond(found.after, "later") }
        </>
    }
}

fn nothing(wanted: &Wanted, on_clear: impl Fn(MouseEvent) + 'static) -> Html {
    if *wanted == Wanted::default() {
        return html! {
            <p class="empty">
                { "Nothing has happened yet: only heartbeats went, and they are not listed. " }
                { "Kill a node, or run a step of the lesson." }
            </p>
        };
    }
    html! {
        <div class="empty">
            <p>{ "No event passes this filter." }</p>
            <button type="button" onclick={on_clear}>{ "Clear the filter" }</button>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct FilterProps {
    wanted: Wanted,
    shown: Rc<Shown>,
    on_change: Callback<Wanted>,
}

#[component]
fn Filters(props: &FilterProps) -> Html {
    let FilterProps { wanted, shown, on_change } = props;
    let chip = |&kinds: &EventKinds| {
        let on_change = on_change.clone();
        let to = Wanted { kinds, ..wanted.clone() };
        let on_click = move |_: MouseEvent| on_change.emit(to.clone());
        html! {
            <button type="button" class="chip" onclick={on_click}
                aria-pressed={(wanted.kinds == kinds).to_string()}>{ named(kinds) }</button>
        }
    };
    let on_of = {
        let (on_change, wanted) = (on_change.clone(), wanted.clone());
        move |event: Event| {
            let of = chosen(&event).filter(|name| !name.is_empty());
            on_change.emit(Wanted { of, ..wanted.clone() });
        }
    };
    let on_text = {
        let (on_change, wanted) = (on_change.clone(), wanted.clone());
        move |event: InputEvent| {
            let field = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            if let Some(field) = field {
                on_change.emit(Wanted { text: field.value(), ..wanted.clone() });
            }
        }
    };
    let names = shown.ports.iter().map(u16::to_string).chain(shown.clients.iter().cloned());
    let option = |name: String| {
        let is_chosen = wanted.of.as_ref() == Some(&name);
        html! { <option value={name.clone()} selected={is_chosen}>{ name }</option> }
    };
    html! {
        <div class="filters" role="group" aria-label="Filter">
            <div class="chips">{ for EventKinds::ALL.iter().map(chip) }</div>
            <select aria-label="Of whom" onchange={on_of}>
                <option value="" selected={wanted.of.is_none()}>{ "everybody" }</option>
                { for names.map(option) }
            </select>
            <input type="text" aria-label="With these words" placeholder="with these words"
                value={wanted.text.clone()} oninput={on_text} />
        </div>
    }
}

fn named(kinds: EventKinds) -> &'static str {
    match kinds {
        EventKinds::All => "All",
        EventKinds::Steps => "Your steps",
        EventKinds::Failures => "Failures",
        EventKinds::Votes => "Votes",
        EventKinds::Slots => "Slots",
        EventKinds::Replication => "Replication",
        EventKinds::Links => "Links",
        EventKinds::Clients => "Clients",
    }
}
