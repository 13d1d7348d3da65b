//! The far end in a server: a WebSocket, which is opened again when it was closed.
//!
//! Each frame is one request, or one answer, as JSON text. After a failure the next attempt waits,
//! twice as long each time up to eight seconds; an attempt that succeeded forgets the failures.

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Url, WebSocket};

use super::Behind;
use crate::wire;

/// Where the server listens, beside the page.
const ADDRESS: &str = "live";
/// The longest wait between two attempts.
const RETRY_MAX_S: u32 = 8;

/// The socket, and the ears that listen to it; nothing if the address itself was refused.
pub struct SocketEnd(Option<(WebSocket, [EventListener; 3])>);

impl SocketEnd {
    /// Connects, after so many failures in a row.
    pub fn open(line: &Behind, failures: u32) -> SocketEnd {
        let socket = address().and_then(|address| WebSocket::new(&address).ok());
        if socket.is_none() {
            retry(line, failures);
        }
        SocketEnd(socket.map(|socket| {
            let failures = Rc::new(Cell::new(failures));
            let listeners = [
                hear_opening(&socket, line, &failures),
                hear_messages(&socket, line),
                hear_closing(&socket, line, &failures),
            ];
            (socket, listeners)
        }))
    }

    pub fn post(&self, text: &JsValue) {
        if let (Some((socket, _)), Some(text)) = (&self.0, text.as_string()) {
            // A socket that is just closing says so by itself.
            socket.send_with_str(&text).ok();
        }
    }
}

/// The address of the socket: that of the page, in the words of WebSockets.
fn address() -> Option<String> {
    let url = Url::new_with_base(ADDRESS, &document().base_uri().ok()??).ok()?;
    url.set_protocol(if url.protocol() == "https:" { "wss:" } else { "ws:" });
    url.set_hash("");
    Some(url.href())
}

fn hear_opening(socket: &WebSocket, line: &Behind, failures: &Rc<Cell<u32>>) -> EventListener {
    let (line, failures) = (line.clone(), failures.clone());
    EventListener::new(socket, "open", move |_| {
        failures.set(0);
        if let Some(line) = line.upgrade() {
            line.on_ready();
        }
    })
}

fn hear_messages(socket: &WebSocket, line: &Behind) -> EventListener {
    let line = line.clone();
    EventListener::new(socket, "message", move |event| {
        let event: &MessageEvent = event.unchecked_ref();
        let Some(line) = line.upgrade() else { return };
        match wire::read(&event.data()) {
            Ok(response) => line.on_answer(response),
            Err(error) => line.on_broken(format!("page and server speak differently: {error}")),
        }
    })
}

fn hear_closing(socket: &WebSocket, line: &Behind, failures: &Rc<Cell<u32>>) -> EventListener {
    let (line, failures) = (line.clone(), failures.clone());
    EventListener::new(socket, "close", move |_| retry(&line, failures.get()))
}

/// Says that nobody is there, and tries again after a while.
fn retry(line: &Behind, failures: u32) {
    let seconds = wait_s(failures);
    let again = line.clone();
    Timeout::new(seconds * 1000, move || {
        if let Some(line) = again.upgrade() {
            line.connect(failures + 1);
        }
    })
    .forget();
    if let Some(line) = line.upgrade() {
        line.on_away(seconds);
    }
}

fn wait_s(failures: u32) -> u32 {
    1_u32.checked_shl(failures).unwrap_or(RETRY_MAX_S).min(RETRY_MAX_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_up_to_a_limit() {
        let waits: Vec<u32> = [0, 1, 2, 3, 4, 40].map(wait_s).to_vec();
        assert_eq!(waits, [1, 2, 4, 8, 8, 8]);
    }
}
