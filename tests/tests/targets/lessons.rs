//! A lesson holds in containers; whether all do, and how they compare, is for `replay`.

use std::sync::Arc;

use hashslot::live::{Cluster, Options, Target, play};
use hashslot_core::lab::{SHELF, setup_of};
use hashslot_core::lesson::{Colour, Lesson, render_all};
use hashslot_tests::live::engine::docker;

/// It shows redirects of all kinds, and so that addresses and ids are put into its own terms.
const LESSON: &str = "redirects";

#[test]
fn a_lesson_holds_in_containers() {
    let Some(docker) = docker() else { return };
    let shelved = SHELF.iter().find(|one| one.file.contains(LESSON)).expect("it is on the shelf");
    let lesson = Arc::new(Lesson::parse(shelved.file, shelved.source).expect("it is read"));
    let setup = setup_of(&lesson.front);
    let options = Options::new(setup.config.node_timeout_ms);
    let cluster = Cluster::on(&Target::Docker(docker), &setup, options);
    let mut cluster = cluster.unwrap_or_else(|trouble| panic!("{trouble}"));
    let findings = play(Arc::clone(&lesson), &mut cluster, |_, _, _| {});
    let found: Vec<_> = findings.iter().map(|finding| finding.diagnostic(&lesson)).collect();
    assert!(found.is_empty(), "{}", render_all(&found, Colour::Plain));
}
