//! Messages of the cluster bus as bytes (Redis 7.0, `cluster.h: clusterMsg, clusterMsgData`).

use std::fmt::Write;

use bytes::{Buf, BufMut};
use hashslot_core::node::{Body, Gossip, Health, Kind, Manual, Message};
use hashslot_core::words::{NodeId, Slot, SlotSet};

const SIGNATURE: &[u8; 4] = b"RCmb";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 2_256;
const NO_NAME: [u8; 40] = [0; 40];
const PAUSED: u8 = 1;
const FORCE_ACK: u8 = 2;
const EXTENDED: u8 = 4;

/// A message as a node would send it. Addresses are left out: the receiver takes them from the
/// socket.
pub fn encode(message: &Message) -> Vec<u8> {
    let mut body = encode_body(&message.body);
    let name = message.hostname.as_deref();
    if let Some(name) = name {
        put_hostname(name, &mut body);
    }
    let header = &message.header;
    let mut out = Vec::with_capacity(HEADER_BYTES + body.len());
    out.put_slice(SIGNATURE);
    out.put_u32((HEADER_BYTES + body.len()) as u32);
    out.put_u16(VERSION);
    out.put_u16(header.addr.port);
    out.put_u16(u16::from(message.kind().number()));
    out.put_u16(message.gossip().len() as u16);
    out.put_u64(header.current_epoch);
    out.put_u64(header.config_epoch);
    out.put_u64(header.offset);
    out.put_slice(header.sender.to_string().as_bytes());
    put_slots(&header.slots, &mut out);
    match header.master {
        Some(master) => out.put_slice(master.to_string().as_bytes()),
        None => out.put_slice(&NO_NAME),
    }
    // Its ip; then unused bytes and the TLS port.
    out.put_bytes(0, 46);
    out.put_u16(u16::from(name.is_some()));
    out.put_bytes(0, 30 + 2);
    out.put_u16(header.addr.bus_port);
    out.put_u16(header.flags.bits());
    out.put_u8(u8::from(header.state == Health::Fail));
    let manual = match header.manual {
        Manual::None => 0,
        Manual::Paused => PAUSED,
        Manual::ForceAck => FORCE_ACK,
    };
    out.put_u8(manual | if name.is_some() { EXTENDED } else { 0 });
    out.put_bytes(0, 2);
    assert_eq!(out.len(), HEADER_BYTES, "a header has its length");
    out.put_slice(&body);
    out
}

fn encode_body(body: &Body) -> Vec<u8> {
    let mut out = Vec::new();
    match body {
        Body::Ping(gossip) | Body::Pong(gossip) | Body::Meet(gossip) => {
            gossip.iter().for_each(|entry| put_entry(entry, &mut out));
        }
        Body::Fail(id) => out.put_slice(id.to_string().as_bytes()),
        Body::Update(update) => {
            out.put_u64(update.config_epoch);
            out.put_slice(update.id.to_string().as_bytes());
            put_slots(&update.slots, &mut out);
        }
        Body::Publish(said) | Body::PublishShard(said) => {
            out.put_u32(said.channel.len() as u32);
            out.put_u32(said.message.len() as u32);
            out.put_slice(&said.channel);
            out.put_slice(&said.message);
        }
        Body::AuthRequest | Body::AuthAck | Body::MfStart => {}
    }
    out
}

fn put_entry(entry: &Gossip, out: &mut Vec<u8>) {
    out.put_slice(entry.id.to_string().as_bytes());
    out.put_u32(entry.ping_sent_s);
    out.put_u32(entry.pong_received_s);
    let ip = entry.addr.ip.to_string();
    out.put_slice(ip.as_bytes());
    out.put_bytes(0, 46 - ip.len());
    out.put_u16(entry.addr.port);
    out.put_u16(entry.addr.bus_port);
    out.put_u16(entry.flags.bits());
    out.put_bytes(0, 4);
}

