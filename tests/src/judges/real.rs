//! Real redis-server processes at given ports.

use std::env;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hashslot::live::Program;

use super::Options;

const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// One process for each port; all end, and their folder goes, when this is dropped.
pub struct RealNodes {
    program: Program,
    folder: PathBuf,
    first_port: u16,
    children: Vec<Option<Child>>,
}

impl RealNodes {
    pub fn start(program: Program, first_port: u16, options: &Options) -> RealNodes {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            env::temp_dir().join(format!("hashslot-judged-{}-{count}", std::process::id()));
        let mut nodes = RealNodes { program, folder, first_port, children: Vec::new() };
        for index in 0..options.nodes {
            nodes.write_settings(index, options).expect("the temporary folder is writable");
            nodes.children.push(None);
            nodes.restart(index);
        }
        nodes
    }

    /// SIGKILL.
    pub fn kill(&mut self, index: u16) {
        if let Some(mut child) = self.children[usize::from(index)].take() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn restart(&mut self, index: u16) {
        let folder = self.node_folder(index);
        let log = File::options().create(true).append(true).open(folder.join("log"));
        let child = Command::new(self.program.path())
            .arg("redis.conf")
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.expect("the folder of a node is writable"))
            .spawn()
            .expect("a program that told its version starts");
        self.children[usize::from(index)] = Some(child);
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.first_port + index)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "redis-server does not answer");
            thread::sleep(POLL);
        }
    }

    fn node_folder(&self, index: u16) -> PathBuf {
        self.folder.join(index.to_string())
    }

    fn write_settings(&self, index: u16, options: &Options) -> io::Result<()> {
        let folder = self.node_folder(index);
        fs::create_dir_all(&folder)?;
        let mut lines = vec![
            format!("port {}", self.first_port + index),
            "bind 127.0.0.1".to_owned(),
            "cluster-enabled yes".to_owned(),
            format!("cluster-node-timeout {}", options.node_timeout_ms),
            "repl-diskless-sync-delay 0".to_owned(),
            "save \"\"".to_owned(),
        ];
        lines.extend(options.settings.iter().map(|(name, value)| format!("{name} {value}")));
        fs::write(folder.join("redis.conf"), lines.join("\n") + "\n")
    }
}

impl Drop for RealNodes {
    fn drop(&mut self) {
        for index in 0..self.children.len() as u16 {
            self.kill(index);
        }
        // A folder that is gone already needs no removing.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
