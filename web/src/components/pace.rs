//! The list of paces: how fast the page plays what has happened.

use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::asker::use_asker;
use crate::model::{Action, Pace};

/// The paces that can be chosen, by their names.
const PACES: [(&str, Pace); 8] = [
    ("story", Pace::Story),
    ("story, no stops", Pace::Film),
    ("1/1000 speed", Pace::Steady(0.001)),
    ("1/10 speed", Pace::Steady(0.1)),
    ("real time", Pace::Steady(1.0)),
    ("5 times", Pace::Steady(5.0)),
    ("10 times", Pace::Steady(10.0)),
    ("100 times", Pace::Steady(100.0)),
];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub pace: Pace,
    /// What goes before the id, where there are two of them.
    #[prop_or_default]
    pub lead: AttrValue,
}

#[component]
pub fn PaceList(props: &Props) -> Html {
    let asker = use_asker();
    let on_change = move |event: Event| {
        let list = event.target().and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
        let found = list.and_then(|list| PACES.get(list.selected_index() as usize));
        if let Some(&(_, pace)) = found {
            asker.tell(Action::SetPace(pace));
        }
    };
    let option = |&(name, value): &(&'static str, Pace)| {
        html! { <option selected={value == props.pace}>{ name }</option> }
    };
    html! {
        <label class="pace">
            { "Pace " }
            <select id={format!("{}pace", props.lead)} onchange={on_change}>
                { for PACES.iter().map(option) }
            </select>
        </label>
    }
}
