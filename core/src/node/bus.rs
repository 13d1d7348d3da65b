//! What travels on the cluster bus.
//!
//! The rule (Redis 7.0, `cluster.h: clusterMsg`, `cluster.c: clusterBuildMessageHdr`): every
//! message opens with the same header, in which the sender states its epochs, slots, role and
//! address; pings, pongs and meets then carry a gossip section about a few other nodes. Messages
//! travel here as typed values over the simulated TCP connections; their size costs no time.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::peers::Flags;
use crate::words::{Addr, Digest, NodeId, SlotSet};

/// One message on the bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Shared between all messages that say the same of their sender.
    pub header: Arc<Header>,
    pub body: Body,
    /// The extension of pings, pongs and meets: the name by which clients reach the sender.
    pub hostname: Option<Arc<str>>,
}

/// What a sender says of itself in every message.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub sender: NodeId,
    pub addr: Addr,
    pub current_epoch: u64,
    /// Its own, or its master's if it is a replica.
    pub config_epoch: u64,
    /// Bytes of the replication stream that it sent (master) or processed (replica).
    pub offset: u64,
    /// Its own slots, or its master's if it is a replica.
    pub slots: SlotSet,
    pub master: Option<NodeId>,
    pub flags: Flags,
    pub state: Health,
    pub manual: Manual,
    /// A word that stands for all of the above but the address in a digest; see
    /// [`Header::sealed`].
    pub(super) seal: u64,
}

/// Whether a node serves its slots or answers CLUSTERDOWN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    Ok,
    Fail,
}

/// What a header says of a manual failover under way (`mflags`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manual {
    #[default]
    None,
    /// The sender is a master in a manual failover: it holds writes back for its replica, so that
    /// its offset stands, or it is that replica, which tells everybody that it has succeeded.
    Paused,
    /// The sender is a replica whose user wants it to take over: vote although its master is up.
    ForceAck,
}

/// What follows the header.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Ping(Vec<Gossip>),
    Pong(Vec<Gossip>),
    Meet(Vec<Gossip>),
    Fail(NodeId),
    AuthRequest,
    AuthAck,
    Update(Update),
    MfStart,
    Publish(Publication),
    PublishShard(Publication),
}

/// What the sender believes of a third node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gossip {
    pub id: NodeId,
    /// Whole seconds of the sender's clock; 0 when no ping is pending.
    pub ping_sent_s: u32,
    /// Whole seconds of the sender's clock.
    pub pong_received_s: u32,
    pub addr: Addr,
    pub flags: Flags,
}

/// A message of pub/sub.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    pub channel: Bytes,
    pub message: Bytes,
}

/// News for a node whose view of slots is outdated.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    pub id: NodeId,
    pub config_epoch: u64,
    pub slots: SlotSet,
}

/// The types of messages, in the order of their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Ping,
    Pong,
    Meet,
    Fail,
    Publish,
    AuthRequest,
    AuthAck,
    Update,
    MfStart,
    PublishShard,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Ping,
        Kind::Pong,
        Kind::Meet,
        Kind::Fail,
        Kind::Publish,
        Kind::AuthRequest,
        Kind::AuthAck,
        Kind::Update,
        Kind::MfStart,
        Kind::PublishShard,
    ];

    /// The number of the type on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Kind::Ping => 0,
            Kind::Pong => 1,
            Kind::Meet => 2,
            Kind::Fail => 3,
            Kind::Publish => 4,
            Kind::AuthRequest => 5,
            Kind::AuthAck => 6,
            Kind::Update => 7,
            Kind::MfStart => 8,
            Kind::PublishShard => 10,
        }
    }

    /// The name that CLUSTER INFO prints.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Ping => "ping",
            Kind::Pong => "pong",
            Kind::Meet => "meet",
            Kind::Fail => "fail",
            Kind::Publish => "publish",
            Kind::AuthRequest => "auth-req",
            Kind::AuthAck => "auth-ack",
            Kind::Update => "update",
            Kind::MfStart => "mfstart",
            Kind::PublishShard => "publishshard",
        }
    }
}

