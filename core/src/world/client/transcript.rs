//! What a user of `redis-cli` reads.
//!
//! The rule (Redis 7.0, `redis-cli.c: cliReadReply, cliConnect, cliPrintContextError`): replies in
//! the form of `--no-raw`; one line for each redirect that is followed; two sentences for a
//! connection that is refused or closed. Two lines are ours, since a transcript has no blinking
//! cursor: `(waiting)` after a second without an answer, and `NAME< ...` before what comes later.

use super::port::{ClientNote, Failure, Then, Timing};
use crate::data::{PrintForm, Reply, print_reply};
use crate::world::step::ClientKind;

impl ClientNote {
    /// The lines that this note prints at the terminal of a client called `name`.
    pub fn lines(&self, name: &str, kind: ClientKind) -> Vec<String> {
        match self {
            ClientNote::Asked { .. }
            | ClientNote::CacheRefreshed { .. }
            | ClientNote::WriteAcknowledged { .. }
            | ClientNote::ReadAnswered { .. }
            | ClientNote::NotAcknowledged { .. } => Vec::new(),
            ClientNote::Waiting { .. } => vec!["(waiting)".to_owned()],
            ClientNote::Redirected { slot, to, host, timing, .. } => match kind {
                ClientKind::Follow => {
                    let place = match host {
                        Some(host) => format!("{host}:{}", to.port()),
                        None => to.to_string(),
                    };
                    let line = format!("-> Redirected to slot [{slot}] located at {place}");
                    at_its_time(vec![line], name, *timing)
                }
                ClientKind::Plain | ClientKind::Aware => Vec::new(),
            },
            ClientNote::Answered { reply, form, timing, .. } => {
                at_its_time(printed(reply, *form), name, *timing)
            }
            ClientNote::Pushed { news, timing, .. } => {
                at_its_time(printed(news, PrintForm::Quoted), name, *timing)
            }
            ClientNote::Failed { then: Then::TriesAgain, .. } => Vec::new(),
            ClientNote::Failed { node, how, then: Then::GivesUp, timing } => {
                let line = match how {
                    Failure::Refused => {
                        format!("Could not connect to Redis at {node}: Connection refused")
                    }
                    Failure::ConnectTimeout => {
                        format!("Could not connect to Redis at {node}: Connection timed out")
                    }
                    Failure::Closed => "Error: Server closed the connection".to_owned(),
                    Failure::ReplyTimeout => "Error: Resource temporarily unavailable".to_owned(),
                };
                at_its_time(vec![line], name, *timing)
            }
        }
    }
}

fn printed(reply: &Reply, form: PrintForm) -> Vec<String> {
    let text = print_reply(reply, form);
    let lines = text.trim_end_matches('\n').split('\n');
    lines.map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

fn at_its_time(lines: Vec<String>, name: &str, timing: Timing) -> Vec<String> {
    match timing {
        Timing::InTime => lines,
        Timing::Late => lines.into_iter().map(|line| format!("{name}< {line}")).collect(),
    }
}
