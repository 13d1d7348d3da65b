//! Conditions: what `run until` waits for, and what a goal asks for.
//!
//! Each names whose view it is: there is no view of "the cluster". The list is closed, and every
//! condition can be computed on a live cluster too, from the replies of ROLE, CLUSTER NODES,
//! CLUSTER INFO and CLUSTER SLOTS at the node that is named.

use std::fmt;

use crate::words::{Slot, TextError};

use super::step::Port;
use super::step::scan::Scan;

/// A claim that holds or not at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The node's own ROLE is master.
    IsMaster(Port),
    /// The node's own ROLE is slave (of this master).
    IsReplica { node: Port, of: Option<Port> },
    /// `by` has `of` in its table of nodes, out of handshake.
    Knows { by: Port, of: Port },
    /// `by` has `of` with this mark in its table of nodes.
    Sees { by: Port, of: Port, what: Opinion },
    /// `by` believes that `owner` serves the slot.
    SeesOwner { by: Port, owner: Port, slot: Slot },
    /// `cluster_state:ok` at this node.
    ClusterOk(Port),
    /// `cluster_state:fail` at this node.
    ClusterFail(Port),
    /// The replica's own ROLE says that its link to this master is connected.
    Linked { replica: Port, master: Port },
    /// All live nodes agree on who is master, who replicates whom, who serves which slot, and who
    /// is failed.
    Settled,
}

/// What one node believes of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opinion {
    /// Neither PFAIL nor FAIL.
    Ok,
    /// PFAIL: the believer itself cannot reach it. Not held any more once it is FAIL.
    Pfail,
    /// FAIL: a majority of masters could not reach it.
    Fail,
    Master,
    Replica,
}

/// One form of a condition, for help and documents.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub usage: &'static str,
    /// A condition that is read and printed as it stands.
    pub example: &'static str,
    pub about: &'static str,
}

const fn form(usage: &'static str, example: &'static str, about: &'static str) -> Form {
    Form { usage, example, about }
}

/// All forms, in the order of the help.
pub const FORMS: &[Form] = &[
    form("PORT is master", "7004 is master", "its own ROLE"),
    form("PORT is replica [of PORT]", "7001 is replica of 7004", "its own ROLE"),
    form("PORT knows PORT", "7000 knows 7006", "its CLUSTER NODES"),
    form(
        "PORT sees PORT ok|pfail|fail|master|replica",
        "7000 sees 7001 pfail",
        "its CLUSTER NODES",
    ),
    form("PORT sees PORT own SLOT", "7000 sees 7004 own 10778", "its CLUSTER SLOTS"),
    form("PORT cluster ok|fail", "7000 cluster fail", "its CLUSTER INFO"),
    form("PORT linked to PORT", "7004 linked to 7001", "the replica's ROLE: connected"),
    form("settled", "settled", "all live nodes agree"),
];

const OPINIONS: &[(&str, Opinion)] = &[
    ("ok", Opinion::Ok),
    ("pfail", Opinion::Pfail),
    ("fail", Opinion::Fail),
    ("master", Opinion::Master),
    ("replica", Opinion::Replica),
];

/// A condition of one node.
type OfNode = fn(Port) -> Condition;

const CLUSTER_STATES: &[(&str, OfNode)] =
    &[("ok", Condition::ClusterOk), ("fail", Condition::ClusterFail)];

/// What follows the name of the node: one row for each word.
type Read = fn(Port, &mut Scan) -> Result<Condition, TextError>;

const PREDICATES: &[(&str, Read)] = &[
    ("is", read_role),
    ("sees", read_sight),
    ("knows", |by, scan| {
        let of = scan.port()?;
        Ok(Condition::Knows { by, of })
    }),
    ("cluster", |node, scan| Ok(scan.choice("state of a cluster", CLUSTER_STATES)?(node))),
    ("linked", |replica, scan| {
        scan.keyword("to")?;
        let master = scan.port()?;
        Ok(Condition::Linked { replica, master })
    }),
];

