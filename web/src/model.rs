//! What the page knows, and how an answer of the lab changes it.
//!
//! The lab remembers where it stands; the page remembers what it was told last, whether it plays,
//! and which of its drawers are open.

use std::rc::Rc;
use std::sync::Arc;

use hashslot_core::lesson::Sight;
use yew::prelude::*;

use crate::carrier::Fate;
use crate::lab::{Answer, Lesson, Reason, Redirected, Shelved, Shown};
use crate::watching::present;

/// Everything that the page draws from.
#[derive(Clone, Default, PartialEq)]
pub struct Model {
    pub engine: Option<AttrValue>,
    pub lessons: Rc<Vec<Shelved>>,
    pub lesson: Option<Arc<Lesson>>,
    /// The id of the lesson that is open, if it comes with the program.
    pub lesson_id: Option<AttrValue>,
    pub shown: Option<Rc<Shown>>,
    pub why: Option<Rc<Vec<Reason>>>,
    /// Where real clients were sent last, oldest first.
    pub redirects: Rc<Vec<Redirected>>,
    pub motion: Motion,
    /// Whether something else is to be shown as soon as it is there.
    pub is_looking: bool,
    pub pace: Pace,
    pub trouble: Option<Trouble>,
    /// What is to be said once, such as how a link differs from what was shared.
    pub note: Option<AttrValue>,
    /// Whether the simulation has been busy with one thing for a while.
    pub is_busy: bool,
    /// Whether the lesson goes on where it was left at another time.
    pub is_resumed: bool,
    pub far_end: FarEnd,
    pub desk: Desk,
}

/// What the page knows of whoever simulates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FarEnd {
    /// It has not been heard of yet.
    #[default]
    Coming,
    Here,
    /// It went away; the page tries again so many seconds later.
    Away {
        retry_s: u32,
    },
}

impl FarEnd {
    pub fn is_away(self) -> bool {
        matches!(self, FarEnd::Away { .. })
    }
}

/// How the page is arranged: which drawers are open, and what is pointed at.
#[derive(Clone, Default, PartialEq)]
pub struct Desk {
    pub tab: Option<Tab>,
    pub is_terminal_open: bool,
    pub is_presenting: bool,
    /// Which panel lies over the page.
    pub sheet: Option<Sheet>,
    /// What the stage rings: where a lesson, or a reason, points.
    pub ringed: Rc<Vec<Sight>>,
}

/// The tabs of the dock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Events,
    Beliefs,
    Why,
    Slots,
    Writes,
}

/// The panels that lie over the page, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Share,
    Keys,
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

/// How fast the page plays what has happened. The simulation knows nothing of it.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub enum Pace {
    /// Event by event, each long enough to be read; the silence between them takes no time. Stops
    /// at decisions.
    #[default]
    Story,
    /// The same without the stops.
    Film,
    /// So many virtual seconds a second. Stops at decisions.
    Steady(f64),
}

/// Said after a minute in which only heartbeats went.
const NOTHING_HAPPENS: &str = "Nothing will happen by itself. Kill a node?";

/// So many redirects are remembered.
const REDIRECTS_MAX: usize = 8;

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
    /// Whoever simulates came or went.
    Met(Fate),
    /// Another lesson was asked for.
    Leave,
    Answered(Answer),
    /// An answer to something that the learner did: the stage follows by itself.
    Moved(Answer),
    /// Another look at a present that goes on by itself: nothing was done.
    Watched(Answer),
    Play,
    Pause,
    /// Something else is to be shown; time stands still meanwhile, and at what comes.
    Look,
    SetPace(Pace),
    /// Something is to be said that is no event.
    Say(AttrValue),
    OpenTab(Option<Tab>),
    OpenSheet(Option<Sheet>),
    ToggleTerminal,
    TogglePresent,
    Busy(bool),
    /// The lesson was taken up where it was left at another time.
    Resumed,
    Ring(Vec<Sight>),
    /// Closes what lies on top.
    Escape,
}

impl Reducible for Model {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut model = (*self).clone();
        match action {
            Action::Met(fate) => model.meet(fate),
            Action::Leave => {
                let Model { engine, lessons, pace, desk, far_end, .. } = model;
                model = Model { engine, lessons, pace, desk, far_end, ..Model::default() };
            }
            Action::Answered(answer) => model.hear(answer),
            Action::Moved(answer) => {
                model.why = None;
                model.hear(answer);
                model.set_going();
            }
            Action::Watched(answer) => model.see(answer),
            Action::Play => model.set_going(),
            Action::Pause => model.motion = Motion::Still,
            Action::Look => {
                model.motion = Motion::Still;
                model.is_looking = true;
            }
            Action::SetPace(pace) => model.pace = pace,
            Action::Say(text) => model.note = Some(text),
            Action::OpenTab(tab) => model.desk.tab = tab,
            Action::OpenSheet(sheet) => model.desk.sheet = sheet,
            Action::ToggleTerminal => {
                model.desk.is_terminal_open = !model.desk.is_terminal_open;
            }
            Action::TogglePresent => model.desk.is_presenting = !model.desk.is_presenting,
            Action::Busy(is_busy) => model.is_busy = is_busy,
            Action::Resumed => model.is_resumed = true,
            Action::Ring(sights) => model.desk.ringed = Rc::new(sights),
            Action::Escape => model.desk.close_one(),
        }
        Rc::new(model)
    }
}

impl Desk {
    fn close_one(&mut self) {
        if self.sheet.take().is_some() {
            return;
        }
        if self.is_terminal_open {
            self.is_terminal_open = false;
        } else if self.tab.take().is_none() {
            self.is_presenting = false;
        }
    }
}

