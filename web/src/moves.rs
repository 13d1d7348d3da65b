//! What the controls of time do, whether they are buttons, keys or the bar.

use hashslot_core::view::{Direction, Filter};
use hashslot_core::words::Span;

use crate::asker::Asker;
use crate::lab::{Ask, Clock, Pause, RunnerAsk, Served, Shown};
use crate::model::Action;
use crate::watching::present;

/// What one can ask of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    Play,
    Pause,
    Step(Direction, Filter),
    Seek(Span),
    ShowEvent(usize),
    /// To the lesson, or to the present of a served cluster.
    Back,
    Switch(usize),
    Drop(usize),
}

impl Move {
    /// Does it, at what is shown.
    pub fn make(self, asker: &Asker, shown: Option<&Shown>) {
        match self {
            Move::Play => play(asker, shown),
            Move::Pause => asker.tell(Action::Pause),
            Move::Step(direction, filter) => asker.look(Ask::Step { direction, filter }),
            Move::Seek(elapsed) => asker.look(Ask::Seek { elapsed }),
            Move::ShowEvent(position) => asker.look(Ask::ShowEvent { position }),
            Move::Back => asker.look(match shown.is_some_and(|shown| shown.live.is_some()) {
                true => Ask::Live,
                false => Ask::BackToLesson,
            }),
            Move::Switch(branch) => asker.look(Ask::Switch { branch }),
            Move::Drop(branch) => asker.look(Ask::Drop { branch }),
        }
    }
}

/// At the present of a served cluster, lets its clock go on, or stops it, for all who use it.
fn turn_clock(asker: &Asker, served: &Served) {
    let paused = Some(served.clock == Clock::Running);
    asker.play(Ask::Clock { speed_percent: None, paused });
}

/// Plays what has happened; at the present, what happens next: the lesson's next step, or, on the
/// learner's own run, whatever time brings.
fn play(asker: &Asker, shown: Option<&Shown>) {
    let Some(shown) = shown else { return };
    if let Some(served) = present(shown) {
        return turn_clock(asker, served);
    }
    if !shown.is_present {
        return asker.tell(Action::Play);
    }
    match (&shown.lesson.pause, &shown.lesson.ask) {
        (Pause::Waiting, RunnerAsk::Perform { .. }) => asker.act(Ask::Continue),
        (Pause::Waiting, _) => {
            asker.tell(Action::Say("The lesson waits for you: answer, or go on.".into()));
        }
        (Pause::Away | Pause::Over, _) => asker.act(Ask::PlayOn),
    }
}
