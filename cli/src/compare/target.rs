//! The real side: a lesson on a cluster that is no simulation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use hashslot_core::data::Reply;
use hashslot_core::lesson::Lesson;
use hashslot_core::words::Span;
use hashslot_core::world::step::{ClientName, Line, Port, Step};

use super::kinds::kind_of;
use super::look::look;
use super::pace::Pace;
use super::recording::{Came, Logged, Recording, Stopped, lets_time_pass, record};
use super::said::{Said, call_of};
use super::simulated::since_the_first;
use crate::live::{Cluster, LogLine, Noted, Stamp, Trouble, stop};

/// What a lesson asks of a real cluster. All is in the names of the lesson.
pub trait Stage {
    /// The nodes, by the names that the lesson has for them.
    fn ports(&self) -> Vec<Port>;
    /// Does a step; what clients noticed, and whether it could be done.
    fn apply(&mut self, step: &Step) -> (Vec<Noted>, Result<(), Trouble>);
    /// A question beside the lesson; nothing if the node does not run, or is busy.
    fn ask(&mut self, node: Port, words: &[&str]) -> Option<Reply>;
    /// A node's log; nothing if it cannot be read here.
    fn log(&self, node: Port) -> Option<Vec<LogLine>>;
}

impl Stage for Cluster {
    fn ports(&self) -> Vec<Port> {
        self.nodes().ports()
    }

    fn apply(&mut self, step: &Step) -> (Vec<Noted>, Result<(), Trouble>) {
        Cluster::apply(self, step)
    }

    fn ask(&mut self, node: Port, words: &[&str]) -> Option<Reply> {
        let reply = self.glance(node, words)?;
        Some(self.names().reply_to_script(reply))
    }

    fn log(&self, node: Port) -> Option<Vec<LogLine>> {
        let in_script = |mut line: LogLine| {
            line.text = self.names().text_to_script(line.text.as_bytes()).into_owned();
            line
        };
        Some(self.nodes().log(node).into_iter().map(in_script).collect())
    }
}

/// Plays a lesson on a target. `tell` hears of each line before it is done.
pub fn real(
    target: &mut impl Stage,
    lesson: &Arc<Lesson>,
    pace: Pace,
    mut tell: impl FnMut(usize, &Line),
) -> Result<Recording, Stopped> {
    let mut side = Side { seen: BTreeMap::new(), target };
    side.skip_logs();
    record(lesson, pace, |line, action| {
        tell(line, action);
        let came = side.perform(action);
        if stop::is_wanted() { Err(Stopped) } else { Ok(came) }
    })
}

struct Side<'a, T> {
    target: &'a mut T,
    /// How many lines of each log are filed already.
    seen: BTreeMap<Port, usize>,
}

impl<T: Stage> Side<'_, T> {
    fn perform(&mut self, action: &Line) -> Came {
        let Line::Step(step) = action else { return Came::default() };
        let begun = Instant::now();
        let (noted, verdict) = self.target.apply(step);
        let took = Span::from_micros(begun.elapsed().as_micros() as u64);
        let mut came = Came { took, ..Came::default() };
        let mut said = Vec::new();
        for Noted { client, kind, note } in noted {
            came.printed.extend(note.lines(&prompt_name(&client), kind));
            said.extend(Said::of(client, &note).map(|one| one.shown(call_of(step))));
        }
        if let Err(trouble) = verdict {
            came.printed.push(format!("(refused) {trouble}"));
            said.push(Said::Refused(trouble.to_string()).shown(&[]));
            let is_in_vain = matches!(step, Step::RunUntil { .. });
            came.not_done = (!is_in_vain).then(|| trouble.to_string());
        }
        came.said.push(said);
        let (ports, target) = (self.target.ports(), &mut *self.target);
        came.looks.push(look(&ports, |port, words| target.ask(port, words)));
        if lets_time_pass(action) {
            let logged = self.new_lines();
            came.has_logs = logged.is_some();
            came.logged = logged.unwrap_or_default();
        }
        came
    }

    /// What was logged before the lesson began is not its doing.
    fn skip_logs(&mut self) {
        for port in self.target.ports() {
            self.seen.insert(port, self.target.log(port).map_or(0, |log| log.len()));
        }
    }

    /// The lines since the last time; nothing if logs cannot be read here.
    fn new_lines(&mut self) -> Option<Vec<Logged>> {
        let mut lines: Vec<(Stamp, Logged)> = Vec::new();
        for node in self.target.ports() {
            let log = self.target.log(node)?;
            let seen = self.seen.insert(node, log.len()).unwrap_or(0);
            for line in log.into_iter().skip(seen) {
                let Some(kind) = kind_of(&line.text) else { continue };
                lines.push((line.stamp, Logged { node, kind, text: line.text, at_ms: 0 }));
            }
        }
        Some(since_the_first(lines))
    }
}

/// A client's name, as it stands before the `>` of its prompt.
fn prompt_name(name: &ClientName) -> String {
    match name {
        ClientName::Cli => String::new(),
        ClientName::Node(port) => port.to_string(),
        ClientName::Named(name) => name.as_str().to_owned(),
    }
}
