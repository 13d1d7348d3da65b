//! Who stands with whom: the owners of slots in the order of their slots, with each its followers;
//! and the guests, who belong to nobody.
//!
//! An owner is who serves; whoever replicates it stands beside it, and so does a node of the same
//! shard that lost its slots. When a replica is promoted the two change places. A cluster of which
//! nobody owns anything yet has only owners of nothing, evenly placed.
//!
//! A hue is a shard: that with which the cluster was founded, or that of the master which a node
//! follows now. A guest has none.

use std::collections::{BTreeMap, BTreeSet};

use hashslot_core::lesson::Stage as Founding;
use hashslot_core::view::{NodeOnStage, RoleOnStage, Stage};
use hashslot_core::words::{SLOT_COUNT, SlotRange};

/// How many hues there are; past them they repeat, and the label decides.
pub const HUES: u16 = 6;

/// A node, and its hue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seat {
    pub port: u16,
    pub hue: Option<u16>,
}

/// An owner with its followers.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub owner: Seat,
    /// The middle of its longest run of slots, as a part of all slots.
    pub middle: f64,
    pub followers: Vec<Seat>,
}

/// Everybody's seat.
#[derive(Clone, Debug, PartialEq)]
pub struct Seating {
    /// In the order of their slots.
    pub groups: Vec<Group>,
    pub guests: Vec<Seat>,
    /// Which part of all slots is at the top.
    pub top: f64,
    /// How many nodes there are.
    pub count: usize,
    /// How many of them know, or are known to, another one.
    pub known: usize,
}

impl Seating {
    /// The seats in a cluster that was founded with so many masters and replicas.
    pub fn of(stage: &Stage, founding: &Founding) -> Seating {
        let owners = longest_runs(stage);
        let hues = Hues { stage, founding };
        let seat = |node: &NodeOnStage| Seat { port: node.port, hue: hues.of(node) };
        let count = stage.nodes.len();
        if owners.is_empty() {
            return evenly(stage.nodes.iter().map(seat).collect(), known(stage).len());
        }
        let mut groups: Vec<Group> = Vec::new();
        for (&port, &slots) in &owners {
            let Some(owner) = stage.nodes.iter().find(|node| node.port == port) else { continue };
            let middle = (first(slots) + past(slots)) / 2.0 / f64::from(SLOT_COUNT);
            groups.push(Group { owner: seat(owner), middle, followers: Vec::new() });
        }
        sort(&mut groups);
        let mut guests = Vec::new();
        for node in stage.nodes.iter().filter(|node| !owners.contains_key(&node.port)) {
            let seat = seat(node);
            let master = followed(stage, node).filter(|port| owners.contains_key(port));
            let home = groups.iter_mut().find(|group| match master {
                Some(master) => group.owner.port == master,
                None => seat.hue.is_some() && group.owner.hue == seat.hue,
            });
            home.map_or(&mut guests, |group| &mut group.followers).push(seat);
        }
        if founding.masters == 0 {
            seat_on_what_is_free(stage, &mut groups, &mut guests);
        }
        let top = match founding.masters {
            0 => groups.first().map_or(0.0, |group| group.middle),
            masters => 0.5 / f64::from(masters),
        };
        Seating { groups, guests, top, count, known: known(stage).len() }
    }

    pub fn seats(&self) -> impl Iterator<Item = Seat> + '_ {
        let grouped = self
            .groups
            .iter()
            .flat_map(|group| std::iter::once(group.owner).chain(group.followers.iter().copied()));
        grouped.chain(self.guests.iter().copied())
    }
}

/// While a cluster is being made, whoever owns nothing yet waits on the slots that nobody owns.
fn seat_on_what_is_free(stage: &Stage, groups: &mut Vec<Group>, guests: &mut Vec<Seat>) {
    let free: Vec<SlotRange> =
        stage.ring.iter().filter(|arc| arc.owner.is_none()).map(|arc| arc.slots).collect();
    let total: f64 = free.iter().map(|&slots| past(slots) - first(slots)).sum();
    if total == 0.0 {
        return;
    }
    let waiting = std::mem::take(guests);
    let part = total / waiting.len() as f64;
    for (index, owner) in waiting.into_iter().enumerate() {
        let mut left = part * (index as f64 + 0.5);
        let run = free.iter().find(|&&slots| {
            let length = past(slots) - first(slots);
            let is_here = left <= length;
            left -= if is_here { 0.0 } else { length };
            is_here
        });
        let middle = run.map_or(0.0, |&slots| first(slots) + left) / f64::from(SLOT_COUNT);
        groups.push(Group { owner, middle, followers: Vec::new() });
    }
    sort(groups);
}

/// Brings owners into the order of the ring.
fn sort(groups: &mut [Group]) {
    groups.sort_by(|a, b| a.middle.total_cmp(&b.middle));
}

