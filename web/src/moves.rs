//! What the controls of time do, whether they are buttons, keys or the bar.

use hashslot_core::view::{Direction, Filter};
use hashslot_core::words::Span;

use crate::asker::Asker;
use crate::lab::{Ask, Pause, RunnerAsk, Shown};
use crate::model::Action;

/// What one can ask of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    Play,
    Pause,
    Step(Direction, Filter),
    Seek(Span),
    ShowEvent(usize),
    BackToLesson,
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
            Move::BackToLesson => asker.look(Ask::BackToLesson),
            Move::Switch(branch) => asker.look(Ask::Switch { branch }),
            Move::Drop(branch) => asker.look(Ask::Drop { branch }),
        }
    }
}

/// Plays what has happened; at the present, what happens next: the lesson's next step, or, on the
/// learner's own run, whatever time brings.
fn play(asker: &Asker, shown: Option<&Shown>) {
    let Some(shown) = shown else { return };
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
