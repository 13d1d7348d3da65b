//! A script on both sides, step by step.

use std::io;
use std::time::{Duration, Instant};

use hashslot_core::node::{Config, Message};
use hashslot_core::words::SLOT_COUNT;

use super::lone::Lone;
use super::look::{Seen, call, look, shown};
use super::script::{BusPorts, Script, Step, message};
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
/// So many steps after it was scheduled an election has begun, whatever its delay.
const ELECTION_STEPS: u32 = 3;
const SCHEDULED: &str = "Start of election delayed";
/// The node waits for pongs longer than any script lasts.
const SETTINGS: [(&str, &str); 3] = [
    ("cluster-node-timeout", "10000000"),
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
    /// The last words of the real node, if it could not bear what it heard.
    pub crash: Option<String>,
}

/// A difference: after which step, and what only one side shows.
#[derive(Clone, Debug)]
pub struct Found {
    pub at: usize,
    pub real: Seen,
    pub simulated: Seen,
}

impl Found {
    /// Whether both are the same, whatever the ports and the times are.
    pub fn is_like(&self, other: &Found) -> bool {
        let lines =
            |seen: &Seen| seen.iter().map(|line| without_great_numbers(line)).collect::<Seen>();
        lines(&self.real) == lines(&other.real) && lines(&self.simulated) == lines(&other.simulated)
    }
}

/// A line without the numbers that are greater than any slot: ports and times.
fn without_great_numbers(line: &str) -> String {
    let is_great =
        |part: &&str| part.parse::<u64>().is_ok_and(|number| number >= u64::from(SLOT_COUNT));
    let parts = line.split(|sign: char| !sign.is_ascii_digit());
    parts.filter(is_great).fold(line.to_owned(), |line, number| line.replace(number, "N"))
}

/// Plays a script on both sides, up to the first difference; `None`, said plainly, if Redis 7.0 is
/// not installed.
pub fn play(script: &Script) -> io::Result<Option<Played>> {
    let Some(mut stage) = Stage::start(script)? else { return Ok(None) };
    let mut played = Played { seen: Vec::new(), found: None, crash: None };
    if let Err(error) = stage.play(&script.steps, &mut played) {
        played.crash = Some(stage.real.last_words()?.ok_or(error)?);
    }
    Ok(Some(played))
}

/// Both sides, and when the last step ended.
struct Stage {
    real: Served,
    simulated: Lone,
    ports: BusPorts,
    clock: Instant,
}

impl Stage {
    fn start(script: &Script) -> io::Result<Option<Stage>> {
        let peers = Peers::listen()?;
        let ports = peers.ports()?;
        let nodes_conf = script.nodes_conf(&ports);
        let settings = SETTINGS.into_iter().chain(script.settings.iter().copied());
        let settings: Vec<_> = settings.collect();
        let beginning = Beginning { settings: &settings, nodes_conf: Some(&nodes_conf) };
        let Some(real) = Served::start(peers, beginning) else { return Ok(None) };
        let mut config = Config::default();
        for (name, value) in settings {
            config.set(name, value).expect("a setting of both");
        }
        let simulated = Lone::start(real.port(), config, &nodes_conf, &ports);
        Ok(Some(Stage { real, simulated, ports, clock: Instant::now() }))
    }

    fn play(&mut self, steps: &[Step], played: &mut Played) -> io::Result<()> {
        self.wait(SILENT_STEPS)?;
        // What a server says while it starts is another test's.
        self.logs()?;
        for (at, step) in steps.iter().enumerate() {
            let [real, simulated] = self.step(step)?;
            if real != simulated {
                let (real, simulated) = (only(&real, &simulated), only(&simulated, &real));
                played.found = Some(Found { at, real, simulated });
                return Ok(());
            }
            played.seen.push(real);
        }
        Ok(())
    }

    /// Both take a step; what is seen of them.
    fn step(&mut self, step: &Step) -> io::Result<[Seen; 2]> {
        let message = match step {
            Step::Say { by, claim, said, .. } => Some(message(*by, claim, said, &self.ports)),
            Step::HangUp { .. } | Step::Ask(_) | Step::Suspect => None,
        };
        let mut real = take(&mut self.real, step, message.as_ref())?;
        let mut simulated = take(&mut self.simulated, step, message.as_ref())?;
        self.wait(1)?;
        if *step == Step::Suspect {
            self.real.ask(&call(TRUST))?;
            self.simulated.ask(&call(TRUST))?;
            self.wait(1)?;
        }
        let [mut real_log, mut simulated_log] = self.logs()?;
        if real_log.iter().chain(&simulated_log).any(|line| line.contains(SCHEDULED)) {
            self.wait(ELECTION_STEPS)?;
            let [more_real, more_simulated] = self.logs()?;
            real_log.extend(more_real);
            simulated_log.extend(more_simulated);
        }
        look(&mut self.real, real_log, &mut real)?;
        look(&mut self.simulated, simulated_log, &mut simulated)?;
        Ok([real, simulated])
    }

    /// Lets both do what is left to be done.
    fn wait(&mut self, steps: u32) -> io::Result<()> {
        for _ in 0..steps {
            let now = Instant::now();
            self.clock = (self.clock + STEP).max(now + STEP_LEAST);
            let rest = self.clock - now;
            for tick in 1..=TICKS {
                self.real.wait_until(now + rest * tick / TICKS)?;
                self.simulated.tick();
            }
        }
        Ok(())
    }

    fn logs(&mut self) -> io::Result<[Vec<String>; 2]> {
        Ok([self.real.log()?, self.simulated.log()?])
    }
}

/// One side takes a step; what comes of it at once.
fn take(side: &mut impl Side, step: &Step, message: Option<&Message>) -> io::Result<Seen> {
    Ok(match step {
        Step::Say { by, link, .. } => {
            let message = message.expect("what is said is a message");
            vec![format!("said: {}", side.say(*by, *link, message)?)]
        }
        Step::HangUp { by, link } => {
            side.hang_up(*by, *link);
            Vec::new()
        }
        Step::Ask(line) => shown(side.ask(&call(line))?),
        Step::Suspect => shown(side.ask(&call(SUSPECT))?),
    })
}

/// The lines of one that the other lacks; all of them, if only their order or number differs.
fn only(one: &Seen, other: &Seen) -> Seen {
    let lacks = |one: &Seen, other: &Seen| -> Seen {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    if lacks(one, other).is_empty() && lacks(other, one).is_empty() {
        return one.clone();
    }
    lacks(one, other)
}
