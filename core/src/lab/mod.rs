//! The laboratory: one person, one lesson, one simulated cluster.
//!
//! A front end that is far away (a page and its worker, a socket) speaks to a [`Lab`] in numbered
//! requests and responses that serde can carry; it never touches the simulation itself. The lab
//! plays the lesson on a [`Session`](crate::world::Session) and remembers what is *shown*: a moment
//! in the past up to the present, to which the stage, the sentence and the clock belong.
//!
//! - `request`: what can be asked and answered; `player`: the lesson on the session;
//! - `transcript`: what a line of a lesson prints; `inspect`: answers to `$ events`, `$ why` and
//!   such;
//! - `shelf`: the lessons that come with the program.

mod inspect;
mod player;
mod request;
mod shelf;
mod transcript;

pub use inspect::inspect;
pub use player::{Pause, Player};
pub use request::{
    Answer, Arrow, Ask, Exchanged, LessonState, Mark, Reason, Request, Response, Shelved, Shown,
};
pub use shelf::{SHELF, Shelf};
pub use transcript::{perform, setup_of};

use crate::lesson::{Colour, Lesson, Observation};
use crate::view::{self, Direction, Filter, Names, Sentence};
use crate::words::{Span, Time};

/// A lesson being played, and the moment that is shown.
pub struct Lab {
    player: Option<Player>,
    /// The position of the event that is shown; nothing before the first.
    position: Option<usize>,
    /// The moment that is shown.
    shown_at: Time,
}

impl Default for Lab {
    fn default() -> Self {
        Lab::new()
    }
}

impl Lab {
    /// A lab in which no lesson is open.
    pub fn new() -> Lab {
        Lab { player: None, position: None, shown_at: Time::ZERO }
    }

