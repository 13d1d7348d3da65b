//! The says line: what just happened, in one sentence that a screen reader speaks too, and the
//! question that leads to its causes.

use hashslot_core::view::Told;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The event that is shown.
    pub now: Option<Told>,
    /// What could not be done; it goes before the event.
    pub trouble: Option<AttrValue>,
    /// Asked with the event's position.
    pub on_why: Callback<usize>,
}

#[component]
pub fn Says(props: &Props) -> Html {
    let (tone, sentence) = match (&props.trouble, &props.now) {
        (Some(trouble), _) => ("alarm", trouble.clone()),
        (None, Some(told)) => ("news", told.text.clone().into()),
        (None, None) => ("quiet", "Nothing has happened yet.".into()),
    };
    let position = props.now.as_ref().map(|told| told.position);
    let on_why = props.on_why.clone();
    let on_click = move |_: MouseEvent| position.iter().for_each(|&at| on_why.emit(at));
    html! {
        <div class={classes!("says", tone)}>
            <p id="says" role="status" aria-live="polite">{ sentence }</p>
            <button id="why" type="button" onclick={on_click}
                aria-disabled={position.is_none().to_string()}>{ "Why?" }</button>
        </div>
    }
}
