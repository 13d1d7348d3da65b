//! The paths between hosts: how long a packet takes, and whether it gets through.
//!
//! Each direction of a pair of hosts has its own dice, named after both, so that trouble on one
//! path does not reshuffle another. In good weather there are no exceptions to look up: a path has
//! a row of its own only while something is wrong with it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::pipe::Way;
use crate::node::{Kind, Service};
use crate::words::{ActorId, Addr, Dice, Span};

/// A machine, and whether a process runs on it.
#[derive(Clone, Debug)]
pub struct Host {
    /// A node's port, a client's name.
    pub name: Arc<str>,
    /// Where it listens; clients do not.
    pub addr: Option<Addr>,
    pub state: HostState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    Up,
    /// The machine answers for itself: connections are refused, segments of old ones reset.
    NoProcess,
    /// Silence.
    Down,
}

/// How long packets take: at least `latency`, and up to `jitter` more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    pub latency: Span,
    pub jitter: Span,
}

impl Delay {
    pub const NONE: Delay = Delay { latency: Span::ZERO, jitter: Span::ZERO };
}

/// What a connection attempt finds at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Listener(ActorId),
    /// The machine is there, but nobody listens.
    Nobody,
    /// No such machine.
    Nothing,
}

/// What is wrong with one direction of one pair.
#[derive(Clone, Debug, Default)]
struct Trouble {
    is_cut: bool,
    delay: Option<Delay>,
    /// One bit for each kind of bus message that is dropped.
    dropped: u32,
    drops_replication: bool,
}

impl Trouble {
    fn is_none(&self) -> bool {
        !self.is_cut && self.delay.is_none() && self.dropped == 0 && !self.drops_replication
    }
}

/// What is wrong with one direction of one pair, as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFault {
    pub from: ActorId,
    pub to: ActorId,
    pub is_cut: bool,
    /// How long packets take, if that was set for this path.
    pub delay: Option<Delay>,
    /// The kinds of bus message that are lost, by their names; and `replication`.
    pub drops: Vec<&'static str>,
}

/// What a filter of single messages looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    Bus(Kind),
    /// The stream from a master to its replica.
    Replication,
}

/// All hosts and the paths between them.
#[derive(Clone, Debug)]
pub struct Paths {
    seed: u64,
    delay: Delay,
    hosts: Vec<Host>,
    /// Who listens where.
    listeners: Arc<BTreeMap<(Ipv4Addr, u16), (ActorId, Service)>>,
    trouble: BTreeMap<(ActorId, ActorId), Trouble>,
    /// Whom nothing takes time to reach, unless it was made slow.
    near: Option<ActorId>,
    /// Machines that are down.
    down: u32,
    /// For each sender, the dice towards each receiver.
    dice: Vec<Arc<Vec<Option<Dice>>>>,
}

impl Paths {
    pub fn new(seed: u64, delay: Delay) -> Paths {
        Paths {
            seed,
            delay,
            hosts: Vec::new(),
            listeners: Arc::default(),
            trouble: BTreeMap::new(),
            near: None,
            down: 0,
            dice: Vec::new(),
        }
    }

    pub fn add(&mut self, name: Arc<str>, addr: Option<Addr>) -> ActorId {
        let index = u16::try_from(self.hosts.len()).expect("fewer than 65,535 actors");
        let actor = ActorId(index);
        if let Some(Addr { ip, port, bus_port }) = addr {
            let listeners = Arc::make_mut(&mut self.listeners);
            listeners.insert((ip, port), (actor, Service::Client));
            listeners.insert((ip, bus_port), (actor, Service::Bus));
        }
        self.hosts.push(Host { name, addr, state: HostState::Up });
        self.dice.push(Arc::default());
        actor
    }

    pub fn host(&self, actor: ActorId) -> &Host {
        &self.hosts[usize::from(actor.0)]
    }

    pub fn set_state(&mut self, actor: ActorId, state: HostState) {
        let host = &mut self.hosts[usize::from(actor.0)];
        let was_down = u32::from(host.state == HostState::Down);
        host.state = state;
        self.down = self.down - was_down + u32::from(state == HostState::Down);
    }

    /// From now on nothing takes time between this host and any other, unless it was made slow.
    pub fn bring_near(&mut self, actor: ActorId) {
        self.near = Some(actor);
    }

    /// Who would answer at this address. Who listens there for something else answers to nobody.
    pub fn find(&self, ip: Ipv4Addr, port: u16, service: Service) -> Found {
        match self.listeners.get(&(ip, port)) {
            Some(&(actor, serves)) if serves == service => Found::Listener(actor),
            Some(_) => Found::Nobody,
            None => match self.listeners.range((ip, 0)..=(ip, u16::MAX)).next() {
                Some(_) => Found::Nobody,
                None => Found::Nothing,
            },
        }
    }

