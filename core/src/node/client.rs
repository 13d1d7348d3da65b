//! A client, as a server keeps it: who it is, how it speaks, and what it waits for.
//!
//! The rule (Redis 7.0, `server.h: client`, `networking.c: createClient, resetClient`): a client
//! has a number that no other client of this process ever had. What it sends is read as far as it
//! may be served: a blocked client's calls stay in its buffer. What is said to it gathers in
//! another buffer and leaves before the server sleeps. ASKING holds for one call: it is taken back
//! after every call but ASKING itself, and after none inside of a transaction.

use std::net::Ipv4Addr;

use bytes::{Bytes, BytesMut};

use super::login::Login;
use super::replication::Introduction;
use super::transaction::Queue;
use crate::data::{self, CallReader, Limits, Protocol, Reply};

/// A call that was read whole, its name first.
pub(super) type Call = Vec<Bytes>;

/// A client's connection, as the server keeps it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    id: u64,
    ip: Ipv4Addr,
    name: Bytes,
    protocol: Protocol,
    login: Login,
    reads: Reads,
    spared: Spared,
    asking: Asking,
    mute: Mute,
    monitors: Monitors,
    last_command: Option<&'static str>,
    /// When it connected and when it last sent something, in seconds.
    since_s: u64,
    spoke_s: u64,
    /// Where the stream stood after its last call.
    written: u64,
    /// The calls since MULTI.
    queue: Option<Box<Queue>>,
    serving: Serving,
    introduction: Introduction,
    reader: CallReader,
    input: BytesMut,
    output: BytesMut,
}

/// Whether a client accepts the reads of a replica (READONLY, READWRITE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    FromMaster,
    FromReplica,
}

/// Whether a client's memory is spared when all clients have too much (CLIENT NO-EVICT).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spared {
    Yes,
    No,
}

/// Whether a client said ASKING, so that a slot which is still being imported serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    Yes,
    No,
}

/// Whether a client's calls are answered (CLIENT REPLY).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mute {
    Never,
    Always,
    /// The call after the one that runs is not answered.
    Next,
    /// The call that runs is not answered.
    ThisOne,
}

/// Whether a client sees the calls of others (MONITOR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Monitors {
    Yes,
    No,
}

/// What is done with what a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Serving {
    /// It is read and answered.
    Reads,
    /// It stays in the buffer: the client waits for the reply to its last call.
    Blocked,
    /// It stays in the buffer, and this call before it: clients are paused.
    Postponed(Call),
    /// The connection ends as soon as what was said has left.
    Closes,
}

/// The address of whoever opened a connection. The network has no ports of clients: this one is
/// made of the client's number.
pub(super) fn addr_of(ip: Ipv4Addr, id: u64) -> String {
    const PORTS: u64 = 20_000;
    format!("{ip}:{}", 40_000 + id % PORTS)
}

impl Client {
    pub(super) fn new(id: u64, ip: Ipv4Addr, login: Login, now_s: u64) -> Client {
        Client {
            id,
            ip,
            name: Bytes::new(),
            protocol: Protocol::Resp2,
            login,
            reads: Reads::FromMaster,
            spared: Spared::No,
            asking: Asking::No,
            mute: Mute::Never,
            monitors: Monitors::No,
            last_command: None,
            since_s: now_s,
            spoke_s: now_s,
            written: 0,
            queue: None,
            serving: Serving::Reads,
            introduction: Introduction::default(),
            reader: CallReader::default(),
            input: BytesMut::new(),
            output: BytesMut::new(),
        }
    }

    /// What RESET takes back; a transaction and subscriptions lie elsewhere.
    pub(super) fn renew(&mut self, login: Login) {
        self.name = Bytes::new();
        self.login = login;
        self.protocol = Protocol::Resp2;
        self.reads = Reads::FromMaster;
        self.asking = Asking::No;
        self.mute = Mute::Never;
        self.monitors = Monitors::No;
    }

    /// Its number, from 1; numbers are never used again.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    /// Its end of the connection.
    pub(super) fn addr(&self) -> String {
        addr_of(self.ip, self.id)
    }

    pub(super) fn monitors(&self) -> Monitors {
        self.monitors
    }

    pub(super) fn set_monitors(&mut self, monitors: Monitors) {
        self.monitors = monitors;
    }

