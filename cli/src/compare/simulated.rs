//! The simulated side: a lesson on a world of its own, with one seed.
//!
//! The problem: a real cluster is played once, and much of what it does is chance: who pings whom
//! first, how long a replica waits. The idea: the simulator is played with many seeds, and looked
//! at a little later too, since a real look takes its time; what any of them shows is what may be.

use std::sync::Arc;

use hashslot_core::data::Reply;
use hashslot_core::lab::printed;
use hashslot_core::lesson::Lesson;
use hashslot_core::view::log_of;
use hashslot_core::words::Span;
use hashslot_core::world::step::{Line, Port, Step};
use hashslot_core::world::{Level, Trace, World};

use super::kinds::kind_of;
use super::look::{Look, look};
use super::pace::Pace;
use super::recording::{Came, Logged, Recording, Stopped, Taken, lets_time_pass, record};
use super::said::{Said, call_of, simulate};
use crate::live::{LogLine, Names, Stamp};

/// How much later a look may be taken, or a command arrive, and still be in time.
const LATER: [Span; 2] = [Span::from_millis(60), Span::from_millis(400)];
const DAY_MS: u64 = 86_400_000;

struct Side {
    world: World,
    /// The ids of this world's nodes, and those that the lesson has for them: with another seed
    /// nodes have other ids.
    names: Names,
    /// A world whose nodes have the ids of the lesson.
    namesakes: World,
    trace: Trace,
    /// When each step that lets time pass had ended, in milliseconds of the nodes' day.
    ends: Vec<Stamp>,
}

/// What of a play a person cannot know, so it is another one in each simulated cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gait {
    /// How long the nodes have been up when the lesson begins.
    before: Span,
    /// How much time passes after each step: a real machine needs a moment.
    between: Span,
}

impl Gait {
    /// One of so many.
    pub fn of(index: u64, all: u64) -> Gait {
        let moments = [0, 15, 40, 100, 250];
        let between = Span::from_millis(moments[(index % moments.len() as u64) as usize]);
        Gait { before: Span::from_micros(ROUND.micros() * index / all.max(1)), between }
    }
}

/// What nodes do most seldom of themselves, they do this often: the PING in the replication stream.
const ROUND: Span = Span::from_secs(10);

/// Plays a lesson on a world, whose nodes are called as those of another one; nothing if `stop`
/// says that it is not wanted any more.
pub fn simulated(
    lesson: &Arc<Lesson>,
    pace: Pace,
    (world, namesakes): (World, World),
    gait: Gait,
    stop: impl Fn() -> bool,
) -> Result<Recording, Stopped> {
    let mut side = Side {
        world,
        names: Names::default(),
        namesakes,
        trace: Trace::new(Level::Full),
        ends: Vec::new(),
    };
    side.world.run_for(gait.before, &mut side.trace);
    side.learn_ids();
    let mut recording = record(lesson, pace, |_, action| match stop() {
        true => Err(Stopped),
        false => Ok(side.perform(action, gait)),
    })?;
    side.file_logs(&mut recording.steps);
    Ok(recording)
}

impl Side {
    fn perform(&mut self, action: &Line, gait: Gait) -> Came {
        let Line::Step(step) = action else { return Came::default() };
        let step = &self.with_own_ids(step);
        let begun = self.world.now();
        let mut said = Vec::new();
        if matches!(step, Step::Command { .. }) {
            for later in LATER {
                let (mut world, mut trace) = (self.world.clone(), Trace::new(Level::Facts));
                world.run_for(later, &mut trace);
                said.push(self.shown(step, simulate(&mut world, &mut trace, step)));
            }
        }
        let from = self.trace.len();
        let now = simulate(&mut self.world, &mut self.trace, step);
        let printed = printed(&self.world, &self.trace, from);
        said.insert(0, self.shown(step, now));
        self.learn_ids_of(step);
        if lets_time_pass(action) {
            let millis = self.world.epoch().millis() + self.world.now().millis();
            self.ends.push(Stamp::of_day((millis % DAY_MS) as u32));
        }
        let took = self.world.now().since(begun);
        let looks = self.looks();
        if !lets_time_pass(action) {
            self.world.run_for(gait.between, &mut self.trace);
        }
        Came { said, printed, looks, took, ..Came::default() }
    }

