//! A node among false peers: what is said to it on the bus, true or not.

use std::collections::BTreeMap;

use hashslot_core::node::{Flags, Manual};
use hashslot_core::words::Dice;
use hashslot_tests::bus::many::{play_all, shrink};
use hashslot_tests::bus::play::play;
use hashslot_tests::bus::random;
use hashslot_tests::bus::script::{Claim, Link, PEERS, Pieces, Said, Script, Step};
use hashslot_tests::real::RealServer;

const A: usize = 1;
const B: usize = 2;
const D: usize = 4;

/// Scripts in every run, and the steps of each after the greetings.
const SCRIPTS: u64 = 48;
const STEPS: usize = 30;

/// What must be said or logged in a run, or the scripts reach too little.
const MOMENTS: [&str; 12] = [
    "hears pong",
    "hears fail",
    "hears auth-req",
    "hears auth-ack",
    "hears update",
    "hears mfstart",
    "Failover auth denied",
    "Failover auth granted",
    "Failover election won",
    "configEpoch collision",
    "Clear FAIL state",
    "Address updated",
];

/// How many scripts are played: a tenth of `HASHSLOT_SEEDS` if it is set.
fn count() -> u64 {
    let seeds = std::env::var("HASHSLOT_SEEDS");
    seeds.map_or(SCRIPTS, |text| text.parse::<u64>().expect("HASHSLOT_SEEDS is a number") / 10)
}

fn first_seed() -> u64 {
    let seed = std::env::var("HASHSLOT_SEED");
    seed.map_or(0, |text| text.parse().expect("HASHSLOT_SEED is a number"))
}

#[test]
fn whatever_is_said_a_node_believes_and_answers_what_a_real_one_does() {
    // Said once, not by each script.
    if !RealServer::is_installed() {
        return;
    }
    let seeds = first_seed()..first_seed() + count();
    let dice = |seed| Dice::new(seed, "a node among false peers", 0);
    let scripts: Vec<Script> =
        seeds.clone().map(|seed| random::script(&mut dice(seed), STEPS)).collect();
    let (mut by_chance, mut crashes) = (0, 0);
    let mut moments: BTreeMap<&str, usize> = MOMENTS.iter().map(|what| (*what, 0)).collect();
    for ((seed, script), result) in seeds.zip(&scripts).zip(play_all(&scripts)) {
        let Some(played) = result.expect("sockets and files work") else { return };
        for line in played.seen.iter().flatten() {
            let seen = moments.iter_mut().filter(|(what, _)| line.contains(**what));
            seen.for_each(|(_, times)| *times += 1);
        }
        if let Some(last_words) = played.crash {
            eprintln!("seed {seed}: the real node crashed: {last_words}");
            crashes += 1;
        }
        let Some(found) = played.found else { continue };
        eprintln!("seed {seed} differs after step {}: {found:#?}", found.at);
        match shrink(script, &found) {
            Some(script) => panic!("seed {seed} differs again:\n{script}in this: {found:#?}"),
            None => by_chance += 1,
        }
    }
    assert!(by_chance * 10 <= scripts.len(), "{by_chance} scripts differed, and not so again");
    assert!(crashes * 20 <= scripts.len(), "the real node crashed {crashes} times");
    let scripts = scripts.len();
    println!("{scripts} scripts, {by_chance} differed, and not so again, {crashes} crashes");
    println!("{moments:#?}");
    let is_all_seen = moments.values().all(|times| *times > 0) || count() < SCRIPTS;
    assert!(is_all_seen, "something never happened: {moments:#?}");
}

/// A node that owns slots 101 to 5460 at `config_epoch`, and masters without slots.
fn node_at(config_epoch: u64, steps: Vec<Step>) -> Script {
    let mut known = vec![Claim::master(60, config_epoch, &[2])];
    known.extend(PEERS.map(|_| Claim::master(60, 0, &[])));
    Script { known, last_vote: 0, settings: Vec::new(), steps }
}

fn says(by: usize, claim: Claim, said: Said) -> Step {
    Step::Say { by, link: Link::Peers, claim, said }
}

fn pings(by: usize, claim: Claim) -> Step {
    says(by, claim, Said::Ping(Vec::new()))
}

fn asks(line: &str) -> Step {
    Step::Ask(line.to_owned())
}

/// Both nodes do the same, and after the last step all this can be seen.
fn ends_with(script: &Script, expected: &[&str]) {
    let played = play(script).expect("sockets and files work");
    let Some(played) = played else { return };
    assert!(played.found.is_none(), "{script}{:#?}", played.found);
    let last = played.seen.last().expect("a script has steps");
    for expected in expected {
        assert!(last.iter().any(|line| line.contains(expected)), "{expected}\n{last:#?}");
    }
}

