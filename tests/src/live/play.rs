//! Playing a transcript on both clusters, and telling where they differ.

use std::collections::BTreeMap;

use hashslot::compare::{Said, call_of, kind_of, nodes};
use hashslot::live::{LogLine, NODES_CONF, Program};
use hashslot_core::view::log_of;
use hashslot_core::world::step::{Line, Port, Step};

use super::pair::Pair;
use super::transcript::{Mark, Transcript, What};

/// A step on which the two clusters do not agree, or do though they should not.
pub struct Difference {
    pub line: usize,
    pub step: String,
    pub mark: Mark,
    /// What the real cluster and the simulated one say, if they differ.
    pub sides: Option<[String; 2]>,
}

/// How a transcript went.
pub struct Played {
    pub name: String,
    pub steps: usize,
    /// Steps that differ, and marked steps.
    pub differences: Vec<Difference>,
}

/// Plays a transcript on a fresh real cluster and a simulated one.
pub fn play(program: &Program, transcript: &Transcript) -> Played {
    let mut pair = Pair::start(program, &transcript.stage, &[]);
    let mut logs = Logs::default();
    let mut differences = Vec::new();
    let mut steps = 0;
    for item in &transcript.items {
        let (step, sides) = match &item.what {
            What::Step(text) => {
                let text = with_ids(text, &pair);
                let step = match Line::parse(&text) {
                    Ok(Line::Step(step)) => step,
                    Ok(Line::Ask(_)) => panic!("{text}: a transcript only does steps"),
                    Err(error) => panic!("{}:{}: {text}: {error}", transcript.name, item.line),
                };
                steps += 1;
                (text, compare(&mut pair, &step))
            }
            What::Log(ports) => (item.what.to_string(), logs.compare(&pair, ports)),
            What::NodesConf(ports) => (item.what.to_string(), compare_files(&pair, ports)),
        };
        if sides.is_some() || item.mark != Mark::Equal {
            differences.push(Difference { line: item.line, step, mark: item.mark.clone(), sides });
        }
    }
    Played { name: transcript.name.clone(), steps, differences }
}

/// The step with the ids that a script knows.
fn with_ids(text: &str, pair: &Pair) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<id ") {
        let (port, after) = after.split_once('>').expect("`<id PORT>` is closed");
        let node = Port::parse(port).and_then(|port| pair.simulated.node(port));
        out += before;
        out += &node.unwrap_or_else(|| panic!("there is no node {port}")).id().to_string();
        rest = after;
    }
    out + rest
}

/// Does a step on both; the two sides, if they differ.
pub fn compare(pair: &mut Pair, step: &Step) -> Option<[String; 2]> {
    let [real, simulated] = pair.both(step).map(|said| shown(step, said));
    (real != simulated).then_some([real, simulated])
}

/// What is said of a step, masked and on the wire, a line for each.
pub fn shown(step: &Step, said: Vec<Said>) -> String {
    let call = call_of(step);
    let lines: Vec<String> = said.into_iter().map(|one| one.shown(call)).collect();
    lines.join("\n")
}

/// How much of each node's log has been compared.
#[derive(Default)]
struct Logs {
    seen: BTreeMap<Port, [usize; 2]>,
}

impl Logs {
    /// The kinds of lines that were logged since the last time, if they differ; the first time
    /// only tells where to begin.
    fn compare(&mut self, pair: &Pair, ports: &[Port]) -> Option<[String; 2]> {
        let mut sides = [String::new(), String::new()];
        for &port in ports {
            let logs = [real_log(pair, port), simulated_log(pair, port)];
            let begins = [usize::MAX; 2];
            let seen = self.seen.entry(port).or_insert(begins);
            for (index, log) in logs.iter().enumerate() {
                let mut news: Vec<&str> =
                    log[seen[index].min(log.len())..].iter().map(|l| &l[..]).collect();
                // What comes on two connections at once may come in either order.
                news.sort_unstable();
                seen[index] = log.len();
                sides[index] += &format!("{port}:\n  {}\n", news.join("\n  "));
            }
        }
        (sides[0] != sides[1]).then_some(sides)
    }
}

fn real_log(pair: &Pair, port: Port) -> Vec<String> {
    let lines = pair.real.nodes().log(port).into_iter();
    let mapped =
        lines.map(|line| pair.real.names().text_to_script(line.text.as_bytes()).into_owned());
    mapped.filter_map(|text| kind_of(&text)).collect()
}

fn simulated_log(pair: &Pair, port: Port) -> Vec<String> {
    let owner = pair.simulated.find(port).expect("the node is there");
    let lines = log_of(&pair.simulated, &pair.trace, owner, port.number());
    let texts = lines.iter().filter_map(|line| LogLine::parse(line));
    texts.filter_map(|line| kind_of(&line.text)).collect()
}

/// The nodes.conf of these nodes, as sets of lines, if they differ.
fn compare_files(pair: &Pair, ports: &[Port]) -> Option<[String; 2]> {
    let mut sides = [String::new(), String::new()];
    for &port in ports {
        let real = pair.real.nodes().file(port, NODES_CONF);
        let real = pair.real.names().text_to_script(real.as_bytes()).into_owned();
        let simulated = pair.simulated.node(port).expect("the node is there").durable().text();
        sides[0] += &format!("{port}:\n{}", nodes(&real));
        sides[1] += &format!("{port}:\n{}", nodes(&simulated));
    }
    (sides[0] != sides[1]).then_some(sides)
}
