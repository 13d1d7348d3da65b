//! The simulated server beside the real one: the same calls, and the replies compared.
//!
//! The data commands are compared byte for byte, on calls at random; the printer with the real
//! redis-cli; the commands of a cluster node on one node that knows no other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{self, Context, Keyspace, PrintForm, Protocol, Reply, Role};
use hashslot_core::words::{ActorId, Dice, Span, Time, quote_arg, split_args};
use hashslot_core::world::step::Port;
use hashslot_core::world::{Level, Setup, Trace, World};
use hashslot_tests::real::calls::{Calls, FAR};
use hashslot_tests::real::{Answer, Connection, Mode, RealServer, skip};

type Call = Vec<Bytes>;

/// The call that a line spells.
fn call(line: &str) -> Call {
    split_args(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn line(call: &Call) -> String {
    let words: Vec<_> = call.iter().map(|arg| quote_arg(arg)).collect();
    words.join(" ")
}

// Data commands.

/// Seeds, and the protocol in which each is compared.
const SEEDS: [(u64, Protocol); 5] = [
    (1, Protocol::Resp2),
    (2, Protocol::Resp2),
    (3, Protocol::Resp2),
    (4, Protocol::Resp2),
    (5, Protocol::Resp3),
];
const CALLS_PER_SEED: usize = 4_000;
/// Scripts for what calls at random seldom come upon.
const CORNERS: [&[&str]; 4] = [
    &["SET k v PXAT 1", "SET l v", "SCAN 0 TYPE none", "DBSIZE", "SCAN 0 TYPE none"],
    &["SET k v PXAT 1", "DBSIZE", "KEYS *", "DBSIZE", "TYPE k", "DBSIZE"],
    &["SET k v PXAT 9999999998499", "EXPIRETIME k", "PEXPIREAT k 9999999998500", "EXPIRETIME k"],
    &["SET \"\" v", "KEYS *", "KEYS **", "SCAN 0 MATCH *", "SCAN 0 MATCH **"],
];
/// How far the two clocks may be apart.
const TOLERANCE_MS: u64 = 2_000;

/// A real server and a simulated one that get the same calls.
struct Pair {
    real: Connection,
    simulated: Keyspace,
    protocol: Protocol,
    /// How many calls of a command succeeded on the real server, and how many failed.
    counts: BTreeMap<String, [u32; 2]>,
}

/// How the two servers answered a call differently.
struct Difference {
    index: usize,
    real: String,
    simulated: String,
}

impl Pair {
    fn new(server: &RealServer, protocol: Protocol) -> Pair {
        let mut real = server.connect();
        if protocol == Protocol::Resp3 {
            assert!(!real.call(&call("HELLO 3")).reply.is_error());
        }
        // Expired keys stay until a call comes upon them, as they do in `execute`.
        assert_eq!(real.call(&call("DEBUG SET-ACTIVE-EXPIRE 0")).reply, Reply::ok());
        Pair { real, simulated: Keyspace::new(), protocol, counts: BTreeMap::new() }
    }

    /// Runs a script on two empty servers, up to the first difference.
    fn run(&mut self, script: &[Call]) -> Option<Difference> {
        self.real.call(&call("FLUSHALL"));
        self.simulated = Keyspace::new();
        script.iter().enumerate().find_map(|(index, call)| {
            let (real, simulated) = self.compare(call)?;
            Some(Difference { index, real, simulated })
        })
    }

    fn both(&mut self, call: &Call) -> (Answer, Reply) {
        let simulated = self.simulate(call);
        (self.real.call(call), simulated)
    }

    fn simulate(&mut self, call: &Call) -> Reply {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = Time::from_micros(now.expect("it is after 1970").as_micros() as u64);
        let mut context = Context::new(now, Role::Master);
        data::execute(&mut self.simulated, &mut context, call).reply
    }

    /// The two replies, if they differ.
    fn compare(&mut self, call: &Call) -> Option<(String, String)> {
        let (real, simulated) = self.both(call);
        let name = name_of(call);
        self.counts.entry(name.clone()).or_default()[usize::from(real.reply.is_error())] += 1;
        if real.reply.is_error() || simulated.is_error() {
            return self.unless_equal(&real, &simulated);
        }
        match name.as_str() {
            // They tell of what was done to the value before.
            "time" | "object|encoding" | "object|refcount" | "object|idletime" | "memory|usage" => {
                None
            }
            "keys" => unless_same_set(items(&real.reply), items(&simulated)),
            "scan" => self.compare_scans(call, real.reply, simulated),
            "ttl" => self.unless_near(&real, &simulated, TOLERANCE_MS / 1_000),
            "pttl" => self.unless_near(&real, &simulated, TOLERANCE_MS),
            "expiretime" => self.unless_near_or_named(&real, &simulated, TOLERANCE_MS / 1_000),
            "pexpiretime" => self.unless_near_or_named(&real, &simulated, TOLERANCE_MS),
            _ => self.unless_equal(&real, &simulated),
        }
    }

    fn unless_equal(&self, real: &Answer, simulated: &Reply) -> Option<(String, String)> {
        let mut bytes = BytesMut::new();
        data::encode_reply(simulated, self.protocol, &mut bytes);
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        (real.bytes != bytes).then(|| (text(&real.bytes), text(&bytes)))
    }

    /// Moments differ as the clocks do, unless a call named them.
    fn unless_near_or_named(
        &self,
        real: &Answer,
        simulated: &Reply,
        tolerance: u64,
    ) -> Option<(String, String)> {
        match &real.reply {
            Reply::Integer(moment) if moment.to_string().starts_with(FAR) => {
                self.unless_equal(real, simulated)
            }
            _ => self.unless_near(real, simulated, tolerance),
        }
    }

    /// Spans differ as the clocks do.
    fn unless_near(
        &self,
        real: &Answer,
        simulated: &Reply,
        tolerance: u64,
    ) -> Option<(String, String)> {
        match (&real.reply, simulated) {
            (&Reply::Integer(one), &Reply::Integer(other)) if one > 0 && other > 0 => {
                (one.abs_diff(other) > tolerance).then(|| (one.to_string(), other.to_string()))
            }
            _ => self.unless_equal(real, simulated),
        }
    }

    /// Cursors mean different things to the two servers, but a whole iteration does not. Another
    /// one over all keys lets both come upon those that are expired.
    fn compare_scans(
        &mut self,
        scan: &Call,
        real: Reply,
        simulated: Reply,
    ) -> Option<(String, String)> {
        let (mut found, mut cursor) = page(&real);
        while cursor != "0" {
            let (more, next) = page(&self.real.call(&from_cursor(scan, cursor)).reply);
            found.extend(more);
            cursor = next;
        }
        let (mut simulated_found, mut cursor) = page(&simulated);
        while cursor != "0" {
            let (more, next) = page(&self.simulate(&from_cursor(scan, cursor)));
            simulated_found.extend(more);
            cursor = next;
        }
        let whole = [&b"0"[..], b"-0", b"+0", b""].contains(&&scan[1][..]);
        let difference = unless_same_set(found, simulated_found).filter(|_| whole);
        difference.or_else(|| {
            let (real, simulated) = self.both(&call("SCAN 0 COUNT 1000"));
            unless_same_set(page(&real.reply).0, page(&simulated).0)
        })
    }

    /// Drops calls, first many at once and then single ones, as long as the rest still differs.
    fn shrink(&mut self, mut script: Vec<Call>, mut found: Difference) -> (Vec<Call>, Difference) {
        script.truncate(found.index + 1);
        let mut chunk = script.len().div_ceil(2);
        while chunk > 0 {
            let mut at = 0;
            while at < script.len() {
                let mut shorter = script.clone();
                shorter.drain(at..(at + chunk).min(script.len()));
                match self.run(&shorter) {
                    Some(still) => {
                        shorter.truncate(still.index + 1);
                        (script, found) = (shorter, still);
                    }
                    None => at += chunk,
                }
            }
            chunk /= 2;
        }
        (script, found)
    }
}

/// The name of a call's command, as in the table.
fn name_of(call: &Call) -> String {
    let word = |place: usize| String::from_utf8_lossy(&call[place]).to_ascii_lowercase();
    let names = data::rows().map(|row| row.name);
    let below = (call.len() > 1).then(|| format!("{}|{}", word(0), word(1)));
    let known = below.filter(|below| names.into_iter().any(|name| name == below));
    known.unwrap_or_else(|| word(0))
}

fn items(reply: &Reply) -> Vec<Bytes> {
    let Reply::Array(items) = reply else { panic!("{reply:?} is no array") };
    let text = |item: &Reply| match item {
        Reply::Bulk(bytes) => bytes.clone(),
        other => panic!("{other:?} is no bulk string"),
    };
    items.iter().map(text).collect()
}

/// The keys of a page of SCAN, and the next cursor.
fn page(reply: &Reply) -> (Vec<Bytes>, String) {
    match reply {
        Reply::Array(parts) => match &parts[..] {
            [Reply::Bulk(cursor), keys] => {
                (items(keys), String::from_utf8_lossy(cursor).into_owned())
            }
            _ => panic!("{reply:?} is no page"),
        },
        _ => panic!("{reply:?} is no page"),
    }
}

fn from_cursor(scan: &Call, cursor: String) -> Call {
    let mut next = scan.clone();
    next[1] = Bytes::from(cursor);
    next
}

fn unless_same_set(real: Vec<Bytes>, simulated: Vec<Bytes>) -> Option<(String, String)> {
    let [real, simulated] = [real, simulated].map(BTreeSet::from_iter);
    (real != simulated).then(|| (format!("{real:?}"), format!("{simulated:?}")))
}

#[test]
fn data_commands_answer_as_on_the_real_server() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    for lines in CORNERS {
        let script = lines.iter().map(|line| call(line)).collect();
        assert_same(&mut Pair::new(&server, Protocol::Resp2), script, "a corner");
    }
    let mut counts: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for (seed, protocol) in SEEDS {
        let mut pair = Pair::new(&server, protocol);
        let script = Calls::new(seed).take(CALLS_PER_SEED).collect();
        assert_same(&mut pair, script, &format!("seed {seed}"));
        for row in data::rows() {
            let total = counts.entry(row.name).or_default();
            let [successes, errors] = pair.counts.get(row.name).copied().unwrap_or_default();
            *total = [total[0] + successes, total[1] + errors];
        }
    }
    println!("{:<12} {:>9} {:>6}", "command", "successes", "errors");
    for (name, [successes, errors]) in &counts {
        println!("{name:<12} {successes:>9} {errors:>6}");
    }
    let untried = counts.iter().filter(|(_, count)| count.contains(&0)).map(|(name, _)| *name);
    let untried: Vec<&str> = untried.collect();
    assert!(untried.is_empty(), "never succeeded, or never failed: {untried:?}");
}

/// How many strings are dumped by both servers, and how long they are at most.
const DUMPS: usize = 2_000;
const DUMPED_BYTES_MAX: u64 = 3_000;

#[test]
fn a_dump_is_the_same_bytes_as_on_the_real_server() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let mut pair = Pair::new(&server, Protocol::Resp2);
    let mut dice = Dice::new(1, "dumps", 0);
    let mut packed = 0;
    for _ in 0..DUMPS {
        let (most_letters, most_bytes) = (1 + dice.below(26), 1 + dice.below(DUMPED_BYTES_MAX));
        let (letters, len) = (1 + dice.below(most_letters), dice.below(most_bytes));
        let text: Bytes = (0..len).map(|_| b'a' + dice.below(letters) as u8).collect();
        let dump: Call = call("DUMP k");
        let set = vec![Bytes::from("SET"), Bytes::from("k"), text.clone()];
        for call in [&set, &dump] {
            assert_eq!(pair.compare(call), None, "{}", text.escape_ascii());
        }
        let Reply::Bulk(payload) = pair.simulate(&dump) else { panic!("k is there") };
        packed += u32::from((payload.len() as u64) < len);
        let mut restore = call("RESTORE k 0 payload REPLACE");
        restore[3] = payload;
        for call in [&restore, &call("GET k")] {
            assert_eq!(pair.compare(call), None, "{}", text.escape_ascii());
        }
    }
    assert!(packed as usize > DUMPS / 4, "only {packed} were compressed");
}

