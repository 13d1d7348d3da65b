//! The simulator's clients on real sockets.
//!
//! How a client follows redirects, what it remembers and when it loses patience is decided by the
//! state machine of `core`; here its effects are performed. Each connection has a thread that
//! connects and reads; what arrives goes through one channel, and is translated on its way.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Protocol, Reply, decode_call, decode_reply, encode_call, encode_reply};
use hashslot_core::words::{ConnId, Time};
use hashslot_core::world::Client;
use hashslot_core::world::client::{Args, ClientEffect, ClientInput, ClientNote, Endpoint};
use hashslot_core::world::step::{ClientKind, ClientName};

use super::existing::Login;
use super::stop;
use super::tongue::Tongue;

/// How long the kernel tries to connect (Linux: `tcp_syn_retries`).
const CONNECT_MAX: Duration = Duration::from_secs(127);

/// How often it is asked whether all of it is wanted any more.
const PAUSE: Duration = Duration::from_millis(100);

/// What a client noticed.
#[derive(Clone, Debug)]
pub struct Noted {
    pub client: ClientName,
    pub kind: ClientKind,
    pub note: ClientNote,
}

/// All clients of a script.
pub struct Clients {
    begun: Instant,
    users: Vec<User>,
    inbox: Receiver<Arrival>,
    outbox: Sender<Arrival>,
    noted: Vec<Noted>,
    /// What every connection says first.
    login: Option<Login>,
}

struct User {
    name: ClientName,
    client: Client,
    links: BTreeMap<ConnId, Link>,
}

/// A connection; without a stream while it is being opened.
#[derive(Default)]
struct Link {
    stream: Option<TcpStream>,
    rest: BytesMut,
}

/// What a connection's thread has to tell.
struct Arrival {
    user: usize,
    conn: ConnId,
    what: What,
}

enum What {
    Up(TcpStream),
    Refused,
    Bytes(Bytes),
    Closed,
}

impl Default for Clients {
    fn default() -> Clients {
        let (outbox, inbox) = channel();
        Clients {
            begun: Instant::now(),
            users: Vec::new(),
            inbox,
            outbox,
            noted: Vec::new(),
            login: None,
        }
    }
}

impl Clients {
    /// Clients that log in wherever they connect.
    pub fn with_login(login: Option<Login>) -> Clients {
        let mut clients = Clients::default();
        clients.login = login;
        clients
    }

    pub fn has(&self, name: &ClientName) -> bool {
        self.users.iter().any(|user| user.name == *name)
    }

    /// A new client that begins at the node `via`, as the script calls it.
    pub fn add(&mut self, name: ClientName, kind: ClientKind, via: Endpoint) {
        let client = Client::new(kind, via);
        self.users.push(User { name, client, links: BTreeMap::new() });
    }

    /// Whether a client waits for an answer.
    pub fn is_waiting(&self, name: &ClientName) -> bool {
        self.users.iter().any(|user| user.name == *name && user.client.unanswered() > 0)
    }

    /// Whether a client waits for an answer of the node at this place, as the script calls it.
    pub fn has_one_waiting_at(&self, node: Endpoint) -> bool {
        let mut clients = self.users.iter().map(|user| &user.client);
        clients.any(|client| client.unanswered() > 0 && client.at() == node)
    }

    pub fn ask(&mut self, name: &ClientName, args: &[Bytes], names: &impl Tongue) {
        if let Some(index) = self.users.iter().position(|user| user.name == *name) {
            self.hand(index, ClientInput::Ask(Args::from(args)), names);
        }
    }

    /// Has a client ask, and waits for its answer until a moment.
    pub fn ask_until(
        &mut self,
        name: &ClientName,
        args: &[Bytes],
        limit: Instant,
        names: &impl Tongue,
    ) {
        self.ask(name, args, names);
        while self.is_waiting(name) && Instant::now() < limit {
            self.live_a_little(limit, names);
        }
    }

    /// Lets time pass, in which clients may hear something.
    pub fn live_for(&mut self, span: Duration, names: &impl Tongue) {
        let limit = Instant::now() + span;
        while Instant::now() < limit && !stop::is_wanted() {
            self.live_a_little(limit.min(Instant::now() + PAUSE), names);
        }
    }

    /// What was noticed since this was last asked.
    pub fn take_notes(&mut self) -> Vec<Noted> {
        std::mem::take(&mut self.noted)
    }

