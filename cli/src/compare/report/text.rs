//! The report as lines for a terminal.

use std::fmt::Write;

use hashslot_core::view::counted;

use super::{Difference, Outcome, Report};

/// As many of the differences after the first are listed.
const OTHERS_MAX: usize = 8;

/// How pieces of the text are painted; each takes a piece and gives it back in colour.
pub struct Paint<'a> {
    pub good: &'a dyn Fn(&str) -> String,
    pub bad: &'a dyn Fn(&str) -> String,
    pub strong: &'a dyn Fn(&str) -> String,
    pub dim: &'a dyn Fn(&str) -> String,
}

impl Report {
    /// One word for the outcome.
    pub fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::Equal => "equal",
            Outcome::Different => "different",
            Outcome::Incomplete => "incomplete",
        }
    }

    /// The report without colours.
    pub fn plain(&self) -> String {
        let as_it_is = |text: &str| text.to_owned();
        let paint = Paint { good: &as_it_is, bad: &as_it_is, strong: &as_it_is, dim: &as_it_is };
        self.text(&paint)
    }

    pub fn text(&self, paint: &Paint) -> String {
        let mut out = String::new();
        let word = match self.outcome {
            Outcome::Equal => (paint.good)(self.word()),
            Outcome::Different | Outcome::Incomplete => (paint.bad)(self.word()),
        };
        let (target, version) = (&self.against.target, &self.against.version);
        let pace = format!("node-timeout {} ms", self.node_timeout_ms);
        let about = format!(
            "{} lines on {target} (Redis {version}), {pace}, beside {} seeds",
            self.steps, self.seeds
        );
        put(&mut out, &format!("{word}  {}", self.lesson));
        put(&mut out, &(paint.dim)(&format!("  {about}")));
        for warning in &self.against.warnings {
            put(&mut out, &format!("  warning: {warning}"));
        }
        for one in &self.not_done {
            put(&mut out, &format!("  not done: line {}: {}", one.line, one.action));
            put(&mut out, &format!("    {}", one.why));
        }
        if let Some(first) = self.first() {
            put(&mut out, &(paint.strong)("  The first difference"));
            self.difference(&mut out, first, paint);
        }
        self.others(&mut out);
        for (count, one) in self.explanations() {
            let what = counted(count as u64, "difference");
            let place = format!("{}, {}", place_of(one), one.place);
            put(&mut out, &format!("  explained: {what}, the first in {place}"));
            put(&mut out, &format!("    target: {}", one.observed));
            put(&mut out, &format!("    by: {}", rule_of(one)));
        }
        if self.outcome != Outcome::Equal {
            put(&mut out, &format!("  again: {}", self.again));
        }
        out
    }

    /// The first difference that each rule explains, and how many it explains.
    fn explanations(&self) -> Vec<(usize, &Difference)> {
        let mut found: Vec<(usize, &Difference)> = Vec::new();
        for one in &self.explained {
            match found.iter_mut().find(|(_, first)| first.rule == one.rule) {
                Some((count, _)) => *count += 1,
                None => found.push((1, one)),
            }
        }
        found
    }

    fn difference(&self, out: &mut String, one: &Difference, paint: &Paint) {
        put(out, &format!("    {}: {}", place_of(one), one.action));
        let time = one.at_ms.map(|ms| format!(", {ms} ms after the first line of the step"));
        put(out, &format!("    {}{}", one.place, time.unwrap_or_default()));
        for expected in &one.expected {
            put_block(out, "simulator: ", expected, paint.good);
        }
        put_block(out, "target:    ", &one.observed, paint.bad);
        put(out, &format!("    likely rule: {}", rule_of(one)));
    }

    fn others(&self, out: &mut String) {
        let others = self.differences.len().saturating_sub(1);
        if others == 0 {
            return;
        }
        put(out, &format!("  {others} more, which may follow from it:"));
        for one in self.differences.iter().skip(1).take(OTHERS_MAX) {
            let observed = one.observed.lines().next().unwrap_or_default();
            let expected =
                one.expected.first().map_or("", |text| text.lines().next().unwrap_or(""));
            let sides = format!("target {observed}; simulator {expected}");
            put(out, &format!("    {}: {}: {sides}", place_of(one), one.place));
        }
        if others > OTHERS_MAX {
            put(out, "    ... (all of them: --report json)");
        }
    }
}

/// Where in the lesson it is.
pub(super) fn place_of(one: &Difference) -> String {
    match one.line {
        0 => "after the last line".to_owned(),
        line => format!("line {line}"),
    }
}

/// The rule as one finds it on the page.
pub(super) fn rule_of(one: &Difference) -> String {
    format!("docs/FIDELITY.md, {}: \"{} ...\"", one.rule.section, one.rule.row)
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("a string takes all");
}

fn put_block(out: &mut String, lead: &str, text: &str, paint: &dyn Fn(&str) -> String) {
    for (index, line) in text.lines().enumerate() {
        let lead = if index == 0 { lead.to_owned() } else { " ".repeat(lead.len()) };
        put(out, &format!("    {lead}{}", paint(line)));
    }
}
