//! The connections between two nodes, as the kernel lists them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use super::End;
use crate::live::Trouble;

/// The two places of a connection.
pub type Tuple = (SocketAddrV4, SocketAddrV4);

/// How the kernel writes that a connection is open.
const ESTABLISHED: &str = "01";

/// The open connections that one node has with another, from the first one's side.
pub fn between(one: &End, other: &End) -> Result<Vec<Tuple>, Trouble> {
    let path = match &one.namespace {
        None => PathBuf::from("/proc/net/tcp"),
        Some(namespace) => list_beside(namespace),
    };
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error| {
        Trouble::new(format!(
            "{} is not to be read: {error}; connections can be found on Linux only, as root",
            path.display()
        ))
    })?;
    let all = text.lines().skip(1).filter_map(read);
    Ok(all.filter(|(from, to)| *from.ip() == one.ip && *to.ip() == other.ip).collect())
}

/// The list of connections beside a namespace: `/proc/PID/net/tcp` for `/proc/PID/ns/net`.
fn list_beside(namespace: &Path) -> PathBuf {
    let process = namespace.ancestors().nth(2).unwrap_or(namespace);
    process.join("net/tcp")
}

fn read(line: &str) -> Option<Tuple> {
    let mut words = line.split_whitespace().skip(1);
    let (from, to) = (place(words.next()?)?, place(words.next()?)?);
    (words.next()? == ESTABLISHED).then_some((from, to))
}

/// `0100007F:1B58`: an address as the machine has it in memory, and a port.
fn place(text: &str) -> Option<SocketAddrV4> {
    let (ip, port) = text.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_be(u32::from_str_radix(ip, 16).ok()?));
    Some(SocketAddrV4::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_connections_are_read_and_others_are_not() {
        let open = "  0: 0100007F:1B58 0200007F:42D9 01 00000000:00000000 00:00000000 00000000 0";
        let there = |last, port| SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), port);
        if cfg!(target_endian = "little") {
            assert_eq!(read(open), Some((there(1, 7000), there(2, 17113))));
        }
        assert_eq!(read(&open.replace(" 01 ", " 0A ")), None);
    }
}
