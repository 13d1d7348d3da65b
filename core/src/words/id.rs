//! Who and where: node ids, addresses, actors, connections, events.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::Dice;

/// A node's name on the cluster bus: 160 random bits, printed as 40 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 20]);

impl NodeId {
    /// Draws a fresh id (Redis: `getRandomHexChars`).
    pub fn random(dice: &mut Dice) -> NodeId {
        let mut id = [0; 20];
        for chunk in id.chunks_mut(8) {
            let bits = dice.bits().to_le_bytes();
            chunk.copy_from_slice(&bits[..chunk.len()]);
        }
        NodeId(id)
    }

    /// Reads exactly 40 hex digits in lower case; anything else names no node.
    pub fn parse(text: &[u8]) -> Option<NodeId> {
        let digits: &[u8; 40] = text.try_into().ok()?;
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut id = [0; 20];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(NodeId(id))
    }

    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Its first 64 bits, by which it is told from any other in practice.
    pub fn word(&self) -> u64 {
        let [first, ..] = self.0.as_chunks::<8>().0 else { unreachable!("20 bytes hold 8") };
        u64::from_le_bytes(*first)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 40];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&digits).expect("hex digits are ASCII"))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<NodeId, D::Error> {
        let text = String::deserialize(deserializer)?;
        NodeId::parse(text.as_bytes())
            .ok_or_else(|| serde::de::Error::custom("a node id is 40 hex digits"))
    }
}

/// Where a node listens: for clients on `port`, for the other nodes on `bus_port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Addr {
    /// Unspecified (0.0.0.0) while the node has not learned its own address.
    pub ip: Ipv4Addr,
    pub port: u16,
    pub bus_port: u16,
}

impl Addr {
    /// The address of a node on the loopback interface, with the bus port 10,000 above.
    pub const fn loopback(port: u16) -> Addr {
        Addr { ip: Ipv4Addr::LOCALHOST, port, bus_port: port.wrapping_add(10_000) }
    }
}

/// A participant of the world: a server or a client, by its dense index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorId(pub u16);

impl ActorId {
    /// The universe itself: the person's steps and the network's own events.
    pub const WORLD: ActorId = ActorId(u16::MAX);
}

/// One end of a TCP connection, as its owner names it: the owner counts those it opens from 0 up,
/// the world numbers those it accepts, with the top bit set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnId(pub u32);

impl ConnId {
    pub const ACCEPTED: u32 = 1 << 31;

    /// Whether the owner accepted this connection (rather than opened it).
    pub const fn is_accepted(self) -> bool {
        self.0 & ConnId::ACCEPTED != 0
    }
}

/// An event's name: its owner, and how many events that owner had before. Adding a node therefore
/// renames no other event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId {
    pub owner: ActorId,
    pub count: u32,
}
