//! One belief: its mark, how stale it is, and what it says in words.

use hashslot_core::node::Opinion;
use hashslot_core::view::{BeliefOf, Beliefs, RoleOnStage, Truth, spoken_ms};
use hashslot_core::words::SlotRange;
use yew::prelude::*;

/// In so many steps the arc around a mark fills up to node-timeout.
pub const STALE_MAX: u8 = 8;

/// What a cell of the matrix shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A node and itself.
    Own,
    /// The row does not know the column.
    Unknown,
    /// The row's process is gone: it believes nothing.
    Gone,
    Held {
        opinion: Opinion,
        stale: u8,
        is_outdated: bool,
    },
}

impl Cell {
    pub fn of(row: &Beliefs, port: u16, node_timeout_ms: u64) -> Cell {
        if row.by == port {
            return Cell::Own;
        }
        if row.truth == Truth::Gone {
            return Cell::Gone;
        }
        let Some(belief) = of(row, port) else { return Cell::Unknown };
        let part = belief.opinion.silent_ms * u64::from(STALE_MAX) / node_timeout_ms.max(1);
        let stale = u8::try_from(part).unwrap_or(STALE_MAX).min(STALE_MAX);
        let (opinion, is_outdated) = (belief.opinion.opinion, belief.is_outdated);
        Cell::Held { opinion, stale, is_outdated }
    }

    pub fn class(self) -> &'static str {
        match self {
            Cell::Own => "own",
            Cell::Unknown => "unknown",
            Cell::Gone => "gone",
            Cell::Held { opinion: Opinion::Pfail, .. } => "pfail",
            Cell::Held { opinion: Opinion::Fail, .. } => "fail",
            Cell::Held { opinion: Opinion::Ok, .. } => "ok",
            Cell::Held { opinion: Opinion::Handshake, .. } => "handshake",
        }
    }

    /// The mark, as on the stage.
    pub fn mark(self) -> Html {
        let Cell::Held { opinion, stale, is_outdated } = self else { return Html::default() };
        let arc = format!("{stale} {STALE_MAX}");
        let sign = match opinion {
            Opinion::Ok => html! { <circle class="dot" r="3.2" /> },
            Opinion::Handshake => html! { <circle class="dot" r="1.4" /> },
            Opinion::Pfail => html! {
                <>
                    <circle class="ring" r="8" />
                    <text text-anchor="middle" dominant-baseline="central">{ "?" }</text>
                </>
            },
            Opinion::Fail => html! {
                <>
                    <rect x="-8" y="-8" width="16" height="16" rx="3" />
                    <path class="cross" d="M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5" />
                </>
            },
        };
        html! {
            <svg class="mark" viewBox="-13 -13 26 26" aria-hidden="true">
                if stale > 0 && matches!(opinion, Opinion::Ok | Opinion::Handshake) {
                    <circle class="stale" r="7.5" pathLength={STALE_MAX.to_string()}
                        stroke-dasharray={arc} transform="rotate(-90)" />
                }
                { sign }
                if is_outdated { <path class="outdated" d="M3 -13H13V-3Z" /> }
            </svg>
        }
    }
}

/// What one node believes of another; of two nodes that had one address, the one met last.
pub fn of(row: &Beliefs, port: u16) -> Option<&BeliefOf> {
    row.of.iter().rev().find(|belief| belief.port == port)
}

/// What a cell says: whose belief it is, of whom, and from when.
pub fn words(rows: &[Beliefs], by: u16, port: u16) -> String {
    let Some(row) = rows.iter().find(|row| row.by == by) else {
        return format!("There is no {by} at this moment.");
    };
    if row.truth == Truth::Gone && by != port {
        return format!("The process of {by} is gone: it believes nothing.");
    }
    let Some(belief) = of(row, port) else { return format!("{by} does not know {port}.") };
    let held = held(belief);
    if by == port {
        let is_was = if row.truth == Truth::Gone { "was, when it ended," } else { "is" };
        return format!("{by} itself {is_was} {held}.");
    }
    let judged = match belief.opinion.opinion {
        Opinion::Ok => "",
        Opinion::Handshake => ", not met yet",
        Opinion::Pfail => ", PFAIL",
        Opinion::Fail => ", FAIL",
    };
    let heard = spoken_ms(belief.opinion.silent_ms);
    format!("{by} thinks of {port}: {held}{judged}; heard {heard} ago.")
}

