//! The WebSocket over which a page watches.

use std::net::TcpStream;

use hashslot_core::lab::{Answer, Ask, Request, Response, Shown, Watched};
use hashslot_core::words::Span;
use tungstenite::client::IntoClientRequest;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket, connect};

use crate::served::{Served, eventually};

/// A page without a browser.
struct Page {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    asked: u64,
}

impl Page {
    fn open(served: &Served) -> Page {
        let mut request =
            format!("ws://127.0.0.1:{}/live", served.page()).into_client_request().unwrap();
        let origin = format!("http://127.0.0.1:{}", served.page());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        Page { socket: connect(request).unwrap().0, asked: 0 }
    }

    fn ask(&mut self, ask: Ask) -> Answer {
        self.asked += 1;
        let request = Request { id: self.asked, ask };
        self.socket.send(Message::text(serde_json::to_string(&request).unwrap())).unwrap();
        let text = self.socket.read().unwrap().into_text().unwrap();
        let response: Response = serde_json::from_str(&text).unwrap();
        assert_eq!(response.id, self.asked);
        response.answer
    }

    fn shown(&mut self, ask: Ask) -> Shown {
        match self.ask(ask) {
            Answer::Shown(shown) | Answer::Opened { shown, .. } | Answer::Did { shown, .. } => {
                *shown
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_page_follows_the_present() {
    let served = Served::start(&[]);
    let mut page = Page::open(&served);
    let opened = page.shown(Ask::Watch);
    assert_eq!(opened.live.unwrap().view, Watched::Live);
    let _client = served.wire(0);
    eventually("a client is seen, and time passes", || {
        let live = page.shown(Ask::Show).live.unwrap();
        (live.served.clients == 1 && live.present > opened.live.unwrap().present).then_some(())
    });
}

#[test]
fn the_past_is_read_only_and_clients_stay_in_the_present() {
    let served = Served::start(&["--speed", "20"]);
    let mut page = Page::open(&served);
    page.shown(Ask::Watch);
    let mut client = served.wire(2);
    assert_eq!(client.ask("SET foo bar"), "OK");
    let past = page.shown(Ask::Seek { elapsed: Span::ZERO });
    assert_eq!(past.live.unwrap().view, Watched::Behind);
    page.shown(Ask::Do { line: format!("$ kill {}", served.port(2)) });
    assert_eq!(client.ask("GET foo"), "bar", "the kill was on a branch of the watcher's");
    assert_eq!(page.shown(Ask::Live).live.unwrap().view, Watched::Live);
}

#[test]
fn what_is_done_at_the_present_happens_to_clients() {
    let served = Served::start(&[]);
    let mut page = Page::open(&served);
    page.shown(Ask::Watch);
    let mut client = served.wire(2);
    assert_eq!(client.ask("PING"), "PONG");
    page.shown(Ask::Do { line: format!("$ kill {}", served.port(2)) });
    assert!(client.is_closed());
    let paused = page.shown(Ask::Clock { speed_percent: Some(200), paused: Some(true) });
    assert_eq!(paused.live.unwrap().served.speed_percent, 200);
    let refused = page.ask(Ask::Do { line: "$ kil 7000".to_owned() });
    assert!(matches!(refused, Answer::Refused { .. }), "{refused:?}");
}

#[test]
fn nonsense_is_answered_and_many_watchers_are_bounded() {
    let served = Served::start(&[]);
    let mut page = Page::open(&served);
    page.socket.send(Message::text("nonsense")).unwrap();
    let text = page.socket.read().unwrap().into_text().unwrap();
    assert!(text.contains("this is no request"), "{text}");
    let pages: Vec<Page> = (0..31).map(|_| Page::open(&served)).collect();
    let url = format!("ws://127.0.0.1:{}/live", served.page());
    assert!(connect(url.as_str()).is_err());
    drop(pages);
    eventually("there is room again", || connect(url.as_str()).ok());
}
