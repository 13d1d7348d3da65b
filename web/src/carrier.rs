//! The page's end of the line to the worker: requests go out with a number, answers come back to
//! whoever asked.
//!
//! A worker that has just been started does not hear what is posted while it starts, so requests
//! wait until it says that it is ready. If the worker breaks, whoever started the carrier is told
//! once, and nothing is answered any more. A worker that computes for too long can be replaced by a
//! new one, which knows nothing yet; what was asked of the old one is never answered.
//!
//! Callbacks run with no borrow held: they may send again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use gloo::events::EventListener;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::lab::{Answer, Ask, Request, Response};
use crate::wire::{self, FromWorker};

/// The way to the worker; clones share it.
#[derive(Clone)]
pub struct Carrier(Rc<Line>);

struct Line {
    far_end: RefCell<FarEnd>,
    state: RefCell<State>,
    /// Whom to tell that the worker is gone; `None` once told.
    on_lost: RefCell<Option<OnLost>>,
}

/// The worker, and the ears that listen to it.
struct FarEnd {
    worker: Worker,
    _listeners: [EventListener; 2],
}

/// Hears the last words of a worker that broke.
type OnLost = Box<dyn FnOnce(String)>;

struct State {
    last_id: u64,
    /// Requests that wait until the worker is ready; `None` once it is.
    waiting: Option<Vec<JsValue>>,
    awaited: BTreeMap<u64, Awaited>,
}

/// Who waits for an answer, and since when, in ms.
struct Awaited {
    on_answer: Box<dyn FnOnce(Answer)>,
    since: f64,
}

impl Carrier {
    /// Starts a worker; `on_lost` is told why if it breaks.
    pub fn start(on_lost: impl FnOnce(String) + 'static) -> Carrier {
        Carrier(Rc::new_cyclic(|line| Line {
            far_end: RefCell::new(FarEnd::open(line)),
            state: RefCell::new(State {
                last_id: 0,
                waiting: Some(Vec::new()),
                awaited: BTreeMap::new(),
            }),
            on_lost: RefCell::new(Some(Box::new(on_lost))),
        }))
    }

    /// Asks; the answer goes to `on_answer`.
    pub fn send(&self, ask: Ask, on_answer: impl FnOnce(Answer) + 'static) {
        let mut state = self.0.state.borrow_mut();
        state.last_id += 1;
        let id = state.last_id;
        let on_answer = Box::new(on_answer);
        state.awaited.insert(id, Awaited { on_answer, since: js_sys::Date::now() });
        let text = wire::encode(&Request { id, ask });
        match &mut state.waiting {
            Some(waiting) => waiting.push(text),
            None => self.0.post(&text),
        }
    }

    /// For how many ms the worker has left a request without an answer.
    pub fn silence(&self) -> f64 {
        let state = self.0.state.borrow();
        let oldest = state.awaited.values().next();
        oldest.map_or(0.0, |awaited| js_sys::Date::now() - awaited.since)
    }

    /// Ends the worker in the midst of what it does, and starts another.
    pub fn restart(&self) {
        self.0.far_end.borrow().worker.terminate();
        let mut state = self.0.state.borrow_mut();
        state.waiting = Some(Vec::new());
        state.awaited.clear();
        *self.0.far_end.borrow_mut() = FarEnd::open(&Rc::downgrade(&self.0));
    }
}

impl PartialEq for Carrier {
    fn eq(&self, other: &Carrier) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Line {
    fn post(&self, text: &JsValue) {
        let far_end = self.far_end.borrow();
        far_end.worker.post_message(text).expect_throw("text can always be posted");
    }

    fn on_message(&self, message: FromWorker) {
        match message {
            FromWorker::Ready => self.on_ready(),
            FromWorker::Answers(answers) => answers.into_iter().for_each(|it| self.on_answer(it)),
            FromWorker::Crashed(why) => self.lose(why),
        }
    }

    fn on_ready(&self) {
        let waiting = self.state.borrow_mut().waiting.take();
        waiting.iter().flatten().for_each(|text| self.post(text));
    }

    fn on_answer(&self, response: Response) {
        let awaited = self.state.borrow_mut().awaited.remove(&response.id);
        if let Some(awaited) = awaited {
            (awaited.on_answer)(response.answer);
        }
    }

    /// The worker is gone: nobody waits any more, and its last words are passed on.
    fn lose(&self, why: String) {
        self.far_end.borrow().worker.terminate();
        self.state.borrow_mut().awaited.clear();
        let on_lost = self.on_lost.borrow_mut().take();
        if let Some(on_lost) = on_lost {
            on_lost(why);
        }
    }
}

impl FarEnd {
    fn open(line: &Weak<Line>) -> FarEnd {
        let worker = open_worker();
        FarEnd { _listeners: [hear_messages(&worker, line), hear_errors(&worker, line)], worker }
    }
}

fn hear_messages(worker: &Worker, line: &Weak<Line>) -> EventListener {
    let line = line.clone();
    EventListener::new(worker, "message", move |event| {
        let event: &MessageEvent = event.unchecked_ref();
        if let Some(line) = line.upgrade() {
            line.on_message(wire::decode(&event.data()));
        }
    })
}

/// A worker that cannot even be loaded says so only in this way. Its event has a text when a
/// script failed, and none when the file was not found.
fn hear_errors(worker: &Worker, line: &Weak<Line>) -> EventListener {
    let line = line.clone();
    EventListener::new(worker, "error", move |event| {
        let why = event
            .dyn_ref::<ErrorEvent>()
            .map_or_else(|| "worker.js could not be loaded".to_owned(), ErrorEvent::message);
        if let Some(line) = line.upgrade() {
            line.lose(why);
        }
    })
}

/// A worker of this very wasm file: its first message is the module that the page compiled.
fn open_worker() -> Worker {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker =
        Worker::new_with_options("worker.js", &options).expect_throw("the site has a worker.js");
    worker.post_message(&wasm_bindgen::module()).expect_throw("a compiled module can be posted");
    worker
}
