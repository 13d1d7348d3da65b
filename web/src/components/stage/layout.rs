//! Where everything stands on the stage.
//!
//! The problem: one to a hundred nodes, on a phone or on a wall, must be told apart and read, and
//! the way of a message must not run through a third node. The idea: measures are tried from large
//! to small, and the first at which nothing overlaps is taken: whole strips of opinions while they
//! have room, then a count, then a mere ring of small shapes.
//!
//! Two forms: the ring ([`super::ring`]), with slot 0 so placed that the first shard is at the
//! top; and, where there is no room for it, rows ([`super::rows`]): the slots as a bar, owners
//! below it, their followers below those.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use hashslot_core::words::SLOT_COUNT;

use super::plane::{Area, Curve, Place, Size};
use super::seating::{Seat, Seating};
use super::{ring, rows};

/// How the stage is laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Ring { centre: Place, radius: f64 },
    Rows,
}

/// How the opinions of a node are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strip {
    /// One mark for each other node.
    Marks { per_row: usize, rows: usize, pitch: f64 },
    /// How many think ill of it, below it.
    Badge,
    /// The same at its corner, as there is no room below.
    Corner,
}

/// Above this many nodes there is a count instead of marks, and no line for every two nodes.
pub const MARKS_MAX: usize = 9;
/// From a node to its strip, and how high a row of marks with its digits is.
pub const STRIP_GAP: f64 = 6.0;
pub const STRIP_ROW: f64 = 32.0;
/// Smaller than this, the label has no room inside.
pub const LABEL_INSIDE: f64 = 13.0;
/// How long a label is that stands outside.
pub const LABEL: f64 = 32.0;

/// Where the port of a node is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Label {
    Inside,
    /// Beyond the node, away from its neighbours.
    Outside,
    Under,
    /// There are too many.
    Nowhere,
}

/// The sizes of all nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Half the side of a master's square, and the radius of a replica's circle.
    pub half: f64,
    pub strip: Strip,
    pub label: Label,
}

impl Measures {
    /// Nodes of this size; `small` is where the label is if it has no room inside.
    pub fn new(half: f64, strip: Strip, small: Label) -> Measures {
        let label = if half >= LABEL_INSIDE { Label::Inside } else { small };
        Measures { half, strip, label }
    }

    /// What a node at this place covers.
    pub fn area(&self, place: Place) -> Area {
        let shape = Area::around(place, self.half, self.half).grown(2.0);
        match self.strip {
            Strip::Marks { per_row, rows, pitch } => {
                let half = per_row as f64 * pitch / 2.0 + 4.0;
                let bottom = place.y + self.half + STRIP_GAP + rows as f64 * STRIP_ROW;
                shape.with(Area { left: place.x - half, right: place.x + half, bottom, ..shape })
            }
            Strip::Badge => Area { bottom: shape.bottom + 17.0, ..shape },
            Strip::Corner if self.label == Label::Under => {
                shape.with(Area::around(place, 14.0, self.half).moved(0.0, 13.0))
            }
            Strip::Corner => shape,
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub place: Place,
    pub hue: Option<u16>,
    /// The direction of a label that is outside, from the top and clockwise: away from the middle;
    /// inwards, where followers are outside.
    pub label: f64,
}

/// What is placed before the nodes: the corner with the tools, and the line that says who looks.
pub const TOOLS: Size = Size { width: 236.0, height: 44.0 };
const CAPTION: f64 = 30.0;

/// How far ways are bent, the straightest first, as parts of their length.
const BENDS: [f64; 7] = [0.0, 0.12, 0.22, 0.34, 0.48, 0.64, 0.8];

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub size: Size,
    pub form: Form,
    pub measures: Measures,
    pub spots: BTreeMap<u16, Spot>,
    /// Where a client stands.
    pub client: Place,
    top: f64,
    /// The way between every two nodes, lower port first, as long as there are few.
    ways: BTreeMap<(u16, u16), Curve>,
}

/// Who stands where, as one of the forms found it.
pub struct Found {
    pub form: Form,
    pub measures: Measures,
    pub places: Vec<(Seat, Place)>,
    pub client: Place,
}

impl Layout {
    pub fn of(seating: &Seating, size: Size) -> Layout {
        let room = Area::of(size).grown(-8.0);
        let is_wide = size.width >= 460.0 && size.height >= 300.0;
        let found = is_wide.then(|| ring::place(seating, Area { top: CAPTION, ..room })).flatten();
        let found = found.unwrap_or_else(|| rows::place(seating, room));
        let centre = match found.form {
            Form::Ring { centre, .. } => centre,
            Form::Rows => Place::new(size.width / 2.0, -size.height),
        };
        let are_inward: Vec<u16> = match seating.groups.iter().any(|it| !it.followers.is_empty()) {
            true => seating.groups.iter().map(|group| group.owner.port).collect(),
            false => Vec::new(),
        };
        let spot = |&(seat, place): &(Seat, Place)| {
            let outward = (place.x - centre.x).atan2(centre.y - place.y);
            let turn = if are_inward.contains(&seat.port) { PI } else { 0.0 };
            (seat.port, Spot { place, hue: seat.hue, label: outward + turn })
        };
        let mut layout = Layout {
            size,
            form: found.form,
            measures: found.measures,
            spots: found.places.iter().map(spot).collect(),
            client: found.client,
            top: seating.top,
            ways: BTreeMap::new(),
        };
        if layout.spots.len() <= MARKS_MAX {
            layout.ways = layout.all_ways();
        }
        layout
    }