/// Everybody as an owner of nothing.
fn evenly(seats: Vec<Seat>, known: usize) -> Seating {
    let count = seats.len();
    let middle = |index: usize| (index as f64 + 0.5) / count as f64;
    let group = |(index, owner)| Group { owner, middle: middle(index), followers: Vec::new() };
    let groups = seats.into_iter().enumerate().map(group).collect();
    Seating { groups, guests: Vec::new(), top: 0.5 / count.max(1) as f64, count, known }
}

/// The ports of those who know, or are known to, another one.
pub fn known(stage: &Stage) -> Vec<u16> {
    let thinkers: BTreeSet<u16> =
        stage.nodes.iter().flat_map(|node| &node.opinions).map(|opinion| opinion.by).collect();
    let is_known = |node: &&NodeOnStage| !node.opinions.is_empty() || thinkers.contains(&node.port);
    stage.nodes.iter().filter(is_known).map(|node| node.port).collect()
}

struct Hues<'a> {
    stage: &'a Stage,
    founding: &'a Founding,
}

impl Hues<'_> {
    fn of(&self, node: &NodeOnStage) -> Option<u16> {
        match followed(self.stage, node) {
            Some(master) => self.own(master),
            None => self.own(node.port),
        }
    }

    /// The shard in which a node began. Who came later has one of its own once it owns slots.
    fn own(&self, port: u16) -> Option<u16> {
        let index = port.checked_sub(Founding::FIRST_PORT)?;
        let Founding { masters, .. } = *self.founding;
        let owns = || self.stage.ring.iter().any(|arc| arc.owner == Some(port));
        match masters > 0 && index < self.founding.node_count() {
            true => Some(index % masters % HUES),
            false => owns().then_some((masters + index - self.founding.node_count()) % HUES),
        }
    }
}

/// The master of a node; of a replica's replica, the master at the end.
fn followed(stage: &Stage, node: &NodeOnStage) -> Option<u16> {
    let mut at = node;
    for _ in 0..3 {
        let RoleOnStage::Replica { of: Some(of) } = at.role else { break };
        match stage.nodes.iter().find(|node| node.port == of) {
            Some(master) => at = master,
            None => return Some(of),
        }
    }
    (at.port != node.port).then_some(at.port)
}

/// The longest run of slots of each owner.
fn longest_runs(stage: &Stage) -> BTreeMap<u16, SlotRange> {
    let mut runs: BTreeMap<u16, SlotRange> = BTreeMap::new();
    let length = |slots: SlotRange| past(slots) - first(slots);
    for arc in &stage.ring {
        let Some(owner) = arc.owner else { continue };
        let known = runs.entry(owner).or_insert(arc.slots);
        if length(arc.slots) > length(*known) {
            *known = arc.slots;
        }
    }
    runs
}

pub fn first(slots: SlotRange) -> f64 {
    f64::from(slots.first.number())
}

/// The slot after the last, as a place among all.
pub fn past(slots: SlotRange) -> f64 {
    f64::from(slots.last.number()) + 1.0
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;
    use super::*;

    fn group(seating: &Seating, owner: u16) -> Group {
        seating.groups.iter().find(|group| group.owner.port == owner).unwrap().clone()
    }

    #[test]
    fn replicas_stand_with_their_masters_and_share_their_hue() {
        let (shown, founding) = shown(3, 1, &[]);
        let seating = Seating::of(&shown.stage, &founding);
        let ports: Vec<u16> = seating.groups.iter().map(|group| group.owner.port).collect();
        assert_eq!(ports, [7000, 7001, 7002]);
        let seat = Seat { port: 7004, hue: Some(1) };
        assert_eq!(group(&seating, 7001).followers, [seat]);
        assert_eq!(seating.seats().count(), 6);
    }

    #[test]
    fn who_is_promoted_changes_places_with_who_was_lost() {
        let lines = ["$ kill 7001", "$ run until 7004 is master", "$ run 2s"];
        let (shown, founding) = shown(3, 1, &lines);
        let seating = Seating::of(&shown.stage, &founding);
        assert_eq!(group(&seating, 7004).followers, [Seat { port: 7001, hue: Some(1) }]);
    }

    #[test]
    fn a_newcomer_is_a_guest_without_a_hue() {
        let (shown, founding) = shown(3, 1, &["$ add node 7006", "$ run 1s"]);
        let seating = Seating::of(&shown.stage, &founding);
        assert_eq!(seating.guests, [Seat { port: 7006, hue: None }]);
    }

    #[test]
    fn who_owns_nothing_is_placed_evenly() {
        let (mut shown, founding) = shown(3, 0, &[]);
        for arc in &mut shown.stage.ring {
            arc.owner = None;
        }
        let seating = Seating::of(&shown.stage, &founding);
        let middles: Vec<f64> = seating.groups.iter().map(|group| group.middle * 6.0).collect();
        assert!(seating.guests.is_empty());
        assert!(middles.iter().zip([1.0, 3.0, 5.0]).all(|(a, b)| (a - b).abs() < 1e-9));
    }
}
