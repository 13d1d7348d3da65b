//! Clusters for the tests of the stage's parts, as the lab shows them.

use hashslot_core::lesson::Stage as Founding;
use hashslot_core::words::Span;

use crate::lab::{Answer, Ask, Lab, Request, Shown};

/// A cluster as the lab shows it, after these lines.
pub fn shown(masters: u16, replicas: u16, lines: &[&str]) -> (Shown, Founding) {
    let source = format!(
        "---\nformat: 1\nredis: \"7.0\"\ntitle: T\nabout: A.\nminutes: 1\n\
         misconception: \"M.\"\ncluster: {{ masters: {masters}, replicas: {replicas}, \
         node-timeout: 5s }}\n---\n\n# T\n\nText.\n"
    );
    let mut lab = Lab::default();
    let mut ask = |ask| lab.handle(Request { id: 1, ask }).remove(0).answer;
    let opened = ask(Ask::OpenText { file: "t.md".to_owned(), source });
    let Answer::Opened { lesson, mut shown, .. } = opened else { panic!("it opens: {opened:?}") };
    for line in lines {
        match ask(Ask::Do { line: (*line).to_owned() }) {
            Answer::Did { .. } => {}
            other => panic!("{line}: {other:?}"),
        }
        let Answer::Shown(now) = ask(Ask::Seek { elapsed: Span::MAX }) else {
            panic!("the present is shown")
        };
        shown = now;
    }
    (*shown, lesson.front.cluster.clone())
}
