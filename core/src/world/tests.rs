//! What a world promises: it forms a cluster, repeats itself exactly, and fails the way TCP does.

use super::event::What;
use super::step::{Line, Step};
use super::*;
use crate::node::{Fact, Health, Kind};

fn setup(seed: u64) -> Setup {
    let mut setup = Setup { seed, ..Setup::default() };
    setup.config.node_timeout_ms = 2_000;
    setup
}

/// A formed cluster, and a full trace of what is done to it.
struct Lab {
    world: World,
    trace: Trace,
}

impl Lab {
    fn new() -> Lab {
        Lab { world: World::formed(setup(1)), trace: Trace::new(Level::Full) }
    }

    fn play(&mut self, lines: &[&str]) {
        for line in lines {
            match line.parse() {
                Ok(Line::Step(step)) => drop(self.world.apply(&step, &mut self.trace)),
                other => panic!("{line} is no step: {other:?}"),
            }
        }
    }

    /// All facts since the cluster has formed: when (ms), at which node, what.
    fn facts(&self) -> Vec<(u64, String, Fact)> {
        let fact = |event: &Event| match &event.kind {
            EventKind::Fact(fact) => Some((
                event.at.since(self.world.origin()).millis(),
                self.world.name(event.id.owner).to_owned(),
                (**fact).clone(),
            )),
            _ => None,
        };
        self.trace.from(0).filter_map(fact).collect()
    }

    fn refusals(&self) -> usize {
        self.trace.from(0).filter(|e| matches!(e.kind, EventKind::Refused(_))).count()
    }

    fn pfail_at(&self, by: &str) -> Option<u64> {
        let is_pfail = |fact: &Fact| matches!(fact, Fact::PfailSet { .. });
        self.facts().iter().find(|(_, at, fact)| at == by && is_pfail(fact)).map(|fact| fact.0)
    }
}

#[test]
fn empty_nodes_know_nobody_and_form_a_cluster_only_by_hand() {
    let setup = Setup { masters: 0, replicas: 0, empty: 3, ..setup(2) };
    let mut world = World::formed(setup);
    let mut trace = Trace::new(Level::Off);
    world.run_for(Span::from_secs(30), &mut trace);
    assert_eq!(world.servers().count(), 3);
    for (_, _, server) in world.servers() {
        assert_eq!(server.node.beliefs().count(), 1);
        assert_eq!(server.node.health(), Health::Fail);
    }
}

#[test]
fn a_cluster_forms_by_itself() {
    let world = World::formed(setup(1));
    assert!(world.holds(&condition::Condition::Settled));
    assert!(world.origin() < Time::from_millis(60_000), "{:?}", world.origin());
    let slots = |port| world.node(Port::new(port).unwrap()).unwrap().own_slots().len();
    assert_eq!([7000, 7001, 7002, 7003].map(slots), [5461, 5462, 5461, 0]);
}

#[test]
fn a_cluster_forms_whatever_its_size_and_timeout() {
    for (masters, replicas, timeout) in [(1, 0, 2_000), (3, 0, 15_000), (3, 2, 5_000), (5, 1, 500)]
    {
        let mut setup = Setup { masters, replicas, ..setup(3) };
        setup.config.node_timeout_ms = timeout;
        let world = World::formed(setup);
        assert!(world.holds(&condition::Condition::Settled));
    }
}

#[test]
fn a_run_repeats_itself_at_every_level_of_trace() {
    let run = |level| {
        let mut world = World::formed(setup(9));
        let mut trace = Trace::new(level);
        for line in ["$ workload 50/s keys 20", "$ run 3s", "$ kill 7001", "$ run 10s"] {
            let step: Step = line.parse().unwrap();
            world.apply(&step, &mut trace);
        }
        (world.digest(), world.next_id(ActorId(0)), trace)
    };
    let full = run(Level::Full);
    assert_eq!((full.0, full.1), (run(Level::Full).0, run(Level::Off).1));
    assert_eq!(full.0, run(Level::Off).0);
    let facts = run(Level::Facts);
    let kept = full.2.from(0).filter(|event| !event.kind.is_traffic());
    assert!(facts.2.from(0).eq(kept), "facts have the same names and causes");
}

#[test]
fn a_clone_has_the_same_future() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1500ms", "$ cut 7000 -> 7001", "$ run 1700ms"]);
    let mut copy = Lab { world: lab.world.clone(), trace: lab.trace.clone() };
    lab.play(&["$ heal", "$ run 10s"]);
    copy.play(&["$ heal", "$ run 10s"]);
    assert_eq!(lab.world.digest(), copy.world.digest());
    assert!(lab.trace.from(0).eq(copy.trace.from(0)));
}

#[test]
fn every_cause_is_an_earlier_event() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1s", "$ kill 7001", "$ run until 7004 is master"]);
    let start = lab.trace.get(0).map(|event| event.at);
    for (position, event) in lab.trace.from(0).enumerate() {
        let Some(cause) = event.cause else { continue };
        match lab.trace.position(cause) {
            Some(before) => assert!(before < position, "{event:?}"),
            None => assert_eq!(start.map(|at| event.at.since(at).millis() < 50), Some(true)),
        }
    }
}

