//! What a call of MIGRATE asks for: rule 1.

use std::net::Ipv4Addr;

use bytes::Bytes;

use crate::data::{self, Reply};
use crate::words::Span;

/// A call of MIGRATE, read.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Nothing if the name is no address that could be reached.
    pub(super) ip: Option<Ipv4Addr>,
    pub(super) port: u16,
    pub(super) database: i64,
    pub(super) timeout: Span,
    pub(super) after: After,
    pub(super) replace: Replace,
    /// The arguments of AUTH, if it is to be said.
    pub(super) auth: Vec<Bytes>,
    pub(super) keys: Vec<Bytes>,
}

/// What happens to a key that the target has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Delete,
    Keep,
}

/// Whether a key of the same name at the target gives way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replace {
    Yes,
    No,
}

const TIMEOUT_MS_LEAST: i64 = 1;
const TIMEOUT_MS_DEFAULT: u64 = 1_000;

impl Order {
    pub(super) fn parse(args: &[Bytes]) -> Result<Order, Reply> {
        let mut order = Order {
            ip: resolve(&args[1]),
            port: leading_port(&args[2]),
            database: 0,
            timeout: Span::from_millis(TIMEOUT_MS_DEFAULT),
            after: After::Delete,
            replace: Replace::No,
            auth: Vec::new(),
            keys: vec![args[3].clone()],
        };
        order.read_options(&args[3], &args[6..])?;
        let timeout_ms = integer(&args[5])?;
        order.database = integer(&args[4])?;
        if timeout_ms >= TIMEOUT_MS_LEAST {
            order.timeout = Span::from_millis(timeout_ms.unsigned_abs());
        }
        Ok(order)
    }

    fn read_options(&mut self, key: &[u8], mut words: &[Bytes]) -> Result<(), Reply> {
        while let Some((word, rest)) = words.split_first() {
            words = match (word.to_ascii_lowercase().as_slice(), rest) {
                (b"copy", _) => {
                    self.after = After::Keep;
                    rest
                }
                (b"replace", _) => {
                    self.replace = Replace::Yes;
                    rest
                }
                (b"auth", [password, rest @ ..]) => {
                    self.auth = vec![password.clone()];
                    rest
                }
                (b"auth2", [user, password, rest @ ..]) => {
                    self.auth = vec![user.clone(), password.clone()];
                    rest
                }
                (b"keys", _) if !key.is_empty() => {
                    return Err(Reply::error(
                        "ERR When using MIGRATE KEYS option, the key argument \
                         must be set to the empty string",
                    ));
                }
                (b"keys", _) => {
                    self.keys = rest.to_vec();
                    &[]
                }
                _ => return Err(Reply::syntax_error()),
            };
        }
        Ok(())
    }
}

fn integer(arg: &[u8]) -> Result<i64, Reply> {
    data::parse_integer(arg)
        .ok_or_else(|| Reply::error("ERR value is not an integer or out of range"))
}

/// The address of a host: names are not looked up, but for the one that every machine knows.
fn resolve(host: &[u8]) -> Option<Ipv4Addr> {
    match std::str::from_utf8(host).ok()? {
        "localhost" => Some(Ipv4Addr::LOCALHOST),
        host => host.parse().ok(),
    }
}

/// The number that a text begins with, as C's `atoi` reads it.
fn leading_port(port: &[u8]) -> u16 {
    let digits = port.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u16, |port, digit| port.wrapping_mul(10).wrapping_add(u16::from(digit - b'0')))
}