    /// Lets the clients live until a moment, or until something has arrived.
    pub fn live_a_little(&mut self, until: Instant, names: &impl Tongue) {
        self.wake(names);
        let now = Instant::now();
        let wakes_at = self.users.iter().filter_map(|user| user.client.wakes_at()).min();
        let wakes_at = wakes_at.map(|at| self.begun + Duration::from_micros(at.micros()));
        let until = wakes_at.map_or(until, |at| at.min(until));
        match self.inbox.recv_timeout(until.saturating_duration_since(now)) {
            Ok(arrival) => self.on_arrival(arrival, names),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        while let Ok(arrival) = self.inbox.try_recv() {
            self.on_arrival(arrival, names);
        }
        self.wake(names);
    }

    fn now(&self) -> Time {
        Time::from_micros(self.begun.elapsed().as_micros() as u64)
    }

    fn wake(&mut self, names: &impl Tongue) {
        let now = self.now();
        for index in 0..self.users.len() {
            if self.users[index].client.wakes_at().is_some_and(|at| at <= now) {
                self.hand(index, ClientInput::Wake, names);
            }
        }
    }

    fn on_arrival(&mut self, arrival: Arrival, names: &impl Tongue) {
        let Arrival { user, conn, what } = arrival;
        let Some(link) = self.users[user].links.get_mut(&conn) else {
            if let What::Up(stream) = what {
                close(&stream);
            }
            return;
        };
        match what {
            What::Up(stream) => {
                link.stream = Some(stream);
                self.hand(user, ClientInput::LinkUp { conn }, names);
            }
            What::Refused => {
                self.users[user].links.remove(&conn);
                self.hand(user, ClientInput::LinkRefused { conn }, names);
            }
            What::Closed => {
                self.users[user].links.remove(&conn);
                self.hand(user, ClientInput::LinkClosed { conn }, names);
            }
            What::Bytes(bytes) => {
                link.rest.extend_from_slice(&bytes);
                let bytes = translated(&mut link.rest, names);
                self.hand(user, ClientInput::Received { conn, bytes }, names);
            }
        }
    }

    /// Hands an input to a client and performs its effects.
    fn hand(&mut self, index: usize, input: ClientInput, names: &impl Tongue) {
        let now = self.now();
        let mut effects = Vec::new();
        self.users[index].client.handle(now, input, &mut effects);
        for effect in effects {
            let user = &mut self.users[index];
            match effect {
                ClientEffect::Connect { conn, to } => {
                    user.links.insert(conn, Link::default());
                    let (place, outbox) = (names.real_place(to), self.outbox.clone());
                    let login = self.login.clone();
                    thread::spawn(move || carry(place.into(), (index, conn), login, &outbox));
                }
                ClientEffect::Send { conn, bytes } => {
                    let stream = user.links.get(&conn).and_then(|link| link.stream.as_ref());
                    if let Some(mut stream) = stream {
                        // Its thread tells of a connection that has ended.
                        let _ = stream.write_all(&call_to_real(bytes, names));
                    }
                }
                ClientEffect::Close { conn } => {
                    if let Some(Link { stream: Some(stream), .. }) = user.links.remove(&conn) {
                        close(&stream);
                    }
                }
                ClientEffect::Note(note) => {
                    let (client, kind) = (user.name.clone(), user.client.kind());
                    self.noted.push(Noted { client, kind, note });
                }
            }
        }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        for link in self.users.iter().flat_map(|user| user.links.values()) {
            if let Some(stream) = &link.stream {
                close(stream);
            }
        }
    }
}

/// Closes both ways, which ends the connection's thread.
fn close(stream: &TcpStream) {
    // One that the other side has closed needs no closing.
    let _ = stream.shutdown(Shutdown::Both);
}

/// The life of a connection.
fn carry(
    place: SocketAddr,
    (user, conn): (usize, ConnId),
    login: Option<Login>,
    outbox: &Sender<Arrival>,
) {
    let tell = |what| outbox.send(Arrival { user, conn, what }).is_ok();
    let open = || -> std::io::Result<(TcpStream, TcpStream)> {
        let mut stream = TcpStream::connect_timeout(&place, CONNECT_MAX)?;
        stream.set_nodelay(true)?;
        if let Some(login) = &login {
            login.enter(&mut stream)?;
        }
        Ok((stream.try_clone()?, stream))
    };
    let Ok((ours, mut stream)) = open() else {
        tell(What::Refused);
        return;
    };
    if !tell(What::Up(ours)) {
        return;
    }
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => {
                tell(What::Closed);
                return;
            }
            Ok(read) if tell(What::Bytes(Bytes::copy_from_slice(&chunk[..read]))) => {}
            Ok(_) => return,
        }
    }
}

/// The call of a client with real addresses and ids.
fn call_to_real(bytes: Bytes, names: &impl Tongue) -> Bytes {
    match decode_call(&mut BytesMut::from(&bytes[..])) {
        Ok(Some(args)) => encode_call(&names.call_to_real(&args)),
        Ok(None) | Err(_) => bytes,
    }
}

/// The whole replies among these bytes, in the names of the script.
fn translated(rest: &mut BytesMut, names: &impl Tongue) -> Bytes {
    let mut out = BytesMut::new();
    while let Ok(Some(reply)) = decode_reply(rest) {
        let reply = names.reply_to_script(reply);
        encode_reply(&reply, protocol_of(&reply), &mut out);
    }
    out.freeze()
}

/// A protocol in which a reply is read back as it is: RESP3 knows but one null.
fn protocol_of(reply: &Reply) -> Protocol {
    match has_null_array(reply) {
        true => Protocol::Resp2,
        false => Protocol::Resp3,
    }
}

fn has_null_array(reply: &Reply) -> bool {
    match reply {
        Reply::NullArray => true,
        Reply::Array(items) => items.iter().any(has_null_array),
        _ => false,
    }
}
