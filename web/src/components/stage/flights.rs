//! Messages under way, as what moves: from where to where, when it starts and when it is there.
//!
//! The simulation knows when each message left and arrived, mostly within a fraction of a
//! millisecond; a person can follow what takes a quarter of a second. So the time of an interval
//! is stretched to what it takes to show it, and each message to what it takes to see it. In the
//! story's pace the message that brought the news takes the whole time.

use hashslot_core::view::Flight;
use hashslot_core::words::Span;

use super::kinds::Kind;
use super::layout::Layout;
use super::message::{Message, is_known};
use super::plane::{Curve, Place};
use crate::lab::Shown;
use crate::model::Pace;

/// How long the message that brought the news travels.
pub const NEWS_MS: f64 = 600.0;
/// How long any other one travels at least.
const GLANCE_MS: f64 = 250.0;
/// How long the interval is in a steady pace.
const TICK_MS: f64 = 100.0;
/// More than this at once would be a fog.
pub const SPRITES_MAX: usize = 400;
/// Where a lost message begins to fade, and where it is gone: at the cut, half way.
const FADES: (f64, f64) = (0.3, 0.5);

/// One message that moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Sprite {
    pub kind: Kind,
    pub way: Curve,
    pub start_ms: f64,
    pub end_ms: f64,
    pub is_lost: bool,
}

impl Sprite {
    /// Where it is, and how well it is seen; nothing before it starts and after it is there.
    pub fn at(&self, now_ms: f64) -> Option<(Place, f64)> {
        let part = (now_ms - self.start_ms) / (self.end_ms - self.start_ms);
        if !(0.0..1.0).contains(&part) {
            return None;
        }
        let eased = part * part * (3.0 - 2.0 * part);
        if !self.is_lost {
            return Some((self.way.at(eased), 1.0));
        }
        let way = part * FADES.1;
        let seen = ((FADES.1 - way) / (FADES.1 - FADES.0)).min(1.0);
        Some((self.way.at(way), seen))
    }

    pub fn is_over(&self, now_ms: f64) -> bool {
        now_ms >= self.end_ms
    }
}

/// What moves because of what is newly shown, from now on.
pub fn sprites(
    shown: &Shown,
    message: Option<&Message>,
    layout: &Layout,
    pace: Pace,
    now_ms: f64,
) -> Vec<Sprite> {
    let until = shown.elapsed;
    let passed = shown.passed.unwrap_or(Span::ZERO);
    let interval = Interval { until_ms: millis(until), passed_ms: millis(passed) };
    let is_steady = matches!(pace, Pace::Steady(_));
    let news = message.filter(|_| !is_steady);
    let mut sprites: Vec<Sprite> = news.map(|it| of_news(it, now_ms)).into_iter().collect();
    let known = shown.flights.iter().filter(|flight| is_known(shown, &flight.from, &flight.to));
    let others = known.filter(|flight| news.is_none_or(|news| !is_same(news, flight)));
    let own_length = if is_steady { TICK_MS } else { NEWS_MS };
    sprites.extend(others.take(SPRITES_MAX).map(|flight| {
        let (start, end) = interval.shown(flight, own_length);
        Sprite {
            kind: Kind::of(&flight.what),
            way: layout.way(&flight.from, &flight.to),
            start_ms: now_ms + start,
            end_ms: now_ms + end,
            is_lost: flight.arrived.is_none(),
        }
    }));
    sprites
}

fn of_news(message: &Message, now_ms: f64) -> Sprite {
    Sprite {
        kind: message.kind,
        way: message.way,
        start_ms: now_ms,
        end_ms: now_ms + NEWS_MS,
        is_lost: false,
    }
}

fn is_same(news: &Message, flight: &Flight) -> bool {
    flight.arrived.is_some()
        && flight.from == *news.from
        && flight.to == *news.to
        && Kind::of(&flight.what) == Kind::of(&news.what)
}

fn millis(span: Span) -> f64 {
    span.micros() as f64 / 1000.0
}

/// The time that went by.
struct Interval {
    until_ms: f64,
    passed_ms: f64,
}

impl Interval {
    /// When a flight starts and ends, if the interval takes `length` to show.
    fn shown(&self, flight: &Flight, length: f64) -> (f64, f64) {
        let from = self.until_ms - self.passed_ms;
        let place =
            |at: Span| ((millis(at) - from) / self.passed_ms.max(0.001)).clamp(0.0, 1.0) * length;
        let start = place(flight.left).min((length - GLANCE_MS).max(0.0));
        let end = flight.arrived.map_or(start, place);
        (start, end.max(start + GLANCE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(left_ms: u64, arrived_ms: Option<u64>) -> Flight {
        Flight {
            from: "7000".to_owned(),
            to: "7001".to_owned(),
            what: "PING".to_owned(),
            left: Span::from_millis(left_ms),
            arrived: arrived_ms.map(Span::from_millis),
        }
    }

    #[test]
    fn a_flight_takes_a_glance_at_least_and_lies_in_the_window() {
        let interval = Interval { until_ms: 5_000.0, passed_ms: 5_000.0 };
        assert_eq!(interval.shown(&flight(0, Some(1)), 600.0), (0.0, 250.0));
        assert_eq!(interval.shown(&flight(0, Some(5_000)), 600.0), (0.0, 600.0));
        assert_eq!(interval.shown(&flight(4_999, Some(5_000)), 600.0), (350.0, 600.0));
        assert_eq!(interval.shown(&flight(2_500, None), 100.0), (0.0, 250.0));
    }

    #[test]
    fn what_is_lost_fades_out_half_way() {
        let way = Curve::straight(Place::new(0.0, 0.0), Place::new(100.0, 0.0));
        let lost = Sprite { kind: Kind::Fail, way, start_ms: 0.0, end_ms: 100.0, is_lost: true };
        let (place, seen) = lost.at(99.0).unwrap();
        assert!(place.x < 50.0 && seen < 0.1);
        assert!(lost.at(100.0).is_none() && lost.is_over(100.0));
        let arrives = Sprite { is_lost: false, ..lost };
        assert!(arrives.at(99.0).unwrap().0.x > 95.0);
    }
}
