//! Watching a served cluster: one that real clients use while people look at it.
//!
//! The problem: the cluster belongs to nobody who looks at it, and looking must not hold it up. The
//! idea: a watcher has snapshots. While the present is shown (*live*), each new snapshot takes the
//! place of the one before; who goes to the past keeps the snapshot at hand (*behind*), so that it
//! is a past like any other: read-only, with branches of the watcher's own beside it, that touch
//! nobody. Going live again throws these away.
//!
//! The rule for a front end, for each ask: if [`Lab::wants_snapshot`] says so, hand the newest one
//! in ([`Lab::refresh`]) first; if [`Lab::is_for_served`] says so, let the served cluster do it,
//! hand in the snapshot after that, and answer with [`Lab::did`]; everything else goes to
//! [`Lab::handle`] as ever.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::deeds::Deeds;
use super::link::Opened;
use super::player::Player;
use super::shown::Place;
use super::{Ask, Desk, Lab, Response};
use crate::words::{Span, Time};
use crate::world::session::Session;
use crate::world::step::{ClientName, Line};

/// How a served cluster is, besides what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    pub clock: Clock,
    /// How many hundredths of a virtual second go by in a real one.
    pub speed_percent: u32,
    /// How many connections real clients have.
    pub clients: u32,
}

/// Whether the time of a served cluster goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    Running,
    Paused,
}

/// What a watcher is told of the served cluster beside the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub view: Watched,
    pub served: Served,
    /// How far the served cluster is, whatever is shown.
    pub present: Span,
}

/// Which moments a watcher is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// The present, whatever it is.
    Live,
    /// The past, up to the snapshot at hand.
    Behind,
}

/// The newest snapshot of a served cluster.
pub(super) struct Snapshot {
    session: Session,
    served: Served,
}

const TITLE: &str = "A cluster that is served";
const TEXT: &str = "Real clients talk to this cluster while you look at it. What you do at the \
                    present happens to them. Go back, and what you try there is yours alone.";
const NOT_SERVED: &str = "no cluster is served here: start one with `hashslot serve --redis`";

impl Lab {
    /// A lab of somebody who watches a served cluster.
    pub fn watching(session: Session, served: Served) -> Lab {
        let served = Some(Snapshot { session, served });
        Lab { served, ..Lab::default() }
    }

    /// Whether an ask is answered from the newest snapshot.
    pub fn wants_snapshot(&self, ask: &Ask) -> bool {
        let is_live = || self.desk.as_ref().is_some_and(Desk::is_live);
        self.served.is_some() && (matches!(ask, Ask::Watch | Ask::Live) || is_live())
    }

    /// Whether the served cluster itself is to do what is asked.
    pub fn is_for_served(&self, ask: &Ask) -> bool {
        let is_live = self.desk.as_ref().is_some_and(Desk::is_live);
        match ask {
            Ask::Clock { .. } => self.served.is_some(),
            Ask::Do { line } => is_live && matches!(Line::parse(line), Ok(Line::Step(_))),
            _ => false,
        }
    }

    /// Takes a newer snapshot in; it is shown unless the watcher is in the past.
    pub fn refresh(&mut self, session: Session, served: Served) {
        if let Some(desk) = &mut self.desk {
            let present = session.ends_at();
            match desk.watch {
                Some(Watching { view: Watched::Live, .. }) => desk.renew(session.clone(), served),
                Some(Watching { view: Watched::Behind, .. }) => {
                    desk.watch = Some(Watching { view: Watched::Behind, served, present });
                }
                None => {}
            }
        }
        self.served = Some(Snapshot { session, served });
    }

    /// The answer after the served cluster did what was asked, and a snapshot of that was handed
    /// in: what it printed, or why it did not.
    pub fn did(&mut self, id: u64, ask: &Ask, done: Result<Vec<String>, String>) -> Response {
        let answer = match (&mut self.desk, done) {
            (_, Err(hint)) => Answer::Refused { hint },
            (None, Ok(_)) => Answer::Refused { hint: "watch the cluster first".to_owned() },
            (Some(desk), Ok(printed)) => {
                let shown = Box::new(desk.shown(&self.eyes));
                match ask {
                    Ask::Do { .. } => Answer::Did { printed, cli_at: desk.cli_at(), shown },
                    _ => Answer::Shown(shown),
                }
            }
        };
        Response { id, answer }
    }

