//! Replicas and tools that are no simulated nodes: SYNC, PSYNC and REPLCONF of a client.
//!
//! The problem: nodes hand each other snapshots and streams as values, but a real server, or
//! `redis-cli --rdb`, speaks bytes. The idea: such a client becomes a replica like any other, and
//! what it is told is put into bytes on its way out; what it says are calls.
//!
//! The rule (Redis 7.0, `replication.c: syncCommand, replconfCommand,
//! replicationSetupSlaveForFullResync, sendBulkToSlave, rdbPipeReadHandler`): before it asks, a
//! client may say on which port it listens, that it reads a snapshot up to a mark (`capa eof`),
//! that a history may go on under another id (`capa psync2`), or that it wants nothing but the
//! snapshot.
//! Who knows the mark waits for `repl-diskless-sync-delay`, anybody else does not. SYNC is answered
//! with the snapshot alone; it is never acknowledged, and nobody misses that.
//!
//! How we differ: the snapshot is made and sent in no time; whoever wants nothing but the functions
//! (`rdb-filter-only`) gets a snapshot without keys.

use bytes::{Bytes, BytesMut};

use super::sink::Replica;
use crate::data::{self, Aux, Flags, Group, Keyspace, Reply, Spec};
use crate::node::Node;
use crate::node::client::Client;
use crate::node::command::{CONNECTED, NodeRow, Run};
use crate::node::connection::Answer;
use crate::node::port::{Effects, Packet};
use crate::node::stream::{Part, ReplId};
use crate::words::ConnId;

/// What a client said of itself with REPLCONF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) struct Introduction {
    /// Where it listens; 0 if it did not say.
    pub port: u16,
    pub end: End,
    pub resumes: Resumes,
    pub wants: Wants,
    pub content: Content,
    pub asked: Asked,
}

/// How a client finds the end of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) enum End {
    /// It is told how long it is.
    #[default]
    Counted,
    /// A mark, which it is told before, stands behind it.
    Marked,
}

/// What a client understands when a history goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) enum Resumes {
    /// That it does.
    #[default]
    Unnamed,
    /// Under which id it does (`capa psync2`).
    Named,
}

/// What a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) enum Wants {
    #[default]
    Stream,
    SnapshotOnly,
}

/// What is in the snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) enum Content {
    #[default]
    Keys,
    Nothing,
}

/// With which command a client asked for the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) enum Asked {
    #[default]
    Psync,
    Sync,
}

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::NO_ASYNC_LOADING).and(Flags::NO_MULTI),
        usage,
        summary,
        group: Group::Server,
        ..Spec::BLANK
    }
}

pub(in crate::node) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: spec("sync", 1, "", "Get a snapshot, and then every write."),
        run: Run::Answer(|node, conn, _, out| sync(node, conn, Asked::Sync, None, out)),
    },
    NodeRow {
        spec: Spec {
            since: "2.8.0",
            ..spec("psync", -3, "replicationid offset", "Get what follows in a history of writes.")
        },
        run: Run::Answer(psync),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::ADMIN
                .and(Flags::NOSCRIPT)
                .and(Flags::LOADING)
                .and(Flags::STALE)
                .and(Flags::ALLOW_BUSY),
            since: "3.0.0",
            ..spec("replconf", -1, "[option value ...]", "Say what one is as a replica.")
        },
        run: Run::Answer(replconf),
    },
];

fn psync(node: &mut Node, conn: ConnId, args: &[Bytes], out: &mut Effects) -> Answer {
    let Some(offset) = data::parse_integer(&args[2]) else {
        return Reply::error("ERR value is not an integer or out of range").into();
    };
    let offset = u64::try_from(offset).ok().filter(|&offset| offset > 0);
    sync(node, conn, Asked::Psync, ReplId::parse(&args[1]).zip(offset), out)
}

fn sync(
    node: &mut Node,
    conn: ConnId,
    asked: Asked,
    want: Option<(ReplId, u64)>,
    out: &mut Effects,
) -> Answer {
    let client = node.client_mut(conn).expect(CONNECTED);
    if client.has_output() {
        return Reply::error("ERR SYNC and PSYNC are invalid with pending output").into();
    }
    let introduction = Introduction { asked, ..client.introduction() };
    client.introduce(introduction);
    let ip = client.ip();
    if node.replication.replica_mut(conn).is_some() {
        return Answer::Nothing;
    }
    if node.replication.source.is_some() && !node.replication.is_connected() {
        let error = "NOMASTERLINK Can't SYNC while not connected with my master";
        return Reply::error(error).into();
    }
    let replica = Replica::on_wire(conn, ip, introduction, node.now.seconds());
    node.replication.replicas.push(replica);
    node.serve_sync(conn, want, out);
    Answer::Nothing
}

fn replconf(node: &mut Node, conn: ConnId, args: &[Bytes], out: &mut Effects) -> Answer {
    if args.len().is_multiple_of(2) {
        return Reply::syntax_error().into();
    }
    let mut introduction = node.client(conn).expect(CONNECTED).introduction();
    for pair in args[1..].chunks_exact(2) {
        let (option, value) = (pair[0].to_ascii_lowercase(), &pair[1]);
        match option.as_slice() {
            b"ack" => {
                let offset = data::parse_integer(value).and_then(|offset| offset.try_into().ok());
                if let Some(offset) = offset {
                    node.on_replica_ack(conn, offset, out);
                }
                return Answer::Nothing;
            }
            b"getack" => return Answer::Nothing,
            _ => {}
        }
        if let Err(error) = introduction.read(&option, value) {
            return error.into();
        }
    }
    node.client_mut(conn).expect(CONNECTED).introduce(introduction);
    Reply::ok().into()
}

