//! The nodes and clients that a lesson may name at each of its lines.

use std::collections::BTreeSet;

use crate::words::{TextError, nearest};
use crate::world::step::{ClientName, Line, Name, Port, Step};

use super::diagnostic::Findings;
use super::front::Stage;

/// What exists so far. Without a stage (its front matter is wrong) every node is taken to exist.
#[derive(Clone)]
pub(super) struct Names {
    nodes: Option<BTreeSet<Port>>,
    clients: BTreeSet<String>,
}

impl Names {
    pub fn new(stage: Option<&Stage>) -> Names {
        Names {
            nodes: stage.map(|stage| stage.ports().into_iter().collect()),
            clients: BTreeSet::new(),
        }
    }

    /// Reports names in a line that stand for nothing, and takes in those that it makes. The `text`
    /// is the whole line of the file, numbered `number`.
    pub fn check(&mut self, line: &Line, number: usize, text: &str, findings: &mut Findings) {
        match line {
            Line::Step(Step::AddNode(port)) => self.add_node(*port, number, text, findings),
            _ => self.check_nodes(&line.ports(), number, text, findings),
        }
        match line {
            Line::Step(Step::Client { name, .. }) => {
                self.clients.insert(name.as_str().to_owned());
            }
            Line::Step(Step::Command { client: ClientName::Named(name), .. }) => {
                self.check_client(name, number, text, findings)
            }
            _ => {}
        }
    }

    /// Reports nodes that do not exist.
    pub fn check_nodes(&self, ports: &[Port], number: usize, text: &str, findings: &mut Findings) {
        let Some(nodes) = &self.nodes else {
            return;
        };
        for port in ports.iter().filter(|port| !nodes.contains(port)) {
            let message = format!("there is no node {port}");
            let help = format!("the nodes here are {}", range_of(nodes));
            findings.add(number, at_word(text, &port.to_string(), message, help));
        }
    }

    fn add_node(&mut self, port: Port, number: usize, text: &str, findings: &mut Findings) {
        let is_new = self.nodes.as_mut().is_none_or(|nodes| nodes.insert(port));
        if !is_new {
            let message = format!("there is a node {port} already");
            let help = "choose another port for the new node";
            findings.add(number, at_word(text, &port.to_string(), message, help));
        }
    }

    fn check_client(&self, name: &Name, number: usize, text: &str, findings: &mut Findings) {
        if self.clients.contains(name.as_str()) {
            return;
        }
        let message = format!("there is no client `{name}`");
        let help = match nearest(name.as_str(), self.clients.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("make it first: $ client {name} aware via 7000"),
        };
        findings.add(number, at_word(text, name.as_str(), message, help));
    }
}

/// A mistake in a word of a line; at its beginning if the word does not stand there alone.
fn at_word(text: &str, word: &str, message: String, help: impl Into<String>) -> TextError {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let place = text.match_indices(word).find(|(index, _)| {
        let before = text[..*index].chars().next_back();
        let after = text[index + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    });
    let before = place.map_or(0, |(index, _)| text[..index].chars().count());
    TextError::new(before + 1, word.chars().count(), message, help)
}

/// The names of the nodes, runs folded: `7000 to 7005, 7010`.
fn range_of(nodes: &BTreeSet<Port>) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for number in nodes.iter().map(|port| port.number()) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first} to {last}"),
        })
        .collect();
    runs.join(", ")
}
