//! The stage: the slot ring, and what stands on it.
//!
//! Slot 0 is at the top and slots run clockwise. Everything drawn is also said: the picture has a
//! text of its own for those who cannot see it.

use std::f64::consts::TAU;

use hashslot_core::words::{SLOT_COUNT, Slot};
use yew::prelude::*;

use crate::lab::Found;

const RADIUS: f64 = 210.0;

/// The quarters of the ring: their slot, and on which side of its place a number stands.
const QUARTERS: [(u64, &str); 4] =
    [(0, "middle"), (4096, "start"), (8192, "middle"), (12_288, "end")];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub found: Option<Found>,
}

#[component]
pub fn Stage(props: &Props) -> Html {
    html! {
        <section class="stage" aria-label="Stage">
            <svg id="stage" viewBox="-340 -280 680 560"
                role="img" aria-label={describe(&props.found)}>
                <circle class="ring" r={RADIUS.to_string()} />
                { for QUARTERS.map(tick) }
                { for props.found.iter().map(marker) }
            </svg>
        </section>
    }
}

/// A quarter of the ring, with its number.
fn tick((number, anchor): (u64, &'static str)) -> Html {
    let slot = Slot::new(number).expect("a quarter of the ring is a slot");
    let ((x1, y1), (x2, y2)) = (place(slot, RADIUS - 8.0), place(slot, RADIUS + 8.0));
    let (x, y) = place(slot, RADIUS + 24.0);
    html! {
        <g class="tick">
            <line x1={px(x1)} y1={px(y1)} x2={px(x2)} y2={px(y2)} />
            <text x={px(x)} y={px(y)} text-anchor={anchor} dominant-baseline="central">
                { slot.number() }
            </text>
        </g>
    }
}

/// The key that was asked for, on its slot, its name towards the middle.
fn marker(found: &Found) -> Html {
    let (x, y) = place(found.slot, RADIUS);
    let (x1, y1) = place(found.slot, RADIUS - 70.0);
    html! {
        <g class="marker">
            <line x1={px(x1)} y1={px(y1)} x2={px(x)} y2={px(y)} />
            <circle cx={px(x)} cy={px(y)} r="9" />
            <text class="slot" text-anchor="middle" y="-6">{ found.slot.number() }</text>
            <text class="key" text-anchor="middle" y="26">{ shorten(&found.key) }</text>
        </g>
    }
}

fn describe(found: &Option<Found>) -> AttrValue {
    match found {
        Some(found) => format!("The ring of hash slots. {}", found.says).into(),
        None => "The ring of 16,384 hash slots. No node stands on it.".into(),
    }
}

/// Where a slot is, at this distance from the centre.
fn place(slot: Slot, radius: f64) -> (f64, f64) {
    let turn = f64::from(slot.number()) / f64::from(SLOT_COUNT) * TAU;
    (radius * turn.sin(), -radius * turn.cos())
}

fn px(value: f64) -> AttrValue {
    format!("{value:.1}").into()
}

/// At most 24 characters, so that the name stays inside the ring.
fn shorten(key: &str) -> String {
    if key.chars().count() <= 24 {
        return key.to_owned();
    }
    let head: String = key.chars().take(23).collect();
    format!("{head}\u{2026}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_run_clockwise_from_the_top() {
        let at = |number| place(Slot::new(number).unwrap(), 100.0);
        let near = |(x, y): (f64, f64), (u, v): (f64, f64)| (x - u).abs() + (y - v).abs() < 1e-9;
        assert!(near(at(0), (0.0, -100.0)));
        assert!(near(at(4096), (100.0, 0.0)));
        assert!(near(at(8192), (0.0, 100.0)));
    }

    #[test]
    fn long_keys_are_shortened_by_characters() {
        assert_eq!(shorten("foo"), "foo");
        assert_eq!(shorten(&"é".repeat(30)).chars().count(), 24);
    }
}
