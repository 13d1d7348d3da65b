//! The commands of pub/sub, as rows (Redis 7.0, `pubsub.c`).
//!
//! A client that listens to something in RESP2 may not say much else, since what it hears and what
//! it is answered look alike there; and its PING has another form. In RESP3 pushes are marked, and
//! nothing is forbidden.

use bytes::Bytes;

use super::Node;
use super::bus::Publication;
use super::command::{NodeRow, Run, wrong_subcommand};
use super::connection::Answer;
use super::pubsub::Kind;
use super::report;
use crate::data::{Flags, Group, KeySpec, KeyUse, Protocol, Reply, Spec, glob_matches};
use crate::words::ConnId;

const PUBSUB: Flags = Flags::PUBSUB.and(Flags::LOADING).and(Flags::STALE);
const LISTEN: Flags = PUBSUB.and(Flags::NOSCRIPT);

const fn spec(
    name: &'static str,
    arity: i32,
    flags: Flags,
    usage: &'static str,
    summary: &'static str,
) -> Spec {
    let (since, group) = ("2.0.0", Group::PubSub);
    Spec { name, arity, flags, usage, summary, since, group, ..Spec::BLANK }
}

const fn shard_spec(spec: Spec, keys: KeySpec) -> Spec {
    Spec { keys, since: "7.0.0", ..spec }
}

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("subscribe", -2, LISTEN, "channel [channel ...]", "Listen to channels."),
        run: Run::Answer(|node, conn, args, _| subscribe(node, conn, Kind::Channel, args)),
    },
    NodeRow {
        spec: spec(
            "unsubscribe",
            -1,
            LISTEN,
            "[channel [channel ...]]",
            "Stop listening to channels, or to all of them.",
        ),
        run: Run::Answer(|node, conn, args, _| unsubscribe(node, conn, Kind::Channel, args)),
    },
    NodeRow {
        spec: spec(
            "psubscribe",
            -2,
            LISTEN,
            "pattern [pattern ...]",
            "Listen to all channels whose names match.",
        ),
        run: Run::Answer(|node, conn, args, _| subscribe(node, conn, Kind::Pattern, args)),
    },
    NodeRow {
        spec: spec(
            "punsubscribe",
            -1,
            LISTEN,
            "[pattern [pattern ...]]",
            "Stop listening to patterns, or to all of them.",
        ),
        run: Run::Answer(|node, conn, args, _| unsubscribe(node, conn, Kind::Pattern, args)),
    },
    NodeRow {
        spec: spec(
            "publish",
            3,
            PUBSUB.and(Flags::FAST).and(Flags::MAY_REPLICATE),
            "channel message",
            "Say something on a channel, at all nodes.",
        ),
        run: Run::Reply(|node, _, args, out| {
            Reply::Integer(node.publish(publication(args), out) as i64)
        }),
    },
    NodeRow {
        spec: shard_spec(
            spec(
                "ssubscribe",
                -2,
                LISTEN,
                "shardchannel [shardchannel ...]",
                "Listen to channels of one slot's shard.",
            ),
            KeySpec::ALL,
        )
        .uses(&[KeyUse::NO_KEY]),
        run: Run::Answer(|node, conn, args, _| subscribe(node, conn, Kind::Shard, args)),
    },
    NodeRow {
        spec: shard_spec(
            spec(
                "sunsubscribe",
                -1,
                LISTEN,
                "[shardchannel [shardchannel ...]]",
                "Stop listening to channels of a shard.",
            ),
            KeySpec::ALL,
        )
        .uses(&[KeyUse::NO_KEY]),
        run: Run::Answer(|node, conn, args, _| unsubscribe(node, conn, Kind::Shard, args)),
    },
    NodeRow {
        spec: shard_spec(
            spec(
                "spublish",
                3,
                PUBSUB.and(Flags::FAST).and(Flags::MAY_REPLICATE),
                "shardchannel message",
                "Say something on a channel of a shard, at its nodes.",
            ),
            KeySpec::ONE,
        )
        .uses(&[KeyUse::NO_KEY]),
        run: Run::Reply(|node, _, args, out| {
            Reply::Integer(node.publish_in_shard(publication(args), out) as i64)
        }),
    },
];

