//! The log of a node: the lines that a real server would have written.
//!
//! The problem: whoever runs clusters reads logs, and has to learn what their lines mean. The idea:
//! a node notes facts, and `lines` is the one table from facts to lines, with the level and
//! the exact text of Redis 7.0.15. A fact that the real server does not tell of, or only at the
//! level debug, has no line.
//!
//! The rule (Redis 7.0, `server.c: serverLogRaw`): `PID:ROLE DAY MONTH YEAR TIME LEVEL TEXT`. The
//! role is C before the server is set up, then M or S; the level is `-` (verbose), `*` (notice) or
//! `#` (warning). How we differ: the process id is made up, and another one after each start; the
//! time is the world's, whatever the node's own clock says; ports of the other side of a
//! connection are made up.

mod disk;
mod lines;
mod replication;

use std::collections::BTreeMap;

use lines::{Line, NOTICE, VERBOSE, WARNING, lines_of};

use crate::node::{Fact, Notice, Service, process_id};
use crate::words::{ActorId, Addr, ConnId, Time};
use crate::world::World;
use crate::world::event::{Event, EventKind, Life};
use crate::world::trace::Trace;

/// The lines that a node has written since its first start, as far as the trace goes back.
pub fn log_of(world: &World, trace: &Trace, owner: ActorId, port: u16) -> Vec<String> {
    let (epoch, peers, lines) = (world.epoch(), BTreeMap::new(), Vec::new());
    let own = || trace.from(trace.start()).filter(|event| event.id.owner == owner);
    let role = own().find_map(role_before).unwrap_or_else(|| role_now(world, owner));
    let starts = starts_before(world, owner, own());
    let mut writer = Writer { world, port, starts, role, epoch, peers, lines };
    own().for_each(|event| writer.take(event));
    writer.lines
}

/// What a fact is in the log of the node that listens on `port`: the level's mark and the text of
/// each line.
pub fn log_lines_of(fact: &Fact, port: u16) -> Vec<String> {
    let lines = lines_of(fact, port).into_iter();
    lines.map(|(level, text)| format!("{} {text}", level.mark())).collect()
}

/// How often the process had been started before the trace begins.
fn starts_before<'a>(world: &World, owner: ActorId, own: impl Iterator<Item = &'a Event>) -> u32 {
    let found = world.servers().find(|(actor, ..)| *actor == owner);
    let now = found.map_or(0, |(.., server)| server.incarnation);
    let later = own.filter(|event| matches!(event.kind, EventKind::Life(Life::Started)));
    (now + 1).saturating_sub(later.count() as u32)
}

/// The role that a node must have had before this event, if the event says so: the trace may begin
/// in the middle of a life.
fn role_before(event: &Event) -> Option<char> {
    let EventKind::Fact(fact) = &event.kind else { return None };
    match **fact {
        Fact::Logged(Notice::OffersHistory | Notice::Started { .. }) => Some('M'),
        Fact::MasterLinkLost { .. }
        | Fact::MasterTimedOut { .. }
        | Fact::ElectionScheduled { .. }
        | Fact::BecameMaster { .. }
        | Fact::Logged(Notice::MasterLeft | Notice::Connects { .. } | Notice::ConnectFired) => {
            Some('S')
        }
        _ => None,
    }
}

fn role_now(world: &World, owner: ActorId) -> char {
    let found = world.servers().find(|(actor, ..)| *actor == owner);
    if found.is_some_and(|(.., server)| !server.node.is_master()) { 'S' } else { 'M' }
}

struct Writer<'a> {
    world: &'a World,
    port: u16,
    starts: u32,
    role: char,
    epoch: Time,
    /// To whom its bus connections go.
    peers: BTreeMap<ConnId, ActorId>,
    lines: Vec<String>,
}

