//! Where a real cluster did something that no simulated one did.
//!
//! The two sides are aligned step by step. What of a step is compared, and by which rule:
//! 1. What was said: one of the simulated clusters says the very same, now or a little later.
//! 2. How long a `run until` took: between the shortest and the longest of the simulated ones,
//!    widened by half of their spread and by [`SLACK`], for a real machine has other work too.
//! 3. What was logged while time passed: each kind of line occurs in a simulated cluster at that
//!    step or beside it; and what all of them write, the real one writes too. Which node writes it
//!    is chance among equals; what each believes is compared by what is seen of it.
//! 4. The numbers in a line, where the simulator's rules say in which bounds they lie.
//! 5. What is seen of the nodes: one of the simulated clusters shows the same part, now, a little
//!    later, or at the step before. A part counts as different only if it stays so for about
//!    a second: news that is under way is no difference. What comes of a node that was started or
//!    stopped is seen at the next command, or when time has passed; a real start takes its time.

use std::collections::BTreeSet;

use hashslot_core::node::Profile;
use hashslot_core::words::Span;
use hashslot_core::world::step::{Line, Step};
use serde::Serialize;

use super::bounds;
use super::look::{Look, Place};
use super::recording::{Recording, Taken};
use super::rules::{Rule, explained_by, likely};

/// How much longer or shorter a step may take on a real machine.
const SLACK: Span = Span::from_millis(500);
/// News may be under way for so long.
const UNDER_WAY: Span = Span::from_millis(900);
/// As many steps may lie between a kill and the step at whose end its traces are read.
const KILLS_BEFORE: usize = 2;
/// As many of the simulator's answers are shown.
const SHOWN_MAX: usize = 3;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Reply,
    Timing,
    Log,
    View,
}

/// Something that the real cluster did and no simulated one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which step it was, from 0.
    pub step: usize,
    /// Its line in the lesson, from 1; 0 after the last one.
    pub line: usize,
    /// The step as it was done.
    pub action: String,
    pub kind: Kind,
    /// Where it was seen.
    pub place: String,
    /// What simulated clusters show, each with the number of seeds that do.
    pub expected: Vec<String>,
    pub observed: String,
    /// Of a line of a log: when it was written, since the first one of the step.
    pub at_ms: Option<i64>,
    pub rule: &'static Rule,
    /// Whether the rule says that it may be so.
    pub is_explained: bool,
}

/// What a difference is made of, before its rule is sought.
pub(super) struct Found<'a> {
    pub taken: &'a Taken,
    pub kind: Kind,
    pub place: String,
    pub expected: Vec<String>,
    pub observed: String,
    pub at_ms: Option<i64>,
    /// Whether a cut of one way is in force.
    pub is_half_cut: bool,
    /// Whether a node was killed since time passed last.
    pub is_after_kill: bool,
}

/// All differences, in the order of the steps.
pub fn differences(
    real: &Recording,
    simulated: &[Recording],
    profile: &Profile,
    leaves_out: &[&str],
) -> Vec<Difference> {
    let sides = Sides { real, simulated, profile, leaves_out };
    let mut all = Vec::new();
    let mut half_cut = false;
    for (index, taken) in real.steps.iter().enumerate() {
        half_cut = is_half_cut(half_cut, &taken.action);
        if taken.came.not_done.is_some() {
            continue;
        }
        let mut found = Vec::new();
        found.extend(sides.said(index));
        found.extend(sides.timing(index));
        found.extend(sides.logged(index));
        found.extend(sides.bounds(index));
        found.extend(sides.seen(index));
        for mut one in found {
            one.is_half_cut = half_cut;
            one.is_after_kill = sides.is_after_kill(index);
            let explained = explained_by(&one);
            all.push(Difference {
                step: index,
                line: taken.line,
                action: taken.action.to_string(),
                kind: one.kind,
                rule: explained.unwrap_or_else(|| likely(&one)),
                is_explained: explained.is_some(),
                place: tame(&one.place),
                expected: one.expected.iter().map(|text| tame(text)).collect(),
                observed: tame(&one.observed),
                at_ms: one.at_ms,
            });
        }
    }
    all
}

fn is_half_cut(was: bool, action: &Line) -> bool {
    use hashslot_core::world::step::Way;
    match action {
        Line::Step(Step::Cut { way: Way::OneWay, .. }) => true,
        Line::Step(Step::Heal(_)) => false,
        _ => was,
    }
}

