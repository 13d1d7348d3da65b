//! The runs side by side: the lesson's own, and what the learner did differently.

use std::rc::Rc;

use hashslot_core::words::Span;
use yew::prelude::*;

use crate::lab::{Lane, Shown};
use crate::moves::Move;

/// So many lanes are shown; the others are in a list that opens.
const LANES_MAX: usize = 3;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
    pub on_move: Callback<Move>,
}

#[component]
pub fn Lanes(props: &Props) -> Html {
    let lanes = &props.shown.lanes;
    let longest = lanes.iter().map(|lane| lane.until.micros()).max().unwrap_or(1).max(1);
    let own = if props.shown.live.is_some() { "live" } else { "the lesson" };
    let row = |lane: &Lane| lane_row(lane, own, longest, &props.on_move);
    // The lesson's own run, and the newest of the others.
    let (first, others) = lanes.split_at(1);
    let (older, newest) = others.split_at(others.len().saturating_sub(LANES_MAX - 1));
    html! {
        <div class="lanes" role="group" aria-label="Runs">
            { for first.iter().chain(newest).map(row) }
            if !older.is_empty() {
                <details class="older">
                    <summary>{ format!("{} more", older.len()) }</summary>
                    { for older.iter().map(row) }
                </details>
            }
        </div>
    }
}

fn lane_row(lane: &Lane, own: &str, longest: u64, on_move: &Callback<Move>) -> Html {
    let branch = lane.branch;
    let on_switch = {
        let on_move = on_move.clone();
        move |_: MouseEvent| {
            on_move.emit(if branch == 0 { Move::Back } else { Move::Switch(branch) });
        }
    };
    let on_drop = on_move.reform(move |_: MouseEvent| Move::Drop(branch));
    let name = if branch == 0 { own } else { lane.name.as_str() };
    let place = |at: Span| format!("{:.2}%", 100.0 * at.micros() as f64 / longest as f64);
    html! {
        <div class="lane">
            <button class="name" type="button" onclick={on_switch}
                aria-current={lane.is_current.then_some("true")}>{ name }</button>
            <svg aria-hidden="true">
                <line class="rail" x1={place(lane.from)} x2={place(lane.until)} y1="10" y2="10" />
                { for lane.moments.iter().map(|&(at, moment)| html! {
                    <text x={place(at)} y="14" text-anchor="middle">{ moment.letter() }</text>
                }) }
            </svg>
            if branch != 0 {
                <button class="drop" type="button" onclick={on_drop}
                    aria-label={format!("Delete the run {name}")} title="Delete this run">
                    { "\u{d7}" }
                </button>
            }
        </div>
    }
}
