//! What an update changed: the lines that went and the lines that came, in order.
//!
//! Both texts are long and nearly equal, so what they share at both ends is set aside; between, the
//! longest common run of lines is kept (the table is small, for few lines differ).

use serde::Serialize;

/// One line that went or came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The line in the old file if it went, in the new file if it came; from 1.
    pub line: usize,
    pub way: Way,
    pub text: String,
}

/// Beyond this many pairs of lines all old ones are said to go, and all new ones to come.
const TABLE_MAX: usize = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Went,
    Came,
}

impl Change {
    /// The lines that make one text of the other.
    pub fn between(old: &str, new: &str) -> Vec<Change> {
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let ends = old[head..].iter().rev().zip(new[head..].iter().rev());
        let tail = ends.take_while(|(one, other)| one == other).count();
        let (old_end, new_end) = (old.len() - tail, new.len() - tail);
        let (old, new) = (&old[head..old_end], &new[head..new_end]);
        match old.len().saturating_mul(new.len()) <= TABLE_MAX {
            true => middle(old, new, head),
            false => [middle(old, &[], head), middle(&[], new, head)].concat(),
        }
    }
}

/// As [`Change::between`], for lines after `head` that are equal.
fn middle(old: &[&str], new: &[&str], head: usize) -> Vec<Change> {
    let common = common_lengths(old, new);
    let (mut one, mut other) = (0, 0);
    let mut changes = Vec::new();
    while one < old.len() || other < new.len() {
        let is_same = one < old.len() && other < new.len() && old[one] == new[other];
        if is_same {
            one += 1;
            other += 1;
        } else if other == new.len()
            || one < old.len() && common[one + 1][other] >= common[one][other + 1]
        {
            one += 1;
            let text = old[one - 1].to_owned();
            changes.push(Change { line: head + one, way: Way::Went, text });
        } else {
            other += 1;
            let text = new[other - 1].to_owned();
            changes.push(Change { line: head + other, way: Way::Came, text });
        }
    }
    changes
}

/// How many lines the rests of both texts share, from every pair of lines on.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for one in (0..old.len()).rev() {
        for other in (0..new.len()).rev() {
            common[one][other] = match old[one] == new[other] {
                true => common[one + 1][other + 1] + 1,
                false => common[one + 1][other].max(common[one][other + 1]),
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let changes = Change::between(old, new);
        let line = |change: &Change| {
            let sign = if change.way == Way::Went { '-' } else { '+' };
            format!("{}{sign}{}", change.line, change.text)
        };
        changes.iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(shown("a\nb\nc\n", "a\nx\nc\n"), "2-b 2+x");
        assert_eq!(shown("a\nb\nc\nd", "a\nc\nd\ne"), "2-b 4+e");
        assert_eq!(shown("a", "a"), "");
        assert_eq!(shown("", "a\nb"), "1+a 2+b");
    }
}
