//! Rows: the slots as a bar, their owners below it, and the followers below their owners; for
//! stages that are too narrow for a ring. Many nodes stand in a grid, in the same order.

use super::layout::{Form, Found, Label, MARKS_MAX, Measures, Strip, TOOLS};
use super::plane::{Area, Place};
use super::seating::{Seat, Seating};

/// How high the bar is, with its margin.
const BAR: f64 = 26.0;
const HALVES: [f64; 16] =
    [28.0, 26.0, 24.0, 22.0, 20.0, 18.0, 16.0, 14.0, 13.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 2.0];

pub fn place(seating: &Seating, room: Area) -> Found {
    let below = Area { top: room.top + BAR, bottom: room.bottom - TOOLS.height, ..room };
    let marks = seating.known.saturating_sub(1);
    let mut strips = Vec::new();
    if seating.known <= MARKS_MAX {
        let one = |pitch| Strip::Marks { per_row: marks, rows: 1, pitch };
        let two = Strip::Marks { per_row: marks.div_ceil(2), rows: 2, pitch: 15.5 };
        strips = vec![(one(18.0), 20.0), (one(16.5), 20.0), (one(15.5), 18.0), (two, 18.0)];
    }
    strips.extend([(Strip::Badge, 18.0), (Strip::Corner, 13.0)]);
    let columns = strips.into_iter().find_map(|(strip, smallest)| {
        let halves = HALVES.into_iter().filter(|&half| half >= smallest);
        halves
            .map(|half| Measures::new(half, strip, Label::Under))
            .find_map(|it| columns(seating, below, it))
    });
    let found = columns.or_else(|| {
        let labels = [(Label::Under, 5.0), (Label::Nowhere, 2.0)].into_iter();
        let mut tried = labels.flat_map(|(label, smallest)| {
            let halves = HALVES.into_iter().filter(move |&half| half >= smallest);
            halves.map(move |half| Measures::new(half, Strip::Corner, label))
        });
        tried.find_map(|measures| grid(seating, below, measures))
    });
    // A stage on which nothing fits is being opened or closed.
    let (measures, places) = found.unwrap_or_else(|| {
        let middle = Place::new((room.left + room.right) / 2.0, (room.top + room.bottom) / 2.0);
        let measures = Measures::new(2.0, Strip::Corner, Label::Nowhere);
        (measures, seating.seats().map(|seat| (seat, middle)).collect())
    });
    let client = Place::new(room.right - 44.0, room.bottom - TOOLS.height / 2.0);
    Found { form: Form::Rows, measures, places, client }
}

type Placed = (Measures, Vec<(Seat, Place)>);

/// A column for each owner with its followers, and one for each guest.
fn columns(seating: &Seating, room: Area, measures: Measures) -> Option<Placed> {
    let mut columns: Vec<Vec<Seat>> = Vec::new();
    for group in &seating.groups {
        let mut column = vec![group.owner];
        column.extend(&group.followers);
        columns.push(column);
    }
    columns.extend(seating.guests.iter().map(|&guest| vec![guest]));
    let area = measures.area(Place::default());
    let width = (room.right - room.left) / columns.len() as f64;
    let rows = columns.iter().map(Vec::len).max()? as f64;
    let height = ((room.bottom - room.top) / rows).min(area.bottom - area.top + 40.0);
    if width < area.right - area.left + 2.0 || height < area.bottom - area.top + 2.0 {
        return None;
    }
    // What is over above and below is shared evenly.
    let top = room.top + (room.bottom - room.top - rows * height) / 2.0;
    let mut places = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        for (row, &seat) in column.iter().enumerate() {
            let x = room.left + (index as f64 + 0.5) * width;
            let y = top + (row as f64 + 0.5) * height - f64::midpoint(area.top, area.bottom);
            places.push((seat, Place { x, y }));
        }
    }
    Some((measures, places))
}

/// All nodes one after the other, line by line.
fn grid(seating: &Seating, room: Area, measures: Measures) -> Option<Placed> {
    let area = measures.area(Place::default()).grown(1.0);
    let (width, height) = (area.right - area.left, area.bottom - area.top);
    let per_row = ((room.right - room.left) / width) as usize;
    let rows = ((room.bottom - room.top) / height) as usize;
    if per_row * rows < seating.count {
        return None;
    }
    let per_row = seating.count.div_ceil(seating.count.div_ceil(per_row));
    let width = (room.right - room.left) / per_row as f64;
    let height =
        ((room.bottom - room.top) / seating.count.div_ceil(per_row) as f64).min(1.6 * height);
    let place = |(index, seat): (usize, Seat)| {
        let x = room.left + ((index % per_row) as f64 + 0.5) * width;
        let y = room.top + ((index / per_row) as f64 + 0.5) * height
            - f64::midpoint(area.top, area.bottom);
        (seat, Place { x, y })
    };
    Some((measures, seating.seats().enumerate().map(place).collect()))
}
