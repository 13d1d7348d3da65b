//! What is on the disk: which keys a process that starts again will find.
//!
//! The problem: after a failure the question is what was kept, and the answer depends on settings
//! and on whether the process or the machine ended. The idea: the disk holds three values, which
//! cost nothing to copy: the keys as the append-only file has them, the same as far as it was
//! forced to the disk, and the last snapshot (RDB file). The file has the keys that the memory has,
//! until keys go away of which it is not told; from then on it is a value of its own, on which each
//! write is done as well.
//!
//! The rule (Redis 7.0, `aof.c: flushAppendOnlyFile`, `rdb.c: rdbSaveInfoAuxFields`, `server.c:
//! serverCron, loadDataFromDisk, prepareForShutdown, finishShutdown`):
//! 1. With `appendonly yes` a start reads the append-only file, and only that. Each write is handed
//!    to the kernel before it is answered, so the end of a process loses nothing; the end of a
//!    machine loses what was not forced to the disk: with `appendfsync everysec` up to a second,
//!    with `no` up to half a minute, with `always` nothing.
//!    A file that is not written any more stays as it is. Nobody tells it of keys that go away with
//!    their slot, or when a replica is reset: after a start they are there again. A full resync
//!    writes the file anew.
//! 2. Otherwise it reads the last snapshot, if there is one. A snapshot is made by SAVE, BGSAVE, a
//!    save point (so many changes in so many seconds), and SHUTDOWN if there are save points.
//! 3. A snapshot knows its place in the history if there was a backlog. A replica that starts with
//!    one goes on from there; a master begins a new history, and keeps that one as the second.
//! 4. SHUTDOWN waits until the replicas have everything, at most `shutdown-timeout`; writes wait
//!    meanwhile.
//!
//! How we differ: files are not written in a format, saving and loading take no time and do not
//! fail; the kernel writes back every 30 seconds to the moment.

use bytes::Bytes;

use super::command::{NodeRow, Run};
use super::connection::Answer;
use super::fact::Fact;
use super::notice::Notice;
use super::pause::{Kind, Purpose};
use super::port::{Effect, Effects};
use super::replication::Attached;
use super::stream::ReplId;
use super::{Config, Node};
use crate::data::{self, Categories, Context, Flags, Group, Keyspace, Reply, Role, Spec};
use crate::words::Addr;

/// How often the append-only file is forced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    EverySecond,
    Always,
    Never,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The process: what it handed to the kernel is there.
    Process,
    /// The machine: what was forced to the disk is there.
    Machine,
}

/// The keys that a start finds, and their place in a history if it is known.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub keyspace: Keyspace,
    pub history: Option<(ReplId, u64)>,
}

/// The disk of one node.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    snapshot: Option<Found>,
    /// What the append-only file has, once that is something else than the memory.
    appended: Option<Keyspace>,
    forced: Keyspace,
    forced_at_s: u64,
    saved_at_s: u64,
    saves: u64,
    changes_saved: u64,
    closing: Option<Closing>,
}

/// A SHUTDOWN that waits for replicas.
#[derive(Clone, Copy, Debug)]
struct Closing {
    until_ms: u64,
    save: Save,
}

/// Whether a SHUTDOWN makes a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Save {
    IfThereArePoints,
    Yes,
    No,
}

const WRITE_BACK_S: u64 = 30;
const TICKS_PER_SECOND: u64 = 10;

impl Disk {
    pub(super) fn new(found: &Found, now_s: u64) -> Disk {
        let forced = found.keyspace.clone();
        let snapshot = Some(found.clone());
        Disk { snapshot, forced, forced_at_s: now_s, saved_at_s: now_s, ..Disk::default() }
    }

    pub(super) fn saved_at_s(&self) -> u64 {
        self.saved_at_s
    }

    pub(super) fn saves(&self) -> u64 {
        self.saves
    }
}

impl Config {
    /// The save points: so many changes in so many seconds, as (seconds, changes).
    fn save_points(&self) -> Vec<(u64, u64)> {
        let numbers: Vec<u64> =
            self.save.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
        numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    }
}

/// The text of `save`, if it is pairs of numbers.
pub(super) fn check_save_points(text: &str) -> Result<String, &'static str> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_number = |(place, word): (usize, &&str)| {
        let least = if place % 2 == 0 { 1 } else { 0 };
        word.parse::<i32>().is_ok_and(|number| number >= least)
    };
    if words.len() % 2 == 1 || !words.iter().enumerate().all(is_number) {
        return Err("Invalid save parameters");
    }
    Ok(words.join(" "))
}

