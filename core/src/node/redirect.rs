//! Redirects: does this node serve these keys, and if not, who does?
//!
//! The rule (Redis 7.0, `cluster.c: getNodeByQuery, clusterRedirectClient`), in the order in which
//! it is checked, for the keys of one call, or of all that EXEC would run:
//! 1. No keys: every node answers.
//! 2. The first key's slot has no owner: CLUSTERDOWN Hash slot not served.
//! 3. Another key is in another slot: CROSSSLOT, even if the slot is not mine and the cluster down.
//! 4. The cluster's state is fail: CLUSTERDOWN, unless reads are allowed then and this is one.
//!    Shard channels are served then, unless a setting forbids it.
//! 5. The slot is open: MIGRATE runs here.
//! 6. The slot is mine and migrating, and a key is missing here: if others of the call are here,
//!    TRYAGAIN; if none is, ASK, to the node that gets the slot.
//! 7. The slot is importing, and the client said ASKING (or the command implies it): here; but a
//!    call of several keys, one of which is missing, gets TRYAGAIN.
//! 8. A replica of the owner answers reads of clients that said READONLY, and whatever is about
//!    shard channels. It knows nothing of open slots: what has moved away reads as missing.
//! 9. The slot is mine: here. Otherwise MOVED, to the owner that I believe in.
//!
//! A key that is expired counts as missing, and is not deleted by being looked for. Shard
//! channels are nowhere else, so in an open slot none of them is missing.

use bytes::Bytes;

use super::Node;
use super::bus::Health;
use super::client::{Asking, Client, Reads};
use super::peers::{MYSELF, PeerIdx};
use super::profile::BrokenRule;
use super::pubsub_rows::is_about_shard_channels;
use crate::data::{Flags, Reply, Spec};
use crate::words::{Slot, slot_of_key};

/// A call, and what its table says of its command.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub spec: &'static Spec,
    pub args: &'a [Bytes],
}

impl<'a> Asked<'a> {
    fn keys(&self) -> impl Iterator<Item = &'a Bytes> + use<'a> {
        self.spec.keys_of(self.args)
    }
}

/// Where a call is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Local,
    Unbound,
    CrossSlot,
    Down,
    DownForWrites,
    TryAgain,
    Ask { slot: Slot, to: PeerIdx },
    Moved { slot: Slot, to: PeerIdx },
}

impl Verdict {
    /// The error that the client gets.
    pub(super) fn into_reply(self, node: &Node) -> Reply {
        match self {
            Verdict::Local => Reply::ok(),
            Verdict::Unbound => Reply::error("CLUSTERDOWN Hash slot not served"),
            Verdict::CrossSlot => {
                Reply::error("CROSSSLOT Keys in request don't hash to the same slot")
            }
            Verdict::Down => Reply::error("CLUSTERDOWN The cluster is down"),
            Verdict::DownForWrites => {
                Reply::error("CLUSTERDOWN The cluster is down and only accepts read commands")
            }
            Verdict::TryAgain => {
                Reply::error("TRYAGAIN Multiple keys request during rehashing of slot")
            }
            Verdict::Ask { slot, to } => {
                let (endpoint, port) = (node.endpoint_of(to), node.peers[to].addr.port);
                Reply::error(format!("ASK {slot} {endpoint}:{port}"))
            }
            Verdict::Moved { slot, to } => {
                let (endpoint, port) = (node.endpoint_of(to), node.peers[to].addr.port);
                Reply::error(format!("MOVED {slot} {endpoint}:{port}"))
            }
        }
    }
}

impl Node {
    /// The nine rules, for the calls that a command would run: itself, or those that EXEC ends.
    pub(super) fn route(&self, command: &Spec, calls: &[Asked<'_>], client: &Client) -> Verdict {
        let mut keys = calls.iter().flat_map(Asked::keys);
        let Some(first) = keys.next() else { return Verdict::Local };
        let slot = slot_of_key(first);
        let Some(owner) = self.slots.owner(slot) else { return Verdict::Unbound };
        if keys.any(|key| key != first && slot_of_key(key) != slot) {
            return Verdict::CrossSlot;
        }
        if let Some(down) = self.judge_health(command) {
            return down;
        }
        if let Some(open) = self.judge_open_slot((slot, owner), command, calls, client) {
            return open;
        }
        if owner == MYSELF || self.serves_reads_of(owner, command, calls, client) {
            return Verdict::Local;
        }
        match self.profile.breaks(BrokenRule::AsksForMoved) {
            true => Verdict::Ask { slot, to: owner },
            false => Verdict::Moved { slot, to: owner },
        }
    }

    /// Rule 4.
    fn judge_health(&self, command: &Spec) -> Option<Verdict> {
        if self.state.health() == Health::Ok {
            return None;
        }
        if is_about_shard_channels(command) {
            let allowed = self.config.allow_pubsubshard_when_down.is_on();
            return (!allowed).then_some(Verdict::Down);
        }
        if !self.config.allow_reads_when_down.is_on() {
            return Some(Verdict::Down);
        }
        command.is_write().then_some(Verdict::DownForWrites)
    }

    /// Rules 5 to 7.
    fn judge_open_slot(
        &self,
        (slot, owner): (Slot, PeerIdx),
        command: &Spec,
        calls: &[Asked<'_>],
        client: &Client,
    ) -> Option<Verdict> {
        let migrating = self.open.migrating_to(slot).filter(|_| owner == MYSELF);
        let importing = migrating.is_none() && self.open.importing_from(slot).is_some();
        if migrating.is_none() && !importing {
            return None;
        }
        if command.name == "migrate" {
            return Some(Verdict::Local);
        }
        let about_channels = is_about_shard_channels(command);
        let found = if about_channels { Found::default() } else { Found::of(self, calls) };
        if let Some(to) = migrating {
            return match (found.missing, found.here) {
                (0, _) => None,
                (_, 0) => Some(Verdict::Ask { slot, to }),
                (_, _) => Some(Verdict::TryAgain),
            };
        }
        if client.asking() == Asking::No && !command.flags.contains(Flags::ASKING) {
            return None;
        }
        let torn = found.several && found.missing > 0;
        Some(if torn { Verdict::TryAgain } else { Verdict::Local })
    }

    /// Rule 8.
    fn serves_reads_of(
        &self,
        owner: PeerIdx,
        command: &Spec,
        calls: &[Asked<'_>],
        client: &Client,
    ) -> bool {
        (client.reads() == Reads::FromReplica || is_about_shard_channels(command))
            && !calls.iter().any(|call| call.spec.is_write())
            && self.peers.me().master == Some(owner)
    }
}

/// How many of the keys of some calls are here.
#[derive(Default)]
struct Found {
    here: usize,
    missing: usize,
    /// Whether not all of them are the same key.
    several: bool,
}

impl Found {
    fn of(node: &Node, calls: &[Asked<'_>]) -> Found {
        let keys: Vec<&Bytes> = calls.iter().flat_map(Asked::keys).collect();
        let here = keys.iter().filter(|key| node.keyspace.get(key, node.now).is_some()).count();
        let several = keys.iter().any(|key| *key != keys[0]);
        Found { here, missing: keys.len() - here, several }
    }
}
