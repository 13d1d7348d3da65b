//! The says line: what just happened, in one sentence that a screen reader speaks too.

use yew::prelude::*;

/// How much a sentence matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Quiet,
    News,
    Alarm,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Quiet => "quiet",
            Tone::News => "news",
            Tone::Alarm => "alarm",
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub tone: Tone,
    pub sentence: AttrValue,
}

#[component]
pub fn Says(props: &Props) -> Html {
    html! {
        <p id="says" class={classes!("says", props.tone.class())} role="status" aria-live="polite">
            { &props.sentence }
        </p>
    }
}
