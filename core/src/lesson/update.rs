//! Rewriting expected output after a run.
//!
//! Every line that still matches stays as it is written, wildcards too; the others are replaced by
//! what was printed, escaped where that would read as a prompt or a wildcard. A changed error code
//! is more than a changed text, so it is refused unless it is accepted in so many words.

use crate::words::TextError;

use super::Lesson;
use super::answer::error_code;
use super::diagnostic::Diagnostic;
use super::expected::{ExpectedLine, Ids, Order, Pattern, escape, matches};
use super::finding::{Finding, Mismatch};

/// Whether error codes may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCodes {
    Keep,
    Accept,
}

/// The source of the lesson with its expected output rewritten after a run; or the places where an
/// error code would change. Findings about predictions are left to the author.
pub fn update(
    lesson: &Lesson,
    findings: &[Finding],
    codes: ErrorCodes,
) -> Result<String, Vec<Diagnostic>> {
    let mismatches = || {
        findings.iter().filter_map(|finding| match finding {
            Finding::Output(mismatch) => Some(mismatch),
            _ => None,
        })
    };
    let refused: Vec<Diagnostic> = mismatches()
        .filter(|_| codes == ErrorCodes::Keep)
        .filter_map(|mismatch| changed_code(lesson, mismatch))
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut lines: Vec<String> = lesson.source.split('\n').map(str::to_owned).collect();
    let mut last_first: Vec<&Mismatch> = mismatches().collect();
    last_first.sort_by_key(|mismatch| std::cmp::Reverse(mismatch.line));
    last_first.dedup_by_key(|mismatch| mismatch.line);
    for mismatch in last_first {
        rewrite(&mut lines, mismatch);
    }
    Ok(lines.join("\n"))
}

/// Replaces the expected lines below a step, with the line ends that the step's line has.
fn rewrite(lines: &mut Vec<String>, mismatch: &Mismatch) {
    let is_unordered = usize::from(mismatch.order == Order::Unordered);
    let first = mismatch.line + is_unordered;
    let last = mismatch.expected.last().map_or(first, |line| line.line);
    let end = if lines[mismatch.line - 1].ends_with('\r') { "\r" } else { "" };
    let new = merge(&mismatch.expected, &mismatch.got, mismatch.order);
    lines.splice(first..last, new.into_iter().map(|line| line + end));
}

/// An error code that the output adds or takes away.
fn changed_code(lesson: &Lesson, mismatch: &Mismatch) -> Option<Diagnostic> {
    let got: Vec<&str> = mismatch.got.iter().filter_map(|line| error_code(line)).collect();
    let texts = || mismatch.expected.iter().map(|line| (line.line, line.text.as_str()));
    let expected: Vec<&str> = texts().filter_map(|(_, text)| error_code(text)).collect();
    if got == expected {
        return None;
    }
    let with_code = texts().find(|(_, text)| error_code(text).is_some_and(|c| !got.contains(&c)));
    let (line, text) = with_code.or_else(|| texts().next()).unwrap_or((mismatch.line, ""));
    let named = |codes: &[&str]| match codes.is_empty() {
        true => "no error".to_owned(),
        false => codes.join(", "),
    };
    let message = format!("this was {}, and is now {}", named(&expected), named(&got));
    let help = "if the new answer is right, update again with --accept";
    let length = text.chars().count();
    Some(lesson.diagnostic(line, TextError::new(1, length, message, help)))
}

/// How well the first lines of both sides can be brought together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    kept: usize,
    /// Lines of output that must be written out count against.
    written: std::cmp::Reverse<usize>,
}

#[derive(Clone, Copy)]
enum Move {
    /// The expected line stays; it takes one line of output, or is `...` and takes none.
    Keep { takes: usize },
    /// `...`, kept already, takes one more line of output.
    Absorb,
    /// The expected line goes.
    Remove,
    /// The line of output is written out.
    Write,
}

