//! What the browser remembers: how far each lesson was played, and which was open last.
//!
//! Progress is the text of the lab itself, as in a shared link, so that taking a lesson up again is
//! opening a link. A browser that keeps nothing (a private window, a frame without storage) just
//! begins anew each time.

use gloo::utils::window;
use web_sys::Storage;

const LAST: &str = "hashslot last";
const THEME: &str = "hashslot theme";

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A storage that is full or forbidden keeps nothing; the page goes on without.
        let _ = storage.set_item(key, value);
    }
}

fn key_of(lesson: &str) -> String {
    format!("hashslot lesson {lesson}")
}

/// How far a lesson is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub is_done: bool,
    /// The lab as a text.
    pub link: String,
}

impl Progress {
    /// What is remembered of a lesson.
    pub fn of(lesson: &str) -> Option<Progress> {
        Progress::read(&get(&key_of(lesson))?)
    }

    fn read(text: &str) -> Option<Progress> {
        let (is_done, link) = text.split_once(' ')?;
        Some(Progress { is_done: is_done == "done", link: link.to_owned() })
    }

    /// Remembers it; a lesson that was once played to its end stays done.
    pub fn keep(mut self, lesson: &str) {
        self.is_done |= Progress::of(lesson).is_some_and(|before| before.is_done);
        set(LAST, lesson);
        set(&key_of(lesson), &self.write());
    }

    fn write(&self) -> String {
        format!("{} {}", if self.is_done { "done" } else { "begun" }, self.link)
    }
}

/// The lesson that was open last.
pub fn last_lesson() -> Option<String> {
    get(LAST)
}

/// The theme that was chosen: `light` or `dark`; nothing follows the system.
pub fn theme() -> Option<String> {
    get(THEME).filter(|theme| !theme.is_empty())
}

/// Chooses a theme, and shows it.
pub fn set_theme(theme: &str) {
    set(THEME, theme);
    show_theme();
}

/// Shows the theme that was chosen.
pub fn show_theme() {
    let Some(root) = gloo::utils::document().document_element() else { return };
    // The element exists, and the attribute is a plain name.
    let _ = match theme() {
        Some(theme) => root.set_attribute("data-theme", &theme),
        None => root.remove_attribute("data-theme"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_word_and_a_link() {
        let progress = Progress { is_done: true, link: "lab=2.abc".to_owned() };
        assert_eq!(Progress::read(&progress.write()), Some(progress));
        assert_eq!(Progress::read("nonsense"), None);
    }
}
