//! A client without manners: sends bytes, and reads single replies.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::served::PATIENCE;

pub struct Wire {
    pub socket: TcpStream,
    input: BufReader<TcpStream>,
}

impl Wire {
    pub fn open(port: u16) -> Wire {
        Wire::try_open(port).unwrap()
    }

    pub fn try_open(port: u16) -> io::Result<Wire> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let input = BufReader::new(socket.try_clone()?);
        Ok(Wire { socket, input })
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// Sends a line of words and reads the reply, as one text: bulk strings are bare, arrays have
    /// their items in brackets.
    pub fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply().unwrap()
    }

    pub fn reply(&mut self) -> io::Result<String> {
        let head = self.line()?;
        let (kind, rest) = head.split_at(1);
        match kind {
            "+" | "-" | ":" => Ok(rest.to_owned()),
            "$" => match rest.parse::<i64>().unwrap() {
                -1 => Ok("(nil)".to_owned()),
                length => {
                    let mut bytes = vec![0; length as usize + 2];
                    self.input.read_exact(&mut bytes)?;
                    bytes.truncate(length as usize);
                    Ok(String::from_utf8_lossy(&bytes).into_owned())
                }
            },
            "*" => {
                let count: i64 = rest.parse().unwrap();
                let items = (0..count).map(|_| self.reply()).collect::<io::Result<Vec<_>>>()?;
                Ok(format!("[{}]", items.join(" ")))
            }
            _ => panic!("what kind of reply is {head}?"),
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Whether the other side has closed the connection.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.input.read(&mut [0]), Ok(0))
            || self.socket.peek(&mut [0]).is_err_and(|error| {
                !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
            })
    }
}
