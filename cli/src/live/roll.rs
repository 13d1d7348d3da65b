//! Who there is, how each node fares, and so what may be done to it.

use std::net::{Ipv4Addr, SocketAddrV4};

use hashslot_core::world::step::{Data, Port};

use super::Trouble;

/// What has become of a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    Paused,
    Ended,
    /// Ended, and its machine does not answer.
    Crashed,
}

/// The nodes of a cluster, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    port: Port,
    ip: Ipv4Addr,
    standing: Standing,
}

impl Roll {
    /// Another node, which runs.
    pub fn admit(&mut self, port: Port, ip: Ipv4Addr) {
        self.members.push(Member { port, ip, standing: Standing::Running });
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn ports(&self) -> impl Iterator<Item = Port> + '_ {
        self.members.iter().map(|member| member.port)
    }

    pub fn standing(&self, port: Port) -> Option<Standing> {
        self.find(port).map(|member| member.standing)
    }

    /// Where a node listens for clients, as the others know it.
    pub fn place(&self, port: Port) -> Option<SocketAddrV4> {
        self.find(port).map(|member| SocketAddrV4::new(member.ip, port.number()))
    }

    pub fn ip(&self, port: Port) -> Result<Ipv4Addr, Trouble> {
        self.member(port).map(|member| member.ip)
    }

    /// A node fares otherwise from now on.
    pub fn note(&mut self, port: Port, standing: Standing) {
        if let Some(member) = self.members.iter_mut().find(|member| member.port == port) {
            member.standing = standing;
        }
    }

    pub fn may_add(&self, port: Port) -> Result<(), Trouble> {
        match self.find(port) {
            Some(_) => Err(Trouble::new(format!("{port} is there already: choose another port"))),
            None => Ok(()),
        }
    }

    pub fn may_kill(&self, port: Port) -> Result<(), Trouble> {
        match self.member(port)?.standing {
            Standing::Running | Standing::Paused => Ok(()),
            Standing::Ended | Standing::Crashed => Err(not_running(port)),
        }
    }

    pub fn may_crash(&self, port: Port) -> Result<(), Trouble> {
        match self.member(port)?.standing {
            Standing::Crashed => {
                Err(Trouble::new(format!("{port} has crashed already: restart it first")))
            }
            Standing::Running | Standing::Paused | Standing::Ended => Ok(()),
        }
    }

    pub fn may_pause(&self, port: Port) -> Result<(), Trouble> {
        match self.member(port)?.standing {
            Standing::Running => Ok(()),
            Standing::Paused => {
                Err(Trouble::new(format!("{port} stands still already: resume it first")))
            }
            Standing::Ended | Standing::Crashed => Err(not_running(port)),
        }
    }

    pub fn may_resume(&self, port: Port) -> Result<(), Trouble> {
        match self.member(port)?.standing {
            Standing::Paused => Ok(()),
            Standing::Running => {
                let hint = format!("{port} does not stand still: there is nothing to resume");
                Err(Trouble::new(hint))
            }
            Standing::Ended | Standing::Crashed => Err(not_running(port)),
        }
    }

    pub fn may_restart(&self, port: Port, data: Data) -> Result<(), Trouble> {
        match self.member(port)?.standing {
            Standing::Running | Standing::Paused => {
                Err(Trouble::new(format!("{port} has not ended: kill or crash it first")))
            }
            Standing::Ended | Standing::Crashed if data == Data::TornConfig => Err(Trouble::new(
                "a torn nodes.conf is for the simulator: a real process would only end",
            )),
            Standing::Ended | Standing::Crashed => Ok(()),
        }
    }

    fn find(&self, port: Port) -> Option<&Member> {
        self.members.iter().find(|member| member.port == port)
    }

    fn member(&self, port: Port) -> Result<&Member, Trouble> {
        self.find(port).ok_or_else(|| {
            let known: Vec<String> = self.ports().map(|port| port.to_string()).collect();
            Trouble::new(format!("there is no node {port}: there are {}", known.join(", ")))
        })
    }
}

fn not_running(port: Port) -> Trouble {
    Trouble::new(format!("{port} does not run: restart it first"))
}
