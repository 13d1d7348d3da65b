//! How far a replay is, for a person who waits: one line on standard error, if it is a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use hashslot::compare::{Pace, lines_of};
use hashslot_core::lesson::Lesson;
use hashslot_core::world::step::Line;

use crate::terminal::{Ink, Terminal, harmless};

pub struct Progress {
    is_shown: bool,
    terminal: Terminal,
    lessons: usize,
    begun: usize,
    lines: usize,
    done: usize,
}

impl Progress {
    pub fn new(lessons: usize) -> Progress {
        let (is_shown, terminal) = (io::stderr().is_terminal(), Terminal::stderr());
        Progress { is_shown, terminal, lessons, begun: 0, lines: 0, done: 0 }
    }

    pub fn begin(&mut self, lesson: &Arc<Lesson>, pace: Pace) {
        self.begun += 1;
        self.done = 0;
        if self.is_shown {
            self.lines = lines_of(lesson, pace).len();
            self.show(&format!("{}: the nodes are started", lesson.front.title));
        }
    }

    /// A line is about to be done.
    pub fn line(&mut self, line: usize, action: &Line) {
        self.done += 1;
        let place = if line == 0 { String::new() } else { format!("line {line}: ") };
        let (done, lines) = (self.done, self.lines);
        self.show(&format!("{done}/{lines}  {place}{action}"));
    }

    pub fn end(&self) {
        self.write("");
    }

    fn show(&self, text: &str) {
        let lesson = format!("lesson {}/{}  ", self.begun, self.lessons);
        let room = self.terminal.width.saturating_sub(lesson.len() + 1);
        let text: String = harmless(text).chars().take(room).collect();
        self.write(&format!("{}{text}", self.terminal.paint(Ink::Dim, &lesson)));
    }

    fn write(&self, text: &str) {
        if self.is_shown {
            // Who does not see how far it is may still read the report.
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
            let _ = io::stderr().flush();
        }
    }
}
