//! A node: what became of its process, as fill and outline; and below it one mark for each other
//! node that runs, in the order of ports: what that one thinks of it.

use hashslot_core::node::Opinion;
use hashslot_core::view::{NodeOnStage, OpinionOnStage, RoleOnStage, Truth};
use yew::prelude::*;

use super::layout::{HALF, Spot, px};

/// From mark to mark.
const PITCH: f64 = 21.0;
/// The most marks that stand in a row below a node.
const MARKS_MAX: usize = 9;

pub fn node(node: &NodeOnStage, spot: Spot, is_looked_at: bool) -> Html {
    let class = classes!(
        "node",
        format!("shard-{}", spot.shard % 6),
        role_class(node.role),
        truth_class(node.truth),
        is_looked_at.then_some("looked-at"),
    );
    let at = format!("translate({} {})", px(spot.place.x), px(spot.place.y));
    html! {
        <g {class} transform={at} tabindex="0" role="img" aria-label={describe(node)}
            data-port={node.port.to_string()} data-truth={truth_class(node.truth)}
            data-role={role_class(node.role)} key={node.port}>
            { plate(node.opinions.len()) }
            if is_looked_at {
                <circle class="look-ring" r="46" />
            }
            { shape(node) }
            <text class="port" text-anchor="middle" dominant-baseline="central">{ node.port }</text>
            { opinions(&node.opinions) }
        </g>
    }
}

/// A square for a master, a circle for a replica; two bars over what stands still.
fn shape(node: &NodeOnStage) -> Html {
    let bars = html! {
        if node.truth == Truth::Paused {
            <path class="hatch" d="M-26 10L10 -26M-26 26L26 -26M-10 26L26 -10" />
            <path class="bars" d="M-7 -26v12M7 -26v12" />
        }
    };
    let half = px(HALF);
    let (corner, side) = (px(-HALF), px(2.0 * HALF));
    match node.role {
        RoleOnStage::Master => html! {
            <>
                <rect class="shape" x={corner.clone()} y={corner} width={side.clone()}
                    height={side} rx="9" />
                { bars }
            </>
        },
        RoleOnStage::Replica { .. } => html! { <><circle class="shape" r={half} />{ bars }</> },
    }
}

/// The strip below a node.
fn opinions(opinions: &[OpinionOnStage]) -> Html {
    if opinions.len() > MARKS_MAX {
        return Html::default();
    }
    let mark = |(index, opinion): (usize, &OpinionOnStage)| {
        let x = (index as f64 + 0.5) * PITCH - width(opinions.len()) / 2.0;
        one_opinion(opinion, x)
    };
    html! {
        <g class="opinions" transform="translate(0 50)">
            { for opinions.iter().enumerate().map(mark) }
        </g>
    }
}

/// The ground on which the strip stands, so that no line runs through it.
fn plate(count: usize) -> Html {
    if count == 0 || count > MARKS_MAX {
        return Html::default();
    }
    let width = width(count) + 6.0;
    let (x, width) = (px(-width / 2.0), px(width));
    html! { <rect class="plate" {x} {width} y="20" height="61" rx="8" /> }
}

fn width(count: usize) -> f64 {
    PITCH * count as f64
}

fn one_opinion(opinion: &OpinionOnStage, x: f64) -> Html {
    let (class, sign) = match opinion.opinion {
        Opinion::Ok => ("ok", html! { <circle r="3.5" /> }),
        Opinion::Handshake => ("ok", html! { <circle r="1.5" /> }),
        Opinion::Pfail => (
            "pfail",
            html! {
                <>
                    <circle r="8.5" />
                    <text text-anchor="middle" dominant-baseline="central">{ "?" }</text>
                </>
            },
        ),
        Opinion::Fail => (
            "fail",
            html! {
                <>
                    <rect x="-9" y="-9" width="18" height="18" rx="3" />
                    <path d="M-4 -4L4 4M4 -4L-4 4" />
                </>
            },
        ),
    };
    html! {
        <g class={classes!("opinion", class)} transform={format!("translate({} 0)", px(x))}
            data-by={opinion.by.to_string()} data-opinion={class}>
            <title>{ thinks(opinion) }</title>
            { sign }
            <text class="by" y="20" text-anchor="middle" dominant-baseline="central">
                { opinion.by % 10 }
            </text>
        </g>
    }
}

fn role_class(role: RoleOnStage) -> &'static str {
    match role {
        RoleOnStage::Master => "master",
        RoleOnStage::Replica { .. } => "replica",
    }
}

fn truth_class(truth: Truth) -> &'static str {
    match truth {
        Truth::Running => "running",
        Truth::Paused => "paused",
        Truth::Gone => "gone",
    }
}

/// Truth and beliefs as a text, for those who do not see the stage.
fn describe(node: &NodeOnStage) -> String {
    let role = match node.role {
        RoleOnStage::Master => "a master".to_owned(),
        RoleOnStage::Replica { of: Some(of) } => format!("a replica of {of}"),
        RoleOnStage::Replica { of: None } => "a replica".to_owned(),
    };
    let thoughts: Vec<String> = node.opinions.iter().map(thinks).collect();
    let truth = match node.truth {
        Truth::Running => format!("{} runs, {role}.", node.port),
        Truth::Paused => format!("{} stands still, {role}.", node.port),
        Truth::Gone => format!("The process of {} is gone; it was {role}.", node.port),
    };
    format!("{truth} {}", thoughts.join(" "))
}

fn thinks(opinion: &OpinionOnStage) -> String {
    let judged = match opinion.opinion {
        Opinion::Ok => "thinks it is fine",
        Opinion::Handshake => "has not met it yet",
        Opinion::Pfail => "thinks it may have failed (PFAIL)",
        Opinion::Fail => "holds it for failed (FAIL)",
    };
    format!("{} {judged}.", opinion.by)
}
