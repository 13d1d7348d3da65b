//! Deeds: all that a learner did, in order.
//!
//! The problem: a link must open as the very same lab: the lesson where it stood, the learner's own
//! branches, the answers given. The idea: a lab is deterministic, so what was asked of it is its
//! whole state. A deed is a request that changed something, and where in the past it was made;
//! doing the same deeds again on a new lab gives the same lab.

use serde::{Deserialize, Serialize};

use super::ask::Ask;
use crate::words::Span;
use crate::world::step::Line;

/// One deed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    /// So many times one after the other.
    #[serde(rename = "n")]
    Continue(u32),
    #[serde(rename = "c")]
    Choose(usize),
    #[serde(rename = "a")]
    ChooseAll(Vec<usize>),
    #[serde(rename = "w")]
    WhatIf(usize),
    /// A line, and the moment of the past at which it was done, if it was in the past.
    #[serde(rename = "d")]
    Do(Option<Span>, String),
    /// Time passed after the present, until something happened.
    #[serde(rename = "p")]
    PlayOn(Option<Span>),
    #[serde(rename = "b")]
    BackToLesson,
    #[serde(rename = "s")]
    Switch(usize),
    #[serde(rename = "x")]
    Drop(usize),
}

/// Many deeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deeds(Vec<Deed>);

/// As many deeds as one text may carry: a person does fewer, and each takes time to do again.
const DEEDS_MAX: usize = 5_000;

impl Deeds {
    /// Writes down what was asked, if it changes something; `past` is the moment that was shown,
    /// unless it was the present.
    pub fn note(&mut self, ask: &Ask, past: Option<Span>) {
        let deed = match ask {
            Ask::Continue => Deed::Continue(1),
            Ask::Choose { option } => Deed::Choose(*option),
            Ask::ChooseAll { options } => Deed::ChooseAll(options.clone()),
            Ask::WhatIf { option } => Deed::WhatIf(*option),
            Ask::Do { line } if matches!(Line::parse(line), Ok(Line::Ask(_))) => return,
            Ask::Do { line } => Deed::Do(past, line.clone()),
            Ask::PlayOn => Deed::PlayOn(past),
            Ask::BackToLesson => Deed::BackToLesson,
            Ask::Switch { branch } => Deed::Switch(*branch),
            Ask::Drop { branch } => Deed::Drop(*branch),
            _ => return,
        };
        match (self.0.last_mut(), deed) {
            (Some(Deed::Continue(times)), Deed::Continue(_)) => *times += 1,
            (_, deed) => self.0.push(deed),
        }
    }

    /// What is to be asked to do it all again; nothing if it is more than a person does.
    pub fn asks(&self) -> Option<Vec<Ask>> {
        let times = |deed: &Deed| match deed {
            Deed::Continue(times) => *times as usize,
            _ => 2,
        };
        let total = self.0.iter().map(times).try_fold(0_usize, usize::checked_add)?;
        (total <= 2 * DEEDS_MAX).then(|| self.0.iter().flat_map(asks_of).collect())
    }
}

fn asks_of(deed: &Deed) -> Vec<Ask> {
    let at = |past: &Option<Span>, ask: Ask| match past {
        Some(elapsed) => vec![Ask::Seek { elapsed: *elapsed }, ask],
        None => vec![Ask::Seek { elapsed: Span::MAX }, ask],
    };
    match deed {
        Deed::Continue(times) => vec![Ask::Continue; *times as usize],
        Deed::Choose(option) => vec![Ask::Choose { option: *option }],
        Deed::ChooseAll(options) => vec![Ask::ChooseAll { options: options.clone() }],
        Deed::WhatIf(option) => vec![Ask::WhatIf { option: *option }],
        Deed::Do(past, line) => at(past, Ask::Do { line: line.clone() }),
        Deed::PlayOn(past) => at(past, Ask::PlayOn),
        Deed::BackToLesson => vec![Ask::BackToLesson],
        Deed::Switch(branch) => vec![Ask::Switch { branch: *branch }],
        Deed::Drop(branch) => vec![Ask::Drop { branch: *branch }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_can_be_asked_again() {
        let mut deeds = Deeds::default();
        deeds.note(&Ask::Continue, None);
        deeds.note(&Ask::Show, None);
        deeds.note(&Ask::Do { line: "$ digest".to_owned() }, None);
        deeds.note(&Ask::Continue, None);
        let kill = Ask::Do { line: "$ kill 7001".to_owned() };
        deeds.note(&kill, Some(Span::from_secs(3)));
        assert_eq!(deeds.0.len(), 2);
        let seek = Ask::Seek { elapsed: Span::from_secs(3) };
        assert_eq!(deeds.asks(), Some(vec![Ask::Continue, Ask::Continue, seek, kill]));
        let text = serde_json::to_string(&deeds).unwrap();
        assert_eq!(serde_json::from_str::<Deeds>(&text).unwrap(), deeds);
    }

    #[test]
    fn more_than_a_person_does_is_refused() {
        let deeds: Deeds = serde_json::from_str(r#"[{"n":4000000000}]"#).unwrap();
        assert_eq!(deeds.asks(), None);
    }
}
