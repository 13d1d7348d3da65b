//! What can be done with a node, or with the link between two: the items of the menus.
//!
//! An item is a line of the grammar, a question, or another menu. Only what makes sense for the
//! truth about a process is offered; on a stage that is what one node believes, the truth is not
//! known, and all is offered: the lab refuses what cannot be done, and says why.

use hashslot_core::node::Health;
use hashslot_core::view::{NodeOnStage, Stage, Truth};
use hashslot_core::words::SlotRange;
use yew::AttrValue;

use super::node::said_role;
use super::opinions;

/// Which menu is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    Node(u16),
    /// The links of a node.
    Peers(u16),
    Link(u16, u16),
}

/// What an item does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Line(String),
    See(Option<u16>),
    Why(u16),
    Open(Open),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub text: AttrValue,
    pub deed: Deed,
    /// Whether a new part of the menu begins with it.
    pub is_first: bool,
}

fn item(text: impl Into<AttrValue>, deed: Deed) -> Item {
    Item { text: text.into(), deed, is_first: false }
}

fn line(text: impl Into<AttrValue>, line: String) -> Item {
    item(text, Deed::Line(line))
}

fn begin(mut part: Vec<Item>) -> Vec<Item> {
    if let Some(item) = part.first_mut() {
        item.is_first = true;
    }
    part
}

/// The items of a node's menu. `ports` are all nodes that there are, whoever looks.
pub fn of_node(stage: &Stage, ports: &[u16], port: u16) -> Vec<Item> {
    let truth = stage.nodes.iter().find(|node| node.port == port).map(|node| node.truth);
    let truth = truth.filter(|_| stage.seen_by.is_none_or(|viewer| viewer == port));
    let mut eyes = Vec::new();
    if stage.seen_by != Some(port) && truth != Some(Truth::Gone) {
        eyes.push(item(format!("See as {port} sees it"), Deed::See(Some(port))));
    }
    if stage.seen_by.is_some() {
        eyes.push(item("See as the world is", Deed::See(None)));
    }
    eyes.push(item("Why is it so?", Deed::Why(port)));
    let offered: &[(&str, &str)] = match truth {
        Some(Truth::Running) => &[("Kill", "kill"), ("Crash", "crash"), ("Pause", "pause")],
        Some(Truth::Paused) => &[("Resume", "resume"), ("Kill", "kill"), ("Crash", "crash")],
        Some(Truth::Gone) => &[("Restart", "restart")],
        None => &[
            ("Kill", "kill"),
            ("Crash", "crash"),
            ("Restart", "restart"),
            ("Pause", "pause"),
            ("Resume", "resume"),
        ],
    };
    let does = offered.iter().map(|(text, verb)| line(*text, format!("$ {verb} {port}")));
    let mut network = Vec::new();
    if ports.len() > 1 {
        network.push(line("Cut off from all", partition(&[port], ports)));
        network.push(item(format!("Links of {port} ..."), Deed::Open(Open::Peers(port))));
    }
    let free = ports.iter().max().map_or(7000, |last| last.saturating_add(1));
    network.push(line(format!("Add a node, {free}"), format!("$ add node {free}")));
    [eyes, begin(does.collect()), begin(network)].concat()
}

/// The step that parts some nodes from all others.
pub fn partition(group: &[u16], ports: &[u16]) -> String {
    let text =
        |ports: Vec<u16>| ports.iter().map(u16::to_string).collect::<Vec<String>>().join(" ");
    let others: Vec<u16> = ports.iter().copied().filter(|port| !group.contains(port)).collect();
    let (one, other) = match group.len() <= others.len() {
        true => (group.to_vec(), others),
        false => (others, group.to_vec()),
    };
    format!("$ partition {} | {}", text(one), text(other))
}

/// The menus of the links of a node.
pub fn of_peers(ports: &[u16], port: u16) -> Vec<Item> {
    let others = ports.iter().filter(|other| **other != port);
    let open =
        |other: &u16| item(format!("{port} and {other}"), Deed::Open(Open::Link(port, *other)));
    others.map(open).collect()
}

/// The kinds of message that a menu can drop, by what they are called there.
const DROPPED: &[(&str, &str)] = &[("FAIL", "fail"), ("votes", "auth-ack"), ("pings", "ping")];

