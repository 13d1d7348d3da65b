//! The CLUSTER command: each subcommand is a row.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCommand`): errors are checked in the order of each
//! function below; nothing is changed before all of them passed.

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::Node;
use super::command::{NodeRow, Run, wrong_subcommand};
use super::epoch::Bumped;
use super::fact::{EpochSet, Fact, ReplicaReason};
use super::peers::{Flags as PeerFlags, MYSELF, PeerIdx};
use super::port::Effects;
use super::{assign, manual_failover, membership, report, set_slot};
use crate::data::{self, Flags, Group, Reply, Spec};
use crate::words::{Addr, ConnId, NodeId, Slot, slot_of_key};

/// How far the bus port lies above the client port unless something else is said.
const BUS_PORT_DISTANCE: u64 = 10_000;

/// Every subcommand, family by family.
pub(super) const TABLES: &[&[NodeRow]] = &[ROWS, assign::ROWS, membership::ROWS, set_slot::ROWS];

/// A subcommand that changes something.
pub(super) const fn spec(
    name: &'static str,
    arity: i32,
    usage: &'static str,
    summary: &'static str,
) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::ADMIN.and(Flags::STALE).and(Flags::NO_ASYNC_LOADING),
        usage,
        summary,
        since: "3.0.0",
        group: Group::Cluster,
        ..Spec::BLANK
    }
}

/// A subcommand that everybody may ask.
pub(super) const fn asks(spec: Spec) -> Spec {
    Spec { flags: Flags::STALE, ..spec }
}

/// A subcommand that only shows something, but is not for everybody.
const fn looks_at(spec: Spec) -> Spec {
    Spec { flags: Flags::ADMIN.and(Flags::STALE), ..spec }
}

const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: asks(spec("cluster|info", 2, "", "The state of the cluster, as this node sees it."))
            .tips(&["nondeterministic_output"]),
        run: Run::Reply(|node, _, _, _| report::info(node)),
    },
    NodeRow {
        spec: asks(spec("cluster|nodes", 2, "", "What this node believes of every node."))
            .tips(&["nondeterministic_output"]),
        run: Run::Reply(|node, _, _, _| report::nodes(node)),
    },
    NodeRow {
        spec: asks(spec("cluster|slots", 2, "", "Who serves which slots, as this node believes."))
            .tips(&["nondeterministic_output"]),
        run: Run::Reply(|node, _, _, _| report::slots(node)),
    },
    NodeRow {
        spec: asks(spec("cluster|shards", 2, "", "The masters, their slots and their replicas."))
            .tips(&["nondeterministic_output"])
            .since("7.0.0"),
        run: Run::Reply(|node, _, _, _| report::shards(node)),
    },
    NodeRow {
        spec: asks(spec("cluster|myid", 2, "", "This node's id.")),
        run: Run::Reply(|node, _, _, _| Reply::bulk(node.peers.me().id.to_string())),
    },
    NodeRow {
        spec: asks(spec("cluster|keyslot", 3, "key", "The hash slot of a key.")),
        run: Run::Reply(|_, _, args, _| Reply::Integer(i64::from(slot_of_key(&args[2]).number()))),
    },
    NodeRow {
        spec: asks(spec("cluster|countkeysinslot", 3, "slot", "How many keys of a slot are here.")),
        run: Run::Reply(count_keys_in_slot),
    },
    NodeRow {
        spec: asks(spec("cluster|getkeysinslot", 4, "slot count", "Some keys of a slot."))
            .tips(&["nondeterministic_output"]),
        run: Run::Reply(get_keys_in_slot),
    },
    NodeRow {
        spec: spec("cluster|meet", -4, "ip port [cluster-bus-port]", "Greet another node."),
        run: Run::Reply(meet),
    },
    NodeRow {
        spec: looks_at(spec(
            "cluster|count-failure-reports",
            3,
            "node-id",
            "How many others say that a node fails.",
        ))
        .tips(&["nondeterministic_output"]),
        run: Run::Reply(count_failure_reports),
    },
    NodeRow {
        spec: looks_at(spec(
            "cluster|replicas",
            3,
            "node-id",
            "What this node believes of the replicas.",
        ))
        .tips(&["nondeterministic_output"])
        .since("5.0.0"),
        run: Run::Reply(replicas),
    },
    NodeRow {
        spec: looks_at(spec(
            "cluster|slaves",
            3,
            "node-id",
            "The same as REPLICAS, by its older name.",
        ))
        .tips(&["nondeterministic_output"]),
        run: Run::Reply(replicas),
    },
    NodeRow {
        spec: spec("cluster|replicate", 3, "node-id", "Become a replica of a master."),
        run: Run::Reply(replicate),
    },
    NodeRow {
        spec: spec("cluster|bumpepoch", 2, "", "Take a greater config epoch, asking nobody.")
            .tips(&["nondeterministic_output"]),
        run: Run::Reply(bump_epoch),
    },
    NodeRow {
        spec: spec("cluster|failover", -2, "[FORCE | TAKEOVER]", "Take over from the master."),
        run: Run::Reply(manual_failover::command),
    },
    NodeRow {
        spec: spec("cluster|set-config-epoch", 3, "config-epoch", "Give a new node its epoch."),
        run: Run::Reply(set_config_epoch),
    },
];

