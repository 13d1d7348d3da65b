//! The CLUSTER command: each subcommand is a row.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCommand`): errors are checked in the order of each
//! function below; nothing is changed before all of them passed.

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::Node;
use super::command::NodeRow;
use super::connection::Client;
use super::fact::{EpochSet, Fact, ReplicaReason};
use super::peers::{Flags as PeerFlags, MYSELF, PeerIdx};
use super::port::Effects;
use super::report;
use crate::data::{self, Flags, Group, KeySpec, Reply, Spec};
use crate::words::{Addr, NodeId, Slot, SlotSet, slot_of_key};

/// How far the bus port lies above the client port unless something else is said.
const BUS_PORT_DISTANCE: u64 = 10_000;

/// The row of a CLUSTER call; the error is the reply.
pub(super) fn find(args: &[Bytes]) -> Result<&'static NodeRow, Reply> {
    let Some(subcommand) = args.get(1) else {
        return Err(Reply::error("ERR wrong number of arguments for 'cluster' command"));
    };
    let named = |row: &&NodeRow| {
        let name = row.spec.name.as_bytes().strip_prefix(b"cluster|").unwrap_or_default();
        subcommand.eq_ignore_ascii_case(name)
    };
    ROWS.iter().find(named).ok_or_else(|| {
        let typed = String::from_utf8_lossy(&subcommand[..subcommand.len().min(128)]).into_owned();
        Reply::error(format!("ERR unknown subcommand '{typed}'. Try CLUSTER HELP."))
    })
}

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::ADMIN,
        keys: KeySpec::NONE,
        usage,
        summary,
        since: "3.0.0",
        group: Group::Cluster,
    }
}

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("cluster|info", 2, "", "The state of the cluster, as this node sees it."),
        run: |node, _, _, _| report::info(node),
    },
    NodeRow {
        spec: spec("cluster|nodes", 2, "", "What this node believes of every node."),
        run: |node, _, _, _| report::nodes(node),
    },
    NodeRow {
        spec: spec("cluster|slots", 2, "", "Who serves which slots, as this node believes."),
        run: |node, _, _, _| report::slots(node),
    },
    NodeRow {
        spec: spec("cluster|shards", 2, "", "The masters, their slots and their replicas."),
        run: |node, _, _, _| report::shards(node),
    },
    NodeRow {
        spec: spec("cluster|myid", 2, "", "This node's id."),
        run: |node, _, _, _| Reply::bulk(node.peers.me().id.to_string()),
    },
    NodeRow {
        spec: spec("cluster|keyslot", 3, "key", "The hash slot of a key."),
        run: |_, _, args, _| Reply::Integer(i64::from(slot_of_key(&args[2]).number())),
    },
    NodeRow {
        spec: spec("cluster|countkeysinslot", 3, "slot", "How many keys of a slot are here."),
        run: count_keys_in_slot,
    },
    NodeRow {
        spec: spec("cluster|getkeysinslot", 4, "slot count", "Some keys of a slot."),
        run: get_keys_in_slot,
    },
    NodeRow {
        spec: spec("cluster|meet", -4, "ip port [cluster-bus-port]", "Greet another node."),
        run: meet,
    },
    NodeRow {
        spec: spec("cluster|addslots", -3, "slot [slot ...]", "Take slots that nobody owns."),
        run: |node, _, args, out| {
            let slots = args[2..].iter().map(|arg| parse_slot(arg)).collect();
            node.add_slots(slots, out)
        },
    },
    NodeRow {
        spec: spec(
            "cluster|addslotsrange",
            -4,
            "start-slot end-slot [start-slot end-slot ...]",
            "Take ranges of slots that nobody owns.",
        ),
        run: add_slots_range,
    },
    NodeRow {
        spec: spec(
            "cluster|count-failure-reports",
            3,
            "node-id",
            "How many others say that a node fails.",
        ),
        run: count_failure_reports,
    },
    NodeRow {
        spec: spec("cluster|replicas", 3, "node-id", "What this node believes of the replicas."),
        run: replicas,
    },
    NodeRow {
        spec: spec("cluster|replicate", 3, "node-id", "Become a replica of a master."),
        run: replicate,
    },
    NodeRow {
        spec: spec("cluster|set-config-epoch", 3, "config-epoch", "Give a new node its epoch."),
        run: set_config_epoch,
    },
];

fn not_an_integer() -> Reply {
    Reply::error("ERR value is not an integer or out of range")
}

fn parse_slot(arg: &[u8]) -> Result<Slot, Reply> {
    data::parse_integer(arg)
        .and_then(|number| Slot::new(u64::try_from(number).ok()?))
        .ok_or_else(|| Reply::error("ERR Invalid or out of range slot"))
}

fn count_keys_in_slot(node: &mut Node, _: &mut Client, args: &[Bytes], _: &mut Effects) -> Reply {
    let Some(number) = data::parse_integer(&args[2]) else { return not_an_integer() };
    match u64::try_from(number).ok().and_then(Slot::new) {
        Some(slot) => Reply::Integer(node.keyspace.count_in_slot(slot) as i64),
        None => Reply::error("ERR Invalid slot"),
    }
}

