//! Redirects: does this node serve these keys, and if not, who does?
//!
//! The rule (Redis 7.0, `cluster.c: getNodeByQuery, clusterRedirectClient`), in the order in which
//! it is checked:
//! 1. No keys: every node answers.
//! 2. The first key's slot has no owner: CLUSTERDOWN Hash slot not served.
//! 3. Another key is in another slot: CROSSSLOT, even if the slot is not mine and the cluster down.
//! 4. The cluster's state is fail: CLUSTERDOWN, unless reads are allowed then and this is one.
//! 5. A replica of the owner answers reads of clients that said READONLY.
//! 6. The slot is mine: here. Otherwise MOVED, to the owner that I believe in.

use bytes::Bytes;

use super::Node;
use super::bus::Health;
use super::connection::Reads;
use super::peers::{MYSELF, PeerIdx};
use crate::data::{Reply, Spec};
use crate::words::{Addr, Slot, slot_of_key};

/// Where a call is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Local,
    Unbound,
    CrossSlot,
    Down,
    DownForWrites,
    Moved { slot: Slot, to: Addr },
}

impl Verdict {
    /// The error that the client gets.
    pub(super) fn into_reply(self) -> Reply {
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
            Verdict::Moved { slot, to } => {
                Reply::error(format!("MOVED {slot} {}:{}", super::report::ip_text(to), to.port))
            }
        }
    }
}

impl Node {
    /// The six rules.
    pub(super) fn route(&self, spec: &Spec, args: &[Bytes], reads: Reads) -> Verdict {
        let mut keys = spec.keys_of(args);
        let Some(first) = keys.next() else { return Verdict::Local };
        let slot = slot_of_key(first);
        let Some(owner) = self.slots.owner(slot) else { return Verdict::Unbound };
        if keys.any(|key| key != first && slot_of_key(key) != slot) {
            return Verdict::CrossSlot;
        }
        if self.state.health() == Health::Fail {
            if !self.config.allow_reads_when_down.is_on() {
                return Verdict::Down;
            }
            if spec.is_write() {
                return Verdict::DownForWrites;
            }
        }
        if owner == MYSELF || self.serves_reads_of(owner, spec, reads) {
            return Verdict::Local;
        }
        Verdict::Moved { slot, to: self.peers[owner].addr }
    }

    /// Rule 5.
    fn serves_reads_of(&self, owner: PeerIdx, spec: &Spec, reads: Reads) -> bool {
        reads == Reads::FromReplica && !spec.is_write() && self.peers.me().master == Some(owner)
    }
}