impl Node {
    /// What a start after this end finds.
    pub fn on_disk(&self, end: End) -> Found {
        if !self.config_file.append_only.is_on() {
            return self.disk.snapshot.clone().unwrap_or_default();
        }
        let forced = end == End::Process || self.config.append_fsync == Fsync::Always;
        let all = forced && self.config.append_only.is_on();
        let keyspace = if all { self.appended() } else { &self.disk.forced };
        Found { keyspace: keyspace.clone(), history: None }
    }

    /// What the append-only file has.
    fn appended(&self) -> &Keyspace {
        self.disk.appended.as_ref().unwrap_or(&self.keyspace)
    }

    /// Keys are about to go away, and the append-only file will not be told.
    pub(super) fn leave_in_file(&mut self) {
        if self.config.append_only.is_on() && self.disk.appended.is_none() {
            self.disk.appended = Some(self.keyspace.clone());
        }
    }

    /// Calls that changed keys go into the append-only file.
    pub(super) fn append<'a>(&mut self, calls: impl IntoIterator<Item = &'a [Bytes]>) {
        let Some(file) = &mut self.disk.appended else { return };
        let mut context = Context::new(self.now, Role::Applying);
        for call in calls {
            data::execute(file, &mut context, call);
        }
    }

    /// The append-only file is written anew.
    pub(super) fn rewrite_file(&mut self) {
        self.disk.appended = None;
    }

    /// Once a second: what is forced to the disk, and the save points.
    pub(super) fn persist(&mut self, out: &mut Effects) {
        self.close_if_ready(out);
        if !self.ticks.is_multiple_of(TICKS_PER_SECOND) {
            return;
        }
        let now_s = self.now.seconds();
        let due = match self.config.append_fsync {
            Fsync::EverySecond | Fsync::Always => true,
            Fsync::Never => now_s.saturating_sub(self.disk.forced_at_s) >= WRITE_BACK_S,
        };
        if !self.config.append_only.is_on() {
            self.rewrite_file();
        } else if due {
            self.disk.forced = self.appended().clone();
            self.disk.forced_at_s = now_s;
        }
        let (changes, passed_s) = (self.unsaved(), now_s.saturating_sub(self.disk.saved_at_s));
        let is_due = |&(seconds, least): &(u64, u64)| changes >= least && passed_s > seconds;
        if changes > 0
            && let Some((seconds, _)) = self.config.save_points().into_iter().find(is_due)
        {
            out.note(Fact::Logged(Notice::SavePoint { changes, seconds }));
            self.save_aside(out);
        }
    }

    /// How many changes there were since the last snapshot.
    pub(super) fn unsaved(&self) -> u64 {
        self.stats.changes() - self.disk.changes_saved
    }

    fn save_aside(&mut self, out: &mut Effects) {
        out.note(Fact::Logged(Notice::SaveBegun));
        self.make_snapshot();
        out.note(Fact::Logged(Notice::SaveDone));
    }

    /// Rule 3.
    fn make_snapshot(&mut self) {
        let replication = &self.replication;
        let place = (replication.id(), replication.stream_offset());
        let history = replication.backlog_span().map(|_| place);
        self.disk.snapshot = Some(Found { keyspace: self.keyspace.clone(), history });
        self.disk.saved_at_s = self.now.seconds();
        self.disk.changes_saved = self.stats.changes();
        self.disk.saves += 1;
    }

    fn close(&mut self, save: Save, out: &mut Effects) {
        self.tell_of_replicas(out);
        let points = !self.config.save_points().is_empty();
        if self.config.append_only.is_on() {
            self.disk.forced = self.appended().clone();
            out.note(Fact::Logged(Notice::AofForced));
        }
        if save == Save::Yes || (save == Save::IfThereArePoints && points) {
            out.note(Fact::Logged(Notice::FinalSave));
            self.make_snapshot();
            out.note(Fact::Logged(Notice::Saved));
        }
        out.note(Fact::Logged(Notice::Bye));
        out.push(Effect::Exit);
    }

    /// How far the replicas are with whom this node ends.
    fn tell_of_replicas(&self, out: &mut Effects) {
        let end = self.replication.stream_offset();
        let lagging = self.replication.attached(self.now.seconds()).filter(|one| one.acked != end);
        for Attached { ip, port, state, acked, lag_s } in lagging {
            let (replica, behind) = (Addr { ip, port, bus_port: 0 }, end.saturating_sub(acked));
            out.note(Fact::Logged(Notice::ReplicaLags { replica, behind, lag_s, state }));
        }
        let (ready, all) = self.replication.ready_to_close();
        if all > 0 {
            out.note(Fact::Logged(Notice::ReplicasInSync { ready, all }));
        }
    }

    /// Rule 4.
    fn close_if_ready(&mut self, out: &mut Effects) {
        let Some(Closing { until_ms, save }) = self.disk.closing else { return };
        let (ready, all) = self.replication.ready_to_close();
        if ready == all || self.now_ms() >= until_ms {
            self.disk.closing = None;
            self.close(save, out);
        }
    }
}