fn not_an_integer() -> Reply {
    Reply::error("ERR value is not an integer or out of range")
}

pub(super) fn parse_slot(arg: &[u8]) -> Result<Slot, Reply> {
    data::parse_integer(arg)
        .and_then(|number| Slot::new(u64::try_from(number).ok()?))
        .ok_or_else(|| Reply::error("ERR Invalid or out of range slot"))
}

fn count_keys_in_slot(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let Some(number) = data::parse_integer(&args[2]) else { return not_an_integer() };
    match u64::try_from(number).ok().and_then(Slot::new) {
        Some(slot) => Reply::Integer(node.keyspace.count_in_slot(slot) as i64),
        None => Reply::error("ERR Invalid slot"),
    }
}

fn get_keys_in_slot(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let (Some(slot), Some(most)) = (data::parse_integer(&args[2]), data::parse_integer(&args[3]))
    else {
        return not_an_integer();
    };
    let slot = u64::try_from(slot).ok().and_then(Slot::new);
    let (Some(slot), Ok(most)) = (slot, u64::try_from(most)) else {
        return Reply::error("ERR Invalid slot or number of keys");
    };
    Reply::Array(node.keyspace.keys_in_slot(slot, most).into_iter().map(Reply::Bulk).collect())
}

fn meet(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    let text = |arg: &Bytes| String::from_utf8_lossy(data::c_text(arg, arg.len())).into_owned();
    if args.len() > 5 {
        return wrong_subcommand(args);
    }
    let Some(port) = data::parse_integer(&args[3]) else {
        return Reply::error(format!("ERR Invalid TCP base port specified: {}", text(&args[3])));
    };
    let bus_port = match args.get(4).map(|arg| (arg, data::parse_integer(arg))) {
        Some((arg, None)) => {
            return Reply::error(format!("ERR Invalid TCP bus port specified: {}", text(arg)));
        }
        Some((_, Some(bus_port))) => bus_port,
        None => port.saturating_add(BUS_PORT_DISTANCE as i64),
    };
    let real = |port: i64| u16::try_from(port).ok().filter(|&port| port != 0);
    let ip: Option<Ipv4Addr> = text(&args[2]).parse().ok();
    let (Some(ip), Some(port), Some(bus_port)) = (ip, real(port), real(bus_port)) else {
        let (ip, port) = (text(&args[2]), text(&args[3]));
        return Reply::error(format!("ERR Invalid node address specified: {ip}:{port}"));
    };
    node.start_handshake(Addr { ip, port, bus_port }, out);
    Reply::ok()
}

/// The node of this id; the error is the reply.
pub(super) fn find_node(node: &Node, id: &[u8]) -> Result<PeerIdx, Reply> {
    let found = NodeId::parse(id).and_then(|id| node.peers.find(id));
    found.ok_or_else(|| unknown_node(id))
}

pub(super) fn unknown_node(id: &[u8]) -> Reply {
    let typed = String::from_utf8_lossy(data::c_text(id, id.len()));
    Reply::error(format!("ERR Unknown node {typed}"))
}

