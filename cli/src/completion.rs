//! `hashslot completion SHELL`: prints the script that makes a shell complete our commands.

use std::io::{self, Write};

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use hashslot_core::lab::SHELF;

use crate::args::Args;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  hashslot completion bash > ~/.local/share/bash-completion/completions/hashslot
  hashslot completion fish > ~/.config/fish/completions/hashslot.fish
  hashslot completion zsh > \"${fpath[1]}/_hashslot\"

Exit codes:
  0  done
  2  the command line could not be understood";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct CompletionArgs {
    /// The shell to complete for
    shell: Shell,
}

pub fn run(args: &CompletionArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "hashslot", &mut script);
    if args.shell == Shell::Fish {
        writeln!(script, "{}", fish_lessons())?;
    }
    Ok(io::stdout().write_all(&script)?)
}

/// The names of lessons, which clap's own script for fish leaves out.
fn fish_lessons() -> String {
    let names: Vec<&str> = SHELF.iter().map(|shelved| shelved.id).collect();
    let names = names.join(" ");
    format!("complete -c hashslot -n \"__fish_seen_subcommand_from run replay\" -a \"{names}\"")
}
