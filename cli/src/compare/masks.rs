//! What of two replies may differ though both servers are right.
//!
//! Ids, addresses and ports are the same on both sides already, since the adapter translates them.
//! What is left: times, offsets and counters, which grow with real time and are masked; and views
//! of the topology, which are sets, since Redis lists nodes in the order of a hash table; it does
//! so with settings and channels, too. Nothing else is touched: texts, kinds of replies, the order
//! of fields.

use bytes::Bytes;
use hashslot_core::data::Reply;

/// The reply to a call, without what may differ.
pub fn masked(call: &[Bytes], reply: Reply) -> Reply {
    let words: Vec<String> = call
        .iter()
        .take(2)
        .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(row) = ROWS.iter().find(|row| words.starts_with(row.0)) else { return reply };
    if reply.is_error() { reply } else { (row.1)(reply) }
}

type Mask = fn(Reply) -> Reply;

/// The calls whose replies are masked.
const ROWS: &[(&[&str], Mask)] = &[
    (&["cluster", "nodes"], |reply| text(reply, nodes)),
    (&["cluster", "replicas"], |reply| list_of(reply, |item| text(item, nodes))),
    (&["cluster", "slaves"], |reply| list_of(reply, |item| text(item, nodes))),
    (&["cluster", "info"], |reply| text(reply, cluster_info)),
    (&["cluster", "slots"], |reply| list_of(reply, sort_replicas)),
    (&["cluster", "shards"], |reply| list_of(reply, shard)),
    (&["cluster", "links"], |reply| list_of(reply, link)),
    (&["config", "get"], settings),
    (&["pubsub", "channels"], |reply| list_of(reply, |item| item)),
    (&["pubsub", "shardchannels"], |reply| list_of(reply, |item| item)),
    (&["role"], role),
    (&["hello"], |reply| fields(reply, &["id"])),
    (&["info"], |reply| text(reply, info)),
    (&["keys"], |reply| list_of(reply, |item| item)),
    (&["randomkey"], present),
    (&["time"], |_| Reply::simple("a time")),
    (&["client", "id"], present),
    (&["client", "list"], |reply| text(reply, client_list)),
    (&["client", "info"], |reply| text(reply, client_list)),
    (&["scan"], |_| Reply::simple("a page")),
    (&["dump"], present),
    (&["lastsave"], present),
    (&["wait"], present),
    (&["object", "idletime"], present),
    // They tell of how the value came about.
    (&["object", "encoding"], present),
    (&["object", "refcount"], present),
    (&["memory", "usage"], present),
    // There are fewer commands here.
    (&["command", "getkeys"], |reply| reply),
    (&["command", "getkeysandflags"], |reply| reply),
    (&["command", "help"], |reply| reply),
    (&["command"], |_| Reply::simple("commands")),
    (&["acl", "cat"], |_| Reply::simple("categories, or commands")),
    (&["slowlog", "get"], |_| Reply::simple("slow calls")),
    (&["slowlog", "len"], present),
];

/// The names of the fields, once.
fn client_list(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let names = first.split(' ').map(|field| field.split('=').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(" ")
}

fn present(reply: Reply) -> Reply {
    match reply {
        Reply::Bulk(_) | Reply::Integer(_) => Reply::simple("something"),
        other => other,
    }
}

fn text(reply: Reply, mask: fn(&str) -> String) -> Reply {
    let masked = |text: &Bytes| mask(&String::from_utf8_lossy(text)).into();
    match reply {
        Reply::Bulk(text) => Reply::Bulk(masked(&text)),
        Reply::Verbatim { format, text } => Reply::Verbatim { format, text: masked(&text) },
        other => other,
    }
}

/// The items of a list, masked and as a set.
fn list_of(reply: Reply, mask: Mask) -> Reply {
    let sorted = |items: Vec<Reply>| {
        let mut items: Vec<Reply> = items.into_iter().map(mask).collect();
        items.sort_by_key(|item| format!("{item:?}"));
        items
    };
    match reply {
        Reply::Array(items) => Reply::Array(sorted(items)),
        Reply::Set(items) => Reply::Set(sorted(items)),
        other => other,
    }
}

/// Names and values in turn, as a set.
fn settings(reply: Reply) -> Reply {
    let Reply::Array(items) = reply else { return reply };
    let mut pairs: Vec<&[Reply]> = items.chunks(2).collect();
    pairs.sort_by_key(|pair| format!("{pair:?}"));
    Reply::Array(pairs.concat())
}

/// Lines of CLUSTER NODES, or of nodes.conf, as a set, without the times of ping and pong.
pub fn nodes(text: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        if words[0] == "vars" {
            return format!("{line}\n");
        }
        words.iter_mut().skip(4).take(2).for_each(|word| *word = "<time>");
        words.join(" ") + "\n"
    };
    let mut lines: Vec<String> = text.lines().map(line).collect();
    lines.sort();
    lines.concat()
}

