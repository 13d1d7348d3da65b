//! The `hashslot` binary: reads the command line, runs one command, and gives its exit code.
//!
//! One command is one file. A command gives `Ok` or a `Failure`: a sentence that says what went
//! wrong and what to do. Only this file ends the process.

mod args;
mod completion;
mod failure;
mod serve;
mod site;
mod slot;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.command {
        None => serve::run(&args.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Slot(slot)) => slot::run(&slot),
        Some(Command::Completion(completion)) => completion::run(&completion),
    };
    match outcome {
        Ok(()) | Err(Failure::ReaderLeft) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("hashslot: {failure}");
            ExitCode::FAILURE
        }
    }
}
