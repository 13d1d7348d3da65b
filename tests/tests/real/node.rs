//! The commands of a cluster node, on one that knows no other.

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::words::{ActorId, Span, Time};
use hashslot_core::world::step::Port;
use hashslot_core::world::{Level, Setup, Trace, World};
use hashslot_tests::real::{Mode, RealServer};

use super::call;

/// How long a node may take from its start until it serves.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a node answers before it has slots; `b` is in slot 3300 and `a` in 15495.
const WITHOUT_SLOTS: &[&str] = &[
    "CLUSTER INFO",
    "CLUSTER NODES",
    "CLUSTER SLOTS",
    "CLUSTER SHARDS",
    "GET a",
    "SET a 1",
    "MGET a b",
    "DBSIZE",
    "KEYS *",
    "CLUSTER ADDSLOTS 16384",
    "CLUSTER ADDSLOTS -1",
    "CLUSTER ADDSLOTS x",
    "CLUSTER ADDSLOTS 1 1",
    "CLUSTER ADDSLOTS 1 x",
    "CLUSTER ADDSLOTS",
    "CLUSTER ADDSLOTSRANGE 1",
    "CLUSTER ADDSLOTSRANGE 1 2 3",
    "CLUSTER ADDSLOTSRANGE 5 3",
    "CLUSTER ADDSLOTSRANGE 0 16384",
    "CLUSTER ADDSLOTSRANGE 0 5 3 8",
    "CLUSTER ADDSLOTSRANGE x 1",
    "CLUSTER ADDSLOTS 3300 1",
    "CLUSTER ADDSLOTS 2 1",
    "CLUSTER ADDSLOTS 1 1",
    "GET b",
    "MGET b a",
    "MGET a b",
    "CLUSTER INFO",
    "CLUSTER NODES",
    "CLUSTER SLOTS",
    "CLUSTER SHARDS",
    "CLUSTER SET-CONFIG-EPOCH x",
    "CLUSTER SET-CONFIG-EPOCH -1",
    "CLUSTER SET-CONFIG-EPOCH 0",
    "CLUSTER SET-CONFIG-EPOCH 5",
    "CLUSTER SET-CONFIG-EPOCH 6",
    "CLUSTER SET-CONFIG-EPOCH",
    "CLUSTER ADDSLOTSRANGE 0 0 2 3299 3301 16383",
];

