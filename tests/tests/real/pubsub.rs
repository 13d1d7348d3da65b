//! Clients of one simulated node beside those of a real one: who hears what, byte for byte.
//!
//! Pub/sub is the part in which a client is told what another one did, so that replies of single
//! calls show little. Here several clients, of both protocols, do the same to both nodes, and after
//! each call all that any of them got is compared.

#![allow(clippy::unwrap_used)]

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::data::encode_call;
use hashslot_core::node::{
    Config, Effect, Effects, Found, Input, Node, Packet, Profile, Service, Setup,
};
use hashslot_core::words::{Addr, ConnId, Span, Time, split_args};
use hashslot_tests::real::{Mode, RealServer};

/// How long a reply of the real node may take, and how long it may say more than is expected.
const PATIENCE: Duration = Duration::from_secs(10);
const SURPLUS: Duration = Duration::from_millis(10);

/// The clients `2` and `b` speak RESP2, `3` and `c` RESP3.
const CLIENTS: [char; 4] = ['2', 'b', '3', 'c'];

const SCRIPT: &[&str] = &[
    "2> UNSUBSCRIBE",
    "3> UNSUBSCRIBE",
    "2> PUNSUBSCRIBE",
    "3> SUNSUBSCRIBE",
    "2> UNSUBSCRIBE a b",
    "3> PUNSUBSCRIBE a b",
    "2> SUNSUBSCRIBE bar",
    "2> SUBSCRIBE b a b",
    "3> SUBSCRIBE a",
    "2> PSUBSCRIBE a*",
    "3> PSUBSCRIBE ?",
    "3> SSUBSCRIBE bar",
    "2> SSUBSCRIBE bar {bar}1",
    "2> SSUBSCRIBE bar foo",
    "b> PUBLISH a hello",
    "c> PUBLISH b there",
    "c> PUBLISH nobody x",
    "3> PUBLISH a self",
    "3> SPUBLISH bar self",
    "b> SPUBLISH {bar}1 x",
    "2> PING",
    "2> PING hi",
    "2> PING a b",
    "3> PING",
    "3> PING hi",
    "2> GET x",
    "2> get",
    "2> FOO",
    "2> PUBSUB NUMPAT",
    "2> CLUSTER FOO",
    "2> HELLO 3",
    "2> MULTI",
    "2> EXEC",
    "3> GET x",
    "b> PUBSUB NUMSUB a b c",
    "b> PUBSUB NUMPAT",
    "b> PUBSUB CHANNELS b*",
    "b> PUBSUB SHARDCHANNELS b*",
    "c> PUBSUB SHARDNUMSUB bar foo",
    "c> PUBSUB NUMSUB",
    "b> PUBSUB CHANNELS a b",
    "b> PUBSUB HELP",
    "b> PUBSUB NUMPAT x",
    "b> PUBSUB FOO",
    "b> PUBSUB",
    "b> SUBSCRIBE",
    "b> SPUBLISH a",
    "3> CLIENT REPLY OFF",
    "3> SUBSCRIBE quiet",
    "b> PUBLISH quiet x",
    "3> CLIENT REPLY ON",
    "3> UNSUBSCRIBE quiet",
    "3> MULTI",
    "3> SUBSCRIBE m n",
    "3> PING",
    "3> SSUBSCRIBE bar",
    "3> PUBLISH n inside",
    "3> UNSUBSCRIBE m",
    "3> EXEC",
    "b> MULTI",
    "b> SUBSCRIBE m n",
    "b> PING",
    "b> SSUBSCRIBE bar",
    "b> PUBLISH n inside",
    "b> EXEC",
    "b> EXEC",
    "b> UNSUBSCRIBE m n",
    "c> CLUSTER DELSLOTS 5061",
    "c> SPUBLISH bar x",
    "2> SSUBSCRIBE bar",
    "c> CLUSTER ADDSLOTS 5061",
    "3> SSUBSCRIBE bar",
    "3> CLUSTER DELSLOTS 5061",
    "c> CLUSTER ADDSLOTS 5061",
    "2> UNSUBSCRIBE a",
    "2> UNSUBSCRIBE zz",
    "2> UNSUBSCRIBE",
    "2> UNSUBSCRIBE",
    "2> PUNSUBSCRIBE",
    "2> PING",
    "2> SUBSCRIBE x",
    "2> RESET",
    "2> PING",
    "3> RESET",
    "3> PING",
    "b> PUBSUB CHANNELS",
    "b> DEBUG SLEEP x",
    "b> DEBUG FOO",
    "b> DEBUG SLEEP 0 0",
    "b> DEBUG CLUSTERLINK KILL to abc",
    "b> DEBUG DROP-CLUSTER-PACKET-FILTER x",
    "b> DEBUG DROP-CLUSTER-PACKET-FILTER -1",
    "b> CLUSTER LINKS",
    "c> CLUSTER HELP",
    "b> CLUSTER FORGET short",
    "b> CLUSTER RESET now",
    "b> CLUSTER RESET HARD SOFT",
    "b> CLUSTER SAVECONFIG",
    "2> QUIT",
    "b> PUBSUB NUMPAT",
];

