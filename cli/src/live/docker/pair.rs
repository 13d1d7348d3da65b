//! The two containers of a node: one holds the address, the other runs redis-server.
//!
//! The holder runs a redis-server too, since that is the one program that an image is known to
//! have; it listens on nothing but a socket in its own files.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, NetworkConnectRequest,
    NetworkDisconnectRequest, NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, InspectContainerOptions};
use bytes::Bytes;
use hashslot_core::world::step::Port;

use super::archive::{self, FOLDER};
use super::engine::{Docker as Engine, Reach, said, status};
use super::network::Network;
use crate::live::{Trouble, owner};

const SERVER: &str = "redis-server";
pub const SETTINGS: &str = "redis.conf";

/// Where and how the nodes of one cluster are made.
#[derive(Clone)]
pub struct Yard {
    pub api: Docker,
    pub network: Network,
    pub run: String,
    image: String,
    reach: Reach,
    init: bool,
}

/// The containers of a node.
#[derive(Clone, Debug)]
pub struct Pair {
    pub port: Port,
    pub ip: Ipv4Addr,
    /// Where the node is reached from here.
    pub door: SocketAddrV4,
    pub holder: String,
    pub node: String,
}

impl Yard {
    pub fn new(engine: &Engine, network: Network, run: String) -> Yard {
        Yard {
            api: engine.api().clone(),
            network,
            run,
            image: engine.image().to_owned(),
            reach: engine.reach(),
            init: engine.has_init(),
        }
    }

    /// Makes and starts both containers.
    pub async fn raise(self, port: Port, ip: Ipv4Addr, settings: Bytes) -> Result<Pair, Trouble> {
        let holder = self.create(&format!("redis-{port}-address"), self.holder(port, ip)).await?;
        self.start(&holder).await?;
        let door = match self.door(&holder, port, ip).await {
            Ok(door) => door,
            Err(trouble) => return Err(self.reason(&holder, trouble).await),
        };
        let started = async {
            let node = self.make_node(port, &holder, settings).await?;
            self.start(&node).await?;
            Ok(node)
        };
        match started.await {
            Ok(node) => Ok(Pair { port, ip, door, holder, node }),
            Err(trouble) => Err(self.reason(&holder, trouble).await),
        }
    }

    /// Makes the container of a node whose address is held, with this archive as its files.
    pub async fn make_node(
        &self,
        port: Port,
        holder: &str,
        files: Bytes,
    ) -> Result<String, Trouble> {
        let node = self.create(&format!("redis-{port}"), self.node(holder)).await?;
        archive::hand_in(&self.api, &node, files).await?;
        Ok(node)
    }

    pub async fn start(&self, container: &str) -> Result<(), Trouble> {
        let started = self.api.start_container(container, None).await;
        started.map_err(|error| {
            let (why, image) = (said(&error), &self.image);
            Trouble::new(match why.contains("executable file") || why.contains("no such file") {
                true => no_server(image, &why),
                false => format!(
                    "a container of {image} does not start: {why}; what stands in its way is told \
                     by `docker events` and the engine's log"
                ),
            })
        })
    }

    /// Why a node has not come to be: a server that ends at once takes its network with it.
    async fn reason(&self, holder: &str, trouble: Trouble) -> Trouble {
        let seen = self.api.inspect_container(holder, None::<InspectContainerOptions>).await;
        let Some(state) = seen.ok().and_then(|seen| seen.state) else { return trouble };
        if state.running == Some(true) {
            return trouble;
        }
        let log = archive::log(&self.api, holder).await;
        match log.trim_end().lines().last() {
            Some(last) => Trouble::new(no_server(&self.image, last)),
            // It has not come so far, or is being removed.
            None => trouble,
        }
    }

    /// Takes the holder off the network: nobody reaches it any more, and it nobody.
    pub async fn unplug(&self, holder: &str) -> Result<(), Trouble> {
        let request = NetworkDisconnectRequest { container: holder.to_owned(), force: Some(true) };
        let done = self.api.disconnect_network(&self.network.name, request).await;
        done.map_err(|error| Trouble::new(format!("it stays on its network: {}", said(&error))))
    }

    /// Puts it back, at its address.
    pub async fn plug_in(&self, holder: &str, ip: Ipv4Addr) -> Result<(), Trouble> {
        let request = NetworkConnectRequest {
            container: holder.to_owned(),
            endpoint_config: Some(endpoint(ip)),
        };
        let done = self.api.connect_network(&self.network.name, request).await;
        done.map_err(|error| Trouble::new(format!("it finds no network: {}", said(&error))))
    }

