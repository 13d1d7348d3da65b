//! `hashslot shell`: a prompt on a simulated cluster.
//!
//! A line is what it is in a lesson: `7000> GET k`, `> GET k`, `$ kill 7001`; the `$ ` may be left
//! out. Beside the verbs there are a few words for the past and for files (`words`). `sitting` does
//! a line, `input` reads it, `complete` helps to type it.

mod complete;
mod help;
mod input;
mod sitting;
mod words;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, ValueHint};
use hashslot_core::words::Span;
use hashslot_core::world::session::Session;
use hashslot_core::world::setup::Setup;

use crate::failure::Failure;
use input::{Input, Read};
use sitting::{Sitting, Then};

const EXAMPLES: &str = "\
Examples:
  hashslot shell                              three masters, a replica each
  hashslot shell --masters 5 --replicas 0 --seed 42
  hashslot shell --load failover.txt          go on with a saved run
  hashslot shell < steps.txt                  without a person: lines from a file

At the prompt:
  7000> SET user:1 alice      a client of node 7000, as in redis-cli
  > GET user:1                a client that follows redirects, as redis-cli -c
  kill 7001                   a verb; $ kill 7001 is the same
  run until 7004 is master    only this, and waiting for replies, lets time pass
  back 2s                     what you do in the past begins a branch
  help                        all verbs and words; help kill: one of them

Exit codes:
  0  done
  1  a line from a file or pipe was wrong, or a file could not be read
  2  the command line could not be understood";

/// As many nodes as one cluster may have.
const NODES_MAX: u32 = 1000;

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct ShellArgs {
    /// How many masters share the slots
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    masters: u16,
    /// How many replicas each master has
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10))]
    replicas: u16,
    /// cluster-node-timeout of every node, as in 5s or 1500ms
    #[arg(long, value_name = "SPAN", default_value = "5s")]
    node_timeout: Span,
    /// Of all that is random; the same seed gives the same run
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Go on with a run that `save` has written
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["masters", "replicas", "node_timeout", "seed"],
    )]
    load: Option<PathBuf>,
}

pub fn run(args: &ShellArgs) -> Result<(), Failure> {
    let mut sitting = Sitting::new(open(args)?);
    let mut input = match io::stdin().is_terminal() && io::stdout().is_terminal() {
        true => Input::terminal()?,
        false => Input::pipe(),
    };
    if input.is_terminal() {
        greet(&sitting)?;
    }
    loop {
        let line = match input.read(&sitting)? {
            Read::Line(line) => line,
            Read::Nothing => continue,
            Read::End => break,
        };
        let reply = sitting.do_line(&line);
        write_lines(&reply.lines)?;
        input.note(&reply);
        if reply.then == Then::Leave {
            break;
        }
    }
    input.end()
}

fn open(args: &ShellArgs) -> Result<Session, Failure> {
    match &args.load {
        Some(path) => load(path).map_err(Failure::Said),
        None => setup(args).map(Session::new),
    }
}

fn setup(args: &ShellArgs) -> Result<Setup, Failure> {
    let nodes = u32::from(args.masters) * (1 + u32::from(args.replicas));
    if nodes > NODES_MAX {
        let sentence = format!("{nodes} nodes are too many: a cluster has at most {NODES_MAX}");
        return Err(Failure::usage(sentence));
    }
    let (masters, replicas, seed) = (args.masters, args.replicas, args.seed);
    let mut setup = Setup { masters, replicas, seed, ..Setup::default() };
    let millis = args.node_timeout.millis().to_string();
    setup.config.set("cluster-node-timeout", &millis).map_err(Failure::Usage)?;
    Ok(setup)
}

/// Reads a saved run and plays it; the error says what to do.
fn load(path: &Path) -> Result<Session, String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| {
        format!("{shown} cannot be read: {error}; name a file that `save` wrote")
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("{shown} is no UTF-8 text; name a file that `save` wrote"))?;
    Session::load(&text).map_err(|error| format!("{shown}: {error}"))
}

fn greet(sitting: &Sitting) -> Result<(), Failure> {
    let ports = sitting.ports();
    let ends = ports.first().zip(ports.last());
    let range = ends.map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
    let count = ports.len();
    let text =
        format!("A cluster of {count} nodes{range}. Tab completes, `help` helps, `quit` leaves.");
    write_lines(&[text])
}

fn write_lines(lines: &[String]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}
