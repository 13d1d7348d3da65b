//! What the page knows, and how an answer of the lab changes it.
//!
//! The lab remembers where it stands; the page remembers what it was told last, which verdicts the
//! learner has already seen (the lab forgets a question when it is over), and whether it plays.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use yew::prelude::*;

use crate::lab::{Answer, Lesson, Pause, Reason, RunnerAsk, Shelved, Shown};

/// Everything that the page draws from.
#[derive(Clone, Default, PartialEq)]
pub struct Model {
    pub engine: Option<AttrValue>,
    pub lessons: Rc<Vec<Shelved>>,
    pub lesson: Option<Arc<Lesson>>,
    pub shown: Option<Rc<Shown>>,
    /// The last verdict of each question, by its block.
    pub verdicts: Rc<BTreeMap<usize, RunnerAsk>>,
    pub why: Option<Rc<Vec<Reason>>>,
    pub motion: Motion,
    pub trouble: Option<Trouble>,
}

/// Whether time moves by itself.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Motion {
    #[default]
    Still,
    /// It has just been set going: what comes next is shown at once.
    Starting,
    Playing,
}

/// What went wrong, in words for the person.
#[derive(Clone, PartialEq)]
pub enum Trouble {
    /// The worker is gone; nothing can be asked any more.
    Lost(AttrValue),
    /// Something could not be done; all else goes on.
    Refused(AttrValue),
    /// The lesson has mistakes, each as it is printed.
    Broken(Vec<AttrValue>),
}

/// What can happen to the page.
pub enum Action {
    Lost(String),
    /// Another lesson was asked for.
    Leave,
    Answered(Answer),
    /// An answer to something that the learner did in the lesson: the stage follows by itself.
    Moved(Answer),
    Play,
    Pause,
    CloseWhy,
}

impl Reducible for Model {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut model = (*self).clone();
        match action {
            Action::Lost(why) => model.trouble = Some(Trouble::Lost(why.into())),
            Action::Leave => {
                let Model { engine, lessons, .. } = model;
                model = Model { engine, lessons, ..Model::default() };
            }
            Action::Answered(answer) => model.hear(answer),
            Action::Moved(answer) => {
                model.why = None;
                model.hear(answer);
                model.set_going();
            }
            Action::Play => model.set_going(),
            Action::Pause => model.motion = Motion::Still,
            Action::CloseWhy => model.why = None,
        }
        Rc::new(model)
    }
}

impl Model {
    fn hear(&mut self, answer: Answer) {
        if !matches!(self.trouble, Some(Trouble::Lost(_))) {
            self.trouble = None;
        }
        match answer {
            Answer::Version { version } => self.engine = Some(version.into()),
            Answer::Lessons(lessons) => self.lessons = Rc::new(lessons),
            Answer::Opened { lesson, shown } => {
                self.lesson = Some(lesson);
                self.verdicts = Rc::default();
                self.why = None;
                self.show(*shown);
            }
            Answer::Shown(shown) => self.show(*shown),
            Answer::Why(reasons) => self.why = Some(Rc::new(reasons)),
            Answer::Beliefs(_) => {}
            Answer::Refused { hint } => self.trouble = Some(Trouble::Refused(hint.into())),
            Answer::Broken { diagnostics } => {
                let texts = diagnostics.into_iter().map(AttrValue::from);
                self.trouble = Some(Trouble::Broken(texts.collect()));
            }
        }
    }

    fn show(&mut self, shown: Shown) {
        let ask = &shown.lesson.ask;
        if let RunnerAsk::Verdict { block, .. } | RunnerAsk::QuizVerdict { block, .. } = ask {
            Rc::make_mut(&mut self.verdicts).insert(*block, ask.clone());
        }
        self.motion = match (shown.is_present, self.motion) {
            (true, _) | (_, Motion::Still) => Motion::Still,
            (false, _) => Motion::Playing,
        };
        self.shown = Some(Rc::new(shown));
    }

    fn set_going(&mut self) {
        let is_behind = self.shown.as_ref().is_some_and(|shown| !shown.is_present);
        if is_behind && self.motion == Motion::Still {
            self.motion = Motion::Starting;
        }
    }

    /// Whether the lesson only waits to be told that its text, or its pointer, was seen: both stay
    /// on the page, and the next live block stands right below.
    pub fn can_read_on(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            let is_text =
                matches!(shown.lesson.ask, RunnerAsk::Show { .. } | RunnerAsk::Look { .. });
            is_text && shown.lesson.pause == Pause::Waiting
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Ask, Lab, Request};

    fn after(model: Rc<Model>, lab: &mut Lab, ask: Ask) -> Rc<Model> {
        let answer = lab.handle(Request { id: 1, ask }).remove(0).answer;
        model.reduce(Action::Moved(answer))
    }

    #[test]
    fn the_stage_follows_what_the_lesson_does() {
        let (mut lab, model) = (Lab::default(), Rc::new(Model::default()));
        let model = after(model, &mut lab, Ask::Open { lesson: "a-master-dies".to_owned() });
        assert!(model.can_read_on() && model.motion == Motion::Still);
        let model = after(model, &mut lab, Ask::Continue);
        assert!(!model.can_read_on());
        let model = after(model, &mut lab, Ask::Continue);
        assert!(model.motion == Motion::Starting, "a command was run, and is yet to be shown");
        let present = model.shown.as_ref().unwrap().present;
        let model = after(model, &mut lab, Ask::Seek { elapsed: present });
        assert!(model.motion == Motion::Still, "all is shown");
    }

    #[test]
    fn a_refusal_is_said_and_the_page_goes_on() {
        let (mut lab, model) = (Lab::default(), Rc::new(Model::default()));
        let model = after(model, &mut lab, Ask::Open { lesson: "nothing".to_owned() });
        assert!(
            matches!(&model.trouble, Some(Trouble::Refused(hint)) if hint.contains("redirects"))
        );
        let model = after(model, &mut lab, Ask::Open { lesson: "redirects".to_owned() });
        assert!(model.trouble.is_none() && model.lesson.is_some());
    }
}
