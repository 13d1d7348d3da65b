//! The bar of the timeline: a lettered mark for each moment, and where the page is.
//!
//! Moments come in bursts: a quorum, a state that changes and an election lie milliseconds apart,
//! after seconds of silence. So the bar keeps the order and the proportions of time only as far as
//! the letters stay apart, and the cursor moves evenly between them.

use std::rc::Rc;

use hashslot_core::view::{Direction, Filter, Moment};
use hashslot_core::words::Span;
use web_sys::Element;
use yew::prelude::*;

use crate::hooks::use_is_narrow;
use crate::lab::{Mark, Shown};
use crate::moves::Move;

/// Where the bar begins and ends, in percent of its width.
const BEGIN: f64 = 1.5;
const END: f64 = 98.5;
/// How far letters stay apart, if there is room, on wide screens and on narrow ones.
const GAPS: (f64, f64) = (2.6, 4.8);

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
    pub on_move: Callback<Move>,
}

#[component]
pub fn Track(props: &Props) -> Html {
    let shown = &props.shown;
    let gap = if use_is_narrow() { GAPS.1 } else { GAPS.0 };
    let places = Places::of(shown, gap);
    let cursor = places.cursor(shown);
    let bar = use_node_ref();
    // The bar is pressed, and then it follows the pointer, wherever that goes.
    let seek = {
        let (places, on_move, bar) = (places.clone(), props.on_move.clone(), bar.clone());
        move |event: &PointerEvent| {
            let Some(bar) = bar.cast::<Element>() else { return };
            let bounds = bar.get_bounding_client_rect();
            if bounds.width() > 0.0 {
                let percent =
                    (f64::from(event.client_x()) - bounds.left()) * 100.0 / bounds.width();
                on_move.emit(Move::Seek(places.time_at(percent)));
            }
        }
    };
    let on_press = {
        let (seek, bar) = (seek.clone(), bar.clone());
        move |event: PointerEvent| {
            if let Some(bar) = bar.cast::<Element>() {
                // A pointer that is gone already cannot be held.
                let _ = bar.set_pointer_capture(event.pointer_id());
            }
            seek(&event);
        }
    };
    let on_drag = {
        let bar = bar.clone();
        move |event: PointerEvent| {
            let id = event.pointer_id();
            if bar.cast::<Element>().is_some_and(|bar| bar.has_pointer_capture(id)) {
                seek(&event);
            }
        }
    };
    let now = shown.now.as_ref().map_or("The start.", |told| told.text.as_str()).to_owned();
    let mark = |(mark, x): (&Mark, &f64)| {
        let is_now = shown.now.as_ref().is_some_and(|told| told.position == mark.position);
        moment(mark, *x, gap, is_now, &props.on_move)
    };
    html! {
        <div class="track">
            <svg id="track" ref={bar} role="slider" tabindex="0" aria-label="Moment"
                aria-valuemin={shown.begins.micros().to_string()}
                aria-valuemax={shown.present.micros().to_string()}
                aria-valuenow={shown.elapsed.micros().to_string()} aria-valuetext={now}
                onpointerdown={on_press} onpointermove={on_drag}
                onkeydown={on_key(&props.on_move)}>
                <line class="rail" x1={percent(BEGIN)} x2={percent(END)} y1="22" y2="22" />
                <line class="past" x1={percent(BEGIN)} x2={percent(cursor)} y1="22" y2="22" />
                { for silences(shown, &places) }
                { for shown.marks.iter().zip(&places.marks).map(mark) }
                <circle class="cursor" cx={percent(cursor)} cy="22" r="6" />
            </svg>
            <p class="legend" aria-hidden="true">{ for legend(&shown.marks) }</p>
        </div>
    }
}

fn moment(mark: &Mark, x: f64, gap: f64, is_now: bool, on_move: &Callback<Move>) -> Html {
    let position = mark.position;
    let on_move = on_move.clone();
    let on_press = move |event: PointerEvent| {
        event.stop_propagation();
        on_move.emit(Move::ShowEvent(position));
    };
    html! {
        <g class={classes!("mark", is_now.then_some("now"))} onpointerdown={on_press}
            data-letter={mark.moment.letter()}>
            <title>{ &mark.text }</title>
            <rect x={percent(x - gap / 2.0)} y="0" width={percent(gap)} height="30" />
            <text x={percent(x)} y="12" text-anchor="middle">{ mark.moment.letter() }</text>
            <line x1={percent(x)} x2={percent(x)} y1="17" y2="27" />
        </g>
    }
}

/// A silence of at least this long is named, where there is room.
const SILENCE: Span = Span::from_secs(1);
const SILENCE_ROOM: f64 = 14.0;

/// The long silences between two moments, in which only heartbeats went.
fn silences(shown: &Shown, places: &Places) -> Vec<Html> {
    let pairs = places.knots.windows(2);
    let named = pairs.filter_map(|pair| {
        let [(t0, x0), (t1, x1)] = pair else { return None };
        let span = Span::from_micros(t1 - t0);
        let is_known = *t1 <= shown.present.micros();
        (is_known && span >= SILENCE && x1 - x0 > SILENCE_ROOM).then(|| {
            let text = format!("{} of heartbeats", super::spoken(span));
            html! {
                <text class="silence" x={percent((x0 + x1) / 2.0)} y="13" text-anchor="middle">
                    { text }
                </text>
            }
        })
    });
    named.collect()
}

