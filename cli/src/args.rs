//! The command line: what can be said, and the help for it.

use clap::{Parser, Subcommand};

use crate::clean::CleanArgs;
use crate::completion::CompletionArgs;
use crate::ctl::CtlArgs;
#[cfg(unix)]
use crate::replay::ReplayArgs;
use crate::run::RunArgs;
use crate::serve::ServeArgs;
use crate::shell::ShellArgs;
use crate::slot::SlotArgs;
use crate::test::TestArgs;

const EXAMPLES: &str = "\
Examples:
  hashslot                          open the lab in the browser
  hashslot serve --no-open          serve it, and print its address
  hashslot serve --redis            a cluster for real clients, on ports 7000 to 7005
  hashslot ctl do '$ kill 7001'     what happens to it
  hashslot run 8                    play a lesson in the terminal
  hashslot test my-lesson.md        check every claim of a lesson
  hashslot replay 8 --fast          the same lesson on real nodes, compared
  hashslot shell                    a prompt on a simulated cluster
  hashslot slot user:1234           which slot is a key in?
  hashslot completion bash          a script that completes commands

Exit codes:
  0  done
  1  failed; the reason is on standard error
  2  the command line could not be understood, or names what is not there

Colours are left out when the output is no terminal or NO_COLOR is set.";

/// A flight simulator for Redis Cluster.
///
/// Without a command it serves the lab and opens it in the browser.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the lab and open it in the browser (what happens without a command)
    Serve(ServeArgs),
    /// Speak to a cluster that `hashslot serve --redis` serves
    Ctl(CtlArgs),
    /// Play a lesson in the terminal
    Run(RunArgs),
    /// Check lessons: every step, prediction and counter-run
    Test(TestArgs),
    /// Play lessons on a real cluster and compare it with the simulator
    #[cfg(unix)]
    Replay(ReplayArgs),
    /// Open a prompt on a simulated cluster, with rewind, branches, save and load
    Shell(ShellArgs),
    /// Remove what earlier runs on real nodes have left behind
    Clean(CleanArgs),
    /// Show the hash slot of keys
    Slot(SlotArgs),
    /// Print a script that completes hashslot's commands in a shell
    Completion(CompletionArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_options_of_serve_work_without_its_name() {
        let args = Args::parse_from(["hashslot", "--no-open", "--port", "9000"]);
        assert!(args.command.is_none());
        assert_eq!(args.serve.port, Some(9000));
    }
}