    /// Whether packets get through.
    pub fn way(&self, from: ActorId, to: ActorId) -> Way {
        let is_shut = self.down > 0 && (self.is_down(from) || self.is_down(to))
            || self.trouble(from, to).is_some_and(|trouble| trouble.is_cut);
        if is_shut { Way::Shut } else { Way::Open }
    }

    pub fn is_down(&self, actor: ActorId) -> bool {
        self.host(actor).state == HostState::Down
    }

    pub fn delay(&self, from: ActorId, to: ActorId) -> Delay {
        let usual = match self.near {
            Some(near) if near == from || near == to => Delay::NONE,
            _ => self.delay,
        };
        self.trouble(from, to).and_then(|trouble| trouble.delay).unwrap_or(usual)
    }

    pub fn drops(&self, from: ActorId, to: ActorId, what: Filter) -> bool {
        self.trouble(from, to).is_some_and(|trouble| match what {
            Filter::Bus(kind) => trouble.dropped & 1 << kind as u32 != 0,
            Filter::Replication => trouble.drops_replication,
        })
    }

    /// The dice of the path, made when they are first needed.
    pub fn dice(&mut self, from: ActorId, to: ActorId) -> &mut Dice {
        let row = Arc::make_mut(&mut self.dice[usize::from(from.0)]);
        let index = usize::from(to.0);
        if row.len() <= index {
            row.resize(index + 1, None);
        }
        row[index].get_or_insert_with(|| {
            let name = |actor: ActorId| &self.hosts[usize::from(actor.0)].name;
            Dice::new(self.seed, &format!("link {}-{}", name(from), name(to)), 0)
        })
    }

    pub fn cut(&mut self, from: ActorId, to: ActorId) {
        self.trouble.entry((from, to)).or_default().is_cut = true;
    }

    pub fn slow(&mut self, from: ActorId, to: ActorId, delay: Delay) {
        self.trouble.entry((from, to)).or_default().delay = Some(delay);
    }

    pub fn drop(&mut self, from: ActorId, to: ActorId, what: Filter) {
        let trouble = self.trouble.entry((from, to)).or_default();
        match what {
            Filter::Bus(kind) => trouble.dropped |= 1 << kind as u32,
            Filter::Replication => trouble.drops_replication = true,
        }
    }

    /// Mends the way from one host to another; message filters stay.
    pub fn heal(&mut self, from: ActorId, to: ActorId) {
        if let Some(trouble) = self.trouble.get_mut(&(from, to)) {
            trouble.is_cut = false;
            trouble.delay = None;
        }
        self.forget_what_is_fine();
    }

    /// Drops no message any more.
    pub fn undrop(&mut self) {
        for trouble in self.trouble.values_mut() {
            trouble.dropped = 0;
            trouble.drops_replication = false;
        }
        self.forget_what_is_fine();
    }

    /// The directions that are cut or slow.
    pub fn troubled(&self) -> Vec<(ActorId, ActorId)> {
        let bad = |trouble: &Trouble| trouble.is_cut || trouble.delay.is_some();
        self.trouble.iter().filter(|(_, trouble)| bad(trouble)).map(|(&pair, _)| pair).collect()
    }

    /// All that is wrong, in the order of pairs.
    pub fn faults(&self) -> impl Iterator<Item = PathFault> + '_ {
        self.trouble.iter().map(|(&(from, to), trouble)| {
            let is_dropped = |kind: &Kind| trouble.dropped & 1 << *kind as u32 != 0;
            let kinds = Kind::ALL.into_iter().filter(is_dropped).map(Kind::name);
            let stream = trouble.drops_replication.then_some("replication");
            let drops = kinds.chain(stream).collect();
            PathFault { from, to, is_cut: trouble.is_cut, delay: trouble.delay, drops }
        })
    }

    /// Whether somebody has cut this direction.
    pub fn is_cut(&self, from: ActorId, to: ActorId) -> bool {
        self.trouble(from, to).is_some_and(|trouble| trouble.is_cut)
    }

    fn trouble(&self, from: ActorId, to: ActorId) -> Option<&Trouble> {
        if self.trouble.is_empty() { None } else { self.trouble.get(&(from, to)) }
    }

    fn forget_what_is_fine(&mut self) {
        self.trouble.retain(|_, trouble| !trouble.is_none());
    }
}