    /// Where a node is reached from here, as long as its holder runs.
    pub async fn door(
        &self,
        holder: &str,
        port: Port,
        ip: Ipv4Addr,
    ) -> Result<SocketAddrV4, Trouble> {
        let Reach::Published(at) = self.reach else {
            return Ok(SocketAddrV4::new(ip, port.number()));
        };
        let unknown =
            || Trouble::new(format!("the engine does not tell where it publishes {port}"));
        let seen = self.api.inspect_container(holder, None::<InspectContainerOptions>).await;
        let seen = seen.map_err(|error| Trouble::new(said(&error)))?;
        let ports = seen.network_settings.and_then(|settings| settings.ports);
        let bindings = ports.and_then(|mut ports| ports.remove(&exposed(port))).flatten();
        let numbers = bindings.unwrap_or_default().into_iter();
        let number = numbers.filter_map(|one| one.host_port?.parse().ok()).next();
        Ok(SocketAddrV4::new(at, number.ok_or_else(unknown)?))
    }

    fn holder(&self, port: Port, ip: Ipv4Addr) -> ContainerCreateBody {
        let name = &self.network.name;
        let endpoints = HashMap::from([(name.clone(), endpoint(ip))]);
        let host = HostConfig { network_mode: Some(name.clone()), ..self.host() };
        let idle = ["--port", "0", "--unixsocket", "holder.sock", "--save", ""];
        let body = ContainerCreateBody {
            hostname: Some(format!("redis-{port}")),
            cmd: Some(idle.map(str::to_owned).to_vec()),
            networking_config: Some(NetworkingConfig { endpoints_config: Some(endpoints) }),
            host_config: Some(host),
            ..self.body()
        };
        let Reach::Published(at) = self.reach else { return body };
        let binding = PortBinding { host_ip: Some(at.to_string()), host_port: None };
        let bindings = HashMap::from([(exposed(port), Some(vec![binding]))]);
        let host = body.host_config.unwrap_or_default();
        ContainerCreateBody {
            exposed_ports: Some(vec![exposed(port)]),
            host_config: Some(HostConfig { port_bindings: Some(bindings), ..host }),
            ..body
        }
    }

    fn node(&self, holder: &str) -> ContainerCreateBody {
        let mode = Some(format!("container:{holder}"));
        ContainerCreateBody {
            cmd: Some(vec![format!("{FOLDER}/{SETTINGS}")]),
            host_config: Some(HostConfig { network_mode: mode, ..self.host() }),
            ..self.body()
        }
    }

    fn host(&self) -> HostConfig {
        HostConfig { init: Some(self.init), ..HostConfig::default() }
    }

    /// What both have in common: nothing of the image but its files.
    fn body(&self) -> ContainerCreateBody {
        ContainerCreateBody {
            image: Some(self.image.clone()),
            entrypoint: Some(vec![SERVER.to_owned()]),
            working_dir: Some(FOLDER.to_owned()),
            user: Some("0:0".to_owned()),
            labels: Some(owner::labels(&self.run)),
            ..ContainerCreateBody::default()
        }
    }

    /// Makes a container. If its name belongs to another one, the run is added to it.
    async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, Trouble> {
        let named = |name: &str| Some(CreateContainerOptionsBuilder::default().name(name).build());
        let mut made = self.api.create_container(named(name), body.clone()).await;
        if made.as_ref().is_err_and(|error| status(error) == Some(409)) {
            let longer = format!("{name}-{}", self.run);
            made = self.api.create_container(named(&longer), body).await;
        }
        made.map(|made| made.id).map_err(|error| {
            let why = said(&error);
            Trouble::new(format!("the engine makes no container {name}: {why}"))
        })
    }
}

fn no_server(image: &str, why: &str) -> String {
    format!("the image {image} has no {SERVER} that runs ({why}): name another one with --image")
}

fn endpoint(ip: Ipv4Addr) -> EndpointSettings {
    let config =
        EndpointIpamConfig { ipv4_address: Some(ip.to_string()), ..EndpointIpamConfig::default() };
    EndpointSettings { ipam_config: Some(config), ..EndpointSettings::default() }
}

fn exposed(port: Port) -> String {
    format!("{port}/tcp")
}
