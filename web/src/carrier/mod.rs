//! The page's end of the line to a lab: requests go out with a number, answers come back to whoever
//! asked.
//!
//! - `worker`: the far end is a worker of this page; `socket`: it is a server that runs a cluster
//!   for real clients. Both carry the very same requests and answers.
//!
//! A worker that has just been started does not hear what is posted while it starts, so requests
//! wait until it says that it is ready. If it breaks, whoever started the carrier is told, and
//! nothing is answered any more. A worker that computes for too long can be replaced by a new one,
//! which knows nothing yet; what was asked of the old one is never answered.
//!
//! A server may go away and come back. Meanwhile nothing waits, since nobody wants a node killed a
//! minute after the click: what is asked is refused at once.
//!
//! Callbacks run with no borrow held: they may send again.

mod socket;
mod worker;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use wasm_bindgen::JsValue;

use crate::lab::{Answer, Ask, Request, Response};
use crate::wire;
use socket::SocketEnd;
use worker::WorkerEnd;

/// Said to whoever asks a server that is not there.
const AWAY: &str = "The server does not answer, so nothing was done. The page goes on trying.";

/// The way to a lab; clones share it.
#[derive(Clone)]
pub struct Carrier(Rc<Line>);

/// What becomes of the far end.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It listens.
    Up,
    /// It does not, and is tried again after so many seconds.
    Away { retry_s: u32 },
    /// It broke, and these are its last words.
    Broken(String),
}

struct Line {
    far_end: RefCell<FarEnd>,
    state: RefCell<State>,
    on_fate: Box<dyn Fn(Fate)>,
}

enum FarEnd {
    /// There is none yet.
    None,
    Worker(WorkerEnd),
    Socket(SocketEnd),
}

struct State {
    last_id: u64,
    readiness: Readiness,
    awaited: BTreeMap<u64, Awaited>,
}

enum Readiness {
    /// Requests wait until the far end is ready.
    Starting(Vec<JsValue>),
    Ready,
    /// Nobody is there.
    Away,
}

/// Who waits for an answer, and since when, in ms.
struct Awaited {
    on_answer: Box<dyn FnOnce(Answer)>,
    since: f64,
}

impl Carrier {
    /// Starts a worker; `on_fate` is told what becomes of it.
    pub fn to_worker(on_fate: impl Fn(Fate) + 'static) -> Carrier {
        let carrier = Carrier::new(Readiness::Starting(Vec::new()), on_fate);
        carrier.restart();
        carrier
    }

    /// A way to the server that this page came from; nothing is connected yet.
    pub fn to_server(on_fate: impl Fn(Fate) + 'static) -> Carrier {
        Carrier::new(Readiness::Away, on_fate)
    }

    fn new(readiness: Readiness, on_fate: impl Fn(Fate) + 'static) -> Carrier {
        let state = State { last_id: 0, readiness, awaited: BTreeMap::new() };
        Carrier(Rc::new(Line {
            far_end: RefCell::new(FarEnd::None),
            state: RefCell::new(state),
            on_fate: Box::new(on_fate),
        }))
    }

    /// Asks; the answer goes to `on_answer`.
    pub fn send(&self, ask: Ask, on_answer: impl FnOnce(Answer) + 'static) {
        let mut state = self.0.state.borrow_mut();
        if matches!(state.readiness, Readiness::Away) {
            drop(state);
            return on_answer(Answer::Refused { hint: AWAY.to_owned() });
        }
        state.last_id += 1;
        let id = state.last_id;
        let on_answer = Box::new(on_answer);
        state.awaited.insert(id, Awaited { on_answer, since: js_sys::Date::now() });
        let text = wire::encode(&Request { id, ask });
        match &mut state.readiness {
            Readiness::Starting(waiting) => waiting.push(text),
            Readiness::Ready | Readiness::Away => self.0.post(&text),
        }
    }

    /// Whether anything was asked that is not answered yet.
    pub fn is_waiting(&self) -> bool {
        !self.0.state.borrow().awaited.is_empty()
    }

    /// For how many ms the far end has left a request without an answer.
    pub fn silence(&self) -> f64 {
        let state = self.0.state.borrow();
        let oldest = state.awaited.values().next();
        oldest.map_or(0.0, |awaited| js_sys::Date::now() - awaited.since)
    }

    /// Ends the worker in the midst of what it does, and starts another.
    pub fn restart(&self) {
        let mut state = self.0.state.borrow_mut();
        state.readiness = Readiness::Starting(Vec::new());
        state.awaited.clear();
        drop(state);
        *self.0.far_end.borrow_mut() = FarEnd::Worker(WorkerEnd::start(&Rc::downgrade(&self.0)));
    }

    /// Connects to the server, unless that was done before.
    pub fn connect(&self) {
        if matches!(*self.0.far_end.borrow(), FarEnd::None) {
            self.0.connect(0);
        }
    }
}

impl PartialEq for Carrier {
    fn eq(&self, other: &Carrier) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Line {
    fn post(&self, text: &JsValue) {
        match &*self.far_end.borrow() {
            FarEnd::Worker(worker) => worker.post(text),
            FarEnd::Socket(socket) => socket.post(text),
            FarEnd::None => {}
        }
    }

    fn connect(self: &Rc<Self>, failures: u32) {
        *self.far_end.borrow_mut() =
            FarEnd::Socket(SocketEnd::open(&Rc::downgrade(self), failures));
    }

    fn on_ready(&self) {
        let before = std::mem::replace(&mut self.state.borrow_mut().readiness, Readiness::Ready);
        if let Readiness::Starting(waiting) = before {
            waiting.iter().for_each(|text| self.post(text));
        }
        (self.on_fate)(Fate::Up);
    }

    fn on_answer(&self, response: Response) {
        let awaited = self.state.borrow_mut().awaited.remove(&response.id);
        if let Some(awaited) = awaited {
            (awaited.on_answer)(response.answer);
        }
    }

    /// Nobody is there for a while: what was asked will not be answered.
    fn on_away(&self, retry_s: u32) {
        let mut state = self.state.borrow_mut();
        state.readiness = Readiness::Away;
        let awaited = std::mem::take(&mut state.awaited);
        drop(state);
        (self.on_fate)(Fate::Away { retry_s });
        for (_, awaited) in awaited {
            (awaited.on_answer)(Answer::Refused { hint: AWAY.to_owned() });
        }
    }

    /// The far end is gone for good: nobody waits any more, and its last words are passed on.
    fn on_broken(&self, why: String) {
        if let FarEnd::Worker(worker) = &*self.far_end.borrow() {
            worker.end();
        }
        self.state.borrow_mut().awaited.clear();
        (self.on_fate)(Fate::Broken(why));
    }
}

/// The line, as its far end knows it.
type Behind = Weak<Line>;
