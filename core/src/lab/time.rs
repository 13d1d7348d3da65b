//! Time as the learner moves through it: the place that is shown goes back and forth over what has
//! happened, and past the present time is made to pass.

use super::Desk;
use super::shown::Place;
use crate::view::{self, Direction, Filter};
use crate::words::{Span, Time};

/// How long a cluster is left alone before the learner is told that nothing will happen by itself.
const PATIENCE_S: u32 = 60;

impl Desk {
    /// The moment of the past that is shown; nothing if it is the present.
    pub(super) fn past(&self) -> Option<Span> {
        let is_past = self.place.at < self.player.session().ends_at();
        is_past.then(|| self.place.at.since(self.origin()))
    }

    /// Shows the next (or previous) event that the filter lets through; forward of the last one,
    /// the present; back of the first one, the beginning.
    pub(super) fn step(&mut self, direction: Direction, filter: Filter) {
        self.read_moments();
        let session = self.player.session();
        let trace = session.trace();
        let moments = &self.moments[session.current()];
        let is_shown = |position: usize, event: &crate::world::event::Event| match filter {
            Filter::News => view::is_news(event),
            Filter::Story => moments.is_story(position),
            Filter::Moments => moments.is_moment(position),
        };
        let found = match (direction, self.place.position) {
            // Between two events, the one that was last shown as news lies behind.
            (_, Some(here)) => view::next_shown(trace, here, direction, is_shown),
            (Direction::Forward, None) => {
                let mut later = self.until()..trace.len();
                later.find(|&at| trace.get(at).is_some_and(|event| is_shown(at, event)))
            }
            (Direction::Back, None) => None,
        };
        match found {
            Some(position) => self.show_event(position),
            None if direction == Direction::Forward => self.show_present(),
            None => {
                let at = self.origin();
                self.go(Place { position: None, at });
            }
        }
    }

    pub(super) fn show_event(&mut self, position: usize) {
        if let Some(event) = self.player.session().trace().get(position) {
            let at = event.at;
            self.go(Place { position: Some(position), at });
        }
    }

    /// Shows a moment, with the last news before it.
    pub(super) fn seek(&mut self, elapsed: Span) {
        let at = self.origin() + elapsed;
        let at = at.min(self.player.session().ends_at());
        let position = self.news_before(at);
        self.go(Place { position, at });
    }

    /// Shows a moment as it was shown before: with this event, or with none, as far as there is
    /// one by then.
    pub(super) fn show_place(&mut self, elapsed: Span, position: Option<usize>) {
        let session = self.player.session();
        let at = (self.origin() + elapsed).min(session.ends_at());
        let is_past =
            |&found: &usize| session.trace().get(found).is_some_and(|event| event.at <= at);
        let position = position.filter(is_past);
        self.go(Place { position, at });
        self.before = None;
    }

    pub(super) fn show_present(&mut self) {
        self.seek(Span::MAX);
    }

    /// Moves on through what is known already, at most to the next moment.
    pub(super) fn pass(&mut self, span: Span) {
        self.read_moments();
        let session = self.player.session();
        let until = (self.place.at + span).min(session.ends_at());
        let first = self.until();
        let next = self.moments[session.current()].all().iter().find(|&&(at, _)| at >= first);
        let next = next.map(|&(position, _)| position);
        let is_due = |&position: &usize| {
            session.trace().get(position).is_some_and(|event| event.at <= until)
        };
        match next.filter(is_due) {
            Some(position) => self.show_event(position),
            None => {
                let position = self.news_before(until);
                self.go(Place { position, at: until });
            }
        }
    }

    /// Lets time pass after the present, until there is a moment, or for a minute. What is shown
    /// stays: the page follows at its own pace.
    pub(super) fn play_on(&mut self) {
        self.read_moments();
        self.player.leave_lesson("time passes");
        self.read_moments();
        let known = self.moments[self.player.session().current()].count();
        for _ in 0..PATIENCE_S {
            self.player.run(Span::from_secs(1));
            self.read_moments();
            if self.moments[self.player.session().current()].count() > known {
                self.player.seek(self.place.at);
                return;
            }
        }
        self.idle_until = Some(self.player.session().ends_at());
        self.player.seek(self.place.at);
    }

    /// The last event up to a moment that a person is shown.
    fn news_before(&self, at: Time) -> Option<usize> {
        let trace = self.player.session().trace();
        let before = trace.at(at + Span::from_micros(1));
        let is_news = |&position: &usize| trace.get(position).is_some_and(view::is_news);
        (trace.start()..before).rev().find(is_news)
    }

    /// The last event from a position on that a person is shown.
    pub(super) fn news_since(&self, position: usize) -> Option<usize> {
        let trace = self.player.session().trace();
        let is_news = |&position: &usize| trace.get(position).is_some_and(view::is_news);
        (position.max(trace.start())..trace.len()).rev().find(is_news)
    }

    /// Shows a place, or the first moment that there is if that was forgotten.
    fn go(&mut self, place: Place) {
        let at = place.at.max(self.player.session().begins_at());
        let place = Place { at, ..place };
        self.before = (self.place.at < place.at).then_some(self.place);
        self.place = place;
        self.player.seek(place.at);
    }
}
