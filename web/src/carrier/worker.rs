//! The far end in a worker of this page.

use gloo::events::EventListener;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{Behind, Line};
use crate::wire::{self, FromWorker};

/// The worker, and the ears that listen to it; it ends with them.
pub struct WorkerEnd {
    worker: Worker,
    _listeners: [EventListener; 2],
}

impl WorkerEnd {
    pub fn start(line: &Behind) -> WorkerEnd {
        let worker = open_worker();
        WorkerEnd { _listeners: [hear_messages(&worker, line), hear_errors(&worker, line)], worker }
    }

    pub fn post(&self, text: &JsValue) {
        self.worker.post_message(text).expect_throw("text can always be posted");
    }

    pub fn end(&self) {
        self.worker.terminate();
    }
}

impl Drop for WorkerEnd {
    fn drop(&mut self) {
        self.end();
    }
}

fn hear_messages(worker: &Worker, line: &Behind) -> EventListener {
    let line = line.clone();
    EventListener::new(worker, "message", move |event| {
        let event: &MessageEvent = event.unchecked_ref();
        if let Some(line) = line.upgrade() {
            hear(&line, wire::decode(&event.data()));
        }
    })
}

fn hear(line: &Line, message: FromWorker) {
    match message {
        FromWorker::Ready => line.on_ready(),
        FromWorker::Answers(answers) => answers.into_iter().for_each(|it| line.on_answer(it)),
        FromWorker::Crashed(why) => line.on_broken(why),
    }
}

/// A worker that cannot even be loaded says so only in this way. Its event has a text when a
/// script failed, and none when the file was not found.
fn hear_errors(worker: &Worker, line: &Behind) -> EventListener {
    let line = line.clone();
    EventListener::new(worker, "error", move |event| {
        let why = event
            .dyn_ref::<ErrorEvent>()
            .map_or_else(|| "worker.js could not be loaded".to_owned(), ErrorEvent::message);
        if let Some(line) = line.upgrade() {
            line.on_broken(why);
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
