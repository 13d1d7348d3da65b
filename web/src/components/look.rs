//! A `look` block: a line that says where on the page there is something to see.

use hashslot_core::lesson::{Look, Sight};
use yew::prelude::*;

/// One line for each sight; the stage rings the nodes that are named.
pub fn look(look: &Look) -> Html {
    let line = |sight: &Sight| html! { <li>{ said(sight) }</li> };
    html! { <ul class="look">{ for look.sights.iter().map(line) }</ul> }
}

fn said(sight: &Sight) -> String {
    match sight {
        Sight::Node(port) => format!("Look at {port} on the stage."),
        Sight::Link(one, other) => format!("Look at the line between {one} and {other}."),
        Sight::Beliefs(port) => format!(
            "Look at the marks below the nodes: the one over the digit {} is what {port} thinks.",
            port.number() % 10
        ),
        Sight::Why(port) => {
            format!("Go back to a letter of the timeline at which {port} changes, and ask Why?")
        }
        Sight::Events => {
            "Step through the events with the buttons < and > of the timeline.".to_owned()
        }
        Sight::Timeline => {
            "Look at the timeline: each letter is a decision. Go back to one.".to_owned()
        }
    }
}
