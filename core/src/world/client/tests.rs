//! The three kinds against servers that answer from a table.

use bytes::BytesMut;

use super::*;
use crate::data::{Protocol, decode_call, encode_reply};

const FOO: u16 = 12182;

fn node(port: u16) -> Endpoint {
    Endpoint::new(std::net::Ipv4Addr::LOCALHOST, port)
}

fn args(line: &str) -> Args {
    line.split(' ').map(|word| Bytes::copy_from_slice(word.as_bytes())).collect()
}

/// What stands behind a port.
enum Server {
    Answers(fn(&str) -> Reply),
    Refuses,
    Silent,
}

/// A client and the servers around it; every answer takes a millisecond.
struct Stage {
    client: Client,
    servers: Vec<(u16, Server)>,
    links: Vec<(ConnId, u16)>,
    now: Time,
    lines: Vec<String>,
    notes: Vec<ClientNote>,
}

impl Stage {
    fn new(kind: ClientKind, servers: Vec<(u16, Server)>) -> Stage {
        Stage {
            client: Client::new(kind, node(7000)),
            servers,
            links: Vec::new(),
            now: Time::ZERO,
            lines: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn say(&mut self, line: &str) -> Vec<String> {
        self.input(ClientInput::Ask(args(line)));
        std::mem::take(&mut self.lines)
    }

    fn input(&mut self, input: ClientInput) {
        let mut inputs = vec![input];
        while !inputs.is_empty() {
            let mut out = Vec::new();
            for input in inputs.drain(..) {
                self.client.handle(self.now, input, &mut out);
            }
            inputs = out.into_iter().filter_map(|effect| self.perform(effect)).collect();
            self.now = self.now + Span::from_millis(1);
        }
    }

    fn sleep(&mut self) -> Vec<String> {
        let wake = self.client.wakes_at().expect("it waits for something");
        self.now = self.now.max(wake);
        self.input(ClientInput::Wake);
        std::mem::take(&mut self.lines)
    }

    fn perform(&mut self, effect: ClientEffect) -> Option<ClientInput> {
        match effect {
            ClientEffect::Note(note) => {
                self.lines.extend(note.lines("app", self.client.kind()));
                self.notes.push(note);
                None
            }
            ClientEffect::Connect { conn, to } => match self.server(to.port()) {
                Server::Refuses => Some(ClientInput::LinkRefused { conn }),
                Server::Answers(_) | Server::Silent => {
                    self.links.push((conn, to.port()));
                    Some(ClientInput::LinkUp { conn })
                }
            },
            ClientEffect::Close { conn } => {
                self.links.retain(|&(open, _)| open != conn);
                None
            }
            ClientEffect::Send { conn, bytes } => {
                let port = self.links.iter().find(|link| link.0 == conn).unwrap().1;
                let Server::Answers(answer) = self.server(port) else {
                    return None;
                };
                let bytes = encode(&answer(&words(&bytes)));
                Some(ClientInput::Received { conn, bytes })
            }
        }
    }

    fn server(&self, port: u16) -> &Server {
        &self.servers.iter().find(|server| server.0 == port).unwrap().1
    }

    fn round_trips(&self) -> u32 {
        match self.notes.last() {
            Some(ClientNote::Answered { round_trips, .. }) => *round_trips,
            other => panic!("no answer: {other:?}"),
        }
    }
}

fn encode(reply: &Reply) -> Bytes {
    let mut bytes = BytesMut::new();
    encode_reply(reply, Protocol::Resp2, &mut bytes);
    bytes.freeze()
}

fn words(call: &Bytes) -> String {
    let call = decode_call(&mut BytesMut::from(&call[..])).unwrap().unwrap();
    let words = call.into_iter().map(|word| String::from_utf8(word.to_vec()).unwrap());
    words.collect::<Vec<_>>().join(" ")
}

fn map(owner: i64) -> Reply {
    let node = |port| Reply::Array(vec![Reply::bulk("127.0.0.1"), Reply::Integer(port)]);
    let run = |first, last, port| {
        Reply::Array(vec![Reply::Integer(first), Reply::Integer(last), node(port)])
    };
    Reply::Array(vec![run(0, 10_000, 7000), run(10_001, 16_383, owner)])
}

fn sends_on(call: &str) -> Reply {
    match call {
        "CLUSTER SLOTS" => map(7002),
        _ => Reply::error(format!("MOVED {FOO} 127.0.0.1:7002")),
    }
}

fn owns(call: &str) -> Reply {
    match call {
        "CLUSTER SLOTS" => map(7002),
        "GET foo" => Reply::bulk("bar"),
        _ => Reply::ok(),
    }
}

fn knows_the_successor(call: &str) -> Reply {
    match call {
        "CLUSTER SLOTS" => map(7005),
        _ => Reply::ok(),
    }
}

#[test]
fn a_plain_client_shows_the_redirect() {
    let mut stage = Stage::new(ClientKind::Plain, vec![(7000, Server::Answers(sends_on))]);
    assert_eq!(stage.say("GET foo"), ["(error) MOVED 12182 127.0.0.1:7002"]);
}

#[test]
fn a_following_client_goes_there_and_stays() {
    let servers = vec![(7000, Server::Answers(sends_on)), (7002, Server::Answers(owns))];
    let mut stage = Stage::new(ClientKind::Follow, servers);
    let redirected = "-> Redirected to slot [12182] located at 127.0.0.1:7002";
    assert_eq!(stage.say("GET foo"), [redirected, "\"bar\""]);
    assert_eq!(stage.round_trips(), 2);
    assert_eq!(stage.say("GET foo"), ["\"bar\""]);
    assert_eq!(stage.links.len(), 1, "the old connection is closed");
}

#[test]
fn ask_is_preceded_by_asking() {
    let asks: fn(&str) -> Reply = |_| Reply::error(format!("ASK {FOO} 127.0.0.1:7002"));
    let servers = vec![(7000, Server::Answers(asks)), (7002, Server::Answers(owns))];
    let mut stage = Stage::new(ClientKind::Aware, servers);
    assert_eq!(stage.say("GET foo"), ["\"bar\""]);
    assert_eq!(stage.round_trips(), 3);
    let asked: Vec<_> = stage
        .notes
        .iter()
        .filter_map(|note| match note {
            ClientNote::Asked { node, args } => Some((node.port(), args[0].clone())),
            _ => None,
        })
        .collect();
    let calls = [(7000, "CLUSTER"), (7000, "GET"), (7002, "ASKING"), (7002, "GET")];
    assert_eq!(asked, calls.map(|(port, name)| (port, Bytes::from(name))));
}

#[test]
fn an_aware_client_asks_the_owner_at_once() {
    let servers = vec![(7000, Server::Answers(sends_on)), (7002, Server::Answers(owns))];
    let mut stage = Stage::new(ClientKind::Aware, servers);
    assert_eq!(stage.say("GET foo"), ["\"bar\""]);
    assert_eq!(stage.round_trips(), 1);
}

#[test]
fn an_aware_client_bounds_its_redirects() {
    let mut stage = Stage::new(
        ClientKind::Aware,
        vec![(7000, Server::Answers(sends_on)), (7002, Server::Answers(sends_on))],
    );
    assert_eq!(stage.say("GET foo"), ["(error) MOVED 12182 127.0.0.1:7002"]);
    assert_eq!(stage.round_trips(), 6);
}

#[test]
fn an_aware_client_finds_the_successor_of_a_dead_node() {
    let servers = vec![
        (7000, Server::Answers(sends_on)),
        (7002, Server::Refuses),
        (7005, Server::Answers(owns)),
    ];
    let mut stage = Stage::new(ClientKind::Aware, servers);
    let text = "Could not connect to Redis at 127.0.0.1:7002: Connection refused";
    assert_eq!(stage.say("GET foo"), [text], "the cluster has no successor yet");
    stage.servers[0].1 = Server::Answers(knows_the_successor);
    assert_eq!(stage.say("GET foo"), ["\"bar\""]);
}

#[test]
fn a_silent_node_is_waited_for_and_then_left() {
    let servers = vec![
        (7000, Server::Answers(sends_on)),
        (7002, Server::Silent),
        (7005, Server::Answers(owns)),
    ];
    let mut stage = Stage::new(ClientKind::Aware, servers);
    assert_eq!(stage.say("GET foo"), [""; 0]);
    assert_eq!(stage.sleep(), ["(waiting)"]);
    stage.servers[0].1 = Server::Answers(knows_the_successor);
    assert_eq!(stage.sleep(), ["app< \"bar\""]);
    assert_eq!(stage.client.wakes_at(), None);
}

#[test]
fn a_closed_connection_is_opened_again_by_the_next_command() {
    let mut stage = Stage::new(ClientKind::Plain, vec![(7000, Server::Silent)]);
    assert_eq!(stage.say("GET foo"), [""; 0]);
    let conn = stage.links.remove(0).0;
    stage.input(ClientInput::LinkClosed { conn });
    assert_eq!(std::mem::take(&mut stage.lines), ["Error: Server closed the connection"]);
    stage.servers[0].1 = Server::Answers(owns);
    assert_eq!(stage.say("GET foo"), ["\"bar\""]);
    stage.servers[0].1 = Server::Refuses;
    let conn = stage.links.remove(0).0;
    stage.input(ClientInput::LinkClosed { conn });
    let refused = "Could not connect to Redis at 127.0.0.1:7000: Connection refused";
    assert_eq!(stage.say("GET foo"), [refused]);
}

#[test]
fn commands_are_answered_in_their_order() {
    let mut stage = Stage::new(ClientKind::Plain, vec![(7000, Server::Silent)]);
    stage.say("GET foo");
    stage.say("SET foo 1");
    assert_eq!(stage.client.unanswered(), 2);
    assert_eq!(stage.sleep(), ["(waiting)"]);
    let conn = stage.links[0].0;
    stage.servers[0].1 = Server::Answers(owns);
    let bytes = encode(&Reply::bulk("late"));
    stage.input(ClientInput::Received { conn, bytes });
    let lines = std::mem::take(&mut stage.lines);
    assert_eq!(lines[0], "app< \"late\"");
    assert!(lines[1].ends_with("OK"), "{lines:?}");
}

#[test]
fn a_reply_may_come_in_pieces() {
    let mut stage = Stage::new(ClientKind::Plain, vec![(7000, Server::Silent)]);
    stage.say("GET foo");
    let conn = stage.links[0].0;
    for piece in ["$", "5\r\nhe", "llo\r", "\n"] {
        assert_eq!(stage.lines, [""; 0]);
        let bytes = Bytes::from(piece);
        stage.input(ClientInput::Received { conn, bytes });
    }
    assert_eq!(stage.lines, ["\"hello\""]);
}
