//! Real nodes as child processes, and what can be done to them.
//!
//! All that is done is done by the kernel: SIGKILL and SIGSTOP to a process, files that go, packets
//! that are dropped. Nothing is left behind: processes end, folder and firewall rules go when this
//! is dropped, after a panic too, and the [`Reaper`] does it if we are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::mem;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use hashslot_core::words::Span;
use hashslot_core::world::step::{Data, MessageKind, Port};

use super::firewall::Firewall;
use super::folder::Folder;
use super::ground::Ground;
use super::nodes::{Afterwards, NODES_CONF, Nodes, Options, Verdict};
use super::paths::{Detours, End, Paths};
use super::process::{LOG, Process};
use super::reaper::Reaper;
use super::{Program, Roll, Standing, Trouble, settings};

/// The nodes of one cluster.
pub struct Processes {
    roll: Roll,
    running: BTreeMap<Port, Process>,
    cuts: BTreeSet<(Port, Port)>,
    paths: Paths,
    ground: Ground,
    program: Program,
    options: Options,
    /// What is left behind or goes, in this order.
    firewall: Firewall,
    folder: Folder,
    reaper: Reaper,
}

impl Processes {
    /// Empty nodes in cluster mode that know nobody, on ports from `first_port` on.
    pub fn start(
        program: &Program,
        first_port: u16,
        count: u16,
        options: Options,
    ) -> Result<Processes, Trouble> {
        if count > Ground::NODES_MAX {
            return Err(Trouble::new(format!(
                "{count} nodes are more than the {} that this machine runs: take fewer",
                Ground::NODES_MAX
            )));
        }
        let ground = Ground::take(first_port, count)?;
        let folder = Folder::make()?;
        let reaper = Reaper::start(folder.path())
            .map_err(|error| Trouble::new(format!("no shell `sh` can be started: {error}")))?;
        let mut processes = Processes {
            roll: Roll::default(),
            running: BTreeMap::new(),
            firewall: Firewall::new(ground.network()),
            cuts: BTreeSet::new(),
            paths: Paths::default(),
            folder,
            reaper,
            ground,
            program: program.clone(),
            options,
        };
        let ports: Vec<Port> = (first_port..first_port + count).filter_map(Port::new).collect();
        for &port in &ports {
            processes.launch(port)?;
        }
        for port in ports {
            processes.await_node(port)?;
        }
        Ok(processes)
    }

    fn node_folder(&self, port: Port) -> PathBuf {
        self.folder.path().join(port.to_string())
    }

    fn tell_of_table(&mut self) {
        if let Some(table) = self.firewall.table() {
            self.reaper.table(table);
        }
    }

    fn launch(&mut self, port: Port) -> Verdict {
        let ip = self.ground.ip(self.roll.len() as u16);
        self.spawn(port, ip)?;
        self.roll.admit(port, ip);
        Ok(())
    }

    fn spawn(&mut self, port: Port, ip: Ipv4Addr) -> Verdict {
        let folder = self.node_folder(port);
        let process = Process::spawn(&self.program, &folder, &self.settings(port, ip))?;
        self.reaper.begun(process.pid());
        self.running.insert(port, process);
        Ok(())
    }

    fn await_node(&mut self, port: Port) -> Verdict {
        let folder = self.node_folder(port);
        let place = SocketAddrV4::new(self.roll.ip(port)?, port.number());
        if let Some(process) = self.running.remove(&port) {
            self.running.insert(port, process.wait_until_up(&folder, place)?);
        }
        Ok(())
    }

    fn end(&mut self, port: Port, standing: Standing) {
        self.roll.note(port, standing);
        if let Some(process) = self.running.remove(&port) {
            let pid = process.pid();
            drop(process);
            self.reaper.ended(pid);
        }
    }

    fn settings(&self, port: Port, ip: Ipv4Addr) -> String {
        let ip = ip.to_string();
        let mut all = settings::of_a_node(port, &self.options);
        all.extend([("bind".to_owned(), ip.clone()), ("bind-source-addr".to_owned(), ip)]);
        all.into_iter().map(|(name, value)| format!("{name} {value}\n")).collect()
    }
}

impl Detours for Processes {
    fn end(&mut self, port: Port) -> Result<End, Trouble> {
        Ok(End { port, ip: self.roll.ip(port)?, namespace: None })
    }

    fn firewall(&mut self, _: Port) -> Result<&mut Firewall, Trouble> {
        Ok(&mut self.firewall)
    }

    fn paths(&mut self) -> &mut Paths {
        &mut self.paths
    }
}

impl Nodes for Processes {
    fn roll(&self) -> &Roll {
        &self.roll
    }