/// The subcommands of PUBSUB.
pub(super) const INTROSPECTION: &[NodeRow] = &[
    NodeRow {
        spec: Spec {
            since: "2.8.0",
            ..spec(
                "pubsub|channels",
                -2,
                PUBSUB,
                "[pattern]",
                "The channels that somebody listens to here.",
            )
        },
        run: Run::Reply(|node, _, args, _| channels(node, Kind::Channel, args)),
    },
    NodeRow {
        spec: Spec {
            since: "2.8.0",
            ..spec("pubsub|numpat", 2, PUBSUB, "", "How many patterns are listened to here.")
        },
        run: Run::Reply(|node, _, _, _| {
            Reply::Integer(node.pubsub.active(Kind::Pattern).len() as i64)
        }),
    },
    NodeRow {
        spec: Spec {
            since: "2.8.0",
            ..spec(
                "pubsub|numsub",
                -2,
                PUBSUB,
                "[channel [channel ...]]",
                "How many listen to each channel here.",
            )
        },
        run: Run::Reply(|node, _, args, _| counts(node, Kind::Channel, args)),
    },
    NodeRow {
        spec: Spec {
            since: "7.0.0",
            ..spec(
                "pubsub|shardchannels",
                -2,
                PUBSUB,
                "[pattern]",
                "The channels of the shard that somebody listens to here.",
            )
        },
        run: Run::Reply(|node, _, args, _| channels(node, Kind::Shard, args)),
    },
    NodeRow {
        spec: Spec {
            since: "7.0.0",
            ..spec(
                "pubsub|shardnumsub",
                -2,
                PUBSUB,
                "[shardchannel [shardchannel ...]]",
                "How many listen to each channel of the shard here.",
            )
        },
        run: Run::Reply(|node, _, args, _| counts(node, Kind::Shard, args)),
    },
    NodeRow {
        spec: Spec {
            since: "6.2.0",
            ..spec(
                "pubsub|help",
                2,
                Flags::LOADING.and(Flags::STALE),
                "",
                "The subcommands and what they do.",
            )
        },
        run: Run::Reply(|_, _, _, _| report::pubsub_help()),
    },
];

/// What a listener in RESP2 may say besides PING, QUIT, RESET and this.
const ABOUT_LISTENING: [&str; 9] = [
    "subscribe",
    "unsubscribe",
    "psubscribe",
    "punsubscribe",
    "ssubscribe",
    "sunsubscribe",
    "ping",
    "quit",
    "reset",
];

fn publication(args: &[Bytes]) -> Publication {
    Publication { channel: args[1].clone(), message: args[2].clone() }
}

/// Each name is answered with a message of its own. In a transaction Redis allows it to channels
/// and patterns only.
fn subscribe(node: &mut Node, conn: ConnId, kind: Kind, args: &[Bytes]) -> Answer {
    let is_in_transaction = node.client(conn).is_some_and(|client| client.queue().is_some());
    if kind == Kind::Shard && is_in_transaction {
        let error = "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client";
        return Answer::One(Reply::error(error));
    }
    args[1..].iter().for_each(|name| node.subscribe(conn, kind, name));
    Answer::Nothing
}

fn unsubscribe(node: &mut Node, conn: ConnId, kind: Kind, args: &[Bytes]) -> Answer {
    match &args[1..] {
        [] => node.unsubscribe_all(conn, kind),
        names => names.iter().for_each(|name| node.unsubscribe(conn, kind, name)),
    }
    Answer::Nothing
}

fn channels(node: &Node, kind: Kind, args: &[Bytes]) -> Reply {
    if args.len() > 3 {
        return wrong_subcommand(args);
    }
    let wanted = |name: &&Bytes| args.get(2).is_none_or(|pattern| glob_matches(pattern, name));
    let names = node.pubsub.active(kind).filter(wanted);
    Reply::Array(names.cloned().map(Reply::Bulk).collect())
}

fn counts(node: &Node, kind: Kind, args: &[Bytes]) -> Reply {
    let count = |name: &Bytes| Reply::Integer(node.pubsub.count(kind, name) as i64);
    let pairs = args[2..].iter().flat_map(|name| [Reply::Bulk(name.clone()), count(name)]);
    Reply::Array(pairs.collect())
}

impl Node {
    /// Whether a client hears messages among its replies, and cannot tell them apart.
    pub(super) fn is_in_subscribed_context(&self, conn: ConnId) -> bool {
        let protocol = self.client(conn).map(super::client::Client::protocol);
        protocol == Some(Protocol::Resp2) && self.pubsub.listens(conn)
    }

    /// Why a listener may not say this, if it may not.
    pub(super) fn judge_subscribed_context(&self, conn: ConnId, spec: &Spec) -> Option<Reply> {
        let name = spec.name;
        if !self.is_in_subscribed_context(conn) || ABOUT_LISTENING.contains(&name) {
            return None;
        }
        Some(Reply::error(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / \
             RESET are allowed in this context"
        )))
    }
}

/// The answer to a listener's PING.
pub(super) fn pong(spec: &Spec, args: &[Bytes]) -> Reply {
    let message = match args {
        [_] => Bytes::new(),
        [_, message] => message.clone(),
        _ => return spec.wrong_arity(),
    };
    Reply::Array(vec![Reply::bulk("pong"), Reply::Bulk(message)])
}

/// Whether a command is about shard channels, whose slots are served as those of keys are, but
/// without the keys that may be missing.
pub(super) fn is_about_shard_channels(spec: &Spec) -> bool {
    spec.flags.contains(Flags::PUBSUB) && spec.keys != KeySpec::NONE
}
