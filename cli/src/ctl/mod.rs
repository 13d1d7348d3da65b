//! `hashslot ctl`: speaks to a served cluster from the command line.
//!
//! It is a client of the HTTP interface and nothing more: what it can, `curl` can. `http` has the
//! requests, `show` what people read of the answers.

mod http;
mod show;

use std::fs;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::serve::redis::speed_percent;
use http::Server;

const EXAMPLES: &str = "\
Examples:
  hashslot ctl status                  who there is, and how the clock runs
  hashslot ctl do '$ kill 7000'        what a person does at the prompt
  hashslot ctl do '7001> CLUSTER INFO'
  hashslot ctl pause                   time stands still, and clients wait
  hashslot ctl speed 10                time passes ten times as fast
  hashslot ctl events --limit 20       what happened, with positions
  hashslot ctl why 1234                why the event at that position happened
  hashslot ctl save run.session        the run so far; `hashslot run` plays it again

Environment:
  HASHSLOT_PASSWORD  the password, if the cluster has one

Exit codes:
  0  done
  1  it could not be done; the reason is on standard error
  2  the command line could not be understood";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct CtlArgs {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    to: To,
}

/// To whom, and how it is shown.
#[derive(Debug, Args)]
struct To {
    /// Where the page of the served cluster is
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:7878/")]
    #[arg(value_hint = ValueHint::Url)]
    at: String,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
    /// The file whose first line is the password
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show nodes, clock and clients
    Status,
    /// Do a line, as at the prompt of `hashslot shell`
    Do {
        /// A line, such as '$ kill 7000' or '7000> GET k'
        line: String,
    },
    /// Stop the clock; clients wait
    Pause,
    /// Let the clock run again
    Resume,
    /// Set how fast time passes
    Speed {
        /// From 0.1 to 1000 times the wall's
        #[arg(value_parser = speed_percent)]
        times: u32,
    },
    /// Show what happened
    Events {
        /// Only from this position on
        #[arg(long, value_name = "POSITION")]
        since: Option<u64>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u64,
    },
    /// Show why an event happened
    Why {
        /// As `events` shows it
        position: u64,
    },
    /// Save the run so far, for `hashslot run`
    Save {
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

pub fn run(args: &CtlArgs) -> Result<(), Failure> {
    let server = Server::new(&args.to.at, args.to.secret()?);
    let (answer, lines): (Value, fn(&Value) -> Vec<String>) = match &args.verb {
        Verb::Status => (server.get("api/status")?, show::status),
        Verb::Do { line } => (server.post("api/do", &json!({ "line": line }))?, show::printed),
        Verb::Pause => (server.post("api/clock", &json!({ "paused": true }))?, show::clock),
        Verb::Resume => (server.post("api/clock", &json!({ "paused": false }))?, show::clock),
        Verb::Speed { times } => {
            let speed = f64::from(*times) / 100.0;
            (server.post("api/clock", &json!({ "speed": speed }))?, show::clock)
        }
        Verb::Events { since, limit } => {
            let since = since.map_or(String::new(), |since| format!("since={since}&"));
            (server.get(&format!("api/events?{since}limit={limit}"))?, show::events)
        }
        Verb::Why { position } => (server.get(&format!("api/why?position={position}"))?, show::why),
        Verb::Save { file } => {
            let text = server.text("api/run")?;
            fs::write(file, &text).map_err(|error| {
                Failure::new(format!("{} cannot be written: {error}", file.display()))
            })?;
            let saved = json!({ "file": file.display().to_string(), "bytes": text.len() });
            (saved, show::saved)
        }
    };
    match args.to.json {
        true => show::print(&[serde_json::to_string(&answer)?]),
        false => show::print(&lines(&answer)),
    }
}

impl To {
    fn secret(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.password_file else {
            return Ok(std::env::var("HASHSLOT_PASSWORD").ok());
        };
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
        })?;
        Ok(Some(text.lines().next().unwrap_or("").to_owned()))
    }
}
