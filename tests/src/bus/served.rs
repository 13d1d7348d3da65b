//! The real server, and false peers with sockets of their own.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::node::{Kind, Message};

use super::script::{BusPorts, Link, OTHERS, PLAYERS};
use super::side::Side;
use super::wire::{Heard, encode, is_bus};
use crate::real::{Beginning, Connection, Mode, RealServer};

const BUS_PORT_DISTANCE: u16 = 10_000;
/// How long an answer may take that does not wait for anything.
const AT_ONCE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(10);

/// One end of a link, at the peer.
struct End {
    stream: TcpStream,
    /// What came and is not a whole message yet.
    buffer: Vec<u8>,
}

/// A false peer: where it listens, its links, and what it heard on them.
struct Peer {
    listener: TcpListener,
    /// By the side that opened them; several nodes may be said to be where this one is.
    ends: [Vec<End>; 2],
    heard: [Vec<Heard>; 2],
}

/// The false peers of a server that is still to be started.
pub struct Peers(Vec<Peer>);

/// The server, its false peers, and a client.
pub struct Served {
    server: RealServer,
    client: Connection,
    peers: Vec<Peer>,
    /// How many bytes of the log were read.
    logged: usize,
}

impl Peers {
    pub fn listen() -> io::Result<Peers> {
        let peers = OTHERS.map(|_| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            Ok(Peer { listener, ends: Default::default(), heard: Default::default() })
        });
        Ok(Peers(peers.collect::<io::Result<_>>()?))
    }

    pub fn ports(&self) -> io::Result<BusPorts> {
        let mut ports = [0; PLAYERS];
        for (player, peer) in OTHERS.zip(&self.0) {
            ports[player] = peer.listener.local_addr()?.port();
        }
        Ok(ports)
    }
}

impl Served {
    /// `None`, said plainly, if Redis 7.0 is not installed.
    pub fn start(peers: Peers, beginning: Beginning<'_>) -> Option<Served> {
        let server = RealServer::start_with(Mode::Cluster, beginning)?;
        let client = server.connect();
        Some(Served { server, client, peers: peers.0, logged: 0 })
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// What the server wrote when it crashed; `None` if it did not.
    pub fn last_words(&self) -> io::Result<Option<String>> {
        let log = fs::read_to_string(self.server.folder().join("log"))?;
        let is_last = |line: &&str| line.contains("==>") || line.contains("crashed by signal");
        Ok(log.lines().find(is_last).map(str::to_owned))
    }

    /// Lets the node do what it does until then, and hears it.
    pub fn wait_until(&mut self, end: Instant) -> io::Result<()> {
        loop {
            self.peers.iter_mut().try_for_each(Peer::pump)?;
            if Instant::now() >= end {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    fn peer(&mut self, player: usize) -> &mut Peer {
        &mut self.peers[player - OTHERS.start]
    }
}

impl Side for Served {
    fn say(&mut self, by: usize, link: Link, message: &Message) -> io::Result<bool> {
        let bus = (Ipv4Addr::LOCALHOST, self.port() + BUS_PORT_DISTANCE);
        let peer = self.peer(by);
        peer.pump()?;
        if link == Link::Peers && peer.ends[link as usize].is_empty() {
            peer.ends[link as usize].push(End::new(TcpStream::connect(bus)?)?);
        }
        let Some(end) = peer.ends[link as usize].last_mut() else { return Ok(false) };
        end.stream.set_nonblocking(false)?;
        end.stream.write_all(&encode(message))?;
        end.stream.set_nonblocking(true)?;
        Ok(true)
    }

    fn hang_up(&mut self, by: usize, link: Link) {
        self.peer(by).ends[link as usize].clear();
    }

    fn ask(&mut self, call: &[Bytes]) -> io::Result<Option<Reply>> {
        let reply = self.client.call_within(call, AT_ONCE)?;
        if reply.is_none() {
            self.client = self.server.connect();
        }
        Ok(reply)
    }

    fn heard(&mut self, peer: usize, link: Link) -> Vec<Heard> {
        std::mem::take(&mut self.peer(peer).heard[link as usize])
    }

    fn links(&mut self, peer: usize, link: Link) -> usize {
        self.peer(peer).ends[link as usize].len()
    }

    fn nodes_conf(&mut self) -> io::Result<String> {
        fs::read_to_string(self.server.folder().join("nodes.conf"))
    }

    fn log(&mut self) -> io::Result<Vec<String>> {
        let all = fs::read_to_string(self.server.folder().join("log"))?;
        let whole = all.rfind('\n').map_or(0, |end| end + 1).max(self.logged);
        let new = &all[self.logged..whole];
        // `PID:ROLE DAY MONTH YEAR TIME LEVEL TEXT`
        let text = |line: &str| line.splitn(6, ' ').nth(5).map(str::to_owned);
        let lines = new.lines().filter_map(text).collect();
        self.logged = whole;
        Ok(lines)
    }
}

impl Peer {
    /// Accepts and reads what is there.
    fn pump(&mut self) -> io::Result<()> {
        for link in [Link::Nodes, Link::Peers] {
            let mut open = Vec::new();
            for mut end in self.ends[link as usize].drain(..) {
                if end.read(&mut self.heard[link as usize])? {
                    open.push(end);
                }
            }
            self.ends[link as usize] = open;
        }
        match self.listener.accept() {
            Ok((stream, _)) => {
                self.ends[Link::Nodes as usize].push(End::new(stream)?);
                self.pump()
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl End {
    fn new(stream: TcpStream) -> io::Result<End> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(End { stream, buffer: Vec::new() })
    }

    /// Reads what is there; whether the link is still open.
    fn read(&mut self, heard: &mut Vec<Heard>) -> io::Result<bool> {
        let mut chunk = [0; 16 * 1024];
        let is_open = loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => break false,
                Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break true,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break false,
                Err(error) => return Err(error),
            }
        };
        // Somebody who looks for a server of its own may knock here first.
        if !is_bus(&self.buffer) {
            return Ok(false);
        }
        let mut rest = &self.buffer[..];
        while let Some(message) = Heard::read(&mut rest) {
            if message.kind != Kind::Ping {
                heard.push(message);
            }
        }
        self.buffer = rest.to_vec();
        Ok(is_open)
    }
}
