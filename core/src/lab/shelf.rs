//! The lessons that come with the program.

use super::answer::Shelved;
use crate::lesson::Lesson;

/// A lesson in the program.
pub struct Shelf {
    /// How it is called in commands and links.
    pub id: &'static str,
    pub file: &'static str,
    pub source: &'static str,
}

/// All of them, in the order of the course.
pub const SHELF: &[Shelf] = &[
    Shelf {
        id: "redirects",
        file: "03-redirects.md",
        source: include_str!("../../../docs/lessons/en/03-redirects.md"),
    },
    Shelf {
        id: "a-master-dies",
        file: "08-a-master-dies.md",
        source: include_str!("../../../docs/lessons/en/08-a-master-dies.md"),
    },
];

impl Shelf {
    /// The lesson of this id, or of this number in the course (`8`, `08`).
    pub fn find(name: &str) -> Option<&'static Shelf> {
        SHELF.iter().find(|shelved| {
            let number = shelved.file.split('-').next().unwrap_or_default();
            shelved.id == name
                || shelved.file == name
                || number == name
                || number.trim_start_matches('0') == name
        })
    }

    /// What the index of lessons shows.
    pub fn describe(&self) -> Shelved {
        let lesson = Lesson::parse(self.file, self.source);
        let front = lesson.expect("a test plays every lesson on the shelf").front;
        Shelved {
            id: self.id.to_owned(),
            title: front.title,
            about: front.about,
            minutes: front.minutes,
        }
    }
}
