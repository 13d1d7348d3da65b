//! The nodes of `hashslot serve --redis`, one process for all.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use super::Options;
use crate::binary;

/// A running server; it ends when this is dropped.
pub struct SimulatedNodes {
    child: Child,
    url: String,
    first_port: u16,
}

impl SimulatedNodes {
    pub fn start(first_port: u16, options: &Options) -> SimulatedNodes {
        let mut command = Command::new(binary());
        command
            .args(["serve", "--redis", "--no-open", "--port", "0", "--empty"])
            .args(["--nodes", &options.nodes.to_string()])
            .args(["--first-port", &first_port.to_string()])
            .args(["--node-timeout", &format!("{}ms", options.node_timeout_ms)])
            .args(["--trace", options.trace]);
        for (name, value) in &options.settings {
            command.args(["--set", &format!("{name}={value}")]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary was just built");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
            })
            .expect("it says where the page is");
        // What else it says is read, so that it never waits for a reader.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        SimulatedNodes { child, url, first_port }
    }

    pub fn kill(&self, index: u16) {
        self.act(&format!("$ kill {}", self.first_port + index));
    }

    pub fn restart(&self, index: u16) {
        self.act(&format!("$ restart {}", self.first_port + index));
    }

    /// The process of the server.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its page and its API are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has a line done, by the command that is for it.
    pub fn act(&self, line: &str) {
        let output = Command::new(binary())
            .args(["ctl", "do", line, "--at", &self.url])
            .output()
            .expect("the binary was just built");
        assert!(
            output.status.success(),
            "{line}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for SimulatedNodes {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
