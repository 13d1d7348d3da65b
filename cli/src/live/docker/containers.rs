//! Real nodes in containers, and what can be done to them.
//!
//! What the engine can do it is asked to do: kill, start, stand still. Files that go are files of a
//! container that goes: the new one gets those that stay. Nothing is left behind: containers and
//! network go when this is dropped, after a panic and after Ctrl-C too.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
};
use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::words::Span;
use hashslot_core::world::step::{Data, MessageKind, Port};
use tokio::task::JoinSet;

use super::engine::{Docker, said};
use super::network::{NODES_MAX, Network};
use super::pair::{Pair, SETTINGS, Yard};
use super::sweep::remove_run;
use super::{archive, interrupt, namespace};
use crate::live::call::Connection;
use crate::live::firewall::Firewall;
use crate::live::nodes::{Afterwards, NODES_CONF, Nodes, Options, Verdict};
use crate::live::paths::{Detours, End, Paths};
use crate::live::{Roll, Standing, Trouble, owner, settings};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
/// How long a server may take to end that has hung up on its clients.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// The nodes of one cluster.
pub struct Containers {
    docker: Docker,
    yard: Yard,
    options: Options,
    roll: Roll,
    pairs: BTreeMap<Port, Pair>,
    /// What containers have logged that are no more.
    past_logs: BTreeMap<Port, String>,
    cuts: BTreeSet<(Port, Port)>,
    paths: Paths,
    /// The rules in the network of a node.
    firewalls: BTreeMap<Port, Firewall>,
    version: String,
}

impl Containers {
    /// Empty nodes in cluster mode that know nobody, on ports from `first_port` on.
    pub fn start(
        docker: &Docker,
        first_port: u16,
        count: u16,
        options: Options,
    ) -> Result<Containers, Trouble> {
        if count > NODES_MAX {
            let hint =
                format!("{count} nodes are more than the {NODES_MAX} of a network: take fewer");
            return Err(Trouble::new(hint));
        }
        let run = owner::new_run();
        interrupt::begun(&run, docker.api());
        let network = docker.run(Network::make(docker.api(), &run));
        let network = network.inspect_err(|_| interrupt::ended(&run))?;
        let mut containers = Containers {
            docker: docker.clone(),
            yard: Yard::new(docker, network, run),
            options,
            roll: Roll::default(),
            pairs: BTreeMap::new(),
            past_logs: BTreeMap::new(),
            cuts: BTreeSet::new(),
            paths: Paths::default(),
            firewalls: BTreeMap::new(),
            version: String::new(),
        };
        let ports: Vec<Port> = (first_port..first_port + count).filter_map(Port::new).collect();
        if let Err(trouble) = containers.raise(&ports) {
            containers.options.afterwards = Afterwards::Remove;
            return Err(trouble);
        }
        Ok(containers)
    }

    /// The name of this run, as in the labels of all that it has made.
    pub fn run_name(&self) -> &str {
        &self.yard.run
    }

    /// Makes nodes, all at once, and waits until they answer.
    fn raise(&mut self, ports: &[Port]) -> Verdict {
        let first = self.roll.len() as u16;
        let mut tasks = JoinSet::new();
        for (index, &port) in ports.iter().enumerate() {
            let ip = self.yard.network.ip(first + index as u16);
            let raised = self.yard.clone().raise(port, ip, self.settings(port)?);
            self.docker.spawn(&mut tasks, raised);
        }
        let raised: Result<Vec<Pair>, Trouble> =
            self.docker.run(tasks.join_all()).into_iter().collect();
        let mut raised = raised?;
        raised.sort_unstable_by_key(|pair| pair.port);
        for pair in raised {
            self.roll.admit(pair.port, pair.ip);
            let port = pair.port;
            self.pairs.insert(port, pair);
        }
        ports.iter().try_for_each(|&port| self.await_node(port))
    }

    fn await_node(&mut self, port: Port) -> Verdict {
        let pair = self.pair(port)?;
        let begun = Instant::now();
        loop {
            if let Some(version) = version_at(pair.door) {
                self.version = version;
                return Ok(());
            }
            let has_ended = begun.elapsed() > Duration::from_millis(500) && !self.runs(pair);
            if has_ended || begun.elapsed() > PATIENCE {
                let log = self.log_text(port);
                let last = log.trim_end().lines().last().unwrap_or("nothing").to_owned();
                return Err(Trouble::new(format!(
                    "redis-server of {} does not answer at {} as node {port}; it said: {last}",
                    self.docker.image(),
                    pair.door
                )));
            }
            thread::sleep(POLL);
        }
    }

    fn runs(&self, pair: &Pair) -> bool {
        let asked = self.yard.api.inspect_container(&pair.node, None::<InspectContainerOptions>);
        let seen = self.docker.run(asked);
        seen.is_ok_and(|seen| seen.state.and_then(|state| state.running) == Some(true))
    }

