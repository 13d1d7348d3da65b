//! A Docker engine that answers.
//!
//! Its library is asynchronous and our stage is not: each call waits on a runtime of one thread.

use std::env;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::SystemInfo;
use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::image;
use crate::live::Trouble;

/// How long the engine may take for anything but fetching an image.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where an engine listens if nobody says otherwise, and the variable that does.
const SOCKET: &str = "unix:///var/run/docker.sock";
const VARIABLE: &str = "DOCKER_HOST";

/// An engine, and the image that nodes are made of.
#[derive(Clone)]
pub struct Docker {
    api: bollard::Docker,
    runtime: Arc<Runtime>,
    image: String,
    reach: Reach,
    /// Whether the engine has an init that reaps processes whose parent has ended.
    init: Init,
}

/// How containers are reached from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// By their own addresses: their bridge is one of this machine.
    Bridge,
    /// By ports that the engine publishes at this address.
    Published(Ipv4Addr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Init {
    There,
    Missing,
}

impl std::fmt::Debug for Docker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Docker({}, {:?})", self.image, self.reach)
    }
}

impl Docker {
    /// The engine of this machine, or the one that DOCKER_HOST names, with this image.
    pub fn find(image: &str) -> Result<Docker, Trouble> {
        let docker = Docker::connect(image)?;
        docker.run(image::ensure(&docker.api, image))?;
        Ok(docker)
    }

    /// The same, whether the image is there or not.
    pub fn connect(image: &str) -> Result<Docker, Trouble> {
        let host = env::var(VARIABLE).unwrap_or_else(|_| SOCKET.to_owned());
        Docker::at(&host, image)
    }

    /// The same for the engine that listens there.
    pub fn at(host: &str, image: &str) -> Result<Docker, Trouble> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Trouble::new(format!("no runtime: {error}")))?;
        let reached = runtime.block_on(async {
            let api = bollard::Docker::connect_with_host(host)?.with_timeout(PATIENCE);
            let api = api.negotiate_version().await?;
            let info = api.info().await?;
            Ok((api, info))
        });
        let (api, info) = reached.map_err(|error: Error| unreachable(host, &error))?;
        let init = match info.init_binary.as_deref() {
            Some("") | None => Init::Missing,
            Some(_) => Init::There,
        };
        let reach = reach_of(host, &info);
        Ok(Docker { api, runtime: Arc::new(runtime), image: image.to_owned(), reach, init })
    }

    /// The same engine, with containers reached in another way.
    pub fn reached_by(mut self, reach: Reach) -> Docker {
        self.reach = reach;
        self
    }

    /// Whether the image is there.
    pub fn has_image(&self) -> Result<bool, Trouble> {
        self.run(image::is_there(&self.api, &self.image))
    }

    /// Makes the image of files, in an archive of the kind `tar`.
    pub fn import(&self, files: Bytes) -> Result<(), Trouble> {
        self.run(image::import(&self.api, &self.image, files))
    }

    pub fn image(&self) -> &str {
        &self.image
    }

    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Whether an init may be process 1 of a container.
    pub(super) fn has_init(&self) -> bool {
        self.init == Init::There
    }

    pub(super) fn api(&self) -> &bollard::Docker {
        &self.api
    }

    /// Adds to what goes on at once.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        tasks: &mut JoinSet<T>,
        task: impl Future<Output = T> + Send + 'static,
    ) {
        tasks.spawn_on(task, self.runtime.handle());
    }

    /// Waits for what the engine is asked.
    pub(super) fn run<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }
}

/// Containers of an engine in a virtual machine, of one without root, or of one elsewhere cannot be
/// reached by their own addresses.
fn reach_of(host: &str, info: &SystemInfo) -> Reach {
    let elsewhere = host.strip_prefix("tcp://").or_else(|| host.strip_prefix("http://"));
    if let Some(address) = elsewhere {
        let found = address.trim_end_matches('/').to_socket_addrs();
        let ip = found.ok().into_iter().flatten().find_map(|found| match found {
            SocketAddr::V4(found) => Some(*found.ip()),
            SocketAddr::V6(_) => None,
        });
        return Reach::Published(ip.unwrap_or(Ipv4Addr::LOCALHOST));
    }
    let is_virtual = info.operating_system.as_deref() == Some("Docker Desktop");
    let options = info.security_options.as_deref().unwrap_or_default();
    let is_rootless = options.iter().any(|option| option.contains("rootless"));
    match cfg!(target_os = "linux") && !is_virtual && !is_rootless {
        true => Reach::Bridge,
        false => Reach::Published(Ipv4Addr::LOCALHOST),
    }
}

/// Why the engine cannot be asked, and the remedy.
fn unreachable(host: &str, error: &Error) -> Trouble {
    let path = host.strip_prefix("unix://").unwrap_or(host);
    let denied = || std::os::unix::net::UnixStream::connect(path).err();
    let is_denied =
        denied().is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    Trouble::new(match error {
        Error::UnsupportedURISchemeError { .. } => format!(
            "{VARIABLE} is {host}, which is not understood here: it begins with unix:// or tcp://; \
             for an engine behind ssh, forward its socket with `ssh -L`"
        ),
        _ if is_denied => format!(
            "you may not use the Docker engine's socket {path}: run this as root, or add yourself \
             to its group (sudo usermod -aG docker \"$USER\") and log in again"
        ),
        _ => format!(
            "no Docker engine answers at {host} ({error}): start it (on Debian: sudo apt-get \
             install docker.io; sudo systemctl start docker), set {VARIABLE} to where it listens, \
             or use the target `processes`, which needs none"
        ),
    })
}

/// What the engine said when it refused something.
pub(super) fn said(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Error::RequestTimeoutError => "it did not answer in time".to_owned(),
        other => other.to_string(),
    }
}

/// The status with which the engine refused something, as in HTTP.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}
