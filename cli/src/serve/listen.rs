//! Finds a port to listen on.
//!
//! A port that was asked for is taken or it is an error. Without a wish it is 7878 or one of the
//! next ports, so that two labs can run side by side; if all of those are taken, any free one.

use std::io;
use std::net::{IpAddr, TcpListener};

use crate::failure::Failure;

const FIRST_PORT: u16 = 7878;
const LAST_PORT: u16 = 7897;

/// Listens on the port that is asked for, or else on the first free one.
pub fn open(bind: IpAddr, port: Option<u16>) -> Result<TcpListener, Failure> {
    match port {
        Some(port) => TcpListener::bind((bind, port)).map_err(|error| explain(bind, port, &error)),
        None => first_free(bind),
    }
}

fn first_free(bind: IpAddr) -> Result<TcpListener, Failure> {
    for port in FIRST_PORT..=LAST_PORT {
        match TcpListener::bind((bind, port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            other => return other.map_err(|error| explain(bind, port, &error)),
        }
    }
    TcpListener::bind((bind, 0)).map_err(|error| explain(bind, 0, &error))
}

fn explain(bind: IpAddr, port: u16, error: &io::Error) -> Failure {
    Failure::new(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {bind} is taken by another program. Choose another with --port, or \
             leave --port out to take the next free one"
        ),
        io::ErrorKind::PermissionDenied => {
            format!("port {port} is not allowed for this user. Choose one above 1023 with --port")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{bind} is no address of this machine. Choose one of its own with --bind")
        }
        _ => format!("cannot listen on {bind} port {port}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_taken_port_that_was_asked_for_is_named_with_the_remedy() {
        let taken = open(LOOPBACK, Some(0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let said = open(LOOPBACK, Some(port)).unwrap_err().to_string();
        assert!(said.contains(&port.to_string()) && said.contains("--port"), "{said}");
    }

    #[test]
    fn without_a_wish_a_second_lab_gets_another_port() {
        let first = open(LOOPBACK, None).unwrap();
        let second = open(LOOPBACK, None).unwrap();
        assert_ne!(first.local_addr().unwrap(), second.local_addr().unwrap());
    }
}