/// Where a belief is wrong: what the node itself holds.
pub fn correction(rows: &[Beliefs], by: u16, port: u16) -> Option<String> {
    let find = |by: u16| rows.iter().find(|row| row.by == by);
    let belief = of(find(by)?, port).filter(|belief| belief.is_outdated && by != port)?;
    let own = of(find(port)?, port)?;
    debug_assert!(belief.port == own.port);
    Some(format!("That is outdated: {port} itself is {}.", held(own)))
}

/// `master, epoch 2, slots 5461-10922`
fn held(belief: &BeliefOf) -> String {
    let role = match belief.opinion.role {
        RoleOnStage::Master => "master".to_owned(),
        RoleOnStage::Replica { of: Some(of) } => format!("replica of {of}"),
        RoleOnStage::Replica { of: None } => "replica of a node unknown here".to_owned(),
    };
    format!("{role}, epoch {}, {}", belief.opinion.config_epoch, slots(&belief.slots))
}

/// How many runs are named before the rest is counted.
const RUNS_MAX: usize = 3;

fn slots(ranges: &[SlotRange]) -> String {
    if ranges.is_empty() {
        return "no slots".to_owned();
    }
    let mut named: Vec<String> = ranges.iter().take(RUNS_MAX).map(ToString::to_string).collect();
    if ranges.len() > RUNS_MAX {
        named.push(format!("and {} more runs", ranges.len() - RUNS_MAX));
    }
    format!("slots {}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Answer, Ask, Lab, Request};

    /// What the nodes believe after some lines.
    fn rows(lines: &[&str]) -> Vec<Beliefs> {
        let mut lab = Lab::default();
        let mut ask = |ask: Ask| lab.handle(Request { id: 1, ask }).remove(0).answer;
        ask(Ask::Open { lesson: "a-master-dies".to_owned() });
        for line in lines {
            ask(Ask::Do { line: (*line).to_owned() });
        }
        ask(Ask::Seek { elapsed: hashslot_core::words::Span::MAX });
        match ask(Ask::Beliefs) {
            Answer::Beliefs(rows) => rows,
            other => panic!("expected beliefs, got {other:?}"),
        }
    }

    #[test]
    fn a_cell_says_whose_belief_it_is() {
        let said = words(&rows(&[]), 7000, 7001);
        let lead = "7000 thinks of 7001: master, epoch 2, slots 5461-10922; heard ";
        assert!(said.starts_with(lead), "{said}");
        assert!(words(&rows(&[]), 7000, 7000).starts_with("7000 itself is master"));
    }

    #[test]
    fn the_dead_believe_nothing_and_are_believed_failed() {
        let rows = rows(&["$ kill 7001", "$ run until 7004 is master"]);
        let row = |by: u16| rows.iter().find(|row| row.by == by).unwrap();
        assert_eq!(Cell::of(row(7001), 7000, 5_000), Cell::Gone);
        assert_eq!(Cell::of(row(7000), 7001, 5_000).class(), "fail");
        assert!(words(&rows, 7001, 7000).contains("believes nothing"));
        assert!(words(&rows, 7000, 7001).contains("FAIL"));
    }

    #[test]
    fn what_is_not_so_any_more_is_corrected() {
        let rows = rows(&["$ kill 7001", "$ run until 7004 is master"]);
        let wrong = rows.iter().find_map(|row| correction(&rows, row.by, 7004));
        let wrong = wrong.expect("the news is still on its way to somebody");
        assert!(wrong.contains("7004 itself is master"), "{wrong}");
    }
}
