//! The profile: rules that differ between versions of Redis, as named fields.
//!
//! Nowhere else is a version tested. The fields here are those of Redis 7.0 (`cluster.h`,
//! `cluster.c`). One more field breaks a rule on purpose, so that tests can show that what guards
//! it is able to fail: an invariant, or the comparison with a real cluster.

/// The rules of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// A report that a node fails counts for this many node timeouts.
    pub report_validity_factor: u64,
    /// A failed master with slots is taken back after this many node timeouts.
    pub fail_undo_factor: u64,
    /// A voter votes once about one master in this many node timeouts.
    pub vote_pause_factor: u64,
    /// How long a restarted master waits before it may serve, in ms.
    pub writable_delay_ms: u64,
    /// Bounds of the wait of a master that comes back from a minority, in ms.
    pub rejoin_delay_ms: (u64, u64),
    /// The fixed part of the delay before an election, in ms.
    pub election_delay_ms: u64,
    /// The random part is below this, in ms.
    pub election_jitter_ms: u64,
    /// What each rank adds, in ms.
    pub rank_delay_ms: u64,
    /// How long a manual failover may take, in ms.
    pub manual_failover_ms: u64,
    /// A master that is asked to hand over holds writes back for at most this many times as long.
    pub manual_pause_factor: u64,
    /// How long a master must have been without replicas before one migrates to it, in ms.
    pub migration_delay_ms: u64,
    /// A replica that cannot take over writes nothing of it to its log for node-timeout and this,
    /// in ms, after its master failed.
    pub hindrance_quiet_ms: u64,
    /// After this long it writes the same reason again, in seconds.
    pub hindrance_again_s: u64,
    /// A rule broken on purpose, for tests of what should notice it.
    pub broken: Option<BrokenRule>,
}

/// A rule that a test breaks to show that it is noticed: by an invariant, or by comparing with a
/// real cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRule {
    /// A voter does not remember that it voted in this epoch, or about this master.
    ForgetsVotes,
    /// A replica asks for votes in the epoch that is, without raising it, and takes its own wish
    /// for a majority.
    ElectsItself,
    /// A node takes the current epoch of every message, even if it is lower.
    EpochFalls,
    /// A replica counts every command of the stream twice.
    CountsTwice,
    /// A master never gives way to a greater config epoch.
    NeverYields,
    /// Who claims slots against a greater config epoch is not told.
    WithholdsUpdates,
    /// Clients are sent on for this once where they should be sent on for good.
    AsksForMoved,
    /// A cut of one way loses messages and leaves connections alone, as if they were datagrams.
    CutsDatagrams,
}

impl Profile {
    pub const REDIS_7_0: Profile = Profile {
        report_validity_factor: 2,
        fail_undo_factor: 2,
        vote_pause_factor: 2,
        writable_delay_ms: 2_000,
        rejoin_delay_ms: (500, 5_000),
        election_delay_ms: 500,
        election_jitter_ms: 500,
        rank_delay_ms: 1_000,
        manual_failover_ms: 5_000,
        manual_pause_factor: 2,
        migration_delay_ms: 5_000,
        hindrance_quiet_ms: 5_000,
        hindrance_again_s: 300,
        broken: None,
    };

    pub(crate) fn breaks(&self, rule: BrokenRule) -> bool {
        self.broken == Some(rule)
    }
}
