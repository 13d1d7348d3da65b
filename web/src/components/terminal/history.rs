//! The lines that were typed, and the keys that bring them back.

/// So many lines are remembered.
const LINES_MAX: usize = 500;

/// What was typed, oldest first, and where among it the person is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    lines: Vec<String>,
    /// The line that is shown again; nothing while a new one is typed.
    at: Option<usize>,
    /// What was typed before the person went back.
    draft: String,
}

impl History {
    /// Remembers a line that was entered; the same line twice counts once.
    pub fn add(&mut self, line: &str) {
        if self.lines.last().map(String::as_str) != Some(line) {
            self.lines.push(line.to_owned());
        }
        let surplus = self.lines.len().saturating_sub(LINES_MAX);
        self.lines.drain(..surplus);
        self.at = None;
    }

    /// The line before; nothing if this is the oldest. `typed` is kept for the way back.
    pub fn older(&mut self, typed: &str) -> Option<String> {
        let to = match self.at {
            Some(at) => at.checked_sub(1)?,
            None => {
                typed.clone_into(&mut self.draft);
                self.lines.len().checked_sub(1)?
            }
        };
        self.at = Some(to);
        self.lines.get(to).cloned()
    }

    /// The line after; after the newest, what was being typed.
    pub fn newer(&mut self) -> Option<String> {
        let to = self.at? + 1;
        match self.lines.get(to) {
            Some(line) => {
                self.at = Some(to);
                Some(line.clone())
            }
            None => {
                self.at = None;
                Some(self.draft.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_so_does_the_draft() {
        let mut history = History::default();
        assert_eq!(history.older("x"), None);
        for line in ["GET a", "GET b", "GET b"] {
            history.add(line);
        }
        assert_eq!(history.older("draft").as_deref(), Some("GET b"));
        assert_eq!(history.older("GET b").as_deref(), Some("GET a"));
        assert_eq!(history.older("GET a"), None);
        assert_eq!(history.newer().as_deref(), Some("GET b"));
        assert_eq!(history.newer().as_deref(), Some("draft"));
        assert_eq!(history.newer(), None);
    }
}