    /// Opens the served cluster, live.
    pub(super) fn watch(&mut self) -> Answer {
        let Some(Snapshot { session, served }) = &self.served else {
            return Answer::Refused { hint: NOT_SERVED.to_owned() };
        };
        self.eyes.by = None;
        let at = session.ends_at();
        let mut desk = Desk {
            opened: Opened::Text { file: String::new(), source: String::new() },
            player: Player::of_session(session.clone(), TITLE, TEXT),
            place: Place { position: None, at },
            before: None,
            moments: Vec::new(),
            deeds: Deeds::default(),
            idle_until: None,
            watch: Some(Watching { view: Watched::Live, served: *served, present: at }),
        };
        desk.show_present();
        let answer = desk.opened(&self.eyes, None);
        self.desk = Some(desk);
        answer
    }

    /// Goes back to the present of the served cluster.
    pub(super) fn go_live(&mut self) -> Answer {
        let (Some(desk), Some(Snapshot { session, served })) = (&mut self.desk, &self.served)
        else {
            return Answer::Refused { hint: NOT_SERVED.to_owned() };
        };
        if desk.watch.is_none() {
            return Answer::Refused { hint: "watch the cluster first".to_owned() };
        }
        desk.renew(session.clone(), *served);
        desk.before = None;
        Answer::Shown(Box::new(desk.shown(&self.eyes)))
    }

    /// The answer to asks that a watcher cannot have done here.
    pub(super) fn not_watching(&self, ask: &Ask) -> Option<Answer> {
        let hint = match ask {
            Ask::Clock { .. } if self.served.is_none() => NOT_SERVED,
            Ask::Clock { .. } => "the clock of the served cluster is set where it is served",
            Ask::Open { .. } | Ask::OpenText { .. } if self.served.is_some() => {
                "only the served cluster is shown here: open lessons in the page itself"
            }
            _ => return None,
        };
        Some(Answer::Refused { hint: hint.to_owned() })
    }
}

/// What a desk knows of the served cluster that lies on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watching {
    view: Watched,
    served: Served,
    /// Where the newest snapshot ends.
    present: Time,
}

impl Desk {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.watch, Some(Watching { view: Watched::Live, .. }))
    }

    /// Shows the present of a newer snapshot. The first run of it is that of the one before, longer
    /// by what has happened since, so its moments are read on from there.
    fn renew(&mut self, session: Session, served: Served) {
        let present = session.ends_at();
        let before = Place { at: self.place.at.min(present), ..self.place };
        let known = self.player.session().branches()[0].trace().len();
        self.player.replace_session(session);
        self.moments.truncate(1);
        let position = self.news_since(known).or(self.place.position);
        self.place = Place { position, at: present };
        self.before = (before.at < present && self.is_live()).then_some(before);
        self.watch = Some(Watching { view: Watched::Live, served, present });
    }

    /// What a watcher may not ask at all, or what leaves the present.
    pub(super) fn prepare_to_watch(&mut self, ask: &Ask) -> Option<Answer> {
        let watching = self.watch.as_mut()?;
        match ask {
            Ask::Link => {
                let hint = "a served cluster is in no link: save the run as a file instead";
                return Some(Answer::Refused { hint: hint.to_owned() });
            }
            // Time passes by itself; nobody is asked to wait for it.
            Ask::PlayOn if watching.view == Watched::Live => return None,
            Ask::Do { line } if watching.view == Watched::Live => {
                let is_step = matches!(Line::parse(line), Ok(Line::Step(_)));
                let hint = "the served cluster is to do this, and nobody asked it to";
                return is_step.then(|| Answer::Refused { hint: hint.to_owned() });
            }
            Ask::Step { .. } | Ask::Seek { .. } | Ask::ShowEvent { .. } | Ask::Pass { .. } => {
                watching.view = Watched::Behind;
            }
            _ => {}
        }
        None
    }

    pub(super) fn live(&self) -> Option<Live> {
        let Watching { view, served, present } = self.watch?;
        Some(Live { view, served, present: present.since(self.origin()) })
    }

    /// The node at which the following client stands.
    pub(super) fn cli_at(&self) -> u16 {
        let world = self.player.session().world();
        let cli = world.client(&ClientName::Cli);
        cli.map_or(world.setup().first_port, |(_, client)| client.at().port())
    }
}

#[cfg(test)]
mod tests;
