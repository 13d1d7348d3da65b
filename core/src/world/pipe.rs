//! One direction of a TCP connection: when its segments arrive.
//!
//! The rules, as Linux has them, and as a Redis Cluster feels them:
//! 1. Segments arrive in the order in which they were sent: jitter delays, it never reorders.
//! 2. What a cut swallows is sent again after 200 ms, then after twice as long each time, up to two
//!    minutes; all that was written meanwhile waits behind it. Loss is delay. After 15 vain tries
//!    (8 if nobody holds the socket any more) the sender gives up.
//! 3. Data that arrives but whose acknowledgement is lost counts as lost for its sender: it goes on
//!    sending for those 200 ms, then stalls too, until a retransmission is acknowledged. So a cut
//!    of one way soon stops both.
//! 4. Nagle: unless the socket has TCP_NODELAY, a small segment waits while an earlier one is not
//!    acknowledged. An acknowledgement travels with the next data that goes the other way, or alone
//!    after 40 ms.
//! 5. What a process has for a connection in one turn of its loop leaves in one write, and arrives
//!    together (Redis 7.0, `cluster.c: clusterSendMessage, clusterWriteHandler`): Nagle holds back
//!    what is said later, not what is said in the same breath.
//!
//! The idea: nothing is simulated that nobody can see. An acknowledgement is a remembered instant,
//! not a packet; a timer exists only while something waits for it. A segment in good weather costs
//! one entry of the queue.
//!
//! Simplified: no windows and no congestion control; segments held back leave together; what waits
//! behind a retransmission leaves with it; a sender that has nothing to write does not count its
//! vain retransmissions.

use super::connection::Place;
use super::queue::{Due, NetDue, Queue};
use super::yard::{Line, Yard};
use crate::node::Packet;
use crate::words::{Dice, EventId, Span, Time};

/// The first retransmission comes this long after the segment (Linux: TCP_RTO_MIN).
const RETRY_FIRST: Span = Span::from_millis(200);
/// The longest pause between two retransmissions (Linux: TCP_RTO_MAX).
const RETRY_LONGEST: Span = Span::from_secs(120);
/// Vain retransmissions after which an open connection is given up (tcp_retries2).
const RETRIES_MAX: u8 = 15;
/// The same when the process has closed its end (tcp_orphan_retries).
const ORPHAN_RETRIES_MAX: u8 = 8;
/// How long a receiver with nothing to say keeps an acknowledgement back (TCP_DELACK_MIN).
const DELAYED_ACK: Span = Span::from_millis(40);

/// What one write put on the connection, and the event of its sending.
#[derive(Clone, Debug)]
pub struct Segment {
    pub load: Load,
    pub sent: EventId,
}

#[derive(Clone, Debug)]
pub enum Load {
    Packet(Packet),
    /// The end of the stream.
    Fin,
}

/// Whether a small segment waits for the acknowledgement of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nagle {
    On,
    Off,
}

/// Whether packets get through from one host to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    Shut,
}

/// What a pipe has to know of the world while it sends.
pub struct Road<'a> {
    pub place: Place,
    pub forward: Way,
    pub back: Way,
    pub latency: Span,
    pub jitter: Span,
    pub back_latency: Span,
    pub dice: &'a mut Dice,
    pub queue: &'a mut Queue,
}

/// What became of the segments that wanted to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// There was nothing to send.
    Idle,
    /// They are on their way and arrive then.
    Sent { arrival: Time },
    /// They wait for an acknowledgement (Nagle).
    Held,
    /// They left and were swallowed.
    Lost,
    /// They wait behind one that was lost, or whose acknowledgement was.
    Behind,
}

/// What a retransmission led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// The timer was an old one.
    Void,
    /// It got through and was acknowledged: the stream flows.
    Resumed(Passage),
    Again,
    GaveUp,
}

/// Whether anybody still holds the sending socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Process,
    Nobody,
}

/// When all that was sent is (or will be) known to have arrived. One that was swallowed comes at
/// the end of time: only a retransmission can bring another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ack(Time);

impl Ack {
    const LOST: Ack = Ack(Time::MAX);

