//! The pause of clients: calls wait, so that nothing changes until somebody is ready.
//!
//! The problem: a master that hands over to a replica must not take a write that the replica does
//! not get any more. To refuse writes would show every client an error; to make them wait shows
//! them nothing but a delay.
//!
//! The rule (Redis 7.0, `networking.c: pauseClients, updateClientPauseTypeAndEndTime,
//! checkClientPauseTimeoutAndReturnIfPaused`, `server.c: processCommand`):
//! 1. A pause holds all calls, or only those that may write. Each purpose has one pause of its own;
//!    a second one for the same purpose makes it stricter and longer, never less.
//! 2. The strictest pause counts. When the strictest becomes less strict, everybody who waits is
//!    woken, and whose call is still held waits again, behind the others.
//! 3. Whether the time is over is looked at by the timer (and wherever a key might expire), so a
//!    pause ends up to a tick late. It is over when the clock is past its end.
//! 4. While any pause lasts, a master deletes no key because its time is over: the DEL would be a
//!    write.

use super::Node;
use crate::words::ConnId;

/// What a pause holds; the stricter is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Writes,
    All,
}

/// Who wants clients to pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// CLIENT PAUSE.
    Command,
    /// A manual failover.
    Failover,
    /// A SHUTDOWN that waits for replicas.
    Shutdown,
}

const PURPOSES: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pause {
    kind: Kind,
    until_ms: u64,
}

/// The pauses of a node, and who waits for their end.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    by_purpose: [Option<Pause>; PURPOSES],
    /// The strictest kind, and the latest end among those of this kind.
    strictest: Option<Pause>,
    /// In the order in which they came.
    postponed: Vec<ConnId>,
}

impl Pauses {
    /// Whether any pause lasts.
    pub(super) fn any(&self) -> bool {
        self.strictest.is_some()
    }

    /// Whether a call waits that is held by pauses of this kind.
    pub(super) fn holds(&self, held_by: Kind) -> bool {
        self.strictest.is_some_and(|pause| pause.kind >= held_by)
    }

    pub(super) fn postpone(&mut self, conn: ConnId) {
        self.postponed.push(conn);
    }

    pub(super) fn forget(&mut self, conn: ConnId) {
        self.postponed.retain(|&waiting| waiting != conn);
    }

    fn begin(&mut self, purpose: Purpose, pause: Pause) {
        let place = &mut self.by_purpose[purpose as usize];
        *place = Some(place.map_or(pause, |before| Pause {
            kind: before.kind.max(pause.kind),
            until_ms: before.until_ms.max(pause.until_ms),
        }));
    }

    /// Rules 1 and 2; who is woken.
    fn update(&mut self, now_ms: u64) -> Vec<ConnId> {
        for place in &mut self.by_purpose {
            place.take_if(|pause| pause.until_ms < now_ms);
        }
        let before = self.strictest.map(|pause| pause.kind);
        let pauses = self.by_purpose.iter().flatten();
        self.strictest = pauses.copied().max_by_key(|pause| (pause.kind, pause.until_ms));
        if self.strictest.map(|pause| pause.kind) < before {
            return std::mem::take(&mut self.postponed);
        }
        Vec::new()
    }
}

impl Node {
    /// Holds calls of this kind, and those that the purpose held before, until this time or until
    /// the time that the purpose named before, whichever is later.
    pub(super) fn pause_clients(&mut self, purpose: Purpose, kind: Kind, until_ms: u64) {
        self.pauses.begin(purpose, Pause { kind, until_ms });
        self.update_pauses();
    }

    /// A purpose needs no pause any more. Held calls run before the node sleeps.
    pub(super) fn unpause_clients(&mut self, purpose: Purpose) {
        if self.pauses.by_purpose[purpose as usize].take().is_some() {
            self.update_pauses();
        }
    }

    /// Whether clients are paused, after the question whether the time is over.
    pub(super) fn check_pause(&mut self) -> bool {
        let now_ms = self.now_ms();
        if self.pauses.strictest.is_some_and(|pause| pause.until_ms < now_ms) {
            self.update_pauses();
        }
        self.pauses.any()
    }

    fn update_pauses(&mut self) {
        for conn in self.pauses.update(self.now_ms()) {
            self.wake_client(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITES: Pause = Pause { kind: Kind::Writes, until_ms: 100 };
    const ALL: Pause = Pause { kind: Kind::All, until_ms: 50 };

    #[test]
    fn a_pause_of_writes_lets_reads_pass() {
        let mut pauses = Pauses::default();
        pauses.begin(Purpose::Failover, WRITES);
        pauses.update(0);
        assert!(pauses.holds(Kind::Writes));
        assert!(!pauses.holds(Kind::All));
    }

    #[test]
    fn the_strictest_counts_and_its_end_wakes_everybody() {
        let mut pauses = Pauses::default();
        pauses.begin(Purpose::Failover, WRITES);
        pauses.begin(Purpose::Command, ALL);
        pauses.update(0);
        pauses.postpone(ConnId(1));
        assert!(pauses.holds(Kind::All));
        assert_eq!(pauses.update(50), []);
        assert_eq!(pauses.update(51), [ConnId(1)]);
        assert!(pauses.any() && !pauses.holds(Kind::All));
        assert_eq!(pauses.update(101), []);
        assert!(!pauses.any());
    }

    #[test]
    fn a_second_pause_of_a_purpose_never_shortens_the_first() {
        let mut pauses = Pauses::default();
        pauses.begin(Purpose::Command, ALL);
        pauses.begin(Purpose::Command, WRITES);
        pauses.update(60);
        assert_eq!(pauses.strictest, Some(Pause { kind: Kind::All, until_ms: 100 }));
    }
}