impl Condition {
    /// Reads a condition that is the whole text.
    pub fn parse(text: &str) -> Result<Condition, TextError> {
        let mut scan = Scan::new(text, "a condition, as in: 7000 sees 7001 fail")?;
        let condition = Condition::read(&mut scan)?;
        scan.finish()?;
        Ok(condition)
    }

    /// Reads a condition and leaves what follows it.
    pub(in crate::world) fn read(scan: &mut Scan) -> Result<Condition, TextError> {
        if scan.eat("settled") {
            return Ok(Condition::Settled);
        }
        let node = scan.port()?;
        let read = scan.choice("condition", PREDICATES)?;
        read(node, scan)
    }

    /// The nodes that the condition names.
    pub fn ports(&self) -> Vec<Port> {
        match *self {
            Condition::IsMaster(node)
            | Condition::ClusterOk(node)
            | Condition::ClusterFail(node)
            | Condition::IsReplica { node, of: None } => vec![node],
            Condition::IsReplica { node, of: Some(of) } => vec![node, of],
            Condition::Knows { by, of } | Condition::Sees { by, of, .. } => vec![by, of],
            Condition::SeesOwner { by, owner, .. } => vec![by, owner],
            Condition::Linked { replica, master } => vec![replica, master],
            Condition::Settled => Vec::new(),
        }
    }
}

fn read_role(node: Port, scan: &mut Scan) -> Result<Condition, TextError> {
    let is_master = scan.choice("role", &[("master", true), ("replica", false)])?;
    if is_master {
        return Ok(Condition::IsMaster(node));
    }
    let of = match scan.eat("of") {
        true => Some(scan.port()?),
        false => None,
    };
    Ok(Condition::IsReplica { node, of })
}

fn read_sight(by: Port, scan: &mut Scan) -> Result<Condition, TextError> {
    let of = scan.port()?;
    if scan.eat("own") {
        let slot = read_slot(scan)?;
        return Ok(Condition::SeesOwner { by, owner: of, slot });
    }
    let what = scan.choice("opinion", OPINIONS)?;
    Ok(Condition::Sees { by, of, what })
}

fn read_slot(scan: &mut Scan) -> Result<Slot, TextError> {
    let found = scan.text("slot")?;
    let number = super::step::scan::whole_number(&found);
    let slot = number.and_then(|number| Slot::new(u64::from(number)));
    slot.ok_or_else(|| {
        let message = format!("`{found}` is no slot");
        scan.at_last(message, "slots are numbered from 0 to 16383")
    })
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = OPINIONS.iter().find(|(_, value)| value == self);
        f.write_str(row.expect("every opinion has a row").0)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::IsMaster(node) => write!(f, "{node} is master"),
            Condition::IsReplica { node, of: None } => write!(f, "{node} is replica"),
            Condition::IsReplica { node, of: Some(of) } => write!(f, "{node} is replica of {of}"),
            Condition::Knows { by, of } => write!(f, "{by} knows {of}"),
            Condition::Sees { by, of, what } => write!(f, "{by} sees {of} {what}"),
            Condition::SeesOwner { by, owner, slot } => write!(f, "{by} sees {owner} own {slot}"),
            Condition::ClusterOk(node) => write!(f, "{node} cluster ok"),
            Condition::ClusterFail(node) => write!(f, "{node} cluster fail"),
            Condition::Linked { replica, master } => write!(f, "{replica} linked to {master}"),
            Condition::Settled => f.write_str("settled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_prints_as_it_is_read() {
        for form in FORMS {
            let condition = Condition::parse(form.example);
            let condition = condition.unwrap_or_else(|error| panic!("{}: {error}", form.example));
            assert_eq!(condition.to_string(), form.example);
        }
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let cases = [
            ("7000 sees 7001 dead", 16, "one of: ok, pfail, fail, master, replica"),
            ("7000 see 7001 fail", 6, "did you mean `sees`?"),
            ("7000 sees 7001 own 20000", 20, "slots are numbered from 0 to 16383"),
        ];
        for (text, column, help) in cases {
            let error = Condition::parse(text).unwrap_err();
            assert_eq!((error.column, error.help.as_str()), (column, help), "{text}");
        }
    }
}
