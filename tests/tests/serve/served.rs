//! `hashslot serve --redis` as a process, on ports that are free; it ends with the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use hashslot_tests::binary;

use crate::wire::Wire;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Served {
    process: Child,
    /// `http://127.0.0.1:7878/`
    pub url: String,
    pub first_port: u16,
    /// All that it said before it was ready.
    pub greeting: Vec<String>,
}

impl Served {
    /// With these options beside the ports.
    pub fn start(options: &[&str]) -> Served {
        for _ in 0..50 {
            if let Some(served) = Served::try_start(any_ports(), options) {
                return served;
            }
        }
        panic!("no ports are free");
    }

    /// Nothing if a port is taken.
    fn try_start(first_port: u16, options: &[&str]) -> Option<Served> {
        let mut process = Command::new(binary())
            .args(["serve", "--redis", "--no-open", "--port", "0", "--first-port"])
            .arg(first_port.to_string())
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut greeting = Vec::new();
        while !greeting.iter().any(|line: &String| line.starts_with("Try: ")) {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let mut said = String::new();
                process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                process.wait().unwrap();
                assert!(said.contains("is taken by another program"), "{said}");
                return None;
            }
            greeting.push(line.trim_end().to_owned());
        }
        let mut words = greeting[0].split_whitespace();
        let url = words.find(|word| word.starts_with("http://"));
        let url = url.expect("the first line says where the page is").to_owned();
        Some(Served { process, url, first_port, greeting })
    }

    /// The port of a node, counted from 0.
    pub fn port(&self, index: u16) -> u16 {
        self.first_port + index
    }

    pub fn wire(&self, index: u16) -> Wire {
        Wire::open(self.port(index))
    }

    /// The port of the page.
    pub fn page(&self) -> u16 {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        address.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What the process has in memory now.
    #[cfg(target_os = "linux")]
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes * 1024
    }

    /// Sends a signal and waits for the end.
    pub fn end_with(mut self, signal: &str) -> ExitStatus {
        let kill = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first of a few ports that are likely to be free; tests that run at once get others.
pub fn any_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = (std::process::id() % 997) as u16 * 24;
    11_000 + (process + NEXT.fetch_add(24, Ordering::Relaxed)) % 20_000
}

/// Tries until something is so.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: it did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}
