//! Pub/sub: who listens to which channel, and how a message gets to all of them.
//!
//! The problem: a client listens at the node that it is connected to, and the message may be
//! published at any other. The idea: every node tells every other one of every message, and each
//! delivers to its own clients. That costs more the more nodes there are, so there are *shard
//! channels* as well: they have a slot as keys do, are served by that slot's shard only, and their
//! messages stay within it.
//!
//! The rule (Redis 7.0, `pubsub.c: pubsubSubscribeChannel, pubsubPublishMessageInternal,
//! pubsubUnsubscribeAllChannels`, `cluster.c: clusterPropagatePublish, removeChannelsInSlot`): a
//! message is delivered here first, to those who named the channel, then to those whose pattern
//! matches it, and only then told to others, on the links that this node opened; the reply counts
//! local listeners alone. What a listener hears is a push in RESP3 and an array in RESP2, and comes
//! even if it wants no replies. Nothing is kept: who is not connected misses it. When a slot leaves
//! the shard, whoever listened to one of its channels is unsubscribed and told so.
//!
//! How we differ: where Redis goes by the order of a hash table (patterns at delivery, channels in
//! PUBSUB CHANNELS, what an UNSUBSCRIBE without names ends), names are sorted here, or come in the
//! order in which they were subscribed to.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Node;
use super::bus::{Body, Message, Publication};
use super::fact::Fact;
use super::peers::{MYSELF, PeerIdx};
use super::port::Effects;
use crate::data::{Reply, glob_matches};
use crate::words::{ConnId, Slot, slot_of_key};

/// The three ways to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Channel,
    Pattern,
    Shard,
}

impl Kind {
    /// What is put before `subscribe`, `unsubscribe` and `message`.
    const fn prefix(self) -> &'static str {
        match self {
            Kind::Channel => "",
            Kind::Pattern => "p",
            Kind::Shard => "s",
        }
    }
}

/// The listeners of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct PubSub {
    /// By kind and name, in the order in which they came.
    listeners: [BTreeMap<Bytes, Vec<ConnId>>; 3],
    /// By client and kind; in the order in which it subscribed.
    names: BTreeMap<ConnId, [Vec<Bytes>; 3]>,
}

impl PubSub {
    /// Whether a client listens to anything.
    pub(super) fn listens(&self, conn: ConnId) -> bool {
        self.names.contains_key(&conn)
    }

    /// How many listen to a name.
    pub(super) fn count(&self, kind: Kind, name: &[u8]) -> usize {
        self.listeners[kind as usize].get(name).map_or(0, Vec::len)
    }

    /// All names that somebody listens to.
    pub(super) fn active(&self, kind: Kind) -> impl ExactSizeIterator<Item = &Bytes> {
        self.listeners[kind as usize].keys()
    }

    /// How many subscriptions of a kind a client has.
    pub(super) fn own(&self, conn: ConnId, kind: Kind) -> usize {
        self.names.get(&conn).map_or(0, |names| names[kind as usize].len())
    }

    pub(super) fn subscribe(&mut self, conn: ConnId, kind: Kind, name: &Bytes) {
        let names = &mut self.names.entry(conn).or_default()[kind as usize];
        if !names.contains(name) {
            names.push(name.clone());
            self.listeners[kind as usize].entry(name.clone()).or_default().push(conn);
        }
    }

    pub(super) fn unsubscribe(&mut self, conn: ConnId, kind: Kind, name: &[u8]) {
        let listeners = &mut self.listeners[kind as usize];
        if let Some(list) = listeners.get_mut(name) {
            list.retain(|&listener| listener != conn);
            if list.is_empty() {
                listeners.remove(name);
            }
        }
        let Some(names) = self.names.get_mut(&conn) else { return };
        names[kind as usize].retain(|known| known != name);
        if names.iter().all(Vec::is_empty) {
            self.names.remove(&conn);
        }
    }

    /// The names of a kind that a client listens to.
    pub(super) fn names_of(&self, conn: ConnId, kind: Kind) -> Vec<Bytes> {
        self.names.get(&conn).map_or_else(Vec::new, |names| names[kind as usize].clone())
    }