/// Fails with the shortest script that was found, if the two servers differ.
fn assert_same(pair: &mut Pair, script: Vec<Call>, name: &str) {
    let Some(difference) = pair.run(&script) else { return };
    let (script, Difference { real, simulated, .. }) = pair.shrink(script, difference);
    let script: Vec<_> = script.iter().map(line).collect();
    let script = script.join("\n");
    panic!(
        "{name}:\n{script}\nthe real server answers: {real}\nthe simulated one:      {simulated}"
    );
}

// The printer.

/// Lines of RESP2 for which every kind of reply comes.
const PRINTED_RESP2: [&str; 24] = [
    "PING",
    "ECHO \"a'b~\\x7f\\\"\\\\\\n\\x00\\xff\"",
    "ECHO \"\"",
    "NOPE a",
    "STRLEN nokey",
    "GET nokey",
    "BLPOP nokey 0.01",
    "KEYS *",
    "MGET a b",
    "COMMAND GETKEYS SET k v",
    "EVAL \"return {1, {2, {}, 'a'}, false, redis.status_reply('fine')}\" 0",
    "EVAL \"return {{{'deep'}}, redis.error_reply('MY error')}\" 0",
    "EVAL \"return redis.error_reply('MY error')\" 0",
    "EVAL \"local t = {} for i = 1, 12 do t[i] = {i, i} end return t\" 0",
    "EVAL \"local t = {} for i = 1, 101 do t[i] = 'x' end return {t, t}\" 0",
    "HELLO 9",
    "DEBUG PROTOCOL bignum",
    "DEBUG PROTOCOL double",
    "DEBUG PROTOCOL map",
    "DEBUG PROTOCOL verbatim",
    "INFO nosuchsection",
    "MEMORY DOCTOR",
    "LATENCY DOCTOR",
    "CLUSTER NODES",
];

