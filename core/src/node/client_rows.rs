//! The CLIENT command: what a client asks about itself and the others.
//!
//! The rule (Redis 7.0, `networking.c: clientCommand`). A name is any bytes that can be seen, or
//! nothing, which takes the name away. REPLY OFF silences replies until REPLY ON, which alone is
//! answered; SKIP silences the next one. News (pub/sub messages) is no reply, and comes through.

use bytes::Bytes;

use super::Node;
use super::client::{Mute, Spared};
use super::command::{CONNECTED, NodeRow, Run, wrong_subcommand};
use super::connection::Answer;
use super::pause::{Kind, Purpose};
use super::port::Effects;
use super::{blocked, client_list};
use crate::data::{self, Flags, Group, Reply, Spec};
use crate::words::ConnId;

#[rustfmt::skip]
const HELP: [&str; 48] = [
    "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "HELP",
    "    Prints this help.",
];

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE),
        usage,
        summary,
        since: "2.4.0",
        group: Group::Connection,
        ..Spec::BLANK
    }
}

const fn admin(spec: Spec) -> Spec {
    Spec { flags: spec.flags.and(Flags::ADMIN), ..spec }
}

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("client|getname", 2, "", "The name of this connection.").since("2.6.9"),
        run: Run::Reply(get_name),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::LOADING.and(Flags::STALE),
            since: "5.0.0",
            ..spec("client|help", 2, "", "What there is of CLIENT.")
        },
        run: Run::Reply(|_, _, _, _| {
            Reply::Array(HELP.iter().map(|&line| Reply::simple(line)).collect())
        }),
    },
    NodeRow {
        spec: spec("client|info", 2, "", "The line of this connection.")
            .tips(&["nondeterministic_output"])
            .since("6.2.0"),
        run: Run::Reply(client_list::info),
    },
    NodeRow {
        spec: admin(spec("client|kill", -3, "ip:port | option value ...", "End connections.")),
        run: Run::Answer(client_list::kill),
    },
    NodeRow {
        spec: admin(spec("client|list", -2, "[TYPE type] [ID id ...]", "All connections."))
            .tips(&["nondeterministic_output"]),
        run: Run::Reply(client_list::list),
    },
    NodeRow {
        spec: admin(spec("client|no-evict", 3, "<ON|OFF>", "Spare this connection's memory."))
            .since("7.0.0"),
        run: Run::Reply(|node, conn, args, _| {
            let spare = match args[2].to_ascii_lowercase().as_slice() {
                b"on" => Spared::Yes,
                b"off" => Spared::No,
                _ => return Reply::syntax_error(),
            };
            node.client_mut(conn).expect(CONNECTED).spare(spare);
            Reply::ok()
        }),
    },
    NodeRow {
        spec: Spec {
            since: "6.0.0",
            ..spec(
                "client|tracking",
                -3,
                "<ON|OFF> [REDIRECT client-id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] \
                 [NOLOOP]",
                "Have changes of keys told; here it is refused.",
            )
        },
        run: Run::Reply(|_, _, args, _| match args[2].to_ascii_lowercase().as_slice() {
            b"off" => Reply::ok(),
            b"on" => Reply::error("ERR Client side caching is not supported"),
            _ => Reply::syntax_error(),
        }),
    },
    NodeRow {
        spec: Spec {
            since: "6.2.0",
            ..spec("client|trackinginfo", 2, "", "That nothing is told.")
        },
        run: Run::Reply(|_, _, _, _| tracking_info()),
    },
    NodeRow {
        spec: Spec { since: "6.0.0", ..spec("client|getredir", 2, "", "Who is told; nobody is.") },
        run: Run::Reply(|_, _, _, _| Reply::Integer(-1)),
    },
    NodeRow {
        spec: Spec {
            since: "6.0.0",
            ..spec("client|caching", 3, "<YES|NO>", "Whether the next keys are tracked.")
        },
        run: Run::Reply(|_, _, _, _| {
            Reply::error(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with \
                 OPTIN or OPTOUT mode enabled",
            )
        }),
    },
    NodeRow {
        spec: admin(spec("client|unblock", -3, "client-id [TIMEOUT|ERROR]", "Wake a client."))
            .since("5.0.0"),
        run: Run::Reply(blocked::unblock),
    },
    NodeRow {
        spec: spec("client|id", 2, "", "The number of this connection.").since("5.0.0"),
        run: Run::Reply(|node, conn, _, _| {
            Reply::Integer(node.client(conn).expect(CONNECTED).id() as i64)
        }),
    },
    NodeRow {
        spec: admin(spec("client|pause", -3, "timeout [WRITE|ALL]", "Have calls wait."))
            .since("2.9.50"),
        run: Run::Reply(pause),
    },
    NodeRow {
        spec: spec("client|reply", 3, "<ON|OFF|SKIP>", "Whether calls are answered.")
            .since("3.2.0"),
        run: Run::Answer(reply),
    },
    NodeRow {
        spec: spec("client|setname", 3, "connection-name", "Name this connection.").since("2.6.9"),
        run: Run::Reply(set_name),
    },
    NodeRow {
        spec: admin(spec("client|unpause", 2, "", "Let calls that wait go on.")).since("6.2.0"),
        run: Run::Reply(|node, _, _, _| {
            node.unpause_clients(Purpose::Command);
            Reply::ok()
        }),
    },
];

