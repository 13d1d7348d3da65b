//! Asking nodes beside the script: one connection to each, which no client sees.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddrV4;
use std::time::Duration;

use hashslot_core::data::Reply;
use hashslot_core::world::step::Port;

use super::call::Connection;

/// How long a node may take to answer before it is taken for dead.
const PATIENCE: Duration = Duration::from_millis(1_000);
/// How long a node may take to answer that is likely to be busy.
const GLANCE: Duration = Duration::from_millis(60);

/// The connections.
pub struct Admin {
    open: BTreeMap<Port, Connection>,
    patience: Duration,
}

impl Default for Admin {
    fn default() -> Admin {
        Admin { open: BTreeMap::new(), patience: PATIENCE }
    }
}

impl Admin {
    /// For nodes that are likely to be busy: they are left alone soon.
    pub fn glancing() -> Admin {
        Admin { patience: GLANCE, ..Admin::default() }
    }

    /// The reply of the node at this place; `None` if it does not answer.
    pub fn ask(&mut self, port: Port, place: SocketAddrV4, words: &[&str]) -> Option<Reply> {
        if let Some(connection) = self.open.get_mut(&port) {
            match connection.say(words) {
                Ok(reply) => return Some(reply),
                Err(error) => {
                    self.open.remove(&port);
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                        return None;
                    }
                }
            }
        }
        let mut connection = Connection::open(place, self.patience).ok()?;
        let reply = connection.say(words).ok()?;
        self.open.insert(port, connection);
        Some(reply)
    }

    /// The same for a reply that is a text.
    pub fn text(&mut self, port: Port, place: SocketAddrV4, words: &[&str]) -> Option<String> {
        match self.ask(port, place, words)? {
            Reply::Bulk(text) | Reply::Verbatim { text, .. } => {
                Some(String::from_utf8_lossy(&text).into_owned())
            }
            Reply::Simple(text) => Some(text.into_owned()),
            _ => None,
        }
    }
}
