//! One command on its way to an answer.

use super::port::{Args, Endpoint, Failure, Timing};
use crate::words::{ConnId, Span, Time};

/// How long a user waits before `(waiting)` is printed.
pub(super) const PATIENCE: Span = Span::from_secs(1);
/// How long an aware client waits for a connection or a reply before it tries elsewhere.
pub(super) const TIMEOUT: Span = Span::from_secs(2);

/// What the client waits for at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// The answer to the command.
    Command,
    /// The OK to ASKING, after which the command may be sent.
    Asking,
    /// The map of slots.
    Refresh,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Lasts,
    /// `(waiting)` has been printed.
    Lost,
}

/// Where the request stands: which node it turned to, for what, and since when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    pub node: Endpoint,
    pub errand: Errand,
    pub since: Time,
    /// The connection on which it was sent; `None` while the connection is being opened.
    pub sent_on: Option<ConnId>,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub args: Args,
    pub asked_at: Time,
    /// `None` until its turn comes.
    pub stage: Option<Stage>,
    pub round_trips: u32,
    pub redirects: u32,
    /// The nodes that failed this request, and how.
    pub failed: Vec<(Endpoint, Failure)>,
    patience: Patience,
}

impl Request {
    pub fn new(args: Args, now: Time) -> Request {
        Request {
            args,
            asked_at: now,
            stage: None,
            round_trips: 0,
            redirects: 0,
            failed: Vec::new(),
            patience: Patience::Lasts,
        }
    }

    /// When `(waiting)` is due; `None` if it has been printed.
    pub fn patience_ends(&self) -> Option<Time> {
        (self.patience == Patience::Lasts).then(|| self.asked_at + PATIENCE)
    }

    pub fn lose_patience(&mut self) {
        self.patience = Patience::Lost;
    }

    pub fn timing(&self) -> Timing {
        match self.patience {
            Patience::Lasts => Timing::InTime,
            Patience::Lost => Timing::Late,
        }
    }
}