    pub fn spot(&self, port: u16) -> Option<Spot> {
        self.spots.get(&port).copied()
    }

    /// What a node covers.
    pub fn area(&self, port: u16) -> Option<Area> {
        self.spot(port).map(|spot| self.measures.area(spot.place))
    }

    /// The nearest node in a direction.
    pub fn neighbour(&self, port: u16, x: f64, y: f64) -> Option<u16> {
        let from = self.spot(port)?.place;
        let cost = |place: Place| {
            let (dx, dy) = (place.x - from.x, place.y - from.y);
            let (ahead, aside) = (dx * x + dy * y, (dx * y).abs() + (dy * x).abs());
            (ahead > 1.0 && aside <= 2.5 * ahead).then_some(ahead + 2.0 * aside)
        };
        let costs = self.spots.iter().filter_map(|(&port, spot)| Some((port, cost(spot.place)?)));
        costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(port, _)| port)
    }

    /// What a node covers, its shape and its strip apart; whoever is no node is the client.
    pub fn parts(&self, port: Option<u16>) -> Vec<Area> {
        let Some(spot) = port.and_then(|port| self.spot(port)) else {
            return vec![Area::around(self.client, 38.0, 18.0)];
        };
        let whole = self.measures.area(spot.place);
        let half = self.measures.half + 4.0;
        vec![
            Area::around(spot.place, half, half),
            Area { top: spot.place.y + half, ..whole.grown(2.0) },
        ]
    }

    /// The port behind a name; whoever is no node is a client.
    pub fn node(&self, name: &str) -> Option<u16> {
        name.parse().ok().filter(|port| self.spots.contains_key(port))
    }

    pub fn hue(&self, port: u16) -> Option<u16> {
        self.spot(port).and_then(|spot| spot.hue)
    }

    /// The way from a node, or a client, to another, from border to border.
    pub fn way(&self, from: &str, to: &str) -> Curve {
        let (from, to) = (self.node(from), self.node(to));
        let whole = match (from, to) {
            (Some(from), Some(to)) => self.whole_way(from, to),
            _ => {
                let place = |port| self.spot(port).map_or(self.client, |spot| spot.place);
                let ends = (from.map_or(self.client, place), to.map_or(self.client, place));
                Curve::straight(ends.0, ends.1)
            }
        };
        whole.between(&self.parts(from), &self.parts(to))
    }

    /// The way between the middles of two nodes.
    pub fn whole_way(&self, from: u16, to: u16) -> Curve {
        let is_back = from > to;
        let (one, other) = if is_back { (to, from) } else { (from, to) };
        let way = self.ways.get(&(one, other)).copied().unwrap_or_else(|| {
            let place = |port| self.spot(port).map_or(self.client, |spot| spot.place);
            self.chord(place(one), place(other))
        });
        if is_back { way.back() } else { way }
    }

