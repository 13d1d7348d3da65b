//! Forming the cluster of a stage, with the commands that the simulator's stage is formed by.
//!
//! Slots to the masters, an epoch to each node, MEET to the first, REPLICATE (see `world/setup` in
//! `core`). A stage begins when all replicas are connected and everybody has heard of their
//! offsets; a real replica would get there within fifteen seconds or so, most of which are pauses
//! of replication. So those are shortened meanwhile, and then set back to what they were.

use std::thread;
use std::time::{Duration, Instant};

use hashslot_core::data::Reply;
use hashslot_core::words::SLOT_COUNT;
use hashslot_core::world::Setup;
use hashslot_core::world::setup::slots_of;
use hashslot_core::world::step::Port;

use super::{Cluster, Trouble, stop};

/// How long a cluster may take to form.
const FORMATION_MAX: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);
/// How long empty nodes are up before they are shown, as in the simulator.
const UP_SINCE: Duration = Duration::from_secs(4);
/// The pauses of replication: while the cluster forms, and afterwards.
const PAUSES: [(&str, &str, &str); 2] =
    [("repl-diskless-sync-delay", "0", "5"), ("repl-ping-replica-period", "1", "10")];

/// Makes a stage of nodes that know nobody.
pub fn found(cluster: &mut Cluster, setup: &Setup) -> Result<(), Trouble> {
    if setup.empty > 0 {
        thread::sleep(UP_SINCE);
        return Ok(());
    }
    let ports = cluster.nodes().ports();
    for &port in &ports {
        for (name, short, _) in PAUSES {
            order(cluster, port, &["CONFIG", "SET", name, short])?;
        }
    }
    join(cluster, setup, &ports)?;
    let all_joined =
        |cluster: &mut Cluster| ports.iter().all(|&port| has_joined(cluster, port, &ports));
    wait_until(cluster, "all nodes know each other", all_joined)?;
    attach_replicas(cluster, setup, &ports)?;
    let all_in_step = |cluster: &mut Cluster| is_in_step(cluster, setup, &ports);
    wait_until(cluster, "all replicas are in step", all_in_step)?;
    for &port in &ports {
        for (name, _, usual) in PAUSES {
            order(cluster, port, &["CONFIG", "SET", name, usual])?;
        }
    }
    Ok(())
}

fn join(cluster: &mut Cluster, setup: &Setup, ports: &[Port]) -> Result<(), Trouble> {
    for (index, &port) in ports.iter().enumerate() {
        if let Some((from, to)) = slots_of(index as u16, setup.masters) {
            let (from, to) = (from.to_string(), to.to_string());
            order(cluster, port, &["CLUSTER", "ADDSLOTSRANGE", &from, &to])?;
        }
        let epoch = (index + 1).to_string();
        order(cluster, port, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch])?;
    }
    let first = cluster.nodes().place(ports[0]);
    let first = first.ok_or_else(|| Trouble::new("a stage needs a node"))?;
    let (ip, port) = (first.ip().to_string(), first.port().to_string());
    for &other in &ports[1..] {
        order(cluster, other, &["CLUSTER", "MEET", &ip, &port])?;
    }
    Ok(())
}

fn attach_replicas(cluster: &mut Cluster, setup: &Setup, ports: &[Port]) -> Result<(), Trouble> {
    let masters = usize::from(setup.masters);
    for (index, &port) in ports.iter().enumerate().skip(masters) {
        let master = ports[(index - masters) % masters];
        let id = cluster.ask_text(master, &["CLUSTER", "MYID"]);
        let id = id.ok_or_else(|| Trouble::new(format!("{master} does not tell its id")))?;
        order(cluster, port, &["CLUSTER", "REPLICATE", &id])?;
    }
    Ok(())
}

fn order(cluster: &mut Cluster, port: Port, words: &[&str]) -> Result<(), Trouble> {
    match cluster.ask_node(port, words) {
        Some(reply) if reply == Reply::ok() => Ok(()),
        reply => Err(Trouble::new(format!("{port} answers {} with {reply:?}", words.join(" ")))),
    }
}

/// Whether a node has a link to every other one, and one from each, and knows who serves which
/// slot.
fn has_joined(cluster: &mut Cluster, port: Port, ports: &[Port]) -> bool {
    let Some(view) = cluster.topology(port) else { return false };
    view.rows.len() == ports.len()
        && view.slot_count() == u32::from(SLOT_COUNT)
        && view.rows.iter().all(|row| row.is_connected && !row.has("handshake"))
        && state_is_ok(cluster, port)
        && link_count(cluster, port) == 2 * (ports.len() - 1)
}

fn link_count(cluster: &mut Cluster, port: Port) -> usize {
    match cluster.ask_node(port, &["CLUSTER", "LINKS"]) {
        Some(Reply::Array(links)) => links.len(),
        _ => 0,
    }
}

fn state_is_ok(cluster: &mut Cluster, port: Port) -> bool {
    let info = cluster.ask_text(port, &["CLUSTER", "INFO"]);
    info.is_some_and(|info| info.starts_with("cluster_state:ok"))
}

/// Whether all replicas are connected, and every node knows whose they are and how far they got.
fn is_in_step(cluster: &mut Cluster, setup: &Setup, ports: &[Port]) -> bool {
    let masters = usize::from(setup.masters);
    ports.iter().enumerate().all(|(index, &port)| {
        let replicas = ports.len() - masters;
        let view = cluster.topology(port);
        view.is_some_and(|v| v.rows.iter().filter(|row| row.has("slave")).count() == replicas)
            && state_is_ok(cluster, port)
            && (index < masters || cluster.is_linked(port))
            && (replicas == 0 || knows_offsets(cluster, port, ports.len()))
    })
}

/// Whether CLUSTER SHARDS has an offset above 0 for every node.
fn knows_offsets(cluster: &mut Cluster, port: Port, nodes: usize) -> bool {
    fn positive(reply: &Reply) -> usize {
        let Reply::Array(items) = reply else { return 0 };
        let name = Reply::bulk("replication-offset");
        let is_offset = |pair: &[Reply]| pair[0] == name && matches!(pair[1], Reply::Integer(1..));
        items.windows(2).filter(|pair| is_offset(pair)).count()
            + items.iter().map(positive).sum::<usize>()
    }
    let shards = cluster.ask_node(port, &["CLUSTER", "SHARDS"]);
    shards.is_some_and(|shards| positive(&shards) == nodes)
}

fn wait_until(
    cluster: &mut Cluster,
    what: &str,
    mut is_so: impl FnMut(&mut Cluster) -> bool,
) -> Result<(), Trouble> {
    let begun = Instant::now();
    while !is_so(cluster) {
        if stop::is_wanted() {
            return Err(Trouble::new("it was broken off while the cluster formed"));
        }
        if begun.elapsed() > FORMATION_MAX {
            let hint = format!("the cluster does not form: it is not so that {what}");
            return Err(Trouble::new(hint));
        }
        thread::sleep(POLL);
    }
    Ok(())
}
