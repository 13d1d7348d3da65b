//! The ring: owners on it, each on its slots; their followers outside; messages inside.
//!
//! A few nodes are placed one by one: each follower takes the nearest free place beside its owner,
//! rather to the side than above or below, as screens are wide. Many stand in further rings around
//! the first, each in the sector of its owner.

use std::f64::consts::{PI, TAU};

use super::layout::{Form, Found, LABEL, Label, MARKS_MAX, Measures, Strip, TOOLS, is_crowded};
use super::plane::{Area, Place};
use super::seating::{Seat, Seating};

/// Up to so many nodes are placed one by one.
const FEW: usize = 12;
/// The sizes that are tried.
const HALVES: [f64; 7] = [30.0, 28.0, 26.0, 24.0, 22.0, 20.0, 18.0];
const SMALL_HALVES: [f64; 14] =
    [26.0, 24.0, 22.0, 20.0, 18.0, 16.0, 14.0, 13.0, 12.0, 10.0, 8.0, 6.0, 4.0, 3.0];
/// How far a follower is from its owner, as a gap between what both cover; the best first.
const GAPS: [f64; 3] = [46.0, 24.0, 8.0];
/// A larger ring would push the followers to the edges, as a part of the shorter side.
const LARGEST: f64 = 0.37;
/// Half the width of the ring, and what is kept free on both sides of it.
const BESIDE_RING: f64 = 12.0;

/// The angle of a part of all slots, if another part is at the top.
pub fn angle(part: f64, top: f64) -> f64 {
    (part - top) * TAU
}

/// Places everybody, if there is room for a ring.
pub fn place(seating: &Seating, room: Area) -> Option<Found> {
    let tries = Tries { seating, room };
    let few = (seating.count <= FEW).then(|| tries.few()).flatten();
    few.or_else(|| tries.many())
}

struct Tries<'a> {
    seating: &'a Seating,
    room: Area,
}