impl Header {
    /// What a master says of itself that knows nothing yet: no slots, and all epochs 0.
    pub fn new(sender: NodeId, addr: Addr) -> Header {
        Header {
            sender,
            addr,
            current_epoch: 0,
            config_epoch: 0,
            offset: 0,
            slots: SlotSet::default(),
            master: None,
            flags: Flags::MASTER,
            state: Health::Ok,
            manual: Manual::None,
            seal: 0,
        }
    }

    /// The same, with the word that follows from its fields; many messages share it. An address
    /// follows from the steps that set it, which are in the digest themselves.
    pub(super) fn sealed(mut self) -> Header {
        let mut digest = Digest::new();
        digest.bytes(self.sender.as_bytes());
        digest.word(self.current_epoch);
        digest.word(self.config_epoch);
        digest.word(self.offset);
        digest.word(self.slots.fingerprint());
        digest.word(u64::from(self.flags.bits()));
        digest.word(self.state as u64);
        if let Some(master) = &self.master {
            digest.bytes(master.as_bytes());
        }
        digest.word(self.manual as u64);
        self.seal = digest.value();
        self
    }
}

impl Gossip {
    /// A word that is another one for nearly every other entry. No step of it waits for another,
    /// since a message has many entries.
    fn seal(&self) -> u64 {
        let times = u64::from(self.ping_sent_s) << 32 | u64::from(self.pong_received_s);
        let flags = u64::from(self.flags.bits());
        let spread = |word: u64, odd: u64| word.wrapping_mul(odd).rotate_left(32);
        self.id.word() ^ spread(times, 0x9e37_79b9_7f4a_7c15) ^ spread(flags, 0xc2b2_ae3d_27d4_eb4f)
    }
}

impl Message {
    pub fn kind(&self) -> Kind {
        match &self.body {
            Body::Ping(_) => Kind::Ping,
            Body::Pong(_) => Kind::Pong,
            Body::Meet(_) => Kind::Meet,
            Body::Fail(_) => Kind::Fail,
            Body::AuthRequest => Kind::AuthRequest,
            Body::AuthAck => Kind::AuthAck,
            Body::Update(_) => Kind::Update,
            Body::MfStart => Kind::MfStart,
            Body::Publish(_) => Kind::Publish,
            Body::PublishShard(_) => Kind::PublishShard,
        }
    }

    /// The gossip section, if this kind of message has one.
    pub fn gossip(&self) -> &[Gossip] {
        match &self.body {
            Body::Ping(gossip) | Body::Pong(gossip) | Body::Meet(gossip) => gossip,
            Body::Fail(_)
            | Body::AuthRequest
            | Body::AuthAck
            | Body::Update(_)
            | Body::MfStart
            | Body::Publish(_)
            | Body::PublishShard(_) => &[],
        }
    }

    /// The gossip section of a message that has one.
    pub(super) fn gossip_mut(&mut self) -> &mut Vec<Gossip> {
        match &mut self.body {
            Body::Ping(gossip) | Body::Pong(gossip) | Body::Meet(gossip) => gossip,
            _ => unreachable!("only pings, pongs and meets carry gossip"),
        }
    }

    /// Takes the whole message into a digest: what is said again and again as one word each.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.kind() as u64);
        digest.word(self.header.seal);
        if let Some(hostname) = &self.hostname {
            digest.bytes(hostname.as_bytes());
        }
        for entry in self.gossip() {
            digest.word(entry.seal());
        }
        match &self.body {
            Body::Fail(id) => digest.bytes(id.as_bytes()),
            Body::Update(update) => {
                digest.bytes(update.id.as_bytes());
                digest.word(update.config_epoch);
                digest.word(update.slots.fingerprint());
            }
            Body::Publish(said) | Body::PublishShard(said) => {
                digest.bytes(&said.channel);
                digest.bytes(&said.message);
            }
            Body::Ping(_)
            | Body::Pong(_)
            | Body::Meet(_)
            | Body::AuthRequest
            | Body::AuthAck
            | Body::MfStart => {}
        }
    }
}

/// A message as it is shared between the sender's connections.
pub type Shared = Arc<Message>;