    /// Whether its server ends by itself within a moment, as after SHUTDOWN.
    fn is_ending(&self, port: Port) -> Result<bool, Trouble> {
        let begun = Instant::now();
        loop {
            let seen = self.yard.api.inspect_container(&self.pair(port)?.node, None);
            let seen = self.docker.run(seen).map_err(|error| Trouble::new(said(&error)))?;
            let runs = seen.state.and_then(|state| state.running) != Some(false);
            if !runs || begun.elapsed() > LAST_MOMENT {
                return Ok(!runs);
            }
            thread::sleep(POLL);
        }
    }

    fn settings(&self, port: Port) -> Result<Bytes, Trouble> {
        let all = settings::of_a_node(port, &self.options).into_iter();
        let text: String = all.map(|(name, value)| format!("{name} {value}\n")).collect();
        archive::of_one(SETTINGS, &text)
            .map_err(|error| Trouble::new(format!("redis.conf cannot be packed: {error}")))
    }

    fn pair(&self, port: Port) -> Result<&Pair, Trouble> {
        self.roll.ip(port)?;
        self.pairs.get(&port).ok_or_else(|| Trouble::new(format!("{port} has no container")))
    }

    /// Ends the process at once; the engine lets go even one that stands still.
    fn end(&mut self, port: Port, standing: Standing) -> Verdict {
        let pair = self.pair(port)?;
        let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
        let done = self.docker.run(self.yard.api.kill_container(&pair.node, Some(options)));
        done.map_err(|error| Trouble::new(format!("{port} is not killed: {}", said(&error))))?;
        self.roll.note(port, standing);
        Ok(())
    }

    /// A machine that is gone: silence if packets can be dropped, else a cable that is pulled.
    fn silence(&mut self, port: Port, ip: Ipv4Addr) -> Verdict {
        if self.firewall(port).and_then(|firewall| firewall.silence(ip)).is_ok() {
            return Ok(());
        }
        let holder = self.pair(port)?.holder.clone();
        self.docker.run(self.yard.unplug(&holder))
    }

    fn unsilence(&mut self, port: Port, ip: Ipv4Addr) -> Verdict {
        if self.firewalls.get(&port).is_some_and(|firewall| firewall.table().is_some()) {
            return self.firewall(port)?.unsilence(ip);
        }
        let holder = self.pair(port)?.holder.clone();
        self.docker.run(self.yard.plug_in(&holder, ip))?;
        let door = self.docker.run(self.yard.door(&holder, port, ip))?;
        if let Some(pair) = self.pairs.get_mut(&port) {
            pair.door = door;
        }
        Ok(())
    }

    /// Another container in place of a node's own, with what is left of its files.
    fn replace(&mut self, port: Port, data: Data) -> Verdict {
        let pair = self.pair(port)?.clone();
        let log = self.log_text(port);
        self.past_logs.insert(port, log);
        let table = match data {
            Data::LostConfig => None,
            _ => self.docker.run(archive::fetch(&self.yard.api, &pair.node, NODES_CONF)),
        };
        let settings = self.settings(port)?;
        let (api, yard) = (&self.yard.api, &self.yard);
        let node = self.docker.run(async {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            let removed = api.remove_container(&pair.node, Some(options)).await;
            removed.map_err(|error| Trouble::new(said(&error)))?;
            let node = yard.make_node(port, &pair.holder, settings).await?;
            if let Some(table) = table {
                archive::hand_in(api, &node, table).await?;
            }
            Ok::<String, Trouble>(node)
        })?;
        self.pairs.insert(port, Pair { node, ..pair });
        Ok(())
    }
}

impl Detours for Containers {
    fn end(&mut self, port: Port) -> Result<End, Trouble> {
        let namespace = self.firewall(port)?.namespace().map(Path::to_owned);
        Ok(End { port, ip: self.roll.ip(port)?, namespace })
    }

    /// It is to be found at the first cut.
    fn firewall(&mut self, port: Port) -> Result<&mut Firewall, Trouble> {
        if !self.firewalls.contains_key(&port) {
            let holder = self.pair(port)?.holder.clone();
            let found = namespace::of(&self.yard.api, self.docker.reach(), &holder);
            let namespace = self.docker.run(found)?;
            self.firewalls.insert(port, Firewall::inside(namespace));
        }
        Ok(self.firewalls.get_mut(&port).expect("it was put there if it was not"))
    }

    fn paths(&mut self) -> &mut Paths {
        &mut self.paths
    }
}

impl Nodes for Containers {
    fn roll(&self) -> &Roll {
        &self.roll
    }

    fn describe(&self) -> String {
        format!("redis-server {} in containers of {}", self.version, self.docker.image())
    }

    fn door(&self, port: Port) -> Option<SocketAddrV4> {
        self.pairs.get(&port).map(|pair| pair.door)
    }

    /// A container's processes are counted by their own kernel.
    fn pid(&self, _: Port) -> Option<u32> {
        None
    }

    fn file(&self, port: Port, name: &str) -> String {
        let Ok(pair) = self.pair(port) else { return String::new() };
        let archive = self.docker.run(archive::fetch(&self.yard.api, &pair.node, name));
        archive.and_then(|archive| archive::text_of(&archive)).unwrap_or_default()
    }

