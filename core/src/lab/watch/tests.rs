//! Who watches sees the present, goes back, tries something, and disturbs nobody.

use bytes::Bytes;

use super::*;
use crate::lab::Request;
use crate::lab::answer::Shown;
use crate::view::{Direction, Filter};
use crate::words::ConnId;
use crate::world::step::{Port, Step};
use crate::world::{Level, Outside, Setup, session::Budget};

/// A served cluster, and somebody who watches it.
struct Front {
    session: Session,
    lab: Lab,
    conns: u32,
}

const PAUSED: Served = Served { clock: Clock::Paused, speed_percent: 50, clients: 2 };

impl Front {
    fn new() -> Front {
        let session = Session::with(Setup::default(), Level::Facts, Budget::default());
        let lab = Lab::watching(session.clone(), PAUSED);
        let mut front = Front { session, lab, conns: 0 };
        assert!(matches!(front.ask(Ask::Watch), Answer::Opened { .. }));
        front
    }

    /// What a front end does with an ask.
    fn ask(&mut self, ask: Ask) -> Answer {
        if self.lab.is_for_served(&ask) {
            if let Ask::Do { line } = &ask {
                self.session.apply(&Step::parse(line).unwrap());
            }
            self.lab.refresh(self.session.clone(), PAUSED);
            return self.lab.did(1, &ask, Ok(Vec::new())).answer;
        }
        if self.lab.wants_snapshot(&ask) {
            self.lab.refresh(self.session.clone(), PAUSED);
        }
        self.lab.handle(Request { id: 1, ask }).remove(0).answer
    }

    fn shown(&mut self, ask: Ask) -> Shown {
        match self.ask(ask) {
            Answer::Shown(shown) | Answer::Did { shown, .. } | Answer::Opened { shown, .. } => {
                *shown
            }
            other => panic!("{other:?}"),
        }
    }

    fn view(&mut self) -> Watched {
        self.shown(Ask::Show).live.expect("it is watched").view
    }

    /// A real client asks the wrong node.
    fn call(&mut self) {
        let conn = ConnId(self.conns);
        self.conns += 1;
        let at = self.session.now() + Span::from_millis(1);
        self.session.outside(at, Outside::Open { conn, to: Port::new(7000).unwrap() });
        let bytes = Bytes::from_static(b"GET foo\r\n");
        self.session.outside(at + Span::from_millis(1), Outside::Send { conn, bytes });
    }
}

fn kill(port: u16) -> Ask {
    Ask::Do { line: format!("$ kill {port}") }
}

#[test]
fn the_present_is_shown_as_it_becomes() {
    let mut front = Front::new();
    let before = front.shown(Ask::Show);
    front.call();
    let shown = front.shown(Ask::Show);
    assert!(shown.is_present && shown.elapsed > before.elapsed);
    assert_eq!(shown.elapsed, shown.live.unwrap().present);
    let told = shown.now.expect("a redirect is news");
    assert_eq!(told.node, "outside");
    assert_eq!(told.text, "outside is sent on: slot 12182 is served by 7002.");
    assert!(shown.clients.contains(&"outside".to_owned()));
    assert_eq!(shown.live.unwrap().served, PAUSED);
    let again = front.shown(Ask::Show);
    assert_eq!(again.now, Some(told), "what was shown last stays");
}

#[test]
fn what_is_done_live_is_done_to_the_served_cluster() {
    let mut front = Front::new();
    let shown = front.shown(kill(7001));
    assert_eq!(front.session.branches().len(), 1);
    assert!(shown.marks.iter().any(|mark| mark.text.contains("kill 7001")), "{:?}", shown.marks);
    assert!(matches!(front.ask(Ask::Link), Answer::Refused { .. }));
    let opens = Ask::Open { lesson: "redirects".to_owned() };
    assert!(matches!(front.ask(opens), Answer::Refused { .. }));
    assert!(matches!(front.ask(Ask::SaveRun), Answer::Saved { .. }));
}

#[test]
fn the_past_is_the_watchers_own() {
    let mut front = Front::new();
    front.shown(kill(7001));
    front.session.pass_to(front.session.now() + Span::from_secs(5));
    let live = front.shown(Ask::Show);
    let behind = front.shown(Ask::Step { direction: Direction::Back, filter: Filter::News });
    assert!(behind.elapsed < live.elapsed);
    assert_eq!(front.view(), Watched::Behind);
    front.session.pass_to(front.session.now() + Span::from_secs(5));
    let digest = front.session.digest();
    let tried = front.shown(kill(7002));
    assert_eq!(tried.lanes.len(), 2);
    assert_eq!((front.session.digest(), front.session.branches().len()), (digest, 1));
    let live = front.shown(Ask::Live);
    assert_eq!((live.lanes.len(), live.live.unwrap().view), (1, Watched::Live));
    assert_eq!(live.elapsed, front.session.world().elapsed());
    let seen = live.marks.iter().filter(|mark| mark.text.contains("kill 7001")).count();
    assert_eq!(seen, 1, "moments are read once");
    assert!(!live.marks.iter().any(|mark| mark.text.contains("kill 7002")));
}

#[test]
fn nobody_watches_what_is_not_served() {
    let mut lab = Lab::new();
    let clock = Ask::Clock { speed_percent: None, paused: Some(true) };
    for ask in [Ask::Watch, Ask::Live, clock] {
        assert!(!lab.is_for_served(&ask) && !lab.wants_snapshot(&ask));
        let answer = lab.handle(Request { id: 1, ask }).remove(0).answer;
        let Answer::Refused { hint } = answer else { panic!("{answer:?}") };
        assert_eq!(hint, NOT_SERVED);
    }
}
