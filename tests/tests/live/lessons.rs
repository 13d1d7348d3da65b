//! Every shipped lesson on real nodes: what it says of its steps is what redis-server does.
//!
//! All lessons play at once, each on a cluster of its own, at real speed: the longest one decides
//! how long this takes. Here time is real: a timer of a node may fire between two steps that follow
//! each other at once. So a lesson that fails is played again, alone, and has to hold then: a rule
//! that is wrong prints something else every time.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use hashslot::live::{Cluster, Program, play};
use hashslot_core::lab::{SHELF, setup_of};
use hashslot_core::lesson::{Block, Colour, Lesson, render_all};
use hashslot_core::world::step::{Line, Step};
use hashslot_tests::live::{can_cut, program};

/// Plays a lesson on processes; its mistakes, if there are any.
fn mistakes(program: &Program, lesson: &Arc<Lesson>) -> Option<String> {
    let begun = Instant::now();
    let mut cluster = match Cluster::start(program, &setup_of(&lesson.front)) {
        Ok(cluster) => cluster,
        Err(trouble) => return Some(format!("{}: {trouble}", lesson.front.title)),
    };
    let findings = play(Arc::clone(lesson), &mut cluster, |_, _, _| {});
    println!("{:<30} {:>4} s", lesson.front.title, begun.elapsed().as_secs());
    let found: Vec<_> = findings.iter().map(|finding| finding.diagnostic(lesson)).collect();
    (!found.is_empty()).then(|| render_all(&found, Colour::Plain))
}

fn cuts(lesson: &Lesson) -> bool {
    let is_cut = |line: &Line| matches!(line, Line::Step(Step::Cut { .. } | Step::Partition(_)));
    let labs = lesson.blocks.iter().filter_map(|block| match block {
        Block::Lab(lab) => Some(lab),
        _ => None,
    });
    labs.flat_map(|lab| &lab.exchanges).any(|exchange| is_cut(&exchange.action))
}

#[test]
fn every_shipped_lesson_holds_on_real_nodes() {
    let Some(program) = program() else { return };
    let lessons = SHELF.iter().map(|shelved| {
        let lesson = Lesson::parse(shelved.file, shelved.source);
        Arc::new(lesson.expect("a test reads every lesson"))
    });
    let lessons: Vec<_> = lessons.filter(|lesson| !cuts(lesson) || can_cut()).collect();
    let failed: Vec<(&Arc<Lesson>, String)> = thread::scope(|scope| {
        let program = &program;
        let play = |lesson| (lesson, scope.spawn(move || mistakes(program, lesson)));
        let playing: Vec<_> = lessons.iter().map(play).collect();
        let ends = playing.into_iter().map(|(lesson, one)| (lesson, one.join()));
        let ends = ends.map(|(lesson, end)| (lesson, end.expect("a lesson panicked")));
        ends.filter_map(|(lesson, found)| Some((lesson, found?))).collect()
    });
    let again = |(lesson, first): (&Arc<Lesson>, String)| {
        println!("played again, alone, because of this:\n{first}");
        mistakes(&program, lesson).map(|second| format!("{first}\n{second}"))
    };
    let found: Vec<String> = failed.into_iter().filter_map(again).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
