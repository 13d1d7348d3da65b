//! Every template of the English sentences is used, and with exactly the fields that it names.
//!
//! Most of them are said in the golden scripts; what none of those says is built by hand here.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{Found, each, scripts};
use hashslot_core::view::{Names, Sentence, english, sentence_of};
use hashslot_digest::Script;

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

#[test]
fn templates_are_sorted_and_their_braces_are_closed() {
    assert!(english::TEMPLATES.is_sorted_by(|one, other| one.0 < other.0));
    for (_, template) in english::TEMPLATES {
        fields_of(template);
    }
}

#[test]
fn every_template_is_used_with_its_fields() {
    let said: Vec<Sentence> = each(&scripts(), said_in).into_iter().flatten().collect();
    let mistakes: BTreeSet<String> = said.iter().filter_map(mistake).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    let used: BTreeSet<&str> = said.iter().map(|sentence| sentence.key.as_str()).collect();
    let unused: Vec<&str> =
        english::TEMPLATES.iter().map(|(key, _)| *key).filter(|key| !used.contains(key)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}
