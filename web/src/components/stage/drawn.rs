//! What of a moment is drawn, no finer than it can be seen.
//!
//! The problem: time passes ten times a second while the page plays, and with it grows how long
//! each node has not heard of each other one; to draw all of it anew each time would cost more
//! than a frame. The idea: silence is rounded to the steps in which it is drawn, so that most
//! nodes and links are equal to what they were, and what is equal is not drawn again.

use std::collections::BTreeSet;

use hashslot_core::lesson::Sight;
use hashslot_core::node::Opinion;
use hashslot_core::view::{Fault, NodeOnStage, RoleOnStage, Stage, Truth};
use yew::AttrValue;

use super::layout::{Layout, MARKS_MAX, Strip};
use super::plane::{Area, Curve, Line, Place};
use super::seating::known;

/// In how many steps silence is drawn around a mark, and along a link.
pub const ARC_STEPS: u64 = 12;
const FADE_STEPS: u64 = 4;
/// More single links than this are not drawn, however many are cut.
const LINKS_MAX: usize = 60;

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeDrawn {
    pub port: u16,
    /// Nothing if the stage is what one node believes, and this is another one.
    pub truth: Option<Truth>,
    pub role: RoleOnStage,
    pub is_viewer: bool,
    pub is_ringed: bool,
    pub marks: Vec<Mark>,
    /// How many hold it for PFAIL and for FAIL, where there is no room for marks.
    pub badge: (usize, usize),
}

/// What one node thinks of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub by: u16,
    pub opinion: Opinion,
    /// How much of the node timeout nothing was heard, in steps.
    pub silence: u64,
    /// Its column and row in the strip; nothing if it stands alone.
    pub cell: Option<(usize, usize)>,
    pub is_ringed: bool,
}

/// The line between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkDrawn {
    pub one: u16,
    pub other: u16,
    /// The step of silence; nothing if nobody at its ends would hear anything.
    pub silence: Option<u64>,
    /// Whether what goes from one to the other is cut, and the way back.
    pub cut: (bool, bool),
    /// What else is wrong.
    pub note: Option<AttrValue>,
    pub is_ringed: bool,
    /// Whether the line from a replica to its master is there already.
    pub is_followed: bool,
    pub way: Curve,
}

/// What parts the stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Band {
    Across(Line),
    Around(Area),
}

/// All nodes, in the order of their ports.
pub fn nodes(stage: &Stage, layout: &Layout, ringed: &[Sight]) -> Vec<NodeDrawn> {
    let ports = known(stage);
    stage.nodes.iter().map(|node| one_node(stage, node, &ports, layout, ringed)).collect()
}

fn one_node(
    stage: &Stage,
    node: &NodeOnStage,
    ports: &[u16],
    layout: &Layout,
    ringed: &[Sight],
) -> NodeDrawn {
    let is_ringed = |sight: &Sight| match sight {
        Sight::Node(port) | Sight::Beliefs(port) | Sight::Why(port) => port.number() == node.port,
        Sight::Link(..) | Sight::Events | Sight::Timeline => false,
    };
    let is_viewer = stage.seen_by == Some(node.port);
    let is_known = stage.seen_by.is_none() || is_viewer;
    let has_marks = matches!(layout.measures.strip, Strip::Marks { .. });
    let opinions = node.opinions.iter();
    let marks = opinions.map(|opinion| Mark {
        by: opinion.by,
        opinion: opinion.opinion,
        silence: steps(opinion.silent_ms, stage.node_timeout_ms, ARC_STEPS),
        cell: cell(layout.measures.strip, stage, node.port, opinion.by, ports),
        is_ringed: ringed
            .iter()
            .any(|sight| matches!(sight, Sight::Beliefs(port) if port.number() == opinion.by)),
    });
    let count = |wanted| node.opinions.iter().filter(|it| it.opinion == wanted).count();
    NodeDrawn {
        port: node.port,
        truth: is_known.then_some(node.truth),
        role: node.role,
        is_viewer,
        is_ringed: ringed.iter().any(is_ringed),
        marks: if has_marks || stage.seen_by.is_some() { marks.collect() } else { Vec::new() },
        badge: (count(Opinion::Pfail), count(Opinion::Fail)),
    }
}

/// The cell of an opinion: the others have one each, in the order of ports, also those that are
/// gone and think nothing any more; so no mark ever moves.
fn cell(strip: Strip, stage: &Stage, of: u16, by: u16, ports: &[u16]) -> Option<(usize, usize)> {
    let Strip::Marks { per_row, .. } = strip else { return None };
    if stage.seen_by.is_some() {
        return None;
    }
    let index = ports.iter().filter(|&&port| port < by && port != of).count();
    Some((index % per_row.max(1), index / per_row.max(1)))
}

fn steps(silent_ms: u64, timeout_ms: u64, most: u64) -> u64 {
    (silent_ms * most / timeout_ms.max(1)).min(most)
}

