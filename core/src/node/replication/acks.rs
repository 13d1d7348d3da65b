//! What a master knows of how far its replicas are.
//!
//! The rule (Redis 7.0, `replication.c: replicationCountAcksByOffset,
//! replicationSendAck`; `server.c: beforeSleep, sendGetackToReplicas`): a replica acknowledges once
//! a second. Whoever cannot wait so long asks: before the node sleeps, REPLCONF GETACK goes into
//! the stream, so that each replica answers when it has come to that place. The question is part of
//! the stream and counts; the answer is the offset before it.

use bytes::Bytes;

use super::Replication;
use crate::node::Node;
use crate::node::port::Effects;

/// Whether the replicas are to be asked how far they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acks {
    Known,
    Wanted,
}

const GETACK: [&[u8]; 3] = [b"REPLCONF", b"GETACK", b"*"];

/// Whether a command of the stream is the question.
pub(super) fn is_getack(args: &[Bytes]) -> bool {
    args.len() == GETACK.len() && args.iter().zip(GETACK).all(|(arg, word)| arg == word)
}

impl Replication {
    /// The replicas will be asked before the node sleeps.
    pub fn want_acks(&mut self) {
        self.acks = Acks::Wanted;
    }

    /// How many replicas have acknowledged the stream up to this offset.
    pub fn acked_by(&self, offset: u64) -> usize {
        self.replicas.iter().filter(|replica| replica.has_acked(offset)).count()
    }
}

impl Node {
    /// Asks, if somebody wanted to know.
    pub(in crate::node) fn ask_for_acks(&mut self, out: &mut Effects) {
        if std::mem::replace(&mut self.replication.acks, Acks::Known) == Acks::Known {
            return;
        }
        if self.replication.backlog.is_some() && self.replication.source.is_none() {
            self.feed(GETACK.map(Bytes::from_static).into(), out);
        }
    }
}
