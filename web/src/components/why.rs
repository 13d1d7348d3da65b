//! Why? The chain of causes behind an event: the effect first, "because" downwards. A line that is
//! chosen shows its moment.

use std::rc::Rc;

use yew::prelude::*;

use super::spoken;
use super::timeline::Move;
use crate::lab::Reason;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub reasons: Rc<Vec<Reason>>,
    /// The position of the event that is shown.
    pub shown: Option<usize>,
    pub on_move: Callback<Move>,
    pub on_close: Callback<()>,
}

#[component]
pub fn Why(props: &Props) -> Html {
    let line = |(index, reason): (usize, &Reason)| {
        let told = &reason.told;
        let position = told.position;
        let on_click = props.on_move.reform(move |_: MouseEvent| Move::ShowEvent(position));
        let is_shown = (props.shown == Some(position)).then_some("step");
        html! {
            <li>
                <button type="button" onclick={on_click} aria-current={is_shown}>
                    <time>{ spoken(told.elapsed) }</time>
                    <span>
                        if index > 0 { <em>{ "because " }</em> }
                        { &told.text }
                        { for reason.also.iter().map(also) }
                    </span>
                </button>
            </li>
        }
    };
    let on_close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <section class="why" id="because" aria-label="Why?">
            <header>
                <h2>{ "Why?" }</h2>
                <button class="close" type="button" aria-label="Close" onclick={on_close}>
                    { "\u{d7}" }
                </button>
            </header>
            <ol>{ for props.reasons.iter().enumerate().map(line) }</ol>
        </section>
    }
}

/// What was a reason together with the line above.
fn also(text: &String) -> Html {
    html! { <span class="also">{ "and " }{ text }</span> }
}
