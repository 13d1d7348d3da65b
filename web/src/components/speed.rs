//! The speed of a served cluster's clock, which is the same for all who use it.

use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::asker::use_asker;
use crate::lab::Ask;

/// The speeds that can be chosen, in percent of the wall clock's.
const SPEEDS: [u32; 7] = [10, 50, 100, 200, 500, 1_000, 10_000];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub speed_percent: u32,
    /// What goes before the id, where there are two of them.
    #[prop_or_default]
    pub lead: AttrValue,
}

#[component]
pub fn SpeedList(props: &Props) -> Html {
    let asker = use_asker();
    let now = props.speed_percent;
    // A server may have been started with a speed of its own.
    let mut speeds = SPEEDS.to_vec();
    if !speeds.contains(&now) {
        speeds.push(now);
        speeds.sort_unstable();
    }
    let option = |&speed: &u32| {
        html! { <option selected={speed == now}>{ spoken(speed) }</option> }
    };
    let options: Vec<Html> = speeds.iter().map(option).collect();
    let on_change = move |event: Event| {
        let list = event.target().and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
        let speed = list.and_then(|list| speeds.get(list.selected_index() as usize).copied());
        if speed.is_some() {
            asker.play(Ask::Clock { speed_percent: speed, paused: None });
        }
    };
    html! {
        <label class="pace">
            { "Speed " }
            <select id={format!("{}speed", props.lead)} onchange={on_change}>
                { for options }
            </select>
        </label>
    }
}

/// As people say it: `real time`, `5 times`, `0.1 times`.
pub fn spoken(percent: u32) -> String {
    match percent {
        100 => "real time".to_owned(),
        _ if percent.is_multiple_of(100) => format!("{} times", percent / 100),
        _ => format!("{} times", f64::from(percent) / 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_said_as_people_say_them() {
        assert_eq!(
            [100, 500, 10, 250].map(spoken),
            ["real time", "5 times", "0.1 times", "2.5 times"]
        );
    }
}
