//! What others think of a node: a strip of marks, or, among many nodes, how many think ill of it.
//!
//! A small circle: all is well. A ring with a question mark: PFAIL. A filled square with a cross:
//! FAIL. The arc around a mark grows with the time since that node heard of this one, and is full
//! at the node timeout. The digit is the last of the port of who thinks so.

use std::f64::consts::TAU;

use hashslot_core::node::Opinion;
use yew::prelude::*;

use super::drawn::{ARC_STEPS, Mark, NodeDrawn};
use super::layout::{Measures, STRIP_GAP, STRIP_ROW, Strip};
use super::node::is_counted;
use super::plane::{Place, px};

/// The radius of the arc around a mark.
const ARC: f64 = 7.0;

/// The ground on which a strip stands, so that no line runs through it.
pub fn plate(node: &NodeDrawn, measures: Measures) -> Html {
    if is_counted(measures) || node.marks.is_empty() {
        return Html::default();
    }
    let area = measures.area(Place::default());
    let is_alone = node.marks.iter().all(|mark| mark.cell.is_none());
    let half = if is_alone { 14.0 } else { area.right - 2.0 };
    let top = measures.half + 1.0;
    let bottom = if is_alone { measures.half + STRIP_GAP + 18.0 } else { area.bottom };
    html! {
        <rect class="plate" x={px(-half)} width={px(2.0 * half)} y={px(top)}
            height={px(bottom - top)} rx="8" />
    }
}

/// The marks below a node, or the counts.
pub fn strip(node: &NodeDrawn, measures: Measures) -> Html {
    if node.marks.is_empty() {
        return badge(node.badge, measures);
    }
    let top = measures.half + STRIP_GAP + ARC + 1.5;
    let mark = |mark: &Mark| {
        let (x, y) = match (mark.cell, measures.strip) {
            (Some((column, row)), Strip::Marks { per_row, pitch, .. }) => {
                let x = (column as f64 + 0.5 - per_row as f64 / 2.0) * pitch;
                (x, top + row as f64 * STRIP_ROW)
            }
            (None, Strip::Corner) => (measures.half, -measures.half),
            _ => (0.0, top),
        };
        one(mark, Place { x, y })
    };
    html! { <g class="opinions">{ for node.marks.iter().map(mark) }</g> }
}

fn one(mark: &Mark, place: Place) -> Html {
    let sign = match mark.opinion {
        Opinion::Ok => html! { <circle class="dot" r="3.2" /> },
        Opinion::Handshake => html! { <circle class="dot" r="1.5" /> },
        Opinion::Pfail => html! {
            <>
                <circle r="7.2" />
                <text text-anchor="middle" dominant-baseline="central">{ "?" }</text>
            </>
        },
        Opinion::Fail => html! {
            <>
                <rect x="-7.5" y="-7.5" width="15" height="15" rx="2.5" />
                <path d="M-3.4 -3.4L3.4 3.4M3.4 -3.4L-3.4 3.4" />
            </>
        },
    };
    let is_ok = matches!(mark.opinion, Opinion::Ok | Opinion::Handshake);
    let class = classes!("opinion", class(mark.opinion), mark.is_ringed.then_some("pointed"));
    // A mark that changes is a new one, so that it is seen to change.
    html! {
        <g {class} key={format!("{}{}", mark.by, self::class(mark.opinion))}
            transform={format!("translate({} {})", px(place.x), px(place.y))}
            data-by={mark.by.to_string()} data-opinion={self::class(mark.opinion)}>
            <title>{ thinks(mark.by, mark.opinion) }</title>
            if is_ok && mark.silence > 0 {
                <path class="silence" d={arc(mark.silence)} />
            }
            <g class="glyph">{ sign }</g>
            if mark.cell.is_some() {
                <text class="by" y="16" text-anchor="middle" dominant-baseline="central">
                    { mark.by % 10 }
                </text>
            }
        </g>
    }
}

/// The arc of so many steps, from the top and clockwise.
fn arc(steps: u64) -> String {
    if steps >= ARC_STEPS {
        return format!("M0 -{ARC}a{ARC} {ARC} 0 1 1 0 {0}a{ARC} {ARC} 0 1 1 0 -{0}", 2.0 * ARC);
    }
    let angle = steps as f64 / ARC_STEPS as f64 * TAU;
    let end = Place::default().around(angle, ARC);
    let is_long = u8::from(2 * steps > ARC_STEPS);
    format!("M0 -{ARC}A{ARC} {ARC} 0 {is_long} 1 {} {}", px(end.x), px(end.y))
}

/// How many hold it for PFAIL and for FAIL.
fn badge((pfail, fail): (usize, usize), measures: Measures) -> Html {
    if pfail + fail == 0 {
        return Html::default();
    }
    let pill = |count: usize, sign: &str, class: &'static str| {
        let text = format!("{count}{sign}");
        let width = 7.0 * text.chars().count() as f64 + 7.0;
        (count > 0).then_some((text, width, class))
    };
    let pills: Vec<_> =
        [pill(fail, "x", "fail"), pill(pfail, "?", "pfail")].into_iter().flatten().collect();
    let total: f64 = pills.iter().map(|pill| pill.1 + 2.0).sum::<f64>() - 2.0;
    let (mut x, y) = match measures.strip {
        Strip::Corner => (measures.half - 6.0, -measures.half),
        _ => (-total / 2.0, measures.half + 10.0),
    };
    let pills = pills.into_iter().map(|(text, width, class)| {
        let at = format!("translate({} {})", px(x), px(y));
        x += width + 2.0;
        html! {
            <g class={classes!("badge", class)} transform={at}>
                <rect y="-8" width={px(width)} height="16" rx="4" />
                <text x={px(width / 2.0)} text-anchor="middle" dominant-baseline="central">
                    { text }
                </text>
            </g>
        }
    });
    html! { <g>{ for pills }</g> }
}

/// How an opinion is called in class names and data.
pub fn class(opinion: Opinion) -> &'static str {
    match opinion {
        Opinion::Ok | Opinion::Handshake => "ok",
        Opinion::Pfail => "pfail",
        Opinion::Fail => "fail",
    }
}

pub fn name(opinion: Opinion) -> &'static str {
    match opinion {
        Opinion::Ok => "fine",
        Opinion::Handshake => "new",
        Opinion::Pfail => "possibly failed (PFAIL)",
        Opinion::Fail => "failed (FAIL)",
    }
}

pub fn thinks(by: u16, opinion: Opinion) -> String {
    match opinion {
        Opinion::Ok => format!("{by} thinks it is fine."),
        Opinion::Handshake => format!("{by} has not met it yet."),
        Opinion::Pfail => format!("{by} thinks it may have failed (PFAIL)."),
        Opinion::Fail => format!("{by} holds it for failed (FAIL)."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_grows_to_a_circle() {
        assert!(arc(3).ends_with("0 1 7 0") || arc(3).ends_with("0 1 7 -0"), "{}", arc(3));
        assert!(arc(6).contains("0 0 1 0 7"), "{}", arc(6));
        assert!(arc(9).contains("0 1 1 -7"), "{}", arc(9));
        assert_eq!(arc(12), arc(40));
    }
}
