//! Requests as they stand on the wire, so that a test can send any header.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::served::{PATIENCE, Served};

pub struct Http {
    port: u16,
    headers: Vec<(String, String)>,
}

impl Http {
    pub fn of(served: &Served) -> Http {
        let port = served.page();
        Http { port, headers: vec![("Host".to_owned(), format!("127.0.0.1:{port}"))] }
    }

    /// Another value of a header.
    pub fn with(mut self, name: &str, value: &str) -> Http {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "")
    }

    pub fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.ask("POST", path, body)
    }

    /// The status and the body; headers of the answer come before it with `heads`.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (head, body) = self.heads(method, path, body);
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body)
    }

    pub fn heads(&self, method: &str, path: &str, body: &str) -> (String, String) {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        // A server that refuses early need not read all of it.
        let _ = socket.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}
