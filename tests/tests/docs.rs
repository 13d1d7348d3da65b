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
