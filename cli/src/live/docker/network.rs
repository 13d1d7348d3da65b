//! A network of its own for each cluster, with a fixed address for each node.

use std::fs;
use std::net::Ipv4Addr;

use bollard::Docker;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};

use super::engine::{said, status};
use crate::live::{Trouble, owner};

/// The networks there are to choose from: 10.201.0.0/24 to 10.201.255.0/24.
const LEAD: [u8; 2] = [10, 201];
const NETWORKS: u32 = 256;
/// The bridge has the first address of a network, nodes those from the second on.
const FIRST_HOST: u16 = 2;
/// The mask of a network, and the one from which on a route is narrow.
const OWN: u32 = 0xffff_ff00;
const WIDE: u32 = 0xffff_0000;
pub const NODES_MAX: u16 = 250;

/// The network of a cluster.
#[derive(Clone, Debug)]
pub struct Network {
    pub name: String,
    third: u8,
}

impl Network {
    /// Makes a network whose addresses nobody uses.
    pub async fn make(api: &Docker, run: &str) -> Result<Network, Trouble> {
        let name = format!("hashslot-{run}");
        let start = std::process::id().wrapping_mul(7);
        let mut why = "all of them are in use".to_owned();
        for offset in 0..NETWORKS {
            let third = (start.wrapping_add(offset) % NETWORKS) as u8;
            let network = Network { name: name.clone(), third };
            if network.is_routed_here() {
                continue;
            }
            match api.create_network(network.request(run)).await {
                Ok(_) => return Ok(network),
                // Another network of the engine has these addresses.
                Err(error) if matches!(status(&error), Some(400 | 403 | 409)) => {
                    why = said(&error);
                }
                Err(error) => {
                    why = said(&error);
                    break;
                }
            }
        }
        Err(Trouble::new(format!(
            "the engine makes no network 10.201.X.0/24 ({why}): remove networks that nobody needs \
             (docker network prune), and what hashslot left behind (hashslot clean)"
        )))
    }

    /// The address of the node that came as the so-manyth, from 0.
    pub fn ip(&self, index: u16) -> Ipv4Addr {
        assert!(index < NODES_MAX, "a network has room for 250 nodes");
        self.host((FIRST_HOST + index) as u8)
    }

    /// The address of the bridge, which is this machine's.
    pub fn gateway(&self) -> Ipv4Addr {
        self.host(1)
    }

    fn host(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(LEAD[0], LEAD[1], self.third, last)
    }

    fn request(&self, run: &str) -> NetworkCreateRequest {
        let config = IpamConfig {
            subnet: Some(format!("{}/24", self.host(0))),
            gateway: Some(self.gateway().to_string()),
            ..IpamConfig::default()
        };
        NetworkCreateRequest {
            name: self.name.clone(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
            labels: Some(owner::labels(run)),
            ..NetworkCreateRequest::default()
        }
    }

    /// Whether this machine has another route to these addresses, where it tells.
    fn is_routed_here(&self) -> bool {
        let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
        let wanted = u32::from(self.host(0));
        routes.lines().skip(1).any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let number = |word: Option<&str>| u32::from_str_radix(word?, 16).ok().map(u32::from_be);
            let (to, mask) = (number(words.next()), number(words.nth(5)));
            // A wide route, as to a whole company, is none that a bridge of ours would break.
            let overlaps = |to: u32, mask: u32| mask >= WIDE && (wanted ^ to) & mask & OWN == 0;
            matches!((to, mask), (Some(to), Some(mask)) if overlaps(to, mask))
        })
    }
}
