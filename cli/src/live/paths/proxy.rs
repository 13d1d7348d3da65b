//! A node's proxy: it takes the connections that the node opens to others, and opens them itself.
//!
//! It is one thread, which lives in the network of its node: a socket belongs to the network in
//! which it was made. It opens connections from ports that no kernel chooses, by which the firewall
//! tells them from those of the node.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hashslot_core::world::step::Port;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use super::End;
use super::pump::{Direction, pump};
use super::weather::Weather;
use crate::live::Trouble;

/// The ports from which a proxy opens connections; a kernel takes those from 32768 to 60999.
pub const OWN_PORTS: Range<u16> = 61_000..65_000;
/// How long opening a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running proxy. It ends when this is dropped, and all connections over it.
pub struct Proxy {
    from: Port,
    ip: Ipv4Addr,
    weather: Arc<Weather>,
    handle: Handle,
    _end: oneshot::Sender<()>,
}

/// Where connections go that come to a listener.
#[derive(Clone)]
struct Route {
    out: Direction,
    source: Ipv4Addr,
    sink: SocketAddrV4,
}

impl Proxy {
    pub fn start(of: &End, weather: Arc<Weather>) -> Result<Proxy, Trouble> {
        let (tell, told) = mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        let namespace = of.namespace.clone();
        let live = move || match settle(namespace.as_deref()) {
            Ok(runtime) => {
                let is_heard = tell.send(Ok(runtime.handle().clone())).is_ok();
                if is_heard {
                    // The other half is dropped with the proxy.
                    let _ = runtime.block_on(ended);
                }
            }
            Err(error) => {
                // Nobody waits for it if nobody hears of it.
                let _ = tell.send(Err(error));
            }
        };
        let spawned = thread::Builder::new().name(format!("proxy of {}", of.port)).spawn(live);
        let handle = spawned.and_then(|_| told.recv().map_err(io::Error::other)?);
        let handle = handle.map_err(|error| {
            let port = of.port;
            Trouble::new(format!(
                "no proxy can be started for the connections of {port}: {error}; in the network of \
                 a container that takes root"
            ))
        })?;
        Ok(Proxy { from: of.port, ip: of.ip, weather, handle, _end: end })
    }

    /// Takes connections to a place of another node; where it does.
    pub fn listen(
        &self,
        to: Port,
        sink: SocketAddrV4,
        is_bus: bool,
    ) -> Result<SocketAddrV4, Trouble> {
        let weather = Arc::clone(&self.weather);
        let out = Direction { weather, from: self.from, to, is_bus };
        let route = Route { out, source: self.ip, sink };
        let (tell, told) = mpsc::channel();
        let ip = self.ip;
        // It is bound on the thread that lives in the right network.
        self.handle.spawn(async move {
            match bind(ip).await {
                Ok((listener, place)) => {
                    // Without a listener nobody waits for the place.
                    let _ = tell.send(Ok(place));
                    accept(listener, route).await;
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                }
            }
        });
        let place = told.recv().map_err(io::Error::other).flatten();
        place.map_err(|error| Trouble::new(format!("a proxy cannot listen at {ip}: {error}")))
    }
}

/// A runtime in a network.
fn settle(namespace: Option<&Path>) -> io::Result<Runtime> {
    if let Some(namespace) = namespace {
        enter(namespace)?;
    }
    Builder::new_current_thread().enable_all().build()
}

/// This thread's sockets belong to that network from now on.
#[cfg(target_os = "linux")]
fn enter(namespace: &Path) -> io::Result<()> {
    use std::fs::File;
    use std::os::fd::AsFd;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

    let namespace = File::open(namespace)?;
    Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
}

#[cfg(not(target_os = "linux"))]
fn enter(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

async fn bind(ip: Ipv4Addr) -> io::Result<(TcpListener, SocketAddrV4)> {
    let listener = TcpListener::bind((ip, 0)).await?;
    match listener.local_addr()? {
        SocketAddr::V4(place) => Ok((listener, place)),
        SocketAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

async fn accept(listener: TcpListener, route: Route) {
    while let Ok((near, _)) = listener.accept().await {
        tokio::spawn(carry(near, route.clone()));
    }
}

/// The life of a connection: both of its directions.
async fn carry(near: TcpStream, route: Route) {
    let opened = tokio::time::timeout(PATIENCE, open(route.source, route.sink)).await;
    let Ok(Ok(far)) = opened else {
        // Whoever is not there refuses; all that can be done now is to break what was accepted.
        let _ = near.set_zero_linger();
        return;
    };
    let out = route.out;
    let back = Direction { from: out.to, to: out.from, ..out.clone() };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::join!(pump(out, near_in, far_out), pump(back, far_in, near_out));
}

/// Opens a connection from a port of our own.
async fn open(source: Ipv4Addr, sink: SocketAddrV4) -> io::Result<TcpStream> {
    let mut error = io::ErrorKind::AddrInUse.into();
    for port in OWN_PORTS {
        let socket = TcpSocket::new_v4()?;
        socket.set_nodelay(true)?;
        if let Err(why) = socket.bind((source, port).into()) {
            error = why;
            continue;
        }
        match socket.connect(sink.into()).await {
            Err(why) if why.kind() == io::ErrorKind::AddrNotAvailable => error = why,
            opened => return opened,
        }
    }
    Err(error)
}
