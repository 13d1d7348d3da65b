//! Cutting paths between nodes: packets from one address to another are dropped.
//!
//! Each cluster of processes has a table of its own in nftables, made with its first cut and
//! deleted with the cluster; a container has one in its own network, where it ends with the
//! container. A cut is an element of a set of pairs `from . to`, a crashed machine one of a set of
//! addresses. A detour is an element of a map, from where a connection would go to where it goes
//! instead (see `paths`), a broken connection one of a set, for a minute: by then it is gone.
//! What is dropped is dropped where it comes in, so that the sender's kernel sees silence, as on a
//! broken cable; only what a crashed container would still say is dropped where it goes out.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Trouble;
use super::paths::OWN_PORTS;

/// The name of our tables, or how it begins.
pub const TABLE: &str = "hashslot";

/// The rules of one cluster, or of one container.
pub struct Firewall {
    table: String,
    /// The network in which they hold, if it is not that of this machine.
    namespace: Option<PathBuf>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Untouched,
    Made,
}

impl Firewall {
    /// The rules of the cluster on this network; nothing is touched before the first cut.
    pub fn new(network: u8) -> Firewall {
        let table = format!("{TABLE}_{network}");
        Firewall { table, namespace: None, state: State::Untouched }
    }

    /// The rules inside of a network namespace.
    pub fn inside(namespace: PathBuf) -> Firewall {
        let namespace = Some(namespace);
        Firewall { table: TABLE.to_owned(), namespace, state: State::Untouched }
    }

    /// The network in which the rules hold, if it is not that of this machine.
    pub fn namespace(&self) -> Option<&Path> {
        self.namespace.as_deref()
    }

    /// The name of the table, once there is one.
    pub fn table(&self) -> Option<&str> {
        (self.state == State::Made).then_some(&self.table)
    }

    /// The rules stay when this is dropped, but for detours: nobody is there any more.
    pub fn leave(&mut self) {
        if self.state == State::Made {
            // A table that is gone already has none.
            let _ = self.run(&format!("flush map ip {} detours\n", self.table));
        }
        self.state = State::Untouched;
    }

    /// Makes the rules, which do nothing yet.
    pub fn open(&mut self) -> Result<(), Trouble> {
        match self.state {
            State::Untouched => self.make(),
            State::Made => Ok(()),
        }
    }

    /// New connections from this address to this place go elsewhere.
    pub fn detour(
        &mut self,
        from: Ipv4Addr,
        to: SocketAddrV4,
        instead: SocketAddrV4,
    ) -> Result<(), Trouble> {
        let (to, port) = (to.ip(), to.port());
        let (instead, at) = (instead.ip(), instead.port());
        let element = format!("{from} . {to} . {port} : {instead} . {at}");
        self.change("add", "detours", &element)
    }

    /// The next packet of a connection from one place to another breaks it.
    pub fn break_off(&mut self, from: SocketAddrV4, to: SocketAddrV4) -> Result<(), Trouble> {
        let [from_ip, to_ip] = [from.ip(), to.ip()];
        let element = format!("{from_ip} . {} . {to_ip} . {}", from.port(), to.port());
        self.change("add", "broken", &element)
    }

    pub fn cut(&mut self, from: Ipv4Addr, to: Ipv4Addr) -> Result<(), Trouble> {
        self.change("add", "cuts", &format!("{from} . {to}"))
    }

    pub fn heal(&mut self, from: Ipv4Addr, to: Ipv4Addr) -> Result<(), Trouble> {
        self.change("delete", "cuts", &format!("{from} . {to}"))
    }

    /// Nothing reaches the machine of this address any more, and nothing comes from it.
    pub fn silence(&mut self, host: Ipv4Addr) -> Result<(), Trouble> {
        self.change("add", "silent", &host.to_string())
    }

    pub fn unsilence(&mut self, host: Ipv4Addr) -> Result<(), Trouble> {
        self.change("delete", "silent", &host.to_string())
    }

