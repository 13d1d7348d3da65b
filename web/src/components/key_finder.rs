//! A live block: type a key, and the ring shows its slot.

use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub on_find: Callback<String>,
}

#[component]
pub fn KeyFinder(props: &Props) -> Html {
    let on_input = use_callback(props.on_find.clone(), |event: InputEvent, on_find| {
        let input: HtmlInputElement = event.target_unchecked_into();
        on_find.emit(input.value());
    });
    html! {
        <div class="block">
            <label class="block-name" for="key">{ "Which slot?" }</label>
            <input id="key" class="field" type="text" placeholder="a key, such as user:1234"
                autocomplete="off" autocapitalize="none" spellcheck="false" oninput={on_input} />
        </div>
    }
}
