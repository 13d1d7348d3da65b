//! The timeline: the controls of time, the clock, and the bar.
//!
//! Buttons stay focusable while they cannot be used, so that a keyboard finds them in one place.

use std::rc::Rc;

use hashslot_core::view::{Direction, Filter};
use yew::prelude::*;

use super::lanes::Lanes;
use super::pace::PaceList;
use super::speed::SpeedList;
use super::spoken;
use super::track::Track;
use crate::asker::use_asker;
use crate::lab::{Clock, Shown};
use crate::model::{FarEnd, Motion, Pace};
use crate::moves::Move;
use crate::watching::present;

/// The steps: id, what it does, its sign as a path, where it leads.
const STEPS: [(&str, &str, &str, Direction, Filter); 4] = [
    (
        "previous-moment",
        "Previous moment (<)",
        "M4 3v10M13 3L6 8l7 5z",
        Direction::Back,
        Filter::Moments,
    ),
    ("previous-event", "Previous event (,)", "M11 3L4 8l7 5z", Direction::Back, Filter::News),
    ("next-event", "Next event (.)", "M5 3l7 5l-7 5z", Direction::Forward, Filter::News),
    (
        "next-moment",
        "Next moment (>)",
        "M12 3v10M3 3l7 5l-7 5z",
        Direction::Forward,
        Filter::Moments,
    ),
];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Option<Rc<Shown>>,
    pub motion: Motion,
    pub pace: Pace,
    pub far_end: FarEnd,
}

#[component]
pub fn Timeline(props: &Props) -> Html {
    let Props { shown, motion, pace, far_end } = props;
    let asker = use_asker();
    let on_move = &{
        let (asker, shown) = (asker.clone(), shown.clone());
        Callback::from(move |wanted: Move| wanted.make(&asker, shown.as_deref()))
    };
    let (before, after) = STEPS.split_at(2);
    let step = |&(id, name, sign, direction, filter): &(&'static str, &'static str, _, _, _)| {
        let is_at_end = match direction {
            Direction::Forward => shown.as_ref().is_none_or(|shown| shown.is_present),
            Direction::Back => shown.as_ref().is_none_or(|shown| shown.now.is_none()),
        };
        let sign = html! {
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d={sign} /></svg>
        };
        control(id, name, sign, is_at_end, Move::Step(direction, filter), on_move)
    };
    let is_away = shown.as_ref().is_some_and(|shown| shown.branch().is_some());
    let is_behind = shown.as_ref().is_some_and(|shown| !shown.is_present);
    let served = shown.as_deref().and_then(present);
    let is_past_of_served = served.is_none() && shown.as_ref().is_some_and(|it| it.live.is_some());
    let play = match (served.map(|served| served.clock), motion) {
        // Its clock is one for all: what stops is the cluster itself.
        (Some(Clock::Running), _) => {
            control("play", "Pause the clock (space)", words("Pause"), false, Move::Play, on_move)
        }
        (Some(Clock::Paused), _) | (None, Motion::Still) => {
            control("play", "Play (space)", words("Play"), shown.is_none(), Move::Play, on_move)
        }
        (None, Motion::Starting | Motion::Playing) => {
            control("play", "Pause (space)", words("Pause"), false, Move::Pause, on_move)
        }
    };
    html! {
        <section class={classes!("timeline", is_away.then_some("away"))} aria-label="Timeline">
            if is_past_of_served {
                <p id="past" class="is-past">
                    <span role="status">{ past(is_away, *far_end) }</span>
                    { control("back-to-live", "Back to live (Home)", words("Back to live"),
                        far_end.is_away(), Move::Back, on_move) }
                </p>
            }
            <div class="controls" role="group" aria-label="Time">
                { for before.iter().map(step) }
                { play }
                { for after.iter().map(step) }
            </div>
            <output id="clock" class="clock">{ shown.as_ref().map(|shown| clock(shown)) }</output>
            <div class="beside">
                if let Some(shown) = shown {
                    if is_behind && !is_past_of_served {
                        { control("to-present", "To the present", words("To the present"), false,
                            Move::Seek(shown.present), on_move) }
                    }
                    if is_away && shown.live.is_none() {
                        { control("back-to-lesson", "Back to the lesson (Home)",
                            words("Back to the lesson"), false, Move::Back, on_move) }
                    }
                    if let Some(served) = served {
                        <SpeedList speed_percent={served.speed_percent} />
                    } else {
                        <PaceList pace={*pace} />
                    }
                }
            </div>
            if let Some(shown) = shown {
                <Track shown={shown.clone()} {on_move} />
                if shown.lanes.len() > 1 {
                    <Lanes shown={shown.clone()} {on_move} />
                }
            }
        </section>
    }
}

/// What is shown of a served cluster that is not its present.
fn past(is_away: bool, far_end: FarEnd) -> &'static str {
    match (is_away, far_end.is_away()) {
        (true, true) => "A run of your own.",
        (false, true) => "The past.",
        (true, false) => "A run of your own; your clients go on without it.",
        (false, false) => "The past; your clients go on.",
    }
}

/// A sign in words.
fn words(text: &'static str) -> Html {
    html! { { text } }
}

fn control(
    id: &'static str,
    name: &'static str,
    sign: Html,
    is_idle: bool,
    wanted: Move,
    on_move: &Callback<Move>,
) -> Html {
    let on_move = on_move.clone();
    let on_click = move |_: MouseEvent| {
        if !is_idle {
            on_move.emit(wanted.clone());
        }
    };
    html! {
        <button {id} type="button" aria-label={name} title={name} onclick={on_click}
            aria-disabled={is_idle.to_string()}>{ sign }</button>
    }
}

/// Time since the last fault, which is what one waits for; before any, since the start.
fn clock(shown: &Shown) -> Html {
    match &shown.since_fault {
        Some((fault, ago)) => html! {
            <><strong>{ "+" }{ spoken(*ago) }</strong>{ " since " }<code>{ fault }</code></>
        },
        None => html! { <><strong>{ spoken(shown.elapsed) }</strong>{ " since the start" }</> },
    }
}
