//! One redis-server as a child process.

use std::fs::{self, File};
use std::io;
use std::mem;
use std::net::SocketAddrV4;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hashslot_core::data::Reply;
use rustix::process::{Pid, Signal, kill_process};

use super::call::Connection;
use super::{Program, Trouble};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);
/// How long a server may take to end that has hung up on its clients.
const LAST_MOMENT: Duration = Duration::from_millis(100);
/// The file of the log in a node's folder.
pub const LOG: &str = "redis.log";
const SETTINGS: &str = "redis.conf";

/// A running server. It ends when this is dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a server in a folder; it answers a little later.
    pub fn spawn(program: &Program, folder: &Path, settings: &str) -> Result<Process, Trouble> {
        let launch = || -> io::Result<Child> {
            fs::create_dir_all(folder)?;
            // What CONFIG REWRITE has written is what the next start begins with.
            let file = folder.join(SETTINGS);
            if !file.exists() {
                fs::write(file, settings)?;
            }
            let mut log = File::options();
            let log = log.create(true).append(true).open(folder.join(LOG))?;
            Command::new(program.path())
                .arg(SETTINGS)
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .spawn()
        };
        let child = launch().map_err(|error| {
            let (path, shown) = (program.path().display(), folder.display());
            Trouble::new(format!("{path} cannot be started in {shown}: {error}"))
        })?;
        Ok(Process { child })
    }

    /// Waits until the server answers, and is this one and not another at its port.
    pub fn wait_until_up(mut self, folder: &Path, place: SocketAddrV4) -> Result<Process, Trouble> {
        let begun = Instant::now();
        let ours = format!("process_id:{}\r", self.child.id());
        loop {
            if answers_with(place, &ours) {
                return Ok(self);
            }
            if self.has_ended() {
                return Err(Trouble::new(format!(
                    "the server at {place} ended at once; it said: {}",
                    last_line(&folder.join(LOG))
                )));
            }
            if begun.elapsed() > PATIENCE {
                return Err(Trouble::new(format!("the server at {place} does not answer")));
            }
            thread::sleep(POLL);
        }
    }

    /// Whether it has ended by itself.
    fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// Whether it ends by itself within a moment, as after SHUTDOWN.
    pub fn is_ending(&mut self) -> bool {
        let begun = Instant::now();
        while !self.has_ended() {
            if begun.elapsed() > LAST_MOMENT {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGSTOP.
    pub fn pause(&self) -> Result<(), Trouble> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT.
    pub fn resume(&self) -> Result<(), Trouble> {
        self.signal(Signal::CONT)
    }

    /// It outlives us.
    pub fn leave(self) {
        mem::forget(self);
    }

    fn signal(&self, signal: Signal) -> Result<(), Trouble> {
        let sent = kill_process(Pid::from_child(&self.child), signal);
        sent.map_err(|error| Trouble::new(format!("process {} is not there: {error}", self.pid())))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended already needs no ending.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this very process answers there, and has loaded its data.
fn answers_with(place: SocketAddrV4, ours: &str) -> bool {
    let ask = || -> io::Result<(Reply, Reply)> {
        let mut connection = Connection::open(place, Duration::from_secs(1))?;
        Ok((connection.say(&["INFO", "server"])?, connection.say(&["PING"])?))
    };
    match ask() {
        Ok((Reply::Bulk(text), pong)) => {
            String::from_utf8_lossy(&text).contains(ours) && !pong.is_error()
        }
        Ok(_) | Err(_) => false,
    }
}

fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("nothing").to_owned()
}
