//! How a part of the page asks the lab: one handle, given to all parts through a context.
//!
//! What concerns the whole page (what is shown, what the lesson does) goes through the model; what
//! only one part wants to know (a list, a map) comes back to it alone.

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

use crate::carrier::{Carrier, Fate};
use crate::lab::{Answer, Ask, LINK_LEAD};
use crate::model::{Action, Model};
use crate::worlds::World;

/// Said to whoever opens a shared lab of a lesson that they have begun themselves.
const VISIT: &str = "A shared lab. Your own place in this lesson is kept: choose the lesson again \
                     to go back to it.";

/// The way to the lab and to the model; clones share it.
#[derive(Clone)]
pub struct Asker {
    carrier: Carrier,
    model: UseReducerDispatcher<Model>,
    kept: Rc<RefCell<Kept>>,
}

impl PartialEq for Asker {
    fn eq(&self, other: &Asker) -> bool {
        self.carrier == other.carrier
    }
}

/// What is remembered of the lab.
#[derive(Default)]
struct Kept {
    /// The lab as a text, as it was after the last deed.
    link: Option<String>,
    /// What the address asked for last.
    address: Option<String>,
    /// Whether the lab came as a link, while the person has a place of their own in its lesson;
    /// nothing until that was asked.
    is_visit: Option<bool>,
}

/// How one comes to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Anew,
    /// It is what the lab has open already.
    Again,
}

impl Asker {
    /// The way to the lab of a world.
    pub fn new(world: World, model: UseReducerDispatcher<Model>) -> Asker {
        let told = model.clone();
        let on_fate = move |fate: Fate| told.dispatch(Action::Met(fate));
        let carrier = match world {
            World::Page => Carrier::to_worker(on_fate),
            World::Served => Carrier::to_server(on_fate),
        };
        Asker { carrier, model, kept: Rc::default() }
    }

    /// Connects to the server, unless that was done before.
    pub fn connect(&self) {
        self.carrier.connect();
    }

    /// Whether anything was asked that is not answered yet.
    pub fn is_waiting(&self) -> bool {
        self.carrier.is_waiting()
    }

    /// Asks to look at something: time stands still at what comes back.
    pub fn look(&self, ask: Ask) {
        let model = self.model.clone();
        model.dispatch(Action::Look);
        self.carrier.send(ask, move |answer| model.dispatch(Action::Answered(answer)));
    }

    /// Asks to go on in time, as part of the play.
    pub fn play(&self, ask: Ask) {
        let model = self.model.clone();
        self.carrier.send(ask, move |answer| model.dispatch(Action::Answered(answer)));
    }

    /// Looks at the present of a served cluster again. What was said before stays said.
    pub fn watch(&self) {
        let model = self.model.clone();
        self.carrier.send(Ask::Show, move |answer| model.dispatch(Action::Watched(answer)));
    }

    /// Asks to do something in the world, or in the lesson: the stage follows by itself.
    pub fn act(&self, ask: Ask) {
        self.act_then(ask, |_| ());
    }

    /// Does a line of the learner's own; what it printed goes to `on_printed`, also a refusal.
    pub fn act_then(&self, ask: Ask, on_answer: impl FnOnce(&Answer) + 'static) {
        let model = self.model.clone();
        self.carrier.send(ask, move |answer| {
            on_answer(&answer);
            model.dispatch(Action::Moved(answer));
        });
    }

    /// Asks for something that only the asker wants to know.
    pub fn fetch(&self, ask: Ask, on_answer: impl FnOnce(Answer) + 'static) {
        self.carrier.send(ask, on_answer);
    }

    /// Remembers the lab as it is, to be opened again should the next deed take too long.
    pub fn keep(&self, link: String) {
        self.kept.borrow_mut().link = Some(link);
    }

    /// What the address asked for last.
    pub fn address(&self) -> String {
        self.kept.borrow().address.clone().unwrap_or_default()
    }

    /// Remembers what the address asks for.
    pub fn come_to(&self, address: &str) -> Came {
        self.kept.borrow_mut().is_visit = None;
        let before = self.kept.borrow_mut().address.replace(address.to_owned());
        if before.as_deref() == Some(address) { Came::Again } else { Came::Anew }
    }

    /// Whether the person only looks at what somebody else shared, and has a place of their own in
    /// that lesson, as `has_own` tells. It is asked once for each address; who visits is told so.
    pub fn is_visit(&self, has_own: impl FnOnce() -> bool) -> bool {
        let known = self.kept.borrow().is_visit;
        known.unwrap_or_else(|| {
            let is_visit = self.address().starts_with(LINK_LEAD) && has_own();
            self.kept.borrow_mut().is_visit = Some(is_visit);
            if is_visit {
                self.tell(Action::Say(VISIT.into()));
            }
            is_visit
        })
    }

    /// For how many ms the simulation has been busy with one thing.
    pub fn busy_ms(&self) -> f64 {
        self.carrier.silence()
    }

    /// Breaks off what the simulation is busy with, and goes back to before it.
    pub fn stop(&self) {
        self.carrier.restart();
        let model = self.model.clone();
        model.dispatch(Action::Busy(false));
        let Some(source) = self.kept.borrow().link.clone() else { return };
        self.carrier.send(Ask::OpenText { file: "kept".to_owned(), source }, move |answer| {
            model.dispatch(Action::Answered(answer));
            model.dispatch(Action::Say("Stopped. This is how it was before.".into()));
        });
    }

    /// Tells the model.
    pub fn tell(&self, action: Action) {
        self.model.dispatch(action);
    }
}

/// The handle of the page that this part belongs to.
#[hook]
pub fn use_asker() -> Asker {
    use_context::<Asker>().expect("the whole page lies in the context")
}

/// The answer to a question, asked again whenever the question or `moment` changes; meanwhile the
/// last one. `moment` is what is shown, as the answer is about that.
#[hook]
pub fn use_answer<T: PartialEq + 'static>(ask: Option<Ask>, moment: T) -> Option<Rc<Answer>> {
    let asker = use_asker();
    let answer = use_state(|| None::<Rc<Answer>>);
    let newest = use_mut_ref(|| 0_u64);
    let setter = answer.setter();
    use_effect_with((ask, moment), move |(ask, _)| {
        *newest.borrow_mut() += 1;
        let number = *newest.borrow();
        if let Some(ask) = ask {
            // An answer that came late is not wanted any more.
            let newest = newest.clone();
            asker.fetch(ask.clone(), move |answer| {
                if *newest.borrow() == number {
                    setter.set(Some(Rc::new(answer)));
                }
            });
        }
    });
    (*answer).clone()
}