#[test]
fn the_news_of_a_promotion_is_40_ms_late() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1s", "$ kill 7001", "$ run until 7004 is master", "$ run 1s"]);
    let facts = lab.facts();
    let when = |wanted: fn(&Fact) -> bool, at: &str| {
        facts.iter().find(|(_, name, fact)| name == at && wanted(fact)).map(|fact| fact.0)
    };
    let promoted = when(|fact| matches!(fact, Fact::BecameMaster { .. }), "7004").unwrap();
    let heard = when(|fact| matches!(fact, Fact::SlotsMoved { .. }), "7000").unwrap();
    assert!((39..=50).contains(&(heard - promoted)), "{promoted} {heard}");
}

#[test]
fn a_cut_of_one_way_makes_both_masters_suspicious() {
    for wait in ["200ms", "1400ms", "7s"] {
        let mut lab = Lab::new();
        lab.play(&[&format!("$ run {wait}"), "$ cut 7000 -> 7001"]);
        let cut_at = lab.world.elapsed().millis();
        lab.play(&["$ run 5s"]);
        let starved = lab.pfail_at("7001").unwrap() - cut_at;
        let other = lab.pfail_at("7000").unwrap() - cut_at;
        assert!((2_000..=3_200).contains(&starved), "{starved}");
        assert!((2_000..=3_400).contains(&other), "{other}");
    }
}

#[test]
fn a_cut_of_700_ms_loses_nothing() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1s", "$ cut 7000 <-> 7001", "$ run 700ms", "$ heal", "$ run 5s"]);
    assert!(lab.facts().is_empty(), "{:?}", lab.facts());
}

#[test]
fn a_replication_link_survives_a_cut_of_6_seconds() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1s", "$ workload 50/s keys 20", "$ run 1s"]);
    lab.play(&["$ cut 7001 <-> 7004", "$ run 6s", "$ heal", "$ workload off", "$ run 10s"]);
    let lost = |fact: &Fact| matches!(fact, Fact::MasterLinkLost { .. } | Fact::SyncAsked { .. });
    assert!(!lab.facts().iter().any(|(_, _, fact)| lost(fact)), "{:?}", lab.facts());
    let offset = |port| lab.world.node(Port::new(port).unwrap()).unwrap().replication().offset();
    assert_eq!(offset(7001), offset(7004));
}

#[test]
fn a_paused_process_answers_when_it_goes_on() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1s", "$ pause 7000", "7000> PING"]);
    let (_, client) = lab.world.client(&ClientName::Node(Port::new(7000).unwrap())).unwrap();
    assert_eq!(client.unanswered(), 1);
    lab.play(&["$ resume 7000", "$ run 10ms"]);
    let (_, client) = lab.world.client(&ClientName::Node(Port::new(7000).unwrap())).unwrap();
    assert_eq!(client.unanswered(), 0);
    assert_eq!(lab.refusals(), 0);
}

#[test]
fn a_process_that_goes_on_looks_at_its_clock_before_it_reads() {
    let mut lab = Lab::new();
    lab.play(&["$ run 1s", "$ pause 7000", "$ run 1500ms"]);
    let since = lab.trace.len();
    lab.play(&["$ resume 7000"]);
    let events: Vec<&EventKind> = lab
        .trace
        .from(since)
        .filter(|event| lab.world.name(event.id.owner) == "7000")
        .map(|event| &event.kind)
        .collect();
    let heard = events.iter().position(|kind| matches!(kind, EventKind::Received { .. })).unwrap();
    let is_ping = |kind: &&EventKind| {
        matches!(kind, EventKind::Sent { what: What::Bus { kind: Kind::Ping, .. }, .. })
    };
    assert_eq!(events[..heard].iter().filter(|kind| is_ping(kind)).count(), 5);
    assert_eq!(events[heard..].iter().filter(|kind| is_ping(kind)).count(), 0);
}

#[test]
fn a_killed_node_comes_back_as_itself_and_a_stranger_without_its_file() {
    let mut lab = Lab::new();
    let id = |lab: &Lab| lab.world.node(Port::new(7004).unwrap()).unwrap().id();
    let before = id(&lab);
    lab.play(&["$ kill 7004", "$ run 1s", "$ restart 7004", "$ run 20s"]);
    assert_eq!(id(&lab), before);
    assert!(lab.world.holds(&condition::Condition::Settled));
    lab.play(&["$ crash 7004", "$ run 1s", "$ restart 7004 without nodes.conf", "$ run 1s"]);
    assert_ne!(id(&lab), before);
    assert_eq!(lab.refusals(), 0);
}

#[test]
fn senseless_steps_are_refused_with_a_hint() {
    let mut lab = Lab::new();
    let senseless = ["$ kill 9999", "$ restart 7000", "$ resume 7000"];
    lab.play(&senseless);
    lab.play(&[
        "$ add node 7001",
        "nobody> PING",
        "$ workload off",
        "$ config 7000 no-such-thing 1",
    ]);
    assert_eq!(lab.refusals(), 7);
    lab.play(&["$ kill 7000", "$ kill 7000", "$ pause 7000"]);
    assert_eq!(lab.refusals(), 9);
}

#[test]
fn a_command_takes_a_round_trip() {
    let mut lab = Lab::new();
    lab.play(&["7000> PING"]);
    assert!((1..=2).contains(&lab.world.elapsed().millis()), "{:?}", lab.world.elapsed());
    lab.play(&["$ kill 7000", "7000> PING"]);
    assert!(lab.world.elapsed().millis() < 10);
}

#[test]
fn history_is_small() {
    let mut lab = Lab::new();
    lab.play(&["$ run 60s"]);
    assert!(lab.trace.bytes() / 60 < 20_000, "{}", lab.trace.bytes() / 60);
}