    /// Answers one request.
    pub fn handle(&mut self, request: Request) -> Vec<Response> {
        let id = request.id;
        vec![Response { id, answer: self.answer(request.ask) }]
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Version => Answer::Version { version: env!("CARGO_PKG_VERSION").to_owned() },
            Ask::Lessons => Answer::Lessons(SHELF.iter().map(Shelf::describe).collect()),
            Ask::Open { lesson } => self.open_shelved(&lesson),
            Ask::OpenText { file, source } => self.open(&file, &source),
            other => self.answer_in_lesson(other),
        }
    }

    fn open_shelved(&mut self, id: &str) -> Answer {
        match SHELF.iter().find(|shelved| shelved.id == id) {
            Some(shelved) => self.open(shelved.file, shelved.source),
            None => {
                let known: Vec<&str> = SHELF.iter().map(|shelved| shelved.id).collect();
                Answer::Refused {
                    hint: format!("no lesson is called {id}; there are {}", known.join(", ")),
                }
            }
        }
    }

    fn open(&mut self, file: &str, source: &str) -> Answer {
        match Lesson::parse(file, source) {
            Err(diagnostics) => {
                let text = diagnostics.iter().map(|found| found.render(Colour::Plain));
                Answer::Broken { diagnostics: text.collect() }
            }
            Ok(lesson) => {
                let player = Player::new(lesson.into());
                self.shown_at = player.session().world().now();
                self.position = None;
                let lesson = player.lesson().clone();
                self.player = Some(player);
                self.settle();
                Answer::Opened { lesson, shown: Box::new(self.shown()) }
            }
        }
    }

    fn answer_in_lesson(&mut self, ask: Ask) -> Answer {
        if self.player.is_none() {
            return Answer::Refused { hint: "open a lesson first".to_owned() };
        }
        match ask {
            Ask::Continue => self.tell_runner(Observation::Seen),
            Ask::Choose { option } => self.tell_runner(Observation::Chosen(option)),
            Ask::ChooseAll { options } => self.tell_runner(Observation::ChosenAll(options)),
            Ask::WhatIf { option } => self.tell_runner(Observation::WhatIf(option)),
            Ask::Do { line } => self.do_line(&line),
            Ask::BackToLesson => {
                self.with_player(Player::back_to_lesson);
                self.show_present();
                self.answer_shown()
            }
            Ask::Step { direction, filter } => {
                self.step(direction, filter);
                self.answer_shown()
            }
            Ask::Seek { elapsed } => {
                self.seek(elapsed);
                self.answer_shown()
            }
            Ask::ShowEvent { position } => {
                self.show_event(position);
                self.answer_shown()
            }
            Ask::Run { span } => {
                self.run(span);
                self.answer_shown()
            }
            Ask::Show => self.answer_shown(),
            Ask::Why { position } => self.why(position),
            Ask::Beliefs => {
                self.read(|player| Answer::Beliefs(view::beliefs(player.session().world())))
            }
            Ask::Version | Ask::Lessons | Ask::Open { .. } | Ask::OpenText { .. } => {
                Answer::Refused { hint: "this needs no lesson".to_owned() }
            }
        }
    }

    /// Tells the runner what the learner did, and plays on to the next pause.
    fn tell_runner(&mut self, observation: Observation) -> Answer {
        let Some(player) = &mut self.player else { return self.answer_shown() };
        player.seek_present();
        if let Err(hint) = player.tell(observation) {
            return Answer::Refused { hint };
        }
        self.settle();
        self.answer_shown()
    }

    /// Plays what needs nobody until the runner waits for somebody; what is shown stays where it
    /// was, unless nothing is left to be shown before the present.
    fn settle(&mut self) {
        self.with_player(|player| player.play_to_pause());
        self.seek_shown();
    }

    fn do_line(&mut self, line: &str) -> Answer {
        let Some(player) = &mut self.player else { return self.answer_shown() };
        match player.do_line(line) {
            Ok(_) => self.answer_shown(),
            Err(error) => Answer::Refused { hint: format!("{error}; {}", error.help) },
        }
    }

    /// Shows the next (or previous) event that the filter lets through; forward of the last one,
    /// the present.
    fn step(&mut self, direction: Direction, filter: Filter) {
        let Some(player) = &mut self.player else { return };
        let session = player.session();
        let trace = session.trace();
        let here = self.position.unwrap_or_else(|| trace.at(self.shown_at).saturating_sub(1));
        let moments = view::moments(trace, trace.start(), trace.len());
        let is_shown = |position: usize, event: &crate::world::event::Event| match filter {
            Filter::News => view::is_news(event),
            Filter::Moments => moments.iter().any(|&(at, _)| at == position),
        };
        match view::next_shown(trace, here, direction, is_shown) {
            Some(position) => self.show_event(position),
            None if direction == Direction::Forward => self.show_present(),
            None => {
                self.position = None;
                self.shown_at = session.world().origin();
                self.seek_shown();
            }
        }
    }

    fn show_event(&mut self, position: usize) {
        let Some(player) = &self.player else { return };
        let Some(event) = player.session().trace().get(position) else { return };
        self.position = Some(position);
        self.shown_at = event.at;
        self.seek_shown();
    }

    fn seek(&mut self, elapsed: Span) {
        let Some(player) = &self.player else { return };
        let session = player.session();
        let at = session.world().origin() + elapsed;
        self.shown_at = at.min(session.ends_at());
        let trace = session.trace();
        let before = trace.at(self.shown_at + Span::from_micros(1));
        let news = |&position: &usize| trace.get(position).is_some_and(view::is_news);
        self.position = (trace.start()..before).rev().find(news);
        self.seek_shown();
    }

    /// Lets time pass in the present, on a branch of the learner's if the lesson has its own plans.
    fn run(&mut self, span: Span) {
        self.with_player(|player| player.run(span));
        self.show_present();
    }

    fn show_present(&mut self) {
        let Some(player) = &mut self.player else { return };
        player.seek_present();
        let trace = player.session().trace();
        let news = |&position: &usize| trace.get(position).is_some_and(view::is_news);
        self.position = (trace.start()..trace.len()).rev().find(news);
        self.shown_at = player.session().ends_at();
    }

    fn seek_shown(&mut self) {
        let at = self.shown_at;
        self.with_player(|player| player.seek(at));
    }

    fn with_player(&mut self, f: impl FnOnce(&mut Player)) {
        if let Some(player) = &mut self.player {
            f(player);
        }
    }

    fn read(&self, f: impl FnOnce(&Player) -> Answer) -> Answer {
        match &self.player {
            Some(player) => f(player),
            None => Answer::Refused { hint: "open a lesson first".to_owned() },
        }
    }

    fn why(&self, position: usize) -> Answer {
        self.read(|player| {
            let trace = player.session().trace();
            let names = Names::of(player.session().world());
            let chain = trace.get(position).map(|event| view::why(trace, &names, event.id));
            let origin = player.session().world().origin();
            let reason = |because: &view::Because| {
                let position = trace.position(because.event)?;
                let told = view::tell(trace, position, origin, &names)?;
                Some(Reason { told, also: because.also.iter().map(Sentence::english).collect() })
            };
            Answer::Why(chain.iter().flatten().filter_map(reason).collect())
        })
    }

    fn answer_shown(&self) -> Answer {
        match &self.player {
            Some(_) => Answer::Shown(Box::new(self.shown())),
            None => Answer::Refused { hint: "open a lesson first".to_owned() },
        }
    }

    /// Everything that the page draws at the moment that is shown.
    fn shown(&self) -> Shown {
        let player = self.player.as_ref().expect("a lesson is open");
        request::shown(player, self.position, self.shown_at)
    }
}