/// Counters of messages grow with time; which of them there are depends on it, too.
fn cluster_info(text: &str) -> String {
    let is_counter = |line: &&str| {
        let totals = ["cluster_stats_messages_sent:", "cluster_stats_messages_received:"];
        line.starts_with("cluster_stats_messages_") && !totals.iter().any(|t| line.starts_with(t))
    };
    let line = |line: &str| match line.strip_prefix("cluster_stats_messages_") {
        Some(rest) => format!("{}\n", rest.split(':').next().unwrap_or_default()),
        None => format!("{line}\n"),
    };
    text.lines().filter(|line| !is_counter(line)).map(line).collect()
}

/// A run of slots: who serves it, then its replicas as a set.
fn sort_replicas(run: Reply) -> Reply {
    match run {
        Reply::Array(mut parts) if parts.len() > 3 => {
            parts[3..].sort_by_key(|part| format!("{part:?}"));
            Reply::Array(parts)
        }
        other => other,
    }
}

fn shard(shard: Reply) -> Reply {
    let nodes = |nodes: Reply| list_of(nodes, |node| fields(node, &["replication-offset"]));
    match shard {
        Reply::Array(parts) => Reply::Array(
            parts
                .into_iter()
                .enumerate()
                .map(|(index, part)| if index == 3 { nodes(part) } else { part })
                .collect(),
        ),
        Reply::Map(pairs) => {
            let pair = |(name, value)| match name == Reply::bulk("nodes") {
                true => (name, nodes(value)),
                false => (name, value),
            };
            Reply::Map(pairs.into_iter().map(pair).collect())
        }
        other => other,
    }
}

/// What waits to be sent, and that the link is watched for it, is over in a moment.
fn link(link: Reply) -> Reply {
    fields(link, &["create-time", "events", "send-buffer-allocated", "send-buffer-used"])
}

/// The values of these fields, in a map or a flat list of names and values, as 0.
fn fields(reply: Reply, names: &[&str]) -> Reply {
    let is_named =
        |name: &Reply| names.iter().any(|known| *name == Reply::bulk((*known).to_owned()));
    match reply {
        Reply::Map(pairs) => {
            let pair = |(name, value)| match is_named(&name) {
                true => (name, Reply::Integer(0)),
                false => (name, value),
            };
            Reply::Map(pairs.into_iter().map(pair).collect())
        }
        Reply::Array(mut parts) => {
            for index in (0..parts.len()).step_by(2) {
                if is_named(&parts[index]) && index + 1 < parts.len() {
                    parts[index + 1] = Reply::Integer(0);
                }
            }
            Reply::Array(parts)
        }
        other => other,
    }
}

/// ROLE without offsets: of a master and of each of its replicas, or of a replica.
fn role(reply: Reply) -> Reply {
    let Reply::Array(mut parts) = reply else { return reply };
    if parts.first() == Some(&Reply::bulk("slave")) {
        parts.iter_mut().skip(4).for_each(|offset| *offset = Reply::Integer(0));
        return Reply::Array(parts);
    }
    parts.iter_mut().skip(1).take(1).for_each(|offset| *offset = Reply::Integer(0));
    if let Some(Reply::Array(replicas)) = parts.get_mut(2) {
        for replica in replicas.iter_mut() {
            if let Reply::Array(fields) = replica {
                fields.iter_mut().skip(2).for_each(|offset| *offset = Reply::bulk("0"));
            }
        }
        replicas.sort_by_key(|replica| format!("{replica:?}"));
    }
    Reply::Array(parts)
}

/// The fields of INFO whose values follow from the script, and not from time or machine.
const INFO_COMPARED: &[&str] = &[
    "role",
    "connected_slaves",
    "master_host",
    "master_port",
    "master_link_status",
    "master_sync_in_progress",
    "slave_read_only",
    "replica_announced",
    "slave_priority",
    "master_failover_state",
    "cluster_enabled",
    "redis_version",
    "redis_mode",
    "repl_backlog_active",
    "repl_backlog_size",
    "db0",
];

/// INFO: all names in their order, and the values that follow from the script.
fn info(text: &str) -> String {
    let line = |line: &str| match line.split_once(':') {
        Some(("db0", value)) => format!("db0:{}\n", value.split(',').next().unwrap_or_default()),
        Some((name, value)) if INFO_COMPARED.contains(&name) => format!("{name}:{value}\n"),
        Some((name, _)) => format!("{name}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