impl Writer<'_> {
    fn take(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Life(Life::Started) => self.start(event.at),
            EventKind::Life(Life::Failed) => {
                self.start(event.at);
                let text = "Unrecoverable error: corrupted cluster config file.";
                self.write(event.at, (WARNING, text.to_owned()));
                self.starts -= 1;
            }
            EventKind::Accepted { conn, service: Service::Bus, .. } => {
                let text = format!("Accepting cluster node connection from {}", from(*conn));
                self.write(event.at, (VERBOSE, text));
            }
            EventKind::Accepted { conn, service: Service::Client, .. } => {
                self.write(event.at, (VERBOSE, format!("Accepted {}", from(*conn))));
            }
            EventKind::Connecting { conn, to: Some(to), service: Service::Bus } => {
                self.peers.insert(*conn, *to);
            }
            EventKind::LinkRefused { conn } => {
                if let Some(line) = self.peers.remove(conn).and_then(|to| self.refused(to)) {
                    self.write(event.at, line);
                }
            }
            EventKind::Fact(fact) => {
                self.change_role(fact);
                for line in lines_of(fact, self.port) {
                    self.write(event.at, line);
                }
            }
            _ => {}
        }
    }

    /// What a process says before it knows who it is.
    fn start(&mut self, at: Time) {
        self.starts += 1;
        self.peers.clear();
        self.role = 'C';
        let pid = self.pid();
        for text in [
            "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo".to_owned(),
            format!(
                "Redis version=7.0.15, bits=64, commit=00000000, modified=0, \
                 pid={pid}, just started"
            ),
            "Configuration loaded".to_owned(),
        ] {
            self.write(at, (WARNING, text));
        }
        self.role = 'M';
        self.write(at, (NOTICE, "monotonic clock: POSIX clock_gettime".to_owned()));
    }

    /// A peer's bus port where nobody listens.
    fn refused(&self, to: ActorId) -> Option<Line> {
        let (_, port, server) = self.world.servers().find(|(actor, ..)| *actor == to)?;
        let (id, at) = (server.node.id(), Addr::loopback(port.number()));
        let (ip, port) = (at.ip, at.bus_port);
        let text = format!("Connection with Node {id} at {ip}:{port} failed: Connection refused");
        Some((VERBOSE, text))
    }

    /// A process counts as replica from the moment at which it follows somebody.
    fn change_role(&mut self, fact: &Fact) {
        match fact {
            Fact::Logged(Notice::OffersHistory | Notice::Connects { .. }) => self.role = 'S',
            Fact::Logged(Notice::MasterLeft | Notice::SecondId { .. })
            | Fact::BecameMaster { .. } => self.role = 'M',
            _ => {}
        }
    }

    fn pid(&self) -> u32 {
        process_id(self.port, self.starts.saturating_sub(1))
    }

    fn write(&mut self, at: Time, (level, text): Line) {
        let (pid, role, level) = (self.pid(), self.role, level.mark());
        let micros = self.epoch.micros() + at.micros();
        let date = date_text(micros / 1_000);
        self.lines.push(format!("{pid}:{role} {date} {level} {text}"));
    }
}

/// A made-up address for the other side of a connection.
fn from(conn: ConnId) -> String {
    const FIRST: u32 = 32_768;
    format!("127.0.0.1:{}", FIRST + conn.0 % 28_000)
}

/// `26 Nov 2026 20:50:18.188` of a unix time in milliseconds.
fn date_text(millis: u64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, of_day) = (millis / 86_400_000, millis % 86_400_000);
    let (year, month, day) = civil(days);
    let (seconds, millis) = (of_day / 1_000, of_day % 1_000);
    let month = MONTHS[month as usize - 1];
    format!(
        "{day:02} {month} {year} {:02}:{:02}:{:02}.{millis:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Year, month and day of a day since the unix epoch, by counting in years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_EPOCH: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
    let days = days + DAYS_TO_EPOCH;
    let (era, of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "01 Jan 1970 00:00:00.000"),
            (951_782_400, "29 Feb 2000 00:00:00.000"),
            (1_767_225_600, "01 Jan 2026 00:00:00.000"),
            (1_795_726_024, "26 Nov 2026 20:47:04.000"),
            (4_107_542_400, "01 Mar 2100 00:00:00.000"),
        ] {
            assert_eq!(date_text(seconds * 1_000), text);
        }
    }
}