/// CLIENT TRACKINGINFO of a client that tracks nothing.
fn tracking_info() -> Reply {
    Reply::Map(vec![
        (Reply::bulk("flags"), Reply::Set(vec![Reply::bulk("off")])),
        (Reply::bulk("redirect"), Reply::Integer(-1)),
        (Reply::bulk("prefixes"), Reply::Array(Vec::new())),
    ])
}

fn get_name(node: &mut Node, conn: ConnId, _: &[Bytes], _: &mut Effects) -> Reply {
    let name = node.client(conn).expect(CONNECTED).name();
    if name.is_empty() { Reply::Null } else { Reply::Bulk(name.clone()) }
}

fn set_name(node: &mut Node, conn: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    if let Err(error) = check_name(&args[2]) {
        return error;
    }
    node.client_mut(conn).expect(CONNECTED).set_name(args[2].clone());
    Reply::ok()
}

pub(super) fn check_name(name: &[u8]) -> Result<(), Reply> {
    if name.iter().all(u8::is_ascii_graphic) {
        return Ok(());
    }
    Err(Reply::error("ERR Client names cannot contain spaces, newlines or special characters."))
}

fn pause(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    if args.len() > 4 {
        return wrong_subcommand(args);
    }
    let kind = match args.get(3) {
        None => Kind::All,
        Some(word) if word.eq_ignore_ascii_case(b"all") => Kind::All,
        Some(word) if word.eq_ignore_ascii_case(b"write") => Kind::Writes,
        Some(_) => return Reply::error("ERR CLIENT PAUSE mode must be WRITE or ALL"),
    };
    let until_ms = match read_timeout(&args[2], node.now_ms()) {
        Ok(until_ms) => u64::try_from(until_ms).unwrap_or(0),
        Err(error) => return error,
    };
    node.pause_clients(Purpose::Command, kind, until_ms);
    Reply::ok()
}

/// A number of milliseconds as the moment that it means, in ms; 0 means no moment. A sum that is
/// too great is negative, as in Redis (`timeout.c: getTimeoutFromObjectOrReply`).
pub(super) fn read_timeout(text: &[u8], now_ms: u64) -> Result<i64, Reply> {
    match data::parse_integer(text) {
        None => Err(Reply::error("ERR timeout is not an integer or out of range")),
        Some(..0) => Err(Reply::error("ERR timeout is negative")),
        Some(0) => Ok(0),
        Some(timeout_ms) => Ok(timeout_ms.wrapping_add(now_ms as i64)),
    }
}

fn reply(node: &mut Node, conn: ConnId, args: &[Bytes], _: &mut Effects) -> Answer {
    let client = node.client_mut(conn).expect(CONNECTED);
    match args[2].to_ascii_lowercase().as_slice() {
        b"on" => {
            client.set_mute(Mute::Never);
            Reply::ok().into()
        }
        b"off" => {
            client.set_mute(Mute::Always);
            Answer::Nothing
        }
        b"skip" => {
            if client.mute() != Mute::Always {
                client.set_mute(Mute::Next);
            }
            Answer::Nothing
        }
        _ => Reply::syntax_error().into(),
    }
}