    pub(super) fn last_command(&self) -> Option<&'static str> {
        self.last_command
    }

    pub(super) fn set_last_command(&mut self, name: Option<&'static str>) {
        self.last_command = name;
    }

    /// It has said this, in a form of its own (a simulated replica).
    pub(super) fn hear(&mut self, command: &'static str, now_s: u64) {
        self.last_command = Some(command);
        self.spoke_s = now_s;
    }

    pub(super) fn since_s(&self) -> u64 {
        self.since_s
    }

    pub(super) fn spoke_s(&self) -> u64 {
        self.spoke_s
    }

    /// How many bytes wait to be read.
    pub(super) fn unread(&self) -> usize {
        self.input.len()
    }

    /// How many bytes of what it sent are kept: those that wait, those of a call that is not whole
    /// yet, and those of the calls that wait for EXEC.
    pub(super) fn kept(&self) -> u64 {
        let queued = self.queue.as_ref().map_or(0, |queue| queue.bytes());
        queued + (self.input.len() + self.reader.held()) as u64
    }

    /// Where the stream stood after its last call.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn set_written(&mut self, offset: u64) {
        self.written = offset;
    }

    /// Its name; empty if it gave none.
    pub(super) fn name(&self) -> &Bytes {
        &self.name
    }

    pub(super) fn set_name(&mut self, name: Bytes) {
        self.name = name;
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    pub(super) fn login(&self) -> Login {
        self.login
    }

    pub(super) fn set_login(&mut self, login: Login) {
        self.login = login;
    }

    /// What it said of itself as a replica.
    pub(super) fn introduction(&self) -> Introduction {
        self.introduction
    }

    pub(super) fn introduce(&mut self, introduction: Introduction) {
        self.introduction = introduction;
    }

    /// Whether something waits to leave.
    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    pub(super) fn reads(&self) -> Reads {
        self.reads
    }

    pub(super) fn spared(&self) -> Spared {
        self.spared
    }

    pub(super) fn spare(&mut self, spared: Spared) {
        self.spared = spared;
    }

    pub(super) fn set_reads(&mut self, reads: Reads) {
        self.reads = reads;
    }

    pub(super) fn asking(&self) -> Asking {
        self.asking
    }

    pub(super) fn set_asking(&mut self, asking: Asking) {
        self.asking = asking;
    }

    pub(super) fn mute(&self) -> Mute {
        self.mute
    }

    pub(super) fn set_mute(&mut self, mute: Mute) {
        self.mute = mute;
    }

    pub(super) fn queue(&self) -> Option<&Queue> {
        self.queue.as_deref()
    }

    pub(super) fn queue_mut(&mut self) -> Option<&mut Queue> {
        self.queue.as_deref_mut()
    }

    pub(super) fn set_queue(&mut self, queue: Option<Queue>) {
        self.queue = queue.map(Box::new);
    }

    /// A call is over, be it an empty one, and what was said for one call only with it.
    pub(super) fn end_call(&mut self, args: &[Bytes]) {
        let asks = args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"asking"));
        if self.queue.is_none() && !asks {
            self.asking = Asking::No;
        }
        self.mute = match self.mute {
            Mute::Next => Mute::ThisOne,
            Mute::ThisOne => Mute::Never,
            Mute::Always | Mute::Never => self.mute,
        };
    }

    pub(super) fn serving(&self) -> &Serving {
        &self.serving
    }

    pub(super) fn set_serving(&mut self, serving: Serving) -> Serving {
        std::mem::replace(&mut self.serving, serving)
    }

    /// Takes bytes of the client in.
    pub(super) fn take_in(&mut self, bytes: &[u8], now_s: u64) {
        self.spoke_s = now_s;
        self.input.extend_from_slice(bytes);
    }

    /// What was taken in and is no whole call yet.
    pub(super) fn unused_input(&self) -> usize {
        self.input.len()
    }

    /// The next whole call, if the client is served and has sent one.
    pub(super) fn next_call(
        &mut self,
        limits: Limits,
    ) -> Result<Option<Call>, data::ProtocolError> {
        if self.serving != Serving::Reads {
            return Ok(None);
        }
        self.reader.next(&mut self.input, limits)
    }

    /// Gives back the memory of a long call that was read (`server.c:
    /// clientsCronResizeQueryBuffer`).
    pub(super) fn give_memory_back(&mut self) {
        const KEPT_BYTES: usize = 64 * 1024;
        if self.input.is_empty() && self.input.capacity() > KEPT_BYTES {
            self.input = BytesMut::new();
        }
    }

    /// Adds a reply, in the client's protocol, to what leaves before the server sleeps. Whether it
    /// is the first one that waits.
    pub(super) fn say(&mut self, reply: &Reply) -> First {
        let first = if self.output.is_empty() { First::Yes } else { First::No };
        data::encode_reply(reply, self.protocol, &mut self.output);
        first
    }

    /// Adds the head of a list of replies that follow one by one; as [`Client::say`].
    pub(super) fn say_head(&mut self, len: usize) -> First {
        let first = if self.output.is_empty() { First::Yes } else { First::No };
        data::encode_array_head(len, &mut self.output);
        first
    }

    /// Takes out what waits to leave.
    pub(super) fn take_output(&mut self) -> Bytes {
        self.output.split().freeze()
    }
}

/// Whether something is the first of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Yes,
    No,
}
