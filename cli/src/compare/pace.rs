//! How fast a lesson is played: as it is written, or with a shorter node-timeout on both sides.
//!
//! Most of a lesson's time is waiting for node-timeouts. With a shorter one, spans of time shrink
//! in proportion, and so do limits, down to [`LIMIT_MIN`]: a limit is for what goes wrong, and a
//! real machine needs its moment. What a lesson says of its steps need not hold then; what both
//! sides do must be the same.

use hashslot_core::words::Span;
use hashslot_core::world::Setup;
use hashslot_core::world::step::{Line, Step};

/// The node-timeout of a fast play.
const FAST: Span = Span::from_secs(1);
/// No limit is made shorter than this, unless it is written so.
const LIMIT_MIN: Span = Span::from_secs(10);
const NODE_TIMEOUT: &str = "cluster-node-timeout";

/// As fast as the ratio of two node-timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    written: Span,
    played: Span,
}

impl Pace {
    /// As a lesson with this node-timeout is written.
    pub fn as_written(node_timeout: Span) -> Pace {
        Pace { written: node_timeout, played: node_timeout }
    }

    /// As fast as real nodes can be played without taking each other for dead by mistake.
    pub fn fast(node_timeout: Span) -> Pace {
        Pace { written: node_timeout, played: node_timeout.min(FAST) }
    }

    /// Whether anything is other than it is written.
    pub fn is_fast(self) -> bool {
        self.played < self.written
    }

    pub fn node_timeout(self) -> Span {
        self.played
    }

    /// The stage at this pace.
    pub fn stage(self, mut setup: Setup) -> Setup {
        if self.is_fast() {
            setup.config.node_timeout_ms = self.played.millis();
        }
        setup
    }

    /// The line at this pace.
    pub fn line(self, line: &Line) -> Line {
        match line {
            Line::Step(step) if self.is_fast() => Line::Step(self.step(step)),
            Line::Step(_) | Line::Ask(_) => line.clone(),
        }
    }

    fn step(self, step: &Step) -> Step {
        match step {
            Step::Run(span) => Step::Run(self.span(*span)),
            Step::RunUntil { condition, within } => {
                let within = self.span(*within).max(LIMIT_MIN).min(*within);
                Step::RunUntil { condition: *condition, within }
            }
            Step::Config { node, name, value } if name.as_str() == NODE_TIMEOUT => {
                let millis = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                let shorter = |ms| self.span(Span::from_millis(ms)).millis().to_string().into();
                let value = millis.map_or_else(|| value.clone(), shorter);
                Step::Config { node: *node, name: name.clone(), value }
            }
            other => other.clone(),
        }
    }

    fn span(self, span: Span) -> Span {
        let micros = u128::from(span.micros()) * u128::from(self.played.micros());
        Span::from_micros((micros / u128::from(self.written.micros().max(1))) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fast(line: &str) -> String {
        let line: Line = Line::parse(line).unwrap();
        Pace::fast(Span::from_secs(5)).line(&line).to_string()
    }

    #[test]
    fn spans_shrink_with_the_node_timeout() {
        assert_eq!(fast("$ run 15s"), "$ run 3s");
        assert_eq!(fast("$ run until settled"), "$ run until settled within 12s");
        assert_eq!(fast("$ run until settled within 20s"), "$ run until settled within 10s");
        assert_eq!(fast("$ run until settled within 1s"), "$ run until settled within 1s");
        let setting = "$ config 7000 cluster-node-timeout";
        assert_eq!(fast(&format!("{setting} 10000")), format!("{setting} 2000"));
        assert_eq!(fast("$ kill 7000"), "$ kill 7000");
    }

    #[test]
    fn a_short_timeout_stays_as_it_is() {
        let pace = Pace::fast(Span::from_millis(800));
        assert!(!pace.is_fast());
        let line: Line = Line::parse("$ run 4s").unwrap();
        assert_eq!(pace.line(&line), line);
    }
}
