//! How heavy the site is: every file of it, compressed as the command line serves it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use super::{Goal, Measure};
use crate::browser::{CommandServer, root};

/// The row of this file.
pub fn measure(server: &CommandServer) -> io::Result<Measure> {
    let mut bytes = 0;
    for entry in fs::read_dir(root().join("target/site"))? {
        bytes += served(&server.url, &entry?.path())?;
    }
    let kilobytes = bytes as f64 / 1000.0;
    Ok(Measure::new("the whole site as served, brotli", kilobytes, "KB", Goal::Under(800.0)))
}

/// How long the body of an answer is, to one who takes brotli.
fn served(url: &str, file: &Path) -> io::Result<usize> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host)?;
    let head = format!("GET /{name} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let is_found = answer.starts_with(b"HTTP/1.1 200");
    match end.filter(|_| is_found) {
        Some(end) => Ok(answer.len() - end - 4),
        None => Err(io::Error::other(format!("{name} is not served"))),
    }
}
