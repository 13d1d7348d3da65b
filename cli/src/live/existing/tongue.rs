//! The names of a cluster that exists already, and those of the lesson.
//!
//! Its nodes have any addresses and ports, so an address is translated with its port, wherever both
//! stand: joined by a colon, side by side, or as two fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::node::specs;
use hashslot_core::words::NodeId;
use hashslot_core::world::step::Port;

use super::keys::Keys;
use super::permit::name_of;
use crate::live::Names;
use crate::live::tongue::Tongue;

/// What nodes and keys are called on both sides.
#[derive(Default)]
pub struct Translator {
    places: BTreeMap<Port, SocketAddrV4>,
    ids: Names,
    keys: Keys,
}

impl Translator {
    pub fn new(keys: Keys) -> Translator {
        Translator { keys, ..Translator::default() }
    }

    pub fn add(&mut self, port: Port, place: SocketAddrV4, real: NodeId, in_lesson: NodeId) {
        self.places.insert(port, place);
        self.ids.add_id(real, in_lesson);
    }

    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    pub fn place(&self, port: Port) -> Option<SocketAddrV4> {
        self.places.get(&port).copied()
    }

    pub fn ports(&self) -> impl Iterator<Item = Port> + '_ {
        self.places.keys().copied()
    }

    fn port_of(&self, ip: &str, port: &str) -> Option<Port> {
        let ip: Ipv4Addr = ip.parse().ok()?;
        let place = SocketAddrV4::new(ip, port.parse().ok()?);
        self.places.iter().find(|(_, known)| **known == place).map(|(port, _)| *port)
    }

    /// A text in the names of the lesson.
    pub fn text(&self, text: &str) -> String {
        let text = self.ids.text_to_script(text.as_bytes()).into_owned();
        let mut lines: Vec<String> = text.split('\n').map(|line| self.line(line)).collect();
        self.fields_of_info(&mut lines);
        lines.join("\n")
    }

    /// A line with every `IP:PORT` and `IP:PORT@BUS` of a node replaced.
    fn line(&self, line: &str) -> String {
        let word = |word: &str| {
            let end = word.trim_end_matches('\r');
            let (address, bus) = match end.split_once('@') {
                Some((address, _)) => (address, true),
                None => (end, false),
            };
            let (ip, port) = address.rsplit_once(':')?;
            let port = self.port_of(ip, port)?.number();
            let bus = if bus { format!("@{}", port + 10_000) } else { String::new() };
            let rest = &word[end.len()..];
            Some(format!("{}:{port}{bus}{rest}", Ipv4Addr::LOCALHOST))
        };
        let words = line.split(' ').map(|one| word(one).unwrap_or_else(|| one.to_owned()));
        words.collect::<Vec<_>>().join(" ")
    }

    /// `master_host:IP` and `master_port:PORT`, which INFO has on two lines.
    fn fields_of_info(&self, lines: &mut [String]) {
        let field = |line: &str, name: &str| line.trim_end().strip_prefix(name).map(str::to_owned);
        for index in 1..lines.len() {
            let ip = field(&lines[index - 1], "master_host:");
            let port = field(&lines[index], "master_port:");
            if let (Some(ip), Some(port)) = (ip, port)
                && let Some(port) = self.port_of(&ip, &port)
            {
                lines[index - 1] = format!("master_host:{}\r", Ipv4Addr::LOCALHOST);
                lines[index] = format!("master_port:{port}\r");
            }
        }
    }

    fn bulk(&self, bytes: &Bytes) -> Bytes {
        if let Some(key) = self.keys.in_lesson(bytes) {
            return key.clone();
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => match self.text(text) {
                same if same == text => bytes.clone(),
                other => other.into(),
            },
            Err(_) => bytes.clone(),
        }
    }

    fn list(&self, items: Vec<Reply>) -> Vec<Reply> {
        let mut items = items;
        self.places_in(&mut items);
        items.into_iter().map(|item| self.reply_to_script(item)).collect()
    }

    /// An address and its port in a list: side by side, or as the fields `ip` and `port`.
    fn places_in(&self, items: &mut [Reply]) {
        for index in 1..items.len() {
            let (ip, port) = (text_of(&items[index - 1]), text_of(&items[index]));
            if let Some(port) = self.port_of(&ip, &port) {
                items[index - 1] = like(&items[index - 1], &Ipv4Addr::LOCALHOST.to_string());
                items[index] = like(&items[index], &port.to_string());
            }
        }
        let at = |name: &'static str| items.iter().position(|item| *item == Reply::bulk(name));
        let (Some(ip), Some(port)) = (at("ip"), at("port")) else { return };
        if ip + 1 >= items.len() || port + 1 >= items.len() {
            return;
        }
        let Some(known) = self.port_of(&text_of(&items[ip + 1]), &text_of(&items[port + 1])) else {
            return;
        };
        let real = items[ip + 1].clone();
        items[port + 1] = like(&items[port + 1], &known.to_string());
        for item in items.iter_mut().filter(|item| **item == real) {
            *item = like(item, &Ipv4Addr::LOCALHOST.to_string());
        }
    }
}