/// A master that has become a replica, and corrects somebody before its next ping, holds the epoch
/// of its new master for its old claims: the owner is told that they are the other's.
#[test]
fn an_update_raises_the_epoch_of_a_former_master_but_not_its_role() {
    let old = Said::Update { about: B, config_epoch: 0, pieces: Pieces::default() };
    let script = node_at(
        1,
        vec![
            pings(A, Claim::master(60, 5, &[0])),
            says(A, Claim::master(60, 9, &[]).replica_of(B), old),
            pings(B, Claim::master(60, 7, &[0])),
        ],
    );
    ends_with(&script, &["update of {a} epoch=9 slots=0-99"]);
}

/// A slot that its owner no longer claims is marked, and SETSLOT leaves the mark: whoever claims it
/// next may have it, at whatever epoch.
#[test]
fn setslot_keeps_a_slot_unclaimed() {
    let script = node_at(
        50,
        vec![
            pings(A, Claim::master(60, 5, &[0, 1])),
            pings(A, Claim::master(60, 5, &[0])),
            asks("CLUSTER SETSLOT 100 NODE {node}"),
            pings(B, Claim::master(60, 7, &[1])),
        ],
    );
    ends_with(&script, &["master - 7 connected 100"]);
}

/// Such a slot does not hinder a vote either, however old the candidate's epoch is.
#[test]
fn an_unclaimed_slot_does_not_hinder_a_vote() {
    let candidate = |current_epoch| Claim::master(current_epoch, 2, &[1]).replica_of(A);
    let forced = Claim { manual: Manual::ForceAck, ..candidate(61) };
    let script = node_at(
        50,
        vec![
            pings(A, Claim::master(60, 5, &[0, 1])),
            pings(A, Claim::master(60, 5, &[0])),
            pings(B, candidate(60)),
            says(B, forced, Said::AuthRequest),
        ],
    );
    ends_with(&script, &["2 hears auth-ack"]);
}

/// Whom gossip tells of is known, but written down only when something else is.
#[test]
fn a_node_that_gossip_tells_of_is_not_written_down_for_that() {
    let told = Said::Ping(vec![(6, Flags::MASTER)]);
    let script = node_at(50, vec![says(A, Claim::master(60, 0, &[]), told)]);
    ends_with(&script, &["CLUSTER NODES: {stranger}"]);
}

/// A manual failover that ends well is still under way when the new master tells everybody.
#[test]
fn a_takeover_says_paused() {
    let mut script = node_at(50, vec![asks("CLUSTER FAILOVER TAKEOVER")]);
    script.known[0] = Claim::master(60, 0, &[]).replica_of(A);
    ends_with(&script, &["mflags=1"]);
}

/// A replica that goes to an orphaned master does not write that down: if it ends before anything
/// else changes, it comes back as its old master's.
#[test]
fn a_migration_is_not_written_down() {
    let mut script = node_at(0, Vec::new());
    let shard = Claim::master(60, 9, &[0]);
    let orphan = Claim::master(60, 8, &[2]);
    let told = [shard, orphan, shard.replica_of(A), shard.replica_of(A), shard.replica_of(A)];
    script.known = [shard.replica_of(A)].into_iter().chain(told).collect();
    script.known.iter_mut().filter(|claim| claim.master.is_some()).for_each(|claim| {
        claim.pieces = Pieces::default();
    });
    let greets = |(by, claim): (usize, Claim)| Step::Say {
        by,
        link: Link::Nodes,
        claim,
        said: Said::Pong(Vec::new()),
    };
    script.steps = PEERS.zip(told).map(greets).collect();
    script.steps.extend((0..10).map(|_| pings(A, shard)));
    let (believed, written) = ("{node} myself,slave {b} 8", "{node} myself,slave {a} 9");
    ends_with(&script, &[&format!("CLUSTER NODES: {believed}"), &format!("nodes.conf: {written}")]);
}

/// A replica that owns a slot deletes the slot's keys when somebody else takes it; here it has them
/// from when it was a master.
#[test]
fn a_replica_deletes_the_keys_of_a_slot_of_its_own() {
    let shard = Claim::master(60, 9, &[2]);
    let script = node_at(
        5,
        vec![
            asks("SET hello world"),
            pings(A, shard),
            asks("CLUSTER DELSLOTS 866"),
            asks("CLUSTER ADDSLOTS 866"),
            asks("CLUSTER COUNTKEYSINSLOT 866"),
            pings(A, Claim { config_epoch: 12, ..shard }),
            asks("CLUSTER COUNTKEYSINSLOT 866"),
        ],
    );
    ends_with(&script, &[":0"]);
}

/// A message tells that one node fails, which everybody hears, and where another one is, whose link
/// is freed: what was just said on that link does not leave.
#[test]
fn what_is_said_on_a_link_that_is_freed_does_not_leave() {
    let moved = Claim { has_moved: true, ..Claim::master(60, 0, &[]) };
    let failing = Flags::MASTER.with(Flags::FAIL);
    let told = Said::Ping(vec![(D, failing), (B, Flags::MASTER)]);
    let script = node_at(
        50,
        vec![pings(B, moved), Step::Suspect, says(A, Claim::master(60, 5, &[0]), told)],
    );
    ends_with(&script, &["* Marking node {d} as failing (quorum reached)."]);
}