/// The reports by others that still count: this node's own opinion is not among them.
fn count_failure_reports(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    match find_node(node, &args[2]) {
        Ok(index) => Reply::Integer(node.valid_reports(index) as i64),
        Err(error) => error,
    }
}

fn replicas(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    match find_node(node, &args[2]) {
        Ok(index) if !node.peers[index].is_replica() => report::replicas(node, index),
        Ok(_) => Reply::error("ERR The specified node is not a master"),
        Err(error) => error,
    }
}

fn replicate(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    let index = match find_node(node, &args[2]) {
        Ok(index) => index,
        Err(error) => return error,
    };
    if index == MYSELF {
        return Reply::error("ERR Can't replicate myself");
    }
    if node.peers[index].is_replica() {
        return Reply::error("ERR I can only replicate a master, not a replica.");
    }
    let serves = node.peers[MYSELF].serves() || !node.keyspace.is_empty();
    if node.peers.me().is_master() && serves {
        return Reply::error(
            "ERR To set a master the node must be empty and without assigned slots.",
        );
    }
    node.become_replica_of(index, ReplicaReason::ByCommand, out);
    Reply::ok()
}

fn bump_epoch(node: &mut Node, _: ConnId, _: &[Bytes], out: &mut Effects) -> Reply {
    let word = match node.bump_epoch_alone(out) {
        Bumped::Yes => "BUMPED",
        Bumped::No => "STILL",
    };
    let epoch = node.peers.cold(MYSELF).config_epoch;
    Reply::Simple(format!("{word} {epoch}").into())
}

fn set_config_epoch(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    let Some(epoch) = data::parse_integer(&args[2]) else { return not_an_integer() };
    let Ok(epoch) = u64::try_from(epoch) else {
        return Reply::error(format!("ERR Invalid config epoch specified: {epoch}"));
    };
    if node.peers.len() > 1 {
        return Reply::error(
            "ERR The user can assign a config epoch only when \
             the node does not know any other node.",
        );
    }
    if node.peers.cold(MYSELF).config_epoch != 0 {
        return Reply::error("ERR Node config epoch is already non-zero");
    }
    node.peers.cold_mut(MYSELF).config_epoch = epoch;
    node.epochs.raise_to(epoch);
    out.note(Fact::ConfigEpochSet { epoch, why: EpochSet::ByCommand });
    node.todo.update_state();
    node.todo.save();
    Reply::ok()
}

impl Node {
    /// Greets a node that may not know this one (`clusterStartHandshake`); nothing happens if a
    /// handshake with that address is under way.
    fn start_handshake(&mut self, addr: Addr, out: &mut Effects) {
        let under_way = |&&index: &&PeerIdx| {
            let peer = &self.peers[index];
            peer.in_handshake() && peer.addr == addr
        };
        if self.peers.indices().iter().any(|index| under_way(&index)) {
            return;
        }
        let id = NodeId::random(&mut self.dice);
        self.add_peer(id, addr, PeerFlags::HANDSHAKE.with(PeerFlags::MEET));
        out.note(Fact::HandshakeStarted { with: addr });
    }

    /// Becomes a replica of a master, or of another one (`clusterSetMaster`).
    pub(super) fn become_replica_of(
        &mut self,
        master: PeerIdx,
        why: ReplicaReason,
        out: &mut Effects,
    ) {
        if self.peers.me().is_master() {
            self.open.close_all();
            let flags = &mut self.peers[MYSELF].flags;
            flags.clear(PeerFlags::MASTER.with(PeerFlags::MIGRATE_TO));
            flags.set(PeerFlags::REPLICA);
        } else {
            // Whoever stays with its master is the last of its replicas from now on.
            self.peers.set_master(MYSELF, None);
        }
        self.peers.set_master(MYSELF, Some(master));
        let of = self.peers[master].id;
        let scope = out.begin(Fact::BecameReplica { of, why });
        self.replicate(master, out);
        self.end_manual_failover();
        out.end(scope);
        // Whoever migrates writes that down with the next change only.
        if why != ReplicaReason::Migration {
            self.todo.update_state();
            self.todo.save();
        }
    }
}
