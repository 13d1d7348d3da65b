//! What can be chosen for a served cluster, and the setup that it means.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use hashslot_core::words::Span;
use hashslot_core::world::paths::Delay;
use hashslot_core::world::{Level, Setup};

use super::clock::SPEED_PERCENT;
use crate::failure::Failure;

/// How long a packet takes between two processes of one machine.
const LOOPBACK: Delay = Delay { latency: Span::from_micros(50), jitter: Span::from_micros(50) };
/// As many nodes as one cluster may have.
const NODES_MAX: u32 = 1_000;
const EMPTY_NODES: u16 = 6;

/// The options that belong to `--redis`.
#[derive(Clone, Debug, Args)]
pub struct RedisArgs {
    /// Serve a simulated cluster to real clients, a port for each node
    #[arg(long)]
    pub redis: bool,
    /// How many masters share the slots
    #[arg(long, value_name = "N", default_value_t = 3, requires = "redis")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    masters: u16,
    /// How many replicas each master has
    #[arg(long, value_name = "N", default_value_t = 1, requires = "redis")]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10))]
    replicas: u16,
    /// Nodes that know nobody, as for `redis-cli --cluster create`
    #[arg(long, requires = "redis", conflicts_with_all = ["masters", "replicas", "standalone"])]
    empty: bool,
    /// How many empty nodes [default: 6]
    #[arg(long, value_name = "N", requires = "empty")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    nodes: Option<u16>,
    /// One node that owns all slots
    #[arg(long, requires = "redis", conflicts_with_all = ["masters", "replicas"])]
    standalone: bool,
    /// The port of the first node; the others have the next ones
    #[arg(long, value_name = "PORT", default_value_t = 7000, requires = "redis")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=50_000))]
    first_port: u16,
    /// cluster-node-timeout of every node, as in 5s or 1500ms
    #[arg(long, value_name = "SPAN", default_value = "5s", requires = "redis")]
    node_timeout: Span,
    /// Of all that is random [default: another one each time, which is printed]
    #[arg(long, value_name = "N", requires = "redis")]
    seed: Option<u64>,
    /// How fast time passes, from 0.1 to 1000 times the wall's
    #[arg(long, value_name = "TIMES", default_value = "1", requires = "redis")]
    #[arg(value_parser = speed_percent)]
    pub speed: u32,
    /// How long packets take from real clients to nodes, and back
    #[arg(long, value_name = "SPAN", requires = "redis")]
    latency: Option<Span>,
    /// Up to how much longer they may take
    #[arg(long, value_name = "SPAN", requires = "latency")]
    jitter: Option<Span>,
    /// How much of what happens is kept for the page
    #[arg(long, value_enum, default_value_t = Trace::Full, requires = "redis")]
    trace: Trace,
    /// Write all that comes from outside to a file, which `hashslot run FILE` plays again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "redis")]
    pub record: Option<PathBuf>,
    /// The password of all nodes and of the page; others on this machine may see it there
    #[arg(long, value_name = "PASSWORD", requires = "redis")]
    password: Option<String>,
    /// The file whose first line is the password
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(requires = "redis", conflicts_with = "password")]
    password_file: Option<PathBuf>,
    /// Let everybody in who reaches the address of --bind
    #[arg(long, requires = "redis", conflicts_with_all = ["password", "password_file"])]
    no_auth: bool,
    /// The host by which clients are told of nodes [default: the address of --bind]
    #[arg(long, value_name = "HOST", requires = "redis")]
    announce: Option<String>,
    /// A setting of every node, as CONFIG SET has it
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "redis", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// Serve no page, only the interface for programs
    #[arg(long, requires = "redis")]
    pub no_page: bool,
}

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// Nothing: fastest
    Off,
    /// What nodes notice, and redirects
    Facts,
    /// Every message too
    Full,
}

impl RedisArgs {
    pub fn level(&self) -> Level {
        match self.trace {
            Trace::Off => Level::Off,
            Trace::Facts => Level::Facts,
            Trace::Full => Level::Full,
        }
    }

