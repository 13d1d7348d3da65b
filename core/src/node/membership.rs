//! Leaving: FORGET takes another node out of this node's table, RESET takes this node out of the
//! cluster.
//!
//! The problem: gossip brings every known node back to whoever does not know it, so a node that is
//! only deleted is there again with the next ping that tells of it. The idea: a blacklist of the
//! ids that were deleted on purpose, kept long enough for a person to delete the node everywhere.
//!
//! The rule (Redis 7.0, `cluster.c: clusterBlacklistAddNode, clusterBlacklistExists,
//! clusterDelNode, clusterReset, clusterCommand`): an id stays on the list for 60 seconds, counted
//! in whole ones; the list stops gossip only, a MEET brings the node back at once; it is this
//! node's own, and not saved. RESET makes a replica an empty master, frees all slots and forgets
//! everybody; with HARD the node gets new epochs and a new name as well.
//!
//! How we differ: writing nodes.conf cannot fail, so SAVECONFIG has no error.

use bytes::Bytes;

use super::Node;
use super::cluster::{asks, find_node, spec};
use super::command::{NodeRow, Run, wrong_subcommand};
use super::fact::{Fact, ResetKind};
use super::notice::Notice;
use super::peers::{MYSELF, PeerIdx};
use super::port::Effects;
use super::report;
use crate::data::{Flags, Reply, Spec};
use crate::words::{ConnId, NodeId};

/// How long a forgotten node is not learned from gossip again, in seconds.
const BLACKLIST_S: u64 = 60;

/// The nodes that this one was told to forget.
#[derive(Clone, Debug, Default)]
pub(super) struct Blacklist {
    list: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    id: NodeId,
    /// The last second in which the node is kept out.
    until_s: u64,
    said: Said,
}

/// Whether it was said that gossip about the node is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    No,
    Yes,
}

impl Blacklist {
    fn add(&mut self, id: NodeId, now_s: u64) {
        self.clean(now_s);
        let until_s = now_s + BLACKLIST_S;
        match self.list.iter_mut().find(|entry| entry.id == id) {
            Some(entry) => entry.until_s = until_s,
            None => self.list.push(Entry { id, until_s, said: Said::No }),
        }
    }

    fn clean(&mut self, now_s: u64) {
        self.list.retain(|entry| entry.until_s >= now_s);
    }
}

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("cluster|forget", 3, "node-id", "Take a node out of this node's table."),
        run: Run::Reply(forget),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::STALE),
            ..spec("cluster|reset", -2, "[HARD|SOFT]", "Take this node out of the cluster.")
        },
        run: Run::Reply(reset),
    },
    NodeRow {
        spec: spec("cluster|saveconfig", 2, "", "Write nodes.conf now."),
        run: Run::Reply(|node, _, _, _| {
            node.save();
            Reply::ok()
        }),
    },
    NodeRow {
        spec: asks(spec("cluster|links", 2, "", "The bus links of this node, both ways."))
            .tips(&["nondeterministic_output"])
            .since("7.0.0"),
        run: Run::Reply(|node, _, _, _| report::links(node)),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::LOADING.and(Flags::STALE),
            since: "5.0.0",
            ..spec("cluster|help", 2, "", "The subcommands and what they do.")
        },
        run: Run::Reply(|_, _, _, _| report::cluster_help()),
    },
];

fn forget(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    let index = match find_node(node, &args[2]) {
        Ok(index) => index,
        Err(error) => return error,
    };
    if index == MYSELF {
        return Reply::error("ERR I tried hard but I can't forget myself...");
    }
    if node.peers.me().master == Some(index) {
        return Reply::error("ERR Can't forget my master!");
    }
    node.forget_peer(index, out);
    Reply::ok()
}

fn reset(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    let kind = match args.get(2) {
        _ if args.len() > 3 => return wrong_subcommand(args),
        None => ResetKind::Soft,
        Some(word) if word.eq_ignore_ascii_case(b"hard") => ResetKind::Hard,
        Some(word) if word.eq_ignore_ascii_case(b"soft") => ResetKind::Soft,
        Some(_) => return Reply::syntax_error(),
    };
    if node.peers.me().is_master() && !node.keyspace.is_empty() {
        return Reply::error("ERR CLUSTER RESET can't be called with master nodes containing keys");
    }
    node.reset(kind, out);
    Reply::ok()
}

impl Node {
    fn forget_peer(&mut self, index: PeerIdx, out: &mut Effects) {
        let id = self.peers[index].id;
        self.blacklist.add(id, self.now.seconds());
        let scope = out.begin(Fact::PeerForgotten { peer: id });
        self.delete_peer(index, out);
        out.end(scope);
        self.todo.update_state();
        self.todo.save();
    }

    /// Whether gossip may bring a node back; that it may not is said once.
    pub(super) fn is_blacklisted(&mut self, id: NodeId, from: PeerIdx, out: &mut Effects) -> bool {
        self.blacklist.clean(self.now.seconds());
        let Some(entry) = self.blacklist.list.iter_mut().find(|entry| entry.id == id) else {
            return false;
        };
        if entry.said == Said::No {
            entry.said = Said::Yes;
            let (from, until_ms) = (self.peers[from].id, (entry.until_s + 1) * 1_000);
            out.note(Fact::GossipBlacklisted { peer: id, from, until_ms });
        }
        true
    }

    /// The node is alone again (`clusterReset`).
    fn reset(&mut self, kind: ResetKind, out: &mut Effects) {
        let scope = out.begin(Fact::NodeReset { kind });
        if self.peers.me().is_replica() {
            self.become_empty_master(out);
        }
        self.open.close_all();
        self.end_manual_failover();
        for index in self.peers.indices().to_vec() {
            self.slots.free_all_of(&mut self.peers, index);
        }
        for index in self.peers.indices().to_vec() {
            if index != MYSELF {
                self.delete_peer(index, out);
            }
        }
        if kind == ResetKind::Hard {
            self.epochs = super::Epochs::default();
            self.peers.cold_mut(MYSELF).config_epoch = 0;
            let id = NodeId::random(&mut self.dice);
            self.peers.rename(MYSELF, id);
            out.note(Fact::Logged(Notice::HardReset { id }));
        }
        out.end(scope);
        self.todo.update_state();
        self.todo.save();
    }

    /// A replica that leaves its master for nobody gives up its copy of the data.
    fn become_empty_master(&mut self, out: &mut Effects) {
        use super::peers::Flags;
        self.peers.set_master(MYSELF, None);
        let flags = &mut self.peers[MYSELF].flags;
        flags.clear(Flags::REPLICA);
        flags.set(Flags::MASTER);
        self.stop_replicating(out);
        self.leave_in_file();
        let before = self.keyspace.clone();
        self.keyspace.clear();
        self.touch_all_keys(&before);
    }
}
