//! A TCP connection: two ends, and a pipe each way.
//!
//! Each end has its own idea of whether the connection exists. A process that closes its end, or
//! dies, leaves a FIN behind its data; a machine that dies leaves nothing. The other end learns of
//! it when the FIN arrives, or when it sends and is answered with a reset, or never. The connection
//! is forgotten when both ends are gone.
//!
//! Connections lie in one table per opener, shared between worlds until one of them changes it.

use super::pipe::{Nagle, Pipe};
use crate::node::Service;
use crate::words::{ActorId, ByConn, ConnId, EventId};

/// The name of a connection in the world. A slot is used again, under another generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub opener: ActorId,
    slot: u16,
    generation: u32,
}

/// One end of a connection: the one that opened it, or the one that accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Opener,
    Acceptor,
}

impl Side {
    pub const fn other(self) -> Side {
        match self {
            Side::Opener => Side::Acceptor,
            Side::Acceptor => Side::Opener,
        }
    }

    const fn index(self) -> usize {
        match self {
            Side::Opener => 0,
            Side::Acceptor => 1,
        }
    }
}

/// One end of one connection, and the pipe that begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: Key,
    pub side: Side,
}

impl Place {
    /// The end across.
    pub const fn across(self) -> Place {
        Place { key: self.key, side: self.side.other() }
    }
}

/// What one end knows of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndState {
    /// The SYN is out; this many were in vain.
    Connecting {
        retries: u8,
    },
    Open,
    /// There is no such socket (any more, or yet).
    Gone,
}

#[derive(Clone, Debug)]
pub struct End {
    pub actor: ActorId,
    /// The owner's name of the connection.
    pub conn: ConnId,
    pub state: EndState,
    pub pipe: Pipe,
}

/// A connection as nobody sees it: both ends at once.
#[derive(Clone, Debug)]
pub struct Connection {
    pub service: Service,
    /// The event of its opening.
    pub opened: EventId,
    ends: [End; 2],
}

impl Connection {
    /// A connection that `opener` wants; nobody has accepted it. Redis sets TCP_NODELAY on every
    /// socket but the opening side of a bus link (`connection.c`, `cluster.c: clusterCron`).
    pub fn new(
        opener: (ActorId, ConnId),
        acceptor: ActorId,
        service: Service,
        opened: EventId,
    ) -> Connection {
        let nagle = match service {
            Service::Bus => Nagle::On,
            Service::Client => Nagle::Off,
        };
        let connecting = EndState::Connecting { retries: 0 };
        let end = |actor, conn, state, nagle| End { actor, conn, state, pipe: Pipe::new(nagle) };
        Connection {
            service,
            opened,
            ends: [
                end(opener.0, opener.1, connecting, nagle),
                end(acceptor, ConnId(ConnId::ACCEPTED), EndState::Gone, Nagle::Off),
            ],
        }
    }

    pub fn end(&self, side: Side) -> &End {
        &self.ends[side.index()]
    }

    pub fn end_mut(&mut self, side: Side) -> &mut End {
        &mut self.ends[side.index()]
    }

    /// This end, and the one across.
    pub fn pair_mut(&mut self, side: Side) -> (&mut End, &mut End) {
        let [opener, acceptor] = &mut self.ends;
        match side {
            Side::Opener => (opener, acceptor),
            Side::Acceptor => (acceptor, opener),
        }
    }

    pub fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.state == EndState::Gone)
    }
}

/// The connections that one actor has opened, and the names of all those that it holds an end of.
#[derive(Clone, Debug, Default)]
pub struct Table {
    slots: Vec<Slot>,
    free: Vec<u16>,
    /// Every end that the actor holds, by its own name for it.
    held: ByConn<Place>,
}

#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    connection: Option<Connection>,
}

impl Table {
    pub fn add(&mut self, opener: ActorId, connection: Connection) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, connection: None });
            u16::try_from(self.slots.len() - 1).expect("whoever opens asks for room first")
        });
        let place = &mut self.slots[usize::from(slot)];
        place.connection = Some(connection);
        Key { opener, slot, generation: place.generation }
    }

    /// Whether there is no room for another connection.
    pub fn is_full(&self) -> bool {
        self.free.is_empty() && self.slots.len() > usize::from(u16::MAX)
    }

    pub fn get(&self, key: Key) -> Option<&Connection> {
        let slot = self.slots.get(usize::from(key.slot))?;
        slot.connection.as_ref().filter(|_| slot.generation == key.generation)
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut Connection> {
        let slot = self.slots.get_mut(usize::from(key.slot))?;
        slot.connection.as_mut().filter(|_| slot.generation == key.generation)
    }

    /// Takes a connection out; what the queue still holds for it is void.
    pub fn remove(&mut self, key: Key) -> Option<Connection> {
        let slot = &mut self.slots[usize::from(key.slot)];
        assert!(slot.generation == key.generation, "a connection is forgotten once");
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(key.slot);
        slot.connection.take()
    }

    /// The actor holds this end from now on.
    pub fn hold(&mut self, conn: ConnId, place: Place) {
        self.held.insert(conn, place);
    }

    pub fn held(&self, conn: ConnId) -> Option<Place> {
        self.held.get(conn).copied()
    }

    /// The actor has let go of this end.
    pub fn release(&mut self, conn: ConnId) {
        self.held.remove(conn);
    }

    pub fn held_count(&self) -> usize {
        self.held.len()
    }

    /// All ends that the actor holds, in the order of their names.
    pub fn all_held(&self) -> Vec<(ConnId, Place)> {
        self.held.iter().map(|(conn, &place)| (conn, place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        let opened = EventId { owner: ActorId(0), count: 0 };
        Connection::new((ActorId(0), ConnId(0)), ActorId(1), Service::Bus, opened)
    }

    #[test]
    fn an_end_fits_in_64_bytes() {
        assert!(size_of::<End>() <= 64, "{}", size_of::<End>());
        assert!(size_of::<Slot>() <= 152, "{}", size_of::<Slot>());
    }

    #[test]
    fn a_name_is_void_once_its_connection_is_forgotten() {
        let mut table = Table::default();
        let first = table.add(ActorId(0), connection());
        assert!(table.get(first).is_some());
        table.remove(first);
        let second = table.add(ActorId(0), connection());
        assert!(table.get(first).is_none());
        assert!(table.get(second).is_some());
    }

    #[test]
    fn held_ends_are_found_by_name() {
        let mut table = Table::default();
        let key = table.add(ActorId(0), connection());
        let place = Place { key, side: Side::Opener };
        table.hold(ConnId(9), place);
        table.hold(ConnId(2), place);
        assert_eq!(table.held(ConnId(9)), Some(place));
        table.release(ConnId(9));
        assert_eq!(table.held(ConnId(9)), None);
        assert_eq!(table.all_held().len(), 1);
    }
}
