//! Programs outside of the simulation that do all that real ones do, at random: connect, call, send
//! many calls at once or half a call, close, and go on while nodes are killed, cut off and slow.

use bytes::Bytes;
use hashslot_core::words::{ConnId, Dice, Span};
use hashslot_core::world::session::Scribe;
use hashslot_core::world::step::{Port, Step};
use hashslot_core::world::{Outside, Session, Setup};

/// How many things are done.
const DEEDS: u64 = 400;
/// What happens to the cluster, and how many deeds lie between two of these.
const FAULTS: &[&str] = &[
    "$ slow outside 7002 3ms jitter 2ms",
    "$ pause 7000",
    "$ resume 7000",
    "$ cut outside -> 7002",
    "$ kill 7001",
    "$ heal",
    "$ run until 7004 is master within 30s",
    "7004> CLUSTER INFO",
    "$ restart 7001",
];
const FAULT_EVERY: u64 = 37;

const CALLS: &[&str] = &[
    "SET foo bar\r\n",
    "GET foo\r\n",
    "*2\r\n$4\r\nINCR\r\n$3\r\n{a}\r\n",
    "MULTI\r\nSET {b}1 x\r\nGET {b}1\r\nEXEC\r\n",
    "SUBSCRIBE news\r\n",
    "PUBLISH news hello\r\n",
    "HELLO 3\r\n",
    "*1\r\n$4\r\nPI",
    "NG\r\n",
    "CLUSTER SLOTS\r\n",
    "*x\r\n",
    "QUIT\r\n",
];

/// The text of such a run, as a recorder writes it.
pub fn recorded(seed: u64) -> String {
    let mut setup = Setup { seed, ..Setup::default() };
    setup.config.node_timeout_ms = 1_000;
    let mut session = Session::new(setup);
    let mut text = String::new();
    let mut scribe = Scribe::new(&session, &mut text);
    let mut dice = Dice::new(seed, "programs outside", 0);
    let mut conns = Vec::new();
    for deed in 0..DEEDS {
        let at = session.now() + Span::from_micros(dice.below(20_000));
        session.outside(at, do_something(deed, &mut conns, &mut dice));
        if deed % FAULT_EVERY == FAULT_EVERY - 1
            && let Some(line) = FAULTS.get((deed / FAULT_EVERY) as usize)
        {
            session.pass_to(at + Span::from_millis(dice.below(300)));
            session.apply(&line.parse::<Step>().expect("a fault is a step"));
        }
        scribe.catch_up(&session, &mut text).expect("nothing was forgotten");
    }
    session.pass_to(session.now() + Span::from_secs(2));
    scribe.finish(&session, &mut text).expect("nothing was forgotten");
    text
}

fn do_something(deed: u64, conns: &mut Vec<ConnId>, dice: &mut Dice) -> Outside {
    let pick = |dice: &mut Dice, count: usize| dice.below(count as u64) as usize;
    if conns.len() < 3 || dice.below(12) == 0 {
        let conn = ConnId(deed as u32);
        conns.push(conn);
        let to = Port::new(7_000 + dice.below(7) as u16).expect("a port");
        return Outside::Open { conn, to };
    }
    let at = pick(dice, conns.len());
    if dice.below(25) == 0 {
        return Outside::Close { conn: conns.swap_remove(at) };
    }
    let call = CALLS[pick(dice, CALLS.len())].repeat(1 + pick(dice, 3));
    Outside::Send { conn: conns[at], bytes: Bytes::from(call) }
}
