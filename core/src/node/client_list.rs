//! CLIENT LIST, INFO and KILL: the clients of a node, and away with some of them.
//!
//! The rule (Redis 7.0, `networking.c: clientCommand, catClientInfoString, getClientType`): a
//! client's line has its number, addresses, name, ages, flags and last command. KILL ends whoever
//! fits all of its conditions, and spares the client that asks unless SKIPME says no; its older
//! form names one address and spares nobody. A client that kills itself gets its answer first.
//!
//! How we differ: sizes of memory and buffers are not modelled and read 0, file descriptors and the
//! ports of clients are made from their numbers, and links of simulated replicas are not in the
//! list.

use std::fmt::Write;

use bytes::Bytes;

use super::client::{Client, Monitors, Reads, Serving};
use super::command::CONNECTED;
use super::connection::Answer;
use super::links::Conn;
use super::port::Effects;
use super::{Node, pubsub};

use crate::data::{self, Reply};
use crate::words::ConnId;

/// The kinds of clients that TYPE tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal,
    Master,
    Replica,
    PubSub,
}

impl Kind {
    fn parse(name: &[u8]) -> Result<Kind, Reply> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Kind::Normal),
            b"master" => Ok(Kind::Master),
            b"slave" | b"replica" => Ok(Kind::Replica),
            b"pubsub" => Ok(Kind::PubSub),
            _ => {
                let name = String::from_utf8_lossy(data::c_text(name, name.len()));
                Err(Reply::error(format!("ERR Unknown client type '{name}'")))
            }
        }
    }
}

/// Which clients KILL means: those who fit all that is said.
#[derive(Clone, Debug, Default)]
struct Wanted {
    id: Option<u64>,
    kind: Option<Kind>,
    addr: Option<Bytes>,
    local_addr: Option<Bytes>,
    /// Whom the conditions spare.
    spares: Option<ConnId>,
}

/// CLIENT INFO.
pub(super) fn info(node: &mut Node, conn: ConnId, _: &[Bytes], _: &mut Effects) -> Reply {
    let mut text = String::new();
    push_line(&mut text, node, conn, node.client(conn).expect(CONNECTED));
    Reply::verbatim(text)
}

/// CLIENT LIST.
pub(super) fn list(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let is = |word: &Bytes, name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let mut lines = String::new();
    match &args[2..] {
        [] => node.clients().for_each(|(conn, client)| push_line(&mut lines, node, conn, client)),
        [word, kind] if is(word, "type") => {
            let kind = match Kind::parse(kind) {
                Ok(kind) => kind,
                Err(error) => return error,
            };
            let of_kind = node.clients().filter(|&(conn, _)| node.kind_of(conn) == kind);
            of_kind.for_each(|(conn, client)| push_line(&mut lines, node, conn, client));
        }
        [word, ids @ ..] if is(word, "id") && !ids.is_empty() => {
            for id in ids {
                let Some(id) = data::parse_integer(id) else {
                    return Reply::error("ERR Invalid client ID");
                };
                if let Some((conn, client)) = node.find_client(id) {
                    push_line(&mut lines, node, conn, client);
                }
            }
        }
        _ => return Reply::syntax_error(),
    }
    Reply::verbatim(lines)
}

/// CLIENT KILL.
pub(super) fn kill(node: &mut Node, conn: ConnId, args: &[Bytes], out: &mut Effects) -> Answer {
    let older = args.len() == 3;
    let wanted = if older {
        Ok(Wanted { addr: Some(args[2].clone()), ..Wanted::default() })
    } else {
        read_conditions(&args[2..], conn)
    };
    let found = match wanted {
        Ok(wanted) => node.fitting_clients(&wanted),
        Err(error) => return error.into(),
    };
    let reply = match found.len() {
        0 if older => Reply::error("ERR No such client"),
        _ if older => Reply::ok(),
        count => Reply::Integer(count as i64),
    };
    for &other in found.iter().filter(|&&other| other != conn) {
        node.close_client(other, out);
    }
    if !found.contains(&conn) {
        return reply.into();
    }
    node.reply_to_client(conn, &reply);
    node.close_after_reply(conn);
    Answer::Nothing
}

fn read_conditions(words: &[Bytes], conn: ConnId) -> Result<Wanted, Reply> {
    let mut wanted = Wanted { spares: Some(conn), ..Wanted::default() };
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(Reply::syntax_error()) };
        match name.to_ascii_lowercase().as_slice() {
            b"id" => wanted.id = Some(read_id(value)?),
            b"type" => wanted.kind = Some(Kind::parse(value)?),
            b"addr" => wanted.addr = Some(value.clone()),
            b"laddr" => wanted.local_addr = Some(value.clone()),
            b"user" if value[..] == b"default"[..] => {}
            b"user" => {
                let name = String::from_utf8_lossy(data::c_text(value, value.len()));
                return Err(Reply::error(format!("ERR No such user '{name}'")));
            }
            b"skipme" if value.eq_ignore_ascii_case(b"yes") => wanted.spares = Some(conn),
            b"skipme" if value.eq_ignore_ascii_case(b"no") => wanted.spares = None,
            _ => return Err(Reply::syntax_error()),
        }
    }
    Ok(wanted)
}

