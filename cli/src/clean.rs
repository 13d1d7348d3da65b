//! `hashslot clean`: removes what earlier runs on real nodes have left behind.
//!
//! A run clears up after itself. Something is left if it was told to, or was killed.

use std::io::{self, Write};

use clap::Parser;

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  hashslot clean                                          on this machine
  DOCKER_HOST=tcp://10.0.0.5:2375 hashslot clean          on another engine

What belongs to a run that goes on is left alone, and so is everything that hashslot has not made.
Each thing that is removed, or is left for a reason, is told.

Exit codes:
  0  done
  2  the command line could not be understood";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct CleanArgs {}

#[cfg(unix)]
pub fn run(_: &CleanArgs) -> Result<(), Failure> {
    let told = hashslot::live::clean();
    let mut out = io::stdout().lock();
    for line in &told {
        writeln!(out, "{line}")?;
    }
    if told.is_empty() {
        writeln!(out, "there is nothing to remove")?;
    }
    Ok(())
}

/// Real nodes are driven on Unix only, so nothing can be left of them elsewhere.
#[cfg(not(unix))]
pub fn run(_: &CleanArgs) -> Result<(), Failure> {
    writeln!(io::stdout(), "there is nothing to remove")?;
    Ok(())
}
