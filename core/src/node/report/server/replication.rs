//! INFO replication: the node's part in it.
//!
//! The rule (Redis 7.0, `server.c: genRedisInfoString`): a replica tells of its master first; then
//! everybody of their replicas, of the histories and of the backlog.

use super::Lines;
use crate::node::Node;
use crate::node::replication::LinkPhase;
use crate::node::report::ip_text;

pub(super) fn replication(node: &Node, lines: &mut Lines) {
    let phase = node.replication.link_phase();
    lines.line("role", if phase.is_some() { "slave" } else { "master" });
    if let Some(phase) = phase {
        master_lines(node, phase, lines);
    }
    let replicas: Vec<_> = node.replication.attached(node.now.seconds()).collect();
    lines.line("connected_slaves", replicas.len());
    let least = node.config.min_replicas_to_write;
    let lag_max = node.config.min_replicas_max_lag_s;
    if least > 0 && lag_max > 0 {
        let good = node.replication.good_replicas(node.now, lag_max);
        lines.line("min_slaves_good_slaves", good);
    }
    for (place, replica) in replicas.iter().enumerate() {
        lines.line(
            &format!("slave{place}"),
            format_args!(
                "ip={},port={},state={},offset={},lag={}",
                replica.ip,
                replica.port,
                replica.state.name(),
                replica.acked,
                replica.lag_s
            ),
        );
    }
    history_lines(node, lines);
}

fn master_lines(node: &Node, phase: LinkPhase, lines: &mut Lines) {
    let connected = phase == LinkPhase::Connected;
    let master = node.replication.source_addr();
    let now_s = node.now.seconds();
    let offset = match node.replication.offset() {
        0 if !node.replication.is_resumable() => 1,
        offset => offset,
    };
    lines.line("master_host", master.map(ip_text).unwrap_or_default());
    lines.line("master_port", master.map_or(0, |addr| addr.port));
    lines.line("master_link_status", if connected { "up" } else { "down" });
    match node.replication.master_silence_s(now_s).filter(|_| connected) {
        Some(silence_s) => lines.line("master_last_io_seconds_ago", silence_s),
        None => lines.line("master_last_io_seconds_ago", -1),
    }
    lines.line("master_sync_in_progress", u8::from(phase == LinkPhase::Sync));
    lines.line("slave_read_repl_offset", offset);
    lines.line("slave_repl_offset", offset);
    if phase == LinkPhase::Sync {
        sync_lines(lines);
    }
    if !connected {
        match node.replication.master_down_s(now_s) {
            Some(down_s) => lines.line("master_link_down_since_seconds", down_s),
            None => lines.line("master_link_down_since_seconds", -1),
        }
    }
    lines.line("slave_priority", node.config.replica_priority);
    lines.line("slave_read_only", u8::from(node.config.replica_read_only.is_on()));
    lines.line("replica_announced", 1);
}

/// A snapshot arrives whole, so nothing is known of how far it is.
fn sync_lines(lines: &mut Lines) {
    lines.line("master_sync_total_bytes", 0);
    lines.line("master_sync_read_bytes", 0);
    lines.line("master_sync_left_bytes", 0);
    lines.line("master_sync_perc", "0.00");
    lines.line("master_sync_last_io_seconds_ago", 0);
}

fn history_lines(node: &Node, lines: &mut Lines) {
    let replication = &node.replication;
    let nobody = || "0".repeat(40);
    let second = replication.second_id();
    lines.line("master_failover_state", "no-failover");
    lines.line("master_replid", replication.id());
    lines.line("master_replid2", second.map_or_else(nobody, |(id, _)| id.to_string()));
    lines.line("master_repl_offset", replication.stream_offset());
    match second {
        Some((_, until)) => lines.line("second_repl_offset", until),
        None => lines.line("second_repl_offset", -1),
    }
    let (first, bytes) = replication.backlog_span().unwrap_or((0, 0));
    lines.line("repl_backlog_active", u8::from(replication.backlog_span().is_some()));
    lines.line("repl_backlog_size", node.config.repl_backlog_bytes);
    lines.line("repl_backlog_first_byte_offset", first);
    lines.line("repl_backlog_histlen", bytes);
}
