//! The top line: the product, what is on, and which engine simulates.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub title: AttrValue,
    /// The version that the worker gave; `None` until it answers.
    pub engine: Option<AttrValue>,
}

#[component]
pub fn Header(props: &Props) -> Html {
    html! {
        <header class="top">
            <h1 class="brand">{ "hashslot" }</h1>
            <p class="title">{ &props.title }</p>
            <p class="engine" id="engine" data-ready={props.engine.is_some().to_string()}>
                if let Some(version) = &props.engine {
                    { "engine " }{ version }
                } else {
                    { "engine starting ..." }
                }
            </p>
        </header>
    }
}
