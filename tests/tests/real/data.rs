//! The data commands, compared byte for byte on calls at random, and dumps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{self, Context, Keyspace, Protocol, Reply, Role};
use hashslot_core::words::{Dice, Time, quote_arg};
use hashslot_tests::real::calls::{Calls, FAR};
use hashslot_tests::real::{Answer, Connection, Mode, RealServer};

use super::{Call, call};

fn line(call: &Call) -> String {
    let words: Vec<_> = call.iter().map(|arg| quote_arg(arg)).collect();
    words.join(" ")
}

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
