//! CLIENT LIST, INFO and KILL: the clients of a node, and away with some of them.
//!
//! The rule (Redis 7.0, `networking.c: clientCommand, catClientInfoString, getClientType`): a
//! client's line has its number, addresses, name, ages, flags and last command. KILL ends whoever
//! fits all of its conditions, and spares the client that asks unless SKIPME says no; its older
//! form names one address and spares nobody. A client that kills itself gets its answer first.
//!
//! Replicas are clients too (S), and so is the master, while its stream flows (M): a link that is
//! killed is made anew.
//!
//! How we differ: sizes of memory and buffers are not modelled and read 0, file descriptors and the
//! ports of clients are made from their numbers, at either end of a replication link from that of
//! the client there.

use std::fmt::Write;
use std::net::Ipv4Addr;

use bytes::Bytes;

use super::client::{self, Client, Monitors, Reads, Serving, Spared};
use super::command::CONNECTED;
use super::connection::Answer;
use super::links::{Conn, Refused};
use super::port::{Effect, Effects};
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
    node.row_of(conn, node.client(conn).expect(CONNECTED)).push_to(&mut text);
    Reply::verbatim(text)
}

/// CLIENT LIST.
pub(super) fn list(node: &mut Node, _: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let is = |word: &Bytes, name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let mut lines = String::new();
    match &args[2..] {
        [] => node.rows().iter().for_each(|row| row.push_to(&mut lines)),
        [word, kind] if is(word, "type") => {
            let kind = match Kind::parse(kind) {
                Ok(kind) => kind,
                Err(error) => return error,
            };
            let rows = node.rows();
            rows.iter().filter(|row| row.kind == kind).for_each(|row| row.push_to(&mut lines));
        }
        [word, ids @ ..] if is(word, "id") && !ids.is_empty() => {
            for id in ids {
                let Some(id) = data::parse_integer(id) else {
                    return Reply::error("ERR Invalid client ID");
                };
                let rows = node.rows();
                let row = rows.iter().find(|row| i64::try_from(row.id) == Ok(id));
                row.into_iter().for_each(|row| row.push_to(&mut lines));
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
    let found: Vec<ConnId> = match wanted {
        Ok(wanted) => {
            node.rows().iter().filter(|row| wanted.fits(row)).map(|row| row.conn).collect()
        }
        Err(error) => return error.into(),
    };
    let reply = match found.len() {
        0 if older => Reply::error("ERR No such client"),
        _ if older => Reply::ok(),
        count => Reply::Integer(count as i64),
    };
    for &other in found.iter().filter(|&&other| other != conn) {
        node.end_client(other, out);
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

impl Wanted {
    fn fits(&self, row: &Row) -> bool {
        self.addr.as_ref().is_none_or(|addr| row.addr.as_bytes() == &addr[..])
            && self.local_addr.as_ref().is_none_or(|addr| row.local_addr.as_bytes() == &addr[..])
            && self.kind.is_none_or(|kind| row.kind == kind)
            && self.id.is_none_or(|id| row.id == id)
            && self.spares != Some(row.conn)
    }
}

/// A client as the list shows it.
struct Row {
    conn: ConnId,
    kind: Kind,
    id: u64,
    addr: String,
    local_addr: String,
    name: String,
    age_s: u64,
    idle_s: u64,
    flags: String,
    /// To how many channels, patterns and shard channels it listens.
    listens: [usize; 3],
    /// The length of its transaction.
    multi: Option<usize>,
    unread: usize,
    command: String,
    user: &'static str,
    resp: u8,
}

impl Row {
    fn push_to(&self, text: &mut String) {
        let [channels, patterns, shard_channels] = self.listens;
        writeln!(
            text,
            "id={id} addr={addr} laddr={local} fd={fd} name={name} age={age} idle={idle} \
             flags={flags} db=0 sub={channels} psub={patterns} ssub={shard_channels} \
             multi={multi} qbuf={unread} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 \
             oll=0 omem=0 tot-mem=0 events=r cmd={command} user={user} redir=-1 resp={resp}",
            id = self.id,
            addr = self.addr,
            local = self.local_addr,
            fd = self.id + 7,
            name = self.name,
            age = self.age_s,
            idle = self.idle_s,
            flags = self.flags,
            multi = self.multi.map_or(-1, |calls| calls as i64),
            unread = self.unread,
            command = self.command,
            user = self.user,
            resp = self.resp,
        )
        .expect("writing to a text does not fail");
    }
}

impl Node {
    /// All clients, in the order of their numbers; replicas that speak RESP are among them.
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

    /// All who are in the list, in the order of their numbers.
    fn rows(&self) -> Vec<Row> {
        let row = |(conn, kind): (ConnId, &Conn)| match kind {
            Conn::FromClient(client) | Conn::FromReplica(client) => Some(self.row_of(conn, client)),
            _ => None,
        };
        let mut rows: Vec<Row> = self.conns.all().filter_map(row).collect();
        rows.extend(self.row_of_master());
        rows.sort_by_key(|row| row.id);
        rows
    }

    fn row_of(&self, conn: ConnId, client: &Client) -> Row {
        let now_s = self.now.seconds();
        let listens = |kind| self.pubsub.own(conn, kind);
        Row {
            conn,
            kind: self.kind_of(conn),
            id: client.id(),
            addr: client.addr(),
            local_addr: self.local_addr(),
            name: String::from_utf8_lossy(client.name()).into_owned(),
            age_s: now_s.saturating_sub(client.since_s()),
            idle_s: now_s.saturating_sub(client.spoke_s()),
            flags: flags(self, conn, client),
            listens: [pubsub::Kind::Channel, pubsub::Kind::Pattern, pubsub::Kind::Shard]
                .map(listens),
            multi: client.queue().map(|queue| queue.asked().count()),
            unread: client.unread(),
            command: client.last_command().unwrap_or("NULL").to_owned(),
            user: "default",
            resp: match client.protocol() {
                data::Protocol::Resp2 => 2,
                data::Protocol::Resp3 => 3,
            },
        }
    }

    fn row_of_master(&self) -> Option<Row> {
        let (conn, client) = self.replication.master_client()?;
        let source = self.replication.source_addr()?;
        let now_s = self.now.seconds();
        let command = String::from_utf8_lossy(&client.last_command).to_ascii_lowercase();
        Some(Row {
            conn,
            kind: Kind::Master,
            id: client.id,
            addr: format!("{}:{}", source.ip, source.port),
            local_addr: client::addr_of(self.own_ip(), client.id),
            name: String::new(),
            age_s: now_s.saturating_sub(client.since_s),
            idle_s: self.replication.master_silence_s(now_s).unwrap_or(0),
            flags: "M".to_owned(),
            listens: [0; 3],
            multi: None,
            unread: 0,
            command: if command.is_empty() { "NULL".to_owned() } else { command },
            user: "(superuser)",
            resp: 2,
        })
    }

    fn kind_of(&self, conn: ConnId) -> Kind {
        if self.replication.has_replica(conn) {
            return Kind::Replica;
        }
        if self.pubsub.listens(conn) { Kind::PubSub } else { Kind::Normal }
    }

    /// Ends a connection that is in the list; a replication link is lost as by any other end.
    fn end_client(&mut self, conn: ConnId, out: &mut Effects) {
        if self.client(conn).is_some() {
            return self.close_client(conn, out);
        }
        out.push(Effect::Close { conn });
        self.on_link_end(conn, Refused::No, out);
    }

    /// The node's own end of its clients' connections.
    fn local_addr(&self) -> String {
        format!("{}:{}", self.own_ip(), self.peers.me().addr.port)
    }

    fn own_ip(&self) -> Ipv4Addr {
        let ip = self.peers.me().addr.ip;
        if ip.is_unspecified() { Ipv4Addr::LOCALHOST } else { ip }
    }
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
        (client.spared() == Spared::Yes, 'e'),
    ];
    let flags: String = rows.iter().filter(|(set, _)| *set).map(|&(_, flag)| flag).collect();
    if flags.is_empty() { "N".to_owned() } else { flags }
}
