//! A stage of real nodes: takes a line of a script, and says what it printed.
//!
//! Each step is done by whatever does it on a real machine; one that cannot be done says so, as
//! `(refused)` with the reason, and is never passed over. Time is real: `$ run 5s` takes five
//! seconds. Conditions are asked for every few milliseconds.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::words::{NodeId, Span};
use hashslot_core::world::condition::Condition;
use hashslot_core::world::step::{
    Ask, ClientKind, ClientName, Data, Line, MessageKind, Party, Port, Step, Way,
};
use hashslot_core::world::{Level, Setup, Trace, World};

use super::admin::Admin;
use super::clients::{Clients, Noted};
use super::nodes::{NODES_CONF, Nodes, Options, Persistence, Verdict};
use super::paths::packet_type;
use super::{Names, Program, Standing, Target, Topology, Trouble, founding, stop};

/// How long a command waits for its reply before it is left waiting.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a condition is asked for.
const POLL: Duration = Duration::from_millis(5);

/// A stage: nodes, clients, and how all are called.
pub struct Cluster {
    clients: Clients,
    admin: Admin,
    eyes: Admin,
    nodes: Box<dyn Nodes>,
    names: Names,
    ids: BTreeMap<Port, NodeId>,
    /// The simulated nodes, of which only the ids are of use.
    namesakes: World,
}

impl Cluster {
    /// Starts the nodes of a setup as processes, and forms its cluster.
    pub fn start(program: &Program, setup: &Setup) -> Result<Cluster, Trouble> {
        Cluster::with_settings(program, setup, Persistence::Keep, &[])
    }

