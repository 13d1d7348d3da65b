//! The picture of all slots: 128 rows of 128 cells.
//!
//! It is drawn as shapes rather than as pixels: one for each owner, so that the style sheet gives
//! the hues in light and dark, and it stays sharp at any size.

use std::collections::BTreeMap;

use hashslot_core::view::Arc;
use hashslot_core::words::{Slot, SlotRange};
use yew::prelude::*;

use super::hue;

/// So many cells stand in a row.
pub const SIDE: u16 = 128;

/// What the picture shows.
pub struct Picture<'a> {
    pub ring: &'a [Arc],
    pub keys: &'a [(Slot, u64)],
    /// The owners whose process is gone.
    pub gone: &'a [u16],
    pub masters: u16,
    /// The slot that is pointed at, and the one of the key that was typed.
    pub pointed: Option<u16>,
    pub ringed: Option<u16>,
}

impl Picture<'_> {
    pub fn draw(&self) -> Html {
        let mut shapes: BTreeMap<u16, String> = BTreeMap::new();
        for arc in self.ring {
            let Some(owner) = arc.owner else { continue };
            shapes.entry(owner).or_default().push_str(&outline(arc.slots));
        }
        let owner = |(&owner, shape): (&u16, &String)| {
            html! {
                <g class={hue(owner, self.masters)} key={owner}>
                    <path class="owned" d={shape.clone()} />
                    if self.gone.contains(&owner) {
                        <path fill="url(#gone-owner)" d={shape.clone()} />
                    }
                </g>
            }
        };
        let dots: String = self.keys.iter().map(|(slot, _)| dot(slot.number())).collect();
        html! {
            <>
                <defs>
                    <pattern id="gone-owner" width="4" height="4" patternUnits="userSpaceOnUse"
                        patternTransform="rotate(45)">
                        <rect class="stripe" width="2.4" height="4" />
                    </pattern>
                </defs>
                <rect class="unassigned" width="128" height="128" />
                { for shapes.iter().map(owner) }
                <path class="keys" d={dots} />
                { for self.ringed.iter().map(|&slot| ring(slot, "ringed", 3.0)) }
                { for self.pointed.iter().map(|&slot| ring(slot, "pointed", 1.2)) }
            </>
        }
    }
}

/// The cell at a place of the picture, given as parts of its width and height.
pub fn slot_at(across: f64, down: f64) -> Option<u16> {
    let cell = |part: f64| (part * f64::from(SIDE)).floor();
    let (column, row) = (cell(across), cell(down));
    let is_inside = |at: f64| (0.0..f64::from(SIDE)).contains(&at);
    (is_inside(column) && is_inside(row)).then(|| row as u16 * SIDE + column as u16)
}

/// The shape of a run of slots: part of a row, whole rows, part of a row.
fn outline(slots: SlotRange) -> String {
    let (first, last) = (slots.first.number(), slots.last.number());
    let (top, bottom) = (first / SIDE, last / SIDE);
    let bar = |row: u16, rows: u16, from: u16, to: u16| {
        format!("M{from} {row}H{to}V{}H{from}Z", row + rows)
    };
    if top == bottom {
        return bar(top, 1, first % SIDE, last % SIDE + 1);
    }
    let mut shape = bar(top, 1, first % SIDE, SIDE);
    if bottom - top > 1 {
        shape.push_str(&bar(top + 1, bottom - top - 1, 0, SIDE));
    }
    shape.push_str(&bar(bottom, 1, 0, last % SIDE + 1));
    shape
}

fn dot(slot: u16) -> String {
    let (column, row) = (slot % SIDE, slot / SIDE);
    format!("M{column} {row}h1v1h-1Z")
}

fn ring(slot: u16, class: &'static str, reach: f64) -> Html {
    let at = |cell: u16| format!("{:.1}", f64::from(cell) - reach + 0.5);
    let size = format!("{:.1}", 2.0 * reach);
    html! {
        <rect {class} x={at(slot % SIDE)} y={at(slot / SIDE)} width={size.clone()} height={size}
            rx="0.6" />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(first: u64, last: u64) -> SlotRange {
        SlotRange { first: Slot::new(first).unwrap(), last: Slot::new(last).unwrap() }
    }

    #[test]
    fn a_run_is_drawn_as_at_most_three_bars() {
        assert_eq!(outline(slots(0, 127)), "M0 0H128V1H0Z");
        assert_eq!(outline(slots(5, 5)), "M5 0H6V1H5Z");
        assert_eq!(outline(slots(120, 390)), "M120 0H128V1H120ZM0 1H128V3H0ZM0 3H7V4H0Z");
    }

    #[test]
    fn a_place_is_a_cell() {
        assert_eq!(slot_at(0.0, 0.0), Some(0));
        assert_eq!(slot_at(0.999, 0.999), Some(16_383));
        assert_eq!(slot_at(0.5, 0.25), Some(32 * 128 + 64));
        assert_eq!(slot_at(1.0, 0.5), None);
    }
}
