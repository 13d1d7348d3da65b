//! The strip of tabs. It stays when the dock is closed, so that every tab is one click away; on a
//! phone the lesson is the first of them.

use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::asker::use_asker;
use crate::model::{Action, Tab};

/// The tabs in their order; nothing is the lesson, which is no tab where it has a place of its own.
const TABS: [(Option<Tab>, &str); 6] = [
    (None, "Lesson"),
    (Some(Tab::Events), "Events"),
    (Some(Tab::Beliefs), "Beliefs"),
    (Some(Tab::Why), "Why"),
    (Some(Tab::Slots), "Slots"),
    (Some(Tab::Writes), "Writes"),
];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub open: Option<Tab>,
    /// What the column beside the stage is called where it is a tab.
    pub column: &'static str,
}

#[component]
pub fn Tabs(props: &Props) -> Html {
    let asker = use_asker();
    let open = props.open;
    let on_key = {
        let asker = asker.clone();
        move |event: KeyboardEvent| {
            let Some(next) = next_tab(focused(), &event.key(), open.is_some()) else { return };
            event.prevent_default();
            if open.is_some() {
                asker.tell(Action::OpenTab(next));
            }
            focus(next);
        }
    };
    let on_terminal = {
        let asker = asker.clone();
        move |_: MouseEvent| asker.tell(Action::ToggleTerminal)
    };
    let on_close = move |_: MouseEvent| {
        asker.tell(Action::OpenTab(None));
        focus(open);
    };
    use_effect_with(open, |open| {
        // On a narrow screen the strip scrolls.
        if let Some(element) = element(*open) {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            options.set_inline(ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    html! {
        <div class="dock-strip">
            <div class="dock-tabs" role="tablist" aria-label="Dock" onkeydown={on_key}>
                { for TABS.iter().map(|&(tab, name)| {
                    let name = if tab.is_none() { props.column } else { name };
                    html! { <One {tab} {name} {open} /> }
                }) }
            </div>
            // Where the top line has no room for it.
            <button class="to-terminal" type="button" onclick={on_terminal}
                aria-label="Terminal">{ ">_" }</button>
            if open.is_some() {
                <button class="close" type="button" aria-label="Close the dock"
                    onclick={on_close}>{ "\u{d7}" }</button>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct OneProps {
    tab: Option<Tab>,
    name: &'static str,
    open: Option<Tab>,
}

#[component]
fn One(props: &OneProps) -> Html {
    let asker = use_asker();
    let tab = props.tab;
    let is_selected = props.open == tab;
    // Without a tab that is open, the first one is where the strip is entered.
    let is_entry = is_selected || props.open.is_none() && tab == Some(Tab::Events);
    let on_click = move |_: MouseEvent| asker.tell(Action::OpenTab(tab));
    html! {
        <button id={id_of(tab)} class={classes!(tab.is_none().then_some("lesson-tab"))}
            type="button" role="tab" aria-selected={is_selected.to_string()}
            aria-controls={(is_selected && tab.is_some()).then_some("dock")}
            tabindex={if is_entry { "0" } else { "-1" }} onclick={on_click}>{ props.name }</button>
    }
}

/// The id of a tab's button.
pub fn id_of(tab: Option<Tab>) -> String {
    let name = TABS.iter().find(|(known, _)| *known == tab).map_or("", |(_, name)| name);
    format!("tab-{}", name.to_ascii_lowercase())
}

/// The tab to which a key leads. The lesson is only reached where its button can be seen.
fn next_tab(from: Option<usize>, key: &str, is_open: bool) -> Option<Option<Tab>> {
    let first = usize::from(!is_open || !is_seen(None));
    let (from, last) = (from?, TABS.len() - 1);
    let to = match key {
        "ArrowRight" if from < last => from + 1,
        "ArrowRight" | "Home" => first,
        "ArrowLeft" if from > first => from - 1,
        "ArrowLeft" | "End" => last,
        _ => return None,
    };
    Some(TABS[to].0)
}

fn element(tab: Option<Tab>) -> Option<HtmlElement> {
    document().get_element_by_id(&id_of(tab))?.dyn_into().ok()
}

fn is_seen(tab: Option<Tab>) -> bool {
    element(tab).is_some_and(|element| element.offset_width() > 0)
}

fn focused() -> Option<usize> {
    let id = document().active_element()?.id();
    TABS.iter().position(|(tab, _)| id_of(*tab) == id)
}

fn focus(tab: Option<Tab>) {
    if let Some(element) = element(tab) {
        // A button that is gone needs no focus.
        let _ = element.focus();
    }
}
