//! Manual failover: a replica takes over because its user says so.
//!
//! The problem: a master is to be stopped for maintenance, without the loss of a write and without
//! waiting until everybody believes that it is dead. The idea: the master holds writes back and
//! says at which offset; its replica waits until it has processed that much, and only then asks for
//! votes, with a mark that its master may well be alive.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCommand, clusterSendMFStart, clusterProcessPacket,
//! clusterHandleManualFailover, manualFailoverCheckTimeout, resetManualFailover`):
//! 1. CLUSTER FAILOVER at a replica: it sends MFSTART to its master.
//! 2. The master, if the sender is a replica of its own, holds writes of clients back (for 10 s at
//!    most), does not expire keys and sends no replication PING, so that its offset stands still.
//!    It pings the replica at once and at every tick; its messages say *paused*.
//! 3. The replica takes the offset of the first such message. When it has processed that much, its
//!    election may start: before sleep, not at the next tick, and without a delay.
//! 4. FORCE: the election may start at the next tick; the master is not asked. Votes still are.
//! 5. TAKEOVER: a new config epoch without consensus, and the replica is master at once.
//! 6. What has not succeeded within 5 s is given up, on either side. Who becomes a master or a
//!    replica ends it too. A master that ends it lets the writes go on.

use bytes::Bytes;

use super::Node;
use super::bus::{Body, Header, Kind, Manual};
use super::command::wrong_subcommand;
use super::fact::{Fact, FailoverWay, HandoverRefused};
use super::pause::{Kind as Hold, Purpose};
use super::peers::PeerIdx;
use super::port::Effects;
use crate::data::Reply;
use crate::words::{ConnId, NodeId};

/// The manual failover that a node takes part in, if any.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ManualFailover {
    under_way: Option<UnderWay>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    ends_ms: u64,
    /// The master to be succeeded, or the replica that is to succeed.
    with: NodeId,
    part: Part,
}

/// What a node does in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The replica waits to be told the offset at which its master paused.
    Asked,
    /// The replica processes what it lacks up to this offset.
    CatchesUp { offset: u64 },
    /// The replica's election may start, once it was told that offset or at once.
    Starts { is_told: bool },
    /// The master hands over.
    HandsOver,
}

/// The part of a replica that asks nobody.
const AT_ONCE: Part = Part::Starts { is_told: false };

impl ManualFailover {
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether a replica's election may start although its master has not failed.
    pub(super) fn may_start(&self) -> bool {
        matches!(self.under_way, Some(UnderWay { part: Part::Starts { .. }, .. }))
    }
}

/// CLUSTER FAILOVER \[FORCE | TAKEOVER\].
pub(super) fn command(node: &mut Node, _: ConnId, args: &[Bytes], out: &mut Effects) -> Reply {
    let way = match &args[2..] {
        [] => FailoverWay::Plain,
        [word] if word.eq_ignore_ascii_case(b"FORCE") => FailoverWay::Force,
        [word] if word.eq_ignore_ascii_case(b"TAKEOVER") => FailoverWay::Takeover,
        [_] => return Reply::error("ERR syntax error"),
        _ => return wrong_subcommand(args),
    };
    node.fail_over(way, out)
}

impl Node {
    /// CLUSTER FAILOVER, in one of its forms.
    fn fail_over(&mut self, way: FailoverWay, out: &mut Effects) -> Reply {
        let master = match self.judge_failover(way) {
            Ok(master) => master,
            Err(error) => return Reply::error(error),
        };
        self.end_manual_failover();
        let id = self.peers[master].id;
        let scope = out.begin(Fact::FailoverAccepted { master: id, way });
        match way {
            FailoverWay::Plain => {
                self.take_part(id, Part::Asked);
                if let Some(link) = self.peers[master].link {
                    let message = self.message(Body::MfStart);
                    self.send_message(link, message, out);
                }
            }
            FailoverWay::Force => self.take_part(id, AT_ONCE),
            FailoverWay::Takeover => {
                self.take_part(id, AT_ONCE);
                self.bump_epoch_alone(out);
                self.replace_master(master, out);
            }
        }
        out.end(scope);
        Reply::ok()
    }

