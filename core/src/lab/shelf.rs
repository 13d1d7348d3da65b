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
        id: "first-five-minutes",
        file: "00-first-five-minutes.md",
        source: include_str!("../../../docs/lessons/en/00-first-five-minutes.md"),
    },
    Shelf {
        id: "hash-slots",
        file: "01-hash-slots.md",
        source: include_str!("../../../docs/lessons/en/01-hash-slots.md"),
    },
    Shelf {
        id: "create-a-cluster",
        file: "02-create-a-cluster.md",
        source: include_str!("../../../docs/lessons/en/02-create-a-cluster.md"),
    },
    Shelf {
        id: "redirects",
        file: "03-redirects.md",
        source: include_str!("../../../docs/lessons/en/03-redirects.md"),
    },
    Shelf {
        id: "failure-detection",
        file: "07-failure-detection.md",
        source: include_str!("../../../docs/lessons/en/07-failure-detection.md"),
    },
    Shelf {
        id: "a-master-dies",
        file: "08-a-master-dies.md",
        source: include_str!("../../../docs/lessons/en/08-a-master-dies.md"),
    },
    Shelf {
        id: "planned-failover",
        file: "09-planned-failover.md",
        source: include_str!("../../../docs/lessons/en/09-planned-failover.md"),
    },
    Shelf {
        id: "moving-slots",
        file: "10-moving-slots.md",
        source: include_str!("../../../docs/lessons/en/10-moving-slots.md"),
    },
];

impl Shelf {
    /// The lesson of this id, or of this number in the course (`8`, `08`).
    pub fn find(name: &str) -> Option<&'static Shelf> {
        SHELF.iter().find(|shelved| {
            let number = name.parse::<u16>().ok();
            shelved.id == name || shelved.file == name || number == Some(shelved.number())
        })
    }

    /// The lesson's place in the course.
    fn number(&self) -> u16 {
        let digits = self.file.split('-').next().and_then(|digits| digits.parse().ok());
        digits.expect("the file of a lesson begins with its number")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_stand_in_the_order_of_the_course_and_are_found_by_number() {
        assert!(SHELF.is_sorted_by_key(Shelf::number));
        for shelved in SHELF {
            let number = shelved.number();
            let found = |name: &str| Shelf::find(name).map(|found| found.id);
            assert_eq!(found(&number.to_string()), Some(shelved.id));
            assert_eq!(found(&format!("{number:02}")), Some(shelved.id));
            assert_eq!(found(shelved.file), Some(shelved.id));
        }
        assert!(Shelf::find("").is_none());
    }
}