impl Tongue for Translator {
    fn real_place(&self, of: SocketAddrV4) -> SocketAddrV4 {
        Port::new(of.port()).and_then(|port| self.place(port)).unwrap_or(of)
    }

    fn call_to_real(&self, args: &[Bytes]) -> Vec<Bytes> {
        let name = name_of(args);
        let spec = specs().find(|spec| spec.name == name);
        let keys: Vec<usize> =
            spec.map(|spec| spec.key_positions(args).collect()).unwrap_or_default();
        let mut real = self.ids.call_to_real(args);
        for (index, arg) in args.iter().enumerate() {
            if keys.contains(&index)
                && let Some(key) = self.keys.real(arg)
            {
                real[index] = key.clone();
            }
            let port = |next: &Bytes| Port::parse(std::str::from_utf8(next).ok()?);
            if &arg[..] == b"127.0.0.1"
                && let Some(place) =
                    args.get(index + 1).and_then(port).and_then(|at| self.place(at))
            {
                real[index] = place.ip().to_string().into();
                real[index + 1] = place.port().to_string().into();
            }
        }
        real
    }

    fn reply_to_script(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Simple(text) => Reply::Simple(Cow::Owned(self.text(&text))),
            Reply::Error(text) => Reply::Error(self.text(&text)),
            Reply::Bulk(bytes) => Reply::Bulk(self.bulk(&bytes)),
            Reply::Verbatim { format, text } => Reply::Verbatim { format, text: self.bulk(&text) },
            Reply::Array(items) => Reply::Array(self.list(items)),
            Reply::Set(items) => Reply::Set(self.list(items)),
            Reply::Push(items) => Reply::Push(self.list(items)),
            other => other,
        }
    }
}

fn text_of(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(text) => String::from_utf8_lossy(text).into_owned(),
        Reply::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A text as the same kind of reply.
fn like(reply: &Reply, text: &str) -> Reply {
    match reply {
        Reply::Integer(_) => Reply::Integer(text.parse().unwrap_or(0)),
        _ => Reply::bulk(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translator() -> Translator {
        let mut keys = Keys::default();
        keys.add(&Bytes::from("x")).unwrap();
        let mut translator = Translator::new(keys);
        let id = |digit: char| NodeId::parse(digit.to_string().repeat(40).as_bytes()).unwrap();
        let place = |port| SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 5), port);
        translator.add(Port::new(7000).unwrap(), place(6379), id('a'), id('1'));
        translator.add(Port::new(7001).unwrap(), place(6380), id('b'), id('2'));
        translator
    }

    fn call(line: &str) -> Vec<Bytes> {
        line.split(' ').map(|word| Bytes::copy_from_slice(word.as_bytes())).collect()
    }

    #[test]
    fn calls_go_out_with_other_keys_and_places() {
        let real = |line: &str| translator().call_to_real(&call(line));
        assert_eq!(real("SET x x"), call("SET hs:{x} x"));
        assert_eq!(real("CLUSTER KEYSLOT x"), call("CLUSTER KEYSLOT x"));
        assert_eq!(real("CLUSTER MEET 127.0.0.1 7001"), call("CLUSTER MEET 10.0.0.5 6380"));
    }

    #[test]
    fn replies_come_back_in_the_names_of_the_lesson() {
        let back = |reply| translator().reply_to_script(reply);
        assert_eq!(
            back(Reply::error("MOVED 12 10.0.0.5:6380")),
            Reply::error("MOVED 12 127.0.0.1:7001")
        );
        let nodes = format!("{} 10.0.0.5:6379@16379 master -\n", "a".repeat(40));
        let ours = format!("{} 127.0.0.1:7000@17000 master -\n", "1".repeat(40));
        assert_eq!(back(Reply::bulk(nodes)), Reply::bulk(ours));
        let pair =
            |ip: &'static str, port| Reply::Array(vec![Reply::bulk(ip), Reply::Integer(port)]);
        assert_eq!(back(pair("10.0.0.5", 6380)), pair("127.0.0.1", 7001));
        let fields = |ip: &'static str, port| {
            let name = |name: &'static str| Reply::bulk(name);
            Reply::Array(vec![
                name("id"),
                name("i"),
                name("port"),
                Reply::Integer(port),
                name("ip"),
                name(ip),
                name("endpoint"),
                name(ip),
                name("role"),
                name("master"),
            ])
        };
        assert_eq!(back(fields("10.0.0.5", 6379)), fields("127.0.0.1", 7000));
        let info =
            |ip: &str, port| format!("role:slave\r\nmaster_host:{ip}\r\nmaster_port:{port}\r\n");
        assert_eq!(back(Reply::bulk(info("10.0.0.5", 6379))), Reply::bulk(info("127.0.0.1", 7000)));
        assert_eq!(back(Reply::bulk("hs:{x}")), Reply::bulk("x"));
    }
}
