//! The worker's end: requests in, answers out, and the last words when something breaks.
//!
//! It owns the `Lab`. A request is handled to its end before the next is read, so the lab needs
//! no lock. A panic here is a bug of ours; without a word the page would wait for ever, so the
//! panic hook tells it why before the module stops.

use std::cell::RefCell;
use std::panic::PanicHookInfo;

use gloo::console;
use gloo::events::EventListener;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::lab::Lab;
use crate::wire::{self, FromWorker};

/// Listens to the page until the page goes away.
pub fn start() {
    std::panic::set_hook(Box::new(report_crash));
    let lab = RefCell::new(Lab::default());
    EventListener::new(&scope(), "message", move |event| {
        let event: &MessageEvent = event.unchecked_ref();
        let answers = lab.borrow_mut().handle(wire::decode(&event.data()));
        post(&FromWorker::Answers(answers));
    })
    .forget();
    post(&FromWorker::Ready);
}

fn report_crash(info: &PanicHookInfo<'_>) {
    let why = info.to_string();
    console::error!(&why);
    post(&FromWorker::Crashed(why));
}

fn post(message: &FromWorker) {
    scope().post_message(&wire::encode(message)).expect_throw("text can always be posted");
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
