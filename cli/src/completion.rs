//! `hashslot completion SHELL`: prints the script that makes a shell complete our commands.

use std::io;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::args::Args;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  hashslot completion bash > ~/.local/share/bash-completion/completions/hashslot
  hashslot completion fish > ~/.config/fish/completions/hashslot.fish
  hashslot completion zsh > \"${fpath[1]}/_hashslot\"";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct CompletionArgs {
    /// The shell to complete for
    shell: Shell,
}

pub fn run(args: &CompletionArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "hashslot", &mut script);
    io::Write::write_all(&mut io::stdout(), &script)?;
    Ok(())
}
