//! One direction of a connection: bytes come in, wait until they are due, and go out in order.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hashslot_core::words::{Dice, Span};
use hashslot_core::world::step::Port;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until};

use super::bus::{Piece, take_message};
use super::weather::{Sky, Weather};

/// After how long what is lost is sent again, at first; then after twice as long each time.
const RESEND: Duration = Duration::from_millis(200);
const RESENDS_MAX: u32 = 10;
/// So many pieces are under way before the sender has to wait.
const UNDER_WAY_MAX: usize = 4_096;
const CHUNK: usize = 16 * 1024;

/// Whose bytes these are, and how good their path is.
#[derive(Clone)]
pub struct Direction {
    pub weather: Arc<Weather>,
    pub from: Port,
    pub to: Port,
    pub is_bus: bool,
}

/// Bytes on their way.
struct Parcel {
    due: Instant,
    bytes: Bytes,
}

/// Carries bytes until either side ends.
pub async fn pump(direction: Direction, input: OwnedReadHalf, output: OwnedWriteHalf) {
    let (send, receive) = channel(UNDER_WAY_MAX);
    tokio::join!(take_in(direction, input, send), give_out(receive, output));
}

async fn take_in(direction: Direction, mut input: OwnedReadHalf, send: Sender<Parcel>) {
    let seed = u64::from(direction.from.number()) << 16 | u64::from(direction.to.number());
    let mut dice = Dice::new(seed, "a path", 0);
    let mut stream = BytesMut::new();
    let mut due = Instant::now();
    loop {
        stream.reserve(CHUNK);
        match input.read_buf(&mut stream).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let sky = direction.weather.sky(direction.from, direction.to);
        while let Some(piece) = next(&mut stream, direction.is_bus) {
            let Some(bytes) = kept(piece, &sky) else { continue };
            // Nothing overtakes what was sent before it.
            due = due.max(Instant::now() + delay(&sky, &mut dice));
            if send.send(Parcel { due, bytes }).await.is_err() {
                return;
            }
        }
    }
}

async fn give_out(mut receive: Receiver<Parcel>, mut output: OwnedWriteHalf) {
    while let Some(Parcel { due, bytes }) = receive.recv().await {
        sleep_until(due).await;
        if output.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // The end goes the way of the bytes; a side that is gone needs not be told.
    let _ = output.shutdown().await;
}

fn next(stream: &mut BytesMut, is_bus: bool) -> Option<Piece> {
    match is_bus {
        true => take_message(stream),
        false if stream.is_empty() => None,
        false => Some(Piece::Plain(stream.split().freeze())),
    }
}

/// The bytes of a piece that is not dropped.
fn kept(piece: Piece, sky: &Sky) -> Option<Bytes> {
    match piece {
        Piece::Message { number, .. } if sky.dropped.contains(&number) => None,
        Piece::Message { bytes, .. } | Piece::Plain(bytes) => Some(bytes),
    }
}

fn delay(sky: &Sky, dice: &mut Dice) -> Duration {
    let span = |span: Span| Duration::from_micros(span.micros());
    let jitter = match sky.jitter.micros() {
        0 => Duration::ZERO,
        most => Duration::from_micros(dice.below(most + 1)),
    };
    let losses = (0..RESENDS_MAX).take_while(|_| dice.below(100) < u64::from(sky.loss_percent));
    let resent: Duration = losses.map(|attempt| RESEND * 2_u32.pow(attempt)).sum();
    span(sky.latency) + jitter + resent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_delay_by_the_clock_of_tcp() {
        let mut dice = Dice::new(1, "a path", 0);
        let sky = Sky { latency: Span::from_millis(10), loss_percent: 50, ..Sky::default() };
        let delays: Vec<u128> = (0..1_000).map(|_| delay(&sky, &mut dice).as_millis()).collect();
        assert!(delays.iter().all(|ms| [10, 210, 610, 1_410].contains(ms) || *ms > 3_000));
        let lost = delays.iter().filter(|&&ms| ms > 10).count();
        assert!((400..600).contains(&lost), "{lost} of 1000");
    }

    #[test]
    fn a_good_path_takes_no_time_and_a_jittery_one_some() {
        let mut dice = Dice::new(1, "a path", 0);
        assert_eq!(delay(&Sky::default(), &mut dice), Duration::ZERO);
        let sky = Sky { jitter: Span::from_millis(5), ..Sky::default() };
        let delays: Vec<Duration> = (0..1_000).map(|_| delay(&sky, &mut dice)).collect();
        assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(5)));
        assert!(delays.iter().any(|delay| *delay > Duration::from_millis(4)));
    }
}
