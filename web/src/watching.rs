//! Watching a served cluster: it goes on by itself, so the page looks at it again and again.
//!
//! A look is asked for only when the last one was answered, and only while somebody can see the
//! page; so a slow server or a hidden tab costs no more than it must. In the past nothing goes on,
//! and nothing is asked.

use gloo::timers::callback::Interval;
use gloo::utils::document;
use hashslot_core::view::Traffic;
use hashslot_core::words::Span;
use yew::prelude::*;

use crate::asker::Asker;
use crate::lab::{Ask, Served, Shown, Watched};
use crate::model::{FarEnd, Model};
use crate::worlds::{World, Worlds};

/// How often the page looks.
const LOOK_EVERY_MS: u32 = 100;

/// How the served cluster goes on, if its present is what is shown.
pub fn present(shown: &Shown) -> Option<&Served> {
    let live = shown.live.as_ref().filter(|live| live.view == Watched::Live);
    live.map(|live| &live.served)
}

/// Where a person was when the connection was lost.
#[derive(Clone, Debug, Default, PartialEq)]
struct Post {
    seen_by: Option<u16>,
    traffic: Traffic,
    /// The moment of the past that was shown.
    past: Option<Span>,
}

impl Post {
    fn of(shown: &Shown) -> Post {
        Post {
            seen_by: shown.stage.seen_by,
            traffic: shown.traffic,
            past: present(shown).is_none().then_some(shown.elapsed),
        }
    }

    /// What leads there from the present.
    fn asks(&self) -> Vec<Ask> {
        let see = self.seen_by.map(|by| Ask::See { by: Some(by) });
        let traffic = (self.traffic != Traffic::default())
            .then_some(Ask::ShowTraffic { traffic: self.traffic });
        let past = self.past.map(|elapsed| Ask::Seek { elapsed });
        [see, traffic, past].into_iter().flatten().collect()
    }
}

/// Opens the served cluster as soon as the server listens, again after each time that it was away,
/// and then looks at it.
#[hook]
pub fn use_watching(model: &UseReducerHandle<Model>, asker: &Asker, worlds: &Worlds) {
    let is_shown = worlds.shown == World::Served;
    use_effect_with((is_shown, asker.clone()), move |(is_shown, asker)| {
        if *is_shown {
            asker.connect();
        }
    });
    let is_here = model.far_end == FarEnd::Here;
    let post = model.shown.as_ref().map(|shown| Post::of(shown)).unwrap_or_default();
    use_effect_with((is_here, asker.clone()), move |(is_here, asker)| {
        if *is_here {
            asker.play(Ask::Version);
            asker.play(Ask::Watch);
            post.asks().into_iter().for_each(|ask| asker.play(ask));
        }
    });
    let goes_on = model.shown.as_ref().is_some_and(|shown| present(shown).is_some());
    let is_looking = is_shown && is_here && goes_on;
    use_effect_with((is_looking, asker.clone()), move |(is_looking, asker)| {
        let asker = asker.clone();
        let look = move || {
            if !document().hidden() && !asker.is_waiting() {
                asker.watch();
            }
        };
        let interval = is_looking.then(|| Interval::new(LOOK_EVERY_MS, look));
        move || drop(interval)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_away_finds_the_same_eyes_and_the_same_past_again() {
        assert_eq!(Post::default().asks(), []);
        let past = Some(Span::from_secs(3));
        let post = Post { seen_by: Some(7000), traffic: Traffic::All, past };
        let asks = post.asks();
        assert_eq!(asks[0], Ask::See { by: Some(7000) });
        assert_eq!(asks[2], Ask::Seek { elapsed: Span::from_secs(3) });
    }
}
