//! A real redis-server 7.0 as a child process, to compare the simulated one with.
//!
//! Each server has a port and a folder of its own; when it is dropped, the process ends and the
//! folder goes. Where Redis is not installed the tests say so and pass, but not with `CI=true`.

pub mod calls;
pub mod host;

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Reply, decode_reply, encode_call};

/// How the version line of a server that may be compared with begins.
const VERSION: &str = "Redis server v=7.0.";
/// A node's bus port lies this much above its client port.
const BUS_PORT_DISTANCE: u16 = 10_000;
/// How often a server is started, should somebody take its port first.
const ATTEMPTS: u32 = 5;
/// How long a server may take to start, or to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a server is a node of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Standalone,
    Cluster,
}

/// What a server begins with, besides its mode.
#[derive(Clone, Copy, Default)]
pub struct Beginning<'a> {
    /// Settings and their values.
    pub settings: &'a [(&'a str, &'a str)],
    /// The contents of nodes.conf.
    pub nodes_conf: Option<&'a str>,
}

/// A running server.
pub struct RealServer {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl RealServer {
    /// A new, empty server; `None`, said plainly, if Redis 7.0 is not installed.
    pub fn start(mode: Mode) -> Option<RealServer> {
        RealServer::start_with(mode, Beginning::default())
    }

    /// The same, with a beginning of its own.
    pub fn start_with(mode: Mode, beginning: Beginning<'_>) -> Option<RealServer> {
        if !RealServer::is_installed() {
            return None;
        }
        let server = (0..ATTEMPTS).find_map(|_| RealServer::launch(mode, beginning));
        Some(server.unwrap_or_else(|| panic!("redis-server did not start {ATTEMPTS} times")))
    }

    /// Whether Redis 7.0 is, said plainly if not.
    pub fn is_installed() -> bool {
        let version = Command::new("redis-server").arg("--version").output();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        match version {
            Err(_) => skip("redis-server is not installed: .ci/setup test"),
            Ok(version) if !version.starts_with(VERSION) => {
                skip(&format!("redis-server is not of version 7.0: {}", version.trim_end()));
            }
            Ok(_) => return true,
        }
        false
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn connect(&self) -> Connection {
        connect(self.port)
    }

    /// Where the server keeps its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A server that answers; `None` if the process ended before it did.
    fn launch(mode: Mode, beginning: Beginning<'_>) -> Option<RealServer> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("hashslot-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
        let log = File::create(folder.join("log")).expect("a new folder is writable");
        if let Some(text) = beginning.nodes_conf {
            fs::write(folder.join("nodes.conf"), text).expect("a new folder is writable");
        }
        let settings = beginning.settings.iter();
        let settings = settings.flat_map(|(name, value)| [format!("--{name}"), value.to_string()]);
        let port = free_port();
        let cluster = if mode == Mode::Cluster { "yes" } else { "no" };
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--cluster-enabled", cluster, "--enable-debug-command", "yes"])
            .args(settings)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log)
            .spawn()
            .expect("a program that told its version starts");
        let mut server = RealServer { child, folder, port };
        server.answers().then_some(server)
    }

    fn answers(&mut self) -> bool {
        let begun = Instant::now();
        // The port may be another server's, which ends ours, and may end itself at any moment.
        let ours = format!("process_id:{}\r", self.child.id());
        let info = || {
            let mut connection = try_connect(self.port).ok()?;
            connection.try_call(&[Bytes::from("INFO"), Bytes::from("server")]).ok()
        };
        loop {
            match info() {
                Some(Answer { reply: Reply::Bulk(text), .. }) => {
                    return String::from_utf8_lossy(&text).contains(&ours);
                }
                Some(_) => return false,
                None if self.child.try_wait().is_ok_and(|ended| ended.is_some()) => return false,
                None => {}
            }
            assert!(begun.elapsed() < PATIENCE, "redis-server does not answer");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        // Nothing can be done about a process or a folder that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new connection to whoever listens at this port.
fn connect(port: u16) -> Connection {
    try_connect(port).expect("the server accepts connections")
}

fn try_connect(port: u16) -> io::Result<Connection> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(Connection { stream, buffer: BytesMut::new() })
}

/// A port that is free together with its bus port.
fn free_port() -> u16 {
    loop {
        let any = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
        let port = any.local_addr().expect("a bound socket has an address").port();
        let Some(bus_port) = port.checked_add(BUS_PORT_DISTANCE) else { continue };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, bus_port)).is_ok() {
            return port;
        }
    }
}

/// A client of a real server.
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

/// Whether the other side has closed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Yes,
    No,
}

/// A reply, and the bytes in which it came.
pub struct Answer {
    pub reply: Reply,
    pub bytes: Bytes,
}

impl Connection {
    /// Sends bytes; what comes until nothing has come for so long, and whether it was the end.
    pub fn exchange(&mut self, bytes: &[u8], quiet: Duration) -> (Bytes, Ends) {
        // Who was hung up on says so with what it sent before.
        let _ = self.stream.write_all(bytes);
        self.stream.set_read_timeout(Some(quiet)).expect("a connection may time out");
        let (mut heard, mut chunk) = (BytesMut::new(), [0; 16 * 1024]);
        let ends = loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => break Ends::Yes,
                Ok(read) => heard.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break Ends::Yes,
                Err(_) => break Ends::No,
            }
        };
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a connection may time out");
        (heard.freeze(), ends)
    }

    /// Sends a call and waits for its reply.
    pub fn call(&mut self, args: &[Bytes]) -> Answer {
        self.try_call(args).expect("the server answers")
    }

    /// The same, if it is answered within a time.
    pub fn call_within(&mut self, args: &[Bytes], time: Duration) -> io::Result<Option<Reply>> {
        self.stream.set_read_timeout(Some(time)).expect("a connection may time out");
        let answer = self.try_call(args);
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a connection may time out");
        match answer {
            Ok(answer) => Ok(Some(answer.reply)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn try_call(&mut self, args: &[Bytes]) -> io::Result<Answer> {
        self.stream.write_all(&encode_call(args))?;
        loop {
            let before = self.buffer.clone();
            if let Some(reply) = decode_reply(&mut self.buffer).map_err(io::Error::other)? {
                let bytes = before.freeze();
                let used = bytes.len() - self.buffer.len();
                return Ok(Answer { reply, bytes: bytes.slice(..used) });
            }
            let mut chunk = [0; 16 * 1024];
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.buffer.extend_from_slice(&chunk[..read]);
        }
    }
}

/// Says why a test is skipped, past the capture of the test runner; fails where that is forbidden.
pub fn skip(why: &str) {
    assert!(
        env::var("CI").as_deref() != Ok("true"),
        "with CI=true no test may be skipped, but {why}"
    );
    // Should standard error be closed, there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED, a comparison with the real server: {why}");
}
