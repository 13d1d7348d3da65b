//! What a comparison came to: as data, as text for a terminal, as a page.

mod html;
mod text;

use std::collections::BTreeSet;

use hashslot_core::lesson::Diagnostic;
use hashslot_core::node::Profile;
use serde::Serialize;

use super::difference::{Difference, differences};
use super::recording::Recording;
use super::{Plan, SEEDS, Taken};
pub use html::page;
pub use text::Paint;

/// On what a lesson was played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Against {
    /// `processes`, say.
    pub target: String,
    /// The version of Redis there.
    pub version: String,
    /// What makes the comparison weaker than it should be.
    pub warnings: Vec<String>,
}

/// A step that the target could not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotDone {
    pub line: usize,
    pub action: String,
    pub why: String,
}

/// What it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No difference, or only such that are explained.
    Equal,
    Different,
    /// The target could not do a step, so from there on nothing can be said.
    Incomplete,
}

/// How a lesson went on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub lesson: String,
    pub title: String,
    pub against: Against,
    pub node_timeout_ms: u64,
    /// Whether the node-timeout is shorter than that of the lesson.
    pub is_fast: bool,
    pub seeds: u64,
    /// How many lines were done.
    pub steps: usize,
    pub outcome: Outcome,
    pub differences: Vec<Difference>,
    /// Differences that a rule explains.
    pub explained: Vec<Difference>,
    pub not_done: Vec<NotDone>,
    /// Where the target differs from what the lesson says; only at the pace of the lesson.
    pub findings: Vec<Diagnostic>,
    /// How to do it again.
    pub again: String,
}

impl Report {
    pub(super) fn of(
        plan: Plan,
        real: &Recording,
        simulated: &[Recording],
        profile: &Profile,
    ) -> Report {
        let all = differences(real, simulated, profile, plan.leaves_out);
        let (explained, differences): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.is_explained);
        let not_done: Vec<NotDone> = real.steps.iter().filter_map(NotDone::of).collect();
        let findings = match plan.pace.is_fast() {
            true => Vec::new(),
            false => real.findings.iter().map(|one| one.diagnostic(plan.lesson)).collect(),
        };
        Report {
            lesson: plan.lesson.file.clone(),
            title: plan.lesson.front.title.clone(),
            against: plan.against,
            node_timeout_ms: plan.pace.node_timeout().millis(),
            is_fast: plan.pace.is_fast(),
            seeds: SEEDS,
            steps: real.steps.len().saturating_sub(1),
            outcome: outcome(real, &differences),
            differences,
            explained,
            not_done,
            findings,
            again: plan.again,
        }
    }

    /// The difference from which the others may follow.
    pub fn first(&self) -> Option<&Difference> {
        self.differences.first()
    }

    /// The rules that explain differences.
    pub fn explaining_rules(&self) -> BTreeSet<&'static str> {
        self.explained.iter().map(|one| one.rule.row).collect()
    }
}

impl NotDone {
    fn of(taken: &Taken) -> Option<NotDone> {
        let why = taken.came.not_done.clone()?;
        Some(NotDone { line: taken.line, action: taken.action.to_string(), why })
    }
}

fn outcome(real: &Recording, differences: &[Difference]) -> Outcome {
    let cannot = real.steps.iter().position(|taken| taken.came.not_done.is_some());
    match (differences.first(), cannot) {
        (Some(first), Some(at)) if at <= first.step => Outcome::Incomplete,
        (Some(_), _) => Outcome::Different,
        (None, Some(_)) => Outcome::Incomplete,
        (None, None) => Outcome::Equal,
    }
}
