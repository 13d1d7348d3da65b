//! The settings of a node.
//!
//! The problem: dozens of settings decide how a node behaves, people read and change them while it
//! runs, and each has a type, bounds and an exact text of refusal. The idea: a setting is one row
//! (`rows`): its name and alias, what it may be (`value`), and where its value lies. CONFIG
//! (`call`), `$ config` and a run as text all read the same rows.
//!
//! The rule (Redis 7.0, `config.c`): a setting belongs to the file that the process was started
//! with; CONFIG SET changes it until the end of the process, CONFIG REWRITE writes it into the
//! file. How we differ: there is a row for whatever concerns clusters, replication, memory,
//! persistence and latency, and for nothing else. Some rows are only kept and shown, nothing reads
//! them; `docs/FIDELITY.md` lists them.

pub(super) mod call;
mod rows;
mod value;

use std::collections::BTreeMap;

pub use value::Switch;

use super::persistence::Fsync;
use value::{Entry, Refusal};

/// The settings of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `cluster-node-timeout`, in milliseconds.
    pub node_timeout_ms: u64,
    /// `cluster-replica-validity-factor`; 0 lets a replica with data of any age stand for election.
    pub replica_validity_factor: u64,
    /// `cluster-migration-barrier`: as many good replicas a master keeps.
    pub migration_barrier: u64,
    pub allow_replica_migration: Switch,
    pub require_full_coverage: Switch,
    pub replica_no_failover: Switch,
    pub allow_reads_when_down: Switch,
    pub allow_pubsubshard_when_down: Switch,
    pub preferred_endpoint: Endpoint,
    /// `cluster-announce-hostname`; empty if there is none.
    pub announce_hostname: String,
    /// `cluster-announce-ip`; empty if there is none.
    pub announce_ip: String,
    /// `cluster-announce-port`; 0 if there is none.
    pub announce_port: u64,
    /// `cluster-announce-bus-port`; 0 if there is none.
    pub announce_bus_port: u64,
    /// `repl-ping-replica-period`, in seconds.
    pub repl_ping_period_s: u64,
    /// `repl-timeout`, in seconds.
    pub repl_timeout_s: u64,
    /// `repl-backlog-size`, in bytes.
    pub repl_backlog_bytes: u64,
    /// `repl-backlog-ttl`, in seconds; 0 keeps the backlog for ever.
    pub repl_backlog_ttl_s: u64,
    /// `repl-diskless-sync-delay`, in seconds.
    pub repl_sync_delay_s: u64,
    pub replica_serve_stale_data: Switch,
    pub replica_read_only: Switch,
    pub replica_priority: u64,
    pub min_replicas_to_write: u64,
    /// `min-replicas-max-lag`, in seconds.
    pub min_replicas_max_lag_s: u64,
    /// `maxclients`.
    pub clients_max: u64,
    /// `client-query-buffer-limit`: how many bytes of what a client sent may wait.
    pub query_buffer_max: u64,
    /// `proto-max-bulk-len`: how many bytes an argument may have.
    pub bulk_max: u64,
    /// `requirepass`; empty if everybody is let in.
    pub require_pass: String,
    /// `masteruser`, and the password that a replica gives to its master; empty if it gives none.
    pub master_user: String,
    pub master_auth: String,
    pub latency_tracking: Switch,
    /// `appendonly`.
    pub append_only: Switch,
    pub append_fsync: Fsync,
    /// `save`: pairs of seconds and changes.
    pub save: String,
    /// `shutdown-timeout`, in seconds.
    pub shutdown_timeout_s: u64,
    /// Values of which nothing depends, and those beyond what makes a difference, as they are
    /// shown.
    pub shown: BTreeMap<&'static str, String>,
}

/// What `cluster-preferred-endpoint-type` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Ip,
    Hostname,
    Unknown,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            node_timeout_ms: 15_000,
            replica_validity_factor: 10,
            migration_barrier: 1,
            allow_replica_migration: Switch::Yes,
            require_full_coverage: Switch::Yes,
            replica_no_failover: Switch::No,
            allow_reads_when_down: Switch::No,
            allow_pubsubshard_when_down: Switch::Yes,
            preferred_endpoint: Endpoint::Ip,
            announce_hostname: String::new(),
            announce_ip: String::new(),
            announce_port: 0,
            announce_bus_port: 0,
            repl_ping_period_s: 10,
            repl_timeout_s: 60,
            repl_backlog_bytes: 1 << 20,
            repl_backlog_ttl_s: 3_600,
            repl_sync_delay_s: 5,
            replica_serve_stale_data: Switch::Yes,
            replica_read_only: Switch::Yes,
            replica_priority: 100,
            min_replicas_to_write: 0,
            min_replicas_max_lag_s: 10,
            clients_max: 10_000,
            query_buffer_max: 1 << 30,
            bulk_max: 512 << 20,
            require_pass: String::new(),
            master_user: String::new(),
            master_auth: String::new(),
            latency_tracking: Switch::Yes,
            append_only: Switch::Yes,
            append_fsync: Fsync::Always,
            save: String::new(),
            shutdown_timeout_s: 10,
            shown: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The names of all settings that can be changed, in the order of the table.
    pub fn names() -> impl Iterator<Item = &'static str> {
        rows::ROWS.iter().filter(|row| row.is_modifiable()).map(|row| row.name)
    }

    /// Writes one setting; the error says what would have been right.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(entry) = Entry::find(name.as_bytes()) else {
            return Err(format!("no setting is called {name}: CONFIG GET * lists them"));
        };
        entry.write(self, value).map_err(|refusal| match refusal {
            Refusal::Fixed(_) => format!("{name} cannot be changed: it belongs to the node"),
            Refusal::Value(_) => format!("{name} takes {}", entry.row().expects()),
        })
    }

    /// The settings that are not what they usually are, as names and values.
    pub fn changed(&self) -> Vec<(&'static str, String)> {
        let usual = Config::default();
        let modifiable = rows::ROWS.iter().filter(|row| row.is_modifiable());
        let pairs = modifiable.map(|row| (row.name, row.read(self), row.read(&usual)));
        pairs.filter(|(_, own, usual)| own != usual).map(|(name, own, _)| (name, own)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_by_both_of_its_names_in_any_case() {
        let mut config = Config::default();
        config.set("CLUSTER-slave-validity-factor", "3").unwrap();
        assert_eq!(config.replica_validity_factor, 3);
        assert_eq!(config.changed(), [("cluster-replica-validity-factor", "3".to_owned())]);
    }

    #[test]
    fn every_usual_value_is_one_that_may_be_set() {
        for row in rows::ROWS.iter().filter(|row| row.is_modifiable()) {
            let mut config = Config::default();
            let usual = row.read(&config);
            let accepted = config.set(row.name, &usual);
            assert!(accepted.is_ok(), "{} {usual}: {accepted:?}", row.name);
            assert_eq!(config, Config::default(), "{}", row.name);
        }
    }

    #[test]
    fn a_value_beyond_what_makes_a_difference_is_shown_as_it_was_set() {
        let mut config = Config::default();
        config.set("cluster-node-timeout", "9223372036854775807").unwrap();
        assert!(config.node_timeout_ms < u64::MAX / 1_000_000);
        assert_eq!(config.changed(), [("cluster-node-timeout", "9223372036854775807".to_owned())]);
        config.set("cluster-node-timeout", "15000").unwrap();
        assert_eq!(config, Config::default());
    }
}