    fn change(&mut self, verb: &str, set: &str, element: &str) -> Result<(), Trouble> {
        if self.state == State::Untouched {
            if verb == "delete" {
                return Ok(());
            }
            self.open()?;
        }
        self.run(&format!("{verb} element ip {} {set} {{ {element} }}\n", self.table))
    }

    fn make(&mut self) -> Result<(), Trouble> {
        let table = &self.table;
        self.run(&format!(
            "table ip {table}\ndelete table ip {table}\ntable ip {table} {{\n\
             set cuts {{\ntype ipv4_addr . ipv4_addr\n}}\n\
             set silent {{\ntype ipv4_addr\n}}\n\
             set broken {{\ntype ipv4_addr . inet_service . ipv4_addr . inet_service;\n\
             flags timeout; timeout 60s\n}}\n\
             map detours {{\n\
             type ipv4_addr . ipv4_addr . inet_service : ipv4_addr . inet_service\n}}\n\
             chain detour {{\ntype nat hook output priority -100; policy accept;\n\
             tcp sport < {own} dnat ip to ip saddr . ip daddr . tcp dport map @detours\n}}\n\
             chain cut {{\ntype filter hook input priority 0; policy accept;\n\
             ip saddr . ip daddr @cuts drop\n\
             ip saddr @silent drop\nip daddr @silent drop\n\
             tcp flags & rst == 0 ip saddr . tcp sport . ip daddr . tcp dport @broken \
             reject with tcp reset\n}}\n}}\n",
            own = OWN_PORTS.start
        ))?;
        if self.namespace.is_some() {
            self.run(&format!(
                "table ip {table} {{\n\
                 chain mute {{\ntype filter hook output priority 0; policy accept;\n\
                 ip saddr @silent drop\n}}\n}}\n"
            ))?;
        }
        self.state = State::Made;
        Ok(())
    }

    fn run(&self, script: &str) -> Result<(), Trouble> {
        run(self.namespace.as_deref(), script)
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        if self.state == State::Made {
            // A table that is gone already needs no deleting.
            let _ = self.run(&format!("delete table ip {}\n", self.table));
        }
    }
}

/// The tables of clusters of processes, and the network of each.
pub fn tables() -> Vec<(String, u8)> {
    let listed = nft(None).args(["list", "tables", "ip"]).stderr(Stdio::null()).output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    let named = |line: &str| {
        let name = line.split_whitespace().last()?;
        let network = name.strip_prefix(TABLE)?.strip_prefix('_')?.parse().ok()?;
        Some((name.to_owned(), network))
    };
    String::from_utf8_lossy(&listed).lines().filter_map(named).collect()
}

/// Removes a table.
pub fn remove(table: &str) -> Result<(), Trouble> {
    run(None, &format!("delete table ip {table}\n"))
}

/// Hands a script to nft, which does all of it or nothing.
fn run(namespace: Option<&Path>, script: &str) -> Result<(), Trouble> {
    let trouble = |why: &str| {
        Trouble::new(format!(
            "paths between nodes are cut by nftables, which does not work here ({why}): install \
             nftables, and run this as root"
        ))
    };
    let mut nft = nft(namespace)
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| trouble(&error.to_string()))?;
    let mut input = nft.stdin.take().ok_or_else(|| trouble("it takes no script"))?;
    input.write_all(script.as_bytes()).map_err(|error| trouble(&error.to_string()))?;
    drop(input);
    let output = nft.wait_with_output().map_err(|error| trouble(&error.to_string()))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(trouble(said.lines().next().unwrap_or("it failed")))
        }
    }
}

/// The program, in a network namespace if there is one; it is where only root looks for it.
fn nft(namespace: Option<&Path>) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = match namespace {
        None => Command::new("nft"),
        Some(namespace) => {
            let mut enter = Command::new("nsenter");
            enter.arg(format!("--net={}", namespace.display())).arg("nft");
            enter
        }
    };
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}
