//! The shipped lessons read without a mistake, and the documents keep up with the grammar.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use hashslot_core::lesson::{Block, Colour, Lesson, render_all};
use hashslot_core::world::condition::FORMS;
use hashslot_core::world::step::VERBS;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

#[test]
fn shipped_lessons_have_no_mistakes_and_ask_early() {
    let folder = fs::read_dir(docs().join("lessons/en")).unwrap();
    let mut count = 0;
    for path in folder.map(|entry| entry.unwrap().path()) {
        let source = fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_str().unwrap();
        let lesson = Lesson::parse(file, &source)
            .unwrap_or_else(|found| panic!("{}", render_all(&found, Colour::Plain)));
        let question = lesson.blocks.iter().position(|block| matches!(block, Block::Predict(_)));
        let words: usize = lesson.blocks[..question.unwrap()].iter().map(prose_words).sum();
        assert!(words <= 200, "{file}: {words} words before the first question");
        count += 1;
    }
    assert!(count >= 2);
}

/// What a newcomer sees first must cost no patience.
#[test]
fn the_first_five_minutes_are_short() {
    let file = "00-first-five-minutes.md";
    let source = fs::read_to_string(docs().join("lessons/en").join(file)).unwrap();
    let lesson = Lesson::parse(file, &source).unwrap();
    let words: usize = lesson.blocks.iter().map(prose_words).sum();
    assert!(words <= 140, "{words} words");
    let questions = lesson.blocks.iter().filter(|block| matches!(block, Block::Predict(_)));
    assert_eq!(questions.count(), 3);
}

fn prose_words(block: &Block) -> usize {
    match block {
        Block::Prose(prose) => prose.text.plain_text().split_whitespace().count(),
        _ => 0,
    }
}

#[test]
fn the_format_is_documented_row_by_row() {
    let document = fs::read_to_string(docs().join("lesson-format.md")).unwrap();
    let verbs = VERBS.iter().flat_map(|verb| [verb.usage, verb.example]);
    let forms = FORMS.iter().flat_map(|form| [form.usage, form.example]);
    for text in verbs.chain(forms) {
        let cell = format!("`{}`", text.replace('|', "\\|"));
        assert!(document.contains(&cell), "{cell} is not in lesson-format.md");
    }
}