/// What a node answers that has all slots.
const WITH_SLOTS: &[&str] = &[
    "CLUSTER INFO",
    "CLUSTER NODES",
    "CLUSTER SLOTS",
    "CLUSTER SHARDS",
    "CLUSTER MYID",
    "CLUSTER MYID x",
    "CLUSTER INFO x",
    "CLUSTER ADDSLOTS 0",
    "CLUSTER ADDSLOTSRANGE 0 16383",
    "CLUSTER KEYSLOT a",
    "CLUSTER KEYSLOT {user1000}.following",
    "CLUSTER KEYSLOT {}a",
    "CLUSTER KEYSLOT \"\"",
    "CLUSTER KEYSLOT",
    "GET a",
    "MSET {a}1 1 {a}2 2 a 3",
    "MSET a 1 b 2",
    "MGET a a",
    "DEL a b",
    "EXISTS b a",
    "CLUSTER COUNTKEYSINSLOT 15495",
    "CLUSTER COUNTKEYSINSLOT 0",
    "CLUSTER COUNTKEYSINSLOT 16384",
    "CLUSTER COUNTKEYSINSLOT -1",
    "CLUSTER COUNTKEYSINSLOT x",
    "CLUSTER COUNTKEYSINSLOT",
    "CLUSTER GETKEYSINSLOT 15495 10",
    "CLUSTER GETKEYSINSLOT 15495 2",
    "CLUSTER GETKEYSINSLOT 15495 0",
    "CLUSTER GETKEYSINSLOT 15495 -1",
    "CLUSTER GETKEYSINSLOT 16384 1",
    "CLUSTER GETKEYSINSLOT x 1",
    "CLUSTER GETKEYSINSLOT 1 x",
    "CLUSTER GETKEYSINSLOT 1",
    "DEL {a}1",
    "SET {a}3 x",
    "CLUSTER GETKEYSINSLOT 15495 10",
    "ROLE",
    "ROLE x",
    "READONLY",
    "READWRITE",
    "READONLY x",
    "SELECT 0",
    "SELECT 1",
    "SELECT 99",
    "SELECT -1",
    "SELECT x",
    "SELECT",
    "HELLO",
    "HELLO 2",
    "HELLO 3",
    "HELLO 4",
    "HELLO 1",
    "HELLO x",
    "HELLO 3 nope",
    "HELLO 3 SETNAME",
    "CLUSTER",
    "CLUSTER nope",
    "CLUSTER nope a b",
    "CLUSTER \"no\\r\\npe\"",
    "NOPE a b",
    "CLUSTER REPLICATE x",
    "CLUSTER REPLICATE 0123456789012345678901234567890123456789",
    "CLUSTER REPLICATE",
    "CLUSTER REPLICATE MYID",
    "CLUSTER REPLICAS x",
    "CLUSTER REPLICAS",
    "CLUSTER REPLICAS MYID",
    "CLUSTER COUNT-FAILURE-REPORTS x",
    "CLUSTER COUNT-FAILURE-REPORTS",
    "CLUSTER COUNT-FAILURE-REPORTS MYID",
    "CLUSTER SET-CONFIG-EPOCH 7",
    "CLUSTER MEET 127.0.0.1 x",
    "CLUSTER MEET 127.0.0.1 0",
    "CLUSTER MEET 127.0.0.1 65536",
    "CLUSTER MEET 127.0.0.1 60000",
    "CLUSTER MEET 127.0.0.1 1 x",
    "CLUSTER MEET 127.0.0.1 1 0",
    "CLUSTER MEET 127.0.0.1 1 65536",
    "CLUSTER MEET nohost 1",
    "CLUSTER MEET 256.0.0.1 1",
    "CLUSTER MEET 127.0.0.1",
    "CLUSTER MEET 127.0.0.1 1 2 3",
    "cluster meet x y 1 2 3",
    "CLUSTER MEET 127.0.0.1 -1",
    "CLUSTER MEET 127.0.0.1 1 -1",
    "CLUSTER MEET \"\" 1",
    "CLUSTER MEET 127.1 1",
    "HELLO 3 AUTH default",
    "HELLO 3 AUTH default x",
    "HELLO 3 AUTH default x SETNAME me",
    "HELLO 3 SETNAME me",
    "HELLO 2 SETNAME \"a b\"",
    "HELLO 3 SETNAME me auth",
    "HELLO 3 auth Default x",
    "HELLO 3 AUTH nobody x SETNAME \"\\x7f\"",
    "HELLO 3 SETNAME \"\\x7f\" AUTH nobody x",
    "HELLO 3 AUTH default x SETNAME \"\" AUTH nobody x",
    "HELLO 3 foo bar",
    "HELLO 9223372036854775808",
    "GET",
    "SET a",
    "CLUSTER KEYSLOT a b",
    "CLUSTER NODES x",
    "CLUSTER SLOTS x",
    "CLUSTER SHARDS x",
    "Cluster Keyslot {a}{b}",
    "PING",
    "FLUSHALL x",
    "CLUSTER \"\"",
    "\"\"",
    "CLUSTER INFO",
    "CLUSTER NODES",
    "DBSIZE",
    "FLUSHALL",
    "CLUSTER COUNTKEYSINSLOT 15495",
    "CLUSTER MEET 127.0.0.1 1",
    "CLUSTER MEET 127.0.0.1 1",
    "CLUSTER SET-CONFIG-EPOCH 7",
];

/// A real node and a simulated one, on the same port.
struct Nodes {
    real: RealServer,
    simulated: World,
    node: ActorId,
    trace: Trace,
    begun: Instant,
    ids: [String; 2],
    differences: Vec<String>,
}

