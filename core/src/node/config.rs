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

/// One setting: its name, and where its value lies.
struct Row {
    name: &'static str,
    place: Place,
}

/// Where the value of a setting lies, and which values it may have.
enum Place {
    Number { field: fn(&mut Config) -> &mut u64, unit: &'static str, least: u64, most: u64 },
    Switch { field: fn(&mut Config) -> &mut Switch },
}

impl Row {
    const fn number(
        name: &'static str,
        field: fn(&mut Config) -> &mut u64,
        unit: &'static str,
        (least, most): (u64, u64),
    ) -> Row {
        Row { name, place: Place::Number { field, unit, least, most } }
    }

    const fn switch(name: &'static str, field: fn(&mut Config) -> &mut Switch) -> Row {
        Row { name, place: Place::Switch { field } }
    }

    /// Writes the setting, if the text is a value that it may have.
    fn write(&self, config: &mut Config, text: &str) -> Option<()> {
        match self.place {
            Place::Number { field, least, most, .. } => {
                let value = text.parse().ok().filter(|value| (least..=most).contains(value))?;
                *field(config) = value;
            }
            Place::Switch { field } => *field(config) = Switch::parse(text)?,
        }
        Some(())
    }

    fn expects(&self) -> String {
        match self.place {
            Place::Number { unit, least, most, .. } => format!("{unit}, {least} to {most}"),
            Place::Switch { .. } => "yes or no".to_owned(),
        }
    }
}

const DAY_S: u64 = 86_400;

const ROWS: [Row; 10] = [
    Row::number(
        "cluster-node-timeout",
        |config| &mut config.node_timeout_ms,
        "milliseconds",
        (1, DAY_S * 1_000),
    ),
    Row::number(
        "cluster-replica-validity-factor",
        |config| &mut config.replica_validity_factor,
        "a number",
        (0, 1_000),
    ),
    Row::switch("cluster-allow-replica-migration", |config| &mut config.allow_replica_migration),
    Row::switch("cluster-require-full-coverage", |config| &mut config.require_full_coverage),
    Row::switch("cluster-replica-no-failover", |config| &mut config.replica_no_failover),
    Row::switch("cluster-allow-reads-when-down", |config| &mut config.allow_reads_when_down),
    Row::number(
        "repl-ping-replica-period",
        |config| &mut config.repl_ping_period_s,
        "seconds",
        (1, DAY_S),
    ),
    Row::number("repl-timeout", |config| &mut config.repl_timeout_s, "seconds", (1, DAY_S)),
    Row::number(
        "repl-backlog-size",
        |config| &mut config.repl_backlog_bytes,
        "bytes",
        (1, 1 << 30),
    ),
    Row::number(
        "repl-diskless-sync-delay",
        |config| &mut config.repl_sync_delay_s,
        "seconds",
        (0, 3_600),
    ),
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
        row.write(self, value).ok_or_else(|| format!("{name} takes {}", row.expects()))
    }
}
