//! A simulated node on a real port, so that programs that know only sockets can be tried on it.
//!
//! One node without a network of its own: its clock is that of this machine, its timer a thread.
//! What it would say to other nodes goes nowhere.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hashslot_core::data::encode_call;
use hashslot_core::node::{
    Config, Effect, Effects, Found, Input, Node, Packet, Profile, Service, Setup,
};
use hashslot_core::words::{Addr, ConnId, Time, split_args};

use super::{Connection, connect, free_port};

/// A node that has all slots and serves them.
pub struct Host {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    ends: AtomicBool,
}

struct State {
    node: Node,
    out: Effects,
    streams: BTreeMap<ConnId, TcpStream>,
    accepted: u32,
}

fn now() -> Time {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Time::from_micros(now.expect("it is after 1970").as_micros() as u64)
}

impl Host {
    pub fn start(config: Config) -> Host {
        let port = free_port();
        // Old enough to serve its slots.
        let start = Time::from_millis(now().millis() - 5_000);
        let node = Node::new(Setup {
            addr: Addr { ip: Ipv4Addr::LOCALHOST, port, bus_port: port + 10_000 },
            seed: 1,
            incarnation: 0,
            config: Config::default(),
            profile: Profile::REDIS_7_0,
            now: start,
            durable: None,
            found: Found::default(),
        });
        let out = Effects::default();
        let mut state = State { node, out, streams: BTreeMap::new(), accepted: 0 };
        state.settle(start);
        for (name, value) in config.changed() {
            state.node.configure(name, &value).expect("a changed setting may be set");
        }
        let shared = Arc::new(Shared { state: Mutex::new(state), ends: AtomicBool::new(false) });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        let (accepting, ticking) = (shared.clone(), shared.clone());
        thread::spawn(move || accept_all(&listener, &accepting));
        thread::spawn(move || {
            while !ticking.ends.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
                ticking.give(Input::Tick);
            }
        });
        Host { port, shared }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn connect(&self) -> Connection {
        connect(self.port)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        // The thread that accepts sees one more connection, and ends.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl State {
    /// Gives the node all slots, as a client would, and lets it come up.
    fn settle(&mut self, start: Time) {
        let conn = ConnId(ConnId::ACCEPTED);
        let (service, ip) = (Service::Client, Ipv4Addr::LOCALHOST);
        let call = split_args("CLUSTER ADDSLOTSRANGE 0 16383").expect("it is a line");
        let packet = Packet::Client(encode_call(&call));
        self.give(start, Input::Accepted { conn, service, from: ip, at: ip });
        self.give(start, Input::Received { conn, packet });
        self.give(start, Input::LinkClosed { conn });
        self.give(start, Input::Tick);
        self.give(now(), Input::Tick);
    }

    fn give(&mut self, now: Time, input: Input) {
        self.node.handle(now, input, &mut self.out);
        for caused in self.out.drain() {
            match caused.effect {
                Effect::Send { conn, packet: Packet::Client(bytes) } => {
                    if let Some(stream) = self.streams.get_mut(&conn) {
                        // Who is gone is noticed where its bytes are read.
                        let _ = stream.write_all(&bytes);
                    }
                }
                Effect::Close { conn } => {
                    if let Some(stream) = self.streams.remove(&conn) {
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                }
                Effect::Send { .. }
                | Effect::Connect { .. }
                | Effect::Busy { .. }
                | Effect::Note(_)
                | Effect::Unsent
                | Effect::Again
                | Effect::Exit => {}
            }
        }
    }
}

impl Shared {
    fn give(&self, input: Input) {
        self.state.lock().expect("no thread panicked").give(now(), input);
    }
}

fn accept_all(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ends.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(writer) = stream.try_clone() else { continue };
        let _ = writer.set_nodelay(true);
        let conn = {
            let mut state = shared.state.lock().expect("no thread panicked");
            state.accepted += 1;
            let conn = ConnId(ConnId::ACCEPTED + state.accepted);
            state.streams.insert(conn, writer);
            let (service, ip) = (Service::Client, Ipv4Addr::LOCALHOST);
            state.give(now(), Input::Accepted { conn, service, from: ip, at: ip });
            conn
        };
        let shared = shared.clone();
        thread::spawn(move || read_all(stream, conn, &shared));
    }
}

fn read_all(mut stream: TcpStream, conn: ConnId, shared: &Shared) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(read) = stream.read(&mut chunk)
        && read > 0
    {
        let packet = Packet::Client(Bytes::copy_from_slice(&chunk[..read]));
        shared.give(Input::Received { conn, packet });
    }
    let mut state = shared.state.lock().expect("no thread panicked");
    if state.streams.remove(&conn).is_some() {
        state.give(now(), Input::LinkClosed { conn });
    }
}