fn read_id(text: &[u8]) -> Result<u64, Reply> {
    let id = data::parse_integer(text).and_then(|id| u64::try_from(id).ok()).filter(|&id| id > 0);
    id.ok_or_else(|| Reply::error("ERR client-id should be greater than 0"))
}

impl Node {
    /// All clients, in the order of their numbers.
    pub(super) fn clients(&self) -> impl Iterator<Item = (ConnId, &Client)> {
        let mut clients: Vec<(ConnId, &Client)> = (self.conns.all())
            .filter_map(|(conn, kind)| match kind {
                Conn::FromClient(client) => Some((conn, &**client)),
                _ => None,
            })
            .collect();
        clients.sort_by_key(|(_, client)| client.id());
        clients.into_iter()
    }

    pub(super) fn find_client(&self, id: i64) -> Option<(ConnId, &Client)> {
        self.clients().find(|(_, client)| i64::try_from(client.id()) == Ok(id))
    }

    fn kind_of(&self, conn: ConnId) -> Kind {
        if self.replication.has_replica(conn) {
            return Kind::Replica;
        }
        if self.pubsub.listens(conn) { Kind::PubSub } else { Kind::Normal }
    }

    fn fitting_clients(&self, wanted: &Wanted) -> Vec<ConnId> {
        let local = self.local_addr();
        let fits = |conn: ConnId, client: &Client| {
            wanted.addr.as_ref().is_none_or(|addr| client.addr().as_bytes() == &addr[..])
                && wanted.local_addr.as_ref().is_none_or(|addr| local.as_bytes() == &addr[..])
                && wanted.kind.is_none_or(|kind| self.kind_of(conn) == kind)
                && wanted.id.is_none_or(|id| client.id() == id)
                && wanted.spares != Some(conn)
        };
        let found = self.clients().filter(|&(conn, client)| fits(conn, client));
        found.map(|(conn, _)| conn).collect()
    }

    /// The node's own end of its clients' connections.
    fn local_addr(&self) -> String {
        let addr = self.peers.me().addr;
        let ip = if addr.ip.is_unspecified() { std::net::Ipv4Addr::LOCALHOST } else { addr.ip };
        format!("{ip}:{}", addr.port)
    }
}

fn push_line(text: &mut String, node: &Node, conn: ConnId, client: &Client) {
    let now_s = node.now.seconds();
    let multi = client.queue().map_or(-1, |queue| queue.asked().count() as i64);
    let name = String::from_utf8_lossy(client.name());
    let resp = match client.protocol() {
        data::Protocol::Resp2 => 2,
        data::Protocol::Resp3 => 3,
    };
    writeln!(
        text,
        "id={id} addr={addr} laddr={local} fd={fd} name={name} age={age} idle={idle} \
         flags={flags} db=0 sub={sub} psub={psub} ssub={ssub} multi={multi} qbuf={queued} \
         qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r \
         cmd={command} user=default redir=-1 resp={resp}",
        id = client.id(),
        sub = node.pubsub.own(conn, pubsub::Kind::Channel),
        psub = node.pubsub.own(conn, pubsub::Kind::Pattern),
        ssub = node.pubsub.own(conn, pubsub::Kind::Shard),
        addr = client.addr(),
        local = node.local_addr(),
        fd = client.id() + 7,
        age = now_s.saturating_sub(client.since_s()),
        idle = now_s.saturating_sub(client.spoke_s()),
        flags = flags(node, conn, client),
        queued = client.unread(),
        command = client.last_command().unwrap_or("NULL"),
    )
    .expect("writing to a text does not fail");
}

fn flags(node: &Node, conn: ConnId, client: &Client) -> String {
    let blocked = matches!(client.serving(), Serving::Blocked | Serving::Postponed(_));
    let rows = [
        (node.replication.has_replica(conn), 'S'),
        (client.monitors() == Monitors::Yes, 'O'),
        (node.pubsub.listens(conn), 'P'),
        (client.queue().is_some(), 'x'),
        (blocked, 'b'),
        (node.watches.is_marked(conn), 'd'),
        (*client.serving() == Serving::Closes, 'c'),
        (client.reads() == Reads::FromReplica, 'r'),
    ];
    let flags: String = rows.iter().filter(|(set, _)| *set).map(|&(_, flag)| flag).collect();
    if flags.is_empty() { "N".to_owned() } else { flags }
}
