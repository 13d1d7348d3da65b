//! The lesson column: prose, with live blocks between.

use yew::prelude::*;

use super::key_finder::KeyFinder;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub on_find: Callback<String>,
}

#[component]
pub fn Lesson(props: &Props) -> Html {
    html! {
        <main class="lesson" aria-label="Lesson" tabindex="0">
            <h2>{ "Where a key lives" }</h2>
            <p>
                { "A Redis Cluster splits its keys over 16,384 " }<em>{ "hash slots" }</em>
                { ". The slot of a key follows from its bytes alone: CRC16 of the key, modulo \
                   16,384. Every node and every client computes the same number, and nobody has \
                   to ask." }
            </p>
            <KeyFinder on_find={&props.on_find} />
            <p>
                { "Keys that must live together share a " }<em>{ "hash tag" }</em>
                { ": if a key has a part in braces, only that part is hashed. Compare " }
                <code>{ "{user1000}.name" }</code>{ " and " }
                <code>{ "{user1000}.mail" }</code>{ "." }
            </p>
        </main>
    }
}