fn get_keys_in_slot(node: &mut Node, _: &mut Client, args: &[Bytes], _: &mut Effects) -> Reply {
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

fn meet(node: &mut Node, _: &mut Client, args: &[Bytes], out: &mut Effects) -> Reply {
    let text = |arg: &Bytes| String::from_utf8_lossy(arg).into_owned();
    if args.len() > 5 {
        let typed = text(&args[1]);
        return Reply::error(format!(
            "ERR unknown subcommand or wrong number of arguments for '{typed}'. Try CLUSTER HELP."
        ));
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

fn add_slots_range(node: &mut Node, _: &mut Client, args: &[Bytes], out: &mut Effects) -> Reply {
    if args.len() % 2 == 1 {
        return Reply::error("ERR wrong number of arguments for 'cluster|addslotsrange' command");
    }
    let mut slots = Vec::new();
    for pair in args[2..].chunks_exact(2) {
        let (first, last) = match (parse_slot(&pair[0]), parse_slot(&pair[1])) {
            (Ok(first), Ok(last)) => (first, last),
            (Err(error), _) | (_, Err(error)) => return error,
        };
        if first > last {
            return Reply::error(format!(
                "ERR start slot number {first} is greater than end slot number {last}"
            ));
        }
        slots.extend((first.number()..=last.number()).map(|slot| Slot::new(u64::from(slot))));
    }
    let slots = slots.into_iter().map(|slot| slot.ok_or_else(not_an_integer)).collect();
    node.add_slots(slots, out)
}

/// The node of this id; the error is the reply.
fn find_node(node: &Node, id: &[u8]) -> Result<PeerIdx, Reply> {
    let found = NodeId::parse(id).and_then(|id| node.peers.find(id));
    found.ok_or_else(|| {
        let typed = String::from_utf8_lossy(id);
        Reply::error(format!("ERR Unknown node {typed}"))
    })
}

/// The reports by others that still count: this node's own opinion is not among them.
fn count_failure_reports(
    node: &mut Node,
    _: &mut Client,
    args: &[Bytes],
    _: &mut Effects,
) -> Reply {
    match find_node(node, &args[2]) {
        Ok(index) => Reply::Integer(node.valid_reports(index) as i64),
        Err(error) => error,
    }
}

fn replicas(node: &mut Node, _: &mut Client, args: &[Bytes], _: &mut Effects) -> Reply {
    match find_node(node, &args[2]) {
        Ok(index) if node.peers[index].is_master() => report::replicas(node, index),
        Ok(_) => Reply::error("ERR The specified node is not a master"),
        Err(error) => error,
    }
}

fn replicate(node: &mut Node, _: &mut Client, args: &[Bytes], out: &mut Effects) -> Reply {
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
    let serves = !node.peers.cold(MYSELF).slots.is_empty() || !node.keyspace.is_empty();
    if node.peers.me().is_master() && serves {
        return Reply::error(
            "ERR To set a master the node must be empty and without assigned slots.",
        );
    }
    node.become_replica_of(index, ReplicaReason::ByCommand, out);
    Reply::ok()
}

fn set_config_epoch(node: &mut Node, _: &mut Client, args: &[Bytes], out: &mut Effects) -> Reply {
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
            peer.in_handshake() && peer.addr.ip == addr.ip && peer.addr.bus_port == addr.bus_port
        };
        if self.peers.indices().iter().any(|index| under_way(&index)) {
            return;
        }
        let id = NodeId::random(&mut self.dice);
        self.add_peer(id, addr, PeerFlags::HANDSHAKE.with(PeerFlags::MEET));
        out.note(Fact::HandshakeStarted { with: addr });
    }

    /// Takes slots; all of them or none. All arguments are read before any slot is looked at.
    fn add_slots(&mut self, slots: Vec<Result<Slot, Reply>>, out: &mut Effects) -> Reply {
        let slots: Result<Vec<Slot>, Reply> = slots.into_iter().collect();
        let slots = match slots {
            Ok(slots) => slots,
            Err(error) => return error,
        };
        let mut taken = SlotSet::default();
        for &slot in &slots {
            if self.slots.owner(slot).is_some() {
                return Reply::error(format!("ERR Slot {slot} is already busy"));
            }
            if !taken.insert(slot) {
                return Reply::error(format!("ERR Slot {slot} specified multiple times"));
            }
        }
        for &slot in &slots {
            self.slots.bind(&mut self.peers, slot, MYSELF);
        }
        if let Some(first) = taken.iter().next() {
            out.note(Fact::SlotsAssigned { count: taken.len(), first });
        }
        self.todo.update_state();
        self.todo.save();
        Reply::ok()
    }

    /// Becomes a replica of a master, or of another one (`clusterSetMaster`).
    pub(super) fn become_replica_of(
        &mut self,
        master: PeerIdx,
        why: ReplicaReason,
        out: &mut Effects,
    ) {
        let flags = &mut self.peers[MYSELF].flags;
        flags.clear(PeerFlags::MASTER.with(PeerFlags::MIGRATE_TO));
        flags.set(PeerFlags::REPLICA);
        self.peers.set_master(MYSELF, Some(master));
        let of = self.peers[master].id;
        let scope = out.begin(Fact::BecameReplica { of, why });
        self.replicate(master, out);
        out.end(scope);
        self.todo.update_state();
        self.todo.save();
    }
}
