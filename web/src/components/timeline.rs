//! The timeline bar: the controls of time, and the clock.
//!
//! Buttons stay focusable while they cannot be used, so that a keyboard finds them in one place;
//! they say why by their title.

use yew::prelude::*;

/// The controls: id, what it does, its sign.
const CONTROLS: [(&str, &str, &str); 5] = [
    ("previous-moment", "Previous moment", "|<"),
    ("previous-event", "Previous event", "<"),
    ("play", "Play", "Play"),
    ("next-event", "Next event", ">"),
    ("next-moment", "Next moment", ">|"),
];

#[component]
pub fn Timeline() -> Html {
    html! {
        <section class="timeline" aria-label="Timeline">
            <div class="controls" role="group" aria-label="Time">
                { for CONTROLS.iter().map(control) }
            </div>
            <output id="clock" class="clock" aria-label="Time since the start">{ "0.00 s" }</output>
            <div class="track" aria-hidden="true"></div>
        </section>
    }
}

fn control(&(id, name, sign): &(&'static str, &'static str, &'static str)) -> Html {
    html! {
        <button {id} type="button" aria-label={name} aria-disabled="true"
            title={format!("{name}: nothing is on the ring")}>
            { sign }
        </button>
    }
}
