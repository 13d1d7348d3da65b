//! The table of settings (Redis 7.0, `config.c: static_configs`): names, bounds, usual values.
//!
//! A setting that something reads has a field of [`Config`]; one that is only kept says
//! `Place::Shown`. Where the usual value differs from that of Redis, FIDELITY says so.

use super::value::{Kind, Place, Row, parse_size};
use super::{Config, Endpoint, Switch};
use crate::node::Node;
use crate::node::persistence::{Fsync, check_save_points};

const INT_MAX: i64 = i32::MAX as i64;
const LONG_MAX: i64 = i64::MAX;

/// Beyond this many seconds no run goes; more makes no difference.
const LONG_S: u64 = 1_000_000_000;
const LONG_MS: u64 = LONG_S * 1_000;
/// Beyond this, a number of nodes or a factor makes no difference.
const MANY: u64 = 1_000_000;
const SIZE_MOST: u64 = 1 << 40;

const fn number(
    name: &'static str,
    (least, most): (i64, i64),
    field: fn(&mut Config) -> &mut u64,
    felt_most: u64,
) -> Row {
    let (kind, place) = (Kind::Number(least, most), Place::Number(field, felt_most));
    Row { name, alias: None, kind, place }
}

const fn switch(name: &'static str, field: fn(&mut Config) -> &mut Switch) -> Row {
    Row { name, alias: None, kind: Kind::Switch, place: Place::Switch(field) }
}

const fn text(name: &'static str, field: fn(&mut Config) -> &mut String) -> Row {
    Row { name, alias: None, kind: Kind::Text(any_text), place: Place::Text(field) }
}

const fn shown(name: &'static str, kind: Kind, usual: &'static str) -> Row {
    Row { name, alias: None, kind, place: Place::Shown(usual) }
}

const fn fixed(name: &'static str, value: &'static str) -> Row {
    Row { name, alias: None, kind: Kind::Text(any_text), place: Place::Fixed(value) }
}

const fn own(name: &'static str, tell: fn(&Node) -> String) -> Row {
    Row { name, alias: None, kind: Kind::Text(any_text), place: Place::Own(tell) }
}

const fn alias(alias: &'static str, row: Row) -> Row {
    Row { alias: Some(alias), ..row }
}

fn any_text(text: &str) -> Result<String, &'static str> {
    Ok(text.to_owned())
}

fn hostname(text: &str) -> Result<String, &'static str> {
    const BYTES_MAX: usize = 255;
    if text.len() > BYTES_MAX {
        return Err("Hostnames must be less than 256 characters");
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    Ok(text.to_owned())
}

/// Addresses to listen at; a node here listens at its own, whatever it is told.
fn addresses(text: &str) -> Result<String, &'static str> {
    const MOST: usize = 16;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    if words.len() > MOST {
        return Err("Too many bind addresses specified.");
    }
    let is_address = |word: &&str| {
        let word = word.strip_prefix('-').unwrap_or(word);
        matches!(word, "*" | "::*") || word.parse::<std::net::IpAddr>().is_ok()
    };
    match words.iter().all(is_address) {
        true => Ok(words.join(" ")),
        false => Err("Failed to bind to specified addresses."),
    }
}

/// A number of bytes, or a part of the memory.
fn size_or_percent(text: &str) -> Result<String, &'static str> {
    const NEITHER: &str = "argument must be a memory or percent value";
    let Some(number) = text.strip_suffix('%') else {
        return parse_size(text).map(|bytes| bytes.to_string()).ok_or(NEITHER);
    };
    match number.parse::<u64>().map_err(|_| NEITHER)? {
        0 => Ok("0".to_owned()),
        percent if percent <= 100 => Ok(format!("{percent}%")),
        _ => Err("percentage argument must be less or equal to 100"),
    }
}

const OUTPUT_LIMITS: &str = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";

/// Classes of clients, each with a hard limit, a soft one, and for how many seconds it may be
/// passed; a class that is not named has its usual limits.
fn output_limits(text: &str) -> Result<String, &'static str> {
    const WRONG_NUMBER: &str = "Error in hard, soft or soft_seconds setting in buffer limit \
                                configuration.";
    let usual: Vec<&str> = OUTPUT_LIMITS.split(' ').collect();
    let mut limits: Vec<String> = usual.iter().map(|&word| word.to_owned()).collect();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.");
    }
    for group in words.chunks(4) {
        let class = match &*group[0].to_ascii_lowercase() {
            "replica" => "slave".to_owned(),
            other => other.to_owned(),
        };
        let class = usual.iter().step_by(4).position(|&known| known == class);
        let class = class.ok_or("Invalid client class specified in buffer limit configuration.")?;
        for (place, word) in group.iter().enumerate().skip(1) {
            let number = if place == 3 { word.parse().ok() } else { parse_size(word) };
            limits[class * 4 + place] = number.ok_or(WRONG_NUMBER)?.to_string();
        }
    }
    Ok(limits.join(" "))
}

