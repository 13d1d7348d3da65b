//! Replica migration: a replica goes where one is missing.
//!
//! The problem: a master whose last replica died has no heir, while another has two. The idea: of
//! the masters with the most replicas, one gives one away, and everybody finds out alone which.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCron, clusterHandleSlaveMigration`), at every tick of a
//! replica. An *orphan* is a master with slots, not FAIL, without a replica that is not FAIL, which
//! may be migrated to: it once had a replica, or got its slots when some master had one.
//! 1. There is an orphan, my master has as many replicas that are not FAIL as any other, at least
//!    two, and `cluster-allow-replica-migration` is on.
//! 2. My state is ok.
//! 3. My master has more than `cluster-migration-barrier` replicas that are neither FAIL nor PFAIL.
//! 4. Of all replicas of all masters with that many, mine is the smallest id.
//! 5. The first orphan in the table has been one, as often as this was asked, for more than 5 s:
//!    its own replicas may still be about to tell that they changed sides.
//!
//! Nothing goes back by itself when the dead replica returns.

use super::Node;
use super::bus::Health;
use super::fact::{Fact, MigrationRefused, ReplicaReason};
use super::peers::{Flags, MYSELF, PeerIdx, Peers};
use super::port::Effects;
use crate::words::NodeId;

/// Why a replica did not migrate when it last asked itself, so that it is noted once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Migration {
    refused: Option<(NodeId, MigrationRefused)>,
    /// The last census, and the version of the peers of which it is.
    census: Option<(u64, Census)>,
}

/// What one round over the peers tells of masters and their replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    orphans: usize,
    /// The most replicas that are not FAIL at one master.
    most: usize,
    /// How many this node's own master has.
    mine: usize,
}

impl Node {
    /// Counts orphans and replicas, if this node is a replica.
    pub(super) fn count_orphans(&mut self) -> Census {
        let version = self.peers.version();
        match self.migration.census {
            Some((at, census)) if at == version => census,
            Some(_) | None => {
                let census = self.take_census();
                self.migration.census = Some((version, census));
                census
            }
        }
    }

    fn take_census(&self) -> Census {
        let mut census = Census::default();
        let me = self.peers.me();
        if !me.is_replica() {
            return census;
        }
        for &index in self.peers.indices() {
            let uncounted = Flags::FAIL.with(Flags::NOADDR).with(Flags::HANDSHAKE);
            let peer = &self.peers[index];
            if !peer.is_master() || peer.flags.any(uncounted) {
                continue;
            }
            let replicas = living_replicas(&self.peers, index);
            let orphan = replicas == 0 && peer.serves() && peer.flags.any(Flags::MIGRATE_TO);
            census.orphans += usize::from(orphan);
            census.most = census.most.max(replicas);
            if me.master == Some(index) {
                census.mine = replicas;
            }
        }
        census
    }

    /// All rules; `census` is of this tick.
    pub(super) fn consider_migration(&mut self, census: &Census, out: &mut Effects) {
        let allowed = self.config.allow_replica_migration.is_on();
        if census.orphans == 0 || census.most < 2 || census.mine != census.most || !allowed {
            self.migration.refused = None;
            return;
        }
        let Err(why) = self.may_leave() else {
            self.look_for_orphan(census.most, out);
            return;
        };
        if let Some(orphan) = self.first_orphan() {
            self.note_refused_migration(orphan, why, out);
        }
    }

    /// Rules 2 and 3.
    fn may_leave(&self) -> Result<(), MigrationRefused> {
        if self.state.health() != Health::Ok {
            return Err(MigrationRefused::StateFail);
        }
        let barrier = self.config.migration_barrier;
        let left = self.peers.me().master.map_or(0, |master| {
            let doubted = Flags::FAIL.with(Flags::PFAIL);
            let replicas = self.peers.replicas_of(master);
            replicas.filter(|&replica| !self.peers[replica].flags.any(doubted)).count() as u64
        });
        if left <= barrier {
            return Err(MigrationRefused::Barrier { left, barrier });
        }
        Ok(())
    }

    /// Rules 4 and 5; remembers since when each orphan is one.
    fn look_for_orphan(&mut self, most: usize, out: &mut Effects) {
        let now_ms = self.now_ms();
        for index in self.peers.indices().to_vec() {
            let orphaned = self.is_orphan(index).then_some(now_ms);
            let known = self.peers.cold(index).seldom().orphaned_ms;
            let first = known.is_none();
            let since_ms = orphaned.map(|now_ms| known.unwrap_or(now_ms));
            if since_ms != known {
                self.peers.cold_mut(index).seldom_mut().orphaned_ms = since_ms;
            }
            let serves = self.peers[index].serves();
            if first && orphaned.is_some() && serves {
                out.note(Fact::OrphanSeen { master: self.peers[index].id });
            }
        }
        let Some(orphan) = self.first_orphan() else { return };
        let candidate = self.candidate(most);
        if candidate != MYSELF {
            let who = self.peers[candidate].id;
            return self.note_refused_migration(orphan, MigrationRefused::AnotherGoes { who }, out);
        }
        let since_ms = self.peers.cold(orphan).seldom().orphaned_ms.unwrap_or(now_ms);
        if now_ms.saturating_sub(since_ms) > self.profile.migration_delay_ms {
            self.become_replica_of(orphan, ReplicaReason::Migration, out);
        }
    }

    /// A master that may be migrated to and has no replica that lives; it need not serve.
    fn is_orphan(&self, index: PeerIdx) -> bool {
        let peer = &self.peers[index];
        let has_replica = peer.is_master() && living_replicas(&self.peers, index) > 0;
        let unfit = peer.flags.any(Flags::REPLICA.with(Flags::FAIL));
        peer.flags.any(Flags::MIGRATE_TO) && !unfit && !has_replica
    }

    fn first_orphan(&self) -> Option<PeerIdx> {
        let serves = |index: PeerIdx| self.peers[index].serves();
        let orphan = |&index: &PeerIdx| self.is_orphan(index) && serves(index);
        self.peers.indices().iter().copied().find(orphan)
    }

    /// Rule 4: the smallest id of all replicas of the masters that have the most; FAIL ones too.
    fn candidate(&self, most: usize) -> PeerIdx {
        let rich = |&index: &PeerIdx| {
            self.peers[index].is_master() && living_replicas(&self.peers, index) == most
        };
        let masters = self.peers.indices().iter().copied().filter(rich);
        let replicas = masters.flat_map(|master| self.peers.replicas_of(master));
        replicas.min_by_key(|&replica| self.peers[replica].id).unwrap_or(MYSELF)
    }

    fn note_refused_migration(
        &mut self,
        orphan: PeerIdx,
        why: MigrationRefused,
        out: &mut Effects,
    ) {
        let master = self.peers[orphan].id;
        if self.migration.refused != Some((master, why)) {
            self.migration.refused = Some((master, why));
            out.note(Fact::MigrationRefused { master, why });
        }
    }
}

/// The replicas of a master that are not FAIL (`clusterCountNonFailingSlaves`).
fn living_replicas(peers: &Peers, master: PeerIdx) -> usize {
    peers.replicas_of(master).filter(|&replica| !peers[replica].is_fail()).count()
}
