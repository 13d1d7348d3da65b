//! Scripts at random: a cluster that might have been, and then what no cluster would say.

use hashslot_core::node::{Flags, Manual};
use hashslot_core::words::{Dice, slot_of_key};

use super::script::{Claim, Link, NODE, PEERS, PLAYERS, Pieces, STRANGER, Said, Script, Step};

/// Entries of gossip in a message, at most.
const ENTRIES: u64 = 3;
/// Calls of a client; names in braces are ids.
const CALLS: [&str; 33] = [
    "CLUSTER SETSLOT SLOT NODE {node}",
    "CLUSTER SETSLOT SLOT NODE PEER",
    "CLUSTER SETSLOT SLOT IMPORTING PEER",
    "CLUSTER SETSLOT SLOT MIGRATING PEER",
    "CLUSTER SETSLOT SLOT STABLE",
    "CLUSTER ADDSLOTS SLOT",
    "CLUSTER DELSLOTS SLOT",
    "CLUSTER FLUSHSLOTS",
    "CLUSTER BUMPEPOCH",
    "CLUSTER SET-CONFIG-EPOCH 3",
    "CLUSTER FORGET PEER",
    "CLUSTER REPLICATE PEER",
    "CLUSTER FAILOVER",
    "CLUSTER FAILOVER FORCE",
    "CLUSTER FAILOVER TAKEOVER",
    "CLUSTER COUNT-FAILURE-REPORTS PEER",
    "CLUSTER REPLICAS PEER",
    "CLUSTER RESET SOFT",
    "CLUSTER SAVECONFIG",
    "CLUSTER COUNTKEYSINSLOT SLOT",
    "CLUSTER SLOTS",
    "CLUSTER SHARDS",
    "CONFIG SET cluster-require-full-coverage yes",
    "CONFIG SET cluster-require-full-coverage no",
    "CONFIG SET cluster-allow-reads-when-down yes",
    "CONFIG SET cluster-allow-reads-when-down no",
    "SET KEY 1",
    "SET KEY 2",
    "GET KEY",
    "DEL KEY",
    "ASKING",
    "READONLY",
    "FLUSHALL",
];

/// To which of several orphans a replica migrates follows from the order of a hash table.
const NOBODY_MIGRATES: (&str, &str) = ("cluster-migration-barrier", "100");

/// A script of so many steps after its beginning.
pub fn script(dice: &mut Dice, length: usize) -> Script {
    let mut author = Author { claims: beginning(dice), dice };
    let known = author.claims.clone();
    let last_vote = author.below(known[NODE].current_epoch + 1);
    let mut steps: Vec<Step> = PEERS.map(|by| author.greeting(by)).collect();
    while steps.len() < PEERS.len() + length {
        match author.below(16) {
            0 => steps.extend(author.succession()),
            _ => steps.push(author.step()),
        }
    }
    let mut settings = vec![NOBODY_MIGRATES];
    if dice.below(2) == 0 {
        settings.push(("cluster-replica-validity-factor", "0"));
    }
    if dice.below(2) == 0 {
        settings.push(("cluster-allow-replica-migration", "no"));
    }
    Script { known, last_vote, settings, steps }
}

/// Masters with slots and their replicas, as nodes.conf would have them; the node is one of either.
fn beginning(dice: &mut Dice) -> Vec<Claim> {
    let players = PLAYERS - 1;
    let current_epoch = 3 + dice.below(6);
    let is_master = |player: usize, dice: &mut Dice| match player {
        NODE => dice.below(2) > 0,
        1 => true,
        _ => dice.below(3) > 0,
    };
    let masters: Vec<usize> = (0..players).filter(|&player| is_master(player, dice)).collect();
    let pick = |dice: &mut Dice| masters[dice.below(masters.len() as u64) as usize];
    let mut claims: Vec<Claim> = (0..players)
        .map(|player| {
            let claim = Claim::master(current_epoch, 1 + dice.below(current_epoch), &[]);
            if masters.contains(&player) { claim } else { claim.replica_of(pick(dice)) }
        })
        .collect();
    for piece in 0..Pieces::COUNT {
        if dice.below(8) > 0 {
            let owner = pick(dice);
            claims[owner].pieces = claims[owner].pieces.with(piece);
        }
    }
    claims
}

/// A key in the first slot of a piece.
fn key_in(piece: usize) -> String {
    let is_there =
        |key: &String| u64::from(slot_of_key(key.as_bytes()).number()) == Pieces::first_slot(piece);
    let mut keys = (0..).map(|number| format!("k{number}"));
    keys.find(is_there).expect("every slot has keys")
}

/// Who thinks out what happens next.
struct Author<'a> {
    /// What each peer says of itself by now.
    claims: Vec<Claim>,
    dice: &'a mut Dice,
}

