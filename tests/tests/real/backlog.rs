//! The backlog beside the real one, byte for byte: how long it is after each write, and what a
//! replica gets that comes back to any place in it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::data::{Reply, call_len};
use hashslot_core::node::Config;
use hashslot_core::words::Dice;
use hashslot_tests::real::host::Host;
use hashslot_tests::real::{Connection, Ends, Mode, RealServer};

use super::call;

/// How long nothing comes after all that a replica is told.
const QUIET: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(10);
/// Sizes of values: most fit into a block, some into no block.
const SIZES: [u64; 8] = [5, 10, 100, 1_000, 5_000, 20_000, 60_000, 250_000];
const LIMITS: [u64; 5] = [1, 20_000, 100_000, 1_000_000, 3_000_000];

/// One side, with a client and the history that its master is in.
struct Side<'a> {
    client: Connection,
    connect: Box<dyn Fn() -> Connection + 'a>,
    replid: String,
}

impl Side<'_> {
    /// A master that had a replica once: it counts, and nobody is slow to read.
    fn new<'a>(connect: impl Fn() -> Connection + 'a) -> Side<'a> {
        let mut client = connect();
        let settings = "CONFIG SET repl-diskless-sync-delay 0 repl-ping-replica-period 1000";
        assert_eq!(client.call(&call(settings)).reply, Reply::ok());
        let (greeting, _) = connect().exchange(b"PSYNC ? -1\r\n", QUIET);
        let greeting = String::from_utf8_lossy(&greeting).into_owned();
        let replid = greeting.split(' ').nth(1).expect("a full copy").to_owned();
        let mut side = Side { client, connect: Box::new(connect), replid };
        let begun = Instant::now();
        while side.field("connected_slaves") != "0" {
            assert!(begun.elapsed() < PATIENCE, "the replica that has gone is still there");
        }
        side
    }

    /// A field of INFO replication.
    fn field(&mut self, name: &str) -> String {
        let Reply::Bulk(text) = self.client.call(&call("INFO replication")).reply else {
            panic!("INFO is a text");
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| *known == name).expect("a field of INFO").1.to_owned()
    }

    /// How long the backlog may be, the number of its first byte, and how many bytes it has.
    fn span(&mut self) -> [u64; 3] {
        ["repl_backlog_size", "repl_backlog_first_byte_offset", "repl_backlog_histlen"]
            .map(|name| self.field(name).parse().expect("a number"))
    }

    /// What a replica is told that wants the stream from this byte on, after it has said something.
    fn resume(&self, before: &str, from: u64) -> (Bytes, Ends) {
        let mut replica = (self.connect)();
        if !before.is_empty() {
            assert_eq!(replica.call(&call(before)).reply, Reply::ok());
        }
        let ask = format!("PSYNC {} {from}\r\n", self.replid);
        let (told, ends) = replica.exchange(ask.as_bytes(), QUIET);
        (String::from_utf8_lossy(&told).replace(&self.replid, "ID").into(), ends)
    }
}

#[test]
fn the_backlog_is_that_of_the_real_server_byte_for_byte() {
    let Some(server) = RealServer::start(Mode::Standalone) else { return };
    let host = Host::start(Config::default());
    let (mut real, mut ours) = (Side::new(|| server.connect()), Side::new(|| host.connect()));
    let mut dice = Dice::new(7, "backlog", 0);
    let mut pick = |from: &[u64]| from[dice.below(from.len() as u64) as usize];
    let mut trimmed = 0;
    for round in 0..600 {
        let line = if round % 50 == 49 {
            call(&format!("CONFIG SET repl-backlog-size {}", pick(&LIMITS)))
        } else {
            let value = Bytes::from(vec![b'a' + (round % 26) as u8; pick(&SIZES) as usize]);
            vec![Bytes::from_static(b"SET"), Bytes::from_static(b"k"), value]
        };
        for side in [&mut real, &mut ours] {
            assert_eq!(side.client.call(&line).reply, Reply::ok());
        }
        let (expected, span) = (real.span(), ours.span());
        assert_eq!(span, expected, "round {round}, {} bytes", call_len(&line));
        trimmed += u32::from(span[1] > 1);
    }
    assert!(trimmed > 300, "the backlog was trimmed in {trimmed} rounds only");

    let [_, first, bytes] = real.span();
    for (before, hello, from) in [
        ("", "+CONTINUE\r\n", first),
        ("REPLCONF capa psync2", "+CONTINUE ID\r\n", first),
        ("", "+CONTINUE\r\n", first + 1),
        ("", "+CONTINUE\r\n", first + bytes / 2),
        ("", "+CONTINUE\r\n", first + bytes - 1),
        ("", "+CONTINUE\r\n", first + bytes),
    ] {
        let (expected, told) = (real.resume(before, from), ours.resume(before, from));
        assert_eq!(told.1, expected.1);
        assert!(told.0 == expected.0, "{from}: {} bytes, {}", told.0.len(), expected.0.len());
        assert!(told.0.starts_with(hello.as_bytes()), "{from}: {before:?}");
        assert_eq!(told.0.len() as u64, hello.len() as u64 + first + bytes - from);
    }
}
