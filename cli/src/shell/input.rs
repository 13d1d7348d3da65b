//! Where the shell's lines come from: a person at a terminal, or a file or pipe.
//!
//! Lines from a pipe are printed behind their prompts, so that the output reads as a transcript.

use std::io::{self, BufRead, Write};

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{CompletionType, Config, Editor};

use super::complete::Assistant;
use super::sitting::{Reply, Sitting, Then};
use crate::failure::Failure;
use crate::terminal::{Terminal, harmless};

type LineEditor = Editor<Assistant, MemHistory>;

pub enum Input {
    Terminal(Box<LineEditor>),
    Pipe {
        /// How many lines were wrong.
        wrong: usize,
    },
}

pub enum Read {
    Line(String),
    /// The person took their line back.
    Nothing,
    End,
}

impl Input {
    pub fn terminal() -> Result<Input, Failure> {
        let config = Config::builder().completion_type(CompletionType::List).build();
        let mut editor = Editor::with_history(config, MemHistory::new()).map_err(unreadable)?;
        editor.set_helper(Some(Assistant::new(Terminal::stdout().colour)));
        Ok(Input::Terminal(Box::new(editor)))
    }

    pub fn pipe() -> Input {
        Input::Pipe { wrong: 0 }
    }

    pub fn is_terminal(&self) -> bool {
        matches!(self, Input::Terminal(_))
    }

    pub fn read(&mut self, sitting: &Sitting) -> Result<Read, Failure> {
        match self {
            Input::Terminal(editor) => read_terminal(editor, sitting),
            Input::Pipe { .. } => read_pipe(&sitting.prompt()),
        }
    }

    /// Takes note of what a line gave.
    pub fn note(&mut self, reply: &Reply) {
        match self {
            Input::Pipe { wrong } if reply.then == Then::Mend => *wrong += 1,
            Input::Pipe { .. } | Input::Terminal(_) => {}
        }
    }

    /// After the last line.
    pub fn end(self) -> Result<(), Failure> {
        match self {
            Input::Pipe { wrong } if wrong > 0 => {
                let lines = if wrong == 1 { "line was" } else { "lines were" };
                Err(Failure::new(format!("{wrong} {lines} wrong; see `error:` in the output")))
            }
            Input::Pipe { .. } | Input::Terminal(_) => Ok(()),
        }
    }
}

fn read_terminal(editor: &mut LineEditor, sitting: &Sitting) -> Result<Read, Failure> {
    if let Some(assistant) = editor.helper_mut() {
        assistant.learn(sitting.ports(), sitting.clients());
    }
    match editor.readline(&sitting.prompt()) {
        Ok(line) => {
            // A history that is full, or the same line again, is nobody's concern.
            let _ = editor.add_history_entry(line.as_str());
            Ok(Read::Line(line))
        }
        Err(ReadlineError::Interrupted) => Ok(Read::Nothing),
        Err(ReadlineError::Eof) => Ok(Read::End),
        Err(error) => Err(unreadable(error)),
    }
}

fn unreadable(error: ReadlineError) -> Failure {
    Failure::new(format!("the terminal could not be read: {error}; try a pipe instead"))
}

fn read_pipe(prompt: &str) -> Result<Read, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_until(b'\n', &mut bytes);
    let read = read.map_err(|error| Failure::new(format!("the input cannot be read: {error}")))?;
    if read == 0 {
        return Ok(Read::End);
    }
    let Ok(line) = String::from_utf8(bytes) else {
        return Err(Failure::new("a line of the input is no UTF-8 text; write \\xNN for bytes"));
    };
    let line = line.trim();
    writeln!(io::stdout().lock(), "{}", format!("{prompt}{}", harmless(line)).trim_end())?;
    Ok(Read::Line(line.to_owned()))
}
