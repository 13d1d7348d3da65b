//! What clients and tools ask of a node beside its keys: the same calls to a simulated node on a
//! real port and to a real one, and every byte of the replies compared.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Reply, encode_call};
use hashslot_core::node::{Config, specs};
use hashslot_tests::real::host::Host;
use hashslot_tests::real::{Connection, Ends, Mode, RealServer};

use super::call;

/// Compares the replies to lines, each connection keeping its state.
fn compare(real: &mut Connection, ours: &mut Connection, lines: &[&str]) {
    let mut differences = String::new();
    for line in lines {
        let [real, ours] = [real.call(&call(line)), ours.call(&call(line))];
        if real.bytes != ours.bytes {
            let (real, ours) = (real.bytes.escape_ascii(), ours.bytes.escape_ascii());
            differences += &format!("{line}\n  real: {real}\n  ours: {ours}\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// A description of a command whose sets are in order, without its subcommands.
fn in_order(entry: Reply) -> Reply {
    let Reply::Array(mut parts) = entry else { return entry };
    for part in &mut parts {
        sort_sets(part);
    }
    parts.truncate(9);
    Reply::Array(parts)
}

fn sort_sets(reply: &mut Reply) {
    match reply {
        Reply::Array(items) | Reply::Set(items) => {
            items.iter_mut().for_each(sort_sets);
            items.sort_by_key(|item| format!("{item:?}"));
        }
        Reply::Map(pairs) => pairs.iter_mut().for_each(|(_, value)| sort_sets(value)),
        _ => {}
    }
}

fn only_item(reply: Reply) -> Reply {
    match reply {
        Reply::Array(mut items) if items.len() == 1 => items.remove(0),
        other => panic!("{other:?} is not one item"),
    }
}

/// What DOCS says of the version and of the chapter.
fn since_and_group(reply: &Reply) -> Vec<Reply> {
    let Reply::Map(pairs) = reply else { panic!("{reply:?} is no map") };
    let [(_, Reply::Map(pairs))] = &pairs[..] else { panic!("{pairs:?} is not one command") };
    let wanted = |name: &Reply| *name == Reply::bulk("since") || *name == Reply::bulk("group");
    pairs.iter().filter(|(name, _)| wanted(name)).map(|(_, value)| value.clone()).collect()
}

const FAMILIES: [&str; 12] = [
    "cluster", "pubsub", "client", "config", "function", "object", "memory", "latency", "slowlog",
    "module", "acl", "command",
];

#[test]
fn each_command_is_described_as_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let host = Host::start(Config::default());
    let (mut real, mut ours) = (server.connect(), host.connect());
    for connection in [&mut real, &mut ours] {
        assert!(!connection.call(&call("HELLO 3")).reply.is_error());
    }
    let mut differences = String::new();
    for name in specs().map(|spec| spec.name).chain(FAMILIES) {
        let info = call(&format!("COMMAND INFO {name}"));
        let docs = call(&format!("COMMAND DOCS {name}"));
        let entry = |one: &mut Connection| in_order(only_item(one.call(&info).reply));
        let words = |one: &mut Connection| since_and_group(&one.call(&docs).reply);
        let real = (entry(&mut real), words(&mut real));
        let ours = (entry(&mut ours), words(&mut ours));
        if real != ours {
            differences += &format!("{name}\n  real: {real:?}\n  ours: {ours:?}\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Calls whose replies do not depend on which commands there are.
#[rustfmt::skip]
const CALLS: &[&str] = &[
    "COMMAND INFO foo", "COMMAND INFO get foo GETEX", "COMMAND INFO config|get", "COMMAND COUNT x",
    "COMMAND LIST FILTERBY MODULE x", "COMMAND LIST FILTERBY ACLCAT nope",
    "COMMAND LIST FILTERBY", "COMMAND LIST FILTERBY FOO x", "COMMAND LIST x",
    "COMMAND LIST FILTERBY PATTERN getr*", "COMMAND GETKEYS get a", "COMMAND GETKEYS get",
    "COMMAND GETKEYS nope a", "COMMAND GETKEYS ping a", "COMMAND GETKEYS get a b",
    "COMMAND GETKEYS migrate h 1 \"\" 0 1 KEYS a b", "COMMAND GETKEYS mset a 1 b 2",
    "COMMAND GETKEYS ssubscribe a b", "COMMAND GETKEYS config get a",
    "COMMAND GETKEYS config nope a", "COMMAND GETKEYS object encoding a",
    "COMMAND GETKEYSANDFLAGS set a b", "COMMAND GETKEYSANDFLAGS set a b get",
    "COMMAND GETKEYSANDFLAGS ping a", "COMMAND GETKEYSANDFLAGS rename a b",
    "COMMAND GETKEYSANDFLAGS migrate h 1 \"\" 0 1 KEYS a b",
    "COMMAND GETKEYSANDFLAGS migrate h 1 a 0 1", "COMMAND GETKEYSANDFLAGS get x",
    "COMMAND GETKEYSANDFLAGS copy a b", "COMMAND GETKEYSANDFLAGS mset a 1 b 2",
    "COMMAND NOPE", "COMMAND DOCS nope", "COMMAND HELP", "COMMAND HELP x", "COMMAND GETKEYS",
    "FUNCTION LIST", "FUNCTION LIST WITHCODE", "FUNCTION LIST LIBRARYNAME x WITHCODE",
    "FUNCTION LIST LIBRARYNAME", "FUNCTION LIST WITHCODE WITHCODE", "FUNCTION LIST x",
    "FUNCTION DUMP", "FUNCTION DUMP x", "FUNCTION STATS", "FUNCTION FLUSH", "FUNCTION FLUSH ASYNC",
    "FUNCTION FLUSH x", "FUNCTION FLUSH a b", "FUNCTION DELETE x", "FUNCTION KILL",
    "FUNCTION RESTORE x", "FUNCTION RESTORE \"\\n\\x00]\\x9b\\\\@\\x0f\\x7f\\xa2\\xda\" FLUSH",
    "FUNCTION RESTORE x NOPE", "FUNCTION RESTORE x FLUSH y", "FUNCTION LOAD x",
    "FUNCTION LOAD REPLACE x", "FUNCTION LOAD NOPE x", "FUNCTION LOAD", "FUNCTION HELP",
    "FUNCTION NOPE", "FUNCTION",
    "LATENCY RESET", "LATENCY RESET x", "LATENCY LATEST", "LATENCY HISTORY x", "LATENCY DOCTOR",
    "LATENCY GRAPH x", "LATENCY HELP", "LATENCY NOPE", "LATENCY",
    "SLOWLOG GET", "SLOWLOG GET 10", "SLOWLOG GET -1", "SLOWLOG GET -2", "SLOWLOG GET x",
    "SLOWLOG GET 1 2", "SLOWLOG LEN", "SLOWLOG RESET", "SLOWLOG HELP", "MODULE LIST",
    "MODULE HELP", "MODULE", "MODULE NOPE", "ACL WHOAMI", "ACL CAT", "ACL CAT nope", "ACL HELP",
    "MEMORY HELP", "DEBUG HELP", "DEBUG HELP x", "OBJECT HELP", "OBJECT", "OBJECT NOPE",
    "CLIENT TRACKING off", "CLIENT TRACKING", "CLIENT TRACKING nope", "CLIENT TRACKINGINFO",
    "CLIENT CACHING yes", "CLIENT GETREDIR", "CLIENT NO-TOUCH on", "SWAPDB 0 1", "RANDOMKEY",
    "REPLCONF", "REPLCONF listening-port 1", "REPLCONF capa eof", "REPLCONF capa eof capa psync2",
    "REPLCONF rdb-only 0", "REPLCONF rdb-only 5", "REPLCONF rdb-only x", "REPLCONF nope 1",
    "REPLCONF a", "REPLCONF rdb-filter-only functions", "REPLCONF rdb-filter-only nope",
    "REPLCONF listening-port x", "PSYNC a b", "PSYNC a",
    "SET k 10", "OBJECT ENCODING k", "OBJECT REFCOUNT k", "OBJECT FREQ k", "OBJECT FREQ nope",
    "OBJECT ENCODING nope", "OBJECT ENCODING", "MEMORY USAGE k", "MEMORY USAGE nope",
    "MEMORY USAGE k SAMPLES x", "MEMORY USAGE k SAMPLES 0", "MEMORY USAGE k FOO 1",
    "MEMORY USAGE k SAMPLES", "RANDOMKEY", "DEL k",
    "HELLO 3 SETNAME me AUTH nobody x", "CLIENT GETNAME", "HELLO 3 SETNAME b FOO",
    "CLIENT GETNAME", "CLIENT SETNAME \"\"", "OBJECT ENCODING", "MEMORY",
    "CLIENT LIST TYPE replica", "CLIENT KILL TYPE normal SKIPME yes LADDR x",
    "CONFIG GET client-output-buffer-limit",
    "CONFIG SET client-output-buffer-limit \"normal 0 0\"",
    "CONFIG SET client-output-buffer-limit \"nope 0 0 0\"",
    "CONFIG SET client-output-buffer-limit \"normal x 0 0\"",
    "CONFIG SET client-output-buffer-limit \"replica 1mb 2 3 pubsub 1 2 3\"",
    "CONFIG GET client-output-buffer-limit", "CONFIG GET client-query-buffer-limit",
    "CONFIG SET client-query-buffer-limit 1", "CONFIG GET proto-max-bulk-len",
    "CONFIG GET masteruser", "CONFIG GET masterauth", "CONFIG GET requirepass",
];

#[test]
fn clients_and_tools_are_answered_as_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let mut real = server.connect();
    assert_eq!(real.call(&call("CLUSTER ADDSLOTSRANGE 0 16383")).reply, Reply::ok());
    wait_until_up(&mut real);
    let host = Host::start(Config::default());
    for greeting in ["HELLO 2", "HELLO 3"] {
        let (mut real, mut ours) = (server.connect(), host.connect());
        for one in [&mut real, &mut ours] {
            assert!(!one.call(&call(greeting)).reply.is_error());
            let usual = "CONFIG SET client-output-buffer-limit \
                         \"slave 268435456 67108864 60 pubsub 33554432 8388608 60\"";
            assert_eq!(one.call(&call(usual)).reply, Reply::ok());
        }
        compare(&mut real, &mut ours, CALLS);
    }
}

fn wait_until_up(real: &mut Connection) {
    let begun = Instant::now();
    let is_up = |reply: Reply| match reply {
        Reply::Bulk(text) => text.starts_with(b"cluster_state:ok"),
        _ => false,
    };
    while !is_up(real.call(&call("CLUSTER INFO")).reply) {
        assert!(begun.elapsed() < Duration::from_secs(20), "the node never serves its slots");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Calls of a client that is not let in, and how it gets in.
#[rustfmt::skip]
const WITHOUT_PASSWORD: &[&str] = &[
    "PING", "GET a", "NOPE", "GET", "AUTH", "AUTH x", "AUTH default x", "AUTH nobody x",
    "AUTH a b c", "HELLO", "HELLO 3", "HELLO 4", "HELLO x", "HELLO 3 AUTH default x",
    "HELLO 3 SETNAME me", "HELLO 3 AUTH nobody sesame", "HELLO 3 FOO", "MULTI", "RESET", "COMMAND",
    "AUTH sesame", "PING", "RESET", "PING", "AUTH default sesame", "CONFIG GET requirepass",
    "ACL WHOAMI", "CONFIG SET requirepass \"\"", "AUTH x", "AUTH default y", "RESET", "PING",
    "CONFIG SET requirepass sesame", "PING", "RESET", "PING", "AUTH sesame",
];

/// How long nobody says anything before it is thought that nothing follows.
const MOMENT: Duration = Duration::from_millis(300);

/// Bytes of a client that is not let in, each on a connection of its own.
const RAW_WITHOUT_PASSWORD: &[&[u8]] =
    &[b"*11\r\n", b"*10\r\n", b"*1\r\n$16385\r\n", b"*1\r\n$16384\r\n", b"PING\r\nPING\r\n"];

/// Bytes of clients, each on a connection of its own.
const RAW: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: x\r\nFoo: bar\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"*1\r\n$4\r\npost\r\n",
    b"*2\r\n$5\r\nhost:\r\n$1\r\nx\r\n",
    b"PING\r\nPOST\r\nPING\r\n",
    b"MULTI\r\nPOST x\r\n",
    b"*1048577\r\n",
    b"*2147483648\r\n",
    b"*1\r\n$536870912\r\n",
    b"*1\r\n$536870913\r\n",
    b"PING \"a\r\n",
    b"PING 'a'b\r\n",
    b"*3\r\n$3\r\nSET\r\nx",
    b"*3\r\n$3\r\nSET\r\nx\r\n",
    b"*1\r\n$-1\r\n",
    b"*-10\r\nPING\r\n",
    b"PING\r\n*x\r\nPING\r\n",
    b"QUIT\r\nPING\r\n",
    b"*2\r\n$4\r\nQUIT\r\n$1\r\nx\r\n",
    b"MULTI\r\nQUIT\r\n",
    b"PING\r\nSYNC\r\n",
    b"REPLCONF ack 1\r\nPING\r\n",
    b"REPLCONF getack *\r\nPING\r\n",
];

fn compare_raw(server: &RealServer, host: &Host, sent: &[&[u8]]) {
    let long = [b"x".repeat(70_000), [b"*".to_vec(), b"1".repeat(70_000)].concat()];
    for bytes in sent.iter().copied().chain(long.iter().map(|bytes| &bytes[..])) {
        let shown = bytes[..bytes.len().min(60)].escape_ascii();
        let both = |quiet| {
            let ours = host.connect().exchange(bytes, quiet);
            (ours, server.connect().exchange(bytes, quiet))
        };
        let (ours, real) = both(MOMENT);
        // A slow machine may not have answered yet.
        let (ours, real) = if ours == real { (ours, real) } else { both(MOMENT * 10) };
        assert_eq!(ours, real, "{shown}");
    }
}

#[test]
fn a_password_is_asked_for_as_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let host = Host::start(Config::default());
    let (mut real, mut ours) = (server.connect(), host.connect());
    compare(&mut real, &mut ours, &["CONFIG SET requirepass sesame", "PING"]);
    compare(&mut server.connect(), &mut host.connect(), WITHOUT_PASSWORD);
    compare_raw(&server, &host, RAW_WITHOUT_PASSWORD);
}

#[test]
fn wrong_bytes_are_met_as_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let host = Host::start(Config::default());
    compare_raw(&server, &host, RAW);
}

#[test]
fn too_many_clients_are_turned_away_as_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Cluster) else { return };
    let host = Host::start(Config::default());
    let (mut real, mut ours) = (server.connect(), host.connect());
    compare(&mut real, &mut ours, &["CONFIG SET maxclients 1"]);
    let (heard, ends) = server.connect().exchange(b"", MOMENT * 10);
    assert_eq!((heard.clone(), ends), host.connect().exchange(b"", MOMENT * 10));
    assert!(heard.starts_with(b"-ERR max number of clients") && ends == Ends::Yes);
}

#[test]
fn what_a_client_sends_is_bounded() {
    let config = Config { query_buffer_max: 1 << 20, ..Config::default() };
    let host = Host::start(config);
    let mut big = BytesMut::from(&b"*2\r\n$4\r\nECHO\r\n$536870912\r\n"[..]);
    big.extend_from_slice(&vec![b'x'; 2 << 20]);
    assert_eq!(host.connect().exchange(&big, MOMENT * 10).1, Ends::Yes);
    let mut queued = BytesMut::from(&b"MULTI\r\n"[..]);
    let value = Bytes::from(vec![b'x'; 100_000]);
    for _ in 0..20 {
        queued.extend_from_slice(&encode_call(&[Bytes::from("ECHO"), value.clone()]));
    }
    assert_eq!(host.connect().exchange(&queued, MOMENT * 10).1, Ends::Yes);
    assert_eq!(host.connect().call(&call("PING")).reply, Reply::simple("PONG"));
}

// Snapshots and streams in bytes.

/// A node with keys of all kinds, and what they are.
fn filled(host: &Host) -> Vec<&'static str> {
    let mut ours = host.connect();
    let lines = [
        "SET a text",
        "SET 7 300",
        "SET long 0123456789012345678901234567890123456789012345678901234567890123456789",
        "SET again aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "SET later x PXAT 9999999999000",
        "SET \"a b\\x00\" \"\"",
    ];
    for line in lines {
        assert_eq!(ours.call(&call(line)).reply, Reply::ok(), "{line}");
    }
    vec!["a", "7", "long", "again", "later", "\"a b\\x00\"", "nope"]
}

/// Compares the keys of both.
fn assert_same_keys(ours: &mut Connection, real: &mut Connection, keys: &[&str]) {
    for key in keys {
        for verb in ["GET", "PEXPIRETIME"] {
            let line = call(&format!("{verb} {key}"));
            assert_eq!(ours.call(&line).reply, real.call(&line).reply, "{verb} {key}");
        }
    }
}

#[test]
fn a_snapshot_is_read_by_the_real_server() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let config = Config { repl_sync_delay_s: 0, ..Config::default() };
    let host = Host::start(config);
    let keys = filled(&host);
    let file = server.folder().join("snapshot.rdb");
    let port = host.port().to_string();
    let cli = Command::new("redis-cli").args(["-p", &port, "--rdb"]).arg(&file).output();
    let cli = cli.expect("redis-cli is installed with the server");
    assert!(cli.status.success(), "{}", String::from_utf8_lossy(&cli.stderr));
    let check = Command::new("redis-check-rdb").arg(&file).output();
    let check = check.expect("redis-check-rdb is installed with the server");
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(said.contains("RDB looks OK") && said.contains("6 keys read"), "{said}");
    let mut real = server.connect();
    fs::copy(&file, server.folder().join("dump.rdb")).expect("the folder is writable");
    let reply = real.call(&call("DEBUG RELOAD NOSAVE NOFLUSH")).reply;
    assert_eq!(reply, Reply::ok());
    assert_same_keys(&mut host.connect(), &mut real, &keys);
}

#[test]
fn a_real_server_follows_a_simulated_node() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let config = Config { repl_sync_delay_s: 0, ..Config::default() };
    let host = Host::start(config);
    let keys = filled(&host);
    let (mut ours, mut real) = (host.connect(), server.connect());
    assert_eq!(ours.call(&call("CONFIG SET requirepass sesame")).reply, Reply::ok());
    assert_eq!(real.call(&call("CONFIG SET masterauth sesame")).reply, Reply::ok());
    let follow = format!("REPLICAOF 127.0.0.1 {}", host.port());
    assert_eq!(real.call(&call(&follow)).reply, Reply::ok());
    let wait_for = |real: &mut Connection, key: &str| {
        let begun = Instant::now();
        while real.call(&call(&format!("EXISTS {key}"))).reply != Reply::Integer(1) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{key} does not arrive");
            thread::sleep(Duration::from_millis(20));
        }
    };
    wait_for(&mut real, "a");
    assert_same_keys(&mut ours, &mut real, &keys);
    for line in ["SET a other", "DEL 7", "INCRBYFLOAT n 0.1", "APPEND long x", "SET last 1"] {
        assert!(!ours.call(&call(line)).reply.is_error(), "{line}");
    }
    wait_for(&mut real, "last");
    assert_same_keys(&mut ours, &mut real, &["a", "7", "n", "long", "last"]);
    let acked = ours.call(&call("WAIT 1 5000")).reply;
    assert_eq!(acked, Reply::Integer(1));
    let Reply::Bulk(info) = ours.call(&call("INFO replication")).reply else { panic!("no text") };
    let info = String::from_utf8_lossy(&info);
    assert!(info.contains("connected_slaves:1") && info.contains("state=online"), "{info}");
}
