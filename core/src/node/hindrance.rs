//! Hindrances: why an election does not get on, and how often that is said.
//!
//! The problem: a replica that cannot take over is asked ten times a second why; who reads its log
//! wants to know it once. The idea: a reason is news when it is another one than before.
//!
//! The rule (Redis 7.0, `cluster.c: clusterLogCantFailover`), for each reason that has a text:
//! 1. The same reason as the last time, and something was written less than 300 s ago: nothing.
//! 2. The master failed less than node-timeout and 5 s ago: the reason is kept in mind, nothing is
//!    written; most elections are over by then.
//! 3. Otherwise it is written.
//!
//! What we do besides: the first time that a reason comes up it is noted as a fact at once, whether
//! or not Redis would write it, since a learner asks at once.

use std::mem::{Discriminant, discriminant};

use super::fact::ElectionImpossible;

/// What a replica remembers of the reasons that it had.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hindrance {
    noted: Option<Discriminant<ElectionImpossible>>,
    reason: Option<Discriminant<ElectionImpossible>>,
    /// When it last wrote one to its log, in seconds.
    written_s: u64,
}

/// When nothing is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    /// Whether the master failed only just now.
    pub quiet: bool,
    pub again_s: u64,
}

impl Hindrance {
    /// There is nothing to succeed to any more.
    pub(super) fn end(&mut self) {
        self.noted = None;
        self.reason = None;
    }

    /// Takes a reason as noted, because something else says it.
    pub(super) fn is_known(&mut self, why: &ElectionImpossible) {
        self.noted = Some(discriminant(why));
    }

    /// Whether this reason is the one that was noted last.
    pub(super) fn was(&self, why: &ElectionImpossible) -> bool {
        self.noted == Some(discriminant(why))
    }

    /// Whether another reason was noted last; from now on it is this one.
    pub(super) fn is_news(&mut self, why: &ElectionImpossible) -> bool {
        let was = self.was(why);
        self.noted = Some(discriminant(why));
        !was
    }

    /// The three rules: whether the log gets a line now.
    pub(super) fn is_written(
        &mut self,
        why: &ElectionImpossible,
        now_s: u64,
        pause: Pause,
    ) -> bool {
        if why.log_text().is_none() {
            self.reason = None;
            return false;
        }
        let same = self.reason == Some(discriminant(why));
        if same && now_s.saturating_sub(self.written_s) < pause.again_s {
            return false;
        }
        self.reason = Some(discriminant(why));
        if pause.quiet {
            return false;
        }
        self.written_s = now_s;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOTES: ElectionImpossible = ElectionImpossible::WaitingVotes { have: 0, needed: 2 };
    const EXPIRED: ElectionImpossible = ElectionImpossible::Expired { retry_in_ms: 1 };
    const LOUD: Pause = Pause { quiet: false, again_s: 300 };

    #[test]
    fn the_same_reason_is_written_again_after_five_minutes() {
        let mut hindrance = Hindrance::default();
        let mut written = |why, now_s| hindrance.is_written(&why, now_s, LOUD);
        assert!(written(VOTES, 1_000));
        assert!(!written(VOTES, 1_299));
        assert!(written(VOTES, 1_300));
        assert!(written(EXPIRED, 1_301));
    }

    #[test]
    fn soon_after_the_failure_nothing_is_written_but_kept_in_mind() {
        let mut hindrance = Hindrance::default();
        assert!(!hindrance.is_written(&VOTES, 1_000, Pause { quiet: true, ..LOUD }));
        assert!(hindrance.is_written(&VOTES, 1_007, LOUD), "nothing was written for long");
        assert!(!hindrance.is_written(&EXPIRED, 1_008, Pause { quiet: true, ..LOUD }));
        assert!(!hindrance.is_written(&EXPIRED, 1_020, LOUD), "something was, 13 s ago");
    }
}
