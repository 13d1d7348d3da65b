//! The says line: what just happened, in one sentence that a screen reader speaks too, and the
//! question that leads to its causes.

use hashslot_core::view::Told;
use yew::prelude::*;

use crate::asker::use_asker;
use crate::lab::Ask;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The event that is shown.
    pub now: Option<Told>,
    /// What could not be done; it goes before the event.
    pub trouble: Option<AttrValue>,
    /// What is to be said once that is no event; it goes before the event, too.
    pub note: Option<AttrValue>,
    /// Whether the simulation has been busy with one thing for a while.
    pub is_busy: bool,
}

#[component]
pub fn Says(props: &Props) -> Html {
    let asker = use_asker();
    let (tone, sentence) = match (&props.trouble, &props.note, &props.now) {
        (Some(trouble), _, _) => ("alarm", trouble.clone()),
        (None, Some(note), _) => ("note", note.clone()),
        (None, None, Some(told)) => ("news", told.text.clone().into()),
        (None, None, None) => ("quiet", "Nothing has happened yet.".into()),
    };
    let position = props.now.as_ref().map(|told| told.position);
    let why = asker.clone();
    let on_click = move |_: MouseEvent| {
        if let Some(position) = position {
            why.look(Ask::Why { position });
        }
    };
    let stopper = asker.clone();
    let on_stop = move |_: MouseEvent| stopper.stop();
    html! {
        <div class={classes!("says", tone)}>
            <p id="says" role="status" aria-live="polite">{ sentence }</p>
            if props.is_busy {
                <span class="busy" role="status">{ "Still computing ..." }</span>
                <button id="stop" type="button" onclick={on_stop}>{ "Stop" }</button>
            }
            <button id="why" type="button" onclick={on_click}
                aria-disabled={position.is_none().to_string()}>{ "Why?" }</button>
        </div>
    }
}
