//! The text of a step: exactly one spelling each, which the parser reads back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words::{Span, TextError, quote_arg};

use super::verbs::{CLIENT_KINDS, DRAWS, MESSAGE_KINDS};
use super::{
    Ask, ClientKind, ClientName, Data, Draw, Line, MessageKind, Name, Offset, Party, Port,
};
use super::{Setting, Step, Way};

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Command { client, args } => {
                write!(f, "{client}>")?;
                args.iter().try_for_each(|arg| write!(f, " {}", quote_arg(arg)))
            }
            _ => {
                f.write_str("$ ")?;
                print_verb(self, f)
            }
        }
    }
}

fn print_verb(step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match step {
        Step::Command { .. } => Ok(()),
        Step::Client { name, kind, via } => write!(f, "client {name} {kind} via {via}"),
        Step::Kill(node) => write!(f, "kill {node}"),
        Step::Crash(node) => write!(f, "crash {node}"),
        Step::Restart { node, data } => write!(f, "restart {node}{data}"),
        Step::Pause(node) => write!(f, "pause {node}"),
        Step::Resume(node) => write!(f, "resume {node}"),
        Step::Roll { node, what, value } => write!(f, "roll {node} {what} {value}"),
        Step::Clock { node, offset } => write!(f, "clock {node} {offset}"),
        Step::AddNode(node) => write!(f, "add node {node}"),
        Step::Workload { rate_per_second, keys } => {
            write!(f, "workload {rate_per_second}/s keys {keys}")
        }
        Step::WorkloadOff => f.write_str("workload off"),
        Step::Config { node, name, value } => {
            write!(f, "config {node} {} {}", name.as_str(), quote_arg(value))
        }
        Step::Run(span) => write!(f, "run {span}"),
        Step::RunUntil { condition, within } => print_until(condition, *within, f),
        Step::Cut { .. }
        | Step::Heal(_)
        | Step::Partition(_)
        | Step::Slow { .. }
        | Step::Drop { .. }
        | Step::Undrop => print_network_verb(step, f),
    }
}

fn print_network_verb(step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match step {
        Step::Cut { from, to, way } => write!(f, "cut {from} {way} {to}"),
        Step::Heal(None) => f.write_str("heal"),
        Step::Heal(Some((one, other))) => write!(f, "heal {one} <-> {other}"),
        Step::Partition(groups) => {
            let groups: Vec<String> = groups.iter().map(|group| list(group)).collect();
            write!(f, "partition {}", groups.join(" | "))
        }
        Step::Slow { from, to, way, latency, jitter } => {
            write!(f, "slow {from} {way} {to} {latency}")?;
            match *jitter == Span::ZERO {
                true => Ok(()),
                false => write!(f, " jitter {jitter}"),
            }
        }
        Step::Drop { kind, from, to, way } => write!(f, "drop {kind} {from} {way} {to}"),
        Step::Undrop => f.write_str("drop none"),
        _ => Ok(()),
    }
}

fn list(ports: &[Port]) -> String {
    let names: Vec<String> = ports.iter().map(Port::to_string).collect();
    names.join(" ")
}

fn print_until(
    condition: &super::Condition,
    within: Span,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "run until {condition}")?;
    match within == Step::WITHIN_DEFAULT {
        true => Ok(()),
        false => write!(f, " within {within}"),
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$ ")?;
        match self {
            Ask::Events { node, last } => {
                f.write_str("events")?;
                print_optional(*node, f)?;
                match *last == Ask::EVENTS_DEFAULT {
                    true => Ok(()),
                    false => write!(f, " last {last}"),
                }
            }
            Ask::Why(node) => write!(f, "why {node}"),
            Ask::Beliefs(node) => {
                f.write_str("beliefs")?;
                print_optional(*node, f)
            }
            Ask::Writes => f.write_str("writes"),
            Ask::Digest => f.write_str("digest"),
            Ask::NodesConf(node) => write!(f, "nodes.conf {node}"),
            Ask::Facts(node) => write!(f, "facts {node}"),
            Ask::Log(node) => write!(f, "log {node}"),
        }
    }
}

fn print_optional(node: Option<Port>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match node {
        None => Ok(()),
        Some(node) => write!(f, " {node}"),
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Step(step) => step.fmt(f),
            Line::Ask(ask) => ask.fmt(f),
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientName::Cli => Ok(()),
            ClientName::Node(port) => port.fmt(f),
            ClientName::Named(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Node(port) => port.fmt(f),
            Party::Outside => f.write_str(Party::OUTSIDE),
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Data::Keep => "",
            Data::Empty => " empty",
            Data::LostConfig => " without nodes.conf",
            Data::TornConfig => " torn nodes.conf",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::OneWay => "->",
            Way::BothWays => "<->",
        })
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.micros() < 0 { '-' } else { '+' };
        let size = Span::from_micros(self.micros().unsigned_abs());
        write!(f, "{sign}{size}")
    }
}

/// Prints a value by the row that the parser reads it with.
macro_rules! print_by_row {
    ($($kind:ty: $rows:ident),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let row = $rows.iter().find(|(_, value)| value == self);
                f.write_str(row.expect("every value has a row").0)
            }
        }
    )*};
}

print_by_row!(ClientKind: CLIENT_KINDS, MessageKind: MESSAGE_KINDS, Draw: DRAWS);

/// Reads and prints through the text form, in serde as everywhere.
macro_rules! text_form {
    ($($kind:ty: $parse:expr),*) => {$(
        impl FromStr for $kind {
            type Err = TextError;

            fn from_str(text: &str) -> Result<$kind, TextError> {
                $parse(text)
            }
        }

        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

text_form!(
    Step: Step::parse,
    Ask: Ask::parse,
    Line: Line::parse,
    super::Condition: super::Condition::parse,
    ClientName: |text| ClientName::parse(text).ok_or_else(|| no_client(text))
);

fn no_client(text: &str) -> TextError {
    TextError::new(
        1,
        text.chars().count(),
        format!("`{text}` names no client"),
        "write a node's port or a name that begins with a letter",
    )
}
