//! `look`: points at something on the screen, opens it and rings it. It has no effect in tests.

use serde::{Deserialize, Serialize};

use crate::words::{TextError, nearest};
use crate::world::step::Port;

use super::Block;
use super::blocks::Fence;
use super::diagnostic::Findings;
use super::names::Names;

/// Things to look at, one per line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub line: usize,
    pub sights: Vec<Sight>,
}

/// A thing to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sight {
    Node(Port),
    Link(Port, Port),
    /// What a node believes of the others.
    Beliefs(Port),
    /// Why a node is what it is.
    Why(Port),
    Events,
    Timeline,
}

type Read = fn(&str) -> Option<Sight>;

/// The sights: word, example, and what reads the rest of the line.
const SIGHTS: &[(&str, &str, Read)] = &[
    ("node", "node 7001", |rest| Port::parse(rest).map(Sight::Node)),
    ("link", "link 7000-7001", |rest| {
        let (one, other) = rest.split_once('-')?;
        Some(Sight::Link(Port::parse(one)?, Port::parse(other)?))
    }),
    ("beliefs", "beliefs 7001", |rest| Port::parse(rest).map(Sight::Beliefs)),
    ("why", "why 7004", |rest| Port::parse(rest).map(Sight::Why)),
    ("events", "events", |rest| rest.is_empty().then_some(Sight::Events)),
    ("timeline", "timeline", |rest| rest.is_empty().then_some(Sight::Timeline)),
];

impl Sight {
    /// The nodes that it names.
    pub fn ports(&self) -> Vec<Port> {
        match *self {
            Sight::Node(node) | Sight::Beliefs(node) | Sight::Why(node) => vec![node],
            Sight::Link(one, other) => vec![one, other],
            Sight::Events | Sight::Timeline => Vec::new(),
        }
    }
}

pub(super) fn read(fence: &Fence, findings: &mut Findings, names: &mut Names) -> Option<Block> {
    let mut sights = Vec::new();
    for (number, text) in fence.numbered() {
        if text.trim().is_empty() {
            continue;
        }
        match read_sight(text) {
            Ok(sight) => {
                names.check_nodes(&sight.ports(), number, text, findings);
                sights.push(sight);
            }
            Err(error) => findings.add(number, error),
        }
    }
    if fence.lines.iter().all(|text| text.trim().is_empty()) {
        findings.add_line(fence.line, "this points at nothing", "write, say, `beliefs 7001`");
    }
    let line = fence.line;
    Some(Block::Look(Look { line, sights }))
}

fn read_sight(text: &str) -> Result<Sight, TextError> {
    let trimmed = text.trim();
    let indent = text.chars().take_while(|c| c.is_whitespace()).count();
    let (word, rest) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
    let Some((_, example, read)) = SIGHTS.iter().find(|(name, _, _)| *name == word) else {
        let names = || SIGHTS.iter().map(|(name, _, _)| *name);
        let help = match nearest(word, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{word}` is nothing to look at");
        return Err(TextError::new(indent + 1, word.chars().count(), message, help));
    };
    read(rest.trim()).ok_or_else(|| {
        let message = format!("`{trimmed}` points at nothing");
        let length = trimmed.chars().count();
        TextError::new(indent + 1, length, message, format!("write: {example}"))
    })
}
