//! The laboratory: one person, one lesson, one simulated cluster.
//!
//! A front end that is far away (a page and its worker, a socket) speaks to a [`Lab`] in numbered
//! requests and responses that serde can carry; it never touches the simulation itself. The lab
//! plays the lesson on a [`Session`](crate::world::Session) and remembers what is *shown*: a moment
//! in the past up to the present, to which the stage, the sentence and the clock belong.
//!
//! - `ask` and `answer`: what can be asked and answered; `player`: the lesson on the session;
//! - `time`: the shown moment moves; `shown`: what is to be seen there; `eyes`: by whom;
//! - `deeds` and `link`: the lab as a text; `opening`: a lab from a text; `watch`: the lab of who
//!   watches a cluster that is served to real clients;
//! - `transcript`: what a line of a lesson prints; `inspect`: answers to `$ events`, `$ why` and
//!   such; `shelf`: the lessons that come with the program.

mod answer;
mod ask;
mod deeds;
mod eyes;
mod inspect;
mod link;
mod opening;
mod player;
mod shelf;
mod shown;
mod time;
mod transcript;
mod watch;

pub use answer::{
    Answer, Arrow, Exchanged, Lane, LessonState, Mark, Reason, Response, Shelved, Shown,
};
pub use ask::{Ask, Request};
pub use inspect::inspect;
pub use link::LEAD as LINK_LEAD;
pub use player::{Pause, Player};
pub use shelf::{SHELF, Shelf};
pub use transcript::{perform, printed, setup_of};
pub use watch::{Clock, Live, Served, Watched};

use deeds::Deeds;
use eyes::Eyes;
use link::Opened;
use shown::Place;
use watch::{Snapshot, Watching};

use crate::lesson::Observation;
use crate::view::{self, Moments, Names};
use crate::words::{ActorId, Time};
use crate::world::step::Port;

/// A lesson being played, and the moment that is shown.
#[derive(Default)]
pub struct Lab {
    desk: Option<Desk>,
    eyes: Eyes,
    /// The served cluster, for those who watch one.
    served: Option<Snapshot>,
}

/// What lies open.
struct Desk {
    opened: Opened,
    player: Player,
    place: Place,
    /// The place that was shown before, if this one follows on it.
    before: Option<Place>,
    /// The moments of each branch.
    moments: Vec<Moments>,
    deeds: Deeds,
    /// The end of a minute in which nothing happened.
    idle_until: Option<Time>,
    /// How the cluster is watched, if it is one that is served.
    watch: Option<Watching>,
}

impl Lab {
    /// A lab in which no lesson is open.
    pub fn new() -> Lab {
        Lab::default()
    }

    /// Answers one request.
    pub fn handle(&mut self, request: Request) -> Vec<Response> {
        let id = request.id;
        vec![Response { id, answer: self.answer(request.ask) }]
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        if let Some(refused) = self.not_watching(&ask) {
            return refused;
        }
        match ask {
            Ask::Version => Answer::Version { version: env!("CARGO_PKG_VERSION").to_owned() },
            Ask::Lessons => Answer::Lessons(SHELF.iter().map(Shelf::describe).collect()),
            Ask::Watch => self.watch(),
            Ask::Live => self.go_live(),
            Ask::Open { lesson } => self.open_shelved(&lesson),
            Ask::OpenText { file, source } => self.open_text(&file, &source),
            other => match &mut self.desk {
                Some(desk) => desk.answer(other, &mut self.eyes),
                None => Answer::Refused { hint: "open a lesson first".to_owned() },
            },
        }
    }
}

impl Desk {
    fn answer(&mut self, ask: Ask, eyes: &mut Eyes) -> Answer {
        if let Some(refused) = self.prepare_to_watch(&ask) {
            return refused;
        }
        let past = self.past();
        let answer = self.do_it(&ask, eyes);
        if !matches!(answer, Answer::Refused { .. }) && self.watch.is_none() {
            self.deeds.note(&ask, past);
        }
        answer
    }

