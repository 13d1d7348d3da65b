//! Names: how people call what the simulator numbers.
//!
//! A node is called by its port, whatever id it has had; a client by the name that it was given.

use std::collections::BTreeMap;

use crate::words::{ActorId, Addr, NodeId};

/// The names of all nodes and clients that ever were.
#[derive(Clone, Debug, Default)]
pub struct Names {
    actors: BTreeMap<ActorId, String>,
    ids: BTreeMap<NodeId, ActorId>,
}

impl Names {
    pub fn add_actor(&mut self, actor: ActorId, name: impl Into<String>) {
        self.actors.insert(actor, name.into());
    }

    pub fn add_id(&mut self, id: NodeId, actor: ActorId) {
        self.ids.insert(id, actor);
    }

    /// Whose id this is, or was.
    pub fn actor_of(&self, id: NodeId) -> Option<ActorId> {
        self.ids.get(&id).copied()
    }

    /// Who is called this.
    pub fn actor_named(&self, name: &str) -> Option<ActorId> {
        self.actors.iter().find(|(_, known)| *known == name).map(|(&actor, _)| actor)
    }

    /// Whether this is a node, and no client.
    pub fn is_node(&self, actor: ActorId) -> bool {
        self.ids.values().any(|&known| known == actor)
    }

    pub fn actor(&self, actor: ActorId) -> &str {
        self.actors.get(&actor).map_or("the world", String::as_str)
    }

    /// A node's port; of a node that nobody here has met, the first digits of its id.
    pub fn node(&self, id: NodeId) -> String {
        match self.actor_of(id) {
            Some(actor) => self.actor(actor).to_owned(),
            None => id.to_string()[..8].to_owned(),
        }
    }

    /// A node's port, from its address.
    pub fn addr(addr: Addr) -> String {
        addr.port.to_string()
    }
}
