//! INFO memory: how much there is of what.
//!
//! The rule (Redis 7.0, `server.c: genRedisInfoString`; `object.c: getMemoryOverheadData`). How we
//! differ: no allocator is modelled. What is used is what an empty server uses (measured), and 100
//! bytes for each key, the backlog, and 20 KiB for each client; the peak is never above what is
//! used now, and the process holds four times as much, as a small real one does.

use super::Lines;
use crate::node::Node;

const STARTUP: u64 = 1_600_296;
const PER_KEY: u64 = 100;
const PER_CLIENT: u64 = 20_480;
const TOTAL: u64 = 8 << 30;

pub(super) fn memory(node: &Node, lines: &mut Lines) {
    let clients = node.conns.clients().count() as u64 * PER_CLIENT;
    let backlog = node.replication.backlog_bytes();
    let dataset = node.keyspace.len() as u64 * PER_KEY;
    let overhead = STARTUP + clients + backlog;
    let used = overhead + dataset;
    let resident = used * 4;
    used_lines(lines, used, resident, (overhead, dataset));
    lines.line("allocator_allocated", used);
    lines.line("allocator_active", used);
    lines.line("allocator_resident", used);
    both(lines, "total_system_memory", TOTAL);
    script_lines(lines);
    let limit = node.config.shown.get("maxmemory").and_then(|text| text.parse().ok());
    both(lines, "maxmemory", limit.unwrap_or(0));
    let policy = node.config.shown.get("maxmemory-policy");
    lines.line("maxmemory_policy", policy.map_or("noeviction", String::as_str));
    for name in ["allocator_frag", "allocator_rss"] {
        lines.line(&format!("{name}_ratio"), "1.00");
        lines.line(&format!("{name}_bytes"), 0);
    }
    lines.line("rss_overhead_ratio", "4.00");
    lines.line("rss_overhead_bytes", resident - used);
    lines.line("mem_fragmentation_ratio", "4.00");
    lines.line("mem_fragmentation_bytes", resident - used);
    lines.line("mem_not_counted_for_evict", 0);
    lines.line("mem_replication_backlog", backlog);
    lines.line("mem_total_replication_buffers", backlog);
    lines.line("mem_clients_slaves", 0);
    lines.line("mem_clients_normal", clients);
    lines.line("mem_cluster_links", 0);
    lines.line("mem_aof_buffer", 0);
    lines.line("mem_allocator", "jemalloc-5.3.0");
    lines.line("active_defrag_running", 0);
    lines.line("lazyfree_pending_objects", 0);
    lines.line("lazyfreed_objects", 0);
}

fn used_lines(lines: &mut Lines, used: u64, resident: u64, (overhead, dataset): (u64, u64)) {
    both(lines, "used_memory", used);
    both(lines, "used_memory_rss", resident);
    both(lines, "used_memory_peak", used);
    lines.line("used_memory_peak_perc", "100.00%");
    lines.line("used_memory_overhead", overhead);
    lines.line("used_memory_startup", STARTUP);
    lines.line("used_memory_dataset", dataset);
    let percent = dataset as f64 * 100.0 / (used - STARTUP).max(1) as f64;
    lines.line("used_memory_dataset_perc", format!("{percent:.2}%"));
}

/// No scripts and no functions.
fn script_lines(lines: &mut Lines) {
    lines.line("used_memory_lua", 32_768);
    lines.line("used_memory_vm_eval", 32_768);
    lines.line("used_memory_lua_human", "32.00K");
    lines.line("used_memory_scripts_eval", 0);
    lines.line("number_of_cached_scripts", 0);
    lines.line("number_of_functions", 0);
    lines.line("number_of_libraries", 0);
    lines.line("used_memory_vm_functions", 33_792);
    lines.line("used_memory_vm_total", 66_560);
    lines.line("used_memory_vm_total_human", "65.00K");
    lines.line("used_memory_functions", 200);
    lines.line("used_memory_scripts", 200);
    lines.line("used_memory_scripts_human", "200B");
}

/// A number, and the same as a person reads it.
fn both(lines: &mut Lines, name: &str, bytes: u64) {
    lines.line(name, bytes);
    lines.line(&format!("{name}_human"), human(bytes));
}

/// `server.c: bytesToHuman`.
fn human(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    match UNITS.iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{:.2}{unit}", bytes as f64 / *size as f64),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn bytes_have_units_of_1024() {
        for (bytes, text) in
            [(0, "0B"), (200, "200B"), (32_768, "32.00K"), (1_815_168, "1.73M"), (3 << 30, "3.00G")]
        {
            assert_eq!(human(bytes), text);
        }
    }
}