const ENDPOINTS: &[&str] = &["ip", "hostname", "unknown-endpoint"];

const fn endpoint_place(config: &Config) -> usize {
    match config.preferred_endpoint {
        Endpoint::Ip => 0,
        Endpoint::Hostname => 1,
        Endpoint::Unknown => 2,
    }
}

fn set_endpoint(config: &mut Config, place: usize) {
    config.preferred_endpoint = [Endpoint::Ip, Endpoint::Hostname, Endpoint::Unknown][place];
}

const fn fsync_place(config: &Config) -> usize {
    match config.append_fsync {
        Fsync::EverySecond => 0,
        Fsync::Always => 1,
        Fsync::Never => 2,
    }
}

fn set_fsync(config: &mut Config, place: usize) {
    config.append_fsync = [Fsync::EverySecond, Fsync::Always, Fsync::Never][place];
}

pub(super) static ROWS: &[Row] = &[
    // The cluster.
    fixed("cluster-enabled", "yes"),
    fixed("cluster-config-file", "nodes.conf"),
    fixed("cluster-port", "0"),
    number("cluster-node-timeout", (0, LONG_MAX), |config| &mut config.node_timeout_ms, LONG_MS),
    alias(
        "cluster-slave-validity-factor",
        number(
            "cluster-replica-validity-factor",
            (0, INT_MAX),
            |config| &mut config.replica_validity_factor,
            MANY,
        ),
    ),
    number("cluster-migration-barrier", (0, INT_MAX), |config| &mut config.migration_barrier, MANY),
    switch("cluster-allow-replica-migration", |config| &mut config.allow_replica_migration),
    switch("cluster-require-full-coverage", |config| &mut config.require_full_coverage),
    alias(
        "cluster-slave-no-failover",
        switch("cluster-replica-no-failover", |config| &mut config.replica_no_failover),
    ),
    switch("cluster-allow-reads-when-down", |config| &mut config.allow_reads_when_down),
    switch("cluster-allow-pubsubshard-when-down", |config| &mut config.allow_pubsubshard_when_down),
    shown("cluster-link-sendbuf-limit", Kind::Size(0, u64::MAX), "0"),
    text("cluster-announce-ip", |config| &mut config.announce_ip),
    number("cluster-announce-port", (0, 65_535), |config| &mut config.announce_port, 65_535),
    shown("cluster-announce-tls-port", Kind::Number(0, 65_535), "0"),
    number(
        "cluster-announce-bus-port",
        (0, 65_535),
        |config| &mut config.announce_bus_port,
        65_535,
    ),
    Row {
        kind: Kind::Text(hostname),
        ..text("cluster-announce-hostname", |config| &mut config.announce_hostname)
    },
    Row {
        name: "cluster-preferred-endpoint-type",
        alias: None,
        kind: Kind::Choice(ENDPOINTS),
        place: Place::Choice(endpoint_place, set_endpoint),
    },
    // Replication.
    alias("slaveof", fixed("replicaof", "")),
    alias(
        "repl-ping-slave-period",
        number(
            "repl-ping-replica-period",
            (1, INT_MAX),
            |config| &mut config.repl_ping_period_s,
            LONG_S,
        ),
    ),
    number("repl-timeout", (1, INT_MAX), |config| &mut config.repl_timeout_s, LONG_S),
    Row {
        name: "repl-backlog-size",
        alias: None,
        kind: Kind::Size(1, i64::MAX as u64),
        place: Place::Number(|config| &mut config.repl_backlog_bytes, SIZE_MOST),
    },
    number("repl-backlog-ttl", (0, LONG_MAX), |config| &mut config.repl_backlog_ttl_s, LONG_S),
    shown("repl-diskless-sync", Kind::Switch, "yes"),
    number(
        "repl-diskless-sync-delay",
        (0, INT_MAX),
        |config| &mut config.repl_sync_delay_s,
        LONG_S,
    ),
    shown("repl-diskless-sync-max-replicas", Kind::Number(0, INT_MAX), "0"),
    shown("repl-diskless-load", Kind::Choice(&["disabled", "on-empty-db", "swapdb"]), "disabled"),
    shown("repl-disable-tcp-nodelay", Kind::Switch, "no"),
    alias(
        "slave-serve-stale-data",
        switch("replica-serve-stale-data", |config| &mut config.replica_serve_stale_data),
    ),
    alias("slave-read-only", switch("replica-read-only", |config| &mut config.replica_read_only)),
    alias(
        "slave-priority",
        number("replica-priority", (0, INT_MAX), |config| &mut config.replica_priority, u64::MAX),
    ),
    shown("replica-announced", Kind::Switch, "yes"),
    alias("slave-ignore-maxmemory", shown("replica-ignore-maxmemory", Kind::Switch, "yes")),
    alias("slave-lazy-flush", shown("replica-lazy-flush", Kind::Switch, "no")),
    alias(
        "min-slaves-to-write",
        number(
            "min-replicas-to-write",
            (0, INT_MAX),
            |config| &mut config.min_replicas_to_write,
            MANY,
        ),
    ),
    alias(
        "min-slaves-max-lag",
        number(
            "min-replicas-max-lag",
            (0, INT_MAX),
            |config| &mut config.min_replicas_max_lag_s,
            LONG_S,
        ),
    ),
    // Memory.
    shown("maxmemory", Kind::Size(0, u64::MAX), "0"),
    shown("maxmemory-policy", Kind::Choice(POLICIES), "noeviction"),
    shown("maxmemory-samples", Kind::Number(1, INT_MAX), "5"),
    shown("maxmemory-eviction-tenacity", Kind::Number(0, 100), "10"),
    shown("lazyfree-lazy-eviction", Kind::Switch, "no"),
    shown("lazyfree-lazy-expire", Kind::Switch, "no"),
    shown("lazyfree-lazy-server-del", Kind::Switch, "no"),
    shown("lazyfree-lazy-user-del", Kind::Switch, "no"),
    shown("lazyfree-lazy-user-flush", Kind::Switch, "no"),
    shown("active-expire-effort", Kind::Number(1, 10), "1"),
    shown("activedefrag", Kind::Switch, "no"),
    // Persistence.
    switch("appendonly", |config| &mut config.append_only),
    fixed("appendfilename", "appendonly.aof"),
    fixed("appenddirname", "appendonlydir"),
    shown("aof-load-truncated", Kind::Switch, "yes"),
    shown("aof-timestamp-enabled", Kind::Switch, "no"),
    shown("aof-use-rdb-preamble", Kind::Switch, "yes"),
    shown("aof-rewrite-incremental-fsync", Kind::Switch, "yes"),
    shown("auto-aof-rewrite-min-size", Kind::Size(0, i64::MAX as u64), "67108864"),
    shown("auto-aof-rewrite-percentage", Kind::Number(0, INT_MAX), "100"),
    Row {
        name: "appendfsync",
        alias: None,
        kind: Kind::Choice(&["everysec", "always", "no"]),
        place: Place::Choice(fsync_place, set_fsync),
    },
    Row { kind: Kind::Text(check_save_points), ..text("save", |config| &mut config.save) },
    number("shutdown-timeout", (0, INT_MAX), |config| &mut config.shutdown_timeout_s, LONG_S),
    // Latency.
    shown("latency-monitor-threshold", Kind::Number(0, LONG_MAX), "0"),
    switch("latency-tracking", |config| &mut config.latency_tracking),
    shown("slowlog-log-slower-than", Kind::Number(-1, LONG_MAX), "10000"),
    shown("slowlog-max-len", Kind::Number(0, LONG_MAX), "128"),
    alias("lua-time-limit", shown("busy-reply-threshold", Kind::Number(0, LONG_MAX), "5000")),
    // The process and its clients.
    own("port", |node| node.peers.me().addr.port.to_string()),
    shown("bind", Kind::Text(addresses), "* -::*"),
    fixed("databases", "16"),
    fixed("daemonize", "no"),
    fixed("io-threads", "1"),
    fixed("tcp-backlog", "511"),
    fixed("enable-debug-command", "yes"),
    text("requirepass", |config| &mut config.require_pass),
    text("masteruser", |config| &mut config.master_user),
    text("masterauth", |config| &mut config.master_auth),
    Row {
        name: "client-output-buffer-limit",
        alias: None,
        kind: Kind::Text(output_limits),
        place: Place::Shown(OUTPUT_LIMITS),
    },
    shown("maxmemory-clients", Kind::Text(size_or_percent), "0"),
    Row {
        name: "client-query-buffer-limit",
        alias: None,
        kind: Kind::Size(1 << 20, i64::MAX as u64),
        place: Place::Number(|config| &mut config.query_buffer_max, SIZE_MOST),
    },
    Row {
        name: "proto-max-bulk-len",
        alias: None,
        kind: Kind::Size(1 << 20, i64::MAX as u64),
        place: Place::Number(|config| &mut config.bulk_max, SIZE_MOST),
    },
    number("maxclients", (1, u32::MAX as i64), |config| &mut config.clients_max, u64::MAX),
    shown("timeout", Kind::Number(0, INT_MAX), "0"),
    shown("tcp-keepalive", Kind::Number(0, INT_MAX), "300"),
    shown("loglevel", Kind::Choice(&["debug", "verbose", "notice", "warning"]), "verbose"),
    Row { place: Place::Protected("/var/lib/redis"), ..fixed("dir", "") },
    Row { place: Place::Protected("dump.rdb"), ..fixed("dbfilename", "") },
];

const POLICIES: &[&str] = &[
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_given_twice() {
        let mut seen = BTreeSet::new();
        for row in ROWS {
            assert!(seen.insert(row.name), "{}", row.name);
            assert!(row.alias.is_none_or(|alias| seen.insert(alias)), "{}", row.name);
        }
    }
}
