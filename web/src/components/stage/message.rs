//! The message that brought what is shown, at rest: an arrow from its sender to its receiver, with
//! its shape and name; and the client, when one takes part.

use yew::prelude::*;

use super::kinds::Kind;
use super::layout::Layout;
use super::plane::{Area, Curve, Place, px};
use crate::lab::Shown;
use crate::watching::present;

/// A message between two that are on the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub from: AttrValue,
    pub to: AttrValue,
    pub what: AttrValue,
    said: AttrValue,
    pub kind: Kind,
    pub way: Curve,
    label: Place,
    width: f64,
}

/// The message of a moment; of those that a node neither sent nor got it knows nothing. What goes
/// on by itself is shown while it is news, and what real clients are told is shown apart.
pub fn message(shown: &Shown, layout: &Layout) -> Option<Message> {
    let arrow = shown.arrow.as_ref().filter(|it| is_known(shown, &it.from, &it.to))?;
    if let Some(served) = present(shown) {
        let are_nodes = [&arrow.from, &arrow.to].iter().all(|it| layout.node(it).is_some());
        let age = shown
            .now
            .as_ref()
            .map_or(0, |now| shown.elapsed.micros().saturating_sub(now.elapsed.micros()));
        if !are_nodes || age > NEWS_MICROS * u64::from(served.speed_percent) / 100 {
            return None;
        }
    }
    let is_redirect =
        shown.now.iter().any(|told| told.sentence.key.starts_with("client-redirected"));
    let (kind, said) = match is_redirect && arrow.what == "reply" {
        true => (Kind::Redirect, "redirect"),
        false => (Kind::of(&arrow.what), arrow.what.as_str()),
    };
    Some(Message::of((&arrow.from, &arrow.to), &arrow.what, said, kind, layout))
}

impl Message {
    pub fn of(
        (from, to): (&str, &str),
        what: &str,
        said: &str,
        kind: Kind,
        layout: &Layout,
    ) -> Message {
        let wide = |letter: char| if letter.is_uppercase() { 10.2 } else { 8.8 };
        let width = said.chars().map(wide).sum::<f64>() + 38.0;
        let way = layout.way(from, to);
        Message {
            from: from.to_owned().into(),
            to: to.to_owned().into(),
            what: what.to_owned().into(),
            said: said.to_owned().into(),
            kind,
            way,
            label: label_place(way, width, layout),
            width,
        }
    }
}

/// For how long, in real time, what happened to a served cluster is news.
const NEWS_MICROS: u64 = 3_000_000;

/// Whether whoever looks can know of what goes between two.
pub fn is_known(shown: &Shown, from: &str, to: &str) -> bool {
    shown.stage.seen_by.is_none_or(|port| {
        let viewer = port.to_string();
        from == viewer || to == viewer
    })
}

/// Whether a client takes part in what is shown, and its name.
pub fn talking_client(shown: &Shown, layout: &Layout) -> Option<AttrValue> {
    if let Some(live) = &shown.live {
        return Some(live.served.clients.to_string().into());
    }
    let arrow = shown.arrow.iter().flat_map(|arrow| [&arrow.from, &arrow.to]);
    let flights = shown.flights.iter().flat_map(|flight| [&flight.from, &flight.to]);
    let name = arrow.chain(flights).find(|name| layout.node(name).is_none())?;
    // `client of 7000` and whoever else has a long name is a client, and no more.
    let is_short = name.chars().count() <= 8;
    Some(if is_short { name.clone().into() } else { "client".into() })
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub message: Message,
    pub rest: Rest,
}

/// How a message rests on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It still travels above, and the arrow only shows the way.
    Coming,
    Staying,
    /// It is gone after a while.
    Fading,
}

#[component]
pub fn Resting(props: &Props) -> Html {
    let Message { from, to, what, said, kind, way, label, width } = &props.message;
    let rest = match props.rest {
        Rest::Coming => Some("coming"),
        Rest::Staying => None,
        Rest::Fading => Some("fading"),
    };
    let class = classes!("message", kind.ink().class(), rest);
    let sign_at = format!("translate({} 0)", px(16.0 - width / 2.0));
    html! {
        <g {class} data-from={from} data-to={to} data-what={what} aria-hidden="true">
            <path class="arrow" d={way.path()} marker-end="url(#head)" />
            <g transform={format!("translate({} {})", px(label.x), px(label.y))}>
                <rect class="plate" x={px(-width / 2.0)} y="-13" width={px(*width)} height="26"
                    rx="13" />
                <g transform={sign_at}>
                    <path class="glyph" d={kind.shape()} />
                    { for kind.stroke().map(|(d, ink)| html! {
                        <path class={classes!("stroke", ink.class())} {d} />
                    }) }
                </g>
                <text x="11" text-anchor="middle" dominant-baseline="central">{ said }</text>
            </g>
        </g>
    }
}

/// A client is no part of the cluster: a plain word; of real ones, how many there are.
pub fn client(name: &AttrValue, shown: &Shown, layout: &Layout) -> Html {
    let at = format!("translate({} {})", px(layout.client.x), px(layout.client.y));
    if shown.live.is_none() {
        return html! {
            <g class="client" transform={at} key="client">
                <rect class="plate" x="-36" y="-16" width="72" height="32" rx="16" />
                <text text-anchor="middle" dominant-baseline="central">{ name }</text>
            </g>
        };
    }
    html! {
        <g class="client" transform={at} key="client">
            <rect class="plate" x="-38" y="-18" width="76" height="36" rx="12" />
            <text y="-2" text-anchor="middle">{ name }</text>
            <text class="whose" y="12" text-anchor="middle">{ "your clients" }</text>
        </g>
    }
}

/// On the way, or beside it, where the label covers no node.
fn label_place(way: Curve, width: f64, layout: &Layout) -> Place {
    let stage = Area::of(layout.size).grown(-4.0);
    let client = Area::around(layout.client, 38.0, 18.0);
    let nodes = layout.spots.values().map(|spot| layout.measures.area(spot.place));
    let taken: Vec<Area> = nodes.chain([client]).collect();
    let covered = |place: Place| {
        let label = Area::around(place, width / 2.0 + 2.0, 14.0);
        let over = |area: &Area| {
            let wide = label.right.min(area.right) - label.left.max(area.left);
            let high = label.bottom.min(area.bottom) - label.top.max(area.top);
            wide.max(0.0) * high.max(0.0)
        };
        let outside = if label.lies_in(stage) { 0.0 } else { 10_000.0 };
        taken.iter().map(over).sum::<f64>() + outside
    };
    let parts = [0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72];
    let on_it = parts.into_iter().map(|part| way.at(part));
    let heading = way.heading(0.5);
    // Rather above than below, where the strips are.
    let up = if heading.x >= 0.0 { -1.0 } else { 1.0 };
    let beside = [24.0, 36.0, 48.0, 60.0, 80.0, 104.0].into_iter().flat_map(|far| {
        [up, -up].map(|side| way.at(0.5).plus(-heading.y * far * side, heading.x * far * side))
    });
    let places: Vec<Place> = on_it.chain(beside).collect();
    let free = places.iter().find(|&&place| covered(place) == 0.0);
    let least = || places.iter().min_by(|a, b| covered(**a).total_cmp(&covered(**b)));
    free.or_else(least).copied().unwrap_or_else(|| way.at(0.5))
}