/// The items of a link's menu.
pub fn of_link(stage: &Stage, one: u16, other: u16) -> Vec<Item> {
    let fault = |from, to| stage.faults.iter().find(|it| (it.from, it.to) == (from, to));
    let is_cut = |from, to| fault(from, to).is_some_and(|fault| fault.is_cut);
    let mut cuts = Vec::new();
    if !is_cut(one, other) || !is_cut(other, one) {
        cuts.push(line("Cut both ways", format!("$ cut {one} <-> {other}")));
    }
    let mut drops = Vec::new();
    for (from, to) in [(one, other), (other, one)] {
        if !is_cut(from, to) {
            let text = format!("Cut {from} \u{2192} {to}");
            cuts.push(line(text, format!("$ cut {from} -> {to}")));
        }
        for (said, kind) in DROPPED {
            let is_dropped =
                fault(from, to).is_some_and(|it| it.drops.iter().any(|drop| drop == kind));
            if !is_dropped {
                let text = format!("Drop {said} {from} \u{2192} {to}");
                drops.push(line(text, format!("$ drop {kind} {from} -> {to}")));
            }
        }
    }
    cuts.push(line("Slow by 50 ms", format!("$ slow {one} <-> {other} 50ms")));
    let faults = || [fault(one, other), fault(other, one)].into_iter().flatten();
    let mut heals = Vec::new();
    if faults().any(|fault| fault.is_cut || fault.latency.is_some()) {
        heals.push(line("Heal", format!("$ heal {one} <-> {other}")));
    }
    if stage.faults.iter().any(|fault| !fault.drops.is_empty()) {
        heals.push(line("Drop no messages any more", "$ drop none".to_owned()));
    }
    [begin(heals), begin(cuts), begin(drops)].concat()
}

/// What is known of a node, as names and values.
pub fn facts(stage: &Stage, node: &NodeOnStage) -> Vec<(&'static str, String)> {
    let is_known = stage.seen_by.is_none_or(|viewer| viewer == node.port);
    let truth = match node.truth {
        Truth::Running => "runs",
        Truth::Paused => "stands still",
        Truth::Gone => "is gone",
    };
    let mut facts = Vec::new();
    match (is_known, node.opinions.first()) {
        (true, _) => facts.push(("process", truth.to_owned())),
        (false, Some(opinion)) => {
            let held = opinions::name(opinion.opinion).to_owned();
            facts.push(("is held for", held));
        }
        (false, None) => {}
    }
    facts.push(("role", said_role(node.role)));
    facts.push(("slots", slots(&node.slots)));
    facts.push(("config epoch", node.config_epoch.to_string()));
    facts.push(("offset", node.offset.to_string()));
    if is_known {
        facts.push(("current epoch", node.current_epoch.to_string()));
        facts.push(("keys", node.keys.to_string()));
        let health = match node.health {
            Health::Ok => "ok",
            Health::Fail => "fail",
        };
        facts.push(("cluster state", health.to_owned()));
    }
    facts
}

/// `0-5460`, and of many runs the first two and how many slots they are in all.
fn slots(ranges: &[SlotRange]) -> String {
    let count = |slots: &SlotRange| u32::from(slots.last.number() - slots.first.number()) + 1;
    let total: u32 = ranges.iter().map(count).sum();
    let shown: Vec<String> = ranges.iter().take(2).map(SlotRange::to_string).collect();
    match ranges.len() {
        0 => "none".to_owned(),
        1 | 2 => shown.join(" "),
        _ => format!("{} ..., {total} in all", shown.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use hashslot_core::world::step::Line;

    use super::super::tests::shown;
    use super::*;

    fn lines(items: &[Item]) -> Vec<String> {
        let line = |item: &Item| match &item.deed {
            Deed::Line(line) => Some(line.clone()),
            _ => None,
        };
        items.iter().filter_map(line).collect()
    }

    #[test]
    fn every_line_of_every_menu_is_one_of_the_grammar() {
        let given =
            ["$ pause 7003", "$ kill 7001", "$ cut 7000 -> 7002", "$ drop fail 7000 -> 7002"];
        let (shown, _) = shown(3, 1, &given);
        let stage = &shown.stage;
        let mut all = lines(&of_link(stage, 7000, 7002));
        for &port in &shown.ports {
            all.extend(lines(&of_node(stage, &shown.ports, port)));
        }
        for line in &all {
            let read = Line::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(&read.to_string(), line);
        }
        assert!(all.contains(&"$ heal 7000 <-> 7002".to_owned()), "{all:?}");
        assert!(all.contains(&"$ partition 7001 | 7000 7002 7003 7004 7005".to_owned()));
    }

    #[test]
    fn only_what_makes_sense_for_a_process_is_offered() {
        let (mut shown, _) = shown(3, 1, &["$ kill 7001", "$ pause 7002"]);
        let offered = |stage: &Stage, port| {
            let all = lines(&of_node(stage, &shown.ports, port));
            let verbs = all.iter().filter(|line| line.ends_with(&port.to_string()));
            let verb = |line: &String| line.split(' ').nth(1).unwrap_or_default().to_owned();
            verbs.map(verb).collect::<Vec<String>>()
        };
        assert_eq!(offered(&shown.stage, 7000), ["kill", "crash", "pause"]);
        assert_eq!(offered(&shown.stage, 7001), ["restart"]);
        assert_eq!(offered(&shown.stage, 7002), ["resume", "kill", "crash"]);
        let mut believed = shown.stage.clone();
        believed.seen_by = Some(7000);
        assert_eq!(offered(&believed, 7001).len(), 5, "nobody told 7000 that it is gone");
        shown.stage.seen_by = Some(7000);
        let dead = shown.stage.nodes.iter().find(|node| node.port == 7001).unwrap();
        assert!(facts(&shown.stage, dead).iter().all(|(name, _)| *name != "process"));
    }
}
