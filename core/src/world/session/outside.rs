//! Programs outside of the simulation: what they do is an entry of the script of the first branch,
//! which is the one run that they take part in.

use super::super::{News, Outside};
use super::Session;
use crate::words::Time;

impl Session {
    /// Lets time pass to `at` at the end of the first branch (never back), then does what a program
    /// outside did, and lets happen all that is due at that very moment.
    pub fn outside(&mut self, at: Time, input: Outside) {
        self.listen();
        self.branches[0].outside(at, input);
        self.settle();
    }

    /// Lets time pass to `at` at the end of the first branch (never back).
    pub fn pass_to(&mut self, at: Time) {
        self.listen();
        if at > self.ends_at() {
            self.branches[0].pass(at);
            self.settle();
        }
    }

    /// What has reached programs outside since this was last asked, in order.
    pub fn take_news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        self.drain_news(&mut news);
        news
    }

    /// The same, to the end of a list whose memory is used again.
    pub fn drain_news(&mut self, news: &mut Vec<News>) {
        self.branches[0].end.world.take_news(news);
    }

    /// How many connections programs outside have now.
    pub fn outside_connections(&self) -> usize {
        self.branches[0].end.world.outside_connections()
    }

    fn listen(&mut self) {
        self.switch(0);
        self.branches[0].end.world.open_outbox();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::super::step::{Port, Step};
    use super::super::super::{Level, Setup};
    use super::super::{Budget, Scribe};
    use super::*;
    use crate::node::Config;
    use crate::words::{ConnId, Span};

    /// A program on a connection of its own.
    struct Program {
        session: Session,
        conns: u32,
    }

    impl Program {
        fn new() -> Program {
            Program::with(Budget::default())
        }

        fn with(budget: Budget) -> Program {
            let config = Config { node_timeout_ms: 2_000, ..Config::default() };
            let setup = Setup { config, ..Setup::default() };
            Program { session: Session::with(setup, Level::Facts, budget), conns: 0 }
        }

        /// Lets a moment pass.
        fn later(&self) -> Time {
            self.session.now() + Span::from_micros(137)
        }

        fn open(&mut self, port: u16) -> ConnId {
            let conn = ConnId(self.conns);
            self.conns += 1;
            let to = Port::new(port).unwrap();
            self.session.outside(self.later(), Outside::Open { conn, to });
            conn
        }

        fn send(&mut self, conn: ConnId, line: &str) -> String {
            let bytes = Bytes::from(format!("{line}\r\n"));
            self.session.outside(self.later(), Outside::Send { conn, bytes });
            self.heard()
        }

        fn close(&mut self, conn: ConnId) {
            self.session.outside(self.later(), Outside::Close { conn });
        }

        fn apply(&mut self, line: &str) {
            self.session.apply(&Step::parse(line).unwrap());
        }

        /// What has reached the programs, in short.
        fn heard(&mut self) -> String {
            let tell = |news: News| match news {
                News::Up { conn } => format!("up {}", conn.0),
                News::Refused { conn } => format!("refused {}", conn.0),
                News::Received { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
                News::Closed { conn } => format!("closed {}", conn.0),
            };
            self.session.take_news().into_iter().map(tell).collect::<Vec<_>>().join("|")
        }

        /// Some of everything.
        fn play(&mut self) {
            let one = self.open(7000);
            let other = self.open(7001);
            for number in 0..40 {
                self.send(one, &format!("SET key:{number} \"v {number}\""));
                self.send(other, &format!("GET key:{number}"));
            }
            self.session.pass_to(self.session.now() + Span::from_secs(1));
            self.apply("7000> SET user:1 alice");
            self.apply("$ kill 7001");
            self.heard();
            let third = self.open(7001);
            self.session.pass_to(self.session.now() + Span::from_millis(2_500));
            let fourth = self.open(7004);
            self.apply("$ run until 7004 is master within 20s");
            self.send(fourth, "GET user:1");
            self.close(third);
            self.close(one);
            self.session.pass_to(self.session.now() + Span::from_secs(2));
        }
    }

    #[test]
    fn an_answer_is_there_in_no_time() {
        let mut program = Program::new();
        let conn = program.open(7000);
        assert_eq!(program.heard(), "up 0");
        let before = program.later();
        assert_eq!(program.send(conn, "PING"), "+PONG\r\n");
        assert_eq!(program.session.now(), before);
        assert!(program.send(conn, "GET foo").starts_with("-MOVED 12182 127.0.0.1:7002"));
        assert_eq!(program.session.outside_connections(), 1);
        assert_eq!(program.send(conn, "QUIT"), "+OK\r\n|closed 0");
        assert_eq!(program.session.outside_connections(), 0);
        assert_eq!(program.send(conn, "PING"), "");
    }

    #[test]
    fn what_is_done_to_a_node_is_felt_outside() {
        let mut program = Program::new();
        let conns = [7000, 7001, 7002].map(|port| program.open(port));
        program.heard();
        program.apply("$ kill 7000");
        program.apply("$ crash 7001");
        program.apply("$ pause 7002");
        program.session.pass_to(program.later());
        assert_eq!(program.heard(), "closed 0");
        for conn in &conns[1..] {
            assert_eq!(program.send(*conn, "PING"), "");
        }
        let again = [7000, 7001, 7002].map(|port| program.open(port));
        assert_eq!(program.heard(), "refused 3|up 5");
        assert_eq!(program.send(again[2], "PING"), "");
        program.apply("$ resume 7002");
        program.session.pass_to(program.later());
        assert_eq!(program.heard(), "+PONG\r\n|+PONG\r\n");
    }

    #[test]
    fn the_way_from_outside_can_be_cut_and_slow() {
        let mut program = Program::new();
        let conn = program.open(7000);
        program.heard();
        program.apply("$ slow outside 7000 30ms");
        assert_eq!(program.send(conn, "PING"), "");
        program.session.pass_to(program.session.now() + Span::from_millis(60));
        assert_eq!(program.heard(), "+PONG\r\n");
        program.apply("$ cut outside <-> 7000");
        assert_eq!(program.send(conn, "PING"), "");
        program.session.pass_to(program.session.now() + Span::from_millis(250));
        assert_eq!(program.heard(), "");
        program.apply("$ heal outside <-> 7000");
        program.session.pass_to(program.session.now() + Span::from_secs(1));
        assert_eq!(program.heard(), "+PONG\r\n");
        program.apply("$ partition 7000 | 7001 7002");
        assert_eq!(program.send(conn, "PING"), "+PONG\r\n");
    }

    #[test]
    fn a_run_with_programs_is_a_run_like_any_other() {
        let mut program = Program::new();
        program.play();
        let mut session = program.session;
        let (end, digest) = (session.ends_at(), session.digest());
        let text = session.save().unwrap();
        for want in ["\nopen ", "\nsend ", "\nclose ", "\n$ kill 7001\n"] {
            assert!(text.contains(want), "{want}\n{text}");
        }
        let loaded = Session::load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!((loaded.digest(), loaded.save().unwrap()), (digest, text));
        let begin = session.world().origin();
        let length = end.since(begin).micros();
        for part in [7, 3, 9, 1, 5] {
            session.seek(begin + Span::from_micros(length / 10 * part));
            assert!(session.take_news().is_empty(), "the past is heard once");
        }
        session.fork("the same again");
        session.run_for(end.since(session.now()));
        assert_eq!(session.take_news(), []);
        session.seek(begin);
        session.seek(session.ends_at());
        session.switch(0);
        assert_eq!(session.digest(), digest);
    }

    #[test]
    fn a_branch_in_the_midst_of_calls_has_the_calls_before_it() {
        let mut program = Program::new();
        let conn = program.open(7002);
        let mut seen = Vec::new();
        for number in 0..20 {
            program.send(conn, &format!("SET foo {number}"));
            seen.push((program.session.now(), program.session.digest()));
        }
        let mut session = program.session;
        for (at, digest) in seen.into_iter().rev() {
            session.switch(0);
            session.seek(at + Span::from_micros(5));
            session.fork("another way");
            session.seek(session.world().origin());
            session.seek(at);
            assert_eq!(session.digest(), digest);
            let saved = session.save().unwrap();
            assert!(Session::load(&saved).is_ok(), "{saved}");
        }
    }

    #[test]
    fn a_scribe_writes_what_is_saved() {
        let mut program = Program::new();
        let mut text = String::new();
        let mut scribe = Scribe::new(&program.session, &mut text);
        let conn = program.open(7000);
        for _ in 0..30 {
            scribe.catch_up(&program.session, &mut text).unwrap();
            program.send(conn, "INCR counter");
            program.session.pass_to(program.later());
        }
        program.apply("$ kill 7001");
        program.session.pass_to(program.later());
        scribe.finish(&program.session, &mut text).unwrap();
        assert_eq!(text, program.session.save().unwrap());
    }

    #[test]
    fn a_long_script_forgets_its_beginning() {
        let budget = Budget { script_bytes: 1 << 20, ..Budget::default() };
        let mut program = Program::with(budget);
        let conn = program.open(7000);
        for number in 0..30_000 {
            program.send(conn, &format!("SET key:{number} {number}"));
        }
        let mut session = program.session;
        let dropped = session.dropped();
        assert!(dropped.entries > 10_000, "{dropped:?}");
        assert!(session.branch().script().bytes() <= 1 << 20);
        assert!(session.save().unwrap_err().to_string().contains("--record"));
        assert!(session.begins_at() > session.world().origin());
        let digest = session.digest();
        session.seek(Time::ZERO);
        assert_eq!(session.now(), session.begins_at());
        session.run_for(session.ends_at().since(session.now()));
        assert_eq!(session.digest(), digest);
        session.seek(session.begins_at());
        session.fork("from what is left");
        session.apply(&Step::parse("$ run 1s").unwrap());
        session.seek(Time::ZERO);
        assert_eq!(session.now(), session.begins_at());
    }
}
