//! A lab from a text: a lesson of the shelf, a lesson of the learner's own, a run that was saved,
//! or a whole lab that was shared.

use super::deeds::Deeds;
use super::link::{self, Opened, Saved};
use super::shelf::Shelf;
use super::shown::Place;
use super::{Answer, Ask, Desk, Eyes, Lab, Player, SHELF};
use crate::lesson::{Colour, Lesson};
use crate::words::Digest;
use crate::world::session::Session;

/// Nobody's doing makes a longer text.
const TEXT_MAX: usize = 8 << 20;
/// The first words of a run that was saved.
const SESSION_LEAD: &str = "hashslot session";

impl Lab {
    pub(super) fn open_shelved(&mut self, id: &str) -> Answer {
        let Some(shelved) = SHELF.iter().find(|shelved| shelved.id == id) else {
            let known: Vec<&str> = SHELF.iter().map(|shelved| shelved.id).collect();
            return Answer::Refused {
                hint: format!("no lesson is called {id}; there are {}", known.join(", ")),
            };
        };
        let opened = Opened::Shelved { id: id.to_owned(), sum: sum_of(shelved) };
        self.open(opened, shelved.file, shelved.source)
    }

    /// Opens whatever a text is.
    pub(super) fn open_text(&mut self, file: &str, source: &str) -> Answer {
        if source.len() > TEXT_MAX {
            let hint = format!(
                "{file} has {} KB: a lesson has at most 1,024 KB, a saved run {} KB; \
                 `hashslot run` plays longer ones",
                source.len() / 1024,
                TEXT_MAX / 1024
            );
            return Answer::Refused { hint };
        }
        if is_link(source) {
            return self.open_link(source);
        }
        let opened = Opened::Text { file: file.to_owned(), source: source.to_owned() };
        self.open(opened, file, source)
    }

    fn open(&mut self, opened: Opened, file: &str, source: &str) -> Answer {
        let player = match player_of(file, source) {
            Ok(player) => player,
            Err(diagnostics) => return Answer::Broken { diagnostics },
        };
        self.eyes.by = None;
        let at = player.session().world().now();
        let mut desk = Desk {
            opened,
            place: Place { position: None, at },
            before: None,
            moments: Vec::new(),
            deeds: Deeds::default(),
            idle_until: None,
            watch: None,
            player,
        };
        desk.player.play_to_pause();
        desk.player.seek(at);
        let answer = desk.opened(&self.eyes, None);
        self.desk = Some(desk);
        answer
    }

    /// Opens a lab that was shared, by doing again all that was done in it.
    fn open_link(&mut self, text: &str) -> Answer {
        let saved = match link::read(text) {
            Ok(saved) => saved,
            Err(error) => return Answer::Refused { hint: error.to_string() },
        };
        let Some(asks) = saved.deeds.asks() else {
            return Answer::Refused { hint: link::LinkError::Damaged.to_string() };
        };
        // What is open stays until all has been done again.
        let mut fresh = Lab::new();
        fresh.eyes.traffic = self.eyes.traffic;
        let opened = match &saved.opened {
            Opened::Shelved { id, .. } => fresh.open_shelved(id),
            Opened::Text { source, .. } if is_link(source) => {
                return Answer::Refused { hint: link::LinkError::Damaged.to_string() };
            }
            Opened::Text { file, source } => fresh.open_text(file, source),
        };
        let Answer::Opened { .. } = opened else { return opened };
        let Some(desk) = &mut fresh.desk else { return opened };
        let Some(refused) = desk.do_again(&asks, &mut fresh.eyes) else {
            return Answer::Refused { hint: link::LinkError::Endless.to_string() };
        };
        desk.show_place(saved.elapsed, saved.position);
        let note = desk.difference(&saved, refused);
        let answer = desk.opened(&fresh.eyes, note);
        *self = fresh;
        answer
    }
}

impl Desk {
    pub(super) fn opened(&mut self, eyes: &Eyes, note: Option<String>) -> Answer {
        let id = match &self.opened {
            Opened::Shelved { id, .. } => Some(id.clone()),
            Opened::Text { .. } => None,
        };
        let lesson = self.player.lesson().clone();
        Answer::Opened { lesson, id, shown: Box::new(self.shown(eyes)), note }
    }

    /// Does what was done; how much of it was refused, or nothing if it takes too long.
    fn do_again(&mut self, asks: &[Ask], eyes: &mut Eyes) -> Option<usize> {
        let nodes = u64::from(self.player.session().setup().nodes());
        let time_max = Session::node_time_max(nodes);
        let mut refused = 0;
        for ask in asks {
            if matches!(self.answer(ask.clone(), eyes), Answer::Refused { .. }) {
                refused += 1;
            }
            if self.player.session().time_played() > time_max {
                return None;
            }
        }
        Some(refused)
    }

    pub(super) fn saved(&self) -> Saved {
        Saved {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            opened: self.opened.clone(),
            deeds: self.deeds.clone(),
            elapsed: self.place.at.since(self.origin()),
            position: self.place.position,
            digest: self.digest(),
        }
    }

    /// The digest of the run that is shown, at its end.
    fn digest(&self) -> String {
        format!("{:016x}", self.player.session().branch().digest())
    }

    /// What is not as it was when it was shared.
    fn difference(&self, saved: &Saved, refused: usize) -> Option<String> {
        if refused == 0 && self.digest() == saved.digest {
            return None;
        }
        let (then, now) = (&saved.version, env!("CARGO_PKG_VERSION"));
        let why = match (&saved.opened, &self.opened) {
            (Opened::Shelved { sum: old, .. }, Opened::Shelved { sum: new, .. }) if old != new => {
                "the lesson was changed since"
            }
            _ if then != now => "the simulator was changed since",
            _ => "it was not made by this program",
        };
        Some(format!(
            "This link was made with hashslot {then}, and this is {now}: {why}, and what you see \
             is not all as it was."
        ))
    }
}

fn is_link(source: &str) -> bool {
    source.trim_start().starts_with(link::LEAD)
}

/// A player for a lesson, or for a run that was saved; or what is wrong with it.
fn player_of(file: &str, source: &str) -> Result<Player, Vec<String>> {
    if source.starts_with(SESSION_LEAD) {
        let session = Session::load(source).map_err(|error| vec![format!("{file}: {error}")])?;
        return Ok(Player::of_run(session));
    }
    match Lesson::parse(file, source) {
        Ok(lesson) => Player::try_new(lesson.into()).ok_or_else(|| {
            let help = "a message must arrive well within the node timeout";
            vec![format!("{file}: the cluster of this lesson does not form; {help}")]
        }),
        Err(found) => Err(found.iter().map(|found| found.render(Colour::Plain)).collect()),
    }
}

/// The checksum of a lesson's text.
fn sum_of(shelved: &Shelf) -> String {
    let mut digest = Digest::new();
    digest.bytes(shelved.source.as_bytes());
    format!("{:08x}", digest.value() as u32)
}
