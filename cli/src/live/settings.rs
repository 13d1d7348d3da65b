//! The settings of a real node that are the same on every target.

use hashslot_core::world::step::Port;

use super::nodes::{Options, Persistence};

/// What redis.conf says of a node: names and values, those that were asked for last.
pub fn of_a_node(port: Port, options: &Options) -> Vec<(String, String)> {
    let keeps = match options.persistence {
        Persistence::Keep => "yes",
        Persistence::Nothing => "no",
    };
    let (number, timeout) = (port.to_string(), options.node_timeout_ms.to_string());
    let own: [(&str, &str); 9] = [
        ("port", &number),
        ("protected-mode", "no"),
        ("cluster-enabled", "yes"),
        ("cluster-node-timeout", &timeout),
        ("appendonly", keeps),
        ("save", "\"\""),
        ("enable-debug-command", "yes"),
        ("loglevel", "verbose"),
        ("daemonize", "no"),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    own.chain(options.settings.iter().cloned()).collect()
}
