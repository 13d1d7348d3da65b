//! INFO server, clients and cpu: the process.
//!
//! The rule (Redis 7.0, `server.c: genRedisInfoString`). How we differ: the build is that of the
//! reference, the process id is made up, and processor time is always zero, because nothing takes
//! any here.

use super::Lines;
use crate::node::Node;
use crate::node::client::{Client, Serving};
use crate::node::process::process_id;

pub(super) fn server(node: &Node, lines: &mut Lines) {
    const DAY_S: u64 = 86_400;
    const LRU_BITS: u32 = 24;
    let up_s = node.process.uptime_s(node.now);
    let port = node.peers.me().addr.port;
    lines.line("redis_version", "7.0.15");
    lines.line("redis_git_sha1", "00000000");
    lines.line("redis_git_dirty", 0);
    lines.line("redis_build_id", "ae4d7c971a948f0");
    lines.line("redis_mode", "cluster");
    lines.line("os", "Linux 6.1.0 x86_64");
    lines.line("arch_bits", 64);
    lines.line("monotonic_clock", "POSIX clock_gettime");
    lines.line("multiplexing_api", "epoll");
    lines.line("atomicvar_api", "c11-builtin");
    lines.line("gcc_version", "12.2.0");
    lines.line("process_id", process_id(port, node.process.incarnation()));
    lines.line("process_supervised", "no");
    lines.line("run_id", node.process.run_id());
    lines.line("tcp_port", port);
    lines.line("server_time_usec", node.now.micros());
    lines.line("uptime_in_seconds", up_s);
    lines.line("uptime_in_days", up_s / DAY_S);
    lines.line("hz", 10);
    lines.line("configured_hz", 10);
    lines.line("lru_clock", node.now.seconds() % (1 << LRU_BITS));
    lines.line("executable", "/usr/bin/redis-server");
    lines.line("config_file", "/etc/redis/redis.conf");
    lines.line("io_threads_active", 0);
}

pub(super) fn clients(node: &Node, lines: &mut Lines) {
    let own = u64::from(node.replication.is_connected());
    let is_replica = |conn| node.replication.has_replica(conn);
    let others = node.clients().filter(|&(conn, _)| !is_replica(conn)).count();
    lines.line("connected_clients", others as u64 + own);
    lines.line("cluster_connections", (node.peers.len() - 1) * 2);
    lines.line("maxclients", node.config.clients_max);
    lines.line("client_recent_max_input_buffer", 20_480);
    lines.line("client_recent_max_output_buffer", 0);
    let is_blocked =
        |client: &&Client| matches!(client.serving(), Serving::Blocked | Serving::Postponed(_));
    lines.line("blocked_clients", node.conns.clients().filter(is_blocked).count());
    lines.line("tracking_clients", 0);
    lines.line("clients_in_timeout_table", 0);
}

pub(super) fn cpu(_: &Node, lines: &mut Lines) {
    for name in ["sys", "user", "sys_children", "user_children", "sys_main_thread"] {
        lines.line(&format!("used_cpu_{name}"), "0.000000");
    }
    lines.line("used_cpu_user_main_thread", "0.000000");
}
