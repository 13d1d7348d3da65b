//! INFO persistence: what would survive.
//!
//! The rule (Redis 7.0, `server.c: genRedisInfoString`). How we differ: saving takes no time and
//! does not fail, so nothing is ever in progress.

use super::Lines;
use crate::node::Node;

pub(super) fn persistence(node: &Node, lines: &mut Lines) {
    for name in ["loading", "async_loading", "current_cow_peak", "current_cow_size"] {
        lines.line(name, 0);
    }
    lines.line("current_cow_size_age", 0);
    lines.line("current_fork_perc", "0.00");
    lines.line("current_save_keys_processed", 0);
    lines.line("current_save_keys_total", 0);
    lines.line("rdb_changes_since_last_save", node.unsaved());
    lines.line("rdb_bgsave_in_progress", 0);
    lines.line("rdb_last_save_time", node.disk.saved_at_s());
    lines.line("rdb_last_bgsave_status", "ok");
    lines.line("rdb_last_bgsave_time_sec", if node.disk.saves() > 0 { 0 } else { -1 });
    lines.line("rdb_current_bgsave_time_sec", -1);
    lines.line("rdb_saves", node.disk.saves());
    lines.line("rdb_last_cow_size", 0);
    lines.line("rdb_last_load_keys_expired", 0);
    lines.line("rdb_last_load_keys_loaded", 0);
    lines.line("aof_enabled", u8::from(node.config.append_only.is_on()));
    lines.line("aof_rewrite_in_progress", 0);
    lines.line("aof_rewrite_scheduled", 0);
    lines.line("aof_last_rewrite_time_sec", -1);
    lines.line("aof_current_rewrite_time_sec", -1);
    lines.line("aof_last_bgrewrite_status", "ok");
    lines.line("aof_rewrites", 0);
    lines.line("aof_rewrites_consecutive_failures", 0);
    lines.line("aof_last_write_status", "ok");
    lines.line("aof_last_cow_size", 0);
    lines.line("module_fork_in_progress", 0);
    lines.line("module_fork_last_cow_size", 0);
    if node.config.append_only.is_on() {
        for name in ["aof_current_size", "aof_base_size", "aof_pending_rewrite"] {
            lines.line(name, 0);
        }
        for name in ["aof_buffer_length", "aof_pending_bio_fsync", "aof_delayed_fsync"] {
            lines.line(name, 0);
        }
    }
}
