//! CLUSTER INFO (Redis 7.0, `cluster.c: clusterCommand`).

use std::fmt::Write;

use crate::data::Reply;
use crate::node::Node;
use crate::node::bus::{Health, Kind};
use crate::node::peers::MYSELF;

/// The state of the cluster as this node sees it, and its message counters.
pub(in crate::node) fn info(node: &Node) -> Reply {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        write!(text, "{name}:{value}\r\n").expect("a String takes all that is written");
    };
    let health = node.state.health();
    let shard = node.peers.shard_master(MYSELF).unwrap_or(MYSELF);
    let (pfail, fail) = suspected_slots(node);
    let assigned = u64::from(node.slots.assigned());
    line("cluster_state", &if health == Health::Ok { "ok" } else { "fail" });
    line("cluster_slots_assigned", &assigned);
    line("cluster_slots_ok", &(assigned - pfail - fail));
    line("cluster_slots_pfail", &pfail);
    line("cluster_slots_fail", &fail);
    line("cluster_known_nodes", &node.peers.len());
    line("cluster_size", &node.state.size());
    line("cluster_current_epoch", &node.epochs.current());
    line("cluster_my_epoch", &node.peers.cold(shard).config_epoch);
    count_lines("sent", &mut line, |kind| node.counters.sent(kind));
    count_lines("received", &mut line, |kind| node.counters.received(kind));
    line("total_cluster_links_buffer_limit_exceeded", &0);
    Reply::verbatim(text)
}

fn count_lines(
    way: &str,
    line: &mut dyn FnMut(&str, &dyn std::fmt::Display),
    count: impl Fn(Kind) -> u64,
) {
    for kind in Kind::ALL {
        if count(kind) > 0 {
            line(&format!("cluster_stats_messages_{}_{way}", kind.name()), &count(kind));
        }
    }
    let sum: u64 = Kind::ALL.into_iter().map(count).sum();
    line(&format!("cluster_stats_messages_{way}"), &sum);
}

/// The slots whose owners are PFAIL, and FAIL.
fn suspected_slots(node: &Node) -> (u64, u64) {
    let mut sums = (0, 0);
    for &index in node.peers.indices() {
        let count = u64::from(node.peers.cold(index).slots().len());
        if node.peers[index].is_fail() {
            sums.1 += count;
        } else if node.peers[index].is_pfail() {
            sums.0 += count;
        }
    }
    sums
}
