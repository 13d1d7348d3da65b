//! A node that knows no other, and clients of it, for unit tests: a line in, bytes out.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{Config, Effect, Effects, Found, Input, Node, Packet, Profile, Service, Setup};
use crate::data::encode_call;
use crate::words::{Addr, ConnId, Time, split_bytes};

/// The node, whose clock stands at unix time 1,000 seconds until [`Server::wait`].
pub(super) struct Server {
    node: Node,
    now: Time,
    heard: BTreeMap<ConnId, Vec<u8>>,
    connected: u32,
}

impl Server {
    pub(super) fn start() -> Server {
        let now = Time::from_millis(1_000_000);
        let node = Node::new(Setup {
            addr: Addr { ip: Ipv4Addr::LOCALHOST, port: 7000, bus_port: 17000 },
            seed: 1,
            incarnation: 0,
            config: Config::default(),
            profile: Profile::REDIS_7_0,
            now,
            durable: None,
            found: Found::default(),
        });
        Server { node, now, heard: BTreeMap::new(), connected: 0 }
    }

    pub(super) fn connect(&mut self) -> ConnId {
        self.connected += 1;
        let conn = ConnId(1_000 + self.connected);
        let (service, from) = (Service::Client, Ipv4Addr::LOCALHOST);
        self.give(Input::Accepted { conn, service, from, at: from });
        conn
    }

    /// What a client is told since it was last asked.
    pub(super) fn heard(&mut self, conn: ConnId) -> String {
        let bytes = self.heard.remove(&conn).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Sends a call; what the client is told, news included.
    pub(super) fn ask(&mut self, conn: ConnId, line: &str) -> String {
        self.heard.remove(&conn);
        let bytes = encode_call(&split_bytes(line.as_bytes()).unwrap());
        self.give(Input::Received { conn, packet: Packet::Client(bytes) });
        self.heard(conn)
    }

    fn give(&mut self, input: Input) {
        let mut out = Effects::default();
        self.node.handle(self.now, input, &mut out);
        for caused in out.drain() {
            if let Effect::Send { conn, packet: Packet::Client(bytes) } = caused.effect {
                self.heard.entry(conn).or_default().extend_from_slice(&bytes);
            }
        }
    }
}
