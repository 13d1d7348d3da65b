//! A sheet: a panel over the page, one at a time. The browser's own dialog keeps the focus inside
//! and gives it back afterwards.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::asker::use_asker;
use crate::model::Action;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub id: AttrValue,
    pub title: AttrValue,
    pub children: Html,
}

#[component]
pub fn SheetPanel(props: &Props) -> Html {
    let asker = use_asker();
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // It is in the page, and not open yet.
                let _ = dialog.show_modal();
            }
        });
    }
    let on_close = {
        let asker = asker.clone();
        Callback::from(move |()| asker.tell(Action::OpenSheet(None)))
    };
    let on_escape = on_close.reform(|_: Event| ());
    let on_click = on_close.reform(|_: MouseEvent| ());
    html! {
        <dialog ref={dialog} class="sheet" id={props.id.clone()} aria-label={props.title.clone()}
            onclose={on_escape}>
            <header>
                <h2>{ &props.title }</h2>
                <button class="close" type="button" aria-label="Close" onclick={on_click}>
                    { "\u{d7}" }
                </button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}