/// The new expected lines: as many old ones as still match, and the output between them.
fn merge(expected: &[ExpectedLine], got: &[String], order: Order) -> Vec<String> {
    let moves = best_moves(expected, got, order);
    let (mut line, mut output) = (expected.len(), got.len());
    let mut merged = Vec::new();
    while line > 0 || output > 0 {
        match moves[line][output] {
            Move::Keep { takes } => {
                line -= 1;
                output -= takes;
                merged.push(expected[line].text.clone());
            }
            Move::Absorb => output -= 1,
            Move::Remove => line -= 1,
            Move::Write => {
                output -= 1;
                merged.push(escape(&got[output]));
            }
        }
    }
    merged.reverse();
    merged
}

/// For every pair of prefixes the last move of the best way to bring them together.
fn best_moves(expected: &[ExpectedLine], got: &[String], order: Order) -> Vec<Vec<Move>> {
    let nothing = Score { kept: 0, written: std::cmp::Reverse(0) };
    let mut moves = vec![vec![Move::Write; got.len() + 1]; expected.len() + 1];
    let mut scores = vec![vec![nothing; got.len() + 1]; expected.len() + 1];
    for line in 0..=expected.len() {
        for output in 0..=got.len() {
            let choices = choices(&scores, expected, got, order, line, output);
            let best = choices.into_iter().flatten().max_by_key(|(score, _)| *score);
            if let Some((score, chosen)) = best {
                scores[line][output] = score;
                moves[line][output] = chosen;
            }
        }
    }
    moves
}

fn choices(
    scores: &[Vec<Score>],
    expected: &[ExpectedLine],
    got: &[String],
    order: Order,
    line: usize,
    output: usize,
) -> [Option<(Score, Move)>; 4] {
    let keep = |score: Score| Score { kept: score.kept + 1, ..score };
    let write = |score: Score| Score { written: std::cmp::Reverse(score.written.0 + 1), ..score };
    let last = line.checked_sub(1).map(|index| &expected[index]);
    let is_open = last.is_some_and(|last| last.pattern == Pattern::Lines);
    let fits = |last: &ExpectedLine, index: usize| {
        let (last, got) = (std::slice::from_ref(last), &got[index..=index]);
        matches(last, got, order, &mut Ids::new())
    };
    let above = line.checked_sub(1);
    let left = output.checked_sub(1);
    [
        left.map(|left| (write(scores[line][left]), Move::Write)),
        above.map(|above| (scores[above][output], Move::Remove)),
        left.filter(|_| is_open).map(|left| (scores[line][left], Move::Absorb)),
        match (above, left, last) {
            (Some(above), _, _) if is_open => {
                Some((keep(scores[above][output]), Move::Keep { takes: 0 }))
            }
            (Some(above), Some(left), Some(last)) if fits(last, left) => {
                Some((keep(scores[above][left]), Move::Keep { takes: 1 }))
            }
            _ => None,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(expected: &[&str], got: &[&str]) -> Vec<String> {
        let expected: Vec<ExpectedLine> =
            expected.iter().map(|text| ExpectedLine::parse(1, text)).collect();
        let got: Vec<String> = got.iter().map(|&line| line.to_owned()).collect();
        merge(&expected, &got, Order::Ordered)
    }

    #[test]
    fn lines_that_still_match_stay_as_written() {
        let expected = ["(integer) <int>", "b", "c"];
        assert_eq!(merged(&expected, &["(integer) 5", "x", "c"]), ["(integer) <int>", "x", "c"]);
        assert_eq!(merged(&["a", "...", "z"], &["a", "1", "2", "y"]), ["a", "..."]);
        assert_eq!(merged(&["a"], &["$ kill"]), ["\\$ kill"]);
        assert_eq!(merged(&["a", "b"], &[]), Vec::<String>::new());
        assert_eq!(merged(&[], &["x"]), ["x"]);
    }
}
