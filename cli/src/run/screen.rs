//! Where a lesson is shown: as text for a person, or as JSON Lines for a program.

use std::io::{self, Write};

use hashslot_core::words::Span;

use super::item::{
    CounterRun, Event, Item, Other, Prediction, Prose, Question, QuizVerdict, Verdict,
};
use crate::news;
use crate::prose;
use crate::terminal::{Ink, Terminal, harmless};

pub enum Screen {
    Text {
        terminal: Terminal,
        /// Whether the last line belongs to a transcript.
        is_in_lab: bool,
    },
    Json,
}

impl Screen {
    pub fn text(terminal: Terminal) -> Screen {
        Screen::Text { terminal, is_in_lab: false }
    }

    pub fn show(&mut self, item: &Item) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self {
            Screen::Json => {
                serde_json::to_writer(&mut out, item)?;
                writeln!(out)
            }
            Screen::Text { terminal, is_in_lab } => {
                if *is_in_lab && !item.is_of_lab() {
                    writeln!(out)?;
                }
                *is_in_lab = item.is_of_lab();
                for line in (Text { terminal }).lines(item) {
                    writeln!(out, "{line}")?;
                }
                out.flush()
            }
        }
    }

    /// Asks for a line; nothing where nobody reads.
    pub fn prompt(&self, text: &str) -> io::Result<()> {
        let Screen::Text { terminal, .. } = self else { return Ok(()) };
        let mut out = io::stdout().lock();
        write!(out, "{} ", terminal.paint(Ink::Emphasis, text))?;
        out.flush()
    }

    /// Says a sentence to the person; nothing where nobody reads.
    pub fn say(&self, text: &str) -> io::Result<()> {
        let Screen::Text { terminal, .. } = self else { return Ok(()) };
        let mut out = io::stdout().lock();
        for line in prose::sentence(text, terminal, "  ") {
            writeln!(out, "{line}")?;
        }
        writeln!(out)
    }
}

/// What a person reads.
struct Text<'a> {
    terminal: &'a Terminal,
}

