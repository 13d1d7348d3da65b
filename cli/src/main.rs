//! The `hashslot` binary: reads the command line, runs one command, and gives its exit code.
//!
//! One command is one file, or one folder. A command gives `Ok` or a `Failure`: a sentence that
//! says what went wrong and what to do. Only this file ends the process.

mod args;
mod completion;
mod failure;
mod lessons;
mod news;
mod prose;
mod run;
mod serve;
mod shell;
mod site;
mod slot;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;

/// The command line could not be understood; clap gives the same.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.command {
        None => serve::run(&args.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Run(run)) => run::run(&run),
        Some(Command::Test(test)) => test::run(&test),
        Some(Command::Shell(shell)) => shell::run(&shell),
        Some(Command::Slot(slot)) => slot::run(&slot),
        Some(Command::Completion(completion)) => completion::run(&completion),
    };
    match outcome {
        Ok(()) | Err(Failure::Left) => ExitCode::SUCCESS,
        Err(Failure::Shown) => ExitCode::FAILURE,
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
