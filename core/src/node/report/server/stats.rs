//! INFO stats, commandstats, errorstats, latencystats and keyspace: what was counted.
//!
//! The rule (Redis 7.0, `server.c: genRedisInfoString, genRedisInfoStringCommandStats,
//! genRedisInfoStringLatencyStats`). How we differ: commands take no time, so their microseconds
//! are 0, and each latency is the least that there is; commands are told in the order of their
//! names, in Redis in that of a hash table; the mean time to live is that of all keys, in Redis of
//! those that were sampled.

use super::Lines;
use crate::node::Node;
use crate::node::pubsub::Kind;
use crate::node::stats::Stat;

pub(super) fn stats(node: &Node, lines: &mut Lines) {
    let of = |stat| node.stats.of(stat);
    let rates = node.stats.rates();
    let kilobytes = |rate: u64| format!("{:.2}", rate as f64 / 1024.0);
    lines.line("total_connections_received", of(Stat::Connections));
    lines.line("total_commands_processed", of(Stat::Commands));
    lines.line("instantaneous_ops_per_sec", rates[0]);
    lines.line("total_net_input_bytes", of(Stat::BytesIn) + of(Stat::StreamBytesIn));
    lines.line("total_net_output_bytes", of(Stat::BytesOut) + of(Stat::StreamBytesOut));
    lines.line("total_net_repl_input_bytes", of(Stat::StreamBytesIn));
    lines.line("total_net_repl_output_bytes", of(Stat::StreamBytesOut));
    lines.line("instantaneous_input_kbps", kilobytes(rates[1] + rates[3]));
    lines.line("instantaneous_output_kbps", kilobytes(rates[2] + rates[4]));
    lines.line("instantaneous_input_repl_kbps", kilobytes(rates[3]));
    lines.line("instantaneous_output_repl_kbps", kilobytes(rates[4]));
    lines.line("rejected_connections", of(Stat::Rejected));
    lines.line("sync_full", of(Stat::SyncFull));
    lines.line("sync_partial_ok", of(Stat::SyncPartialOk));
    lines.line("sync_partial_err", of(Stat::SyncPartialErr));
    key_lines(node, lines);
    zeros(lines, &["active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits"]);
    zeros(lines, &["active_defrag_key_misses", "total_active_defrag_time"]);
    zeros(lines, &["current_active_defrag_time", "tracking_total_keys", "tracking_total_items"]);
    zeros(lines, &["tracking_total_prefixes", "unexpected_error_replies"]);
    lines.line("total_error_replies", of(Stat::Errors));
    lines.line("dump_payload_sanitizations", 0);
    lines.line("total_reads_processed", of(Stat::Reads));
    lines.line("total_writes_processed", of(Stat::Writes));
    zeros(lines, &["io_threaded_reads_processed", "io_threaded_writes_processed"]);
    zeros(lines, &["reply_buffer_shrinks", "reply_buffer_expands"]);
}

fn key_lines(node: &Node, lines: &mut Lines) {
    let of = |stat| node.stats.of(stat);
    lines.line("expired_keys", of(Stat::ExpiredKeys));
    lines.line("expired_stale_perc", "0.00");
    zeros(lines, &["expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds"]);
    zeros(lines, &["evicted_keys", "evicted_clients", "total_eviction_exceeded_time"]);
    lines.line("current_eviction_exceeded_time", 0);
    lines.line("keyspace_hits", of(Stat::Hits));
    lines.line("keyspace_misses", of(Stat::Misses));
    lines.line("pubsub_channels", node.pubsub.active(Kind::Channel).len());
    lines.line("pubsub_patterns", node.pubsub.active(Kind::Pattern).len());
    lines.line("pubsubshard_channels", node.pubsub.active(Kind::Shard).len());
    lines.line("latest_fork_usec", 0);
    lines.line("total_forks", of(Stat::Forks));
    zeros(lines, &["migrate_cached_sockets", "slave_expires_tracked_keys"]);
}

fn zeros(lines: &mut Lines, names: &[&str]) {
    names.iter().for_each(|name| lines.line(name, 0));
}

pub(super) fn commands(node: &Node, lines: &mut Lines) {
    for (name, calls) in node.stats.commands() {
        lines.line(
            &format!("cmdstat_{name}"),
            format_args!(
                "calls={},usec=0,usec_per_call=0.00,rejected_calls={},failed_calls={}",
                calls.run, calls.refused, calls.failed
            ),
        );
    }
}

pub(super) fn errors(node: &Node, lines: &mut Lines) {
    for (code, count) in node.stats.errors() {
        lines.line(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

pub(super) fn latencies(node: &Node, lines: &mut Lines) {
    if !node.config.latency_tracking.is_on() {
        return;
    }
    for (name, _) in node.stats.commands().filter(|(_, calls)| calls.run > 0) {
        let name = format!("latency_percentiles_usec_{name}");
        lines.line(&name, "p50=0.001,p99=0.001,p99.9=0.001");
    }
}

pub(super) fn keyspace(node: &Node, lines: &mut Lines) {
    let keys = node.keyspace.len();
    if keys == 0 {
        return;
    }
    let expires = node.keyspace.expiring_len();
    let is_master = node.peers.me().is_master();
    let average_ms = if is_master { node.keyspace.mean_ttl_ms(node.now) } else { 0 };
    lines.line("db0", format_args!("keys={keys},expires={expires},avg_ttl={average_ms}"));
}