impl Text<'_> {
    fn lines(&self, item: &Item) -> Vec<String> {
        match item {
            Item::Lesson { title, about, minutes, .. } => self.title(title, about, *minutes),
            Item::Prose { text, .. } => ended(prose::lines(&text.0, self.terminal)),
            Item::Step { text, .. } => vec![self.step(text)],
            Item::Printed { lines } => self.printed(lines),
            Item::Event(event) => self.event(event),
            Item::Look { sight, lines, .. } => self.look(sight, lines),
            Item::Prediction(prediction) => self.prediction(prediction),
            Item::Verdict(verdict) => self.verdict(verdict),
            Item::CounterRun(counter) => self.counter(counter),
            Item::Quiz(question) => self.quiz(question),
            Item::QuizVerdict(verdict) => self.quiz_verdict(verdict),
            Item::Finding(found) => ended(vec![found.render(self.terminal.colour)]),
            Item::End { elapsed_us, digest, findings } => self.end(*elapsed_us, digest, *findings),
        }
    }

    fn title(&self, title: &str, about: &str, minutes: u32) -> Vec<String> {
        let terminal = self.terminal;
        let length = format!("About {minutes} minutes.");
        let mut lines = vec![terminal.paint(Ink::Dim, &format!("Lesson: {}", harmless(title)))];
        let about = prose::sentence(&format!("{about} {length}"), terminal, "");
        lines.extend(about.iter().map(|line| terminal.paint(Ink::Dim, line)));
        ended(lines)
    }

    fn step(&self, text: &str) -> String {
        format!("    {}", self.terminal.paint(Ink::Strong, &harmless(text)))
    }

    fn printed(&self, lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| format!("    {}", harmless(line))).collect()
    }

    fn event(&self, event: &Event) -> Vec<String> {
        let clock = news::clock(Span::from_micros(event.elapsed_us));
        let ink = if event.is_moment { Ink::Plain } else { Ink::Dim };
        let first = format!("      {clock}  ");
        let other = " ".repeat(first.len());
        let lines = prose::hanging(&event.text, self.terminal, &first, &other);
        lines.iter().map(|line| self.terminal.paint(ink, line)).collect()
    }

    /// What can only be pointed at is on no terminal.
    fn look(&self, sight: &str, lines: &[String]) -> Vec<String> {
        if lines.is_empty() {
            return Vec::new();
        }
        let mut shown = vec![self.terminal.paint(Ink::Dim, &format!("    look: {sight}"))];
        for line in lines {
            shown.extend(prose::hanging(line, self.terminal, "      ", "        "));
        }
        ended(shown)
    }

    fn prediction(&self, prediction: &Prediction) -> Vec<String> {
        let mut lines = prose::paragraph(&prediction.question.0, self.terminal, "? ", "  ");
        lines.extend([String::new(), self.step(&prediction.step), String::new()]);
        for (index, option) in prediction.options.iter().enumerate() {
            lines.extend(option.iter().enumerate().map(|(row, text)| match row {
                0 => format!("  {}  {}", index + 1, harmless(text)),
                _ => format!("     {}", harmless(text)),
            }));
        }
        ended(lines)
    }

    fn verdict(&self, verdict: &Verdict) -> Vec<String> {
        let mut lines = self.printed(&verdict.got);
        lines.push(String::new());
        lines.push(match (verdict.chosen, verdict.right) {
            (_, None) => {
                self.terminal.paint(Ink::Bad, "  No option says so: a mistake of the lesson.")
            }
            (None, Some(right)) => format!("  The answer is {right}."),
            (Some(chosen), Some(right)) if chosen == right => {
                self.terminal.paint(Ink::Good, &format!("  Yes, {right} it is."))
            }
            (Some(chosen), Some(right)) => {
                self.terminal.paint(Ink::Bad, &format!("  Not {chosen}: it is {right}."))
            }
        });
        for other in &verdict.others {
            lines.extend(self.other(other));
        }
        ended(lines)
    }

    fn other(&self, other: &Other) -> Vec<String> {
        let first = format!("  {}  ", other.option);
        let mut lines = Vec::new();
        if let Some(never) = &other.never {
            let first = format!("{first}never: ");
            lines.extend(prose::paragraph(&never.0, self.terminal, &first, "     "));
        }
        if !other.counter.is_empty() {
            let text = format!("would be right after: {}", other.counter.join(", then "));
            lines.extend(prose::hanging(&text, self.terminal, &first, "     "));
        }
        lines
    }

    fn counter(&self, counter: &CounterRun) -> Vec<String> {
        let mut lines =
            vec![format!("  What if? From the moment of the question, for {}:", counter.option)];
        lines.push(String::new());
        let (question, before) = counter.steps.split_last().unzip();
        lines.extend(before.unwrap_or_default().iter().map(|step| self.step(step)));
        lines.extend(counter.events.iter().flat_map(|event| self.event(event)));
        lines.extend(question.map(|step| self.step(step)));
        lines.extend(self.printed(&counter.got));
        lines.push(String::new());
        lines.push(match counter.came_true {
            true => {
                self.terminal.paint(Ink::Good, &format!("  There, {} is right.", counter.option))
            }
            false => {
                self.terminal.paint(Ink::Bad, "  It does not come true: a mistake of the lesson.")
            }
        });
        ended(lines)
    }

    fn quiz(&self, question: &Question) -> Vec<String> {
        let mut lines = prose::paragraph(&question.question.0, self.terminal, "? ", "  ");
        lines.push(String::new());
        for (index, Prose(option)) in question.options.iter().enumerate() {
            let first = format!("  {}  ", index + 1);
            lines.extend(prose::paragraph(option, self.terminal, &first, "     "));
        }
        ended(lines)
    }

    fn quiz_verdict(&self, verdict: &QuizVerdict) -> Vec<String> {
        let right: Vec<String> = verdict.right.iter().map(usize::to_string).collect();
        let right = right.join(" and ");
        let mut lines = vec![match (&verdict.chosen, verdict.is_right) {
            (None, _) => format!("  The answer is {right}."),
            (Some(_), true) => self.terminal.paint(Ink::Good, &format!("  Yes: {right}.")),
            (Some(_), false) => self.terminal.paint(Ink::Bad, &format!("  No: it is {right}.")),
        }];
        let texts = verdict.feedback.iter().chain([&verdict.explanation]);
        for Prose(text) in texts.filter(|text| !text.0.nodes.is_empty()) {
            lines.extend(prose::paragraph(text, self.terminal, "  ", "  "));
        }
        ended(lines)
    }

    fn end(&self, elapsed_us: u64, digest: &str, findings: usize) -> Vec<String> {
        let clock = news::clock(Span::from_micros(elapsed_us));
        let text = format!("The end, at {clock} of simulated time; digest {digest}.");
        let mut lines = vec![self.terminal.paint(Ink::Dim, &text)];
        if findings > 0 {
            let text = format!("The run and the lesson disagree in {findings} places.");
            lines.push(self.terminal.paint(Ink::Bad, &text));
        }
        lines
    }
}

fn ended(mut lines: Vec<String>) -> Vec<String> {
    lines.push(String::new());
    lines
}