    /// Where a slot is on the ring (its angle, from the top, clockwise) or on the bar (its x).
    pub fn along(&self, slot: f64) -> f64 {
        let part = slot / f64::from(SLOT_COUNT);
        match self.form {
            Form::Ring { .. } => ring::angle(part, self.top),
            Form::Rows => 10.0 + part * (self.size.width - 20.0),
        }
    }

    /// Among many nodes a way is drawn in towards the middle, past those that stand between.
    fn chord(&self, from: Place, to: Place) -> Curve {
        match self.form {
            Form::Rows => Curve::straight(from, to),
            Form::Ring { centre, .. } => {
                let bend = from.toward(to, 0.5).toward(centre, 0.35);
                Curve { from, bend, to }
            }
        }
    }

    /// Between every two nodes the straightest way that runs through no third one.
    fn all_ways(&self) -> BTreeMap<(u16, u16), Curve> {
        let mut ways = BTreeMap::new();
        for (&one, from) in &self.spots {
            for (&other, to) in self.spots.range(one + 1..) {
                let mut others: Vec<Area> = Vec::new();
                for (&port, spot) in &self.spots {
                    if port != one && port != other {
                        others.push(self.measures.area(spot.place).grown(2.0));
                    }
                }
                let is_free = |way: &Curve| others.iter().all(|&area| way.avoids(area));
                let inside = self.inward(from.place, to.place);
                let bends = BENDS.into_iter();
                let bent = |part: f64| [part * inside, -part * inside];
                let mut tried =
                    bends.flat_map(bent).map(|part| Curve::bent(from.place, to.place, part));
                let way = tried.find(is_free);
                let way = way.unwrap_or_else(|| Curve::straight(from.place, to.place));
                ways.insert((one, other), way);
            }
        }
        ways
    }

    /// The sign of the bend that leads towards the middle.
    fn inward(&self, from: Place, to: Place) -> f64 {
        let centre = match self.form {
            Form::Ring { centre, .. } => centre,
            Form::Rows => Place::new(self.size.width / 2.0, self.size.height / 2.0),
        };
        let (one, other) = (Curve::bent(from, to, 0.3), Curve::bent(from, to, -0.3));
        if one.bend.distance(centre) <= other.bend.distance(centre) { 1.0 } else { -1.0 }
    }
}

/// Whether any two of many areas overlap.
pub fn is_crowded(areas: &mut [Area]) -> bool {
    areas.sort_unstable_by(|a, b| a.left.total_cmp(&b.left));
    areas.iter().enumerate().any(|(index, one)| {
        let near = areas[index + 1..].iter().take_while(|other| other.left < one.right);
        near.into_iter().any(|other| one.overlaps(*other))
    })
}

#[cfg(test)]
mod tests {
    use super::super::seating::{Group, Seating};
    use super::super::tests::shown;
    use super::*;

    const DESKTOP: Size = Size { width: 1000.0, height: 660.0 };
    const TABLET: Size = Size { width: 584.0, height: 520.0 };
    const PHONE: Size = Size { width: 390.0, height: 340.0 };

    /// A cluster of so many masters with so many replicas each.
    fn cluster(masters: u16, replicas: u16) -> Seating {
        let seat = |port: u16| Seat { port: 7000 + port, hue: Some(port % masters) };
        let group = |index: u16| Group {
            owner: seat(index),
            middle: (f64::from(index) + 0.5) / f64::from(masters),
            followers: (1..=replicas).map(|round| seat(index + round * masters)).collect(),
        };
        Seating {
            groups: (0..masters).map(group).collect(),
            guests: Vec::new(),
            top: 0.5 / f64::from(masters),
            count: usize::from(masters * (replicas + 1)),
            known: usize::from(masters * (replicas + 1)),
        }
    }

    fn assert_apart(layout: &Layout, what: &str) {
        let mut areas: Vec<Area> = layout.spots.keys().filter_map(|&it| layout.area(it)).collect();
        let stage = Area::of(layout.size);
        for area in &areas {
            assert!(area.lies_in(stage), "{what}: {area:?} sticks out of {stage:?}");
        }
        if matches!(layout.measures.strip, Strip::Marks { .. }) {
            assert!(!is_crowded(&mut areas), "{what}: {areas:?}");
        }
        let places: Vec<Place> = layout.spots.values().map(|spot| spot.place).collect();
        for (index, one) in places.iter().enumerate() {
            let near = |other: &Place| one.distance(*other) < 2.0 * layout.measures.half;
            assert!(!places[index + 1..].iter().any(near), "{what}: near {one:?}");
        }
    }

