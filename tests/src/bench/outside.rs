//! What one call of a real client costs in the core: what it sends is an external input, and the
//! answer is its news. Sockets are not part of it.

use std::time::Instant;

use bytes::Bytes;
use hashslot_core::words::{ConnId, Span};
use hashslot_core::world::session::Budget;
use hashslot_core::world::step::Port;
use hashslot_core::world::{Level, Outside, Session, Setup};

use super::{Goal, Measure, median};

/// How many calls are made for one value.
const CALLS: usize = 200_000;
/// The node to which the client speaks, which serves the key.
const NODE: u16 = 7002;
const CONN: ConnId = ConnId(0);

/// The rows of this file.
pub fn measure() -> Vec<Measure> {
    let row = |name, level, at_once, goal| {
        let values = (0..5).map(|_| call_us(level, at_once)).collect();
        Measure::new(name, median(values), "us", Goal::Under(goal))
    };
    vec![
        row("a real client's call, trace off", Level::Off, 1, 4.0),
        row("a real client's call, trace at facts", Level::Facts, 1, 4.0),
        row("the same, 16 in one read, trace off", Level::Off, 16, 1.5),
        row("the same, 16 in one read, trace at facts", Level::Facts, 16, 1.5),
    ]
}

/// Microseconds for each call, half of them SET and half of them GET, so many in each read.
fn call_us(level: Level, at_once: usize) -> f64 {
    let mut session = Session::with(Setup::default(), level, Budget::default());
    let to = Port::new(NODE).expect("a node has a port");
    session.outside(session.now(), Outside::Open { conn: CONN, to });
    let set = "*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nabc\r\n".repeat(at_once);
    let get = "*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n".repeat(at_once);
    let sent = [set, get].map(Bytes::from);
    let mut news = Vec::new();
    let begun = session.now();
    let start = Instant::now();
    for number in 0..CALLS / at_once {
        let at = begun + Span::from_micros(10 * number as u64);
        let bytes = sent[number % 2].clone();
        session.outside(at, Outside::Send { conn: CONN, bytes });
        session.drain_news(&mut news);
        news.clear();
    }
    start.elapsed().as_secs_f64() * 1e6 / CALLS as f64
}
