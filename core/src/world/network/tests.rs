//! What the network promises to those who live on it.

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::*;
use crate::node::Service;
use crate::words::Time;

const A: ActorId = ActorId(0);
const B: ActorId = ActorId(1);
const BUS: u16 = 17_001;
const DELAY: Delay = Delay { latency: Span::from_micros(200), jitter: Span::from_micros(200) };

/// Two hosts, 7000 and 7001, and everything that was heard: when (in µs), by whom, what.
struct Lab {
    network: Network,
    queue: Queue,
    heard: Vec<(u64, ActorId, String)>,
    /// The name that the host has for the connection it accepted last.
    accepted: Option<ConnId>,
}

impl Lab {
    fn new() -> Lab {
        let mut network = Network::new(7, DELAY);
        for port in [7000, 7001] {
            network.add_host(Arc::from(port.to_string()), Some(Addr::loopback(port)));
        }
        Lab { network, queue: Queue::default(), heard: Vec::new(), accepted: None }
    }

    /// A connection from A to B, and the name that B has for it.
    fn linked(service: Service) -> (Lab, ConnId) {
        let mut lab = Lab::new();
        lab.connect(0, service);
        lab.run(1);
        let accepted = lab.accepted.expect("B listens");
        lab.heard.clear();
        (lab, accepted)
    }

    fn connect(&mut self, conn: u32, service: Service) {
        let port = if service == Service::Bus { BUS } else { 7001 };
        let to = (Ipv4Addr::LOCALHOST, port);
        self.network.connect((A, ConnId(conn)), to, service, event(), &mut self.queue);
    }

    fn send(&mut self, from: ActorId, conn: ConnId, text: &str) {
        let packet = Packet::Client(Bytes::copy_from_slice(text.as_bytes()));
        self.network.send((from, conn), packet, event(), &mut self.queue);
    }

    fn a_sends(&mut self, text: &str) {
        self.send(A, ConnId(0), text);
    }

    fn run(&mut self, millis: u64) {
        let end = self.queue.now() + Span::from_millis(millis);
        while self.queue.next_at().is_some_and(|next| next <= end) {
            let Some(Due::Net(due)) = self.queue.pop() else { panic!("only the network is here") };
            self.network.handle(due, &mut self.queue);
            self.listen();
        }
        self.queue.advance(end);
    }

    fn listen(&mut self) {
        while let Some(output) = self.network.next_output() {
            let Output::Arrival { to, input, .. } = output else { continue };
            let what = match input {
                Input::Accepted { conn, .. } => {
                    self.accepted = Some(conn);
                    "accepted".to_owned()
                }
                Input::LinkUp { .. } => "up".to_owned(),
                Input::LinkRefused { .. } => "refused".to_owned(),
                Input::LinkClosed { .. } => "closed".to_owned(),
                Input::Received { packet: Packet::Client(bytes), .. } => {
                    String::from_utf8(bytes.to_vec()).unwrap()
                }
                Input::Received { .. } | Input::GaveUp { .. } | Input::Started | Input::Tick => {
                    panic!("nobody sent that")
                }
            };
            self.heard.push((self.queue.now().micros(), to, what));
        }
    }

    fn words(&self, by: ActorId) -> Vec<&str> {
        self.heard.iter().filter(|heard| heard.1 == by).map(|heard| heard.2.as_str()).collect()
    }

    /// When this was heard, in whole milliseconds.
    fn when(&self, what: &str) -> Option<u64> {
        self.heard.iter().find(|heard| heard.2 == what).map(|heard| heard.0 / 1_000)
    }

    fn cut(&mut self, from: ActorId, to: ActorId) {
        self.network.cut(from, to, &mut self.queue);
    }

    fn heal(&mut self) {
        self.network.heal(A, B, &mut self.queue);
        self.network.heal(B, A, &mut self.queue);
    }
}

fn event() -> EventId {
    EventId { owner: A, count: 0 }
}

#[test]
fn a_connection_takes_a_round_trip_and_then_carries_what_waited() {
    let mut lab = Lab::new();
    lab.connect(0, Service::Client);
    lab.a_sends("early");
    lab.run(2);
    assert_eq!(lab.words(B), ["accepted", "early"]);
    assert_eq!(lab.words(A), ["up"]);
    assert!((400..=800).contains(&lab.heard[1].0), "{:?}", lab.heard);
}

#[test]
fn jitter_never_reorders_a_connection() {
    let (mut lab, _) = Lab::linked(Service::Client);
    let path = Delay { latency: Span::from_millis(1), jitter: Span::from_millis(50) };
    lab.network.paths_mut().slow(A, B, path);
    let sent: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    for text in &sent {
        lab.a_sends(text);
        lab.run(1);
    }
    lab.run(100);
    assert_eq!(lab.words(B), sent);
}

