//! `hashslot run LESSON`: plays a lesson in the terminal; or a run that was saved or recorded.
//!
//! The player (in core) plays the lesson; this shows what it does and asks the person. `item` is
//! what can be shown, `screen` how, `learner` who answers, `play` the conversation,
//! `questions` its predictions and quizzes; `recorded` plays a run.

mod item;
mod learner;
mod play;
mod questions;
mod recorded;
mod screen;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use clap::Parser;
use hashslot_core::lab::LINK_LEAD;
use hashslot_core::lesson::{Lesson, render_all};

use crate::failure::Failure;
use crate::lessons::{self, LessonParser};
use crate::terminal::Terminal;
use learner::Learner;
use play::Play;
use screen::Screen;

const EXAMPLES: &str = "\
Examples:
  hashslot run 8                     by its number in the course
  hashslot run a-master-dies         by its name
  hashslot run my-lesson.md          from a file
  hashslot run 8 --no-input | less   all of it, with the right answers
  hashslot run 8 --json              for programs, one JSON object a line
  hashslot run record.session        a run that was saved or recorded, to its end

While it plays, Enter goes on and q leaves. Wherever it waits you may type lines of your own:
  $ beliefs 7000    or    7000> CLUSTER INFO
The lesson waits meanwhile: what you do happens on a branch of your own.

Exit codes:
  0  played, or left
  1  the lesson has mistakes, which are shown with their places; or the run ended differently
  2  there is no such lesson; or the file is no run that can be read";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct RunArgs {
    /// Name or number of a lesson, or its file; or the file of a run
    #[arg(value_name = "LESSON", value_parser = LessonParser, hide_possible_values = true)]
    lesson: OsString,
    /// Play to the end without asking; so it is, too, when standard input is no terminal
    #[arg(long)]
    no_input: bool,
    /// Print one JSON object a line, without asking
    #[arg(long)]
    json: bool,
}

pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let found = lessons::find(&args.lesson)?;
    if found.bytes.starts_with(LINK_LEAD.as_bytes()) {
        let name = &found.name;
        return Err(Failure::usage(format!(
            "{name} is a lab that was saved on the page: drop it there, or save the run there for \
             the command line"
        )));
    }
    if recorded::is_run(&found) {
        let form = if args.json { recorded::Form::Json } else { recorded::Form::Text };
        return recorded::play(&found, form);
    }
    let lesson = Lesson::parse_bytes(&found.name, &found.bytes).map_err(|mistakes| {
        eprint!("{}", render_all(&mistakes, Terminal::stderr().colour));
        Failure::Shown
    })?;
    let screen = match args.json {
        true => Screen::Json,
        false => Screen::text(Terminal::stdout()),
    };
    let is_alone = args.no_input || args.json || !io::stdin().is_terminal();
    let learner = if is_alone { Learner::Nobody } else { Learner::at_terminal() };
    Play::new(Arc::new(lesson), learner, screen).play()
}
