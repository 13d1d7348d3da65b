//! The queue: the future of the world.
//!
//! Everything that will happen of itself (a timer, a segment's arrival, a retransmission) waits
//! here as a small copyable entry that only *names* its place; what travels lies in the connection
//! itself. Two entries due at the same instant happen in the order in which they were put in, so a
//! run does not depend on how the heap arranges them. What is due at the very moment at which it is
//! put in, as all that passes between real clients and nodes, does not go through the heap. The
//! queue also holds the present: the clock moves only when an entry is taken out or when somebody
//! waits in vain.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::connection::{Key, Place};
use crate::words::{ActorId, Time};

/// What happens when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The timer of a server's process; an earlier incarnation's is void.
    Tick {
        actor: ActorId,
        incarnation: u32,
    },
    /// A client asked to be woken; too early a call does no harm.
    Wake {
        actor: ActorId,
    },
    /// The loop of a process of this incarnation turns again.
    Turn {
        actor: ActorId,
        incarnation: u32,
    },
    /// A busy process of this incarnation goes on.
    Free {
        actor: ActorId,
        incarnation: u32,
    },
    Net(NetDue),
}

/// What the network does of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetDue {
    /// The opener's SYN reaches the other host.
    SynArrives(Key),
    /// No answer to the SYN so far: it is sent again.
    SynRetry(Key),
    /// The SYN's answer reaches the opener: established.
    Established(Key),
    /// The SYN's answer reaches the opener: nobody listens there.
    Refused(Key),
    /// The oldest segment under way from this end reaches the other one.
    Arrives(Place),
    /// The acknowledgement that held segments of this end wait for is there.
    Flush(Place),
    /// The retransmission timer of this end.
    Retry(Place),
    /// A reset reaches this end.
    Reset(Place),
}

/// The queue of what is due, and the present.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    /// What was put in now and is due now, in order.
    at_once: VecDeque<Entry>,
    sequence: u64,
    now: Time,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Time,
    sequence: u64,
    due: Due,
}

impl Queue {
    pub fn now(&self) -> Time {
        self.now
    }

    /// Puts in what is due at `at`; the past is not to be had, so at the earliest now.
    pub fn push(&mut self, at: Time, due: Due) {
        let entry = Entry { at: at.max(self.now), sequence: self.sequence, due };
        self.sequence += 1;
        if entry.at == self.now {
            self.at_once.push_back(entry);
        } else {
            self.heap.push(Reverse(entry));
        }
    }

    /// When the next entry is due.
    pub fn next_at(&self) -> Option<Time> {
        match self.at_once.front() {
            Some(_) => Some(self.now),
            None => self.heap.peek().map(|entry| entry.0.at),
        }
    }

    /// Takes the next entry out, and moves the clock to it.
    pub fn pop(&mut self) -> Option<Due> {
        let entry = match (self.at_once.front(), self.heap.peek()) {
            (Some(first), Some(Reverse(other))) if other < first => self.heap.pop()?.0,
            (Some(_), _) => self.at_once.pop_front()?,
            (None, _) => self.heap.pop()?.0,
        };
        self.now = entry.at;
        Some(entry.due)
    }

    /// Moves the clock to `time`, before which nothing is due.
    pub fn advance(&mut self, time: Time) {
        assert!(
            self.next_at().is_none_or(|next| next >= time),
            "the clock may not jump over what is due"
        );
        self.now = self.now.max(time);
    }

    /// How many entries wait.
    pub fn len(&self) -> usize {
        self.heap.len() + self.at_once.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Entry {
    /// Its place in time, as one number: the heap compares little else.
    fn rank(&self) -> u128 {
        u128::from(self.at.micros()) << 64 | u128::from(self.sequence)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use super::*;

    fn wake(actor: u16) -> Due {
        Due::Wake { actor: ActorId(actor) }
    }

    #[test]
    fn what_is_due_together_happens_in_the_order_of_asking() {
        let mut queue = Queue::default();
        for actor in 0..50 {
            queue.push(Time::from_millis(7), wake(actor));
        }
        queue.push(Time::from_millis(3), wake(99));
        assert_eq!(queue.pop(), Some(wake(99)));
        for actor in 0..50 {
            assert_eq!(queue.pop(), Some(wake(actor)));
        }
        assert_eq!(queue.now(), Time::from_millis(7));
    }

    #[test]
    fn what_is_due_at_once_waits_for_what_was_put_in_before() {
        let mut queue = Queue::default();
        let later = Time::from_millis(5);
        queue.push(later, wake(1));
        queue.push(later, wake(2));
        assert_eq!(queue.pop(), Some(wake(1)));
        queue.push(later, wake(3));
        queue.push(Time::ZERO, wake(4));
        queue.push(Time::from_millis(6), wake(5));
        assert_eq!((queue.next_at(), queue.len()), (Some(later), 4));
        for actor in 2..=5 {
            assert_eq!(queue.pop(), Some(wake(actor)));
        }
        assert!(queue.is_empty() && queue.pop().is_none());
    }

    #[test]
    fn nothing_is_due_in_the_past() {
        let mut queue = Queue::default();
        queue.advance(Time::from_millis(10));
        queue.push(Time::from_millis(3), wake(1));
        assert_eq!(queue.next_at(), Some(Time::from_millis(10)));
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 32, "{}", size_of::<Entry>());
    }
}
