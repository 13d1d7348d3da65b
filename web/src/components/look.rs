//! A `look` block: a line that says where on the page there is something to see, and a button that
//! leads there. On a wide page it is open already.

use hashslot_core::lesson::{Look, Sight};
use yew::prelude::*;

use super::lesson::open_sight;
use crate::asker::{Asker, use_asker};
use crate::model::Action;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub look: Look,
}

#[component]
pub fn LookBlock(props: &Props) -> Html {
    let asker = use_asker();
    let line = |sight: &Sight| {
        html! { <li>{ said(*sight) }{ button(*sight, &asker) }</li> }
    };
    html! { <ul class="look">{ for props.look.sights.iter().map(line) }</ul> }
}

fn button(sight: Sight, asker: &Asker) -> Html {
    let name = match sight {
        Sight::Node(_) | Sight::Link(..) => "Ring it",
        Sight::Beliefs(_) => "Open the beliefs",
        Sight::Why(_) => "Ask why",
        Sight::Events => "Open the events",
        Sight::Timeline => return Html::default(),
    };
    let asker = asker.clone();
    let on_click = move |_: MouseEvent| {
        asker.tell(Action::Ring(vec![sight]));
        open_sight(sight, &asker);
    };
    html! { <button class="sight" type="button" onclick={on_click}>{ name }</button> }
}

fn said(sight: Sight) -> String {
    match sight {
        Sight::Node(port) => format!("Look at {port} on the stage."),
        Sight::Link(one, other) => format!("Look at the line between {one} and {other}."),
        Sight::Beliefs(port) => format!(
            "Look at what {port} believes. On the stage its opinions stand over the digit {}.",
            port.number() % 10
        ),
        Sight::Why(port) => format!("Look at why {port} is what it is."),
        Sight::Events => "Look at the list of events.".to_owned(),
        Sight::Timeline => {
            "Look at the timeline: each letter is a decision. Go back to one.".to_owned()
        }
    }
}