const PRINTED_RESP3: [&str; 23] = [
    "PING",
    "GET nokey",
    "MGET a b",
    "BLPOP nokey 0.01",
    "NOPE",
    "DEBUG PROTOCOL string",
    "DEBUG PROTOCOL integer",
    "DEBUG PROTOCOL double",
    "DEBUG PROTOCOL null",
    "DEBUG PROTOCOL array",
    "DEBUG PROTOCOL set",
    "DEBUG PROTOCOL map",
    "DEBUG PROTOCOL verbatim",
    "DEBUG PROTOCOL true",
    "DEBUG PROTOCOL false",
    "EVAL \"redis.setresp(3) return {{double=0.1}, {double=-1e300}, {double=1/0}}\" 0",
    "EVAL \"redis.setresp(3) return {map={a={set={['b']=true}}}}\" 0",
    "EVAL \"redis.setresp(3) return {map={k={1, {2, 3}}}}\" 0",
    "EVAL \"redis.setresp(3) return {{map={}}, {set={}}, {}, true, false}\" 0",
    "EVAL \"redis.setresp(3) return {verbatim_string={format='mkd', string='a\\nb'}}\" 0",
    "EVAL \"redis.setresp(3) return {map={k={map={l={map={m={1, 2}}}}}}}\" 0",
    "MEMORY DOCTOR",
    "CONFIG GET maxmemory-policy",
];

