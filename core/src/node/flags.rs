//! The flags of a node, as they stand in its own messages, in gossip and in nodes.conf.

/// A set of flags, with Redis's bit values (`cluster.h: CLUSTER_NODE_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const MASTER: Flags = Flags(1);
    pub const REPLICA: Flags = Flags(2);
    pub const PFAIL: Flags = Flags(4);
    pub const FAIL: Flags = Flags(8);
    pub const MYSELF: Flags = Flags(16);
    pub const HANDSHAKE: Flags = Flags(32);
    pub const NOADDR: Flags = Flags(64);
    pub const MEET: Flags = Flags(128);
    pub const MIGRATE_TO: Flags = Flags(256);
    pub const NOFAILOVER: Flags = Flags(512);

    pub const fn bits(self) -> u16 {
        self.0
    }

    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Whether at least one of `others` is set.
    pub const fn any(self, others: Flags) -> bool {
        self.0 & others.0 != 0
    }

    pub fn set(&mut self, other: Flags) {
        *self = self.with(other);
    }

    pub fn clear(&mut self, other: Flags) {
        *self = self.without(other);
    }
}