/// The only extension (`clusterMsgPingExt`): its length, its type 0, and a name that zeros fill up
/// to a multiple of eight bytes.
fn put_hostname(name: &str, out: &mut Vec<u8>) {
    let room = (name.len() + 1).next_multiple_of(8);
    out.put_u32((8 + room) as u32);
    out.put_u32(0);
    out.put_slice(name.as_bytes());
    out.put_bytes(0, room - name.len());
}

fn put_slots(slots: &SlotSet, out: &mut Vec<u8>) {
    slots.words().iter().for_each(|word| out.put_u64_le(*word));
}

/// Whether bytes may be those of a node.
pub fn is_bus(bytes: &[u8]) -> bool {
    bytes.iter().zip(SIGNATURE).all(|(byte, sign)| byte == sign)
}

/// What is compared of a message that a node has sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub kind: Kind,
    /// All but the gossip, the state, the address and the offset.
    pub text: String,
}

impl Heard {
    /// The same of a simulated message.
    pub fn of(message: &Message) -> Heard {
        let bytes = encode(message);
        Heard::read(&mut &bytes[..]).expect("a whole message was written")
    }

    /// Takes the first message off `bytes`, if it is there as a whole.
    pub fn read(bytes: &mut &[u8]) -> Option<Heard> {
        let mut head = *bytes;
        if head.len() < 8 {
            return None;
        }
        let mut signature = [0; 4];
        head.copy_to_slice(&mut signature);
        assert_eq!(&signature, SIGNATURE, "a message begins with its signature");
        let length = head.get_u32() as usize;
        if bytes.len() < length {
            return None;
        }
        let (message, rest) = bytes.split_at(length);
        *bytes = rest;
        Some(Heard::parse(message))
    }

    fn parse(message: &[u8]) -> Heard {
        let mut rest = &message[12..];
        let number = rest.get_u16();
        let kind = Kind::ALL.into_iter().find(|kind| u16::from(kind.number()) == number);
        let kind = kind.expect("a node sends messages of known types");
        rest.advance(2);
        let mut text = format!("{} epoch={}", kind.name(), rest.get_u64());
        // Writing to a string cannot fail.
        let _ = write!(text, "/{}", rest.get_u64());
        rest.advance(8);
        text.push_str(&format!(" of {}", name(&mut rest)));
        text.push_str(&format!(" slots={}", slots(&mut rest)));
        text.push_str(&format!(" master={}", name(&mut rest)));
        rest.advance(46 + 2 + 30 + 2 + 2);
        text.push_str(&format!(" flags={}", rest.get_u16()));
        rest.advance(1);
        text.push_str(&format!(" mflags={}", rest.get_u8() & (PAUSED | FORCE_ACK)));
        rest.advance(2);
        match kind {
            Kind::Fail => text.push_str(&format!(" fails={}", name(&mut rest))),
            Kind::Update => {
                let epoch = rest.get_u64();
                let (id, slots) = (name(&mut rest), slots(&mut rest));
                text.push_str(&format!(" update of {id} epoch={epoch} slots={slots}"));
            }
            _ => {}
        }
        Heard { kind, text }
    }
}

/// A node's name, or a dash.
fn name(rest: &mut &[u8]) -> String {
    let mut name = [0; 40];
    rest.copy_to_slice(&mut name);
    match NodeId::parse(&name) {
        Some(id) => id.to_string(),
        None => "-".to_owned(),
    }
}

/// Slots as runs.
fn slots(rest: &mut &[u8]) -> String {
    let bits = rest[..2_048].to_vec();
    rest.advance(bits.len());
    let is_set = |slot: &Slot| bits[slot.index() / 8] >> (slot.index() % 8) & 1 == 1;
    let set: SlotSet = Slot::all().filter(is_set).collect();
    let ranges: Vec<String> = set.ranges().iter().map(ToString::to_string).collect();
    ranges.join(",")
}
