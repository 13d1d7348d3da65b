//! `hashslot run FILE` of a run: one that was saved, or recorded with real clients. It is played to
//! its end, and its digest is compared with the one that stands there.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use hashslot_core::words::Span;
use hashslot_core::world::Level;
use hashslot_core::world::session::{Budget, Ending, Loader, Progress, Session};
use serde::Serialize;

use crate::failure::Failure;
use crate::lessons::Found;

/// How a run begins.
const LEAD: &[u8] = b"hashslot session";
/// A longer text is not read.
const BYTES_MAX: usize = 1 << 30;
/// How many times as long as in the page a run may last.
const PATIENCE: u64 = 100;
/// How often a person is told how far it is.
const TOLD_EVERY: Duration = Duration::from_millis(200);

/// For whom the report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

/// What became of a run that was played.
#[derive(Debug, Serialize)]
struct Report<'a> {
    file: &'a str,
    elapsed_us: u64,
    inputs: usize,
    digest: String,
    /// The one that the file says, if its end is there.
    digest_in_file: Option<String>,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Same,
    Different,
    /// The end of the file is missing: its writer was killed.
    Unfinished,
}

/// Whether a file is a run, and no lesson.
pub fn is_run(found: &Found) -> bool {
    found.bytes.starts_with(LEAD)
}

/// Plays a run.
pub fn play(found: &Found, form: Form) -> Result<(), Failure> {
    let name = &found.name;
    if found.bytes.len() > BYTES_MAX {
        return Err(Failure::usage(format!("{name} has more than 1 GiB: record a shorter run")));
    }
    let text = std::str::from_utf8(&found.bytes)
        .map_err(|_| Failure::usage(format!("{name} is no UTF-8 text: record the run again")))?;
    let (session, ending) =
        play_to_end(text).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let report = report(name, &session, ending);
    let mut out = io::stdout().lock();
    match form {
        Form::Json => writeln!(out, "{}", serde_json::to_string(&report)?)?,
        Form::Text => tell(&report, &mut out)?,
    }
    match report.verdict {
        Verdict::Same | Verdict::Unfinished => Ok(()),
        Verdict::Different => Err(Failure::Shown),
    }
}

fn play_to_end(text: &str) -> Result<(Session, Ending), String> {
    let time_max = |nodes| Session::node_time_max(nodes) * PATIENCE;
    let mut loader = Loader::new(text, Level::Off, Budget::default(), time_max)
        .map_err(|error| error.to_string())?;
    let is_shown = io::stderr().is_terminal();
    let mut told = Instant::now();
    loop {
        match loader.play_some().map_err(|error| error.to_string())? {
            Progress::Left(left) if is_shown && told.elapsed() > TOLD_EVERY => {
                told = Instant::now();
                let percent = 100 * (text.len() - left) / text.len().max(1);
                let elapsed = short(loader.session().world().elapsed());
                // Who does not see how far it is may still read the report.
                let _ = write!(io::stderr(), "\r\x1b[K{percent} %, {elapsed} of virtual time");
            }
            Progress::Left(_) => {}
            Progress::Ended(ending) => {
                if is_shown {
                    let _ = write!(io::stderr(), "\r\x1b[K");
                }
                return Ok((loader.into_session(), ending));
            }
        }
    }
}

fn report<'a>(file: &'a str, session: &Session, ending: Ending) -> Report<'a> {
    let hex = |digest: u64| format!("{digest:016x}");
    let digest = hex(session.digest());
    let (verdict, digest_in_file) = match ending {
        Ending::Same => (Verdict::Same, Some(digest.clone())),
        Ending::Differs { said } => (Verdict::Different, Some(hex(said))),
        Ending::Missing => (Verdict::Unfinished, None),
    };
    let elapsed_us = session.world().elapsed().micros();
    let inputs = session.branch().script().len();
    Report { file, elapsed_us, inputs, digest, digest_in_file, verdict }
}

fn tell(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let Report { file, inputs, digest, digest_in_file, .. } = report;
    let length = short(Span::from_micros(report.elapsed_us));
    writeln!(out, "{file}: {length} of virtual time, {inputs} entries, digest {digest}")?;
    match (report.verdict, digest_in_file) {
        (Verdict::Same, _) => writeln!(out, "The same digest as in the file."),
        (Verdict::Different, Some(other)) => writeln!(
            out,
            "The file says {other}: this version of hashslot plays the run differently, or the \
             file was changed. Play it with the version that wrote it."
        ),
        (Verdict::Different | Verdict::Unfinished, _) => writeln!(
            out,
            "The last line of the file is missing, as when whoever wrote it was killed: it was \
             played as far as it goes."
        ),
    }
}

/// A duration for people.
fn short(span: Span) -> String {
    let tenths = span.millis() / 100;
    match tenths {
        ..600 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} min {} s", tenths / 600, tenths % 600 / 10),
    }
}
