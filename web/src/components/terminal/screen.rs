//! What stands on the terminal: the lines that were typed and printed, what is being typed, and
//! what was wrong with it.

use std::rc::Rc;

use hashslot_core::world::step::Line;
use yew::prelude::*;

use super::history::History;
use super::speaker::{Completion, Speaker, help};
use crate::lab::Answer;

/// So many lines stay.
const LINES_MAX: usize = 1_000;

/// A line on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Counts up, so that a row can be known again.
    pub number: usize,
    pub prompt: Option<String>,
    pub text: AttrValue,
}

/// Something that is wrong with what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    pub message: String,
    /// The line as it was read, and marks below the place; nothing if the place is not known.
    pub place: Option<(String, String)>,
}

#[derive(Clone, Default, PartialEq)]
pub struct Screen {
    pub rows: Vec<Row>,
    pub typed: AttrValue,
    pub speaker: Speaker,
    /// Where the following client stands; nothing before it was used.
    pub follower_at: Option<u16>,
    pub mistake: Option<Mistake>,
    pub is_waiting: bool,
    count: usize,
    history: History,
    completion: Option<Completion>,
}

pub enum Deed {
    Type(String),
    Speak(Speaker),
    Complete(Rc<Vec<u16>>),
    Older,
    Newer,
    /// Forgets what is being typed.
    Cancel(u16),
    Clear,
    /// An empty line was entered.
    Blank(String),
    /// The line was entered, behind this prompt; what follows is printed when it is there.
    Enter(String),
    /// A word of the terminal's own.
    Help(String, String),
    Wrong(Mistake),
    Heard(Answer),
    /// Another lesson: another cluster.
    Reset,
}

impl Reducible for Screen {
    type Action = Deed;

    fn reduce(self: Rc<Self>, deed: Deed) -> Rc<Self> {
        let mut screen = (*self).clone();
        if !matches!(deed, Deed::Complete(_)) {
            screen.completion = None;
        }
        match deed {
            Deed::Type(text) => {
                screen.typed = text.into();
                screen.mistake = None;
            }
            Deed::Speak(speaker) => {
                screen.speaker = speaker;
                screen.mistake = None;
            }
            Deed::Complete(ports) => screen.complete(&ports),
            Deed::Older => {
                if let Some(line) = screen.history.older(&self.typed) {
                    screen.typed = line.into();
                }
            }
            Deed::Newer => {
                if let Some(line) = screen.history.newer() {
                    screen.typed = line.into();
                }
            }
            Deed::Cancel(first) => {
                let prompt = screen.prompt(first);
                screen.push(Some(prompt), format!("{}^C", self.typed));
                screen.typed = AttrValue::default();
                screen.mistake = None;
            }
            Deed::Clear => {
                screen.rows.clear();
                screen.typed = AttrValue::default();
            }
            Deed::Blank(prompt) => screen.push(Some(prompt), ""),
            Deed::Enter(prompt) => {
                screen.enter(prompt);
                screen.is_waiting = true;
            }
            Deed::Help(prompt, name) => {
                screen.enter(prompt);
                help(&name).into_iter().for_each(|line| screen.push(None, line));
            }
            Deed::Wrong(mistake) => screen.mistake = Some(mistake),
            Deed::Heard(answer) => screen.hear(answer),
            Deed::Reset => screen.follower_at = None,
        }
        Rc::new(screen)
    }
}

impl Screen {
    /// The prompt of who speaks; `first` is where a client that was never used begins.
    pub fn prompt(&self, first: u16) -> String {
        self.speaker.prompt(self.follower_at.unwrap_or(first))
    }

    fn push(&mut self, prompt: Option<String>, text: impl Into<AttrValue>) {
        self.rows.push(Row { number: self.count, prompt, text: text.into() });
        self.count += 1;
        let surplus = self.rows.len().saturating_sub(LINES_MAX);
        self.rows.drain(..surplus);
    }

    fn enter(&mut self, prompt: String) {
        let line = std::mem::take(&mut self.typed);
        self.history.add(line.trim());
        self.push(Some(prompt), line);
        self.mistake = None;
    }