impl Tries<'_> {
    fn few(&self) -> Option<Found> {
        let known = self.seating.known;
        let marks = known.saturating_sub(1);
        let strip = |pitch| Strip::Marks { per_row: marks, rows: 1, pitch };
        let mut strips = Vec::new();
        if known <= MARKS_MAX {
            strips = [20.0, 18.0, 16.5].map(|pitch| (strip(pitch), 0.27)).to_vec();
            let rows = Strip::Marks { per_row: marks.div_ceil(2), rows: 2, pitch: 16.5 };
            strips.push((rows, 0.25));
        }
        strips.push((Strip::Badge, 0.25));
        strips.into_iter().find_map(|(strip, smallest)| {
            HALVES.iter().find_map(|&half| {
                let measures = Measures::new(half, strip, Label::Outside);
                GAPS.iter().find_map(|&gap| self.largest(measures, smallest, gap))
            })
        })
    }

    /// The largest ring with nodes of this size around which everybody has a place.
    fn largest(&self, measures: Measures, smallest: f64, gap: f64) -> Option<Found> {
        let (width, height) = self.room_size();
        let mut radius = width.min(height) * LARGEST;
        let smallest = (width.min(height) * smallest).max(2.2 * measures.half);
        while radius >= smallest {
            if let Some(found) = self.few_around(measures, radius, gap) {
                return Some(found);
            }
            radius -= 5.0;
        }
        None
    }

    fn room_size(&self) -> (f64, f64) {
        (self.room.right - self.room.left, self.room.bottom - self.room.top)
    }

    fn few_around(&self, measures: Measures, radius: f64, gap: f64) -> Option<Found> {
        let angles = self.angles(2.0 * (measures.half + 6.0) / radius);
        let on_ring = |centre: Place| angles.iter().map(move |&angle| centre.around(angle, radius));
        // The middle of the picture is not that of the ring: strips hang below the nodes.
        let origin = Place::default();
        let ring = Area::around(origin, radius + BESIDE_RING, radius + BESIDE_RING);
        let all = on_ring(origin).map(|place| measures.area(place)).fold(ring, Area::with);
        let centre = Place {
            x: f64::midpoint(self.room.left, self.room.right),
            y: f64::midpoint(self.room.top, self.room.bottom) - f64::midpoint(all.top, all.bottom),
        };
        let mut areas = vec![tools(self.room)];
        let mut places = Vec::new();
        if !all.moved(centre.x, centre.y).lies_in(self.room) {
            return None;
        }
        for (group, place) in self.seating.groups.iter().zip(on_ring(centre)) {
            areas.push(measures.area(place));
            places.push((group.owner, place));
        }
        if is_crowded(&mut areas.clone()) {
            return None;
        }
        let free = |place: Place, areas: &[Area]| {
            let area = measures.area(place);
            area.lies_in(self.room)
                && area.distance(centre) > radius + BESIDE_RING
                && !areas.iter().any(|other| other.overlaps(area.grown(3.0)))
        };
        for (index, group) in self.seating.groups.iter().enumerate() {
            let home = places[index].1;
            let count = group.followers.len();
            for (number, &seat) in group.followers.iter().enumerate() {
                let from_middle = number as f64 - (count as f64 - 1.0) / 2.0;
                let mut around = beside(home, centre, measures, (gap, from_middle));
                let place = around.find(|&place| free(place, &areas))?;
                areas.push(measures.area(place));
                places.push((seat, place));
            }
        }
        for &seat in &self.seating.guests {
            let place = corner_places(self.room, measures).find(|&place| free(place, &areas))?;
            areas.push(measures.area(place));
            places.push((seat, place));
        }
        Some(Found { form: Form::Ring { centre, radius }, measures, places, client: centre })
    }

    /// The angles of the owners, so far apart that they do not touch.
    fn angles(&self, gap: f64) -> Vec<f64> {
        let wanted = self.seating.groups.iter().map(|group| angle(group.middle, self.seating.top));
        spread(wanted.collect(), gap)
    }

    fn many(&self) -> Option<Found> {
        SMALL_HALVES.iter().find_map(|&half| {
            let strip = if half >= 18.0 { Strip::Badge } else { Strip::Corner };
            let measures = Measures::new(half, strip, Label::Outside);
            (0..=12).find_map(|outer| self.many_around(measures, outer))
        })
    }

    /// The ring of owners with so many rings of followers outside of it.
    fn many_around(&self, measures: Measures, outer: usize) -> Option<Found> {
        let (width, height) = self.room_size();
        let below = measures.area(Place::default()).bottom;
        let label = if measures.label == Label::Inside { 0.0 } else { LABEL };
        // Two squares that meet corner to corner need more room than their sides.
        let pitch = (2.6 * measures.half).max(measures.half + below) + 2.0;
        let most = width.min(height) / 2.0 - below - label;
        // The labels of owners that have followers are inside.
        let reach = |ring: usize| ring as f64 * pitch + ring.saturating_sub(1) as f64 * label;
        let radius = most - reach(outer);
        if radius < (0.42 * most).max(40.0) {
            return None;
        }
        let ring_gap = 2.0 * ((pitch / 2.0 / radius).min(1.0)).asin();
        if ring_gap * self.seating.groups.len() as f64 > TAU {
            return None;
        }
        let centre = Place {
            x: f64::midpoint(self.room.left, self.room.right),
            y: f64::midpoint(self.room.top, self.room.bottom) - (below - measures.half) / 2.0,
        };
        let angles = self.angles(ring_gap);
        let beside = 2.0 * measures.half + 4.0;
        let mut places = Vec::new();
        for (index, group) in self.seating.groups.iter().enumerate() {
            places.push((group.owner, centre.around(angles[index], radius)));
            let sector = sector(&angles, index);
            let mut left = group.followers.as_slice();
            for ring in 1..=outer {
                let radius = radius + reach(ring);
                let (now, later) = left.split_at(left.len().min(fit(sector, beside / radius)));
                let row = in_a_row(now, angles[index], sector, beside / radius);
                places.extend(row.map(|(seat, angle)| (seat, centre.around(angle, radius))));
                left = later;
            }
            if !left.is_empty() {
                return None;
            }
        }
        if is_crowded_by(&places, 2.0 * measures.half + 1.0) {
            return None;
        }
        let mut areas: Vec<Area> = places.iter().map(|&(_, at)| measures.area(at)).collect();
        if areas.iter().any(|area| area.overlaps(tools(self.room))) {
            return None;
        }
        areas.push(tools(self.room));
        for &seat in &self.seating.guests {
            let is_free = |place: &Place| {
                let area = measures.area(*place).grown(3.0);
                !areas.iter().any(|other| other.overlaps(area))
            };
            let place = corner_places(self.room, measures).find(is_free)?;
            areas.push(measures.area(place));
            places.push((seat, place));
        }
        Some(Found { form: Form::Ring { centre, radius }, measures, places, client: centre })
    }
}

/// Whether any two are nearer to each other than this.
fn is_crowded_by(places: &[(Seat, Place)], distance: f64) -> bool {
    let mut sorted: Vec<Place> = places.iter().map(|&(_, place)| place).collect();
    sorted.sort_unstable_by(|a, b| a.x.total_cmp(&b.x));
    sorted.iter().enumerate().any(|(index, one)| {
        let near = sorted[index + 1..].iter().take_while(|other| other.x < one.x + distance);
        near.into_iter().any(|other| one.distance(*other) < distance)
    })
}

