//! The terminal: whether it shows colours, and how wide it is.
//!
//! Colours are for people: they are left out in a pipe, in a file, and where NO_COLOR is set to
//! anything but nothing (<https://no-color.org>). They only repeat what the words say.

use std::env;
use std::io::{self, IsTerminal};

use hashslot_core::lesson::Colour;

/// No line of prose is longer, however wide the window is.
const WIDTH_MAX: usize = 100;
const WIDTH_MIN: usize = 30;
/// In a pipe or a file.
const WIDTH_DEFAULT: usize = 80;

/// Where text goes.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    pub colour: Colour,
    /// In columns.
    pub width: usize,
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Title,
    Strong,
    Emphasis,
    /// What one types or reads literally.
    Code,
    /// What matters less.
    Dim,
    Good,
    Bad,
}

impl Terminal {
    pub fn stdout() -> Terminal {
        Terminal::of(&io::stdout())
    }

    pub fn stderr() -> Terminal {
        Terminal::of(&io::stderr())
    }

    fn of(stream: &impl IsTerminal) -> Terminal {
        if !stream.is_terminal() {
            return Terminal { colour: Colour::Plain, width: WIDTH_DEFAULT };
        }
        let is_refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        let colour = if is_refused || is_dumb { Colour::Plain } else { Colour::Ansi };
        let window = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = window.unwrap_or(WIDTH_DEFAULT).clamp(WIDTH_MIN, WIDTH_MAX);
        Terminal { colour, width }
    }

    pub fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Title => "1;36",
            Ink::Strong => "1",
            Ink::Emphasis => "3",
            Ink::Code => "36",
            Ink::Dim => "2",
            Ink::Good => "32",
            Ink::Bad => "31",
        };
        match self.colour {
            Colour::Plain => text.to_owned(),
            Colour::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// Takes out what a terminal would obey rather than show.
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}