    /// Ends all subscriptions of a client, silently.
    pub(super) fn forget(&mut self, conn: ConnId) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            for name in self.names_of(conn, kind) {
                self.unsubscribe(conn, kind, &name);
            }
        }
    }

    /// Who hears a message, and what; in the order in which it is delivered.
    fn audience(&self, kind: Kind, said: &Publication) -> Vec<(ConnId, Reply)> {
        let (channel, message) = (&said.channel, &said.message);
        let own = self.listeners[kind as usize].get(channel).into_iter().flatten();
        let heard = push([text(kind, "message"), bulk(channel), bulk(message)]);
        let mut audience: Vec<_> = own.map(|&conn| (conn, heard.clone())).collect();
        if kind == Kind::Channel {
            let patterns = self.listeners[Kind::Pattern as usize].iter();
            for (pattern, list) in patterns.filter(|(pattern, _)| glob_matches(pattern, channel)) {
                let parts = [bulk(pattern), bulk(channel), bulk(message)];
                let heard = [text(Kind::Pattern, "message")].into_iter().chain(parts);
                let heard = Reply::Push(heard.collect());
                audience.extend(list.iter().map(|&conn| (conn, heard.clone())));
            }
        }
        audience
    }
}

fn text(kind: Kind, word: &str) -> Reply {
    Reply::bulk(format!("{}{word}", kind.prefix()))
}

fn bulk(bytes: &Bytes) -> Reply {
    Reply::Bulk(bytes.clone())
}

fn push<const N: usize>(parts: [Reply; N]) -> Reply {
    Reply::Push(parts.into())
}

impl Node {
    /// A client listens from now on; it is told so.
    pub(super) fn subscribe(&mut self, conn: ConnId, kind: Kind, name: &Bytes) {
        self.pubsub.subscribe(conn, kind, name);
        let count = self.subscriptions(conn, kind);
        self.send_to_client(conn, &push([text(kind, "subscribe"), bulk(name), count]));
    }

    /// A client listens no more; it is told so, even if it never did.
    pub(super) fn unsubscribe(&mut self, conn: ConnId, kind: Kind, name: &Bytes) {
        self.pubsub.unsubscribe(conn, kind, name);
        let count = self.subscriptions(conn, kind);
        self.send_to_client(conn, &push([text(kind, "unsubscribe"), bulk(name), count]));
    }

    /// Ends all of a client's subscriptions of a kind; that there were none is said as well.
    pub(super) fn unsubscribe_all(&mut self, conn: ConnId, kind: Kind) {
        let names = self.pubsub.names_of(conn, kind);
        names.iter().for_each(|name| self.unsubscribe(conn, kind, name));
        if names.is_empty() {
            let count = self.subscriptions(conn, kind);
            let none = push([text(kind, "unsubscribe"), Reply::Null, count]);
            self.send_to_client(conn, &none);
        }
    }

    /// The number that such replies end with: channels and patterns count together.
    fn subscriptions(&self, conn: ConnId, kind: Kind) -> Reply {
        let own = |kind| self.pubsub.own(conn, kind);
        let count = match kind {
            Kind::Shard => own(Kind::Shard),
            Kind::Channel | Kind::Pattern => own(Kind::Channel) + own(Kind::Pattern),
        };
        Reply::Integer(count as i64)
    }

    /// Delivers a message to this node's own clients; how many heard it.
    fn deliver(&mut self, kind: Kind, said: &Publication) -> usize {
        let audience = self.pubsub.audience(kind, said);
        for (conn, heard) in &audience {
            self.send_to_client(*conn, heard);
        }
        audience.len()
    }

    /// Delivers a message here, and tells all other nodes.
    pub(super) fn publish(&mut self, said: Publication, out: &mut Effects) -> usize {
        let heard = self.deliver(Kind::Channel, &said);
        let message = self.message(Body::Publish(said));
        self.broadcast(&message, out);
        heard
    }