fn assert_prints(server: &RealServer, lines: &[&str], protocol: Protocol) {
    let mut client = server.connect();
    let mut options = vec!["--no-raw".to_owned(), "-p".to_owned(), server.port().to_string()];
    if protocol == Protocol::Resp3 {
        options.push("-3".to_owned());
        client.call(&call("HELLO 3"));
    }
    for text in lines {
        // From its input, redis-cli takes arguments with any bytes.
        let mut cli = Command::new("redis-cli")
            .args(&options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that told its version starts");
        let mut input = cli.stdin.take().expect("its input is a pipe");
        writeln!(input, "{text}").expect("redis-cli reads");
        drop(input);
        let output = cli.wait_with_output().expect("redis-cli ends");
        let args = call(text);
        let reply = client.call(&args).reply;
        let printed = data::print_reply(&reply, PrintForm::of_call(&args));
        assert_eq!(printed, String::from_utf8_lossy(&output.stdout), "{protocol:?}: {text}");
    }
}

#[test]
fn replies_print_as_in_the_real_client() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    if Command::new("redis-cli").arg("--version").output().is_err() {
        skip("redis-cli is not installed: .ci/setup test");
        return;
    }
    assert_prints(&server, &PRINTED_RESP2, Protocol::Resp2);
    assert_prints(&server, &PRINTED_RESP3, Protocol::Resp3);
}

// A cluster node.

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
