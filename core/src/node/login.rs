//! Who a client is: AUTH, HELLO, and what may be said before a password is given.
//!
//! The rule (Redis 7.0, `acl.c: authCommand, authRequired`, `networking.c: helloCommand`): there is
//! one user, `default`. Without `requirepass` everybody is let in, and any password is right for
//! `default`. With it a client that connects must give the password first: until then it may say
//! AUTH, HELLO, QUIT and RESET, and only little at once. Who was let in stays in, whatever
//! becomes of the setting, until it says RESET.
//!
//! How we differ: users other than `default`, and the rules on what a user may do, are left out.

use bytes::Bytes;

use super::Node;
use super::client::Client;
use super::command::{CONNECTED, NodeRow, Run};
use super::port::Effects;
use super::{client_rows, report};
use crate::data::{self, Flags, Group, Protocol, Reply, Spec};
use crate::words::ConnId;

/// Whether a client gave the password, if one was needed when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    Done,
    Missing,
}

/// The one user.
const DEFAULT_USER: &str = "default";

/// What needs no data, no master and no password.
pub(super) const ANY_TIME: Flags = Flags::NOSCRIPT
    .and(Flags::LOADING)
    .and(Flags::STALE)
    .and(Flags::FAST)
    .and(Flags::NO_AUTH)
    .and(Flags::ALLOW_BUSY);

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: Spec {
            name: "auth",
            arity: -2,
            flags: ANY_TIME,
            usage: "[username] password",
            summary: "Say who one is.",
            group: Group::Connection,
            ..Spec::BLANK
        },
        run: Run::Reply(auth),
    },
    NodeRow {
        spec: Spec {
            name: "hello",
            arity: -1,
            flags: ANY_TIME,
            usage: "[protover [AUTH username password] [SETNAME clientname]]",
            summary: "Greet the server, and choose the protocol.",
            since: "6.0.0",
            group: Group::Connection,
            ..Spec::BLANK
        },
        run: Run::Reply(hello),
    },
];

fn auth(node: &mut Node, conn: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    let (user, password) = match args {
        [_, _] if !node.has_password() => {
            return Reply::error(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            );
        }
        [_, password] => (DEFAULT_USER.as_bytes(), password),
        [_, user, password] => (&user[..], password),
        _ => return Reply::syntax_error(),
    };
    match node.log_in(conn, user, password) {
        Ok(()) => Reply::ok(),
        Err(error) => error,
    }
}

fn hello(node: &mut Node, conn: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    match try_hello(node, conn, args) {
        Ok(reply) => reply,
        Err(error) => error,
    }
}

fn try_hello(node: &mut Node, conn: ConnId, args: &[Bytes]) -> Result<Reply, Reply> {
    let protocol = args.get(1).map(|version| match data::parse_integer(version) {
        Some(2) => Ok(Protocol::Resp2),
        Some(3) => Ok(Protocol::Resp3),
        Some(_) => Err(Reply::error("NOPROTO unsupported protocol version")),
        None => Err(Reply::error("ERR Protocol version is not an integer or out of range")),
    });
    let protocol = protocol.transpose()?;
    read_options(node, conn, args.get(2..).unwrap_or_default())?;
    if node.client(conn).is_some_and(|client| node.must_log_in(client)) {
        return Err(Reply::error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO AUTH <user> <pass> option can be used to authenticate the client and select the \
             RESP protocol version at the same time",
        ));
    }
    let client = node.client_mut(conn).expect(CONNECTED);
    if let Some(protocol) = protocol {
        client.set_protocol(protocol);
    }
    let (id, protocol) = (client.id(), client.protocol());
    Ok(report::hello(node, id, protocol))
}

/// Does what the options of HELLO say, in their order: a mistake does not undo those before it.
fn read_options(node: &mut Node, conn: ConnId, mut options: &[Bytes]) -> Result<(), Reply> {
    while let [option, values @ ..] = options {
        options = match values {
            [user, password, rest @ ..] if option.eq_ignore_ascii_case(b"AUTH") => {
                node.log_in(conn, user, password)?;
                rest
            }
            [name, rest @ ..] if option.eq_ignore_ascii_case(b"SETNAME") => {
                client_rows::check_name(name)?;
                node.client_mut(conn).expect(CONNECTED).set_name(name.clone());
                rest
            }
            _ => {
                let option = String::from_utf8_lossy(data::c_text(option, option.len()));
                return Err(Reply::error(format!("ERR Syntax error in HELLO option '{option}'")));
            }
        };
    }
    Ok(())
}

impl Node {
    fn has_password(&self) -> bool {
        !self.config.require_pass.is_empty()
    }

    /// Whether a client that comes now is let in as it is.
    pub(super) fn login_of_newcomer(&self) -> Login {
        if self.has_password() { Login::Missing } else { Login::Done }
    }

    /// Whether a client has to give the password before it may say anything else.
    pub(super) fn must_log_in(&self, client: &Client) -> bool {
        self.has_password() && client.login() == Login::Missing
    }

    /// Lets a client in, if the password is right; the error is the reply.
    pub(super) fn log_in(
        &mut self,
        conn: ConnId,
        user: &[u8],
        password: &[u8],
    ) -> Result<(), Reply> {
        let right = !self.has_password() || self.config.require_pass.as_bytes() == password;
        if user != DEFAULT_USER.as_bytes() || !right {
            let error = "WRONGPASS invalid username-password pair or user is disabled.";
            return Err(Reply::error(error));
        }
        if let Some(client) = self.client_mut(conn) {
            client.set_login(Login::Done);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::node::test_client::Server;

    const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

    #[test]
    fn who_gives_no_password_may_say_little() {
        let mut server = Server::start();
        let early = server.connect();
        assert_eq!(server.ask(early, "CONFIG SET requirepass sesame"), "+OK\r\n");
        assert_eq!(server.ask(early, "PING"), "+PONG\r\n");
        let late = server.connect();
        let missing = "-NOAUTH Authentication required.\r\n";
        for (line, reply) in [
            ("PING", missing),
            ("COMMAND COUNT", missing),
            ("GET", "-ERR wrong number of arguments for 'get' command\r\n"),
            ("AUTH x", WRONG),
            ("AUTH nobody sesame", WRONG),
            ("HELLO 3 AUTH default x", WRONG),
            ("HELLO 4", "-NOPROTO unsupported protocol version\r\n"),
            ("RESET", "+RESET\r\n"),
            ("AUTH sesame", "+OK\r\n"),
            ("PING", "+PONG\r\n"),
            ("RESET", "+RESET\r\n"),
            ("PING", missing),
            ("AUTH default sesame", "+OK\r\n"),
            ("PING", "+PONG\r\n"),
            ("CONFIG SET requirepass \"\"", "+OK\r\n"),
            ("AUTH default whatever", "+OK\r\n"),
        ] {
            assert_eq!(server.ask(late, line), reply, "{line}");
        }
    }
}
