//! The settings of a node that decide how it behaves in a cluster.
//!
//! Names, defaults and meanings are those of `redis.conf` (Redis 7.0, `config.c`).

/// The settings of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `cluster-node-timeout`, in milliseconds.
    pub node_timeout_ms: u64,
    /// `cluster-replica-validity-factor`; 0 lets a replica with data of any age stand for election.
    pub replica_validity_factor: u64,
    pub allow_replica_migration: Switch,
    pub require_full_coverage: Switch,
    pub replica_no_failover: Switch,
    pub allow_reads_when_down: Switch,
    /// `repl-ping-replica-period`, in seconds.
    pub repl_ping_period_s: u64,
    /// `repl-timeout`, in seconds.
    pub repl_timeout_s: u64,
    /// `repl-backlog-size`, in bytes.
    pub repl_backlog_bytes: u64,
    /// `repl-diskless-sync-delay`, in seconds.
    pub repl_sync_delay_s: u64,
}

/// A yes-or-no setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    Yes,
    No,
}

impl Switch {
    pub const fn is_on(self) -> bool {
        matches!(self, Switch::Yes)
    }

    fn parse(text: &str) -> Option<Switch> {
        match text {
            "yes" => Some(Switch::Yes),
            "no" => Some(Switch::No),
            _ => None,
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            node_timeout_ms: 15_000,
            replica_validity_factor: 10,
            allow_replica_migration: Switch::Yes,
            require_full_coverage: Switch::Yes,
            replica_no_failover: Switch::No,
            allow_reads_when_down: Switch::No,
            repl_ping_period_s: 10,
            repl_timeout_s: 60,
            repl_backlog_bytes: 1 << 20,
            repl_sync_delay_s: 5,
        }
    }
}

/// How to write one setting from its text.
struct Row {
    name: &'static str,
    expects: &'static str,
    write: fn(&mut Config, &str) -> Option<()>,
}

fn number(text: &str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|value| range.contains(value))
}

const ROWS: [Row; 10] = [
    Row {
        name: "cluster-node-timeout",
        expects: "milliseconds, 1 to 86400000",
        write: |config, text| Some(config.node_timeout_ms = number(text, 1..=86_400_000)?),
    },
    Row {
        name: "cluster-replica-validity-factor",
        expects: "a number, 0 to 1000",
        write: |config, text| Some(config.replica_validity_factor = number(text, 0..=1_000)?),
    },
    Row {
        name: "cluster-allow-replica-migration",
        expects: "yes or no",
        write: |config, text| Some(config.allow_replica_migration = Switch::parse(text)?),
    },
    Row {
        name: "cluster-require-full-coverage",
        expects: "yes or no",
        write: |config, text| Some(config.require_full_coverage = Switch::parse(text)?),
    },
    Row {
        name: "cluster-replica-no-failover",
        expects: "yes or no",
        write: |config, text| Some(config.replica_no_failover = Switch::parse(text)?),
    },
    Row {
        name: "cluster-allow-reads-when-down",
        expects: "yes or no",
        write: |config, text| Some(config.allow_reads_when_down = Switch::parse(text)?),
    },
    Row {
        name: "repl-ping-replica-period",
        expects: "seconds, 1 to 86400",
        write: |config, text| Some(config.repl_ping_period_s = number(text, 1..=86_400)?),
    },
    Row {
        name: "repl-timeout",
        expects: "seconds, 1 to 86400",
        write: |config, text| Some(config.repl_timeout_s = number(text, 1..=86_400)?),
    },
    Row {
        name: "repl-backlog-size",
        expects: "bytes, 1 to 1073741824",
        write: |config, text| Some(config.repl_backlog_bytes = number(text, 1..=1 << 30)?),
    },
    Row {
        name: "repl-diskless-sync-delay",
        expects: "seconds, 0 to 3600",
        write: |config, text| Some(config.repl_sync_delay_s = number(text, 0..=3_600)?),
    },
];

impl Config {
    /// The names of all settings, in the order of the table.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.name)
    }

    /// Writes one setting; the error says what would have been right.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(row) = ROWS.iter().find(|row| row.name == name) else {
            let known: Vec<&str> = Config::names().collect();
            return Err(format!("no setting is called {name}; there are {}", known.join(", ")));
        };
        (row.write)(self, value).ok_or_else(|| format!("{name} takes {}", row.expects))
    }
}
