//! The `hashslot` binary: reads the command line, runs one command, and gives its exit code.
//!
//! One command is one file, or one folder. A command gives `Ok` or a `Failure`: a sentence that
//! says what went wrong and what to do. Only this file ends the process.

mod args;
mod clean;
mod completion;
mod ctl;
mod lessons;
mod news;
mod prose;
#[cfg(unix)]
mod replay;
mod run;
mod shell;
mod slot;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::Parser;
use hashslot::{failure, serve};

use args::{Args, Command};
use failure::{Failure, INTERRUPTED};

/// It could not be done, or the command line not be understood; clap gives the same.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.command {
        None => serve::run(&args.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Ctl(ctl)) => ctl::run(&ctl),
        Some(Command::Run(run)) => run::run(&run),
        Some(Command::Test(test)) => test::run(&test),
        #[cfg(unix)]
        Some(Command::Replay(replay)) => replay::run(&replay),
        Some(Command::Shell(shell)) => shell::run(&shell),
        Some(Command::Clean(clean)) => clean::run(&clean),
        Some(Command::Slot(slot)) => slot::run(&slot),
        Some(Command::Completion(completion)) => completion::run(&completion),
    };
    match outcome {
        Ok(()) | Err(Failure::Left) => ExitCode::SUCCESS,
        Err(Failure::Shown) => ExitCode::FAILURE,
        Err(Failure::Unable) => ExitCode::from(USAGE),
        Err(Failure::Interrupted) => {
            eprintln!("hashslot: broken off; all that was started is gone");
            ExitCode::from(INTERRUPTED)
        }
        Err(Failure::Said(sentence)) => {
            eprintln!("hashslot: {sentence}");
            ExitCode::FAILURE
        }
        Err(Failure::Usage(sentence)) => {
            eprintln!("hashslot: {sentence}");
            ExitCode::from(USAGE)
        }
    }
}