#[test]
fn a_short_cut_delays_and_loses_nothing() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.cut(A, B);
    lab.cut(B, A);
    lab.a_sends("one");
    lab.run(300);
    lab.a_sends("two");
    lab.run(400);
    assert!(lab.words(B).is_empty());
    lab.heal();
    lab.run(1_000);
    // Sent at 1 ms, again at 201 and 601 in vain, and at 1,401 with success.
    assert_eq!(lab.words(B), ["one", "two"]);
    assert_eq!(lab.when("one"), Some(1_401));
}

#[test]
fn a_cut_of_one_way_soon_stalls_the_other() {
    let (mut lab, accepted) = Lab::linked(Service::Client);
    lab.run(100);
    lab.cut(A, B);
    lab.send(B, accepted, "at once");
    lab.run(150);
    lab.send(B, accepted, "still before the timeout");
    lab.run(100);
    lab.send(B, accepted, "too late");
    lab.run(5_000);
    assert_eq!(lab.words(A), ["at once", "still before the timeout"]);
    lab.heal();
    lab.run(10_000);
    assert_eq!(lab.words(A).last(), Some(&"too late"));
}

#[test]
fn an_acknowledgement_under_way_survives_a_cut() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.a_sends("before");
    lab.run(60);
    lab.cut(B, A);
    lab.run(1_000);
    lab.a_sends("after");
    lab.run(10);
    assert_eq!(lab.words(B), ["before", "after"], "nothing was unacknowledged before");
    lab.run(300);
    lab.a_sends("stalled");
    lab.run(1_000);
    assert_eq!(lab.words(B).len(), 2);
}

#[test]
fn the_second_small_message_on_a_bus_link_waits_40_ms() {
    let (mut lab, _) = Lab::linked(Service::Bus);
    lab.a_sends("auth-request");
    lab.run(1);
    lab.a_sends("pong");
    lab.run(100);
    assert_eq!(lab.when("auth-request"), Some(1));
    let pong = lab.when("pong").unwrap();
    assert!((41..=44).contains(&pong), "{pong}");
}

#[test]
fn what_is_said_in_one_breath_arrives_together() {
    let (mut lab, _) = Lab::linked(Service::Bus);
    lab.a_sends("ping");
    lab.a_sends("auth-request");
    lab.run(1);
    let when: Vec<_> = lab.heard.iter().map(|heard| heard.0).collect();
    assert!(when.len() == 2 && when[0] == when[1], "{:?}", lab.heard);
    lab.a_sends("pong");
    lab.run(10);
    assert_eq!(lab.words(B), ["ping", "auth-request"]);
}

#[test]
fn an_answer_on_the_same_link_brings_the_acknowledgement_with_it() {
    let (mut lab, accepted) = Lab::linked(Service::Bus);
    lab.a_sends("ping");
    lab.run(1);
    lab.send(B, accepted, "pong");
    lab.a_sends("next");
    lab.run(10);
    assert!(lab.when("next").unwrap() <= 3, "{:?}", lab.heard);
}

#[test]
fn only_the_opener_of_a_bus_link_waits() {
    let (mut lab, accepted) = Lab::linked(Service::Bus);
    lab.send(B, accepted, "one");
    lab.run(1);
    lab.send(B, accepted, "two");
    lab.run(2);
    assert_eq!(lab.words(A), ["one", "two"]);
}

#[test]
fn a_killed_process_closes_and_then_refuses() {
    let (mut lab, _) = Lab::linked(Service::Bus);
    lab.network.kill(B, event(), &mut lab.queue);
    lab.run(1);
    assert_eq!(lab.words(A), ["closed"]);
    lab.connect(1, Service::Bus);
    lab.run(1);
    assert_eq!(lab.words(A), ["closed", "refused"]);
}

#[test]
fn a_crashed_machine_is_silent() {
    let (mut lab, _) = Lab::linked(Service::Bus);
    lab.network.crash(B, &mut lab.queue);
    lab.a_sends("hello");
    lab.connect(1, Service::Bus);
    lab.run(60_000);
    assert!(lab.heard.is_empty(), "{:?}", lab.heard);
    lab.run(70_000);
    assert_eq!(lab.when("refused"), Some(127_001), "SYNs were sent at 0, 1, 3, ... 63 s");
}