impl Introduction {
    /// Reads an option of REPLCONF; the error is the reply.
    fn read(&mut self, option: &[u8], value: &[u8]) -> Result<(), Reply> {
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(data::c_text(bytes, bytes.len())).into_owned();
        match option {
            b"listening-port" => {
                let port = data::parse_integer(value)
                    .ok_or_else(|| Reply::error("ERR value is not an integer or out of range"))?;
                self.port = port as u16;
            }
            b"ip-address" => {}
            b"capa" if value.eq_ignore_ascii_case(b"eof") => self.end = End::Marked,
            b"capa" if value.eq_ignore_ascii_case(b"psync2") => self.resumes = Resumes::Named,
            b"capa" => {}
            b"rdb-only" => {
                self.wants = match data::parse_integer(value) {
                    Some(0) => Wants::Stream,
                    Some(1) => Wants::SnapshotOnly,
                    Some(_) => {
                        return Err(Reply::error(
                            "ERR value is out of range, value must between 0 and 1",
                        ));
                    }
                    None => {
                        let error = "ERR value is not an integer or out of range";
                        return Err(Reply::error(error));
                    }
                }
            }
            b"rdb-filter-only" => {
                let words = value.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
                for word in words {
                    if !word.eq_ignore_ascii_case(b"functions") {
                        let word = text(word);
                        let error = format!("ERR Unsupported rdb-filter-only option: {word}");
                        return Err(Reply::error(error));
                    }
                }
                self.content = Content::Nothing;
            }
            _ => {
                let option = text(option);
                return Err(Reply::error(format!("ERR Unrecognized REPLCONF option: {option}")));
            }
        }
        Ok(())
    }

    /// A part of the stream in bytes, but for the snapshot and for commands, which are bytes
    /// already; nothing of what is only said between nodes.
    fn encode(self, part: &Part) -> Bytes {
        match part {
            Part::FullResync { .. } if self.asked == Asked::Sync => Bytes::new(),
            Part::FullResync { replid, offset } => {
                format!("+FULLRESYNC {replid} {offset}\r\n").into()
            }
            Part::Continue { replid } => match self.resumes {
                Resumes::Named => format!("+CONTINUE {replid}\r\n").into(),
                Resumes::Unnamed => Bytes::from_static(b"+CONTINUE\r\n"),
            },
            Part::Newline => Bytes::from_static(b"\n"),
            Part::Snapshot { .. }
            | Part::Commands(_)
            | Part::Ping
            | Part::Pong
            | Part::Auth(_)
            | Part::Denied
            | Part::NoStream
            | Part::Port { .. }
            | Part::Capa
            | Part::Ok
            | Part::Psync { .. }
            | Part::Ack { .. } => Bytes::new(),
        }
    }
}

impl Node {
    /// Tells a replica a part of the stream, as a value or in bytes.
    pub(super) fn tell_replica(&mut self, conn: ConnId, part: Part, out: &mut Effects) {
        let wire = self.client(conn).map(Client::introduction);
        let Some(wire) = wire else { return out.send(conn, Packet::Replication(part)) };
        let bytes = match &part {
            Part::Snapshot { keyspace, .. } => self.snapshot_bytes(wire, keyspace),
            other => wire.encode(other),
        };
        if !bytes.is_empty() {
            out.send(conn, Packet::Client(bytes));
        }
    }

    fn snapshot_bytes(&mut self, wire: Introduction, keyspace: &Keyspace) -> Bytes {
        let mark = ReplId::random(&mut self.dice).to_string();
        let aux = self.snapshot_aux();
        let file = match wire.content {
            Content::Keys => data::rdb_file(keyspace, &aux),
            Content::Nothing => data::rdb_file(&Keyspace::new(), &aux),
        };
        frame(&file, wire.end, &mark)
    }

    /// What a snapshot says of this server (`rdb.c: rdbSaveInfoAuxFields`).
    fn snapshot_aux(&self) -> Vec<Aux> {
        vec![
            ("redis-ver", "7.0.15".to_owned()),
            ("redis-bits", "64".to_owned()),
            ("ctime", self.now.seconds().to_string()),
            ("used-mem", "1048576".to_owned()),
            ("repl-stream-db", "0".to_owned()),
            ("repl-id", self.replication.replid.to_string()),
            ("repl-offset", self.replication.offset.to_string()),
            ("aof-base", "0".to_owned()),
        ]
    }
}

/// A snapshot so that its end can be found.
fn frame(file: &[u8], end: End, mark: &str) -> Bytes {
    let mut bytes = BytesMut::new();
    match end {
        End::Counted => {
            bytes.extend_from_slice(format!("${}\r\n", file.len()).as_bytes());
            bytes.extend_from_slice(file);
        }
        End::Marked => {
            bytes.extend_from_slice(format!("$EOF:{mark}\r\n").as_bytes());
            bytes.extend_from_slice(file);
            bytes.extend_from_slice(mark.as_bytes());
        }
    }
    bytes.freeze()
}