struct Sides<'a> {
    real: &'a Recording,
    simulated: &'a [Recording],
    profile: &'a Profile,
    /// Parts of views that are not compared.
    leaves_out: &'a [&'a str],
}

impl<'a> Sides<'a> {
    fn found(&self, index: usize, kind: Kind, place: &str) -> Found<'a> {
        Found {
            taken: &self.real.steps[index],
            kind,
            place: place.to_owned(),
            expected: Vec::new(),
            observed: String::new(),
            at_ms: None,
            is_half_cut: false,
            is_after_kill: false,
        }
    }

    /// The same step of every simulated cluster.
    fn peers(&self, index: usize) -> impl Iterator<Item = &'a Taken> + use<'a> {
        self.simulated.iter().filter_map(move |recording| recording.steps.get(index))
    }

    fn said(&self, index: usize) -> Option<Found<'a>> {
        let real = self.real.steps[index].came.said.first()?;
        let is_known = self.peers(index).any(|taken| taken.came.said.contains(real));
        let first = |taken: &Taken| taken.came.said.first().map(|said| shown(said));
        (!is_known).then(|| Found {
            expected: counted(self.peers(index).filter_map(first)),
            observed: shown(real),
            ..self.found(index, Kind::Reply, "what was said")
        })
    }

    fn timing(&self, index: usize) -> Option<Found<'a>> {
        let taken = &self.real.steps[index];
        let Line::Step(Step::RunUntil { .. }) = &taken.action else { return None };
        let in_vain = |taken: &Taken| taken.came.said.first().is_some_and(|said| !said.is_empty());
        let spans: Vec<u64> = self
            .peers(index)
            .filter(|taken| !in_vain(taken))
            .map(|taken| taken.came.took.micros())
            .collect();
        let (low, high) = (*spans.iter().min()?, *spans.iter().max()?);
        let slack = (high - low) / 2 + SLACK.micros();
        let took = taken.came.took.micros();
        let fits = (low.saturating_sub(slack)..=high + slack).contains(&took);
        (!fits && !in_vain(taken)).then(|| Found {
            expected: vec![format!("{} to {} ms", low / 1_000, high / 1_000)],
            observed: format!("{} ms", took / 1_000),
            ..self.found(index, Kind::Timing, "how long it took")
        })
    }

    fn logged(&self, index: usize) -> Vec<Found<'a>> {
        let taken = &self.real.steps[index];
        if !taken.lets_time_pass() || !taken.came.has_logs {
            return Vec::new();
        }
        let beside = self.beside(index);
        let expected: BTreeSet<&str> =
            beside.iter().flat_map(|&at| self.peers(at)).flat_map(Taken::kinds).collect();
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        for logged in &taken.came.logged {
            if !expected.contains(&logged.kind[..]) && told.insert((logged.node, &logged.kind)) {
                found.push(Found {
                    expected: vec!["nothing of the kind".to_owned()],
                    observed: logged.text.clone(),
                    at_ms: Some(logged.at_ms),
                    ..self.found(index, Kind::Log, &format!("the log of {}", logged.node))
                });
            }
        }
        let mut always = self.peers(index).map(Taken::kinds);
        let first = always.next().unwrap_or_default();
        let always = always.fold(first, |all, one| &all & &one);
        let is_logged =
            |one: &&str| beside.iter().any(|&at| self.real.steps[at].kinds().contains(one));
        for kind in always.into_iter().filter(|one| !is_logged(one)) {
            found.push(Found {
                expected: vec![kind.to_owned()],
                observed: "nothing of the kind".to_owned(),
                ..self.found(index, Kind::Log, "the logs")
            });
        }
        found
    }

    /// Whether a node was killed between the last two steps that let time pass, or just before.
    fn is_after_kill(&self, index: usize) -> bool {
        let from = self.beside(index).first().map_or(0, |at| (*at).min(index));
        let steps = &self.real.steps[from.saturating_sub(KILLS_BEFORE)..=index];
        steps.iter().any(|taken| matches!(taken.action, Line::Step(Step::Kill(_))))
    }

    /// A step that lets time pass, and those before and after it that do.
    fn beside(&self, index: usize) -> Vec<usize> {
        let timed = |at: &usize| self.real.steps[*at].lets_time_pass();
        let before = (0..index).rev().find(timed);
        let after = (index + 1..self.real.steps.len()).find(timed);
        before.into_iter().chain([index]).chain(after).collect()
    }

    fn bounds(&self, index: usize) -> Vec<Found<'a>> {
        let lines = self.real.steps[index].came.logged.iter();
        let beyond = lines.filter_map(|logged| {
            let wanted = bounds::broken(&logged.text, self.profile)?;
            Some(Found {
                expected: vec![wanted],
                observed: logged.text.clone(),
                at_ms: Some(logged.at_ms),
                ..self.found(index, Kind::Log, &format!("the log of {}", logged.node))
            })
        });
        beyond.collect()
    }

    fn seen(&self, index: usize) -> Vec<Found<'a>> {
        let Some(look) = self.real.steps[index].came.looks.first() else { return Vec::new() };
        if !self.is_looked_at(index) {
            return Vec::new();
        }
        let before = (0..index).rev().find(|at| self.is_looked_at(*at));
        let mut places: BTreeSet<&Place> = look.keys().collect();
        places.extend(self.always_shown(index));
        places.retain(|place| !self.leaves_out.contains(&&place.about[..]));
        let is_new = |place: &Place| before.is_none_or(|at| !self.is_odd(at, place));
        let stays = |place: &Place| self.until_time_passed(index).all(|at| self.is_odd(at, place));
        let odd = places.into_iter().filter(|place| is_new(place) && stays(place));
        odd.map(|place| Found {
            expected: counted(self.peers(index).filter_map(|taken| {
                let look = taken.came.looks.first()?;
                Some(look.get(place).cloned().unwrap_or_else(|| NOTHING.to_owned()))
            })),
            observed: look.get(place).cloned().unwrap_or_else(|| NOTHING.to_owned()),
            ..self.found(index, Kind::View, &place.to_string())
        })
        .collect()
    }

    /// Whether what is seen after this step is compared.
    fn is_looked_at(&self, index: usize) -> bool {
        let taken = &self.real.steps[index];
        taken.lets_time_pass() || matches!(taken.action, Line::Step(Step::Command { .. }))
    }

    /// What every look at every simulated cluster shows.
    fn always_shown(&self, index: usize) -> BTreeSet<&'a Place> {
        let mut looks = self.peers(index).flat_map(|taken| &taken.came.looks);
        let Some(first) = looks.next() else { return BTreeSet::new() };
        let mut always: BTreeSet<&Place> = first.keys().collect();
        for look in looks {
            always.retain(|place| look.contains_key(place));
        }
        always
    }

    /// The steps from this one on until enough time has passed after it, or to the last one.
    fn until_time_passed(&self, index: usize) -> impl Iterator<Item = usize> {
        let steps = &self.real.steps;
        let mut passed = Span::ZERO;
        let mut end = index;
        while passed < UNDER_WAY && end + 1 < steps.len() {
            end += 1;
            if steps[end].lets_time_pass() {
                passed = passed + steps[end].came.took;
            }
        }
        index..=end
    }

    /// Whether the real cluster shows something there that no simulated one does.
    fn is_odd(&self, index: usize, place: &Place) -> bool {
        let Some(look) = self.real.steps[index].came.looks.first() else { return false };
        let real = look.get(place);
        let before = index.checked_sub(1).into_iter().flat_map(|at| self.peers(at));
        let shows = |look: &Look| look.get(place) == real;
        let mut known = self.peers(index).chain(before);
        !known.any(|taken| taken.came.looks.iter().any(shows))
    }
}

const NOTHING: &str = "nothing";

/// A text without what a terminal would obey rather than show.
fn tame(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

fn shown(said: &[String]) -> String {
    match said {
        [] => NOTHING.to_owned(),
        lines => lines.join("\n"),
    }
}

/// Each answer once, with how often it was given, the most frequent first.
fn counted(answers: impl Iterator<Item = String>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    let mut all = 0;
    for answer in answers {
        all += 1;
        match counts.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, count)) => *count += 1,
            None => counts.push((answer, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown = counts.into_iter().take(SHOWN_MAX).map(|(answer, count)| match count == all {
        true => answer,
        false => format!("{answer} (with {count} of {all} seeds)"),
    });
    shown.collect()
}