/// What the letters on the bar stand for.
fn legend(marks: &[Mark]) -> Vec<Html> {
    let mut moments: Vec<Moment> = marks.iter().map(|mark| mark.moment).collect();
    moments.sort_unstable();
    moments.dedup();
    let entry = |moment: Moment| {
        html! { <span><b>{ moment.letter() }</b>{ "\u{a0}" }{ meaning(moment) }</span> }
    };
    moments.into_iter().map(entry).collect()
}

fn meaning(moment: Moment) -> &'static str {
    match moment {
        Moment::Step => "your\u{a0}step",
        Moment::Pfail => "PFAIL",
        Moment::Fail => "FAIL",
        Moment::Down => "down",
        Moment::Up => "serves\u{a0}again",
        Moment::Scheduled => "waits\u{a0}to\u{a0}ask",
        Moment::Handover => "hands\u{a0}over",
        Moment::Election => "election",
        Moment::Refused => "no\u{a0}vote",
        Moment::Won => "new\u{a0}master",
        Moment::Lost => "write\u{a0}lost",
    }
}

/// The keys of a slider: arrows step by events, pages by moments.
fn on_key(on_move: &Callback<Move>) -> Callback<KeyboardEvent> {
    let on_move = on_move.clone();
    Callback::from(move |event: KeyboardEvent| {
        let (direction, filter) = match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => (Direction::Forward, Filter::News),
            "ArrowLeft" | "ArrowDown" => (Direction::Back, Filter::News),
            "PageDown" => (Direction::Forward, Filter::Moments),
            "PageUp" => (Direction::Back, Filter::Moments),
            _ => return,
        };
        event.prevent_default();
        on_move.emit(Move::Step(direction, filter));
    })
}

/// Where moments stand on the bar.
#[derive(Clone)]
struct Places {
    /// The marks, in their order.
    marks: Vec<f64>,
    /// Time and place of the beginning, the marks and the end, in order.
    knots: Vec<(u64, f64)>,
}

impl Places {
    fn of(shown: &Shown, gap: f64) -> Places {
        let times: Vec<u64> = shown.marks.iter().map(|mark| mark.elapsed.micros()).collect();
        let present = shown.present.micros();
        let begin = shown.begins.micros();
        let marks = spread(&times, (begin, present), gap);
        let mut knots = vec![(begin, BEGIN)];
        knots.extend(times.into_iter().zip(marks.iter().copied()));
        knots.push((present, END));
        Places { marks, knots }
    }

    /// Where the page is: on the mark of the event that is shown, or at its time.
    fn cursor(&self, shown: &Shown) -> f64 {
        let position = shown.now.as_ref().map(|told| told.position);
        let mut marks = shown.marks.iter().zip(&self.marks);
        match marks.find(|(mark, _)| Some(mark.position) == position) {
            Some((_, x)) => *x,
            None if shown.is_present && shown.now.is_some() => END,
            None => self.place_of(shown.elapsed.micros()),
        }
    }

    fn place_of(&self, time: u64) -> f64 {
        let after = self.knots.partition_point(|&(known, _)| known <= time);
        let Some(&(t0, x0)) = after.checked_sub(1).and_then(|at| self.knots.get(at)) else {
            return BEGIN;
        };
        match self.knots.get(after) {
            Some(&(t1, x1)) => x0 + (x1 - x0) * (time - t0) as f64 / (t1 - t0) as f64,
            None => x0,
        }
    }

    fn time_at(&self, x: f64) -> Span {
        let after = self.knots.partition_point(|&(_, place)| place <= x);
        let Some(&(t0, x0)) = after.checked_sub(1).and_then(|at| self.knots.get(at)) else {
            return Span::from_micros(0);
        };
        let micros = match self.knots.get(after) {
            Some(&(t1, x1)) => t0 + ((t1 - t0) as f64 * (x - x0) / (x1 - x0)) as u64,
            None => t0,
        };
        Span::from_micros(micros)
    }
}

/// Places for times in order: in proportion, but no closer than the gap.
fn spread(times: &[u64], (begin, present): (u64, u64), gap: f64) -> Vec<f64> {
    let room = END - BEGIN - gap;
    let gap = gap.min(room / times.len().max(1) as f64);
    let scale = (END - BEGIN) / present.saturating_sub(begin).max(1) as f64;
    let place = |&time: &u64| BEGIN + time.saturating_sub(begin) as f64 * scale;
    let mut places: Vec<f64> = times.iter().map(place).collect();
    let mut least = BEGIN + gap;
    for place in &mut places {
        *place = place.max(least);
        least = *place + gap;
    }
    let mut most = END - gap;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
    places
}

fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_apart_and_in_order() {
        let burst: Vec<u64> = (0..20).map(|index| 9_000_000 + index).collect();
        let places = spread(&burst, (0, 9_000_100), GAPS.0);
        let is_apart = |pair: &[f64]| pair[1] - pair[0] > GAPS.0 * 0.99;
        assert!(places.windows(2).all(is_apart), "{places:?}");
        assert!(places[0] > BEGIN && places[19] < END);
        let crowd: Vec<u64> = (0..200).collect();
        let places = spread(&crowd, (0, 1000), GAPS.1);
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
    }

    #[test]
    fn a_place_on_the_bar_is_a_time_and_back() {
        let knots = vec![(0, BEGIN), (10, 20.0), (10, 25.0), (500, 80.0), (1000, END)];
        let places = Places { marks: Vec::new(), knots };
        for time in [0, 3, 10, 77, 500, 999, 1000] {
            let back = places.time_at(places.place_of(time)).micros();
            assert!(back.abs_diff(time) <= 1, "{time} became {back}");
        }
    }
}
