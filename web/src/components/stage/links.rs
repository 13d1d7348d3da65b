//! The lines between nodes: who hears whom, who follows whom, and what is cut.
//!
//! A hair for every two nodes fades with the time since the worse-off of both heard of the other. A
//! cut is a gap with two bars; of one way, with one bar, and a head that runs against it. What
//! parts the whole stage is a band.

use std::rc::Rc;

use hashslot_core::view::{RoleOnStage, Stage};
use yew::prelude::*;

use super::drawn::{Band, LinkDrawn};
use super::layout::{Layout, MARKS_MAX};
use super::node::hue_class;
use super::plane::{Curve, Place, px};

#[derive(Properties, PartialEq)]
pub struct LinkProps {
    pub link: LinkDrawn,
    /// Whether its cut is told by a band.
    pub is_parted: bool,
    pub layout: Rc<Layout>,
    pub on_open: Callback<(u16, u16)>,
}

/// One link. A menu opens on a click; the keyboard's way there is the menu of a node.
#[component]
pub fn Link(props: &LinkProps) -> Html {
    let LinkProps { link, is_parted, layout, on_open } = props;
    let pair = (link.one, link.other);
    let onclick = on_open.reform(move |_: MouseEvent| pair);
    let heard = link.silence.map_or("unheard".to_owned(), |step| format!("heard-{step}"));
    let class = classes!("link", heard, link.is_ringed.then_some("looked-at"));
    let way = link.way.between(&layout.parts(Some(link.one)), &layout.parts(Some(link.other)));
    let d = link.way.path();
    html! {
        <g {class} data-one={link.one.to_string()} data-other={link.other.to_string()}>
            if !link.is_followed || link.is_ringed {
                <path class="hair" d={d.clone()} />
            }
            <path class="hit" {d} {onclick} />
            if !is_parted {
                { gap(link.cut, way) }
            }
            { for link.note.iter().map(|note| said(note, way)) }
        </g>
    }
}

/// The gap of a cut, in the middle of what is seen of the link.
fn gap(cut: (bool, bool), way: Curve) -> Html {
    let (place, heading) = (way.at(0.5), way.heading(0.5));
    let turn = heading.y.atan2(heading.x).to_degrees();
    let marks = match cut {
        (false, false) => return Html::default(),
        (true, true) => "M-4 -8V8M4 -8V8",
        (true, false) => "M5 -8V8M-9 -4L-4 0L-9 4",
        (false, true) => "M-5 -8V8M9 -4L4 0L9 4",
    };
    let at = format!("translate({} {})rotate({})", px(place.x), px(place.y), px(turn));
    html! {
        <g class="cut" transform={at}>
            <rect class="plate" x="-12" y="-9" width="24" height="18" />
            <path d={marks} />
        </g>
    }
}

/// What else is wrong, beside the middle of the link.
fn said(note: &AttrValue, way: Curve) -> Html {
    let (place, heading) = (way.at(0.5), way.heading(0.5));
    let side = if heading.x >= 0.0 { 1.0 } else { -1.0 };
    let at = place.plus(heading.y * 20.0 * side, -heading.x * 20.0 * side);
    let width = 6.6 * note.chars().count() as f64 + 14.0;
    html! {
        <g class="note" transform={format!("translate({} {})", px(at.x), px(at.y))}>
            <rect class="plate" x={px(-width / 2.0)} y="-9" width={px(width)} height="18" rx="9" />
            <text text-anchor="middle" dominant-baseline="central">{ note }</text>
        </g>
    }
}

#[derive(Properties, PartialEq)]
pub struct BandsProps {
    pub bands: Vec<Band>,
    pub layout: Rc<Layout>,
}

/// What parts the stage.
#[component]
pub fn Bands(props: &BandsProps) -> Html {
    html! { <g class="bands">{ for props.bands.iter().map(band_path) }</g> }
}

/// A band: the ground, and the hatch on it.
pub fn band_path(band: &Band) -> Html {
    let d = match band {
        Band::Across(line) => {
            let line = line.endless();
            let (from, to) = (line.from, line.to);
            format!("M{} {}L{} {}", px(from.x), px(from.y), px(to.x), px(to.y))
        }
        Band::Around(area) => {
            let (width, height) = (area.right - area.left - 32.0, area.bottom - area.top - 32.0);
            let (x, y) = (px(area.left + 16.0), px(area.top));
            let (width, height) = (px(width.max(0.0)), px(height.max(0.0)));
            format!(
                "M{x} {y}h{width}a16 16 0 0 1 16 16v{height}a16 16 0 0 1 -16 16h-{width}\
                 a16 16 0 0 1 -16 -16v-{height}a16 16 0 0 1 16 -16z"
            )
        }
    };
    html! {
        <g class="band">
            <path class="ground" d={d.clone()} />
            <path class="hatching" {d} />
        </g>
    }
}

/// Whether a band lies between two nodes.
pub fn is_parted(bands: &[Band], link: &LinkDrawn) -> bool {
    let (from, to): (Place, Place) = (link.way.from, link.way.to);
    bands.iter().any(|band| match band {
        Band::Across(line) => line.side(from) * line.side(to) < 0.0,
        Band::Around(area) => area.has(from) != area.has(to),
    })
}

/// A dashed line from a replica to its master.
#[derive(Clone, Debug, PartialEq)]
pub struct Follows {
    hue: Option<u16>,
    way: Curve,
}

/// Among many nodes, a replica farther from its master than this has others between them, and its
/// hue alone tells whom it follows.
const FAR: f64 = 5.0;

/// Who follows whom.
pub fn following(stage: &Stage, layout: &Layout) -> Vec<Follows> {
    let lines = stage.nodes.iter().filter_map(|node| {
        let RoleOnStage::Replica { of: Some(of) } = node.role else { return None };
        let (from, to) = (layout.spot(node.port)?.place, layout.spot(of)?.place);
        let is_far = from.distance(to) > FAR * layout.measures.half;
        if stage.nodes.len() > MARKS_MAX && is_far {
            return None;
        }
        let way = match stage.nodes.len() > MARKS_MAX {
            true => Curve::straight(from, to),
            false => layout.whole_way(node.port, of),
        };
        Some(Follows { hue: layout.spot(node.port)?.hue, way })
    });
    lines.collect()
}

#[derive(Properties, PartialEq)]
pub struct FollowingProps {
    pub lines: Vec<Follows>,
}

#[component]
pub fn Following(props: &FollowingProps) -> Html {
    let line = |it: &Follows| {
        html! { <path class={classes!("follows", hue_class(it.hue))} d={it.way.path()} /> }
    };
    html! { <g>{ for props.lines.iter().map(line) }</g> }
}