    fn is_lost(self) -> bool {
        self == Ack::LOST
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// The oldest waiting segment was swallowed.
    Swallowed,
    /// Everything sent has arrived, but the sender does not know.
    Delivered,
}

#[derive(Clone, Copy, Debug)]
struct Stall {
    due: Time,
    retries: u8,
    head: Head,
}

/// One direction of a connection.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// What was written and has not arrived; the first `flying` are on their way.
    segments: Line,
    flying: u32,
    /// Entries in the queue for segments that a crash has swallowed under way.
    void: u32,
    /// When the last segment sent arrives.
    arrival: Time,
    /// When the oldest segment that is not acknowledged was sent.
    oldest: Time,
    ack: Ack,
    stall: Option<Box<Stall>>,
    nagle: Nagle,
}

impl Pipe {
    pub fn new(nagle: Nagle) -> Pipe {
        Pipe {
            segments: Line::default(),
            flying: 0,
            void: 0,
            arrival: Time::ZERO,
            oldest: Time::ZERO,
            ack: Ack(Time::ZERO),
            stall: None,
            nagle,
        }
    }

    /// Nothing arrives before `time`.
    pub fn not_before(&mut self, time: Time) {
        self.arrival = self.arrival.max(time);
    }

    pub fn push(&mut self, segment: Segment, yard: &mut Yard) {
        yard.push(&mut self.segments, segment);
    }

