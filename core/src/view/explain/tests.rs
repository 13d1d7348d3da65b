//! Chains of causes, as they are told.

use super::*;
use crate::view::sentence_of;
use crate::world::session::Session;
use crate::world::setup::Setup;
use crate::world::step::{Port, Step};

/// The chain behind the last event whose sentence has this in it: each line, and beside it in
/// brackets what was part of the reason.
fn chain(masters: u16, replicas: u16, lines: &[&str], last: &str) -> Vec<String> {
    let mut setup = Setup { masters, replicas, seed: 7, ..Setup::default() };
    setup.config.node_timeout_ms = 2_000;
    let mut session = Session::new(setup);
    for line in lines {
        session.apply(&Step::parse(line).unwrap());
    }
    let (trace, names) = (session.trace(), Names::of(session.world()));
    let say = |at: usize| sentence_of(trace.get(at).unwrap(), &names).english();
    let found = (trace.start()..trace.len()).rev().find(|&at| say(at).contains(last));
    let found = found.unwrap_or_else(|| panic!("nothing says: {last}"));
    let line = |because: &Because| {
        let also: Vec<String> = because.also.iter().map(|&at| say(at)).collect();
        match also.is_empty() {
            true => say(because.position),
            false => format!("{} [{}]", say(because.position), also.join(" | ")),
        }
    };
    why(trace, &names, found).iter().map(line).collect()
}

fn has(chain: &[String], words: &[&str]) {
    let mut lines = chain.iter();
    for word in words {
        assert!(lines.any(|line| line.contains(word)), "no `{word}` in its place: {chain:#?}");
    }
    assert!(chain.len() <= LINES_MAX);
}

#[test]
fn a_refused_vote_leads_to_the_vote_that_was_given_and_the_request() {
    let lines = [
        "$ roll 7004 election-delay 500ms",
        "$ roll 7007 election-delay 900ms",
        "$ drop auth-ack 7000 -> 7004",
        "$ drop auth-ack 7002 -> 7004",
        "$ kill 7001",
        "$ run 8s",
    ];
    let chain = chain(3, 2, &lines, "too recently");
    has(&chain, &["refuses 7007", "votes for 7004", "7004 asks every master", "FAIL"]);
    assert!(chain[0].contains("[7007 asks every master"), "{chain:#?}");
}

#[test]
fn a_failed_election_says_who_voted_and_who_did_not() {
    let lines = [
        "$ drop auth-ack 7000 -> 7004",
        "$ kill 7001",
        "$ run until 7004 sees 7001 fail",
        "$ run 8s",
    ];
    let chain = chain(3, 1, &lines, "gives up its election");
    has(&chain, &["1 vote", "asks every master", "will ask for votes", "FAIL"]);
    assert!(chain[0].contains("has the vote of 7002"), "{chain:#?}");
    assert!(chain[0].contains("has no vote: only masters"), "{chain:#?}");
}

#[test]
fn a_quorum_that_was_missed_leads_to_the_silence() {
    let lines = ["$ pause 7001", "$ run 6s"];
    let chain = chain(5, 1, &lines, "may not mark 7001 FAIL");
    has(&chain, &["may not mark", "marks 7001 PFAIL", "process of 7001 stands still"]);
}

#[test]
fn an_election_that_may_not_be_leads_to_the_setting_that_forbids_it() {
    let lines = [
        "$ config 7004 cluster-replica-no-failover yes",
        "$ kill 7001",
        "$ run until 7004 sees 7001 fail",
        "$ run 2s",
    ];
    let chain = chain(3, 1, &lines, "set never to");
    has(&chain, &["never", "You: $ config 7004 cluster-replica-no-failover yes"]);
}

#[test]
fn an_answer_that_nobody_wants_has_a_reason() {
    let down = ["$ kill 7001", "$ run until 7000 cluster fail", "7000> GET foo"];
    let found = chain(3, 0, &down, "gets an answer: (error) CLUSTERDOWN");
    has(&found, &["CLUSTERDOWN", "7001 has failed", "marks 7001 FAIL", "PFAIL", "is gone"]);

    let moved = ["$ kill 7001", "$ run until 7004 is master", "$ run 1s", "7000> GET user:1"];
    let found = chain(3, 1, &moved, "gets an answer: (error) MOVED");
    has(&found, &["MOVED", "are 7004's now", "7004 is master now", "wins the election"]);

    let found = chain(3, 1, &["$ kill 7001", "7001> GET a"], "cannot connect to 7001");
    has(&found, &["cannot connect", "The process of 7001 is gone"]);
}

#[test]
fn a_redirect_in_a_migration_leads_to_the_keys_that_went_and_to_the_word_of_a_person() {
    let id = |port: u16| {
        let setup = Setup { masters: 3, replicas: 0, seed: 7, ..Setup::default() };
        let session = Session::new(setup);
        session.world().node(Port::new(port).unwrap()).unwrap().id()
    };
    let importing = format!("7001> CLUSTER SETSLOT 5061 IMPORTING {}", id(7000));
    let migrating = format!("7000> CLUSTER SETSLOT 5061 MIGRATING {}", id(7001));
    let taken = format!("7001> CLUSTER SETSLOT 5061 NODE {}", id(7001));
    let open = ["7000> SET bar 1", &importing, &migrating, "7000> GET {bar}2"];
    let found = chain(3, 0, &open, "gets an answer: (error) ASK");
    has(&found, &["ASK", "7000 migrates slot 5061 to 7001"]);

    let moved = [&open[..], &["7000> MIGRATE 127.0.0.1 7001 bar 0 1000", "7000> GET bar"]];
    let found = chain(3, 0, &moved.concat(), "gets an answer: (error) ASK");
    has(&found, &["ASK", "7000 deletes 1 key of slot 5061: 7001 has them now"]);

    let done = [&moved.concat()[..], &[&taken, "$ run 100ms", "7000> GET bar"]].concat();
    let found = chain(3, 0, &done, "gets an answer: (error) MOVED");
    has(&found, &["MOVED", "1 slot of 7000 are 7001's now"]);
}

#[test]
fn a_lost_write_leads_to_the_promotion() {
    let lines = [
        "$ workload 50/s keys 20",
        "$ run 1s",
        "$ drop replication 7001 -> 7004",
        "$ run 300ms",
        "$ kill 7001",
        "$ run until 7004 is master",
    ];
    let chain = chain(3, 1, &lines, "Lost: a write");
    has(&chain, &["Lost", "7004 is master now", "wins the election"]);
}

#[test]
fn a_fault_between_others_explains_nothing() {
    let lines = ["$ pause 7001", "$ cut 7003 <-> 7005", "$ run 5s"];
    let chain = chain(3, 1, &lines, "7000 marks 7001 PFAIL");
    has(&chain, &["PFAIL", "process of 7001 stands still"]);
}
