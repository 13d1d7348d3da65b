//! The two errors that send a client to another node.
//!
//! The rule (Redis 7.0, `cluster.c: clusterRedirectClient`): `MOVED slot host:port` and
//! `ASK slot host:port`. A node that does not know its own address leaves the host empty, which
//! means the host that was asked.

use super::port::{Endpoint, Redirect};
use crate::data::Reply;
use crate::words::Slot;

/// Where an answer sends its client; `None` if it is any other answer.
pub(super) fn redirect(reply: &Reply, asked: Endpoint) -> Option<(Redirect, Slot, Endpoint)> {
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
    let ip = if host.is_empty() { *asked.ip() } else { host.parse().ok()? };
    Some((kind, slot, Endpoint::new(ip, port.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_both_redirects_and_nothing_else() {
        let asked: Endpoint = "127.0.0.1:7000".parse().unwrap();
        let read = |text: &str| redirect(&Reply::error(text), asked);
        let slot = Slot::new(12182).unwrap();
        let there: Endpoint = "127.0.0.1:7002".parse().unwrap();
        assert_eq!(read("MOVED 12182 127.0.0.1:7002"), Some((Redirect::Moved, slot, there)));
        assert_eq!(read("ASK 12182 :7002"), Some((Redirect::Ask, slot, there)));
        assert_eq!(read("MOVED 99999 127.0.0.1:7002"), None);
        assert_eq!(read("CLUSTERDOWN The cluster is down"), None);
        assert_eq!(redirect(&Reply::ok(), asked), None);
    }
}
