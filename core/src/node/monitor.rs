//! Monitors: clients that see the calls of all others.
//!
//! The rule (Redis 7.0, `replication.c: monitorCommand, replicationFeedMonitors`, `server.c:
//! call`): a call is shown after it ran and was answered, with the time, the database, the address
//! of the client and all arguments; administrative calls are not shown, nor what was refused or
//! only queued. A replica shows what it runs of its master's stream, too. A password is shown as
//! redacted. A monitor counts as a replica that reads no keys; whoever is one already is not
//! answered.

use bytes::Bytes;

use super::Node;
use super::client::Monitors;
use super::command::CONNECTED;
use super::connection::Answer;
use super::port::Effects;
use crate::data::{Flags, Reply, Spec};
use crate::words::{Addr, ConnId, push_quoted};

/// MONITOR.
pub(super) fn monitor(node: &mut Node, conn: ConnId, _: &[Bytes], _: &mut Effects) -> Answer {
    let client = node.client_mut(conn).expect(CONNECTED);
    if client.queue().is_some() {
        let error = "ERR MONITOR isn't allowed for DENY BLOCKING client";
        return Answer::One(Reply::error(error));
    }
    client.set_monitors(Monitors::Yes);
    if node.monitors.contains(&conn) {
        return Answer::Nothing;
    }
    node.monitors.push(conn);
    Answer::One(Reply::ok())
}

impl Node {
    /// Shows a call that ran to the monitors.
    pub(super) fn show_call(&mut self, conn: ConnId, spec: &Spec, args: &[Bytes]) {
        if self.is_shown(spec)
            && let Some(client) = self.client(conn)
        {
            self.show(&client.addr().to_string(), spec, args);
        }
    }

    /// Shows a call of the stream, which came from this node's master.
    pub(super) fn show_applied(&mut self, spec: &Spec, args: &[Bytes]) {
        if self.is_shown(spec)
            && let Some(Addr { ip, port, .. }) = self.replication.source_addr()
        {
            self.show(&format!("{ip}:{port}"), spec, args);
        }
    }

    fn is_shown(&self, spec: &Spec) -> bool {
        let hidden = |flags| spec.flags.contains(flags);
        !(self.monitors.is_empty() || hidden(Flags::ADMIN) || hidden(Flags::SKIP_MONITOR))
    }

    fn show(&mut self, from: &str, spec: &Spec, args: &[Bytes]) {
        let (seconds, micros) = (self.now.seconds(), self.now.micros() % 1_000_000);
        let mut line = format!("{seconds}.{micros:06} [0 {from}]");
        let secret = secret_places(spec.name, args);
        for (place, arg) in args.iter().enumerate() {
            line.push(' ');
            let hidden = secret.contains(&place);
            push_quoted(&mut line, if hidden { b"(redacted)" } else { arg });
        }
        let line = Reply::Simple(line.into());
        for monitor in self.monitors.clone() {
            self.send_to_client(monitor, &line);
        }
    }
}

/// Where user and password stand in a call (`server.c: redactClientCommandArgument`).
fn secret_places(name: &str, args: &[Bytes]) -> std::ops::Range<usize> {
    let word = |word: &str, from: usize| {
        let rest = args.iter().skip(from);
        rest.clone().position(|arg| arg.eq_ignore_ascii_case(word.as_bytes())).map(|at| at + from)
    };
    let after = |at: Option<usize>, count| at.map_or(0..0, |at| at + 1..at + 1 + count);
    match name {
        "auth" if args.len() <= 3 => 1..3,
        "hello" => after(word("auth", 2), 2),
        "migrate" => match word("auth2", 6) {
            Some(at) => after(Some(at), 2),
            None => after(word("auth", 6), 1),
        },
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use crate::node::test_client::Server;

    #[test]
    fn a_monitor_sees_what_others_ran_and_touches_no_key() {
        let mut server = Server::start();
        let (eye, other) = (server.connect(), server.connect());
        assert_eq!(server.ask(eye, "MONITOR"), "+OK\r\n");
        server.ask(other, "ECHO \"a\\xff\"");
        let line = "+1000.000000 [0 127.0.0.1:40002] \"ECHO\" \"a\\xff\"\r\n";
        assert_eq!(server.heard(eye), line);
        server.ask(other, "NOSUCH");
        server.ask(other, "GET foo");
        server.ask(other, "CLIENT LIST");
        assert_eq!(server.heard(eye), "");
        server.ask(other, "AUTH secret");
        let line = "+1000.000000 [0 127.0.0.1:40002] \"AUTH\" \"(redacted)\"\r\n";
        assert_eq!(server.heard(eye), line);
        server.ask(other, "HELLO 2 AUTH default secret SETNAME me");
        let line = "+1000.000000 [0 127.0.0.1:40002] \"HELLO\" \"2\" \"AUTH\" \"(redacted)\" \
                    \"(redacted)\" \"SETNAME\" \"me\"\r\n";
        assert_eq!(server.heard(eye), line);
        let error = "-ERR Replica can't interact with the keyspace\r\n";
        assert_eq!(server.ask(eye, "DBSIZE"), error);
        assert_eq!(
            server.ask(eye, "PING"),
            "+PONG\r\n+1000.000000 [0 127.0.0.1:40001] \"PING\"\r\n"
        );
        assert_eq!(server.ask(eye, "RESET"), "+RESET\r\n");
        server.ask(other, "PING");
        assert_eq!(server.heard(eye), "");
    }

    #[test]
    fn what_exec_runs_is_shown_before_exec() {
        let mut server = Server::start();
        let (eye, other) = (server.connect(), server.connect());
        server.ask(eye, "MONITOR");
        server.ask(other, "MULTI");
        server.heard(eye);
        server.ask(other, "PING");
        assert_eq!(server.heard(eye), "");
        server.ask(other, "MONITOR");
        let error = "-ERR MONITOR isn't allowed for DENY BLOCKING client";
        assert_eq!(server.ask(other, "EXEC"), format!("*2\r\n+PONG\r\n{error}\r\n"));
        let shown = server.heard(eye);
        let (ping, exec) = (shown.find("\"PING\""), shown.find("\"EXEC\""));
        assert!(ping.is_some() && ping < exec, "{shown}");
    }
}
