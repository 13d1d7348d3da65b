//! Where everything stands on the stage.
//!
//! A node that owns slots stands on them, in the middle of its longest run; all others stand
//! beside the owner of their shard. When a replica is promoted the two change places, so that
//! who stands on the ring is always who serves.
//!
//! Two forms: the ring, with slot 0 so placed that the first shard is at the top; and, on narrow
//! screens, rows: the slots as a bar, owners below it, the others below those.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use hashslot_core::lesson::Stage as LessonStage;
use hashslot_core::view::Stage;
use hashslot_core::words::{SLOT_COUNT, SlotRange};

/// The radius of the ring.
pub const RADIUS: f64 = 190.0;
/// Half the side of a master's square, and about the radius of a replica's circle.
pub const HALF: f64 = 31.0;
/// How far the marks of a node reach, to each side and down.
const SIDE: f64 = 66.0;
pub const BELOW: f64 = 82.0;

/// How the stage is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Ring,
    Rows,
}

impl Form {
    pub fn class(self) -> &'static str {
        match self {
            Form::Ring => "ring-form",
            Form::Rows => "rows-form",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
}

/// Where a node stands, and in whose hue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub place: Place,
    /// The index of the shard in which the node began.
    pub shard: u16,
}

pub struct Layout {
    pub form: Form,
    masters: u16,
    /// The length of the bar; the ring has none.
    width: f64,
    spots: BTreeMap<u16, Spot>,
}

impl Layout {
    /// A layout for a cluster that began with this many masters, its nodes paired in order.
    pub fn of(stage: &Stage, masters: u16, form: Form) -> Layout {
        let masters = masters.max(1);
        let width = match form {
            Form::Ring => 0.0,
            Form::Rows => 130.0 * f64::from(masters.max(3)),
        };
        let mut layout = Layout { form, masters, width, spots: BTreeMap::new() };
        let owners = owners(stage);
        let mut beside = vec![0; usize::from(masters)];
        for node in &stage.nodes {
            let shard = layout.shard(node.port);
            let place = match owners.get(&node.port) {
                Some(slots) => layout.on_slots(*slots),
                None => {
                    let rank = &mut beside[usize::from(shard)];
                    *rank += 1;
                    layout.beside(layout.home(&owners, shard), *rank)
                }
            };
            layout.spots.insert(node.port, Spot { place, shard });
        }
        layout
    }

    pub fn spot(&self, port: u16) -> Option<Spot> {
        self.spots.get(&port).copied()
    }

    /// The place of a node by its name; whoever is no node is a client, and stands in the middle.
    pub fn place_of(&self, name: &str) -> Place {
        let spot = name.parse().ok().and_then(|port| self.spot(port));
        spot.map_or(Place { x: 0.0, y: 0.0 }, |spot| spot.place)
    }

    pub fn is_node(&self, name: &str) -> bool {
        name.parse().is_ok_and(|port| self.spot(port).is_some())
    }

    pub fn shard(&self, port: u16) -> u16 {
        port.saturating_sub(LessonStage::FIRST_PORT) % self.masters
    }

    pub fn view_box(&self) -> String {
        let places = || self.spots.values().map(|spot| spot.place);
        let right = places().map(|place| place.x + SIDE).fold(RADIUS + 20.0, f64::max);
        let bottom = places().map(|place| place.y + BELOW).fold(0.0, f64::max);
        match self.form {
            Form::Rows => format!("0 0 {} {}", px(self.width), px(bottom)),
            Form::Ring => {
                let left = places().map(|place| place.x - SIDE).fold(-RADIUS - 20.0, f64::min);
                let top = places().map(|place| place.y - HALF - 16.0).fold(-RADIUS, f64::min);
                let bottom = bottom.max(RADIUS + 20.0);
                format!("{} {} {} {}", px(left), px(top), px(right - left), px(bottom - top))
            }
        }
    }

    /// Where a slot is on the ring (its angle, from the top, clockwise) or on the bar (its x).
    pub fn along(&self, slot: f64) -> f64 {
        let part = slot / f64::from(SLOT_COUNT);
        match self.form {
            Form::Ring => (part - 0.5 / f64::from(self.masters)) * TAU,
            Form::Rows => 8.0 + part * (self.width - 16.0),
        }
    }

