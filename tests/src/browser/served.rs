//! A cluster that is served to real clients, and such a client: a plain socket that speaks inline
//! commands, so that what it is told is what the wire says.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::binary;

/// How long a client waits for an answer that must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one waits for an answer that must not come.
pub const GLANCE: Duration = Duration::from_millis(600);

/// `hashslot serve --redis` on free ports, ended when dropped.
pub struct Served {
    process: Option<Child>,
    /// Where the page is.
    pub url: String,
    /// The port of the first node; the others follow it.
    pub first_port: u16,
    page_port: u16,
    options: Vec<String>,
}

impl Served {
    /// How many nodes there are.
    const NODES: u16 = 6;

    /// Three masters with a replica each, and whatever else the options say.
    pub fn start(options: &[&str]) -> Served {
        Served::at(free_ports(Served::NODES), options)
    }

    /// The same on these ports.
    pub fn at(first_port: u16, options: &[&str]) -> Served {
        let mut served = Served {
            process: None,
            url: String::new(),
            first_port,
            page_port: free_ports(1),
            options: options.iter().map(|&option| option.to_owned()).collect(),
        };
        served.start_again();
        served
    }

    /// Starts it where it was before; it is another cluster.
    pub fn start_again(&mut self) {
        let ports = [self.page_port.to_string(), self.first_port.to_string()];
        let mut process = Command::new(binary())
            .args(["serve", "--redis", "--no-open", "--port", &ports[0]])
            .args(["--first-port", &ports[1], "--seed", "7", "--node-timeout", "2s"])
            .args(&self.options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary was just built");
        let output = process.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        self.url = url.expect("it says where the page is");
        // Whoever does not read what is said further stops who says it.
        std::thread::spawn(move || lines.count());
        self.process = Some(process);
        drop(Caller::to(self.first_port));
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may be gone already.
            process.kill().ok();
            process.wait().ok();
        }
    }

    /// Ends it as Ctrl-C does, and waits until it is gone.
    pub fn interrupt(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let id = process.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "it can be interrupted");
        let status = process.wait().expect("it ends");
        assert!(status.success(), "Ctrl-C is a way to end it: {status}");
    }

    /// The port of a node, by its number.
    pub fn port(&self, number: u16) -> u16 {
        self.first_port + number
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The first of some free ports in a row.
fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 20_000 + (std::process::id() % 300) as u16 * 40;
    for _ in 0..500 {
        let port = begin + NEXT.fetch_add(count, Ordering::Relaxed) % 9_000;
        let listeners: io::Result<Vec<TcpListener>> =
            (port..port + count).map(|port| TcpListener::bind(("127.0.0.1", port))).collect();
        if listeners.is_ok() {
            return port;
        }
    }
    panic!("no {count} ports in a row are free");
}

/// A real client.
pub struct Caller(BufReader<TcpStream>);

impl Caller {
    /// Connects, as soon as somebody listens.
    pub fn to(port: u16) -> Caller {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(socket) => return Caller(BufReader::new(socket)),
                Err(error) => assert!(Instant::now() < deadline, "{port}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks, and waits for the first line of the answer.
    pub fn ask(&mut self, line: &str) -> io::Result<String> {
        self.send(line)?;
        self.hear(PATIENCE)
    }

    pub fn send(&mut self, line: &str) -> io::Result<()> {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes())
    }

    /// The next line that is heard within a time; an error if there is none.
    pub fn hear(&mut self, within: Duration) -> io::Result<String> {
        self.0.get_ref().set_read_timeout(Some(within))?;
        let mut line = String::new();
        match self.0.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

/// A file that a server records to, removed when dropped.
pub struct Record(PathBuf);

impl Record {
    pub fn new(name: &str) -> Record {
        let file = format!("hashslot-{}-{name}.session", std::process::id());
        Record(std::env::temp_dir().join(file))
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("the folder for temporary files has a plain name")
    }

    pub fn text(&self) -> String {
        fs::read_to_string(&self.0).expect("it was recorded")
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Where nothing was recorded there is nothing to remove.
        fs::remove_file(&self.0).ok();
    }
}
