//! The two errors that send a client to another node.
//!
//! The rule (Redis 7.0, `cluster.c: clusterRedirectClient`): `MOVED slot host:port` and
//! `ASK slot host:port`. A node that does not know its own address, or that was told to, leaves the
//! host empty, which means the host that was asked. A host may also be a name; where the node knows
//! none, it says `?`.
//!
//! How we differ: every name is that of the one address that all nodes have. To follow `?` is an
//! error of the resolver at a real client; here the redirect is shown as the error that it is.

use std::net::Ipv4Addr;

use super::port::{Endpoint, Redirect};
use crate::data::Reply;
use crate::words::Slot;

/// Where an answer sends its client.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::world) struct SentOn {
    pub kind: Redirect,
    pub slot: Slot,
    pub to: Endpoint,
    /// The host's name, if that was said instead of its address.
    pub host: Option<Box<str>>,
}

/// Where an answer sends its client; `None` if it is any other answer.
pub(in crate::world) fn redirect(reply: &Reply, asked: Endpoint) -> Option<SentOn> {
    let Reply::Error(text) = reply else {
        return None;
    };
    let mut words = text.split(' ');
    let kind = match words.next()? {
        "MOVED" => Redirect::Moved,
        "ASK" => Redirect::Ask,
        _ => return None,
    };
    let slot = Slot::new(words.next()?.parse().ok()?)?;
    let (host, port) = words.next()?.rsplit_once(':')?;
    let ip = resolve(host, *asked.ip())?;
    let to = Endpoint::new(ip, port.parse().ok()?);
    let is_name = !host.is_empty() && host.parse::<Ipv4Addr>().is_err();
    Some(SentOn { kind, slot, to, host: is_name.then(|| host.into()) })
}

/// The address of a host; nothing said means the one that was asked.
pub fn resolve(host: &str, asked: Ipv4Addr) -> Option<Ipv4Addr> {
    match host {
        "" => Some(asked),
        "?" => None,
        _ => Some(host.parse().unwrap_or(Ipv4Addr::LOCALHOST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_both_redirects_and_nothing_else() {
        let asked: Endpoint = "127.0.0.1:7000".parse().unwrap();
        let read = |text: &str| redirect(&Reply::error(text), asked);
        let slot = Slot::new(12182).unwrap();
        let to: Endpoint = "127.0.0.1:7002".parse().unwrap();
        let sent_on =
            |kind, host: Option<&str>| Some(SentOn { kind, slot, to, host: host.map(Box::from) });
        assert_eq!(read("MOVED 12182 127.0.0.1:7002"), sent_on(Redirect::Moved, None));
        assert_eq!(read("ASK 12182 :7002"), sent_on(Redirect::Ask, None));
        assert_eq!(read("MOVED 12182 b.net:7002"), sent_on(Redirect::Moved, Some("b.net")));
        assert_eq!(read("MOVED 12182 ?:7002"), None);
        assert_eq!(read("MOVED 99999 127.0.0.1:7002"), None);
        assert_eq!(read("CLUSTERDOWN The cluster is down"), None);
        assert_eq!(redirect(&Reply::ok(), asked), None);
    }
}