impl Model {
    fn meet(&mut self, fate: Fate) {
        match fate {
            Fate::Up => self.far_end = FarEnd::Here,
            Fate::Away { retry_s } => self.far_end = FarEnd::Away { retry_s },
            // The first words of trouble say what it was.
            Fate::Broken(_) if matches!(self.trouble, Some(Trouble::Lost(_))) => {}
            Fate::Broken(why) => self.trouble = Some(Trouble::Lost(why.into())),
        }
    }

    /// Takes what is seen of a present that goes on; what is said stays, and so do the reasons.
    fn see(&mut self, answer: Answer) {
        let said = (self.trouble.clone(), self.note.clone());
        match answer {
            Answer::Shown(shown) => self.show(*shown),
            // It comes from nobody's doing, and will be asked again.
            _ => return,
        }
        (self.trouble, self.note) = said;
    }

    fn hear(&mut self, answer: Answer) {
        self.is_looking = false;
        if !matches!(self.trouble, Some(Trouble::Lost(_))) {
            self.trouble = None;
        }
        match answer {
            Answer::Version { version } => self.engine = Some(version.into()),
            Answer::Lessons(lessons) => self.lessons = Rc::new(lessons),
            Answer::Opened { lesson, id, shown, note } => {
                self.lesson = Some(lesson);
                self.lesson_id = id.map(AttrValue::from);
                self.why = None;
                self.motion = Motion::Still;
                self.is_resumed = false;
                self.redirects = Rc::default();
                self.show(*shown);
                self.note = note.map(AttrValue::from);
            }
            // Of a lab whose lesson is not on the page any more, nothing is shown.
            Answer::Shown(_) | Answer::Did { .. } if self.lesson.is_none() => {}
            Answer::Shown(shown) | Answer::Did { shown, .. } => self.show(*shown),
            Answer::Why(reasons) => {
                self.why = Some(Rc::new(reasons));
                self.desk.tab = Some(Tab::Why);
            }
            Answer::Refused { hint } => self.trouble = Some(Trouble::Refused(hint.into())),
            Answer::Broken { diagnostics } => {
                let texts = diagnostics.into_iter().map(AttrValue::from);
                self.trouble = Some(Trouble::Broken(texts.collect()));
            }
            // Whoever asked for these gets them alone.
            Answer::Beliefs(_)
            | Answer::Events(_)
            | Answer::Slots(_)
            | Answer::Writes(_)
            | Answer::Link { .. }
            | Answer::Saved { .. } => {}
        }
    }

    fn show(&mut self, mut shown: Shown) {
        // The lesson's column is long, and is drawn again only if it is another.
        let before = self.shown.as_ref().map(|before| &before.lesson);
        if let Some(same) = before.filter(|before| **before == shown.lesson) {
            shown.lesson = same.clone();
        }
        let stops = self.pace != Pace::Film && self.is_decision(&shown);
        self.motion = match (shown.is_present || stops, self.motion) {
            (true, _) | (_, Motion::Still) => Motion::Still,
            (false, _) => Motion::Playing,
        };
        self.note = shown.is_idle.then_some(NOTHING_HAPPENS.into());
        let redirects = std::mem::take(&mut shown.redirects);
        if present(&shown).is_some() {
            self.remember(redirects);
        }
        self.shown = Some(Rc::new(shown));
    }

    /// Adds redirects that are new.
    fn remember(&mut self, redirects: Vec<Redirected>) {
        let last = self.redirects.last().map(|redirect| redirect.position);
        let is_new = |it: &Redirected| last.is_none_or(|last| it.position > last);
        let new: Vec<Redirected> = redirects.into_iter().filter(is_new).collect();
        if !new.is_empty() {
            let all = Rc::make_mut(&mut self.redirects);
            all.extend(new);
            all.drain(..all.len().saturating_sub(REDIRECTS_MAX));
        }
    }

    /// Whether what is newly shown is a decision, at which the play stops: once per kind per fault.
    fn is_decision(&self, shown: &Shown) -> bool {
        let position = |shown: &Shown| shown.now.as_ref().map(|told| told.position);
        let here = position(shown);
        let is_new = self.shown.as_ref().is_none_or(|before| position(before) != here);
        let mut marks = shown.marks.iter();
        is_new && marks.any(|mark| Some(mark.position) == here && mark.moment.is_stop())
    }

    /// What is shown, if the stage stands still while the run has gone on, and nothing else is to
    /// be shown in a moment.
    pub fn behind(&self) -> Option<Rc<Shown>> {
        let is_still = self.motion == Motion::Still && !self.is_looking;
        self.shown.clone().filter(|shown| is_still && !shown.is_present)
    }

    fn set_going(&mut self) {
        let is_behind = self.shown.as_ref().is_some_and(|shown| !shown.is_present);
        if is_behind && self.motion == Motion::Still {
            self.motion = Motion::Starting;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Ask, Lab, Request};

    fn can_read_on(model: &Model) -> bool {
        model.shown.as_ref().is_some_and(|shown| shown.lesson.can_read_on())
    }

    fn after(model: Rc<Model>, lab: &mut Lab, ask: Ask) -> Rc<Model> {
        let answer = lab.handle(Request { id: 1, ask }).remove(0).answer;
        model.reduce(Action::Moved(answer))
    }

    #[test]
    fn the_stage_follows_what_the_lesson_does() {
        let (mut lab, model) = (Lab::default(), Rc::new(Model::default()));
        let model = after(model, &mut lab, Ask::Open { lesson: "a-master-dies".to_owned() });
        assert!(can_read_on(&model) && model.motion == Motion::Still);
        let model = after(model, &mut lab, Ask::Continue);
        assert!(!can_read_on(&model));
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
