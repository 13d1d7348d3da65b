//! The plane: places, areas and curves, and which side of a line something is on.
//!
//! One unit is one pixel of the page, so that what is drawn has the size that was meant, on every
//! screen. `x` grows to the right and `y` downwards.

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
}

impl Place {
    pub fn new(x: f64, y: f64) -> Place {
        Place { x, y }
    }

    pub fn plus(self, x: f64, y: f64) -> Place {
        Place { x: self.x + x, y: self.y + y }
    }

    pub fn distance(self, other: Place) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// A part of the way to another place.
    pub fn toward(self, other: Place, part: f64) -> Place {
        self.plus((other.x - self.x) * part, (other.y - self.y) * part)
    }

    /// The place at an angle, from the top and clockwise, and a distance.
    pub fn around(self, angle: f64, radius: f64) -> Place {
        self.plus(radius * angle.sin(), -radius * angle.cos())
    }
}

/// How large something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn around(place: Place, half_width: f64, half_height: f64) -> Area {
        Area {
            left: place.x - half_width,
            top: place.y - half_height,
            right: place.x + half_width,
            bottom: place.y + half_height,
        }
    }

    pub fn of(size: Size) -> Area {
        Area { left: 0.0, top: 0.0, right: size.width, bottom: size.height }
    }

    pub fn grown(self, by: f64) -> Area {
        Area {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    pub fn moved(self, x: f64, y: f64) -> Area {
        Area {
            left: self.left + x,
            top: self.top + y,
            right: self.right + x,
            bottom: self.bottom + y,
        }
    }

    pub fn has(self, place: Place) -> bool {
        (self.left..=self.right).contains(&place.x) && (self.top..=self.bottom).contains(&place.y)
    }

    pub fn lies_in(self, other: Area) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    pub fn overlaps(self, other: Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// How far the nearest part of it is from a place.
    pub fn distance(self, place: Place) -> f64 {
        let x = place.x.clamp(self.left, self.right);
        let y = place.y.clamp(self.top, self.bottom);
        place.distance(Place { x, y })
    }

    /// The smallest area with both in it.
    pub fn with(self, other: Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// A way from one place to another, bent towards a third.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    pub from: Place,
    pub bend: Place,
    pub to: Place,
}

/// In how many places a curve is looked at.
const SAMPLES: u32 = 24;

impl Curve {
    pub fn straight(from: Place, to: Place) -> Curve {
        Curve { from, bend: from.toward(to, 0.5), to }
    }

    /// Bent to one side by a part of its length.
    pub fn bent(from: Place, to: Place, part: f64) -> Curve {
        let middle = from.toward(to, 0.5);
        let bend = middle.plus((from.y - to.y) * part, (to.x - from.x) * part);
        Curve { from, bend, to }
    }

    pub fn back(self) -> Curve {
        Curve { from: self.to, bend: self.bend, to: self.from }
    }

    pub fn at(self, part: f64) -> Place {
        let first = self.from.toward(self.bend, part);
        first.toward(self.bend.toward(self.to, part), part)
    }

    /// The direction in which it goes there, of length 1.
    pub fn heading(self, part: f64) -> Place {
        let (before, after) = (self.at((part - 0.02).max(0.0)), self.at((part + 0.02).min(1.0)));
        let length = before.distance(after).max(0.001);
        Place { x: (after.x - before.x) / length, y: (after.y - before.y) / length }
    }

    /// The piece between two parts of it.
    pub fn piece(self, start: f64, end: f64) -> Curve {
        let bend = self.from.toward(self.bend, start);
        let bend = bend.toward(self.bend.toward(self.to, start), end);
        Curve { from: self.at(start), bend, to: self.at(end) }
    }

    /// The piece that lies outside of the areas at its ends.
    pub fn between(self, first: &[Area], last: &[Area]) -> Curve {
        let is_out = |areas: &[Area], part| !areas.iter().any(|area| area.has(self.at(part)));
        let parts = || (0..=4 * SAMPLES).map(|step| f64::from(step) / f64::from(4 * SAMPLES));
        let start = parts().find(|&part| is_out(first, part)).unwrap_or(0.4);
        let end = parts().rev().find(|&part| is_out(last, part)).unwrap_or(0.6);
        if start < end { self.piece(start, end) } else { self.piece(0.45, 0.55) }
    }

    pub fn avoids(self, area: Area) -> bool {
        (0..=SAMPLES).all(|step| !area.has(self.at(f64::from(step) / f64::from(SAMPLES))))
    }

    /// As the path of an SVG.
    pub fn path(self) -> String {
        format!(
            "M{} {}Q{} {} {} {}",
            px(self.from.x),
            px(self.from.y),
            px(self.bend.x),
            px(self.bend.y),
            px(self.to.x),
            px(self.to.y)
        )
    }
}

/// A straight line, through two places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub from: Place,
    pub to: Place,
}

impl Line {
    /// How far to the right of the line a place is, looking from `from` to `to`; negative to the
    /// left.
    pub fn side(self, place: Place) -> f64 {
        let (dx, dy) = (self.to.x - self.from.x, self.to.y - self.from.y);
        let cross = dx * (place.y - self.from.y) - dy * (place.x - self.from.x);
        cross / dx.hypot(dy).max(0.001)
    }

    /// The same line, longer than any stage.
    pub fn endless(self) -> Line {
        let far = 10_000.0 / self.from.distance(self.to).max(1.0);
        Line { from: self.from.toward(self.to, -far), to: self.from.toward(self.to, far) }
    }

    /// The line that keeps two groups of places farthest apart, and how far each is from it;
    /// nothing if no straight line parts them.
    pub fn parting(one: &[Place], other: &[Place]) -> Option<(Line, f64)> {
        let mut best: Option<(Line, f64)> = None;
        for step in 0..DIRECTIONS {
            let angle = f64::from(step) * std::f64::consts::TAU / f64::from(DIRECTIONS);
            let (x, y) = (angle.cos(), angle.sin());
            let along = |place: &Place| place.x * x + place.y * y;
            let last = one.iter().map(along).fold(f64::NEG_INFINITY, f64::max);
            let first = other.iter().map(along).fold(f64::INFINITY, f64::min);
            let (room, middle) = ((first - last) / 2.0, f64::midpoint(first, last));
            if room.is_finite() && room > best.map_or(0.0, |(_, room)| room) {
                let from = Place { x: x * middle, y: y * middle };
                best = Some((Line { from, to: from.plus(-y, x) }, room));
            }
        }
        best
    }
}

/// In how many directions a parting line is tried.
const DIRECTIONS: u32 = 120;

/// A number for an SVG attribute.
pub fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_two_sides() {
        let down = Line { from: Place::new(100.0, 0.0), to: Place::new(100.0, 10.0) };
        assert_eq!(down.side(Place::new(40.0, 5.0)), 60.0);
        assert_eq!(down.endless().side(Place::new(140.0, 900.0)).round(), -40.0);
    }

    #[test]
    fn two_groups_are_parted_where_there_is_most_room() {
        let left = [Place::new(0.0, 0.0), Place::new(0.0, 50.0)];
        let right = [Place::new(100.0, 20.0)];
        let (line, room) = Line::parting(&left, &right).unwrap();
        assert_eq!(room.round(), 50.0);
        assert!(left.iter().all(|&place| line.side(place) * line.side(right[0]) < 0.0));
        let between = [Place::new(50.0, 10.0)];
        assert_eq!(Line::parting(&[left[0], right[0]], &between).map(|it| it.1 > 30.0), None);
    }

    #[test]
    fn a_curve_ends_outside_of_what_it_joins() {
        let (from, to) = (Place::new(0.0, 0.0), Place::new(100.0, 0.0));
        let (first, last) = (Area::around(from, 20.0, 20.0), Area::around(to, 30.0, 20.0));
        let piece = Curve::straight(from, to).between(&[first], &[last]);
        assert!((20.0..23.0).contains(&piece.from.x) && (67.0..=70.0).contains(&piece.to.x));
        assert!(!Curve::straight(from, to).avoids(Area::around(Place::new(50.0, 0.0), 9.0, 9.0)));
        assert!(Curve::bent(from, to, 0.4).avoids(Area::around(Place::new(50.0, 0.0), 9.0, 9.0)));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!((px(3.0), px(-0.25)), ("3".to_owned(), "-0.2".to_owned()));
    }
}