/// The corner in which the tools are.
fn tools(room: Area) -> Area {
    let top = room.bottom - TOOLS.height;
    Area { left: 0.0, top, right: TOOLS.width, bottom: room.bottom + 8.0 }
}

/// Places around an owner, the best first: near, and outwards to the side, a row for each of many.
fn beside(
    home: Place,
    centre: Place,
    measures: Measures,
    (gap, from_middle): (f64, f64),
) -> impl Iterator<Item = Place> {
    let outward = (home.x - centre.x).atan2(centre.y - home.y);
    let side = if home.x < centre.x - 1.0 { -1.0 } else { 1.0 };
    let area = measures.area(Place::default());
    let nearest = (area.right - area.left + gap).max(2.0 * measures.half + 24.0);
    (0..24).flat_map(move |step| {
        let radius = nearest + 9.0 * f64::from(step);
        let turns = [0.0, -0.2, 0.2, -0.4, 0.4, -0.6, 0.6, -0.8, 0.8];
        let row = from_middle * (area.bottom - area.top + 6.0) / radius;
        let sideways = turns.into_iter().map(move |turn| side * (PI / 2.0 + row + turn));
        sideways.chain([outward]).map(move |angle| home.around(angle, radius))
    })
}

/// Places in the lower right corner, row by row.
fn corner_places(room: Area, measures: Measures) -> impl Iterator<Item = Place> {
    let area = measures.area(Place::default()).grown(4.0);
    let (width, height) = (area.right - area.left, area.bottom - area.top);
    let per_row = ((room.right - room.left) / 3.0 / width).max(1.0) as u32;
    (0..8).flat_map(move |row| {
        (0..per_row).map(move |column| Place {
            x: room.right - area.right - f64::from(column) * width,
            y: room.bottom - area.bottom - f64::from(row) * height,
        })
    })
}

/// The same angles, in order, moved apart as far as they are nearer than a gap.
fn spread(mut angles: Vec<f64>, gap: f64) -> Vec<f64> {
    let count = angles.len();
    if count < 2 {
        return angles;
    }
    let gap = gap.min(TAU / count as f64 * 0.999);
    for _ in 0..400 {
        let mut is_done = true;
        for index in 0..count {
            let next = (index + 1) % count;
            let turn = if next == 0 { TAU } else { 0.0 };
            let missing = gap - (angles[next] + turn - angles[index]);
            if missing > 1e-4 {
                angles[index] -= missing / 2.0;
                angles[next] += missing / 2.0;
                is_done = false;
            }
        }
        if is_done {
            break;
        }
    }
    angles
}

/// From half way to the owner before to half way to the one after.
fn sector(angles: &[f64], index: usize) -> (f64, f64) {
    let count = angles.len();
    let before = if index == 0 { angles[count - 1] - TAU } else { angles[index - 1] };
    let after = if index + 1 == count { angles[0] + TAU } else { angles[index + 1] };
    (f64::midpoint(before, angles[index]), f64::midpoint(angles[index], after))
}

/// How many nodes have room side by side.
fn fit((start, end): (f64, f64), pitch: f64) -> usize {
    ((end - start) / pitch).max(1.0) as usize
}

/// Nodes side by side, around their owner's angle, within its sector.
fn in_a_row(
    seats: &[Seat],
    middle: f64,
    (start, end): (f64, f64),
    pitch: f64,
) -> impl Iterator<Item = (Seat, f64)> + '_ {
    let half = seats.len() as f64 * pitch / 2.0;
    let low = (start + half).min(f64::midpoint(start, end));
    let high = (end - half).max(f64::midpoint(start, end));
    let middle = middle.clamp(low, high);
    let angle = move |index: usize| middle - half + (index as f64 + 0.5) * pitch;
    seats.iter().enumerate().map(move |(index, &seat)| (seat, angle(index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_that_are_near_are_moved_apart_and_others_stay() {
        let spread = spread(vec![0.0, 0.01, 3.0], 0.5);
        assert!((spread[1] - spread[0] - 0.5).abs() < 0.01 && spread[2] == 3.0);
    }

    #[test]
    fn a_row_stays_in_its_sector() {
        let seats = [Seat { port: 7001, hue: None }, Seat { port: 7002, hue: None }];
        let row: Vec<f64> = in_a_row(&seats, 0.05, (0.0, 1.0), 0.3).map(|it| it.1).collect();
        assert!(row[0] >= 0.149 && (row[1] - row[0] - 0.3).abs() < 1e-9);
    }
}
