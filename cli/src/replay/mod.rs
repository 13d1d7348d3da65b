//! `hashslot replay LESSON --on TARGET`: the same lesson on a real cluster, compared.
//!
//! `target` opens what was named, `progress` shows how far it is, `output` writes the reports. What
//! is compared and how stands in `hashslot::compare`.

mod output;
mod progress;
mod target;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Parser, ValueEnum, ValueHint};
use hashslot::compare::{Outcome, Pace, Report};
use hashslot::live::{Fault, TargetKind};
use hashslot_core::lesson::{Lesson, render_all};

use crate::failure::Failure;
use crate::lessons::{self, Found, LessonParser};
use crate::terminal::Terminal;
use output::Output;
use progress::Progress;
pub use target::On;

const EXAMPLES: &str = "\
Examples:
  hashslot replay 8                                  on redis-server processes of its own
  hashslot replay 8 --fast                           with a node-timeout of one second
  hashslot replay 8 --on docker                      in containers of a Docker engine
  hashslot replay my-lesson.md --report json
  hashslot replay docs/lessons/en --fast --report html --output report.html
  hashslot replay 3 --on 10.0.0.5:6379               on a cluster that exists
  hashslot replay 9 --on 10.0.0.5:6379 --allow-faults failover

The lesson is played on a real cluster once and on simulated ones with many seeds. What the real one
does and no simulated one is a difference: the report names the first, both sides, and the rule of
docs/FIDELITY.md that it is likely about.

On HOST:PORT only a reviewed list of commands is sent, keys are renamed within their slots and
removed at the end, and what changes the cluster needs --allow-faults.

Environment:
  HASHSLOT_REDIS_SERVER             another redis-server than the one on the PATH
  DOCKER_HOST                       another Docker engine than that of this machine
  HASHSLOT_USER, HASHSLOT_PASSWORD  for HOST:PORT; never on the command line

Exit codes:
  0    equal, or each difference is explained
  1    different
  2    it could not be played, or not all of it
  130  broken off by Ctrl-C; all that was started is gone, unless --keep was said";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// Lessons: names, numbers, files or folders
    #[arg(value_name = "LESSON", required = true, value_parser = LessonParser,
          hide_possible_values = true)]
    lessons: Vec<OsString>,
    /// On what: `processes`, `docker`, or HOST:PORT of a node of a cluster that exists
    #[arg(long, value_name = "TARGET", default_value = "processes")]
    on: On,
    /// Play with a node-timeout of one second, on both sides; not on HOST:PORT
    #[arg(long)]
    fast: bool,
    /// On docker: what the containers are made of, any image with a redis-server; else redis:7.0.15
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Leave the nodes running at the end, until `hashslot clean`; not on HOST:PORT
    #[arg(long)]
    keep: bool,
    /// On HOST:PORT: changes of the cluster that the lesson may make: failover, slots, membership,
    /// pause
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    allow_faults: Vec<Fault>,
    /// On HOST:PORT: the file whose first line is the password
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    password_file: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value = "text", value_name = "FORM")]
    report: Form,
    /// Write the report to this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For a person
    Text,
    /// For programs: one JSON object a line, one for each lesson
    Json,
    /// For a browser: one page that needs nothing else
    Html,
}

pub fn run(args: &ReplayArgs) -> Result<(), Failure> {
    refuse_what_has_no_effect(args)?;
    let mut found = Vec::new();
    for name in &args.lessons {
        found.extend(lessons::find_all(name)?);
    }
    let lessons: Vec<Arc<Lesson>> = found.iter().map(read).collect::<Result<_, _>>()?;
    let mut output = Output::open(args.report, args.output.as_deref())?;
    target::end_on_ctrl_c(&args.on)?;
    let mut progress = Progress::new(lessons.len());
    let mut worst = Outcome::Equal;
    for lesson in &lessons {
        let report = replay(lesson, args, &mut progress)?;
        worst = worse(worst, report.outcome);
        output.add(report)?;
    }
    output.end()?;
    match worst {
        Outcome::Equal => Ok(()),
        Outcome::Different => Err(Failure::Shown),
        Outcome::Incomplete => Err(Failure::Unable),
    }
}

/// An option that would be silently ignored is a mistake.
fn refuse_what_has_no_effect(args: &ReplayArgs) -> Result<(), Failure> {
    let is_existing = matches!(args.on, On::Existing(_));
    let is_docker = args.on == On::Stage(TargetKind::Docker);
    let (own, existing) = ("nodes that hashslot starts", "a cluster that exists, --on HOST:PORT");
    let options = [
        (args.fast && is_existing, "--fast", own),
        (args.keep && is_existing, "--keep", own),
        (!args.allow_faults.is_empty() && !is_existing, "--allow-faults", existing),
        (args.password_file.is_some() && !is_existing, "--password-file", existing),
        (args.image.is_some() && !is_docker, "--image", "containers, --on docker"),
    ];
    match options.into_iter().find(|(is_in_vain, ..)| *is_in_vain) {
        Some((_, option, place)) => {
            let on = &args.on;
            Err(Failure::usage(format!("{option} is for {place}; leave it out with --on {on}")))
        }
        None => Ok(()),
    }
}

fn read(found: &Found) -> Result<Arc<Lesson>, Failure> {
    let lesson = Lesson::parse_bytes(&found.name, &found.bytes);
    lesson.map(Arc::new).map_err(|mistakes| {
        eprint!("{}", render_all(&mistakes, Terminal::stderr().colour));
        Failure::usage(format!("{} has mistakes: mend them, then replay it", found.name))
    })
}

fn replay(
    lesson: &Arc<Lesson>,
    args: &ReplayArgs,
    progress: &mut Progress,
) -> Result<Report, Failure> {
    let written = lesson.front.cluster.node_timeout;
    let pace = if args.fast { Pace::fast(written) } else { Pace::as_written(written) };
    progress.begin(lesson, pace);
    let report = target::replay(lesson, pace, args, progress);
    progress.end();
    report
}

fn worse(one: Outcome, other: Outcome) -> Outcome {
    let rank = |outcome| match outcome {
        Outcome::Equal => 0,
        Outcome::Incomplete => 1,
        Outcome::Different => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}