    #[test]
    fn nodes_never_overlap_and_never_stick_out() {
        let clusters =
            [(1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (4, 1), (5, 1), (6, 1), (10, 1), (20, 0)];
        let large = [(10, 9), (34, 2), (50, 1), (100, 0), (33, 2), (200, 0)];
        for (masters, replicas) in clusters.into_iter().chain(large) {
            let seating = cluster(masters, replicas);
            for size in [DESKTOP, TABLET, PHONE, Size { width: 390.0, height: 260.0 }] {
                let layout = Layout::of(&seating, size);
                let what = format!("{masters} x {replicas} on {size:?}: {:?}", layout.measures);
                assert_eq!(layout.spots.len(), seating.count, "{what}");
                assert_apart(&layout, &what);
            }
        }
    }

    #[test]
    fn a_common_cluster_has_large_nodes_whole_strips_and_a_ring() {
        for size in [DESKTOP, TABLET] {
            let layout = Layout::of(&cluster(3, 1), size);
            let Form::Ring { radius, .. } = layout.form else { panic!("there is room for a ring") };
            assert!(radius > 120.0 && layout.measures.half >= 26.0, "{radius} {size:?}");
            assert!(matches!(layout.measures.strip, Strip::Marks { rows: 1, .. }));
        }
        let phone = Layout::of(&cluster(3, 1), PHONE);
        assert!(matches!(phone.measures.strip, Strip::Marks { .. }) && phone.form == Form::Rows);
        assert!(Layout::of(&cluster(20, 1), DESKTOP).measures.label == Label::Inside);
    }

    #[test]
    fn the_first_shard_is_at_the_top_and_replicas_are_beside_their_masters() {
        let layout = Layout::of(&cluster(3, 1), DESKTOP);
        let place = |port| layout.spot(port).unwrap().place;
        let Form::Ring { centre, radius } = layout.form else { panic!("there is room for a ring") };
        assert!((place(7000).x - centre.x).abs() < 1.0);
        for (replica, master) in [(7003, 7000), (7004, 7001), (7005, 7002)] {
            assert!((place(master).distance(centre) - radius).abs() < 1.0, "it is on the ring");
            assert!(place(replica).distance(centre) > radius + 20.0, "it is outside");
            for other in [7000, 7001, 7002] {
                let is_nearest =
                    place(replica).distance(place(master)) <= place(replica).distance(place(other));
                assert!(is_nearest, "{replica} is nearest to {master}");
            }
        }
    }

    #[test]
    fn no_way_between_few_nodes_runs_through_a_third() {
        for (masters, replicas) in [(3, 0), (3, 1), (4, 1)] {
            let layout = Layout::of(&cluster(masters, replicas), DESKTOP);
            for (&(one, other), way) in &layout.ways {
                for &port in layout.spots.keys().filter(|&&port| port != one && port != other) {
                    let third = layout.area(port).unwrap();
                    assert!(way.avoids(third), "{one}-{other} runs through {port}");
                }
            }
        }
    }

    #[test]
    fn real_clusters_of_all_sizes_have_a_place_for_everybody() {
        for lines in [vec![], vec!["$ add node 7006", "$ add node 7007"]] {
            let (shown, founding) = shown(3, 1, &lines);
            let seating = Seating::of(&shown.stage, &founding);
            let layout = Layout::of(&seating, DESKTOP);
            assert_eq!(layout.spots.len(), shown.stage.nodes.len());
            assert_apart(&layout, "with guests");
        }
    }

    #[test]
    fn clients_stand_in_the_middle() {
        let layout = Layout::of(&cluster(3, 1), DESKTOP);
        let Form::Ring { centre, .. } = layout.form else { panic!("there is room for a ring") };
        assert_eq!(layout.client, centre);
        assert!(layout.node("cli").is_none() && layout.node("7000") == Some(7000));
        let way = layout.way("client of 7000", "7000");
        assert!(way.from.distance(centre) < 40.0 && way.to.y < centre.y - 40.0);
    }
}