    fn log_text(&self, port: Port) -> String {
        let mut text = self.past_logs.get(&port).cloned().unwrap_or_default();
        let Ok(pair) = self.pair(port) else { return text };
        text.push_str(&self.docker.run(archive::log(&self.yard.api, &pair.node)));
        text
    }

    fn add(&mut self, port: Port) -> Verdict {
        self.roll.may_add(port)?;
        self.raise(&[port])
    }

    fn kill(&mut self, port: Port) -> Verdict {
        self.roll.may_kill(port)?;
        self.end(port, Standing::Ended)
    }

    /// Nobody hears of the end: the machine is silent before.
    fn crash(&mut self, port: Port) -> Verdict {
        self.roll.may_crash(port)?;
        self.silence(port, self.roll.ip(port)?)?;
        match self.roll.standing(port) {
            Some(Standing::Running | Standing::Paused) => self.end(port, Standing::Crashed),
            _ => {
                self.roll.note(port, Standing::Crashed);
                Ok(())
            }
        }
    }

    fn restart(&mut self, port: Port, data: Data) -> Verdict {
        if self.roll.standing(port) == Some(Standing::Running) && self.is_ending(port)? {
            self.roll.note(port, Standing::Ended);
        }
        self.roll.may_restart(port, data)?;
        if data != Data::Keep {
            self.replace(port, data)?;
        }
        if self.roll.standing(port) == Some(Standing::Crashed) {
            self.unsilence(port, self.roll.ip(port)?)?;
            self.roll.note(port, Standing::Ended);
        }
        let node = self.pair(port)?.node.clone();
        self.docker.run(self.yard.start(&node))?;
        self.roll.note(port, Standing::Running);
        self.await_node(port)
    }

    fn pause(&mut self, port: Port) -> Verdict {
        self.roll.may_pause(port)?;
        let done = self.docker.run(self.yard.api.pause_container(&self.pair(port)?.node));
        done.map_err(|error| Trouble::new(format!("{port} is not paused: {}", said(&error))))?;
        self.roll.note(port, Standing::Paused);
        Ok(())
    }

    fn resume(&mut self, port: Port) -> Verdict {
        self.roll.may_resume(port)?;
        let done = self.docker.run(self.yard.api.unpause_container(&self.pair(port)?.node));
        done.map_err(|error| Trouble::new(format!("{port} does not go on: {}", said(&error))))?;
        self.roll.note(port, Standing::Running);
        Ok(())
    }

    fn cut(&mut self, from: Port, to: Port) -> Verdict {
        let (source, sink) = (self.roll.ip(from)?, self.roll.ip(to)?);
        if !self.cuts.contains(&(from, to)) {
            self.firewall(to)?.cut(source, sink)?;
            self.cuts.insert((from, to));
        }
        Ok(())
    }

    fn heal(&mut self, from: Port, to: Port) -> Verdict {
        let (source, sink) = (self.roll.ip(from)?, self.roll.ip(to)?);
        self.paths.heal(from, to);
        if self.cuts.contains(&(from, to)) {
            self.firewall(to)?.heal(source, sink)?;
            self.cuts.remove(&(from, to));
        }
        Ok(())
    }

    fn heal_all(&mut self) -> Verdict {
        self.paths.heal_all();
        for (from, to) in self.cuts.clone() {
            self.heal(from, to)?;
        }
        Ok(())
    }

    fn slow(&mut self, from: Port, to: Port, latency: Span, jitter: Span) -> Verdict {
        self.slow_down(from, to, latency, jitter)
    }

    fn lose(&mut self, from: Port, to: Port, percent: u8) -> Verdict {
        self.lose_some(from, to, percent)
    }

    fn drop_kind(&mut self, kind: MessageKind, from: Port, to: Port) -> Verdict {
        self.drop_some(kind, from, to)
    }

    fn drop_none(&mut self) -> Verdict {
        self.paths.drop_none();
        Ok(())
    }

    fn sever(&mut self, one: Port, other: Port) -> Verdict {
        self.break_connections(one, other)
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        // A table of the firewall ends with its network.
        self.firewalls.values_mut().for_each(Firewall::leave);
        if self.options.afterwards == Afterwards::Remove {
            let removed = self.docker.run(remove_run(&self.yard.api, &self.yard.run));
            if let Err(trouble) = removed {
                eprintln!("{trouble}; run `hashslot clean`");
            }
        }
        interrupt::ended(&self.yard.run);
    }
}

/// The version of the server that answers there, once it has loaded its data.
fn version_at(door: SocketAddrV4) -> Option<String> {
    let mut connection = Connection::open(door, Duration::from_secs(1)).ok()?;
    let Reply::Bulk(info) = connection.say(&["INFO", "server"]).ok()? else { return None };
    if connection.say(&["PING"]).ok()?.is_error() {
        return None;
    }
    let info = String::from_utf8_lossy(&info).into_owned();
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
    Some(version.trim().to_owned())
}
