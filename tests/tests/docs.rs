//! What the documents name exists: the folders of scripts, the files, the links between pages.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The README and every page of `docs/`.
fn pages() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("docs")).unwrap();
    let pages = entries.map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        pages.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// What stands between each `before` and the next `after`.
fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

#[test]
fn fidelity_names_folders_of_scripts_that_exist() {
    let text = read(&root().join("docs/FIDELITY.md"));
    let named: Vec<&str> =
        between(&text, "`scripts/", '`').filter(|name| *name != "NAME").collect();
    assert!(named.len() > 50, "the table names {} folders", named.len());
    for name in named {
        let folder = root().join("tests/scripts").join(name);
        let scripts = fs::read_dir(&folder).map(Iterator::count).unwrap_or(0);
        assert!(scripts > 0, "docs/FIDELITY.md names scripts/{name}, which has no scripts");
    }
}

/// The cells of each row of the table of rules, from `checked by` on.
fn checks(text: &str) -> impl Iterator<Item = &str> {
    let rules = text.lines().filter(|line| line.starts_with('|') && line.matches('|').count() >= 6);
    rules.filter_map(|row| row.splitn(5, '|').nth(4))
}

/// Whether a name in the table stands for something that is there: a folder of golden scripts, a
/// recorded transcript, a file of tests, or a source file with tests at its end.
fn is_there(name: &str) -> bool {
    if let Some(transcript) = name.strip_prefix("transcripts/") {
        return root().join(format!("tests/transcripts/{transcript}.txt")).is_file();
    }
    match name.strip_prefix("scripts/") {
        Some(_) => root().join("tests").join(name).is_dir(),
        None => root().join(name).is_file() || root().join("core/src").join(name).is_file(),
    }
}

#[test]
fn fidelity_names_tests_and_transcripts_that_exist() {
    let text = read(&root().join("docs/FIDELITY.md"));
    let is_path = |name: &&str| name.contains('/') && !name.contains('*') && !name.contains("NAME");
    let named: Vec<&str> = checks(&text)
        .flat_map(|cells| cells.split('`').skip(1).step_by(2))
        .filter(is_path)
        .collect();
    let compared = named.iter().filter(|name| !name.starts_with("scripts/")).count();
    assert!(compared > 100, "the table names {compared} tests and transcripts");
    for name in named {
        assert!(is_there(name), "docs/FIDELITY.md names {name}, which is not there");
    }
    assert!(!is_there("scripts/nothing") && !is_there("transcripts/99-nothing"));
    assert!(!is_there("tests/tests/nothing.rs"));
}

#[test]
fn fidelity_tells_of_every_rule_that_an_explanation_names() {
    let text = read(&root().join("docs/FIDELITY.md"));
    for rule in hashslot_core::view::RULES {
        assert!(text.contains(&format!("`{rule}`")), "docs/FIDELITY.md does not tell of {rule}");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in pages() {
        let text = read(&page);
        for link in between(&text, "](", ')') {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let target = page.parent().unwrap().join(path);
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
        }
    }
}
