//! Addresses that are free: one for each node.
//!
//! The problem: a node is named by its port, and several clusters want the port 7000 at once. The
//! idea: the whole of 127.0.0.0/8 is this machine. A cluster takes a network 127.0.X.0/24 and gives
//! each node an address in it, so that ports can be those of the lesson, and a path between two
//! nodes can be told from any other by its addresses. A listening socket on 127.0.X.255 says that
//! the network is taken; it closes with our process, however that ends.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Trouble;

/// The address and port whose listener marks a network as taken.
const MARK_HOST: u8 = 255;
const MARK_PORT: u16 = 6_999;
/// The networks there are: 127.0.1.0 to 127.0.250.0.
const NETWORKS: u32 = 250;
/// How far the bus port lies above the client port.
const BUS_PORT_DISTANCE: u16 = 10_000;

/// Whether a cluster has this network.
pub fn is_taken(network: u8) -> bool {
    TcpListener::bind((Ipv4Addr::new(127, 0, network, MARK_HOST), MARK_PORT)).is_err()
}

/// A network of loopback addresses that belongs to one cluster.
pub struct Ground {
    network: u8,
    _mark: TcpListener,
}

impl Ground {
    /// As many nodes as have addresses.
    pub const NODES_MAX: u16 = 250;

    /// Takes a network in which these ports are free for the first so many nodes.
    pub fn take(first_port: u16, nodes: u16) -> Result<Ground, Trouble> {
        static TAKEN: AtomicU32 = AtomicU32::new(0);
        let start = process::id().wrapping_mul(7) + TAKEN.fetch_add(1, Ordering::Relaxed);
        let mut why = None;
        for offset in 0..NETWORKS {
            let network = (start.wrapping_add(offset) % NETWORKS) as u8 + 1;
            let mark = TcpListener::bind((Ipv4Addr::new(127, 0, network, MARK_HOST), MARK_PORT));
            match mark {
                Ok(mark) => {
                    let ground = Ground { network, _mark: mark };
                    if ground.is_free(first_port, nodes) {
                        return Ok(ground);
                    }
                }
                Err(error) => why = Some(error),
            }
        }
        let why = why.map(|error| format!(" ({error})")).unwrap_or_default();
        Err(Trouble::new(format!(
            "no loopback network is free for ports {first_port} to {}{why}: end the programs that \
             listen there; where 127.0.1.1 is not this machine (macOS), add it with `sudo ifconfig \
             lo0 alias 127.0.1.1`, and so on for each node",
            first_port + nodes.saturating_sub(1)
        )))
    }

    /// The address of the node that came as the so-manyth, from 0.
    pub fn ip(&self, index: u16) -> Ipv4Addr {
        assert!(index < Ground::NODES_MAX, "a cluster of processes has at most 250 nodes");
        Ipv4Addr::new(127, 0, self.network, index as u8 + 1)
    }

    pub fn network(&self) -> u8 {
        self.network
    }

    fn is_free(&self, first_port: u16, nodes: u16) -> bool {
        (0..nodes).all(|index| {
            let (ip, port) = (self.ip(index), first_port + index);
            [port, port + BUS_PORT_DISTANCE]
                .iter()
                .all(|&port| TcpListener::bind((ip, port)).is_ok())
        })
    }
}
