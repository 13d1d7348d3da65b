//! News: what a node says to a listener without being asked.
//!
//! The problem: in RESP2 a message of pub/sub looks like any array, and a client must not take it
//! for the answer that it waits for. The idea: a client knows whether it listens on a connection,
//! since each subscription is confirmed with how many there are now; and on such a connection
//! nothing but news begins with these words. In RESP3 news are marked as pushes. A line of MONITOR
//! is a simple reply that begins with a time and an address, as no answer does.

use bytes::Bytes;

use crate::data::Reply;

/// How much a client has subscribed to on a connection, as it was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Listening {
    channels: i64,
    shard_channels: i64,
}

impl Listening {
    pub fn is_any(self) -> bool {
        self.channels > 0 || self.shard_channels > 0
    }

    /// Takes in what a confirmation says; those of shard channels are counted apart.
    pub fn hear(&mut self, reply: &Reply) {
        let (Reply::Array(parts) | Reply::Push(parts)) = reply else { return };
        if parts.iter().any(|part| matches!(part, Reply::Array(_) | Reply::Push(_))) {
            // The reply of EXEC.
            return parts.iter().for_each(|part| self.hear(part));
        }
        if let (Some(News::Confirmation), [Reply::Bulk(word), _, Reply::Integer(count)]) =
            (news(reply, *self), &parts[..])
        {
            let is_shard = word.starts_with(b"ss") || word.starts_with(b"sun");
            *(if is_shard { &mut self.shard_channels } else { &mut self.channels }) = *count;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Somebody published something.
    Message,
    /// A subscription began or ended; also without being asked, when a slot leaves its shard.
    Confirmation,
}

const MESSAGES: [&[u8]; 3] = [b"message", b"pmessage", b"smessage"];
const CONFIRMATIONS: [&[u8]; 6] =
    [b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe", b"ssubscribe", b"sunsubscribe"];

/// What kind of news a reply is, if it is any.
pub(super) fn news(reply: &Reply, listening: Listening) -> Option<News> {
    let (parts, is_marked) = match reply {
        Reply::Simple(line) if is_of_monitor(line) => return Some(News::Message),
        Reply::Push(parts) => (parts, true),
        Reply::Array(parts) => (parts, false),
        _ => return None,
    };
    let Some(Reply::Bulk(first)) = parts.first() else { return None };
    let is_message = MESSAGES.contains(&&**first) && (3..=4).contains(&parts.len());
    if is_message && (is_marked || listening.is_any()) {
        return Some(News::Message);
    }
    let is_count = matches!(parts.last(), Some(Reply::Integer(_)));
    let confirms = CONFIRMATIONS.contains(&&**first) && parts.len() == 3 && is_count;
    confirms.then_some(News::Confirmation)
}

/// Whether a line shows the call of another client.
fn is_of_monitor(line: &str) -> bool {
    let Some((time, rest)) = line.split_once(" [") else { return false };
    time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && rest.contains("] \"")
}

/// Whether a command ends all subscriptions, if only with the connection.
pub(super) fn ends_listening(args: &[Bytes]) -> bool {
    let is = |word: &[u8]| args.first().is_some_and(|name| name.eq_ignore_ascii_case(word));
    is(b"reset") || is(b"quit")
}

/// Whether a command is answered by confirmations.
pub(super) fn asks_for_confirmation(args: &[Bytes]) -> bool {
    let name = args.first().map(|name| name.to_ascii_lowercase());
    name.is_some_and(|name| CONFIRMATIONS.contains(&&*name))
}