    /// Delivers a message here, and tells the other nodes of the shard.
    pub(super) fn publish_in_shard(&mut self, said: Publication, out: &mut Effects) -> usize {
        let heard = self.deliver(Kind::Shard, &said);
        let message = self.message(Body::PublishShard(said));
        for index in self.shard_members() {
            if let Some(link) = self.peers[index].link {
                self.send_message(link, message.clone(), out);
            }
        }
        heard
    }

    /// The master of this node's shard, and its replicas (`clusterGetNodesServingMySlots`).
    fn shard_members(&self) -> Vec<PeerIdx> {
        let Some(master) = self.peers.shard_master(MYSELF) else { return Vec::new() };
        std::iter::once(master).chain(self.peers.replicas_of(master)).collect()
    }

    /// A message that was published elsewhere; of a node that is not known, none is delivered.
    pub(super) fn on_publication(&mut self, sender: Option<PeerIdx>, message: &Message) {
        match (&message.body, sender) {
            (Body::Publish(said), Some(_)) => self.deliver(Kind::Channel, said),
            (Body::PublishShard(said), Some(_)) => self.deliver(Kind::Shard, said),
            _ => 0,
        };
    }

    /// Ends the subscriptions to channels of slots that left the shard.
    pub(super) fn close_shard_channels(&mut self, out: &mut Effects) {
        let Some(left) = self.slots.take_left() else { return };
        let gone = |name: &&Bytes| left.contains(slot_of_key(name));
        let gone: Vec<Bytes> = self.pubsub.active(Kind::Shard).filter(gone).cloned().collect();
        for name in &gone {
            let listeners = self.pubsub.listeners[Kind::Shard as usize].get(name);
            for conn in listeners.cloned().unwrap_or_default() {
                self.unsubscribe(conn, Kind::Shard, name);
            }
        }
        if let Some(first) = gone.first() {
            let (count, slot): (usize, Slot) = (gone.len(), slot_of_key(first));
            out.note(Fact::ShardChannelsClosed { count: count as u64, slot });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn a_client_that_ended_all_its_subscriptions_listens_no_more() {
        let mut pubsub = PubSub::default();
        let conn = ConnId(1);
        pubsub.subscribe(conn, Kind::Channel, &name("a"));
        pubsub.subscribe(conn, Kind::Channel, &name("a"));
        pubsub.subscribe(conn, Kind::Pattern, &name("a*"));
        assert_eq!(pubsub.count(Kind::Channel, b"a"), 1);
        pubsub.unsubscribe(conn, Kind::Channel, b"a");
        assert!(pubsub.listens(conn));
        assert_eq!(pubsub.active(Kind::Channel).len(), 0);
        pubsub.unsubscribe(conn, Kind::Pattern, b"a*");
        assert!(!pubsub.listens(conn));
    }

    #[test]
    fn a_channel_is_heard_before_patterns_and_twice_by_who_has_both() {
        let mut pubsub = PubSub::default();
        for (conn, kind, of) in [
            (1, Kind::Pattern, "n*"),
            (2, Kind::Channel, "news"),
            (1, Kind::Channel, "news"),
            (3, Kind::Shard, "news"),
            (4, Kind::Pattern, "old*"),
        ] {
            pubsub.subscribe(ConnId(conn), kind, &name(of));
        }
        let said = Publication { channel: name("news"), message: name("x") };
        let heard = |kind| pubsub.audience(kind, &said).into_iter().map(|(conn, _)| conn.0);
        assert_eq!(heard(Kind::Channel).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(heard(Kind::Shard).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_forgotten_client_leaves_nothing_behind() {
        let mut pubsub = PubSub::default();
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            pubsub.subscribe(ConnId(1), kind, &name("a"));
            pubsub.subscribe(ConnId(2), kind, &name("a"));
        }
        pubsub.forget(ConnId(1));
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            assert_eq!((pubsub.count(kind, b"a"), pubsub.own(ConnId(2), kind)), (1, 1));
        }
        assert!(!pubsub.listens(ConnId(1)));
    }
}
