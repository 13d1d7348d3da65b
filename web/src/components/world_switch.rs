//! The switch between the two worlds: the page's own, and the cluster that the server runs.

use yew::prelude::*;

use crate::worlds::{World, Worlds};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub worlds: Worlds,
}

#[component]
pub fn WorldSwitch(props: &Props) -> Html {
    let button = |world: World| {
        let worlds = props.worlds.clone();
        let is_shown = worlds.shown == world;
        let on_click = move |_: MouseEvent| worlds.go(world);
        html! {
            <button type="button" aria-pressed={is_shown.to_string()} onclick={on_click}>
                { world.name() }
            </button>
        }
    };
    html! {
        <div class="worlds" role="group" aria-label="Which cluster">
            { button(World::Page) }
            { button(World::Served) }
        </div>
    }
}
