//! Paths between nodes that are slow, lossy, or lose messages of one kind.
//!
//! The problem: a kernel without netem delivers at once or not at all, and Redis's own filter holds
//! one type of message per receiver, whoever sends. The idea: connections between two nodes take a
//! detour over a proxy of ours, which gets their bytes when they are due. nftables sends a new
//! connection from one node to the ports of another to a listener at the first one's own address,
//! in its own network; the proxy goes on to the second one from there, so that the second sees the
//! address that it expects. On the bus, it reads whole messages and the type that each one has.
//!
//! - A detour is made when a path is first bad, in both directions, since each node opens a
//!   connection to the other and is answered on it. Connections that are there do not take it:
//!   they are broken once, and Redis opens new ones.
//! - Loss is delay, as everywhere in TCP: what is lost is sent again after 200 ms, then after twice
//!   as long each time, and all that comes behind it waits.
//! - A path that has healed keeps its detour, without any delay: nothing is broken a second time.
//!
//! `weather` is how good each path is, `proxy` a node's proxy, `pump` one direction of a
//! connection, `bus` the framing of messages, `tuples` finds the connections that are to be broken.

mod bus;
mod proxy;
mod pump;
mod tuples;
mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::Arc;

use hashslot_core::words::Span;
use hashslot_core::world::step::{MessageKind, Port};

use super::Trouble;
use super::firewall::Firewall;
use super::nodes::Verdict;
pub use bus::packet_type;
pub use proxy::OWN_PORTS;
use proxy::Proxy;
use weather::Weather;

/// How far the bus port lies above the client port.
const BUS_PORT_DISTANCE: u16 = 10_000;

/// A node as a path knows it.
#[derive(Clone, Debug)]
pub struct End {
    pub port: Port,
    pub ip: Ipv4Addr,
    /// The network in which it lives, if it is not that of this machine.
    pub namespace: Option<PathBuf>,
}

/// The proxies of a cluster, and how good its paths are.
#[derive(Default)]
pub struct Paths {
    weather: Arc<Weather>,
    proxies: BTreeMap<Port, Proxy>,
    /// Pairs of nodes whose connections take a detour, the lower one first.
    detours: BTreeSet<(Port, Port)>,
}

/// A target on whose paths detours can be made.
pub trait Detours {
    fn end(&mut self, port: Port) -> Result<End, Trouble>;

    /// The rules that hold where a node lives.
    fn firewall(&mut self, port: Port) -> Result<&mut Firewall, Trouble>;

    fn paths(&mut self) -> &mut Paths;

    /// What one node sends to another takes this long, and up to `jitter` longer.
    fn slow_down(&mut self, from: Port, to: Port, latency: Span, jitter: Span) -> Verdict {
        self.detour(from, to)?;
        self.paths().weather.slow(from, to, latency, jitter);
        Ok(())
    }

    /// So many of a hundred pieces are lost, and sent again.
    fn lose_some(&mut self, from: Port, to: Port, percent: u8) -> Verdict {
        if percent >= 100 {
            return Err(Trouble::new("a path that loses all is cut: lose at most 99 of a hundred"));
        }
        self.detour(from, to)?;
        self.paths().weather.lose(from, to, percent);
        Ok(())
    }

    /// Messages of one kind are lost.
    fn drop_some(&mut self, kind: MessageKind, from: Port, to: Port) -> Verdict {
        let Some(number) = packet_type(kind) else {
            return Err(Trouble::new("real nodes can be made to lose only messages of the bus"));
        };
        self.detour(from, to)?;
        self.paths().weather.drop_type(from, to, number);
        Ok(())
    }

    /// Breaks all connections between two nodes, each at what is next sent on it.
    fn break_connections(&mut self, one: Port, other: Port) -> Verdict {
        let (first, second) = (self.end(one)?, self.end(other)?);
        let mut found = tuples::between(&first, &second)?;
        if first.namespace != second.namespace {
            found.extend(tuples::between(&second, &first)?);
        }
        for (from, to) in found {
            for (source, sink) in [(from, to), (to, from)] {
                let at = if *sink.ip() == first.ip { one } else { other };
                self.firewall(at)?.break_off(source, sink)?;
            }
        }
        Ok(())
    }

    /// Sends the connections between two nodes over our proxies, if they do not go there already.
    fn detour(&mut self, one: Port, other: Port) -> Verdict {
        let pair = (one.min(other), one.max(other));
        if self.paths().detours.contains(&pair) {
            return Ok(());
        }
        self.lead(one, other)?;
        self.lead(other, one)?;
        self.break_connections(one, other)?;
        self.paths().detours.insert(pair);
        Ok(())
    }

    /// Leads the connections that one node opens to another over the proxy of the first.
    fn lead(&mut self, from: Port, to: Port) -> Verdict {
        let (source, sink) = (self.end(from)?, self.end(to)?);
        // The rules first: if they cannot be made there is no need for a proxy.
        self.firewall(from)?.open()?;
        let paths = self.paths();
        if !paths.proxies.contains_key(&from) {
            let proxy = Proxy::start(&source, Arc::clone(&paths.weather))?;
            paths.proxies.insert(from, proxy);
        }
        let proxy = paths.proxies.get(&from).expect("it was put there if it was not");
        let bus = to.number() + BUS_PORT_DISTANCE;
        let mut leads = Vec::new();
        for (number, is_bus) in [(to.number(), false), (bus, true)] {
            let real = SocketAddrV4::new(sink.ip, number);
            leads.push((real, proxy.listen(to, real, is_bus)?));
        }
        for (real, detour) in leads {
            self.firewall(from)?.detour(source.ip, real, detour)?;
        }
        Ok(())
    }
}

impl Paths {
    /// A path from one node to another is as good as any.
    pub fn heal(&self, from: Port, to: Port) {
        self.weather.heal(from, to);
    }

    /// All paths are fast, and lose nothing but kinds of messages.
    pub fn heal_all(&self) {
        self.weather.heal_all();
    }

    /// No kind of message is lost any more.
    pub fn drop_none(&self) {
        self.weather.drop_none();
    }
}