    /// The master to be succeeded; the error is the reply.
    fn judge_failover(&self, way: FailoverWay) -> Result<PeerIdx, &'static str> {
        let me = self.peers.me();
        if me.is_master() {
            return Err("ERR You should send CLUSTER FAILOVER to a replica");
        }
        let Some(master) = me.master else {
            return Err("ERR I'm a replica but my master is unknown to me");
        };
        let reachable = !self.peers[master].is_fail() && self.peers[master].link.is_some();
        if way == FailoverWay::Plain && !reachable {
            return Err("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE");
        }
        Ok(master)
    }

    fn take_part(&mut self, with: NodeId, part: Part) {
        let ends_ms = self.now_ms() + self.profile.manual_failover_ms;
        self.manual.under_way = Some(UnderWay { ends_ms, with, part });
    }

    /// Rule 2: MFSTART came.
    pub(super) fn on_handover_request(
        &mut self,
        conn: ConnId,
        sender: Option<PeerIdx>,
        header: &Header,
        out: &mut Effects,
    ) {
        let refused = |why| Fact::HandoverRefused { by: header.sender, why };
        let Some(sender) = sender else {
            return out.note(refused(HandoverRefused::UnknownSender));
        };
        if self.peers[sender].master != Some(super::peers::MYSELF) {
            return out.note(refused(HandoverRefused::NotMyReplica));
        }
        self.end_manual_failover();
        let replica = self.peers[sender].id;
        self.take_part(replica, Part::HandsOver);
        let offset = self.replication.offset();
        let scope = out.begin(Fact::HandoverBegun { replica, offset });
        let pause_ms = self.profile.manual_failover_ms * self.profile.manual_pause_factor;
        let until_ms = self.now_ms() + pause_ms;
        self.pause_clients(Purpose::Failover, Hold::Writes, until_ms);
        self.send_ping(conn, Kind::Ping, out);
        out.end(scope);
    }

    /// Whether this master was asked to hand over.
    pub(super) fn hands_over(&self) -> bool {
        matches!(self.manual.under_way, Some(UnderWay { part: Part::HandsOver, .. }))
    }

    /// Whether it was asked to hand over to this node.
    pub(super) fn hands_over_to(&self, id: NodeId) -> bool {
        let under_way = self.manual.under_way;
        matches!(under_way, Some(UnderWay { with, part: Part::HandsOver, .. }) if with == id)
    }

    /// Whether the stream stands still, so that its offset can be reached.
    pub(super) fn stream_stands_still(&mut self) -> bool {
        self.manual.is_under_way() && self.check_pause()
    }

    /// What this node's messages say of it: only a master's do, but for requests for votes.
    pub(super) fn manual_mark(&self) -> Manual {
        let is_paused = self.manual.is_under_way() && self.peers.me().is_master();
        if is_paused { Manual::Paused } else { Manual::None }
    }

    /// Rule 3: the first message of a master that has paused.
    pub(super) fn hear_of_pause(&mut self, sender: PeerIdx, header: &Header, out: &mut Effects) {
        let Some(UnderWay { part, .. }) = &mut self.manual.under_way else { return };
        if header.manual != Manual::Paused || self.peers.me().master != Some(sender) {
            return;
        }
        let offset = header.offset;
        *part = match *part {
            Part::Asked => Part::CatchesUp { offset },
            AT_ONCE => Part::Starts { is_told: true },
            Part::CatchesUp { .. } | Part::Starts { .. } | Part::HandsOver => return,
        };
        let (master, mine) = (self.peers[sender].id, self.replication.offset());
        out.note(Fact::MasterPaused { master, offset, mine });
        self.todo.manual_failover();
    }

    /// Rule 3: whether enough is processed; asked at every tick, and after each input until it is.
    pub(super) fn see_to_manual_failover(&mut self, out: &mut Effects) {
        let Some(UnderWay { part: part @ Part::CatchesUp { .. }, .. }) = &mut self.manual.under_way
        else {
            return;
        };
        let Part::CatchesUp { offset } = *part else { return };
        if self.replication.offset() != offset {
            return self.todo.manual_failover();
        }
        *part = Part::Starts { is_told: true };
        if let Some(master) = self.peers.me().master {
            out.note(Fact::CaughtUp { master: self.peers[master].id, offset });
        }
        self.todo.election();
    }

    /// Rule 6: it took too long.
    pub(super) fn end_late_failover(&mut self, out: &mut Effects) {
        let Some(UnderWay { ends_ms, with, .. }) = self.manual.under_way else { return };
        if ends_ms < self.now_ms() {
            let scope = out.begin(Fact::FailoverTimedOut { peer: with });
            self.end_manual_failover();
            out.end(scope);
        }
    }

    /// Rule 6: it is over, whatever came of it.
    pub(super) fn end_manual_failover(&mut self) {
        let over = self.manual.under_way.take();
        if let Some(UnderWay { part: Part::HandsOver, .. }) = over {
            self.unpause_clients(Purpose::Failover);
        }
    }
}
