//! A menu: what is known of something, and what can be done with it.
//!
//! It lies over the page beside what it belongs to, wherever there is room, and on a phone along
//! the lower edge. Arrow keys go through the items, Escape closes it. The Content-Security-Policy
//! forbids style attributes, so its place is set through the style's own interface.

use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::deeds::{Deed, Item};
use super::measure::focus;
use super::plane::Area;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub title: AttrValue,
    pub facts: Vec<(&'static str, String)>,
    pub items: Vec<Item>,
    /// What it belongs to, on the stage.
    pub anchor: Area,
    pub on_pick: Callback<Deed>,
    pub on_close: Callback<()>,
}

#[component]
pub fn Menu(props: &Props) -> Html {
    let menu = use_node_ref();
    {
        let menu = menu.clone();
        let anchor = props.anchor;
        use_effect_with(props.title.clone(), move |_| {
            place(&menu, anchor);
            focus(menu.cast(), "[role=menuitem]");
        });
    }
    let close = props.on_close.reform(|_: MouseEvent| ());
    let onkeydown = {
        let (menu, on_close) = (menu.clone(), props.on_close.clone());
        Callback::from(move |event: KeyboardEvent| {
            // No key of the page means anything else meanwhile.
            event.stop_propagation();
            match event.key().as_str() {
                "Escape" | "Tab" => on_close.emit(()),
                "ArrowDown" => walk(&menu, |at, count| (at + 1) % count),
                "ArrowUp" => walk(&menu, |at, count| (at + count - 1) % count),
                "Home" => walk(&menu, |_, _| 0),
                "End" => walk(&menu, |_, count| count - 1),
                _ => return,
            }
            event.prevent_default();
        })
    };
    let fact = |(name, value): &(&'static str, String)| {
        html! { <div><dt>{ *name }</dt><dd>{ value }</dd></div> }
    };
    let item = |item: &Item| {
        let deed = item.deed.clone();
        let onclick = props.on_pick.reform(move |_: MouseEvent| deed.clone());
        let class = classes!(item.is_first.then_some("first"));
        html! {
            <button type="button" role="menuitem" tabindex="-1" {class} {onclick}>
                { &item.text }
            </button>
        }
    };
    html! {
        <>
            <div class="menu-ground" onclick={close}></div>
            <div class="stage-menu" ref={menu} {onkeydown}>
                <h3>{ &props.title }</h3>
                if !props.facts.is_empty() {
                    <dl>{ for props.facts.iter().map(fact) }</dl>
                }
                <div role="menu" aria-label={props.title.clone()}>
                    { for props.items.iter().map(item) }
                </div>
            </div>
        </>
    }
}

/// Moves the focus from one item to another, by their numbers.
fn walk(menu: &NodeRef, to: impl Fn(u32, u32) -> u32) {
    let Some(menu) = menu.cast::<Element>() else { return };
    let Ok(items) = menu.query_selector_all("[role=menuitem]") else { return };
    let active = document().active_element();
    let is_active = |index: &u32| {
        let item = items.get(*index).and_then(|item| item.dyn_into::<Element>().ok());
        item.is_some() && item == active
    };
    let at = (0..items.length()).find(is_active).unwrap_or(0);
    let item = (items.length() > 0).then(|| items.get(to(at, items.length()))).flatten();
    if let Some(item) = item.and_then(|item| item.dyn_into::<HtmlElement>().ok()) {
        // An item that has left the page needs no focus.
        item.focus().ok();
    }
}

/// Between the menu and the edges of the page.
const MARGIN: f64 = 8.0;
/// Narrower pages show it along their lower edge; the style sheet has the same.
const NARROW: f64 = 760.0;

/// Beside its anchor: to the right, else to the left, and wholly on the page.
fn place(menu: &NodeRef, anchor: Area) {
    let Some(menu) = menu.cast::<HtmlElement>() else { return };
    let number = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|it| it.as_f64());
    let page = number(window().inner_width()).zip(number(window().inner_height()));
    let Some((page_width, page_height)) = page.filter(|(width, _)| *width > NARROW) else { return };
    let Some(stage) = menu.closest(".stage").ok().flatten() else { return };
    let stage = stage.get_bounding_client_rect();
    let anchor = anchor.moved(stage.left(), stage.top());
    let (width, height) = (f64::from(menu.offset_width()), f64::from(menu.offset_height()));
    let right = anchor.right + MARGIN;
    let left = match right + width + MARGIN <= page_width {
        true => right,
        false => anchor.left - MARGIN - width,
    };
    let left = left.min(page_width - width - MARGIN).max(MARGIN);
    let top = anchor.top.min(page_height - height - MARGIN).max(MARGIN);
    for (name, value) in [("left", left), ("top", top)] {
        // A style that cannot be set leaves the menu in the corner, where it can be read as well.
        menu.style().set_property(name, &format!("{value:.0}px")).ok();
    }
}
