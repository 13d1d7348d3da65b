//! Endpoints: by which address or name a node is reached, and what clients are told of it.
//!
//! The problem: a node behind a translated address, or one whose clients check names (TLS), is not
//! to be reached at the address that its sockets show. The idea: a node *announces* another
//! address, or a hostname; others pass the hostname on to clients, but never use it themselves.
//!
//! The rule (Redis 7.0, `cluster.c: clusterUpdateMyselfIp, clusterUpdateMyselfAnnouncedPorts,
//! updateAnnouncedHostname, clusterProcessPingExtensions, getPreferredEndpoint`):
//! 1. An announced ip stands in every header, and nothing else is learned of one's own address;
//!    without one the header is empty, and the receiver takes the address of the socket.
//! 2. Announced ports stand in the place of the real ones; the bus port is then the real one still,
//!    if no other is announced.
//! 3. A hostname travels as an extension of pings, pongs and meets; a message without it says that
//!    there is none. It is saved with the next change that is.
//! 4. Redirects, CLUSTER SLOTS and SHARDS give the kind of endpoint that is preferred *by the node
//!    that answers*: the ip; the hostname, or `?` where there is none; or nothing, which means the
//!    host that was asked.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::Node;
use super::bus::Message;
use super::config::Endpoint;
use super::fact::Fact;
use super::peers::{MYSELF, PeerIdx};
use super::port::Effects;
use super::report::ip_text;
use crate::words::Addr;

impl Node {
    /// The hostname that this node announces.
    pub(super) fn announced_hostname(&self) -> Option<Arc<str>> {
        let hostname = &self.config.announce_hostname;
        (!hostname.is_empty()).then(|| Arc::from(&**hostname))
    }

    pub(super) fn announces_ip(&self) -> bool {
        !self.config.announce_ip.is_empty()
    }

    /// Rules 1 and 2: what headers say of this node's address.
    pub(super) fn announced_addr(&self) -> Addr {
        let me = self.peers.me().addr;
        let ip = if self.announces_ip() { me.ip } else { Ipv4Addr::UNSPECIFIED };
        Addr { ip, ..me }
    }

    /// Takes over what the settings say of this node's own address and name.
    pub(super) fn update_own_address(&mut self) {
        let config = &self.config;
        let port = |announced: u64, own: u16| match u16::try_from(announced) {
            Ok(0) | Err(_) => own,
            Ok(port) => port,
        };
        let mut addr = Addr {
            ip: self.peers.me().addr.ip,
            port: port(config.announce_port, self.listens_at.port),
            bus_port: port(config.announce_bus_port, self.listens_at.bus_port),
        };
        if let Ok(announced) = config.announce_ip.parse() {
            addr.ip = announced;
            self.announced_ip = Some(announced);
        } else if self.announced_ip.take().is_some() {
            addr.ip = Ipv4Addr::UNSPECIFIED;
        }
        self.peers[MYSELF].addr = addr;
        let known = self.peers.cold(MYSELF).seldom().hostname.as_deref().unwrap_or_default();
        if known != self.config.announce_hostname {
            self.peers.cold_mut(MYSELF).seldom_mut().hostname = self.announced_hostname();
        }
    }

    /// Rule 3.
    pub(super) fn learn_hostname(&mut self, sender: PeerIdx, message: &Message, out: &mut Effects) {
        if self.peers.cold(sender).seldom().hostname == message.hostname {
            return;
        }
        let hostname = message.hostname.clone();
        let peer = self.peers[sender].id;
        out.note(Fact::HostnameHeard { peer, hostname: hostname.as_deref().map(Box::from) });
        self.peers.cold_mut(sender).seldom_mut().hostname = hostname;
    }

    /// The hostname of a node, if one is known.
    pub(super) fn hostname_of(&self, index: PeerIdx) -> Option<&str> {
        match index {
            MYSELF => Some(&*self.config.announce_hostname).filter(|name| !name.is_empty()),
            _ => self.peers.cold(index).seldom().hostname.as_deref(),
        }
    }

    /// Rule 4; empty if clients are to stay with the host that they asked.
    pub(super) fn endpoint_of(&self, index: PeerIdx) -> String {
        match self.config.preferred_endpoint {
            Endpoint::Ip => ip_text(self.peers[index].addr),
            Endpoint::Hostname => self.hostname_of(index).unwrap_or("?").to_owned(),
            Endpoint::Unknown => String::new(),
        }
    }
}
