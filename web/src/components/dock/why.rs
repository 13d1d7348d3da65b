//! Why? The chain of causes behind an event: the effect first, "because" downwards. A line that is
//! chosen shows its moment.

use std::rc::Rc;

use yew::prelude::*;

use crate::asker::use_asker;
use crate::components::spoken;
use crate::lab::{Ask, Reason};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub reasons: Rc<Vec<Reason>>,
    /// The position of the event that is shown.
    pub shown: Option<usize>,
}

#[component]
pub fn Why(props: &Props) -> Html {
    let asker = use_asker();
    let line = |(index, reason): (usize, &Reason)| {
        let told = &reason.told;
        let position = told.position;
        let asker = asker.clone();
        let on_click = move |_: MouseEvent| asker.look(Ask::ShowEvent { position });
        let is_shown = (props.shown == Some(position)).then_some("step");
        html! {
            <li>
                <button type="button" onclick={on_click} aria-current={is_shown}>
                    <time>{ spoken(told.elapsed) }</time>
                    <span>
                        if index > 0 { <em>{ "because " }</em> }
                        { &told.text }
                        { for reason.also.iter().map(|also| html! {
                            <span class="also">{ "and " }{ &also.text }</span>
                        }) }
                    </span>
                </button>
            </li>
        }
    };
    html! {
        <div class="why" id="because">
            <ol>{ for props.reasons.iter().enumerate().map(line) }</ol>
        </div>
    }
}