/// The links that are drawn: of few nodes all, of many those with which something is wrong, or at
/// which somebody points.
pub fn links(stage: &Stage, layout: &Layout, ringed: &[Sight]) -> Vec<LinkDrawn> {
    let mut pairs: Vec<(u16, u16)> = Vec::new();
    if stage.nodes.len() <= MARKS_MAX {
        for node in &stage.nodes {
            pairs.extend(node.opinions.iter().map(|opinion| pair(node.port, opinion.by)));
        }
    }
    if stage.seen_by.is_none() {
        pairs.extend(stage.faults.iter().map(|fault| pair(fault.from, fault.to)));
    }
    let pointed = ringed.iter().filter_map(|sight| match sight {
        Sight::Link(one, other) => Some(pair(one.number(), other.number())),
        _ => None,
    });
    let pointed: Vec<(u16, u16)> = pointed.collect();
    pairs.extend(&pointed);
    pairs.retain(|&(one, other)| layout.spot(one).is_some() && layout.spot(other).is_some());
    pairs.sort_unstable();
    pairs.dedup();
    pairs.truncate(LINKS_MAX);
    let follows = |one: u16, other: u16| {
        let node = stage.nodes.iter().find(|node| node.port == one);
        node.is_some_and(|node| node.role == RoleOnStage::Replica { of: Some(other) })
    };
    let link = |(one, other): (u16, u16)| {
        let faults = if stage.seen_by.is_none() { stage.faults.as_slice() } else { &[] };
        let there = faults.iter().find(|fault| (fault.from, fault.to) == (one, other));
        let back = faults.iter().find(|fault| (fault.from, fault.to) == (other, one));
        let is_cut = |fault: Option<&Fault>| fault.is_some_and(|fault| fault.is_cut);
        LinkDrawn {
            one,
            other,
            silence: silence(stage, one, other),
            cut: (is_cut(there), is_cut(back)),
            note: note(there, back),
            is_ringed: pointed.contains(&(one, other)),
            is_followed: follows(one, other) || follows(other, one),
            way: layout.whole_way(one, other),
        }
    };
    pairs.into_iter().map(link).collect()
}

fn pair(one: u16, other: u16) -> (u16, u16) {
    (one.min(other), one.max(other))
}

/// The longer silence of both directions, in steps.
fn silence(stage: &Stage, one: u16, other: u16) -> Option<u64> {
    let heard = |of: u16, by: u16| {
        let node = stage.nodes.iter().find(|node| node.port == of)?;
        node.opinions.iter().find(|opinion| opinion.by == by).map(|opinion| opinion.silent_ms)
    };
    let silent_ms = heard(one, other).max(heard(other, one))?;
    Some(steps(silent_ms, stage.node_timeout_ms, FADE_STEPS))
}

/// What is wrong besides cuts, in a few words.
fn note(there: Option<&Fault>, back: Option<&Fault>) -> Option<AttrValue> {
    let slow = |fault: &Fault| fault.latency.map(|latency| format!("{} ms", latency.millis()));
    let lost = |fault: &Fault| match fault.drops.as_slice() {
        [] => None,
        drops => Some(format!("no {}", drops.join(", ").to_ascii_uppercase())),
    };
    let of = |fault: &Fault| {
        let words: Vec<String> = slow(fault).into_iter().chain(lost(fault)).collect();
        (!words.is_empty()).then(|| words.join(", "))
    };
    let (one, other) = (there.and_then(of), back.and_then(of));
    let text = match (one, other) {
        (Some(one), Some(other)) if one == other => one,
        (one, other) => {
            let to = |text: Option<String>, fault: Option<&Fault>| {
                text.zip(fault).map(|(text, fault)| format!("{text} to {}", fault.to))
            };
            let words: Vec<String> = to(one, there).into_iter().chain(to(other, back)).collect();
            words.join("; ")
        }
    };
    (!text.is_empty()).then(|| text.into())
}

/// What parts the stage, if all cuts together are a partition: a line across it, or one around a
/// group, or, where others stand between, one around each node of it.
pub fn bands(stage: &Stage, layout: &Layout) -> Vec<Band> {
    if stage.seen_by.is_some() {
        return Vec::new();
    }
    let groups = groups(stage);
    let bands = |group: &Vec<u16>| {
        let place = |port: &u16| layout.spot(*port).map(|spot| spot.place);
        let inside: Vec<Place> = group.iter().filter_map(place).collect();
        let others: Vec<u16> =
            layout.spots.keys().copied().filter(|port| !group.contains(port)).collect();
        let outside: Vec<Place> = others.iter().filter_map(place).collect();
        let across = Line::parting(&inside, &outside);
        if let Some((line, _)) = across.filter(|&(_, room)| room > layout.measures.half + 12.0) {
            return vec![Band::Across(line)];
        }
        let areas = || group.iter().filter_map(|&port| layout.area(port));
        let around = areas().reduce(Area::with).unwrap_or_default().grown(12.0);
        let is_free =
            others.iter().filter_map(|&port| layout.area(port)).all(|it| !it.overlaps(around));
        match is_free {
            true => vec![Band::Around(around)],
            false => areas().map(|area| Band::Around(area.grown(4.0))).collect(),
        }
    };
    // The largest group is what is left over.
    let mut sorted: Vec<&Vec<u16>> = groups.iter().collect();
    sorted.sort_by_key(|group| group.len());
    sorted.pop();
    sorted.into_iter().flat_map(bands).collect()
}

