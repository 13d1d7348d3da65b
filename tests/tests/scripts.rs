//! Every golden script shows what its first line claims.
//!
//! `scripts/<concern>/<behaviour_as_a_claim>.txt`; how they are read is told in
//! `digest/src/lib.rs`. To rewrite what they expect, run the test with `UPDATE_GOLDEN=1` and read
//! the difference; `SCRIPT` picks those whose path contains its value.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use hashslot_core::lesson::{Colour, render_all};
use hashslot_digest::Script;
use hashslot_tests::scripts::{Found, each, scripts};

/// As many there are at least.
const SCRIPTS_MIN: usize = 80;

#[test]
fn every_script_shows_its_claim() {
    let wanted = std::env::var("SCRIPT").unwrap_or_default();
    let chosen: Vec<Found> =
        scripts().into_iter().filter(|found| found.name.contains(&wanted)).collect();
    assert!(!chosen.is_empty(), "no script's path contains {wanted:?}");
    let wrong: Vec<String> = each(&chosen, play).into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} scripts differ\n\n{}", wrong.len(), wrong.join("\n"));
}

/// What differs in one script, if anything does.
fn play(found: &Found) -> Option<String> {
    let script = match Script::parse(&found.name, &found.source) {
        Ok(script) => script,
        Err(mistakes) => return Some(render_all(&mistakes, Colour::Plain)),
    };
    let played = script.play();
    if played.findings.is_empty() {
        return None;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let updated = script.updated(&played).expect("codes may change");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        fs::write(folder.join(&found.name), updated).unwrap();
        return None;
    }
    Some(render_all(&played.findings, Colour::Plain))
}

#[test]
fn every_script_is_named_and_opened_by_a_claim() {
    let scripts = scripts();
    assert!(scripts.len() >= SCRIPTS_MIN, "there are {}", scripts.len());
    for Found { name, source, .. } in scripts {
        let is_named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/".contains(c);
        let stem = name.strip_suffix(".txt").unwrap();
        assert!(stem.chars().all(is_named), "{name}: lower case, digits and _ only");
        assert!(stem.split('/').count() == 2, "{name}: one folder for each concern");
        let claim = source.lines().next().unwrap();
        assert!(claim.starts_with("# ") && claim.ends_with('.'), "{name}: `# A sentence.`");
        assert!(!source.contains("$ digest"), "{name}: a digest is no claim");
        assert!(source.ends_with('\n') && !source.ends_with("\n\n"), "{name}: one newline ends it");
    }
}