    fn do_it(&mut self, ask: &Ask, eyes: &mut Eyes) -> Answer {
        // Of a present that goes on by itself, what is shown follows on what was shown.
        if !(*ask == Ask::Show && self.is_live()) {
            self.before = None;
        }
        match ask {
            Ask::Continue => return self.tell_runner(Observation::Seen, eyes),
            Ask::Choose { option } => return self.tell_runner(Observation::Chosen(*option), eyes),
            Ask::ChooseAll { options } => {
                return self.tell_runner(Observation::ChosenAll(options.clone()), eyes);
            }
            Ask::WhatIf { option } => return self.tell_runner(Observation::WhatIf(*option), eyes),
            Ask::Do { line } => return self.do_line(line, eyes),
            Ask::BackToLesson => {
                self.player.back_to_lesson();
                self.show_present();
            }
            Ask::Switch { branch } | Ask::Drop { branch } => {
                let is_drop = matches!(ask, Ask::Drop { .. });
                if let Err(hint) = self.change_branch(*branch, is_drop) {
                    return Answer::Refused { hint };
                }
            }
            Ask::Step { direction, filter } => self.step(*direction, *filter),
            Ask::Seek { elapsed } => self.seek(*elapsed),
            Ask::ShowEvent { position } => self.show_event(*position),
            Ask::Pass { span } => self.pass(*span),
            Ask::PlayOn if self.is_live() => {}
            Ask::PlayOn => self.play_on(),
            Ask::See { by } => {
                let port = by.and_then(Port::new);
                if let Some(port) = port.filter(|&port| self.actor(port.number()).is_none()) {
                    return no_node(port.number());
                }
                eyes.by = port;
            }
            Ask::ShowTraffic { traffic } => eyes.traffic = *traffic,
            Ask::Show => {}
            question => return self.look_up(question, eyes),
        }
        Answer::Shown(Box::new(self.shown(eyes)))
    }

    /// The answers to questions that change nothing.
    fn look_up(&self, ask: &Ask, eyes: &Eyes) -> Answer {
        let session = self.player.session();
        let (world, trace) = (session.world(), session.trace());
        let names = Names::of(world);
        let stage = || shown::stage(world, eyes);
        match ask {
            Ask::Why { position } => self.why(&names, Some(*position)),
            Ask::WhyNode { node } => match self.actor(*node) {
                Some(owner) => self.why(&names, view::why_node(trace, owner, self.until())),
                None => no_node(*node),
            },
            Ask::WhyBelief { by, of } => match (self.actor(*by), self.actor(*of)) {
                (Some(one), Some(other)) => {
                    let found = view::why_belief(trace, &names, (one, other), self.until());
                    self.why(&names, found)
                }
                (Some(_), None) => no_node(*of),
                (None, _) => no_node(*by),
            },
            Ask::Beliefs => Answer::Beliefs(view::beliefs(world)),
            Ask::Events { kinds, of, text } => {
                let filter = (*kinds, of.as_deref(), text.as_str());
                let here = self.until().saturating_sub(1);
                Answer::Events(view::event_list(trace, &names, world.origin(), here, filter))
            }
            Ask::Slots => Answer::Slots(view::slot_map(world, &stage())),
            Ask::Writes => {
                let here = self.until().saturating_sub(1);
                Answer::Writes(view::writes(world, trace, &view::stage(world), here))
            }
            Ask::Link if self.opened.carried_bytes() > link::OPENED_MAX => {
                let hint = "this run is too long for a link: share the file that it came from";
                Answer::Refused { hint: hint.to_owned() }
            }
            Ask::Link => Answer::Link { text: link::write(&self.saved()) },
            Ask::SaveRun => {
                let file = format!("{}.session", session.branch().name().replace(' ', "-"));
                match session.save() {
                    Ok(text) => Answer::Saved { file, text },
                    Err(error) => Answer::Refused { hint: error.to_string() },
                }
            }
            _ => Answer::Refused { hint: "this cannot be asked of an open lesson".to_owned() },
        }
    }

