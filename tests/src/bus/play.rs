//! A script on both sides, step by step.

use std::io;
use std::time::{Duration, Instant};

use hashslot_core::node::{Config, Message};
use hashslot_core::words::SLOT_COUNT;

use super::lone::Lone;
use super::look::{Seen, call, look, shown};
use super::script::{Script, Step, message};
use super::served::{Peers, Served};
use super::side::Side;
use crate::real::Beginning;

/// How long a step takes: a real node ticks at least twice, after which nothing is left to do. What
/// ends after five seconds (a manual failover, the wait of a master that was cut off) may count
/// from the tick before, and end at the tick after: 4.9 and 5.2 seconds are within the same step.
const STEP: Duration = Duration::from_millis(404);
/// What is left of a step, at least, if it began late.
const STEP_LEAST: Duration = Duration::from_millis(300);
/// Simulated ticks in a step: about as far apart as real ones.
const TICKS: u32 = 4;
/// So many steps after its start a master may serve (Redis: CLUSTER_WRITABLE_DELAY).
const SILENT_STEPS: u32 = 6;
/// The node waits for pongs longer than any script lasts.
const SETTINGS: [(&str, &str); 4] = [
    ("cluster-node-timeout", "10000000"),
    ("cluster-allow-replica-migration", "no"),
    ("cluster-require-full-coverage", "no"),
    ("loglevel", "verbose"),
];
const SUSPECT: &str = "CONFIG SET cluster-node-timeout 1";
const TRUST: &str = "CONFIG SET cluster-node-timeout 10000000";

/// How a script went on both sides.
pub struct Played {
    /// What was seen of the real node after each step.
    pub seen: Vec<Seen>,
    pub found: Option<Found>,
}

/// A difference: after which step, and what only one side shows.
#[derive(Clone, Debug)]
pub struct Found {
    pub at: usize,
    pub real: Seen,
    pub simulated: Seen,
}

impl Found {
    /// Whether both are the same, whatever the ports are.
    pub fn is_like(&self, other: &Found) -> bool {
        let lines = |seen: &Seen| seen.iter().map(|line| without_ports(line)).collect::<Seen>();
        lines(&self.real) == lines(&other.real) && lines(&self.simulated) == lines(&other.simulated)
    }
}

/// A line without the numbers that are greater than any slot.
fn without_ports(line: &str) -> String {
    let is_port = |part: &&str| part.parse::<u16>().is_ok_and(|number| number >= SLOT_COUNT);
    let parts = line.split(|sign: char| !sign.is_ascii_digit());
    parts.filter(is_port).fold(line.to_owned(), |line, port| line.replace(port, "PORT"))
}

/// Plays a script on both sides, up to the first difference; `None`, said plainly, if Redis 7.0 is
/// not installed.
pub fn play(script: &Script) -> io::Result<Option<Played>> {
    let peers = Peers::listen()?;
    let ports = peers.ports()?;
    let nodes_conf = script.nodes_conf(&ports);
    let beginning = Beginning { settings: &SETTINGS, nodes_conf: Some(&nodes_conf) };
    let Some(mut real) = Served::start(peers, beginning) else { return Ok(None) };
    let mut config = Config::default();
    for (name, value) in SETTINGS {
        config.set(name, value).expect("a setting of both");
    }
    let mut simulated = Lone::start(real.port(), config, &nodes_conf, &ports);
    let mut clock = Clock(Instant::now());
    for _ in 0..SILENT_STEPS {
        clock.step(&mut real, &mut simulated)?;
    }
    // What a server says while it starts is another test's.
    real.log()?;
    simulated.log()?;
    let mut seen = Vec::new();
    for (at, step) in script.steps.iter().enumerate() {
        let said = match step {
            Step::Say { by, claim, said, .. } => Some(message(*by, claim, said, &ports)),
            Step::HangUp { .. } | Step::Ask(_) | Step::Suspect => None,
        };
        let mut real_seen = take(&mut real, step, said.as_ref())?;
        let mut simulated_seen = take(&mut simulated, step, said.as_ref())?;
        clock.step(&mut real, &mut simulated)?;
        if *step == Step::Suspect {
            real.ask(&call(TRUST));
            simulated.ask(&call(TRUST));
            clock.step(&mut real, &mut simulated)?;
        }
        look(&mut real, &mut real_seen)?;
        look(&mut simulated, &mut simulated_seen)?;
        if real_seen != simulated_seen {
            let real = only(&real_seen, &simulated_seen);
            let simulated = only(&simulated_seen, &real_seen);
            return Ok(Some(Played { seen, found: Some(Found { at, real, simulated }) }));
        }
        seen.push(real_seen);
    }
    Ok(Some(Played { seen, found: None }))
}

/// When the last step ended.
struct Clock(Instant);

impl Clock {
    /// Lets both do what is left to be done.
    fn step(&mut self, real: &mut Served, simulated: &mut Lone) -> io::Result<()> {
        let now = Instant::now();
        self.0 = (self.0 + STEP).max(now + STEP_LEAST);
        let rest = self.0 - now;
        for tick in 1..=TICKS {
            real.wait_until(now + rest * tick / TICKS)?;
            simulated.tick();
        }
        Ok(())
    }
}

/// One side takes a step; what comes of it at once.
fn take(side: &mut impl Side, step: &Step, message: Option<&Message>) -> io::Result<Seen> {
    Ok(match (step, message) {
        (Step::Say { by, link, .. }, Some(message)) => {
            vec![format!("said: {}", side.say(*by, *link, message)?)]
        }
        (Step::Ask(line), _) => shown(side.ask(&call(line))),
        (Step::HangUp { by, link }, _) => {
            side.hang_up(*by, *link);
            Vec::new()
        }
        (Step::Suspect | Step::Say { .. }, _) => shown(side.ask(&call(SUSPECT))),
    })
}

fn only(one: &Seen, other: &Seen) -> Seen {
    one.iter().filter(|line| !other.contains(line)).cloned().collect()
}