#[test]
fn what_was_under_way_to_a_crashed_machine_is_sent_again() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.a_sends("under way");
    lab.network.crash(B, &mut lab.queue);
    lab.run(10);
    lab.network.boot(B, &mut lab.queue);
    lab.run(1_000);
    assert_eq!(lab.words(B), [""; 0]);
    assert_eq!(lab.words(A), ["closed"], "the new system knows no such connection");
    assert_eq!(lab.when("closed"), Some(201));
}

#[test]
fn a_restarted_machine_resets_old_connections_when_they_speak() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.run(100);
    lab.network.crash(B, &mut lab.queue);
    lab.run(5_000);
    lab.network.boot(B, &mut lab.queue);
    lab.run(5_000);
    assert!(lab.heard.is_empty(), "a silent connection stays half open");
    lab.a_sends("hello?");
    lab.run(1);
    assert_eq!(lab.words(A), ["closed"]);
}

#[test]
fn an_unacknowledged_connection_is_reset_after_the_restart() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.a_sends("arrives");
    lab.run(10);
    lab.network.crash(B, &mut lab.queue);
    lab.run(1_000);
    lab.network.boot(B, &mut lab.queue);
    lab.run(1_000);
    assert_eq!(lab.words(A), ["closed"]);
}

#[test]
fn closing_in_a_cut_is_not_noticed_until_it_heals() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.run(100);
    lab.cut(A, B);
    lab.network.close(A, ConnId(0), event(), &mut lab.queue);
    lab.run(1_000);
    assert!(lab.words(B).is_empty());
    lab.heal();
    lab.run(2_000);
    assert_eq!(lab.words(B), ["closed"]);
}

#[test]
fn writing_to_a_closed_end_is_answered_with_a_reset() {
    let (mut lab, accepted) = Lab::linked(Service::Client);
    lab.run(100);
    lab.cut(A, B);
    lab.network.close(A, ConnId(0), event(), &mut lab.queue);
    lab.run(110_000);
    lab.heal();
    lab.run(60_000);
    assert!(lab.words(B).is_empty(), "the FIN was given up");
    lab.send(B, accepted, "are you there?");
    lab.run(1);
    assert_eq!(lab.words(B), ["closed"]);
}

#[test]
fn a_connection_that_never_gets_through_is_given_up() {
    let (mut lab, _) = Lab::linked(Service::Client);
    lab.cut(A, B);
    lab.a_sends("lost");
    lab.run(20 * 60_000);
    assert_eq!(lab.words(A), ["closed"]);
}

#[test]
fn a_syn_is_answered_only_if_both_ways_are_open() {
    for (from, to) in [(A, B), (B, A)] {
        let mut lab = Lab::new();
        lab.cut(from, to);
        lab.connect(0, Service::Bus);
        lab.run(500);
        assert!(lab.heard.is_empty());
        lab.heal();
        lab.run(1_000);
        assert_eq!(lab.words(A), ["up"]);
        assert_eq!(lab.when("up"), Some(1_000));
    }
}

#[test]
fn what_arrives_between_accepting_and_connecting_arrives_after_it() {
    let mut lab = Lab::new();
    lab.connect(0, Service::Client);
    while lab.accepted.is_none() {
        let Some(Due::Net(due)) = lab.queue.pop() else { panic!("a SYN is under way") };
        lab.network.handle(due, &mut lab.queue);
        lab.listen();
    }
    lab.send(B, lab.accepted.unwrap(), "welcome");
    lab.run(5);
    assert_eq!(lab.words(A), ["up", "welcome"]);
}

#[test]
fn nobody_refuses_and_nowhere_is_silent() {
    let mut lab = Lab::new();
    let mut connect = |conn, ip, port| {
        let service = Service::Client;
        lab.network.connect((A, ConnId(conn)), (ip, port), service, event(), &mut lab.queue);
    };
    connect(0, Ipv4Addr::LOCALHOST, 9);
    connect(1, Ipv4Addr::new(10, 0, 0, 9), 7000);
    lab.run(1_000);
    assert_eq!(lab.words(A), ["refused"]);
    lab.run(130_000);
    assert_eq!(lab.words(A), ["refused", "refused"]);
    assert_eq!(lab.queue.now(), Time::from_millis(131_000));
}

#[test]
fn another_path_has_other_dice() {
    let arrival = |with_noise: bool| {
        let (mut lab, accepted) = Lab::linked(Service::Client);
        if with_noise {
            lab.send(B, accepted, "noise");
        }
        lab.a_sends("x");
        lab.run(5);
        lab.heard.iter().find(|heard| heard.1 == B).unwrap().0
    };
    assert_eq!(arrival(false), arrival(true));
}
