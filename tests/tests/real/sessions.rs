//! One client of the simulated server beside one of the real one: the same calls on one connection
//! each, and every byte of the replies compared, in both protocols.

use std::time::{Duration, SystemTime};

use hashslot_core::data::{Protocol, Reply};
use hashslot_core::node::Config;
use hashslot_tests::real::host::Host;
use hashslot_tests::real::{Connection, Mode, RealServer};

use super::call;

/// Calls of one client about itself, its transactions and what it waits for, on a node with all
/// slots.
#[rustfmt::skip]
const OF_A_CLIENT: &[&str] = &[
    "FLUSHALL", "EXEC", "DISCARD", "EXEC a", "MULTI", "MULTI", "WATCH a", "EXEC a", "EXEC",
    "MULTI", "SET a 1", "NOSUCH", "SET a", "SET a 2", "EXEC",
    "MULTI", "SET a 1", "GET b", "EXEC", "GET a",
    "MULTI", "SET a 1", "INCR a", "APPEND a x", "INCR a", "GET a", "EXEC",
    "WATCH", "MULTI x", "MULTI", "WAIT 1 0", "UNWATCH", "ASKING", "EXEC", "MULTI", "EXEC",
    "MULTI", "MGET a b", "EXEC", "MULTI", "SET a 5", "DISCARD", "GET a",
    "WATCH a", "SET a 9", "MULTI", "GET a", "EXEC", "WATCH a", "SET a 9", "UNWATCH", "MULTI",
    "GET a", "EXEC", "WATCH a", "GET a", "MULTI", "GET a", "EXEC", "WATCH a", "MULTI", "DISCARD",
    "WATCH nope", "FLUSHALL", "MULTI", "PING", "EXEC", "SET a 1", "WATCH a", "FLUSHALL", "MULTI",
    "PING", "EXEC", "SET a 1 PXAT 1", "WATCH a", "GET a", "MULTI", "PING", "EXEC",
    "SET a 1", "WATCH a b", "WATCH a", "PEXPIREAT a 1", "MULTI", "PING", "EXEC",
    "MULTI", "REPLICAOF a 1", "FAILOVER", "EXEC", "MULTI", "HELLO 9", "EXEC", "MULTI", "SELECT 1",
    "EXEC", "MULTI", "CLIENT NOSUCH", "EXEC", "MULTI", "RESET", "EXEC",
    "WAIT 0 0", "WAIT a 0", "WAIT 0 a", "WAIT x x", "WAIT -1 -1", "WAIT 0 -1", "WAIT 1",
    "WAIT -5 0", "WAIT 0 9223372036854775807",
    "CLIENT", "CLIENT FOO", "CLIENT GETNAME", "CLIENT GETNAME x", "CLIENT SETNAME",
    "CLIENT SETNAME \"a b\"", "CLIENT SETNAME first", "CLIENT GETNAME", "RESET", "CLIENT GETNAME",
    "RESET x", "CLIENT REPLY x", "CLIENT REPLY ON", "CLIENT PAUSE 1 x", "CLIENT PAUSE x x",
    "CLIENT PAUSE -1", "CLIENT PAUSE x", "CLIENT PAUSE 0", "CLIENT PAUSE 1 WRITE x",
    "CLIENT PAUSE 9223372036854775807", "client pause", "CLIENT UNPAUSE", "CLIENT UNPAUSE x",
    "CLIENT UNBLOCK x", "CLIENT UNBLOCK 999", "CLIENT UNBLOCK 1 foo", "CLIENT UNBLOCK x foo",
    "CLIENT UNBLOCK 1 TIMEOUT x", "CLIENT LIST TYPE foo", "CLIENT LIST TYPE master",
    "CLIENT LIST TYPE replica", "CLIENT LIST X", "CLIENT LIST TYPE", "CLIENT LIST ID",
    "CLIENT LIST ID x", "CLIENT LIST ID 998 999", "CLIENT LIST TYPE normal x", "CLIENT INFO x",
    "CLIENT KILL a:1", "CLIENT KILL ID 9999", "CLIENT KILL ID x", "CLIENT KILL ID 0",
    "CLIENT KILL TYPE foo", "CLIENT KILL TYPE normal SKIPME maybe", "CLIENT KILL FOO bar",
    "CLIENT KILL ID 1 SKIPME", "CLIENT KILL USER bob", "CLIENT KILL ADDR 1:1", "CLIENT KILL",
    "CLIENT KILL TYPE master", "CLIENT KILL LADDR 1:1", "CLIENT NO-EVICT ON", "CLIENT NO-EVICT x",
    "CLIENT NO-TOUCH ON", "CLIENT HELP", "CLIENT HELP x", "AUTH a", "AUTH a b", "AUTH default b",
    "AUTH a b c", "AUTH", "ASKING", "ASKING x", "READONLY x", "REPLICAOF a 1", "REPLICAOF no one",
    "SLAVEOF a", "FAILOVER", "FAILOVER x", "MOVE a 1", "MOVE a", "SWAPDB 0 1", "SWAPDB 0",
    "RENAME nope x", "RENAME nope nope", "RENAME a", "RENAMENX nope nope", "SET a 1", "RENAME a a",
    "COPY a {a}2 DB 1", "COPY a {a}2 DB 99", "COPY a {a}2", "RENAMENX {a}2 a", "RENAME {a}2 a",
    "MONITOR x",
];

/// Waits until the real node serves its slots.
fn wait_until_up(real: &mut Connection) {
    assert_eq!(real.call(&call("CLUSTER ADDSLOTSRANGE 0 16383")).reply, Reply::ok());
    let is_up = |reply: Reply| match reply {
        Reply::Bulk(text) => text.starts_with(b"cluster_state:ok"),
        _ => false,
    };
    let patience = SystemTime::now() + Duration::from_secs(20);
    while !is_up(real.call(&call("CLUSTER INFO")).reply) {
        assert!(SystemTime::now() < patience, "the node never serves its slots");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_client_is_served_as_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let mut real = server.connect();
    wait_until_up(&mut real);
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let host = Host::start(Config::default());
        let (mut real, mut simulated) = (server.connect(), host.connect());
        if protocol == Protocol::Resp3 {
            real.call(&call("HELLO 3"));
            simulated.call(&call("HELLO 3"));
        }
        let mut differences = String::new();
        for line in OF_A_CLIENT {
            let line = match (protocol, *line) {
                (Protocol::Resp3, "RESET") => "CLIENT SETNAME \"\"",
                (_, line) => line,
            };
            let [theirs, ours] =
                [&mut real, &mut simulated].map(|client| client.call(&call(line)).bytes);
            if theirs != ours {
                let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
                let (theirs, ours) = (text(&theirs), text(&ours));
                differences += &format!("{line}\n  real: {theirs}\n  ours: {ours}\n");
            }
        }
        assert!(differences.is_empty(), "{protocol:?}\n{differences}");
    }
}
