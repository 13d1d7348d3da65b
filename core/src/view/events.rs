//! What an event says: facts, clients, the network and the person's own steps.

use super::facts;
use super::names::Names;
use super::sentence::{Sentence, counted};
use crate::data::{PrintForm, Reply, print_reply};
use crate::words::ActorId;
use crate::words::quote_arg;
use crate::world::client::{ClientNote, Failure, Redirect, Refusal};
use crate::world::event::{Event, EventKind, Hold, Life, Loss, What};
use crate::world::hazard::{Hazard, LostHow};

/// The sentence of an event.
pub fn sentence_of(event: &Event, names: &Names) -> Sentence {
    let node = names.actor(event.id.owner);
    let say = |key: &str| Sentence::new(key).with("node", node);
    let other = |actor: &Option<ActorId>| match actor {
        Some(actor) => names.actor(*actor).to_owned(),
        None => "somebody".to_owned(),
    };
    match &event.kind {
        EventKind::Step(text) => Sentence::new("step").with("text", text),
        EventKind::Refused(hint) => Sentence::new("refused").with("hint", hint),
        EventKind::Hazard(hazard) => of_hazard(hazard, names),
        EventKind::Life(life) => say(match life {
            Life::Started => "process-started",
            Life::Failed => "process-failed",
            Life::Exited => "process-exited",
            Life::Killed => "killed",
            Life::Crashed => "crashed",
            Life::Paused => "paused",
            Life::Resumed => "resumed",
        }),
        EventKind::Connecting { to, .. } => say("connecting").with("peer", other(to)),
        EventKind::Accepted { from, .. } => say("link-up").with("peer", other(from)),
        EventKind::LinkUp { to, .. } => say("link-up").with("peer", other(to)),
        EventKind::LinkRefused { .. } => say("nobody-listens"),
        EventKind::LinkClosed { by, .. } => say("link-closed").with("peer", other(by)),
        EventKind::Closed { to, .. } => say("closed").with("peer", other(to)),
        EventKind::Sent { to, what, .. } => {
            say("sent").with("what", named(what)).with("peer", other(to))
        }
        EventKind::Received { from, what, .. } => {
            say("received").with("what", named(what)).with("peer", other(from))
        }
        EventKind::Lost { from, to, what, why } => match why {
            Loss::Cut => Sentence::new("lost-cut"),
            Loss::MachineDown => Sentence::new("lost-down"),
            Loss::Filtered => Sentence::new("lost-filtered").with("what", named(what)),
        }
        .with("node", names.actor(*from))
        .with("peer", names.actor(*to)),
        EventKind::Held { from, to, why, .. } => Sentence::new(match why {
            Hold::Nagle => "held-nagle",
            Hold::Retransmission => "held-retransmission",
        })
        .with("node", names.actor(*from))
        .with("peer", names.actor(*to)),
        EventKind::Fact(fact) => facts::sentence_of(fact, node, names),
        EventKind::Client(note) => of_note(note, node),
    }
}

fn of_hazard(hazard: &Hazard, names: &Names) -> Sentence {
    match hazard {
        Hazard::WriteLost { key, acknowledged_by, how, .. } => Sentence::new(match how {
            LostHow::Promotion => "lost-by-promotion",
            LostHow::FullSync => "lost-by-full-sync",
            LostHow::Restart => "lost-by-restart",
            LostHow::OutdatedMaster => "lost-by-outdated-master",
        })
        .with("key", key)
        .with("peer", acknowledged_by.port()),
        Hazard::TwoMasters { slot, outdated, owner, .. } => Sentence::new("two-masters")
            .with("slot", slot)
            .with("node", names.node(*outdated))
            .with("peer", names.node(*owner)),
        Hazard::StaleRead { by, key, .. } => {
            Sentence::new("stale-read").with("node", by.port()).with("key", key)
        }
    }
}

/// What a message is called.
pub fn named(what: &What) -> String {
    match what {
        What::Bus { kind, .. } => kind.name().to_ascii_uppercase(),
        What::News(news) => news.kind.name().to_ascii_uppercase(),
        What::Replication { part, .. } => format!("replication {part:?}").to_ascii_lowercase(),
        What::Client { bytes } => counted(u64::from(*bytes), "byte"),
        What::End => "end of the connection".to_owned(),
    }
}

fn of_note(note: &ClientNote, node: &str) -> Sentence {
    let say = |key: &str| Sentence::new(key).with("node", node);
    match note {
        ClientNote::Asked { node, args } => {
            let words: Vec<String> = args.iter().map(|arg| quote_arg(arg)).collect();
            say("client-asked").with("peer", node.port()).with("command", words.join(" "))
        }
        ClientNote::Redirected { kind, slot, to, .. } => say(match kind {
            Redirect::Moved => "client-redirected-moved",
            Redirect::Ask => "client-redirected-ask",
        })
        .with("slot", slot)
        .with("to", to.port()),
        ClientNote::Answered { reply, .. } => {
            say("client-answered").with("reply", in_a_line(reply))
        }
        ClientNote::Pushed { news, .. } => pushed(news, say),
        ClientNote::Waiting { .. } => say("client-waiting"),
        ClientNote::Failed { node, how, .. } => say(match how {
            Failure::Refused => "client-refused",
            Failure::Closed => "client-closed",
            Failure::ConnectTimeout => "client-no-connection",
            Failure::ReplyTimeout => "client-no-answer",
        })
        .with("peer", node.port()),
        ClientNote::CacheRefreshed { .. } => say("client-cache"),
        ClientNote::WriteAcknowledged { by, key, .. } => {
            Sentence::new("write-acknowledged").with("peer", by.port()).with("key", key)
        }
        ClientNote::ReadAnswered { by, key, .. } => {
            Sentence::new("read-answered").with("peer", by.port()).with("key", key)
        }
        ClientNote::NotAcknowledged { key, why, .. } => {
            let why = match why {
                Refusal::Error(text) => text,
                Refusal::Failed(_) => "no answer",
            };
            Sentence::new("write-refused").with("key", key).with("why", why)
        }
    }
}

/// News of pub/sub: a message and its channel, or anything else.
fn pushed(news: &Reply, say: impl Fn(&str) -> Sentence) -> Sentence {
    let (Reply::Array(parts) | Reply::Push(parts)) = news else {
        return say("client-told").with("reply", in_a_line(news));
    };
    match parts.as_slice() {
        [Reply::Bulk(kind), .., Reply::Bulk(channel), message @ Reply::Bulk(_)]
            if kind.ends_with(b"message") =>
        {
            say("client-heard")
                .with("message", in_a_line(message))
                .with("channel", String::from_utf8_lossy(channel))
        }
        _ => say("client-told").with("reply", in_a_line(news)),
    }
}

/// A reply in one line. Of a text with several lines, such as that of CLUSTER INFO, the first.
fn in_a_line(reply: &Reply) -> String {
    if let Reply::Bulk(bytes) | Reply::Verbatim { text: bytes, .. } = reply
        && let Some(first) = bytes.split(|&byte| byte == b'\n').next()
        && first.len() < bytes.len()
    {
        return format!("{} ...", String::from_utf8_lossy(first).trim_end());
    }
    let text = print_reply(reply, PrintForm::Quoted);
    shortened(&text.trim_end().replace('\n', " / "))
}

/// How much of a reply a sentence quotes.
const QUOTED_MAX: usize = 90;

/// A reply that fits into a sentence.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.to_owned(),
    }
}