/// A simulated node, and what its clients were told.
struct Simulated {
    node: Node,
    now: Time,
    effects: Effects,
}

impl Simulated {
    fn new() -> Simulated {
        let now = Time::from_millis(1_767_225_600_000);
        let node = Node::new(Setup {
            addr: Addr::loopback(7000),
            seed: 1,
            incarnation: 0,
            config: Config::default(),
            profile: Profile::REDIS_7_0,
            now,
            durable: None,
            found: Found::default(),
        });
        Simulated { node, now, effects: Effects::default() }
    }

    fn tick(&mut self) {
        self.now = self.now + Span::from_millis(100);
        self.node.handle(self.now, Input::Tick, &mut self.effects);
    }

    fn connect(&mut self, client: usize) {
        let (conn, ip) = (conn_of(client), Ipv4Addr::LOCALHOST);
        let input = Input::Accepted { conn, service: Service::Client, from: ip, at: ip };
        self.node.handle(self.now, input, &mut self.effects);
    }

    /// Sends a call; what each client gets.
    fn call(&mut self, client: usize, args: &[Bytes]) -> Vec<Vec<u8>> {
        self.effects.drain().for_each(drop);
        let packet = Packet::Client(encode_call(args));
        let input = Input::Received { conn: conn_of(client), packet };
        self.node.handle(self.now, input, &mut self.effects);
        let mut told = vec![Vec::new(); CLIENTS.len()];
        for one in self.effects.drain() {
            if let Effect::Send { conn, packet: Packet::Client(bytes) } = one.effect {
                told[(conn.0 & !ConnId::ACCEPTED) as usize].extend_from_slice(&bytes);
            }
        }
        told
    }
}

fn conn_of(client: usize) -> ConnId {
    ConnId(ConnId::ACCEPTED | client as u32)
}

/// All that comes on a connection: as much as is expected, and whatever follows at once.
fn read(stream: &mut TcpStream, expected: usize) -> Vec<u8> {
    let (begun, mut told, mut chunk) = (Instant::now(), Vec::new(), [0; 4096]);
    loop {
        let wait = if told.len() < expected { PATIENCE } else { SURPLUS };
        stream.set_read_timeout(Some(wait)).unwrap();
        match stream.read(&mut chunk) {
            Ok(0) => return told,
            Ok(count) => told.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return told;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(begun.elapsed() < PATIENCE * 2, "a client is told without end");
    }
}

/// Has both nodes own all slots, and serve them.
fn prepare(simulated: &mut Simulated, real: &mut TcpStream) {
    let mut both = |line: &str| {
        let args = split_args(line).unwrap();
        let [told, ..] = &simulated.call(0, &args)[..] else { unreachable!() };
        let expected = told.len();
        real.write_all(&encode_call(&args)).unwrap();
        let real = read(real, expected);
        (0..40).for_each(|_| simulated.tick());
        String::from_utf8_lossy(&real).into_owned()
    };
    both("CLUSTER ADDSLOTSRANGE 0 16383");
    let begun = Instant::now();
    while !both("CLUSTER INFO").contains("cluster_state:ok") {
        assert!(begun.elapsed() < PATIENCE, "the real node never serves its slots");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn listeners_hear_what_those_of_a_real_node_hear() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let mut simulated = Simulated::new();
    let mut real: Vec<TcpStream> = Vec::new();
    for client in 0..CLIENTS.len() {
        simulated.connect(client);
        real.push(TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap());
    }
    prepare(&mut simulated, &mut real[0]);
    for client in [2, 3] {
        let hello = split_args("HELLO 3").unwrap();
        let expected = simulated.call(client, &hello)[client].len();
        real[client].write_all(&encode_call(&hello)).unwrap();
        read(&mut real[client], expected);
    }
    let mut differences = Vec::new();
    for line in SCRIPT {
        let (name, text) = line.split_once("> ").unwrap();
        let client = CLIENTS.iter().position(|known| name.starts_with(*known)).unwrap();
        let args = split_args(text).unwrap();
        let ours = simulated.call(client, &args);
        real[client].write_all(&encode_call(&args)).unwrap();
        for (place, ours) in ours.iter().enumerate() {
            let theirs = read(&mut real[place], ours.len());
            if theirs != *ours {
                let [theirs, ours] = [&theirs, ours].map(|told| String::from_utf8_lossy(told));
                let who = CLIENTS[place];
                differences.push(format!("{line}: {who} is told\n  {theirs:?}, not\n  {ours:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