/// The groups of a partition; none if the cuts are no partition.
fn groups(stage: &Stage) -> Vec<Vec<u16>> {
    let cuts: BTreeSet<(u16, u16)> =
        stage.faults.iter().filter(|it| it.is_cut).map(|it| (it.from, it.to)).collect();
    let is_cut = |one, other| cuts.contains(&(one, other)) && cuts.contains(&(other, one));
    let mut groups: Vec<Vec<u16>> = Vec::new();
    if cuts.is_empty() {
        return groups;
    }
    for node in &stage.nodes {
        let home = groups.iter_mut().find(|group| !is_cut(group[0], node.port));
        match home {
            Some(group) => group.push(node.port),
            None => groups.push(vec![node.port]),
        }
    }
    let count: usize = groups.iter().map(Vec::len).sum();
    let across: usize = groups.iter().map(|group| group.len() * (count - group.len())).sum();
    let is_whole = |group: &Vec<u16>| {
        let others = groups.iter().filter(|other| *other != group).flatten();
        let mut pairs = others.flat_map(|&other| group.iter().map(move |&one| (one, other)));
        pairs.all(|(one, other)| is_cut(one, other))
    };
    let is_partition = groups.len() > 1 && across == cuts.len() && groups.iter().all(is_whole);
    if is_partition { groups } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::plane::Size;
    use super::super::seating::Seating;
    use super::super::tests::shown;
    use super::*;

    const DESKTOP: Size = Size { width: 1000.0, height: 660.0 };

    fn drawn(lines: &[&str]) -> (Stage, Layout) {
        let (shown, founding) = shown(3, 1, lines);
        let layout = Layout::of(&Seating::of(&shown.stage, &founding), DESKTOP);
        (shown.stage, layout)
    }

    #[test]
    fn every_two_nodes_have_one_link_and_every_other_node_has_its_cell() {
        let (stage, layout) = drawn(&[]);
        assert_eq!(links(&stage, &layout, &[]).len(), 15);
        let nodes = nodes(&stage, &layout, &[]);
        let cells: Vec<_> = nodes[1].marks.iter().map(|mark| mark.cell).collect();
        assert_eq!(cells, [0, 1, 2, 3, 4].map(|column| Some((column, 0))));
    }

    #[test]
    fn a_mark_keeps_its_cell_when_another_node_is_gone() {
        let (stage, layout) = drawn(&["$ kill 7001"]);
        let nodes = nodes(&stage, &layout, &[]);
        let cells: Vec<_> = nodes[0].marks.iter().map(|mark| (mark.by, mark.cell)).collect();
        assert_eq!(cells[0], (7002, Some((1, 0))));
        assert_eq!(nodes[1].truth, Some(Truth::Gone));
    }

    #[test]
    fn a_cut_of_one_way_is_told_from_one_of_both() {
        let (stage, layout) = drawn(&["$ cut 7001 -> 7000", "$ slow 7000 <-> 7002 50ms"]);
        let links = links(&stage, &layout, &[]);
        let link = |one, other| links.iter().find(|it| (it.one, it.other) == (one, other)).unwrap();
        assert_eq!(link(7000, 7001).cut, (false, true));
        assert_eq!(link(7000, 7002).note.as_deref(), Some("50 ms"));
        assert!(bands(&stage, &layout).is_empty(), "it is no partition");
    }

    #[test]
    fn a_partition_is_a_band_across_or_around() {
        let (stage, layout) = drawn(&["$ partition 7000 7003 | 7001 7002 7004 7005"]);
        let found = bands(&stage, &layout);
        let [Band::Across(line)] = found.as_slice() else { panic!("{found:?}") };
        let side = |port| line.side(layout.spot(port).unwrap().place);
        assert!(side(7000) * side(7003) > 0.0 && side(7000) * side(7001) < 0.0);
        let (stage, layout) = drawn(&["$ partition 7001 | 7000 7002 7003 7004 7005"]);
        assert_eq!(bands(&stage, &layout).len(), 1);
    }

    #[test]
    fn a_believed_stage_shows_no_truth_and_no_cut() {
        let (mut stage, layout) = drawn(&["$ cut 7001 -> 7000", "$ kill 7002"]);
        stage.seen_by = Some(7000);
        let nodes = nodes(&stage, &layout, &[]);
        assert!(nodes[1].truth.is_none() && nodes[2].truth.is_none() && nodes[0].is_viewer);
        assert!(links(&stage, &layout, &[]).iter().all(|link| link.cut == (false, false)));
    }
}