const fn spec(name: &'static str, arity: i32, usage: &'static str, summary: &'static str) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::NO_ASYNC_LOADING),
        usage,
        summary,
        since: "1.0.0",
        group: Group::Server,
        ..Spec::BLANK
    }
}

/// The same, but not in a transaction.
const fn no_multi(spec: Spec) -> Spec {
    Spec { flags: spec.flags.and(Flags::NO_MULTI), ..spec }
}

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: no_multi(spec("save", 1, "", "Make a snapshot of the keys.")),
        run: Run::Reply(|node, _, _, out| {
            node.make_snapshot();
            out.note(Fact::Logged(Notice::Saved));
            Reply::ok()
        }),
    },
    NodeRow {
        spec: spec("bgsave", -1, "[SCHEDULE]", "Make a snapshot of the keys aside."),
        run: Run::Reply(|node, _, args, out| match &args[1..] {
            [] => node.save_and_say(out),
            [word] if word.eq_ignore_ascii_case(b"SCHEDULE") => node.save_and_say(out),
            _ => Reply::syntax_error(),
        }),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
            tips: &["nondeterministic_output"],
            categories: Some(Categories::ADMIN.and(Categories::DANGEROUS)),
            ..spec("lastsave", 1, "", "When the last snapshot was made.")
        },
        run: Run::Reply(|node, _, _, _| Reply::Integer(node.disk.saved_at_s as i64)),
    },
    NodeRow {
        spec: Spec {
            flags: Flags::ADMIN
                .and(Flags::NOSCRIPT)
                .and(Flags::LOADING)
                .and(Flags::STALE)
                .and(Flags::NO_MULTI)
                .and(Flags::ALLOW_BUSY),
            ..spec("shutdown", -1, "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]", "End the process.")
        },
        run: Run::Answer(shutdown),
    },
];

impl Node {
    fn save_and_say(&mut self, out: &mut Effects) -> Reply {
        self.save_aside(out);
        Reply::simple("Background saving started")
    }
}

fn shutdown(node: &mut Node, _: crate::words::ConnId, args: &[Bytes], out: &mut Effects) -> Answer {
    let mut words: Vec<String> =
        args[1..].iter().map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).collect();
    let mut take = |word: &str| {
        let before = words.len();
        words.retain(|known| known != word);
        words.len() < before
    };
    let (save, no_save) = (take("save"), take("nosave"));
    let (now, abort) = (take("now"), take("abort"));
    let force = take("force");
    if !words.is_empty() || (save && no_save) || (abort && (save || no_save || now || force)) {
        return Reply::syntax_error().into();
    }
    if abort {
        return node.abort_shutdown().into();
    }
    let save = match (save, no_save) {
        (true, _) => Save::Yes,
        (false, true) => Save::No,
        (false, false) => Save::IfThereArePoints,
    };
    out.note(Fact::Logged(Notice::ShutdownAsked));
    let (ready, all) = node.replication.ready_to_close();
    if now || ready == all {
        node.close(save, out);
    } else {
        node.await_replicas(save, out);
    }
    Answer::Nothing
}

impl Node {
    fn await_replicas(&mut self, save: Save, out: &mut Effects) {
        let until_ms = self.now_ms() + self.config.shutdown_timeout_s * 1_000;
        out.note(Fact::Logged(Notice::WaitsForReplicas));
        self.disk.closing = Some(Closing { until_ms, save });
        self.pause_clients(Purpose::Shutdown, Kind::Writes, u64::MAX);
        self.replication.want_acks();
    }

    fn abort_shutdown(&mut self) -> Reply {
        if self.disk.closing.take().is_none() {
            return Reply::error("ERR No shutdown in progress.");
        }
        self.unpause_clients(Purpose::Shutdown);
        Reply::ok()
    }
}