    /// The segment written last, while it is not on its way.
    pub fn last_waiting<'a>(&self, yard: &'a Yard) -> Option<&'a Segment> {
        if self.waiting() > 0 { yard.last(&self.segments) } else { None }
    }

    /// What was written and has not arrived, oldest first.
    pub fn segments<'a>(&self, yard: &'a Yard) -> impl Iterator<Item = &'a Segment> + use<'a> {
        yard.iter(&self.segments)
    }

    /// Throws away what was written and has not arrived: there is no connection any more.
    pub fn clear(&mut self, yard: &mut Yard) {
        yard.truncate(&mut self.segments, 0);
    }

    /// Sends what may be sent now.
    pub fn pump(&mut self, road: &mut Road<'_>) -> Passage {
        if self.waiting() == 0 {
            return Passage::Idle;
        }
        if self.stall.is_some() {
            return Passage::Behind;
        }
        let now = road.queue.now();
        let has_nagle = self.nagle == Nagle::On;
        if self.ack.is_lost() && (has_nagle || now >= self.oldest + RETRY_FIRST) {
            self.stall(Head::Delivered, road.place, road.queue);
            return Passage::Behind;
        }
        if !self.ack.is_lost() && has_nagle && self.ack > Ack(now) {
            if self.oldest == now && road.forward == Way::Open {
                self.fly(self.waiting(), road);
                return Passage::Sent { arrival: self.arrival };
            }
            if self.waiting() == 1 {
                road.queue.push(self.ack.0, Due::Net(NetDue::Flush(road.place)));
            }
            return Passage::Held;
        }
        self.transmit(road)
    }

    /// Sends all that waits, Nagle or not: the end of the stream pushes it out.
    pub fn finish(&mut self, road: &mut Road<'_>) -> Passage {
        if self.stall.is_some() { Passage::Behind } else { self.transmit(road) }
    }

    /// The retransmission timer fires.
    pub fn retry(&mut self, holder: Holder, road: &mut Road<'_>) -> Retried {
        let now = road.queue.now();
        let Some(mut stall) = self.stall.as_deref().copied().filter(|stall| stall.due == now)
        else {
            return Retried::Void;
        };
        match (road.forward, road.back) {
            (Way::Open, Way::Open) => {
                self.stall = None;
                self.ack = Ack(now);
                return Retried::Resumed(self.transmit(road));
            }
            (Way::Open, Way::Shut) if stall.head == Head::Swallowed => {
                stall.head = Head::Delivered;
                self.launch(1, road);
            }
            (Way::Open | Way::Shut, _) => {}
        }
        stall.retries += 1;
        let limit = match holder {
            Holder::Process => RETRIES_MAX,
            Holder::Nobody => ORPHAN_RETRIES_MAX,
        };
        if stall.retries > limit {
            return Retried::GaveUp;
        }
        stall.due = now + pause(stall.retries);
        road.queue.push(stall.due, Due::Net(NetDue::Retry(road.place)));
        self.stall = Some(Box::new(stall));
        Retried::Again
    }

    /// A segment arrives: the oldest under way; `None` if a crash has swallowed it.
    pub fn land(&mut self, yard: &mut Yard) -> Option<Segment> {
        if self.void > 0 {
            self.void -= 1;
            return None;
        }
        self.flying = self.flying.checked_sub(1).expect("an arrival belongs to a segment");
        yard.pop(&mut self.segments)
    }

    /// The receiver has sent data that reaches this sender at `at`, and with it the acknowledgement
    /// of all that had arrived.
    pub fn acknowledge(&mut self, at: Time, place: Place, queue: &mut Queue) {
        if self.stall.is_some() || self.arrival > queue.now() {
            return;
        }
        if Ack(at) < self.ack {
            self.ack = Ack(at);
            if self.waiting() > 0 {
                queue.push(at, Due::Net(NetDue::Flush(place)));
            }
        }
    }

    /// The way back has just been cut: an acknowledgement that has not left is lost.
    pub fn on_way_back_cut(&mut self, back_latency: Span, now: Time) {
        if !self.ack.is_lost() && self.ack > Ack(now + back_latency) {
            self.ack = Ack::LOST;
            let earliest = now.micros().saturating_sub(DELAYED_ACK.micros());
            self.oldest = self.oldest.max(Time::from_micros(earliest));
        }
    }

    /// Both ways are open again: an acknowledgement comes with the next retransmission.
    pub fn on_healed(&mut self, place: Place, queue: &mut Queue) {
        if self.ack.is_lost() && self.stall.is_none() {
            self.stall(Head::Delivered, place, queue);
        }
    }

    /// The receiving machine is gone, and with it what was on its way there.
    pub fn on_receiver_crashed(&mut self, place: Place, queue: &mut Queue) {
        let swallowed = self.flying > 0;
        self.void += self.flying;
        self.flying = 0;
        if swallowed && self.stall.is_none() {
            self.stall(Head::Swallowed, place, queue);
        }
        self.on_way_back_cut(Span::ZERO, queue.now());
    }

    /// The sending machine is gone: what is under way arrives, the rest is forgotten.
    pub fn on_sender_crashed(&mut self, yard: &mut Yard) {
        yard.truncate(&mut self.segments, self.flying);
        self.stall = None;
        self.ack = Ack(Time::ZERO);
    }

    fn waiting(&self) -> u32 {
        self.segments.count() - self.flying
    }

    fn transmit(&mut self, road: &mut Road<'_>) -> Passage {
        let now = road.queue.now();
        let count = self.waiting();
        if count == 0 {
            return Passage::Idle;
        }
        if !self.ack.is_lost() && self.ack <= Ack(now) {
            self.oldest = now;
        }
        if road.forward == Way::Shut {
            self.oldest = now;
            self.stall(Head::Swallowed, road.place, road.queue);
            return Passage::Lost;
        }
        self.launch(count, road);
        Passage::Sent { arrival: self.arrival }
    }

    /// Puts the next `count` waiting segments on their way, together.
    fn launch(&mut self, count: u32, road: &mut Road<'_>) {
        let jitter = Span::from_micros(road.dice.below(road.jitter.micros() + 1));
        let now = road.queue.now();
        self.arrival = self.arrival.max(now + road.latency + jitter);
        self.fly(count, road);
        self.ack = match road.back {
            Way::Open => Ack(self.arrival + DELAYED_ACK + road.back_latency),
            Way::Shut => Ack::LOST,
        };
    }

    /// The next `count` waiting segments arrive with the last that was sent.
    fn fly(&mut self, count: u32, road: &mut Road<'_>) {
        for _ in 0..count {
            road.queue.push(self.arrival, Due::Net(NetDue::Arrives(road.place)));
            self.flying += 1;
        }
    }

    /// Stops the stream until a retransmission gets through; the next is the first of the series
    /// that began with the oldest segment and is still to come.
    fn stall(&mut self, head: Head, place: Place, queue: &mut Queue) {
        let mut retries = 0;
        let mut due = self.oldest + RETRY_FIRST;
        while due <= queue.now() {
            retries += 1;
            due = due + pause(retries);
        }
        queue.push(due, Due::Net(NetDue::Retry(place)));
        self.stall = Some(Box::new(Stall { due, retries, head }));
    }
}

/// How long after this many retransmissions the next one comes.
fn pause(retries: u8) -> Span {
    (RETRY_FIRST * (1 << retries.min(20))).min(RETRY_LONGEST)
}
