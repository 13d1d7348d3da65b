//! A user's name and password, which are never shown.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use hashslot_core::data::{Reply, decode_reply, encode_call};

use crate::live::Trouble;

const USER: &str = "HASHSLOT_USER";
const PASSWORD: &str = "HASHSLOT_PASSWORD";

/// How to log in. It has no way to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: Option<String>,
    password: String,
}

impl Login {
    /// From a file, or else from the environment; nothing if neither has a password.
    pub fn find(file: Option<&Path>) -> Result<Option<Login>, Trouble> {
        let password = match file {
            Some(path) => Some(read(path)?),
            None => env::var(PASSWORD).ok(),
        };
        let user = env::var(USER).ok().filter(|user| !user.is_empty());
        match (password.filter(|password| !password.is_empty()), &user) {
            (Some(password), _) => Ok(Some(Login { user, password })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Trouble::new(format!(
                "{USER} is set, but there is no password: set {PASSWORD}, or name a file with \
                 --password-file"
            ))),
        }
    }

    /// Logs in on a connection that is new.
    pub fn enter(&self, stream: &mut TcpStream) -> io::Result<()> {
        let words: Vec<Bytes> =
            self.words().iter().map(|word| Bytes::copy_from_slice(word.as_bytes())).collect();
        stream.write_all(&encode_call(&words))?;
        let mut buffer = BytesMut::new();
        loop {
            match decode_reply(&mut buffer).map_err(io::Error::other)? {
                Some(reply) if reply == Reply::ok() => return Ok(()),
                Some(_) => return Err(io::ErrorKind::PermissionDenied.into()),
                None => {}
            }
            let mut byte = [0; 1];
            stream.read_exact(&mut byte)?;
            buffer.extend_from_slice(&byte);
        }
    }

    /// The words of the command that logs in.
    pub fn words(&self) -> Vec<&str> {
        let user = self.user.as_deref();
        ["AUTH"].into_iter().chain(user).chain([&self.password[..]]).collect()
    }
}

/// The first line of a file.
fn read(path: &Path) -> Result<String, Trouble> {
    let text = fs::read_to_string(path).map_err(|error| {
        Trouble::new(format!("{} cannot be read: {error}; name another file", path.display()))
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