    /// The chain behind an event. No event is no reason.
    fn why(&self, names: &Names, position: Option<usize>) -> Answer {
        let trace = self.player.session().trace();
        let origin = self.player.session().world().origin();
        let tell = |position| view::tell(trace, position, origin, names);
        let chain = position.map(|position| view::why(trace, names, position));
        let reason = |because: &view::Because| {
            let also = because.also.iter().filter_map(|&also| tell(also)).collect();
            let rule = trace.get(because.position).and_then(view::rule_of).map(str::to_owned);
            Some(Reason { told: tell(because.position)?, rule, also })
        };
        Answer::Why(chain.iter().flatten().filter_map(reason).collect())
    }

    fn actor(&self, node: u16) -> Option<ActorId> {
        Port::new(node).and_then(|port| self.player.session().world().find(port))
    }

    /// Tells the runner what the learner did, and plays on to the next pause. What is shown stays
    /// where it was: the page follows at its own pace.
    fn tell_runner(&mut self, observation: Observation, eyes: &Eyes) -> Answer {
        self.player.seek_present();
        let told = self.player.tell(observation);
        if told.is_ok() {
            self.player.play_to_pause();
        }
        self.player.seek(self.place.at);
        match told {
            Ok(()) => Answer::Shown(Box::new(self.shown(eyes))),
            Err(hint) => Answer::Refused { hint },
        }
    }

    fn do_line(&mut self, line: &str, eyes: &Eyes) -> Answer {
        match self.player.do_line(line) {
            Err(error) => Answer::Refused { hint: format!("{error}; {}", error.help) },
            Ok(printed) => {
                let cli_at = self.cli_at();
                self.player.seek(self.place.at);
                Answer::Did { printed, cli_at, shown: Box::new(self.shown(eyes)) }
            }
        }
    }

    fn change_branch(&mut self, branch: usize, is_drop: bool) -> Result<(), String> {
        match is_drop {
            true => {
                self.player.drop_branch(branch)?;
                self.moments.remove(branch);
            }
            false => self.player.switch(branch)?,
        }
        self.show_present();
        Ok(())
    }

    /// Everything that the page draws at the moment that is shown.
    fn shown(&mut self, eyes: &Eyes) -> Shown {
        self.read_moments();
        let mut shown = shown::shown(&self.player, &self.moments, eyes, self.place, self.before);
        let end = self.player.session().ends_at();
        shown.live = self.live();
        if shown.live.is_some() {
            // A cluster that is served for days has more moments than anybody can see.
            keep_last(&mut shown.marks, WATCHED_MARKS_MAX);
            shown.lanes.iter_mut().for_each(|it| keep_last(&mut it.moments, WATCHED_MARKS_MAX));
        }
        shown.is_idle = shown.is_present && self.idle_until == Some(end);
        shown
    }

    fn read_moments(&mut self) {
        let branches = self.player.session().branches();
        self.moments.resize_with(branches.len(), Moments::default);
        for (branch, moments) in branches.iter().zip(&mut self.moments) {
            moments.read(branch.trace());
        }
    }

    /// How many events there were up to what is shown.
    fn until(&self) -> usize {
        let trace = self.player.session().trace();
        self.place.position.map_or_else(|| trace.at(self.place.at), |position| position + 1)
    }

    fn origin(&self) -> Time {
        self.player.session().world().origin()
    }
}

/// So many moments of a served cluster are shown.
const WATCHED_MARKS_MAX: usize = 60;

fn keep_last<T>(all: &mut Vec<T>, count: usize) {
    all.drain(..all.len().saturating_sub(count));
}

fn no_node(port: u16) -> Answer {
    Answer::Refused { hint: format!("there is no node {port}") }
}
