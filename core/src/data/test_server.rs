//! A server for the unit tests of commands: type a line, read what redis-cli would print.
//!
//! The clock stands at unix time 1,000,000 seconds.

use bytes::Bytes;

use super::print_reply;
use super::{Context, Keyspace, Outcome, PrintForm, Role, active_expire, execute};
use crate::words::Time;
use crate::words::{quote_arg, split_bytes};

pub struct Server {
    keyspace: Keyspace,
    role: Role,
}

impl Server {
    pub fn master() -> Server {
        Server::new(Role::Master)
    }

    pub fn new(role: Role) -> Server {
        let keyspace = Keyspace::new();
        Server { keyspace, role }
    }

    pub fn become_role(&mut self, role: Role) {
        self.role = role;
    }

    /// Runs each line and compares the printed reply.
    pub fn replies(&mut self, table: &[(&str, &str)]) {
        for (line, expected) in table {
            let reply = self.run(line).reply;
            let printed = print_reply(&reply, PrintForm::Quoted);
            assert_eq!(printed.trim_end_matches('\n'), *expected, "{line}");
        }
    }

    /// Runs each line and compares what replicas are told: calls divided by ` | `.
    pub fn propagates(&mut self, table: &[(&str, &str)]) {
        for (line, expected) in table {
            assert_eq!(join(&self.run(line)), *expected, "{line}");
        }
    }

    pub fn active_expire(&mut self, budget: usize) -> String {
        let mut context = self.context();
        join(&active_expire(&mut self.keyspace, &mut context, budget))
    }

    pub fn run(&mut self, line: &str) -> Outcome {
        let args = split_bytes(line.as_bytes()).unwrap();
        let mut context = self.context();
        execute(&mut self.keyspace, &mut context, &args)
    }

    fn context(&self) -> Context {
        Context::new(Time::from_millis(1_000_000_000), self.role)
    }
}

fn join(outcome: &Outcome) -> String {
    let call = |args: &Vec<Bytes>| {
        let words: Vec<_> = args.iter().map(|arg| quote_arg(arg)).collect();
        words.join(" ")
    };
    let calls: Vec<_> = outcome.propagate.iter().map(call).collect();
    calls.join(" | ")
}
