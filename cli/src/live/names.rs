//! The names of a script and the names of a real cluster.
//!
//! A script says `127.0.0.1:7000` and the ids that the simulator draws; real nodes have addresses
//! and ids of their own. What is asked is translated on its way in, what is answered on its way
//! out, so that both can be compared as they stand.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::words::NodeId;
use hashslot_core::world::step::Port;

/// How the nodes are called on both sides.
#[derive(Clone, Debug, Default)]
pub struct Names {
    addresses: BTreeMap<Port, Ipv4Addr>,
    /// Where they are reached from here.
    doors: BTreeMap<Port, SocketAddrV4>,
    /// Real ids and what the script calls them.
    to_script: BTreeMap<NodeId, NodeId>,
    to_real: BTreeMap<NodeId, NodeId>,
}

/// The address of every node in a script.
const SCRIPT_IP: &str = "127.0.0.1";
const ID_LENGTH: usize = 40;

impl Names {
    /// A node has this address among its like, and this one for us.
    pub fn add_node(&mut self, port: Port, ip: Ipv4Addr, door: SocketAddrV4) {
        self.addresses.insert(port, ip);
        self.doors.insert(port, door);
    }

    pub fn add_id(&mut self, real: NodeId, in_script: NodeId) {
        self.to_script.insert(real, in_script);
        self.to_real.insert(in_script, real);
    }

    /// The real place of an address of the script; itself if no node is there.
    pub fn real_place(&self, of: SocketAddrV4) -> SocketAddrV4 {
        let door = Port::new(of.port()).and_then(|port| self.doors.get(&port));
        door.filter(|_| *of.ip() == Ipv4Addr::LOCALHOST).copied().unwrap_or(of)
    }

    /// A call with real addresses and ids.
    pub fn call_to_real(&self, args: &[Bytes]) -> Vec<Bytes> {
        let port_after = |index: usize| {
            let text = std::str::from_utf8(args.get(index + 1)?).ok()?;
            self.addresses.get(&Port::parse(text)?)
        };
        let argument = |(index, arg): (usize, &Bytes)| match (&arg[..], port_after(index)) {
            (b"127.0.0.1", Some(ip)) => Bytes::from(ip.to_string()),
            _ => with_ids(arg, &self.to_real),
        };
        args.iter().enumerate().map(argument).collect()
    }

    /// A reply with the addresses and ids of the script.
    pub fn reply_to_script(&self, reply: Reply) -> Reply {
        let all = |replies: Vec<Reply>| -> Vec<Reply> {
            replies.into_iter().map(|reply| self.reply_to_script(reply)).collect()
        };
        match reply {
            Reply::Simple(text) => {
                Reply::Simple(self.text_to_script(text.as_bytes()).into_owned().into())
            }
            Reply::Error(text) => Reply::Error(self.text_to_script(text.as_bytes()).into_owned()),
            Reply::Bulk(bytes) => Reply::Bulk(self.bytes_to_script(&bytes)),
            Reply::Verbatim { format, text } => {
                Reply::Verbatim { format, text: self.bytes_to_script(&text) }
            }
            Reply::Array(items) => Reply::Array(all(items)),
            Reply::Set(items) => Reply::Set(all(items)),
            Reply::Push(items) => Reply::Push(all(items)),
            Reply::Map(pairs) => {
                let pair = |(key, value)| (self.reply_to_script(key), self.reply_to_script(value));
                Reply::Map(pairs.into_iter().map(pair).collect())
            }
            other @ (Reply::Integer(_)
            | Reply::Null
            | Reply::NullArray
            | Reply::Double(_)
            | Reply::Boolean(_)
            | Reply::BigNumber(_)) => other,
        }
    }

    /// A text with the addresses and ids of the script.
    pub fn text_to_script<'a>(&self, text: &'a [u8]) -> std::borrow::Cow<'a, str> {
        let mapped = self.bytes_to_script(text);
        match mapped == text {
            true => String::from_utf8_lossy(text),
            false => String::from_utf8_lossy(&mapped).into_owned().into(),
        }
    }

    fn bytes_to_script(&self, text: &[u8]) -> Bytes {
        let text = with_ids(text, &self.to_script);
        match self.addresses.values().next() {
            Some(ip) => with_script_ip(&text, *ip),
            None => text,
        }
    }
}

/// The text with every id replaced that the table has.
fn with_ids(text: &[u8], table: &BTreeMap<NodeId, NodeId>) -> Bytes {
    let mut out = Vec::new();
    let mut kept = 0;
    let mut at = 0;
    while at + ID_LENGTH <= text.len() {
        let known = NodeId::parse(&text[at..at + ID_LENGTH]).and_then(|id| table.get(&id));
        let Some(other) = known else {
            at += 1;
            continue;
        };
        out.extend_from_slice(&text[kept..at]);
        out.extend_from_slice(other.to_string().as_bytes());
        at += ID_LENGTH;
        kept = at;
    }
    if kept == 0 {
        return Bytes::copy_from_slice(text);
    }
    out.extend_from_slice(&text[kept..]);
    out.into()
}

/// The text with every address of the network of `like` replaced.
fn with_script_ip(text: &[u8], like: Ipv4Addr) -> Bytes {
    let [a, b, c, _] = like.octets();
    let lead = format!("{a}.{b}.{c}.");
    let lead = lead.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let digits = match rest.strip_prefix(lead) {
            Some(after) => after.iter().take_while(|byte| byte.is_ascii_digit()).count(),
            None => 0,
        };
        if digits == 0 {
            out.push(text[at]);
            at += 1;
            continue;
        }
        out.extend_from_slice(SCRIPT_IP.as_bytes());
        at += lead.len() + digits;
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for index in 0..12 {
            let port = Port::new(7000 + index).unwrap();
            let ip = Ipv4Addr::new(127, 0, 5, index as u8 + 1);
            names.add_node(port, ip, SocketAddrV4::new(ip, port.number()));
        }
        let id = |digit: char| NodeId::parse(digit.to_string().repeat(40).as_bytes()).unwrap();
        names.add_id(id('a'), id('1'));
        names
    }

    #[test]
    fn what_is_asked_goes_to_real_places() {
        let call = |line: &str| -> Vec<Bytes> {
            line.split(' ').map(|word| Bytes::copy_from_slice(word.as_bytes())).collect()
        };
        let names = names();
        let real = |line: &str| names.call_to_real(&call(line));
        assert_eq!(real("CLUSTER MEET 127.0.0.1 7011"), call("CLUSTER MEET 127.0.5.12 7011"));
        assert_eq!(real("SET a 127.0.0.1"), call("SET a 127.0.0.1"));
        let forget = |digit: &str| format!("CLUSTER FORGET {}", digit.repeat(40));
        assert_eq!(real(&forget("1")), call(&forget("a")));
    }

    #[test]
    fn what_is_answered_comes_in_the_names_of_the_script() {
        let moved = names().reply_to_script(Reply::error("MOVED 12 127.0.5.12:7011"));
        assert_eq!(moved, Reply::error("MOVED 12 127.0.0.1:7011"));
        let nodes = format!("{} 127.0.5.1:7000@17000 myself", "a".repeat(40));
        let mapped = names().reply_to_script(Reply::bulk(nodes));
        assert_eq!(mapped, Reply::bulk(format!("{} 127.0.0.1:7000@17000 myself", "1".repeat(40))));
    }
}
