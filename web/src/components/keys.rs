//! The sheet with the keys, and with the settings that small screens have no room for elsewhere.

use yew::prelude::*;

use super::header::Glasses;
use super::pace::PaceList;
use super::sheet::SheetPanel;
use super::speed::SpeedList;
use crate::asker::use_asker;
use crate::lab::Shown;
use crate::memory;
use crate::model::{Action, Pace};
use crate::watching::present;

/// What each key does, by what it is about.
const KEYS: [(&str, &[(&str, &str)]); 3] = [
    (
        "Time",
        &[
            ("Space", "play, pause"),
            (".  ,", "next and previous event"),
            (">  <", "next and previous moment"),
            ("Home", "back to the lesson, or to live"),
        ],
    ),
    (
        "Panels",
        &[
            ("1 to 5", "events, beliefs, why, slots, writes"),
            ("`", "terminal"),
            ("s", "share"),
            ("p", "present; Page Down goes on, Page Up goes back"),
            ("Esc", "close what lies on top"),
        ],
    ),
    (
        "Stage",
        &[("Tab", "from node to node"), ("Enter", "the menu of a node"), ("X", "cut the network")],
    ),
];

const THEMES: [(&str, &str); 3] = [("", "as the system"), ("light", "light"), ("dark", "dark")];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Option<std::rc::Rc<Shown>>,
    pub pace: Pace,
}

#[component]
pub fn Keys(props: &Props) -> Html {
    let asker = use_asker();
    let chosen = use_state(|| memory::theme().unwrap_or_default());
    let on_theme = {
        let chosen = chosen.clone();
        Callback::from(move |event: Event| {
            if let Some(theme) = super::chosen(&event) {
                memory::set_theme(&theme);
                chosen.set(theme);
            }
        })
    };
    let on_terminal = {
        let asker = asker.clone();
        move |_: MouseEvent| {
            asker.tell(Action::OpenSheet(None));
            asker.tell(Action::ToggleTerminal);
        }
    };
    let on_present = move |_: MouseEvent| {
        asker.tell(Action::OpenSheet(None));
        asker.tell(Action::TogglePresent);
    };
    let theme = |&(value, name): &(&'static str, &'static str)| {
        html! { <option {value} selected={*chosen == value}>{ name }</option> }
    };
    let row = |&(key, about): &(&'static str, &'static str)| {
        html! { <tr><th scope="row"><kbd>{ key }</kbd></th><td>{ about }</td></tr> }
    };
    let group = |&(name, keys): &(&'static str, &'static [(&'static str, &'static str)])| {
        html! {
            <table>
                <caption>{ name }</caption>
                <tbody>{ for keys.iter().map(row) }</tbody>
            </table>
        }
    };
    html! {
        <SheetPanel id="keys-sheet" title="Settings and keys">
            <div class="settings">
                if let Some(shown) = &props.shown {
                    <Glasses seen_by={shown.stage.seen_by} traffic={shown.traffic}
                        ports={std::rc::Rc::new(shown.ports.clone())} lead="sheet-" />
                }
                if let Some(served) = props.shown.as_deref().and_then(present) {
                    <SpeedList speed_percent={served.speed_percent} lead="sheet-" />
                } else {
                    <PaceList pace={props.pace} lead="sheet-" />
                }
                <label>
                    { "Theme " }
                    <select id="theme" onchange={on_theme}>{ for THEMES.iter().map(theme) }</select>
                </label>
                <button type="button" onclick={on_present}>{ "Present" }</button>
                <button type="button" onclick={on_terminal}>{ "Terminal" }</button>
            </div>
            <div class="key-tables">{ for KEYS.iter().map(group) }</div>
        </SheetPanel>
    }
}
