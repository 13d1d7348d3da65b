//! The page's end: numbers each request, sends it to the worker, and brings the answers back.
//!
//! `send` is for a question with one answer, `watch` for one that is answered again and again
//! until its `Watch` is dropped. Requests made before the worker is ready wait here, for a worker
//! does not hear what is posted while it starts. If the worker breaks, whoever started the carrier
//! is told once, and nothing is answered any more.
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
    worker: Worker,
    state: RefCell<State>,
    /// Whom to tell that the worker is gone; `None` once told.
    on_lost: RefCell<Option<OnLost>>,
    _listeners: [EventListener; 2],
}

/// Hears the last words of a worker that broke.
type OnLost = Box<dyn FnOnce(String)>;

#[derive(Default)]
struct State {
    last_id: u64,
    /// Requests that wait until the worker is ready; `None` once it is.
    waiting: Option<Vec<JsValue>>,
    awaited: BTreeMap<u64, Awaited>,
}

/// Who waits for an answer.
enum Awaited {
    Once(Box<dyn FnOnce(Answer)>),
    Often(Rc<dyn Fn(Answer)>),
}

/// Keeps a `watch` alive; dropping it ends it.
#[must_use = "the answers stop when this is dropped"]
pub struct Watch {
    carrier: Carrier,
    id: u64,
}

impl Carrier {
    /// Starts a worker; `on_lost` is told why if it breaks.
    pub fn start(on_lost: impl FnOnce(String) + 'static) -> Carrier {
        let worker = open_worker();
        Carrier(Rc::new_cyclic(|line| Line {
            _listeners: [hear_messages(&worker, line), hear_errors(&worker, line)],
            worker,
            state: RefCell::new(State { waiting: Some(Vec::new()), ..State::default() }),
            on_lost: RefCell::new(Some(Box::new(on_lost))),
        }))
    }

    /// Asks; the first answer goes to `on_answer`.
    pub fn send(&self, ask: Ask, on_answer: impl FnOnce(Answer) + 'static) {
        self.post(ask, Awaited::Once(Box::new(on_answer)));
    }

    /// Asks; each answer goes to `on_answer` until the `Watch` is dropped.
    pub fn watch(&self, ask: Ask, on_answer: impl Fn(Answer) + 'static) -> Watch {
        let id = self.post(ask, Awaited::Often(Rc::new(on_answer)));
        Watch { carrier: self.clone(), id }
    }

    fn post(&self, ask: Ask, awaited: Awaited) -> u64 {
        let mut state = self.0.state.borrow_mut();
        state.last_id += 1;
        let id = state.last_id;
        state.awaited.insert(id, awaited);
        let text = wire::encode(&Request { id, ask });
        match &mut state.waiting {
            Some(waiting) => waiting.push(text),
            None => self.0.post(&text),
        }
        id
    }
}

impl PartialEq for Carrier {
    fn eq(&self, other: &Carrier) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.carrier.0.state.borrow_mut().awaited.remove(&self.id);
    }
}

impl Line {
    fn post(&self, text: &JsValue) {
        self.worker.post_message(text).expect_throw("text can always be posted");
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
        let awaited = {
            let awaited = &mut self.state.borrow_mut().awaited;
            match awaited.get(&response.id) {
                Some(Awaited::Often(on_answer)) => Some(Awaited::Often(on_answer.clone())),
                Some(Awaited::Once(_)) => awaited.remove(&response.id),
                None => None,
            }
        };
        match awaited {
            Some(Awaited::Once(on_answer)) => on_answer(response.answer),
            Some(Awaited::Often(on_answer)) => on_answer(response.answer),
            None => {}
        }
    }

    /// The worker is gone: nobody waits any more, and its last words are passed on.
    fn lose(&self, why: String) {
        self.worker.terminate();
        self.state.borrow_mut().awaited.clear();
        let on_lost = self.on_lost.borrow_mut().take();
        if let Some(on_lost) = on_lost {
            on_lost(why);
        }
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
