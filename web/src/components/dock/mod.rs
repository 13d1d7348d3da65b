//! The dock: what the stage does not show, one tab at a time.
//!
//! It is closed at first: then only its tabs are there, over a corner of the stage; on a phone they
//! stand above the lesson, which is one of them. Each tab asks the lab for what it draws, at the
//! moment that is shown, and only while it is open.
//!
//! - `tabs`: the strip; `events`, `why`, `writes`: lists;
//! - `beliefs`: the matrix, with `belief` for what a cell says and `moves` for its keys;
//! - `slots`: the map, with `map` for its picture and `key` for the way from a key to its slot.

mod belief;
mod beliefs;
mod events;
mod key;
mod map;
mod moves;
mod slots;
mod tabs;
mod why;
mod writes;

use std::rc::Rc;

use hashslot_core::lesson::Sight;
use hashslot_core::words::Span;
use yew::prelude::*;

use crate::lab::{Reason, Shown};
use crate::model::Tab;
use crate::watching::present;
use beliefs::BeliefsTab;
use events::EventsTab;
use slots::SlotsTab;
use tabs::{Tabs, id_of};
use why::Why;
use writes::WritesTab;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// The tab that is open, if any is.
    pub tab: Option<Tab>,
    pub shown: Option<Rc<Shown>>,
    pub why: Option<Rc<Vec<Reason>>>,
    /// How many masters the cluster began with: so many hues there are.
    pub masters: u16,
    pub ringed: Rc<Vec<Sight>>,
}

#[component]
pub fn Dock(props: &Props) -> Html {
    let Some(shown) = props.shown.clone() else { return Html::default() };
    let masters = props.masters.max(1);
    let column = if shown.live.is_some() { "Cluster" } else { "Lesson" };
    let content = props.tab.map(|tab| match tab {
        Tab::Events => html! { <EventsTab {shown} /> },
        Tab::Beliefs => html! { <BeliefsTab {shown} ringed={props.ringed.clone()} /> },
        Tab::Why => html! { <Why {shown} reasons={props.why.clone()} /> },
        Tab::Slots => html! { <SlotsTab {shown} {masters} /> },
        Tab::Writes => html! { <WritesTab {shown} /> },
    });
    html! {
        <aside class={classes!("dock-frame", props.tab.map(|_| "open"))} aria-label="Dock">
            <Tabs open={props.tab} {column} />
            if let (Some(tab), Some(content)) = (props.tab, content) {
                <div class="dock" id="dock" role="tabpanel" tabindex="-1"
                    aria-labelledby={id_of(Some(tab))}>
                    { content }
                </div>
            }
        </aside>
    }
}

/// What an answer about the moment that is shown depends on.
pub type Moment = (Span, Option<usize>, Span, usize, Option<u16>);

pub fn moment(shown: &Shown) -> Moment {
    // What goes on by itself is asked about now and then, and not ten times a second.
    if let Some(served) = present(shown) {
        let step = REFRESH_MICROS * u64::from(served.speed_percent.max(1)) / 100;
        let elapsed = Span::from_micros(shown.elapsed.micros() / step * step);
        return (elapsed, None, Span::ZERO, 0, shown.stage.seen_by);
    }
    let position = shown.now.as_ref().map(|told| told.position);
    let branch = shown.lanes.iter().find(|lane| lane.is_current).map_or(0, |lane| lane.branch);
    (shown.elapsed, position, shown.present, branch, shown.stage.seen_by)
}

/// How often a tab looks at a present that goes on by itself.
const REFRESH_MICROS: u64 = 500_000;

/// The class that gives the hue of a node's shard.
pub fn hue(port: u16, masters: u16) -> String {
    use hashslot_core::lesson::Stage;
    let shard = port.saturating_sub(Stage::FIRST_PORT) % masters.max(1);
    format!("shard-{}", shard % 6)
}
