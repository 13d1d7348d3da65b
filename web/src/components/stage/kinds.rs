//! What messages look like: a shape and an ink for each kind, the same at rest and in flight.

/// A kind of message, as far as it has a look of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What a client asks, and what it is answered.
    Request,
    Redirect,
    Replication,
    Heartbeat,
    Fail,
    VoteAsked,
    VoteGiven,
    /// MEET and UPDATE.
    Pentagon,
}

/// The inks of the stage; the style sheet has a class `ink-...` for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Text,
    Dim,
    Accent,
    Fail,
    Ground,
}

impl Ink {
    pub const ALL: [Ink; 5] = [Ink::Text, Ink::Dim, Ink::Accent, Ink::Fail, Ink::Ground];

    pub fn class(self) -> &'static str {
        match self {
            Ink::Text => "ink-text",
            Ink::Dim => "ink-dim",
            Ink::Accent => "ink-accent",
            Ink::Fail => "ink-fail",
            Ink::Ground => "ink-ground",
        }
    }
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Request,
        Kind::Redirect,
        Kind::Replication,
        Kind::Heartbeat,
        Kind::Fail,
        Kind::VoteAsked,
        Kind::VoteGiven,
        Kind::Pentagon,
    ];

    /// The kind of what is called this.
    pub fn of(what: &str) -> Kind {
        match what {
            "PING" | "PONG" => Kind::Heartbeat,
            "FAIL" => Kind::Fail,
            "AUTH-REQ" => Kind::VoteAsked,
            "AUTH-ACK" => Kind::VoteGiven,
            "MEET" | "UPDATE" => Kind::Pentagon,
            what if what.starts_with("replication") => Kind::Replication,
            _ => Kind::Request,
        }
    }

    pub fn ink(self) -> Ink {
        match self {
            Kind::Request | Kind::Redirect => Ink::Text,
            Kind::Replication | Kind::Heartbeat => Ink::Dim,
            Kind::Fail => Ink::Fail,
            Kind::VoteAsked | Kind::VoteGiven | Kind::Pentagon => Ink::Accent,
        }
    }

    /// What is filled, about the middle.
    pub fn shape(self) -> &'static str {
        match self {
            Kind::Request => "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
            Kind::Redirect => "M-6 2a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
            Kind::Replication => "M-6.5 -2.5h5v5h-5zM1.5 -2.5h5v5h-5z",
            Kind::Heartbeat => "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
            Kind::Fail => "M0 -8L8 0L0 8L-8 0z",
            Kind::VoteAsked | Kind::VoteGiven => "M0 -8L8 7H-8z",
            Kind::Pentagon => "M0 -8L8 -2L5 7H-5L-8 -2z",
        }
    }

    /// What is drawn with a line, and whether on the shape (in the ground's ink) or beside it.
    pub fn stroke(self) -> Option<(&'static str, Ink)> {
        match self {
            Kind::VoteGiven => Some(("M-3 2.5L-0.8 4.8L3.4 0", Ink::Ground)),
            Kind::Redirect => Some(("M-2 -3V-6H6V1M3.5 -1.5L6 1L8.5 -1.5", Ink::Text)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_message_has_its_kind() {
        let kinds = [
            ("PONG", Kind::Heartbeat),
            ("AUTH-REQ", Kind::VoteAsked),
            ("AUTH-ACK", Kind::VoteGiven),
            ("replication command", Kind::Replication),
            ("command", Kind::Request),
        ];
        for (what, kind) in kinds {
            assert_eq!(Kind::of(what), kind, "{what}");
        }
    }
}
