//! A mailbox: what the world has for one peer, until its socket takes it.
//!
//! The hub puts news in; the peer's task takes them out. The task is woken only if it sleeps: news
//! that come while it runs are seen before it sleeps again.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::IoSlice;
use std::task::Waker;

use bytes::{Buf, Bytes};

use super::limits::PEER_OUTPUT_BYTES_MAX;

/// How many pieces leave with one write.
const SLICES: usize = 64;

/// How it stands with the connection, in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Opening,
    Up,
    Refused,
    /// The node has closed it: what was said before still leaves.
    Closed,
    /// The peer reads too slowly, and is given up.
    Overflown,
}

/// Whether the socket is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Freely,
    /// Much of what was read before is still under way.
    Held,
}

/// What waits for one peer.
#[derive(Debug)]
pub struct Mailbox {
    line: Cell<Line>,
    reading: Cell<Reading>,
    queue: RefCell<VecDeque<Bytes>>,
    bytes: Cell<usize>,
    waker: RefCell<Option<Waker>>,
    is_awake: Cell<bool>,
}

impl Mailbox {
    pub fn new() -> Mailbox {
        Mailbox {
            line: Cell::new(Line::Opening),
            reading: Cell::new(Reading::Freely),
            queue: RefCell::default(),
            bytes: Cell::new(0),
            waker: RefCell::default(),
            is_awake: Cell::new(false),
        }
    }

    pub fn line(&self) -> Line {
        self.line.get()
    }

    pub fn set_line(&self, line: Line) {
        self.line.set(line);
        self.wake();
    }

    pub fn reading(&self) -> Reading {
        self.reading.get()
    }

    pub fn set_reading(&self, reading: Reading) {
        self.reading.set(reading);
        self.wake();
    }

    /// How much waits.
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Puts a piece in; the peer may turn out to be too slow for it.
    pub fn put(&self, piece: Bytes) {
        let bytes = self.bytes.get() + piece.len();
        if bytes > PEER_OUTPUT_BYTES_MAX {
            self.give_up();
            return;
        }
        self.bytes.set(bytes);
        self.queue.borrow_mut().push_back(piece);
        self.wake();
    }

    /// Nothing more leaves: the peer is too slow.
    pub fn give_up(&self) {
        self.queue.borrow_mut().clear();
        self.bytes.set(0);
        self.set_line(Line::Overflown);
    }

    /// Hands what waits to a socket until that takes no more; how many bytes it took.
    pub fn write(
        &self,
        mut socket: impl FnMut(&[IoSlice<'_>]) -> std::io::Result<usize>,
    ) -> std::io::Result<usize> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() == 1 {
            return self.write_one(&mut queue, socket);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(queue.iter()) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        let taken = socket(&slices[..count])?;
        self.bytes.set(self.bytes.get() - taken);
        let mut left = taken;
        while left > 0
            && let Some(piece) = queue.front_mut()
        {
            let gone = left.min(piece.len());
            left -= gone;
            piece.advance(gone);
            if piece.is_empty() {
                queue.pop_front();
            }
        }
        Ok(taken)
    }

    /// The usual case: one answer, which leaves at once.
    fn write_one(
        &self,
        queue: &mut VecDeque<Bytes>,
        mut socket: impl FnMut(&[IoSlice<'_>]) -> std::io::Result<usize>,
    ) -> std::io::Result<usize> {
        let Some(piece) = queue.front_mut() else { return Ok(0) };
        let taken = socket(&[IoSlice::new(piece)])?;
        self.bytes.set(self.bytes.get() - taken);
        match taken == piece.len() {
            true => drop(queue.pop_front()),
            false => piece.advance(taken),
        }
        Ok(taken)
    }

    /// The peer's task begins to run.
    pub fn awake(&self, waker: &Waker) {
        self.is_awake.set(true);
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// The peer's task goes to sleep: it has seen everything.
    pub fn asleep(&self) {
        self.is_awake.set(false);
    }

    pub fn wake(&self) {
        if !self.is_awake.get()
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_leave_in_order_however_little_the_socket_takes() {
        let mailbox = Mailbox::new();
        for piece in ["one", "two", "three"] {
            mailbox.put(Bytes::from_static(piece.as_bytes()));
        }
        let mut left = Vec::new();
        while mailbox.bytes() > 0 {
            let take_four = |slices: &[IoSlice<'_>]| {
                let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
                let taken = all.len().min(4);
                left.extend_from_slice(&all[..taken]);
                Ok(taken)
            };
            mailbox.write(take_four).unwrap();
        }
        assert_eq!(left, b"onetwothree");
    }

    #[test]
    fn who_reads_too_slowly_is_given_up() {
        let mailbox = Mailbox::new();
        let piece = Bytes::from(vec![0; PEER_OUTPUT_BYTES_MAX / 2]);
        mailbox.put(piece.clone());
        mailbox.put(piece.clone());
        assert_ne!(mailbox.line(), Line::Overflown);
        mailbox.put(piece);
        assert_eq!((mailbox.line(), mailbox.bytes()), (Line::Overflown, 0));
    }
}