    /// The same with further settings, as in redis.conf.
    pub fn with_settings(
        program: &Program,
        setup: &Setup,
        persistence: Persistence,
        settings: &[(&str, &str)],
    ) -> Result<Cluster, Trouble> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = settings.iter().map(own).collect();
        let timeout_ms = setup.config.node_timeout_ms;
        let options = Options { persistence, settings, ..Options::new(timeout_ms) };
        Cluster::on(&Target::Processes(program.clone()), setup, options)
    }

    /// Starts the nodes of a setup on a target, and forms its cluster.
    pub fn on(target: &Target, setup: &Setup, options: Options) -> Result<Cluster, Trouble> {
        let mut cluster = Cluster {
            clients: Clients::default(),
            admin: Admin::default(),
            eyes: Admin::glancing(),
            nodes: target.start(setup.first_port, setup.nodes(), options)?,
            names: Names::default(),
            ids: BTreeMap::new(),
            namesakes: World::new(setup.clone()),
        };
        for port in cluster.nodes.ports() {
            cluster.get_to_know(port)?;
        }
        founding::found(&mut cluster, setup)?;
        Ok(cluster)
    }

    pub fn nodes(&self) -> &dyn Nodes {
        &*self.nodes
    }

    /// The nodes, for what no line of a script says.
    pub fn nodes_mut(&mut self) -> &mut dyn Nodes {
        &mut *self.nodes
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The real id of a node.
    pub fn id_of(&self, port: Port) -> Option<NodeId> {
        self.ids.get(&port).copied()
    }

    /// The reply of a node to a question beside the script, as it came; `None` if it does not run.
    pub fn ask_node(&mut self, port: Port, words: &[&str]) -> Option<Reply> {
        let place = self.open_door(port)?;
        self.admin.ask(port, place, words)
    }

    /// The same for who only looks: a node at which a client waits may be busy with it, and is not
    /// waited for, since the time of the lesson passes meanwhile. Any other node that does not
    /// answer at once is one on a machine under load.
    pub fn glance(&mut self, port: Port, words: &[&str]) -> Option<Reply> {
        let place = self.open_door(port)?;
        let is_busy = self.clients.has_one_waiting_at(endpoint(port));
        let by = if is_busy { &mut self.eyes } else { &mut self.admin };
        by.ask(port, place, words)
    }

    pub fn ask_text(&mut self, port: Port, words: &[&str]) -> Option<String> {
        let place = self.open_door(port)?;
        self.admin.text(port, place, words)
    }

    /// Where a node that runs is to be asked.
    fn open_door(&self, port: Port) -> Option<SocketAddrV4> {
        let is_running = self.nodes.standing(port) == Some(Standing::Running);
        self.nodes.door(port).filter(|_| is_running)
    }

    /// A node's CLUSTER NODES.
    pub fn topology(&mut self, port: Port) -> Option<Topology> {
        Topology::parse(&self.ask_text(port, &["CLUSTER", "NODES"])?)
    }

    /// Does a line; what it prints.
    pub fn perform(&mut self, line: &Line) -> Vec<String> {
        let mut printed = Vec::new();
        let verdict = match line {
            Line::Step(step) => {
                let (noted, verdict) = self.apply(step);
                for Noted { client, kind, note } in noted {
                    printed.extend(note.lines(&prompt_name(&client), kind));
                }
                verdict
            }
            Line::Ask(Ask::Log(port)) => {
                printed.extend(self.lines_of(&self.nodes.log_text(*port)));
                Ok(())
            }
            Line::Ask(Ask::NodesConf(port)) => {
                printed.extend(self.lines_of(&self.nodes.file(*port, NODES_CONF)));
                Ok(())
            }
            Line::Ask(_) => Err(Trouble::new("only the simulator sees that")),
        };
        printed.extend(verdict.err().map(|trouble| format!("(refused) {trouble}")));
        printed
    }

    /// The lines of a node's file, in the names of the script.
    fn lines_of(&self, text: &str) -> Vec<String> {
        let text = self.names.text_to_script(text.as_bytes());
        text.lines().map(str::to_owned).collect()
    }

    /// Does a step, and takes as long as it takes; what clients noticed, and whether it was done.
    pub fn apply(&mut self, step: &Step) -> (Vec<Noted>, Verdict) {
        let verdict = self.follow(step);
        (self.clients.take_notes(), verdict)
    }

    fn follow(&mut self, step: &Step) -> Verdict {
        match step {
            Step::Command { client, args } => self.command(client, args),
            Step::Client { name, kind, via } => {
                self.add_client(ClientName::Named(name.clone()), *kind, *via)
            }
            Step::Kill(node) => self.nodes.kill(*node),
            Step::Crash(node) => self.nodes.crash(*node),
            Step::Restart { node, data } => self.restart(*node, *data),
            Step::Pause(node) => self.nodes.pause(*node),
            Step::Resume(node) => self.nodes.resume(*node),
            Step::Cut { from, to, way } => {
                self.between(*from, *to, *way, |nodes, from, to| nodes.cut(from, to))
            }
            Step::Heal(None) => self.nodes.heal_all(),
            Step::Heal(Some((one, other))) => {
                self.between(*one, *other, Way::BothWays, |nodes, from, to| nodes.heal(from, to))
            }
            Step::Partition(groups) => self.partition(groups),
            Step::Drop { kind, from, to, way } => self.drop_messages(*kind, *from, *to, *way),
            Step::Undrop => self.drop_none(),
            Step::AddNode(port) => self.add_node(*port),
            Step::Config { node, name, value } => self.configure(*node, name.as_str(), value),
            Step::Run(span) => {
                self.let_pass(*span);
                Ok(())
            }
            Step::RunUntil { condition, within } => self.run_until(condition, *within),
            Step::Slow { from, to, way, latency, jitter } => {
                self.between(*from, *to, *way, |nodes, from, to| {
                    nodes.slow(from, to, *latency, *jitter)
                })
            }
            Step::Roll { .. } => refused("a real node rolls its own dice"),
            Step::Clock { .. } => refused("processes on one machine share its clock"),
            Step::Workload { .. } | Step::WorkloadOff => {
                refused("there are no users on a real cluster: send commands")
            }
        }
    }

    fn command(&mut self, name: &ClientName, args: &[Bytes]) -> Verdict {
        self.make_client(name)?;
        let limit = Instant::now() + PATIENCE + Duration::from_millis(1);
        self.clients.ask_until(name, args, limit, &self.names);
        Ok(())
    }

    /// The clients that belong to the prompts come to be when first used.
    fn make_client(&mut self, name: &ClientName) -> Verdict {
        if self.clients.has(name) {
            return Ok(());
        }
        match name {
            ClientName::Cli => {
                let lowest = self.nodes.ports().into_iter().min();
                let via = lowest.ok_or_else(|| Trouble::new("there is no node: add one first"))?;
                self.add_client(ClientName::Cli, ClientKind::Follow, via)
            }
            ClientName::Node(port) => self.add_client(name.clone(), ClientKind::Plain, *port),
            ClientName::Named(client) => {
                let client = client.as_str();
                let hint =
                    format!("there is no client {client}: `$ client {client} plain via 7000`");
                Err(Trouble::new(hint))
            }
        }
    }

    fn add_client(&mut self, name: ClientName, kind: ClientKind, via: Port) -> Verdict {
        if self.nodes.standing(via).is_none() {
            return Err(Trouble::new(format!("there is no node {via}")));
        }
        if self.clients.has(&name) {
            let name = prompt_name(&name);
            let hint = format!("there is a client {name} already: give this one another name");
            return Err(Trouble::new(hint));
        }
        self.clients.add(name, kind, endpoint(via));
        Ok(())
    }

    fn restart(&mut self, port: Port, data: Data) -> Verdict {
        self.nodes.restart(port, data)?;
        let mut trace = Trace::new(Level::Off);
        self.namesakes.begin(&Step::Kill(port), &mut trace);
        self.namesakes.begin(&Step::Restart { node: port, data }, &mut trace);
        self.get_to_know(port)
    }

    fn add_node(&mut self, port: Port) -> Verdict {
        self.nodes.add(port)?;
        self.namesakes.begin(&Step::AddNode(port), &mut Trace::new(Level::Off));
        self.get_to_know(port)
    }

    /// Learns a node's address and id, and what the script calls them.
    fn get_to_know(&mut self, port: Port) -> Verdict {
        let silent = || Trouble::new(format!("{port} does not tell its id"));
        let place = self.nodes.place(port).ok_or_else(silent)?;
        let door = self.nodes.door(port).ok_or_else(silent)?;
        self.names.add_node(port, *place.ip(), door);
        let id = self.ask_text(port, &["CLUSTER", "MYID"]).ok_or_else(silent)?;
        let id = NodeId::parse(id.as_bytes()).ok_or_else(silent)?;
        self.ids.insert(port, id);
        if let Some(namesake) = self.namesakes.node(port) {
            self.names.add_id(id, namesake.id());
        }
        Ok(())
    }

    /// Does something to the path between two nodes.
    fn between(
        &mut self,
        from: Party,
        to: Party,
        way: Way,
        act: impl Fn(&mut dyn Nodes, Port, Port) -> Verdict,
    ) -> Verdict {
        match (from, to) {
            (Party::Node(from), Party::Node(to)) => self.each_way(from, to, way, act),
            (Party::Outside, _) | (_, Party::Outside) => {
                refused("nobody is outside of a real cluster: name two nodes")
            }
        }
    }

    fn each_way(
        &mut self,
        from: Port,
        to: Port,
        way: Way,
        act: impl Fn(&mut dyn Nodes, Port, Port) -> Verdict,
    ) -> Verdict {
        if from == to {
            return refused("a node has no path to itself: name two nodes");
        }
        act(&mut *self.nodes, from, to)?;
        match way {
            Way::OneWay => Ok(()),
            Way::BothWays => act(&mut *self.nodes, to, from),
        }
    }

    fn partition(&mut self, groups: &[Vec<Port>]) -> Verdict {
        let group_of = |port: Port| groups.iter().position(|group| group.contains(&port));
        let ports = self.nodes.ports();
        for &from in &ports {
            for &to in &ports {
                if group_of(from) != group_of(to) {
                    self.nodes.cut(from, to)?;
                }
            }
        }
        Ok(())
    }

    /// Where a target cannot tell messages by their sender, a node may do it if there is but one.
    fn drop_messages(&mut self, kind: MessageKind, from: Port, to: Port, way: Way) -> Verdict {
        let dropped =
            self.each_way(from, to, way, |nodes, from, to| nodes.drop_kind(kind, from, to));
        let Err(trouble) = dropped else { return Ok(()) };
        let is_alone = !self.nodes.ports().iter().any(|&port| port != to && port != from);
        let Some(number) = packet_type(kind).filter(|_| is_alone && from != to) else {
            return Err(trouble);
        };
        self.filter(to, i32::from(number))?;
        match way {
            Way::OneWay => Ok(()),
            Way::BothWays => self.filter(from, i32::from(number)),
        }
    }

    fn drop_none(&mut self) -> Verdict {
        self.nodes.drop_none()?;
        self.nodes.ports().into_iter().try_for_each(|port| self.filter(port, -1))
    }

    /// Has a node drop what it receives of one type of message; -1 for none.
    pub fn filter(&mut self, node: Port, number: i32) -> Verdict {
        let number = number.to_string();
        self.order(node, &["DEBUG", "DROP-CLUSTER-PACKET-FILTER", &number])
    }

    fn configure(&mut self, node: Port, name: &str, value: &[u8]) -> Verdict {
        self.order(node, &["CONFIG", "SET", name, &String::from_utf8_lossy(value)])
    }

    fn order(&mut self, node: Port, words: &[&str]) -> Verdict {
        match self.ask_node(node, words) {
            Some(Reply::Error(error)) => Err(Trouble::new(error)),
            Some(_) => Ok(()),
            None => Err(Trouble::new(format!("{node} does not answer"))),
        }
    }

    /// Lets time pass, in which clients may hear something.
    pub fn let_pass(&mut self, span: Span) {
        self.clients.live_for(Duration::from_micros(span.micros()), &self.names);
    }

    fn run_until(&mut self, condition: &Condition, within: Span) -> Verdict {
        let limit = Instant::now() + Duration::from_micros(within.micros());
        while !self.holds(condition) {
            if Instant::now() >= limit || stop::is_wanted() {
                return Err(Trouble::new(format!("{condition} did not come true in time")));
            }
            self.clients.live_a_little(Instant::now() + POLL, &self.names);
        }
        Ok(())
    }
}

fn refused(why: &str) -> Verdict {
    Err(Trouble::new(why))
}

/// Where the script has a node.
fn endpoint(port: Port) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port.number())
}

/// A client's name, as it stands before the `>` of its prompt.
fn prompt_name(name: &ClientName) -> String {
    match name {
        ClientName::Cli => String::new(),
        ClientName::Node(port) => port.to_string(),
        ClientName::Named(name) => name.as_str().to_owned(),
    }
}