    /// What packets of real clients take, if not nothing.
    pub fn client_delay(&self) -> Option<Delay> {
        let latency = self.latency?;
        Some(Delay { latency, jitter: self.jitter.unwrap_or(Span::ZERO) })
    }

    /// The password, if there is one; whoever is let in from elsewhere needs one.
    pub fn secret(&self, bind: IpAddr) -> Result<Option<String>, Failure> {
        let secret = match (&self.password, &self.password_file) {
            (Some(password), _) => Some(password.clone()),
            (None, Some(path)) => {
                let text = fs::read_to_string(path).map_err(|error| {
                    Failure::usage(format!("{} cannot be read: {error}", path.display()))
                })?;
                Some(text.lines().next().unwrap_or("").to_owned())
            }
            (None, None) => None,
        };
        if secret.as_deref() == Some("") {
            return Err(Failure::usage("the password is empty: write one of at least one letter"));
        }
        if secret.is_none() && !self.no_auth && !bind.is_loopback() {
            return Err(Failure::usage(format!(
                "{bind} can be reached from other machines: choose a password with \
                 --password-file FILE, or say --no-auth"
            )));
        }
        Ok(secret)
    }

    /// The cluster that is asked for; its clocks are set later.
    pub fn setup(&self, bind: IpAddr, secret: Option<&str>) -> Result<Setup, Failure> {
        let (masters, replicas, empty) = match (self.empty, self.standalone) {
            (true, _) => (0, 0, self.nodes.unwrap_or(EMPTY_NODES)),
            (false, true) => (1, 0, 0),
            (false, false) => (self.masters, self.replicas, 0),
        };
        let nodes = u32::from(masters) * (1 + u32::from(replicas)) + u32::from(empty);
        if nodes > NODES_MAX {
            let sentence = format!("{nodes} nodes are too many: a cluster has at most {NODES_MAX}");
            return Err(Failure::usage(sentence));
        }
        let mut setup = Setup {
            masters,
            replicas,
            empty,
            first_port: self.first_port,
            seed: self.seed.unwrap_or_else(any_seed),
            delay: LOOPBACK,
            ..Setup::default()
        };
        let mut set =
            |name: &str, value: &str| setup.config.set(name, value).map_err(Failure::Usage);
        set("cluster-node-timeout", &self.node_timeout.millis().to_string())?;
        if let Some(secret) = secret {
            set("requirepass", secret)?;
            set("masterauth", secret)?;
        }
        match &self.announce {
            Some(host) => {
                set("cluster-announce-hostname", host)?;
                set("cluster-preferred-endpoint-type", "hostname")?;
            }
            None if bind.is_unspecified() => {
                set("cluster-preferred-endpoint-type", "unknown-endpoint")?;
            }
            None if bind.is_loopback() => {}
            None => {
                set("cluster-announce-hostname", &bind.to_string())?;
                set("cluster-preferred-endpoint-type", "hostname")?;
            }
        }
        for (name, value) in &self.settings {
            set(name, value)?;
        }
        Ok(setup)
    }
}

/// Short enough to be typed again.
fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write a name, `=` and a value")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A speed as people write it, in percent.
pub fn speed_percent(text: &str) -> Result<u32, String> {
    let wrong = || "write a number from 0.1 to 1000, as in 2 or 0.5".to_owned();
    let times: f64 = text.trim_end_matches('x').parse().map_err(|_| wrong())?;
    let percent = (times * 100.0).round();
    let range = f64::from(*SPEED_PERCENT.start())..=f64::from(*SPEED_PERCENT.end());
    if range.contains(&percent) { Ok(percent as u32) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_read_as_people_write_it() {
        assert_eq!(speed_percent("1"), Ok(100));
        assert_eq!(speed_percent("0.5x"), Ok(50));
        assert_eq!(speed_percent("1000"), Ok(100_000));
        for wrong in ["0", "0.01", "1001", "fast", "nan", "-1", "inf"] {
            assert!(speed_percent(wrong).is_err(), "{wrong}");
        }
    }
}
