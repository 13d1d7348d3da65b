//! A plain connection: a call, and its reply as it came.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Reply, decode_reply, encode_call};

/// A client of a real server that waits for each reply.
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
    /// What has come of the reply that is being read.
    raw: BytesMut,
}

/// A reply, and the bytes in which it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub reply: Reply,
    pub bytes: Bytes,
}

impl Connection {
    /// Connects; each reply may then take that long.
    pub fn open(to: SocketAddrV4, patience: Duration) -> io::Result<Connection> {
        let stream = TcpStream::connect_timeout(&SocketAddr::V4(to), patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Connection { stream, buffer: BytesMut::new(), raw: BytesMut::new() })
    }

    /// Sends a call and waits for its reply.
    pub fn call(&mut self, args: &[Bytes]) -> io::Result<Answer> {
        self.stream.write_all(&encode_call(args))?;
        self.read()
    }

    /// The same for words.
    pub fn say(&mut self, words: &[&str]) -> io::Result<Reply> {
        let args: Vec<Bytes> =
            words.iter().map(|word| Bytes::copy_from_slice(word.as_bytes())).collect();
        Ok(self.call(&args)?.reply)
    }

    /// Waits for the next reply, or push.
    pub fn read(&mut self) -> io::Result<Answer> {
        loop {
            if let Some(reply) = decode_reply(&mut self.buffer).map_err(io::Error::other)? {
                let used = self.raw.len() - self.buffer.len();
                return Ok(Answer { reply, bytes: self.raw.split_to(used).freeze() });
            }
            let mut chunk = [0; 16 * 1024];
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.buffer.extend_from_slice(&chunk[..read]);
            self.raw.extend_from_slice(&chunk[..read]);
        }
    }
}
