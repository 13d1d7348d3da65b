//! The simulated node: the state machine by itself, without a world.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Reply, decode_reply, encode_call};
use hashslot_core::node::{
    Config, Durable, Effect, Effects, Found, Input, Kind, Message, Node, Packet, Profile, Service,
    Setup,
};
use hashslot_core::view::log_lines_of;
use hashslot_core::words::{Addr, ConnId, Time};

use super::script::{BusPorts, Link, OTHERS, PLAYERS};
use super::side::Side;
use super::wire::Heard;

const HOST: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// The links to one peer, and what was heard on them.
#[derive(Default)]
struct Peer {
    links: [Vec<ConnId>; 2],
    heard: [Vec<Heard>; 2],
}

/// The node, its false peers, and a client.
pub struct Lone {
    node: Node,
    now: Time,
    ports: BusPorts,
    peers: Vec<Peer>,
    client: ConnId,
    replies: BytesMut,
    accepted: u32,
    effects: Effects,
    port: u16,
    log: Vec<String>,
}

impl Lone {
    /// A node that begins with this nodes.conf.
    pub fn start(port: u16, config: Config, nodes_conf: &str, ports: &BusPorts) -> Lone {
        let durable = Durable::parse(nodes_conf).expect("nodes.conf is whole");
        let node = Node::new(Setup {
            addr: Addr::loopback(port),
            seed: 1,
            incarnation: 0,
            config,
            profile: Profile::REDIS_7_0,
            now: wall_clock(),
            durable: Some(Arc::new(durable)),
            found: Found::default(),
        });
        let mut lone = Lone {
            node,
            now: wall_clock(),
            ports: *ports,
            peers: (0..PLAYERS).map(|_| Peer::default()).collect(),
            client: ConnId(0),
            replies: BytesMut::new(),
            accepted: 0,
            effects: Effects::default(),
            port,
            log: Vec::new(),
        };
        lone.give(Input::Started);
        lone.client = lone.accept(Service::Client);
        lone
    }

    pub fn tick(&mut self) {
        self.follow_clock();
        self.give(Input::Tick);
    }

    fn follow_clock(&mut self) {
        self.now = self.now.max(wall_clock());
    }

    fn accept(&mut self, service: Service) -> ConnId {
        let conn = ConnId(ConnId::ACCEPTED | self.accepted);
        self.accepted += 1;
        self.give(Input::Accepted { conn, service, from: HOST, at: HOST });
        conn
    }

    fn give(&mut self, input: Input) {
        self.run(|node, now, out| node.handle(now, input, out));
    }

    /// Lets the node do something, and does what it answers; a connection that it opens to a peer
    /// is established at once.
    fn run(&mut self, way: impl FnOnce(&mut Node, Time, &mut Effects)) {
        let mut effects = std::mem::take(&mut self.effects);
        way(&mut self.node, self.now, &mut effects);
        let list: Vec<Effect> = effects.drain().map(|caused| caused.effect).collect();
        self.effects = effects;
        let mut next = Vec::new();
        let mut has_more = false;
        for effect in list {
            match effect {
                Effect::Connect { conn, port, service, .. } => {
                    let peer = OTHERS.into_iter().find(|&peer| self.ports[peer] == port);
                    next.push(match peer.filter(|_| service == Service::Bus) {
                        Some(peer) => {
                            self.peers[peer].links[Link::Nodes as usize].push(conn);
                            Input::LinkUp { conn }
                        }
                        None => Input::LinkRefused { conn },
                    });
                }
                Effect::Send { conn, packet } => self.hear(conn, packet),
                Effect::Close { conn } => {
                    let links = self.peers.iter_mut().flat_map(|peer| &mut peer.links);
                    links.for_each(|links| links.retain(|&link| link != conn));
                }
                Effect::Unsent => {}
                Effect::Again => has_more = true,
                Effect::Note(fact) => self.log.extend(log_lines_of(&fact, self.port)),
                Effect::Busy { .. } | Effect::Exit => panic!("nothing here does that: {effect:?}"),
            }
        }
        next.into_iter().for_each(|input| self.give(input));
        if has_more {
            self.run(Node::sleep);
        }
    }

    fn hear(&mut self, conn: ConnId, packet: Packet) {
        match packet {
            Packet::Client(bytes) => self.replies.extend_from_slice(&bytes),
            Packet::Bus(message) => {
                if message.kind() == Kind::Ping {
                    return;
                }
                // Who has hung up hears nothing more.
                for peer in &mut self.peers {
                    for (links, heard) in peer.links.iter().zip(&mut peer.heard) {
                        if links.contains(&conn) {
                            heard.push(Heard::of(&message));
                        }
                    }
                }
            }
            Packet::Replication(_) => {}
        }
    }
}

impl Side for Lone {
    fn say(&mut self, by: usize, link: Link, message: &Message) -> io::Result<bool> {
        if link == Link::Peers && self.links(by, link) == 0 {
            let conn = self.accept(Service::Bus);
            self.peers[by].links[link as usize].push(conn);
        }
        let Some(&conn) = self.peers[by].links[link as usize].last() else { return Ok(false) };
        self.follow_clock();
        self.give(Input::Received { conn, packet: Packet::Bus(Arc::new(message.clone())) });
        Ok(true)
    }

    fn hang_up(&mut self, by: usize, link: Link) {
        self.follow_clock();
        for conn in std::mem::take(&mut self.peers[by].links[link as usize]) {
            self.give(Input::LinkClosed { conn });
        }
    }

    fn ask(&mut self, call: &[Bytes]) -> io::Result<Option<Reply>> {
        self.follow_clock();
        let packet = Packet::Client(encode_call(call));
        self.give(Input::Received { conn: self.client, packet });
        let reply = decode_reply(&mut self.replies).expect("a node answers in RESP");
        if reply.is_none() {
            self.give(Input::LinkClosed { conn: self.client });
            self.client = self.accept(Service::Client);
        }
        Ok(reply)
    }

    fn heard(&mut self, peer: usize, link: Link) -> Vec<Heard> {
        std::mem::take(&mut self.peers[peer].heard[link as usize])
    }

    fn links(&mut self, peer: usize, link: Link) -> usize {
        self.peers[peer].links[link as usize].len()
    }

    fn nodes_conf(&mut self) -> io::Result<String> {
        Ok(self.node.durable().text())
    }

    fn log(&mut self) -> io::Result<Vec<String>> {
        Ok(std::mem::take(&mut self.log))
    }
}

fn wall_clock() -> Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    Time::from_micros(now.as_micros() as u64)
}
