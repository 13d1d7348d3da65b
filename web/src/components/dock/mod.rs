//! The dock: what the stage does not show, one tab at a time.
//!
//! Each tab asks the lab for what it draws, at the moment that is shown, and only while it is open.

mod why;

use std::rc::Rc;

use yew::prelude::*;

use crate::asker::use_asker;
use crate::lab::{Reason, Shown};
use crate::model::{Action, Tab};
use why::Why;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The tab that is open, if any is.
    pub tab: Option<Tab>,
    pub shown: Option<Rc<Shown>>,
    pub why: Option<Rc<Vec<Reason>>>,
}

#[component]
pub fn Dock(props: &Props) -> Html {
    let asker = use_asker();
    let (Some(tab), Some(shown)) = (props.tab, &props.shown) else { return Html::default() };
    let on_close = move |_: MouseEvent| asker.tell(Action::OpenTab(None));
    let position = shown.now.as_ref().map(|now| now.position);
    html! {
        <section class="dock" id="dock" aria-label="Dock">
            <button class="close" type="button" aria-label="Close" onclick={on_close}>
                { "\u{d7}" }
            </button>
            if let (Tab::Why, Some(reasons)) = (tab, &props.why) {
                <Why reasons={reasons.clone()} shown={position} />
            }
        </section>
    }
}
