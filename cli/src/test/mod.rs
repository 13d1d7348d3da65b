//! `hashslot test`: lessons as tests.
//!
//! Every step of a lesson is played and its output compared, every prediction must have its one
//! right option, every counter-run must come true. With `--update` the expected output is rewritten
//! from the run. Results go to standard output, mistakes to standard error. `--on processes` or
//! `docker` plays them on real nodes instead, without what only the simulator can do.

mod difference;
mod live;
mod report;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use clap::{Parser, ValueEnum, ValueHint};
use hashslot_core::lab::Player;
use hashslot_core::lesson::{Diagnostic, ErrorCodes, Finding, Lesson, update};

use crate::failure::Failure;
use crate::lessons::{self, Found};
use difference::Change;
use report::{Form, Outcome, Report};

const EXAMPLES: &str = "\
Examples:
  hashslot test                            the lessons that come with the program
  hashslot test my-lesson.md               one file
  hashslot test docs/lessons/en            all *.md in a folder
  hashslot test my-lesson.md --update      rewrite the expected output from the run
  hashslot test --json                     for programs, one JSON object a line
  hashslot test 8 --on processes           on real nodes: needs redis-server 7.0
  hashslot test 8 --on docker              in containers of a Docker engine

--update prints what it changes. Lines that still match stay as they are, wildcards too. It refuses
to change an error code unless told --accept. Predictions are for the author to mend.

Exit codes:
  0  every lesson is right
  1  a lesson has a mistake, or its run differs from it
  2  a file cannot be read, or the command line could not be understood";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct TestArgs {
    /// Lessons: files, folders, names or numbers; without any, those that come with the program
    #[arg(value_name = "FILES", value_hint = ValueHint::AnyPath)]
    files: Vec<OsString>,
    /// Rewrite expected output that differs
    #[arg(long, requires = "files")]
    update: bool,
    /// With --update: change error codes, too
    #[arg(long, requires = "update")]
    accept: bool,
    /// On what the lessons are played
    #[arg(long, value_enum, default_value = "simulator", conflicts_with = "update")]
    on: On,
    /// With --on docker: what the containers are made of, any image with a redis-server; else
    /// redis:7.0.15
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// What may play a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum On {
    /// The simulated cluster
    Simulator,
    /// Real redis-server processes on this machine, at real speed
    Processes,
    /// The same in containers of a Docker engine
    Docker,
}

pub fn run(args: &TestArgs) -> Result<(), Failure> {
    if args.image.is_some() && args.on != On::Docker {
        return Err(Failure::usage("--image is for containers: say --on docker, too"));
    }
    let lessons = find(args)?;
    let form = if args.json { Form::Json } else { Form::Text };
    let codes = if args.accept { ErrorCodes::Accept } else { ErrorCodes::Keep };
    let mut report = Report::new(form, lessons.len());
    for found in &lessons {
        report.begin(&found.name)?;
        let outcome = match &found.path {
            Some(path) if args.update => rewrite(found, path, codes)?,
            _ => check(found, args.on, args.image.as_deref())?,
        };
        report.add(&found.name, outcome)?;
    }
    report.end()
}

fn find(args: &TestArgs) -> Result<Vec<Found>, Failure> {
    if args.files.is_empty() {
        return Ok(lessons::shelf());
    }
    let mut found = Vec::new();
    for name in &args.files {
        found.extend(lessons::find_all(name)?);
    }
    match found.iter().find(|found| args.update && found.path.is_none()) {
        Some(built_in) => Err(Failure::usage(format!(
            "{} comes with the program and cannot be rewritten; name a file",
            built_in.name
        ))),
        None => Ok(found),
    }
}

/// Reads a lesson and plays it as its test.
fn check(found: &Found, on: On, image: Option<&str>) -> Result<Outcome, Failure> {
    let lesson = match Lesson::parse_bytes(&found.name, &found.bytes) {
        Err(mistakes) => return Ok(Outcome::Broken(mistakes)),
        Ok(lesson) => Arc::new(lesson),
    };
    Ok(match on {
        On::Simulator => judge(&Player::test(lesson)),
        On::Processes => outcome(&lesson, &live::play_on("processes", image, &lesson)?),
        On::Docker => outcome(&lesson, &live::play_on("docker", image, &lesson)?),
    })
}

fn judge(player: &Player) -> Outcome {
    outcome(player.lesson(), player.findings())
}

fn outcome(lesson: &Lesson, found: &[Finding]) -> Outcome {
    let found: Vec<Diagnostic> = found.iter().map(|one| one.diagnostic(lesson)).collect();
    match found.is_empty() {
        true => Outcome::Passed,
        false => Outcome::Failed(found),
    }
}

/// Plays a lesson and writes what it printed into its file.
fn rewrite(found: &Found, path: &Path, codes: ErrorCodes) -> Result<Outcome, Failure> {
    let lesson = match Lesson::parse_bytes(&found.name, &found.bytes) {
        Ok(lesson) => Arc::new(lesson),
        Err(mistakes) => return Ok(Outcome::Broken(mistakes)),
    };
    let player = Player::test(Arc::clone(&lesson));
    let new = match update(&lesson, player.findings(), codes) {
        Ok(new) => new,
        Err(refused) => return Ok(Outcome::Failed(refused)),
    };
    if new == lesson.source {
        return Ok(judge(&player));
    }
    let unwritable = |error| {
        let shown = path.display();
        Failure::new(format!("{shown} cannot be written: {error}; it is as it was, or check it"))
    };
    fs::write(path, &new).map_err(unwritable)?;
    let changes = Change::between(&lesson.source, &new);
    let again = Found { name: found.name.clone(), bytes: new.into_bytes(), path: None };
    Ok(match check(&again, On::Simulator, None)? {
        Outcome::Passed => Outcome::Updated { changes, left: Vec::new() },
        Outcome::Failed(left) | Outcome::Broken(left) => Outcome::Updated { changes, left },
        updated @ Outcome::Updated { .. } => updated,
    })
}
