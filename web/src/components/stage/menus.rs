//! The menus of the stage: which is open, what stands in it, and what becomes of what is picked.
//!
//! The menu of a node leads to its links, so that the keyboard reaches what the pointer finds on
//! the lines, and the way through the page with the tab key stays short.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use gloo::utils::document;
use yew::prelude::*;

use super::deeds::{self, Deed, Open};
use super::layout::Layout;
use super::measure::focus;
use super::menu::Menu;
use super::plane::Area;
use super::tools::refusal;
use crate::asker::{Asker, use_asker};
use crate::lab::{Ask, Shown};
use crate::model::Action;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub which: Open,
    pub shown: Rc<Shown>,
    pub layout: Rc<Layout>,
    pub on_open: Callback<Option<Open>>,
}

/// The menu that is open.
#[component]
pub fn OpenMenu(props: &Props) -> Html {
    let asker = use_asker();
    let Props { which, shown, layout, on_open } = props;
    let (stage, ports) = (&shown.stage, &shown.ports);
    let node = |port: u16| stage.nodes.iter().find(|node| node.port == port);
    let (title, facts, items, back) = match *which {
        Open::Node(port) => {
            let facts = node(port).map_or_else(Vec::new, |node| deeds::facts(stage, node));
            (port.to_string(), facts, deeds::of_node(stage, ports, port), port)
        }
        Open::Peers(port) => {
            (format!("Links of {port}"), Vec::new(), deeds::of_peers(ports, port), port)
        }
        Open::Link(one, other) => {
            let items = deeds::of_link(stage, one, other);
            (format!("{one} and {other}"), Vec::new(), items, one)
        }
    };
    let anchor = match *which {
        Open::Link(one, other) => Area::around(layout.whole_way(one, other).at(0.5), 12.0, 12.0),
        Open::Node(port) | Open::Peers(port) => layout.area(port).unwrap_or_default(),
    };
    let close = {
        let on_open = on_open.clone();
        move || {
            on_open.emit(None);
            focus_node(back);
        }
    };
    let on_close = {
        let close = close.clone();
        Callback::from(move |()| close())
    };
    let on_pick = {
        let on_open = on_open.clone();
        Callback::from(move |deed: Deed| match deed {
            Deed::Open(which) => on_open.emit(Some(which)),
            deed => {
                close();
                perform(&asker, deed);
            }
        })
    };
    html! { <Menu title={title} {facts} {items} {anchor} {on_pick} {on_close} /> }
}

/// Does what an item of a menu says; what is refused is said.
fn perform(asker: &Asker, deed: Deed) {
    match deed {
        Deed::Line(line) => {
            let teller = asker.clone();
            asker.act_then(Ask::Do { line }, move |answer| {
                if let Some(why) = refusal(answer) {
                    // What is shown next would take it away again.
                    Timeout::new(0, move || teller.tell(Action::Say(why.into()))).forget();
                }
            });
        }
        Deed::See(by) => asker.look(Ask::See { by }),
        Deed::Why(node) => asker.look(Ask::WhyNode { node }),
        Deed::Open(_) => {}
    }
}

/// Puts the focus on a node of the stage.
pub fn focus_node(port: u16) {
    focus(document().document_element(), &format!("#stage .node[data-port='{port}']"));
}