    fn complete(&mut self, ports: &[u16]) {
        match &mut self.completion {
            Some(completion) => completion.next(),
            None => self.completion = Completion::begin(&self.speaker, &self.typed, ports),
        }
        if let Some(completion) = &self.completion {
            self.typed = completion.line().to_owned().into();
        }
    }

    fn hear(&mut self, answer: Answer) {
        self.is_waiting = false;
        match answer {
            Answer::Did { printed, cli_at, .. } => {
                self.follower_at = Some(cli_at);
                // What is printed may have several lines.
                let lines = printed.iter().flat_map(|text| text.split('\n'));
                lines.for_each(|line| self.push(None, line.to_owned()));
            }
            Answer::Refused { hint } => {
                // It was a line, and could not be done: it comes back to be mended.
                let line = self.rows.pop().map(|row| row.text).unwrap_or_default();
                self.typed = line;
                self.mistake = Some(Mistake { message: hint, place: None });
            }
            _ => {}
        }
    }
}

/// What is wrong with a line, as the grammar reads it.
pub fn mistake_in(line: &str) -> Option<Mistake> {
    let error = Line::parse(line).err()?;
    let marks = format!(
        "{}{}",
        " ".repeat(error.column.saturating_sub(1)),
        "^".repeat(error.length.max(1))
    );
    let message = format!("{}; {}", error.message, error.help);
    Some(Mistake { message, place: Some((line.to_owned(), marks)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Ask, Lab, Request};

    fn after(screen: Rc<Screen>, deed: Deed) -> Rc<Screen> {
        screen.reduce(deed)
    }

    fn texts(screen: &Screen) -> Vec<&str> {
        screen.rows.iter().map(|row| row.text.as_str()).collect()
    }

    #[test]
    fn the_prompt_follows_the_following_client() {
        let mut lab = Lab::default();
        let mut ask = |ask: Ask| lab.handle(Request { id: 1, ask }).remove(0).answer;
        ask(Ask::Open { lesson: "a-master-dies".to_owned() });
        let screen = after(Rc::new(Screen::default()), Deed::Type("SET foo 1".to_owned()));
        assert_eq!(screen.prompt(7000), "127.0.0.1:7000>");
        let prompt = screen.prompt(7000);
        let screen = after(screen, Deed::Enter(prompt));
        let screen = after(screen, Deed::Heard(ask(Ask::Do { line: "> SET foo 1".to_owned() })));
        let redirected = "-> Redirected to slot [12182] located at 127.0.0.1:7002";
        assert_eq!(texts(&screen), ["SET foo 1", redirected, "OK"]);
        assert_eq!(screen.prompt(7000), "127.0.0.1:7002>");
        assert!(screen.typed.is_empty() && !screen.is_waiting);
    }

    #[test]
    fn a_wrong_line_is_not_lost() {
        let mistake = mistake_in("$ kil 7001").unwrap();
        assert_eq!(mistake.place, Some(("$ kil 7001".to_owned(), "  ^^^".to_owned())));
        assert!(mistake.message.contains("kill"), "{}", mistake.message);
        assert_eq!(mistake_in("> GET a"), None);
        let screen = after(Rc::new(Screen::default()), Deed::Type("kil 7001".to_owned()));
        let screen = after(screen, Deed::Wrong(mistake));
        assert_eq!(screen.typed, "kil 7001");
        let screen = after(screen, Deed::Enter("$".to_owned()));
        let refused = Answer::Refused { hint: "it cannot be done".to_owned() };
        let screen = after(screen, Deed::Heard(refused));
        assert!(screen.typed == "kil 7001" && screen.rows.is_empty() && screen.mistake.is_some());
    }

    #[test]
    fn old_lines_are_forgotten() {
        let mut screen = Screen::default();
        (0..LINES_MAX + 5).for_each(|number| screen.push(None, number.to_string()));
        assert_eq!((screen.rows.len(), screen.rows[0].number), (LINES_MAX, 5));
    }
}
