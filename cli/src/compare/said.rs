//! What is said of a step: by the clients that it concerns, or by whoever should do it.

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Protocol, Reply, encode_reply};
use hashslot_core::world::client::{ClientNote, Failure};
use hashslot_core::world::event::EventKind;
use hashslot_core::world::step::{ClientName, Step};
use hashslot_core::world::{Trace, World};

use super::masks::masked;

/// What a client, or whoever does a step, has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Answered {
        client: ClientName,
        reply: Reply,
    },
    /// What came without being asked for.
    Heard {
        client: ClientName,
        news: Reply,
    },
    Redirected {
        client: ClientName,
        to: String,
    },
    Waiting {
        client: ClientName,
    },
    Failed {
        client: ClientName,
        how: Failure,
    },
    Refused(String),
}

impl Said {
    /// What a client has to say of a note, if it is worth saying.
    pub fn of(client: ClientName, note: &ClientNote) -> Option<Said> {
        match note {
            ClientNote::Answered { reply, .. } => {
                Some(Said::Answered { client, reply: reply.clone() })
            }
            ClientNote::Pushed { news, .. } => Some(Said::Heard { client, news: news.clone() }),
            ClientNote::Redirected { to, .. } => {
                Some(Said::Redirected { client, to: to.to_string() })
            }
            ClientNote::Waiting { .. } => Some(Said::Waiting { client }),
            ClientNote::Failed { how, .. } => Some(Said::Failed { client, how: *how }),
            _ => None,
        }
    }

    /// As a line, without what may differ; a reply in the bytes in which it travels.
    pub fn shown(self, call: &[Bytes]) -> String {
        match self {
            Said::Answered { client, reply } => {
                format!("{}< {}", called(&client), on_the_wire(&masked(call, reply)))
            }
            Said::Heard { client, news } => {
                format!("{} hears {}", called(&client), on_the_wire(&news))
            }
            Said::Redirected { client, to } => format!("{} goes to {to}", called(&client)),
            Said::Waiting { client } => format!("{} waits", called(&client)),
            Said::Failed { client, how } => format!("{} fails: {how:?}", called(&client)),
            Said::Refused(_) => "(refused)".to_owned(),
        }
    }
}

fn on_the_wire(reply: &Reply) -> String {
    let mut bytes = BytesMut::new();
    encode_reply(reply, Protocol::Resp3, &mut bytes);
    bytes.escape_ascii().to_string()
}

fn called(client: &ClientName) -> String {
    match client {
        ClientName::Cli => String::new(),
        ClientName::Node(port) => port.to_string(),
        ClientName::Named(name) => name.as_str().to_owned(),
    }
}

/// The words of the command that a step sends; none if it sends none.
pub fn call_of(step: &Step) -> &[Bytes] {
    match step {
        Step::Command { args, .. } => args,
        _ => &[],
    }
}

/// Does a step on a simulated cluster; what is said.
pub fn simulate(world: &mut World, trace: &mut Trace, step: &Step) -> Vec<Said> {
    let from = trace.len();
    world.apply(step, trace);
    let mut said = Vec::new();
    for event in trace.from(from) {
        match &event.kind {
            EventKind::Refused(hint) => said.push(Said::Refused(hint.to_string())),
            EventKind::Client(note) => {
                let owner = world.clients().iter().find(|(_, actor)| *actor == event.id.owner);
                said.extend(owner.and_then(|(name, _)| Said::of(name.clone(), note)));
            }
            _ => {}
        }
    }
    said
}