impl Nodes {
    fn new(real: RealServer) -> Nodes {
        let first_port = real.port();
        let simulated =
            World::new(Setup { masters: 1, replicas: 0, first_port, ..Setup::default() });
        let node = Port::new(first_port).and_then(|port| simulated.find(port));
        let mut nodes = Nodes {
            real,
            simulated,
            node: node.expect("the world's one node has the first port"),
            trace: Trace::new(Level::Off),
            begun: Instant::now(),
            ids: Default::default(),
            differences: Vec::new(),
        };
        let id = |reply: Reply| match reply {
            Reply::Bulk(id) => String::from_utf8_lossy(&id).into_owned(),
            other => panic!("{other:?} is no id"),
        };
        nodes.ids = nodes.both("CLUSTER MYID").map(id);
        nodes
    }

    /// The replies of both at the same age, each on a new connection; the word MYID stands for the
    /// node's id.
    fn both(&mut self, text: &str) -> [Reply; 2] {
        let mut calls = [call(text), call(text)];
        for (call, id) in calls.iter_mut().zip(&self.ids) {
            if call.len() == 3 && call[2] == "MYID" {
                call[2] = Bytes::from(id.clone());
            }
        }
        let [real, simulated] = calls;
        let real = self.real.connect().call(&real).reply;
        let age = Span::from_micros(self.begun.elapsed().as_micros() as u64);
        self.simulated.run_until(Time::ZERO + age, &mut self.trace);
        let args: Vec<&[u8]> = simulated.iter().map(|arg| &arg[..]).collect();
        [real, self.simulated.command(self.node, &args, &mut self.trace)]
    }

    /// Waits until both serve.
    fn wait_until_up(&mut self) {
        let up = |reply: &Reply| match reply {
            Reply::Bulk(text) => text.starts_with(b"cluster_state:ok"),
            _ => false,
        };
        while !self.both("CLUSTER INFO").iter().all(up) {
            assert!(self.begun.elapsed() < PATIENCE, "one of the nodes never serves its slots");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn compare(&mut self, lines: &[&str]) {
        for &text in lines {
            let [real, simulated] = self.both(text);
            let real = masked(real, &self.ids[0]);
            let simulated = masked(simulated, &self.ids[1]);
            if real != simulated {
                self.differences.push(format!("{text}\n  real: {real:?}\n  ours: {simulated:?}"));
            }
        }
    }
}

/// A reply without what differs between any two nodes: their ids, and the numbers of connections.
fn masked(reply: Reply, id: &str) -> Reply {
    match reply {
        Reply::Bulk(text) => match std::str::from_utf8(&text) {
            Ok(text) => Reply::bulk(text.replace(id, "<id>")),
            Err(_) => Reply::Bulk(text),
        },
        Reply::Error(text) => Reply::Error(text.replace(id, "<id>")),
        Reply::Map(pairs) => {
            let pairs = pairs.into_iter().map(|(name, value)| {
                let value = without_number(&name, value);
                (name, masked(value, id))
            });
            Reply::Map(pairs.collect())
        }
        Reply::Array(mut items) => {
            for index in 1..items.len() {
                let value = std::mem::replace(&mut items[index], Reply::Null);
                items[index] = without_number(&items[index - 1], value);
            }
            Reply::Array(items.into_iter().map(|item| masked(item, id)).collect())
        }
        other => other,
    }
}

/// The number of a connection, which HELLO tells, as 0.
fn without_number(name: &Reply, value: Reply) -> Reply {
    match value {
        Reply::Integer(_) if *name == Reply::bulk("id") => Reply::Integer(0),
        other => other,
    }
}

#[test]
fn a_cluster_node_answers_as_a_real_one() {
    let Some(real) = RealServer::start(Mode::Cluster) else { return };
    let mut nodes = Nodes::new(real);
    nodes.compare(WITHOUT_SLOTS);
    nodes.wait_until_up();
    nodes.compare(WITH_SLOTS);
    let differences = nodes.differences;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