impl Author<'_> {
    fn below(&mut self, limit: u64) -> u64 {
        self.dice.below(limit)
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.dice.below(chance) == 0
    }

    fn peer(&mut self) -> usize {
        PEERS.start + self.below(PEERS.len() as u64) as usize
    }

    /// Of those that the node may know.
    fn player(&mut self) -> usize {
        self.below(PEERS.end as u64) as usize
    }

    fn piece(&mut self) -> usize {
        self.below(Pieces::COUNT as u64) as usize
    }

    /// A peer answers the node's first ping: it is what nodes.conf says.
    fn greeting(&mut self, by: usize) -> Step {
        let mut claim = self.claims[by];
        if let Some(master) = claim.master {
            // Replicas state the epoch and the slots of their masters.
            claim.config_epoch = self.claims[master].config_epoch;
            claim.pieces = self.claims[master].pieces;
        }
        self.claims[by] = claim;
        Step::Say { by, link: Link::Nodes, claim, said: Said::Pong(Vec::new()) }
    }

    /// The node may succeed its master, if it is a replica, and is voted for.
    fn succession(&mut self) -> Vec<Step> {
        let master = self.claims[NODE].master.unwrap_or(NODE);
        let (by, epoch) = (self.peer(), self.greatest_epoch() + 2);
        let first = match self.below(2) {
            0 => Step::Ask("CLUSTER FAILOVER FORCE".to_owned()),
            _ => self.plain(by, Said::Fail(master)),
        };
        let voters: Vec<usize> = PEERS.filter(|_| self.below(4) > 0).collect();
        let votes = voters.into_iter().map(|by| {
            self.claims[by].current_epoch = epoch;
            self.plain(by, Said::AuthAck)
        });
        let votes: Vec<Step> = votes.collect();
        std::iter::once(first).chain(votes).collect()
    }

    fn plain(&self, by: usize, said: Said) -> Step {
        Step::Say { by, link: Link::Peers, claim: self.claims[by], said }
    }

    fn greatest_epoch(&self) -> u64 {
        self.claims.iter().map(|claim| claim.current_epoch).max().unwrap_or_default()
    }

    fn step(&mut self) -> Step {
        match self.below(40) {
            0..=9 => Step::Ask(self.call()),
            10 => Step::Suspect,
            11 => self.hang_up(),
            _ => self.say(),
        }
    }

    fn hang_up(&mut self) -> Step {
        let link = if self.one_in(2) { Link::Nodes } else { Link::Peers };
        Step::HangUp { by: self.peer(), link }
    }

    fn call(&mut self) -> String {
        let call = CALLS[self.below(CALLS.len() as u64) as usize];
        let peer = ["{a}", "{b}", "{c}", "{d}", "{e}"][self.peer() - PEERS.start];
        let slot = Pieces::first_slot(self.piece()).to_string();
        let key = key_in(self.piece());
        let words = call.split(' ').map(|word| match word {
            "PEER" => peer,
            "SLOT" => &slot,
            "KEY" => &key,
            other => other,
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn say(&mut self) -> Step {
        let by = self.peer();
        for _ in 0..self.below(3) {
            self.change(by);
        }
        let mut claim = self.claims[by];
        if self.one_in(20) {
            claim.manual = if self.one_in(2) { Manual::Paused } else { Manual::ForceAck };
        }
        claim.has_moved = self.one_in(40);
        let said = match self.below(20) {
            0..=6 => Said::Ping(self.gossip()),
            7 if self.one_in(2) => Said::Meet(self.gossip()),
            7 => Said::Ping(self.gossip()),
            8..=11 => Said::Pong(self.gossip()),
            12..=13 => Said::Fail(self.player()),
            14..=15 => {
                claim.current_epoch = self.greatest_epoch() + self.below(2);
                self.claims[by].current_epoch = claim.current_epoch;
                if self.one_in(2) {
                    claim.manual = Manual::ForceAck;
                }
                Said::AuthRequest
            }
            16 => {
                claim.current_epoch += 2;
                self.claims[by].current_epoch = claim.current_epoch;
                Said::AuthAck
            }
            17..=18 => Said::Update {
                // Nobody tells a node of itself.
                about: self.peer(),
                config_epoch: self.near(claim.config_epoch),
                pieces: Pieces(self.below(1 << Pieces::COUNT) as u8),
            },
            _ => Said::MfStart,
        };
        let link = match said {
            Said::Pong(_) => Link::Nodes,
            _ => Link::Peers,
        };
        Step::Say { by, link, claim, said }
    }

    /// Something is different with a peer from now on.
    fn change(&mut self, by: usize) {
        let mut claim = self.claims[by];
        match self.below(11) {
            0..=1 => claim.current_epoch += self.below(3),
            2..=4 => claim.config_epoch = self.near(claim.config_epoch),
            5..=7 => {
                let piece = self.piece();
                let has = claim.pieces.has(piece);
                let pieces = claim.pieces;
                claim.pieces = if has { pieces.without(piece) } else { pieces.with(piece) };
            }
            8 => {
                let master = self.player();
                claim.master = (master != by).then_some(master);
            }
            9 if self.one_in(4) => claim.flags = Flags::NOFAILOVER,
            10 => claim.has_hostname = !claim.has_hostname,
            _ => claim.master = None,
        }
        self.claims[by] = claim;
    }

    /// An epoch like those that are about.
    fn near(&mut self, epoch: u64) -> u64 {
        (epoch + self.below(6)).saturating_sub(2)
    }

    fn gossip(&mut self) -> Vec<(usize, Flags)> {
        (0..self.below(ENTRIES + 1)).map(|_| self.entry()).collect()
    }

    fn entry(&mut self) -> (usize, Flags) {
        let player = if self.one_in(12) { STRANGER } else { self.player() };
        let role = if self.one_in(2) { Flags::MASTER } else { Flags::REPLICA };
        let more = match self.below(24) {
            0..=5 => Flags::PFAIL,
            6..=11 => Flags::FAIL,
            // Nobody tells of nodes in handshake.
            12 => Flags::NOADDR,
            13 => Flags::MIGRATE_TO,
            14 => Flags::NOFAILOVER,
            _ => Flags::NONE,
        };
        (player, role.with(more))
    }
}