    /// The middle of a run of slots, where their owner stands.
    fn on_slots(&self, slots: SlotRange) -> Place {
        let middle = (first(slots) + past(slots)) / 2.0;
        match self.form {
            Form::Ring => on_ring(self.along(middle), RADIUS),
            Form::Rows => Place { x: self.along(middle), y: 66.0 },
        }
    }

    /// Where the owner of a shard's slots stands: the shard's own part, if it owns none.
    fn home(&self, owners: &BTreeMap<u16, SlotRange>, shard: u16) -> Place {
        let owner = owners.iter().find(|(port, _)| self.shard(**port) == shard);
        if let Some((_, slots)) = owner {
            return self.on_slots(*slots);
        }
        let middle = (f64::from(shard) + 0.5) / f64::from(self.masters) * f64::from(SLOT_COUNT);
        match self.form {
            Form::Ring => on_ring(self.along(middle), RADIUS),
            Form::Rows => Place { x: self.along(middle), y: 66.0 },
        }
    }

    /// The place of the first, second, ... node beside an owner: outwards, where there is room.
    fn beside(&self, home: Place, rank: u32) -> Place {
        let others = f64::from(rank - 1);
        match self.form {
            Form::Rows => Place { x: home.x + others * 12.0, y: 182.0 + others * 12.0 },
            Form::Ring => {
                let side = if home.x < -1.0 { -1.0 } else { 1.0 };
                // Above and below the ring there is no room but to the side.
                let (dx, dy) = match home.x.abs() < RADIUS / 2.0 {
                    true => (220.0, 20.0 * home.y.signum()),
                    false => (158.0, 0.0),
                };
                Place { x: home.x + side * dx, y: home.y + dy + others * 105.0 }
            }
        }
    }
}

pub fn on_ring(angle: f64, radius: f64) -> Place {
    Place { x: radius * angle.sin(), y: -radius * angle.cos() }
}

pub fn first(slots: SlotRange) -> f64 {
    f64::from(slots.first.number())
}

/// The slot after the last, as a place on the ring.
pub fn past(slots: SlotRange) -> f64 {
    f64::from(slots.last.number()) + 1.0
}

/// The longest run of slots of each owner.
fn owners(stage: &Stage) -> BTreeMap<u16, SlotRange> {
    let mut owners: BTreeMap<u16, SlotRange> = BTreeMap::new();
    let length = |slots: SlotRange| past(slots) - first(slots);
    for arc in &stage.ring {
        let Some(owner) = arc.owner else { continue };
        let known = owners.entry(owner).or_insert(arc.slots);
        if length(arc.slots) > length(*known) {
            *known = arc.slots;
        }
    }
    owners
}

/// A number for an SVG attribute.
pub fn px(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Answer, Ask, Lab, Request};

    fn stage() -> Stage {
        let ask = Ask::Open { lesson: "a-master-dies".to_owned() };
        let answer = Lab::default().handle(Request { id: 1, ask }).remove(0).answer;
        let Answer::Opened { shown, .. } = answer else { panic!("the lesson opens: {answer:?}") };
        shown.stage
    }

    fn distance(a: Place, b: Place) -> f64 {
        (a.x - b.x).hypot(a.y - b.y)
    }

    #[test]
    fn nodes_stand_apart_and_inside_the_picture() {
        let stage = stage();
        for form in [Form::Ring, Form::Rows] {
            let layout = Layout::of(&stage, 3, form);
            let places: Vec<Place> = layout.spots.values().map(|spot| spot.place).collect();
            for (index, &place) in places.iter().enumerate() {
                let is_apart = |other: &Place| distance(place, *other) > 2.0 * HALF;
                assert!(places[index + 1..].iter().all(is_apart), "{places:?}");
            }
        }
    }

    #[test]
    fn the_first_shard_is_at_the_top_and_replicas_are_beside_their_masters() {
        let layout = Layout::of(&stage(), 3, Form::Ring);
        let place = |port| layout.spot(port).unwrap().place;
        assert!(place(7000).x.abs() < 1.0 && place(7000).y < -RADIUS + 1.0);
        assert!(distance(place(7001), place(7004)) < 160.0);
        assert_eq!(layout.spot(7004).unwrap().shard, 1);
    }

    #[test]
    fn clients_stand_in_the_middle() {
        let layout = Layout::of(&stage(), 3, Form::Ring);
        assert_eq!(layout.place_of("client of 7000"), Place { x: 0.0, y: 0.0 });
        assert!(!layout.is_node("cli") && layout.is_node("7000"));
    }
}
