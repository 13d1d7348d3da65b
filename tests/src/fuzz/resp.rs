//! The RESP input of a served node: whatever a program outside may send.
//!
//! The first byte says into how large reads the rest is cut, so that a call may arrive in parts. A
//! second client looks on: it subscribes before, and asks afterwards.

use std::sync::OnceLock;

use bytes::Bytes;
use hashslot_core::words::{ConnId, Span};
use hashslot_core::world::step::Port;
use hashslot_core::world::{Level, News, Outside, Session, Setup};

const STRANGER: ConnId = ConnId(0);
const ONLOOKER: ConnId = ConnId(1);
const PORT: u16 = 7_000;
/// No input is answered with more than this, times its length, plus something.
const GROWTH_MAX: usize = 100_000;

/// A cluster that has formed and has a few keys.
fn cluster() -> Session {
    static CLUSTER: OnceLock<Session> = OnceLock::new();
    let fresh = || {
        let setup = Setup { seed: 1, masters: 3, replicas: 1, ..Setup::default() };
        let mut session = Session::with(setup, Level::Facts, Default::default());
        send(&mut session, STRANGER, Input::Open);
        send(&mut session, ONLOOKER, Input::Open);
        send(&mut session, ONLOOKER, Input::Bytes(b"SUBSCRIBE news\r\nMONITOR\r\n"));
        send(&mut session, STRANGER, Input::Bytes(b"SET hello world\r\nSET {hello}2 17\r\n"));
        session
    };
    CLUSTER.get_or_init(fresh).clone()
}

enum Input<'a> {
    Open,
    Bytes(&'a [u8]),
    Close,
}

/// Does something a millisecond later; how many bytes came back.
fn send(session: &mut Session, conn: ConnId, input: Input) -> usize {
    let at = session.ends_at() + Span::from_millis(1);
    let port = Port::new(PORT).expect("it is a port");
    let input = match input {
        Input::Open => Outside::Open { conn, to: port },
        Input::Bytes(bytes) => Outside::Send { conn, bytes: Bytes::copy_from_slice(bytes) },
        Input::Close => Outside::Close { conn },
    };
    session.outside(at, input);
    let news = session.take_news().into_iter();
    news.map(|news| match news {
        News::Received { bytes, .. } => bytes.len(),
        News::Up { .. } | News::Refused { .. } | News::Closed { .. } => 0,
    })
    .sum()
}

/// The target.
pub fn feed(input: &[u8]) {
    let Some((&size, bytes)) = input.split_first() else { return };
    let mut session = cluster();
    let mut received = 0;
    // 0 is all at once.
    let chunk = if size == 0 { bytes.len().max(1) } else { usize::from(size) };
    for part in bytes.chunks(chunk) {
        received += send(&mut session, STRANGER, Input::Bytes(part));
    }
    session.pass_to(session.ends_at() + Span::from_millis(1_500));
    received += send(&mut session, ONLOOKER, Input::Bytes(b"PING\r\n"));
    send(&mut session, STRANGER, Input::Close);
    session.pass_to(session.ends_at() + Span::from_millis(200));
    let limit = (input.len() + 100).saturating_mul(GROWTH_MAX);
    assert!(received < limit, "{received} bytes were answered to {}", input.len());
}
