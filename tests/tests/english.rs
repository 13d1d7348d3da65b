//! Every template of the English sentences is used, and with exactly the fields that it names.
//!
//! Most of them are said in the golden scripts; what none of those says is built by hand here.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};

use hashslot_core::node::{
    ElectionImpossible, Fact, FullSyncReason, HandoverRefused, Health, ReplicaReason, StateReason,
    UpdateIgnored, VoteIgnored, VoteRefused,
};
use hashslot_core::view::{Names, Sentence, english, sentence_of};
use hashslot_core::words::{ActorId, Addr, EventId, NodeId, Slot, Time};
use hashslot_core::world::client::{ClientNote, Failure, Redirect, Then, Timing};
use hashslot_core::world::event::{Event, EventKind};
use hashslot_core::world::hazard::{Hazard, LostHow};
use hashslot_digest::Script;
use hashslot_tests::scripts::{Found, each, scripts};

/// The names in braces.
fn fields_of(template: &str) -> BTreeSet<&str> {
    let pieces = template.split('{').skip(1);
    pieces.map(|piece| piece.split_once('}').unwrap().0).collect()
}

/// What is wrong with a sentence, if anything is.
fn mistake(sentence: &Sentence) -> Option<String> {
    let Some(template) = english::template(&sentence.key) else {
        return Some(format!("there is no template {}", sentence.key));
    };
    let given: Vec<&str> = sentence.fields.iter().map(|(name, _)| name.as_str()).collect();
    let distinct: BTreeSet<&str> = given.iter().copied().collect();
    let is_exact = distinct == fields_of(template) && distinct.len() == given.len();
    (!is_exact).then(|| format!("{} is given {given:?} for {template:?}", sentence.key))
}

/// The sentences of a script's whole trace, one for each template.
fn said_in(found: &Found) -> Vec<Sentence> {
    let played = Script::parse(&found.name, &found.source).unwrap().play();
    let session = played.player.session();
    let names = Names::of(session.world());
    let mut keys = BTreeSet::new();
    let trace = session.trace();
    let all = trace.from(trace.start()).map(|event| sentence_of(event, &names));
    all.filter(|sentence| mistake(sentence).is_some() || keys.insert(sentence.key.clone()))
        .collect()
}

fn id() -> NodeId {
    NodeId::parse(&[b'a'; 40]).unwrap()
}

/// What is too rare for a script.
fn rare_facts() -> Vec<Fact> {
    let (peer, to, from, of, about, master) = (id(), id(), id(), id(), id(), id());
    let addr = Addr::loopback(7001);
    let slot = Slot::new(866).unwrap();
    vec![
        Fact::AddressChanged { peer, to: addr, by: None },
        Fact::AddressChanged { peer, to: addr, by: Some(from) },
        Fact::BecameReplica { of, why: ReplicaReason::ByCommand },
        Fact::BecameReplica { of, why: ReplicaReason::SubReplica },
        Fact::ElectionImpossible { master, why: ElectionImpossible::MasterWithoutSlots },
        Fact::ElectionImpossible { master, why: ElectionImpossible::WaitingDelay { left_ms: 1 } },
        Fact::FailIgnored { from, about: peer },
        Fact::FullSyncStarted { replica: addr, why: FullSyncReason::FirstSync },
        Fact::HandoverRefused { by: from, why: HandoverRefused::UnknownSender },
        Fact::RankRaised { rank: 1, added_ms: 1_000 },
        Fact::StateChanged { to: Health::Fail, why: StateReason::SlotUnassigned(slot) },
        Fact::UpdateIgnored { about, why: UpdateIgnored::AboutMyself },
        Fact::UpdateIgnored { about, why: UpdateIgnored::UnknownSender },
        Fact::UpdateIgnored { about, why: UpdateIgnored::UnknownNode },
        Fact::VoteIgnored { from, why: VoteIgnored::OldEpoch { vote: 1, election: 2 } },
        Fact::VoteIgnored { from, why: VoteIgnored::NoElection },
        Fact::VoteIgnored { from, why: VoteIgnored::NotAVoter },
        Fact::VoteRefused { to, why: VoteRefused::OldEpoch { request: 1, mine: 2 } },
        Fact::VoteRefused { to, why: VoteRefused::IsMaster },
        Fact::VoteRefused { to, why: VoteRefused::SlotEpoch { slot, owner: 2, request: 1 } },
        Fact::VoteRefused { to, why: VoteRefused::UnknownMaster },
    ]
}

fn rare_notes() -> Vec<ClientNote> {
    let node = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7001);
    let (slot, then, timing) = (Slot::new(866).unwrap(), Then::GivesUp, Timing::InTime);
    vec![
        ClientNote::Redirected { kind: Redirect::Ask, slot, to: node, host: None, timing },
        ClientNote::Failed { node, how: Failure::Closed, then, timing },
        ClientNote::Failed { node, how: Failure::ConnectTimeout, then, timing },
    ]
}

fn rare_hazards() -> Vec<Hazard> {
    let by = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7001);
    let lost = |how| Hazard::WriteLost {
        key: 1,
        value: 2,
        acknowledged_by: by,
        acknowledged_at: Time::ZERO,
        found: None,
        owner: id(),
        how,
    };
    vec![
        lost(LostHow::FullSync),
        lost(LostHow::OutdatedMaster),
        Hazard::StaleRead { by, key: 1, value: None, acknowledged: 2 },
    ]
}

fn said_of_rare_events() -> Vec<Sentence> {
    let facts = rare_facts().into_iter().map(|fact| EventKind::Fact(fact.into()));
    let notes = rare_notes().into_iter().map(|note| EventKind::Client(note.into()));
    let hazards = rare_hazards().into_iter().map(|hazard| EventKind::Hazard(hazard.into()));
    let names = Names::default();
    let event = |kind| {
        let id = EventId { owner: ActorId(0), count: 1 };
        Event { id, at: Time::ZERO, cause: None, changed: false, kind }
    };
    facts.chain(notes).chain(hazards).map(|kind| sentence_of(&event(kind), &names)).collect()
}

#[test]
fn templates_are_sorted_and_their_braces_are_closed() {
    assert!(english::TEMPLATES.is_sorted_by(|one, other| one.0 < other.0));
    for (_, template) in english::TEMPLATES {
        fields_of(template);
    }
}

#[test]
fn every_template_is_used_with_its_fields() {
    let in_scripts = each(&scripts(), said_in).into_iter().flatten();
    let said: Vec<Sentence> = in_scripts.chain(said_of_rare_events()).collect();
    let mistakes: BTreeSet<String> = said.iter().filter_map(mistake).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    let used: BTreeSet<&str> = said.iter().map(|sentence| sentence.key.as_str()).collect();
    let unused: Vec<&str> =
        english::TEMPLATES.iter().map(|(key, _)| *key).filter(|key| !used.contains(key)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}
