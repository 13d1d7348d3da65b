//! The doors: a listener for each node that a real client can reach.
//!
//! A node whose process has ended refuses connections, so its listener is closed, and opened again
//! when the process is started again. A stopped process and a machine that is gone do not: the
//! first accepts and is silent, as in reality; the second should not even accept, but a listener
//! that exists cannot be silent, so clients get a connection on which nobody answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use hashslot_core::world::paths::HostState;
use hashslot_core::world::step::Port;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, spawn_local};

use super::hub::Hub;
use super::limits::{BACKLOG, KEEPALIVE_SECONDS, TOO_MANY, peers_max};
use super::peer::{Buffer, Peer};

/// After a connection could not be accepted: there are no descriptors left.
const REST: Duration = Duration::from_millis(50);

/// What becomes of the port of a node.
enum Door {
    Open(JoinHandle<()>),
    Shut,
    /// It should be open: somebody else has the port now.
    Lost(String),
}

/// All listeners.
pub struct Doors {
    bind: IpAddr,
    hub: Rc<RefCell<Hub>>,
    buffer: Buffer,
    doors: BTreeMap<u16, Door>,
}

impl Doors {
    /// The doors of a cluster that has just started, whose listeners exist already.
    pub fn new(
        bind: IpAddr,
        hub: Rc<RefCell<Hub>>,
        buffer: Buffer,
        listeners: Vec<(Port, TcpListener)>,
    ) -> io::Result<Doors> {
        let mut doors = Doors { bind, hub, buffer, doors: BTreeMap::new() };
        for (port, listener) in listeners {
            let door = doors.open(port, listener)?;
            doors.doors.insert(port.number(), door);
        }
        Ok(doors)
    }

    /// Opens and shuts as the nodes are.
    pub fn tend(&mut self) {
        let wanted = self.wanted();
        for (port, is_open) in wanted {
            let door = self.doors.get(&port.number()).unwrap_or(&Door::Shut);
            match (door, is_open) {
                (Door::Open(_), true) | (Door::Shut, false) => {}
                (Door::Open(task), false) => {
                    task.abort();
                    self.doors.insert(port.number(), Door::Shut);
                }
                (Door::Lost(_), false) => {
                    self.doors.insert(port.number(), Door::Shut);
                }
                (Door::Shut | Door::Lost(_), true) => {
                    let opened = listen(self.bind, port.number())
                        .and_then(|listener| self.open(port, listener))
                        .unwrap_or_else(|error| Door::Lost(error.to_string()));
                    self.doors.insert(port.number(), opened);
                }
            }
        }
    }

    /// The ports that should be open and are not, with the reason.
    pub fn troubles(&self) -> Vec<String> {
        let lost = |(port, door): (&u16, &Door)| match door {
            Door::Lost(why) => Some(format!("port {port} cannot be opened again: {why}")),
            Door::Open(_) | Door::Shut => None,
        };
        self.doors.iter().filter_map(lost).collect()
    }

    fn wanted(&self) -> Vec<(Port, bool)> {
        let hub = self.hub.borrow();
        let world = hub.session().world();
        let paths = world.network().paths();
        let has_process = |actor| paths.host(actor).state != HostState::NoProcess;
        let wanted = world.servers().map(|(actor, port, _)| (port, has_process(actor)));
        let is_open = |port: Port| matches!(self.doors.get(&port.number()), Some(Door::Open(_)));
        wanted.filter(|&(port, wanted)| wanted != is_open(port)).collect()
    }

    fn open(&self, port: Port, listener: TcpListener) -> io::Result<Door> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (hub, buffer) = (self.hub.clone(), self.buffer.clone());
        Ok(Door::Open(spawn_local(accept(listener, port, hub, buffer))))
    }
}

/// A listener that does not block; clients inherit what is set here.
pub fn listen(bind: IpAddr, port: u16) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
    let address = SocketAddr::new(bind, port);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(Duration::from_secs(KEEPALIVE_SECONDS)),
    )?;
    socket.listen(BACKLOG as i32)?;
    Ok(socket.into())
}

/// Takes clients in until the door is shut.
async fn accept(
    listener: tokio::net::TcpListener,
    port: Port,
    hub: Rc<RefCell<Hub>>,
    buffer: Buffer,
) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) if hub.borrow().admitted() >= peers_max() => {
                hub.borrow_mut().count_refused();
                turn_away(socket).await;
            }
            Ok((socket, _)) => {
                // Without it answers are late, and right.
                let _ = socket.set_nodelay(true);
                spawn_local(Peer::new(socket, port, hub.clone(), buffer.clone()));
            }
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

async fn turn_away(mut socket: TcpStream) {
    // A new socket has room for this; who is gone already need not hear it.
    let _ = socket.write_all(TOO_MANY).await;
}