    fn describe(&self) -> String {
        format!("redis-server {} as processes of this machine", self.program.version())
    }

    fn folder(&self, port: Port) -> Option<PathBuf> {
        Some(self.node_folder(port))
    }

    fn pid(&self, port: Port) -> Option<u32> {
        self.running.get(&port).map(Process::pid)
    }

    fn file(&self, port: Port, name: &str) -> String {
        let bytes = fs::read(self.node_folder(port).join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_text(&self, port: Port) -> String {
        self.file(port, LOG)
    }

    fn add(&mut self, port: Port) -> Verdict {
        self.roll.may_add(port)?;
        self.launch(port)?;
        self.await_node(port)
    }

    fn kill(&mut self, port: Port) -> Verdict {
        self.roll.may_kill(port)?;
        self.end(port, Standing::Ended);
        Ok(())
    }

    /// Its packets are dropped first, so that nobody hears of the end.
    fn crash(&mut self, port: Port) -> Verdict {
        self.roll.may_crash(port)?;
        self.firewall.silence(self.roll.ip(port)?)?;
        self.tell_of_table();
        self.end(port, Standing::Crashed);
        Ok(())
    }

    fn restart(&mut self, port: Port, data: Data) -> Verdict {
        if self.running.get_mut(&port).is_some_and(Process::is_ending) {
            self.end(port, Standing::Ended);
        }
        self.roll.may_restart(port, data)?;
        let ip = self.roll.ip(port)?;
        let folder = self.node_folder(port);
        if data != Data::Keep {
            remove(&folder.join("appendonlydir"))?;
            remove(&folder.join("dump.rdb"))?;
        }
        if data == Data::LostConfig {
            remove(&folder.join(NODES_CONF))?;
        }
        if self.roll.standing(port) == Some(Standing::Crashed) {
            self.firewall.unsilence(ip)?;
        }
        self.spawn(port, ip)?;
        self.await_node(port)?;
        self.roll.note(port, Standing::Running);
        Ok(())
    }

    fn pause(&mut self, port: Port) -> Verdict {
        self.roll.may_pause(port)?;
        self.running.get(&port).map_or(Ok(()), Process::pause)?;
        self.roll.note(port, Standing::Paused);
        Ok(())
    }

    fn resume(&mut self, port: Port) -> Verdict {
        self.roll.may_resume(port)?;
        self.running.get(&port).map_or(Ok(()), Process::resume)?;
        self.roll.note(port, Standing::Running);
        Ok(())
    }

    fn cut(&mut self, from: Port, to: Port) -> Verdict {
        let (source, sink) = (self.roll.ip(from)?, self.roll.ip(to)?);
        if self.cuts.insert((from, to)) {
            self.firewall.cut(source, sink)?;
            self.tell_of_table();
        }
        Ok(())
    }

    fn heal(&mut self, from: Port, to: Port) -> Verdict {
        let (source, sink) = (self.roll.ip(from)?, self.roll.ip(to)?);
        self.paths.heal(from, to);
        match self.cuts.remove(&(from, to)) {
            true => self.firewall.heal(source, sink),
            false => Ok(()),
        }
    }

    fn heal_all(&mut self) -> Verdict {
        self.paths.heal_all();
        for (from, to) in self.cuts.clone() {
            self.heal(from, to)?;
        }
        Ok(())
    }

    fn slow(&mut self, from: Port, to: Port, latency: Span, jitter: Span) -> Verdict {
        let done = self.slow_down(from, to, latency, jitter);
        self.tell_of_table();
        done
    }

    fn lose(&mut self, from: Port, to: Port, percent: u8) -> Verdict {
        let done = self.lose_some(from, to, percent);
        self.tell_of_table();
        done
    }

    fn drop_kind(&mut self, kind: MessageKind, from: Port, to: Port) -> Verdict {
        let done = self.drop_some(kind, from, to);
        self.tell_of_table();
        done
    }

    fn drop_none(&mut self) -> Verdict {
        self.paths.drop_none();
        Ok(())
    }

    fn sever(&mut self, one: Port, other: Port) -> Verdict {
        let done = self.break_connections(one, other);
        self.tell_of_table();
        done
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if self.options.afterwards == Afterwards::Leave {
            mem::take(&mut self.running).into_values().for_each(Process::leave);
            self.firewall.leave();
            self.folder.leave();
        }
    }
}

/// Removes a file or folder, if it is there.
fn remove(path: &Path) -> Result<(), Trouble> {
    let removed = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false if path.exists() => fs::remove_file(path),
        false => Ok(()),
    };
    removed.map_err(|error| Trouble::new(format!("{} cannot be removed: {error}", path.display())))
}