    fn shown(&self, step: &Step, said: Vec<Said>) -> Vec<String> {
        let call = call_of(step);
        let named = said.into_iter().map(|one| match one {
            Said::Answered { client, reply } => {
                Said::Answered { client, reply: self.names.reply_to_script(reply) }
            }
            other => other,
        });
        named.map(|one| one.shown(call)).collect()
    }

    fn with_own_ids(&self, step: &Step) -> Step {
        match step {
            Step::Command { client, args } => {
                Step::Command { client: client.clone(), args: self.names.call_to_real(args) }
            }
            other => other.clone(),
        }
    }

    fn learn_ids(&mut self) {
        for (_, port, server) in self.world.servers() {
            if let Some(namesake) = self.namesakes.node(port) {
                self.names.add_id(server.node.id(), namesake.id());
            }
        }
    }

    /// A node may have got a new id.
    fn learn_ids_of(&mut self, step: &Step) {
        let mut trace = Trace::new(Level::Off);
        match step {
            Step::Restart { node, .. } => {
                self.namesakes.begin(&Step::Kill(*node), &mut trace);
                self.namesakes.begin(step, &mut trace);
            }
            Step::AddNode(_) => {
                self.namesakes.begin(step, &mut trace);
            }
            _ => return,
        }
        self.learn_ids();
    }

    /// What is seen now and a little later.
    fn looks(&self) -> Vec<Look> {
        let look_at = |world: &World| look_at(world, &self.names);
        let mut world = self.world.clone();
        let mut looks = vec![look_at(&world)];
        let mut after = Span::ZERO;
        for later in LATER {
            world.run_for(later.less(after), &mut Trace::new(Level::Off));
            after = later;
            looks.push(look_at(&world));
        }
        looks
    }

    /// Puts the lines of the logs to the steps in which they were written.
    fn file_logs(&self, steps: &mut [Taken]) {
        let mut filed: Vec<Vec<(Stamp, Logged)>> = vec![Vec::new(); self.ends.len()];
        for (owner, node, _) in self.world.servers() {
            let lines = log_of(&self.world, &self.trace, owner, node.number());
            for line in lines.iter().filter_map(|line| LogLine::parse(line)) {
                let Some(kind) = kind_of(&line.text) else { continue };
                let after = |end: &Stamp| line.stamp.millis_since(*end) > 0;
                let step = self.ends.iter().take_while(|end| after(end)).count();
                if let Some(step) = filed.get_mut(step) {
                    let logged = Logged { node, kind, text: line.text, at_ms: 0 };
                    step.push((line.stamp, logged));
                }
            }
        }
        let timed = steps.iter_mut().filter(|taken| taken.lets_time_pass());
        for (taken, filed) in timed.zip(filed) {
            taken.came.logged = since_the_first(filed);
        }
    }
}

/// Lines with the time since the first of them, in order of time.
pub fn since_the_first(mut lines: Vec<(Stamp, Logged)>) -> Vec<Logged> {
    let Some((first, _)) = lines.first().cloned() else { return Vec::new() };
    for (stamp, logged) in &mut lines {
        logged.at_ms = stamp.millis_since(first);
    }
    let mut lines: Vec<Logged> = lines.into_iter().map(|(_, logged)| logged).collect();
    let earliest = lines.iter().map(|logged| logged.at_ms).min().unwrap_or(0);
    lines.iter_mut().for_each(|logged| logged.at_ms -= earliest);
    lines.sort_by_key(|logged| logged.at_ms);
    lines
}

/// Looks at the nodes of a world; it stays as it is.
fn look_at(world: &World, names: &Names) -> Look {
    let mut world = world.clone();
    let ports: Vec<Port> = world.servers().map(|(_, port, _)| port).collect();
    let mut trace = Trace::new(Level::Off);
    look(&ports, |port, words| {
        let node = world.find(port)?;
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        match world.command(node, &words, &mut trace) {
            Reply::Null => None,
            reply => Some(names.reply_to_script(reply)),
        }
    })
}
