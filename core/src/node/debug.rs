//! DEBUG: what a person does to a node to see what comes of it.
//!
//! The rule (Redis 7.0, `debug.c: debugCommand`, `cluster.c: clusterProcessPacket`): SLEEP stops
//! the process for some seconds, as a call that takes too long would; a text that is no number is
//! zero. CLUSTERLINK KILL ends the links with a peer, one way or both; the node opens its own again
//! at the next tick. DROP-CLUSTER-PACKET-FILTER makes the node deaf to one type of bus message,
//! given by its number; it is counted as received all the same.
//!
//! How we differ: nodes run as with `enable-debug-command yes`, and there are no other subcommands.
//! Where the real server ends with a failed assertion (a link that is not there, CLUSTERLINK
//! without more words), this one answers.

use bytes::Bytes;

use super::bus::Kind;
use super::cluster::find_node;
use super::command::{NodeRow, Run, wrong_subcommand};
use super::connection::Answer;
use super::fact::Fact;
use super::port::{Effect, Effects};
use super::{Node, report};
use crate::data::{self, Flags, Group, Reply, Spec};
use crate::words::{ConnId, Span};

pub(super) const ROWS: &[NodeRow] = &[NodeRow {
    spec: Spec {
        name: "debug",
        arity: -2,
        flags: Flags::ADMIN
            .and(Flags::NOSCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::PROTECTED),
        usage: "SLEEP seconds | CLUSTERLINK KILL to|from|all node-id | \
                DROP-CLUSTER-PACKET-FILTER type",
        summary: "Disturb this node.",
        since: "1.0.0",
        group: Group::Server,
        ..Spec::BLANK
    },
    run: Run::Answer(debug),
}];

fn debug(node: &mut Node, conn: ConnId, args: &[Bytes], out: &mut Effects) -> Answer {
    let is = |place: usize, word: &str| args[place].eq_ignore_ascii_case(word.as_bytes());
    let one = match args.len() {
        2 if is(1, "help") => report::debug_help(),
        3 if is(1, "sleep") => sleep(&args[2], out),
        3 if is(1, "drop-cluster-packet-filter") => drop_filter(node, &args[2]),
        5 if is(1, "clusterlink") && is(2, "kill") => {
            return kill_link(node, conn, &args[3], &args[4], out);
        }
        _ => wrong_subcommand(args),
    };
    Answer::One(one)
}

fn sleep(seconds: &[u8], out: &mut Effects) -> Reply {
    let span = Span::from_micros((leading_number(seconds) * 1e6) as u64);
    out.note(Fact::FellAsleep { span_ms: span.millis() });
    out.push(Effect::Busy { span, awaits: None });
    Reply::ok()
}

/// The number that a text begins with, as C's `strtod` reads it; 0 if there is none.
fn leading_number(text: &[u8]) -> f64 {
    let text = std::str::from_utf8(text).unwrap_or_default().trim_start();
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    (0..=end).rev().find_map(|end| text[..end].parse().ok()).unwrap_or(0.0)
}

fn drop_filter(node: &mut Node, number: &[u8]) -> Reply {
    let Some(number) = data::parse_integer(number) else {
        return Reply::error("ERR value is not an integer or out of range");
    };
    node.deaf_to = Kind::ALL.into_iter().find(|kind| i64::from(kind.number()) == number);
    Reply::ok()
}

/// A direction that there is not is an error, and is answered with OK besides, as by Redis.
fn kill_link(
    node: &mut Node,
    conn: ConnId,
    direction: &[u8],
    id: &[u8],
    out: &mut Effects,
) -> Answer {
    let index = match find_node(node, id) {
        Ok(index) => index,
        Err(error) => return Answer::One(error),
    };
    let (to, from) = (node.peers[index].link, node.peers.cold(index).inbound);
    let ends = match &*direction.to_ascii_lowercase() {
        b"to" => [to, None],
        b"from" => [None, from],
        b"all" => [to, from],
        _ => {
            let direction = String::from_utf8_lossy(direction);
            let error = Reply::error(format!("ERR Unknown direction {direction}"));
            node.reply_to_client(conn, &error);
            [None, None]
        }
    };
    for link in ends.into_iter().flatten() {
        node.free_link(link, out);
    }
    Answer::One(Reply::ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_far_as_it_goes() {
        for (text, number) in [
            ("1.5", 1.5),
            (" 2x", 2.0),
            ("1e", 1.0),
            ("1e1", 10.0),
            ("x", 0.0),
            ("", 0.0),
            ("-", 0.0),
            ("-3", -3.0),
        ] {
            assert_eq!(leading_number(text.as_bytes()), number, "{text:?}");
        }
    }
}
