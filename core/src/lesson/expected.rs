//! Expected output: what the lines after a step must be.
//!
//! A line is compared as it stands, but for `<any>`, `<int>`, `<ms>` and `<id 7001>` in it; `...`
//! alone stands for zero or more lines. A leading backslash makes the rest of the line plain text.
//! With `unordered`, lines are compared as a set, without the numbers of an array's elements.
//! Trailing blank lines do not count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::world::step::{Line, Port};

/// One line of expected output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedLine {
    /// In the file, from 1.
    pub line: usize,
    /// As written in the lesson.
    pub text: String,
    pub pattern: Pattern,
}

/// What a line of output must look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// `...`: zero or more lines.
    Lines,
    /// One line, made of these pieces.
    Pieces(Vec<Piece>),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    Text(String),
    /// `<any>`: any characters, or none.
    Any,
    /// `<int>`: digits, with or without a minus.
    Int,
    /// `<ms>`: digits.
    Ms,
    /// `<id 7001>`: the 40 hex digits of that node's id.
    Id(Port),
}

/// Whether the order of the lines counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    Ordered,
    Unordered,
}

/// The node ids met so far: `<id 7001>` stands for the same id wherever it is written.
pub type Ids = BTreeMap<Port, String>;

impl ExpectedLine {
    pub(super) fn parse(line: usize, text: &str) -> ExpectedLine {
        let pattern = match text.strip_prefix('\\') {
            Some(plain) => Pattern::Pieces(vec![Piece::Text(plain.to_owned())]),
            None if text == "..." => Pattern::Lines,
            None => Pattern::Pieces(pieces(text)),
        };
        ExpectedLine { line, text: text.to_owned(), pattern }
    }
}

/// A line of output as a lesson must write it to expect exactly that.
pub fn escape(output: &str) -> String {
    let looks_special = Line::has_prompt(output)
        || super::lab::is_nearly_prompt(output)
        || output.starts_with('\\')
        || output.starts_with("```")
        || output.starts_with("~~~")
        || output == "..."
        || output == "unordered"
        || pieces(output).iter().any(|piece| !matches!(piece, Piece::Text(_)));
    match looks_special {
        true => format!("\\{output}"),
        false => output.to_owned(),
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some((piece, after)) = wildcard(rest) {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(piece);
            rest = after;
        } else {
            plain.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The wildcard at the beginning of a text, and what follows it.
fn wildcard(text: &str) -> Option<(Piece, &str)> {
    let (name, after) = text.strip_prefix('<')?.split_once('>')?;
    let piece = match name {
        "any" => Piece::Any,
        "int" => Piece::Int,
        "ms" => Piece::Ms,
        _ => Piece::Id(Port::parse(name.strip_prefix("id ")?)?),
    };
    Some((piece, after))
}

/// Output without its trailing blank lines.
pub fn trimmed(output: &[String]) -> &[String] {
    let kept = output.iter().rposition(|line| !line.trim().is_empty());
    &output[..kept.map_or(0, |last| last + 1)]
}

/// Whether the output is as expected; if so, the ids that it shows are remembered.
pub fn matches(expected: &[ExpectedLine], output: &[String], order: Order, ids: &mut Ids) -> bool {
    let output = trimmed(output);
    let found = match order {
        Order::Ordered => match_in_order(expected, output, ids),
        Order::Unordered => match_as_set(expected, output, ids),
    };
    let is_match = found.is_some();
    ids.extend(found.unwrap_or_default());
    is_match
}

/// Tries lines from the first on; `...` takes as few as it can. `reached[i]` holds the ids on one
/// way to match the expected lines so far with the first `i` lines of output.
fn match_in_order(expected: &[ExpectedLine], output: &[String], ids: &Ids) -> Option<Ids> {
    let mut reached: Vec<Option<Ids>> = vec![None; output.len() + 1];
    reached[0] = Some(ids.clone());
    for line in expected {
        let mut next: Vec<Option<Ids>> = vec![None; output.len() + 1];
        match &line.pattern {
            Pattern::Lines => {
                let mut open: Option<Ids> = None;
                for (index, way) in reached.into_iter().enumerate() {
                    open = open.or(way);
                    next[index] = open.clone();
                }
            }
            Pattern::Pieces(pieces) => {
                for (index, text) in output.iter().enumerate() {
                    let way = reached[index].as_ref();
                    next[index + 1] = way.and_then(|ids| match_line(pieces, text, ids));
                }
            }
        }
        reached = next;
    }
    reached.pop().flatten()
}

/// Pairs each expected line with another line of output; `...` allows lines without a partner.
fn match_as_set(expected: &[ExpectedLine], output: &[String], ids: &Ids) -> Option<Ids> {
    let patterns: Vec<Vec<Piece>> = expected.iter().filter_map(unnumbered_pieces).collect();
    let may_have_more = expected.iter().any(|line| line.pattern == Pattern::Lines);
    let output: Vec<&str> = output.iter().map(|line| unnumbered(line)).collect();
    if output.len() < patterns.len() || (output.len() > patterns.len() && !may_have_more) {
        return None;
    }
    let mut partner: Vec<Option<usize>> = vec![None; output.len()];
    for pattern in 0..patterns.len() {
        let mut tried = vec![false; output.len()];
        if !pair(pattern, &patterns, &output, ids, &mut partner, &mut tried) {
            return None;
        }
    }
    let mut found = ids.clone();
    for (line, pattern) in partner.iter().enumerate() {
        if let Some(pattern) = pattern {
            found = match_line(&patterns[*pattern], output[line], &found)?;
        }
    }
    Some(found)
}

/// Finds a line for a pattern, moving earlier pairs out of the way if they have another choice.
fn pair(
    pattern: usize,
    patterns: &[Vec<Piece>],
    output: &[&str],
    ids: &Ids,
    partner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for line in 0..output.len() {
        if tried[line] || match_line(&patterns[pattern], output[line], ids).is_none() {
            continue;
        }
        tried[line] = true;
        let is_free = match partner[line] {
            None => true,
            Some(other) => pair(other, patterns, output, ids, partner, tried),
        };
        if is_free {
            partner[line] = Some(pattern);
            return true;
        }
    }
    false
}

fn unnumbered_pieces(line: &ExpectedLine) -> Option<Vec<Piece>> {
    match &line.pattern {
        Pattern::Lines => None,
        Pattern::Pieces(pieces) => {
            let mut pieces = pieces.clone();
            if let Some(Piece::Text(first)) = pieces.first_mut() {
                *first = unnumbered(first).to_owned();
            }
            Some(pieces)
        }
    }
}

/// An array's element without its number: `2) "b"` is `"b"`.
fn unnumbered(line: &str) -> &str {
    let text = line.trim_start();
    match text.split_once(") ") {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => line,
    }
}

/// Whether a line is made of the pieces; if so, the ids known after it.
fn match_line(pieces: &[Piece], text: &str, ids: &Ids) -> Option<Ids> {
    // Where the pieces so far can end, with the ids on one way to get there.
    let mut ends: BTreeMap<usize, Ids> = BTreeMap::new();
    ends.insert(0, ids.clone());
    for piece in pieces {
        let mut next = BTreeMap::new();
        for (start, ids) in ends {
            for (end, ids) in piece_ends(piece, text, start, &ids) {
                next.entry(end).or_insert(ids);
            }
        }
        ends = next;
    }
    ends.remove(&text.len())
}

/// Where a piece that begins at `start` can end.
fn piece_ends(piece: &Piece, text: &str, start: usize, ids: &Ids) -> Vec<(usize, Ids)> {
    let rest = &text[start..];
    let digits = |from: usize| -> Vec<(usize, Ids)> {
        let digits = rest[from..].bytes().take_while(u8::is_ascii_digit).count();
        (1..=digits).map(|length| (start + from + length, ids.clone())).collect()
    };
    match piece {
        Piece::Text(plain) => match rest.starts_with(plain.as_str()) {
            true => vec![(start + plain.len(), ids.clone())],
            false => Vec::new(),
        },
        Piece::Any => rest
            .char_indices()
            .map(|(index, _)| start + index)
            .chain([text.len()])
            .map(|end| (end, ids.clone()))
            .collect(),
        Piece::Int => digits(usize::from(rest.starts_with('-'))),
        Piece::Ms => digits(0),
        Piece::Id(port) => {
            id_end(*port, rest, ids).map(|ids| (start + ID_LENGTH, ids)).into_iter().collect()
        }
    }
}

const ID_LENGTH: usize = 40;

/// The ids known after reading the id of a node at the beginning of the text.
fn id_end(port: Port, rest: &str, ids: &Ids) -> Option<Ids> {
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let id = rest.get(..ID_LENGTH)?;
    if !id.as_bytes().iter().all(is_hex) {
        return None;
    }
    match ids.get(&port) {
        Some(known) => (known == id).then(|| ids.clone()),
        None if ids.values().any(|other| other == id) => None,
        None => {
            let mut ids = ids.clone();
            ids.insert(port, id.to_owned());
            Some(ids)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, output: &str, order: Order) -> bool {
        let lines: Vec<ExpectedLine> =
            expected.lines().map(|text| ExpectedLine::parse(1, text)).collect();
        let output: Vec<String> = output.lines().map(str::to_owned).collect();
        matches(&lines, &output, order, &mut Ids::new())
    }

    #[test]
    fn wildcards_stand_for_what_they_say() {
        let ordered = |expected, output| check(expected, output, Order::Ordered);
        assert!(ordered("(integer) <int>", "(integer) -42"));
        assert!(!ordered("(integer) <int>", "(integer) "));
        assert!(ordered("a<any>c<any>e", "abcde"));
        assert!(ordered("a\n...\nd", "a\nb\nc\nd"));
        assert!(ordered("a\n...\nd", "a\nd\n\n"));
        assert!(!ordered("a\n...\nd", "a\nb"));
        assert!(ordered("\\<any>", "<any>"));
        assert!(!ordered("\\<any>", "x"));
        assert!(ordered("\\7000> GET k", "7000> GET k"));
    }

    #[test]
    fn one_id_is_one_id() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let twice = "<id 7000>\n<id 7000>";
        assert!(check(twice, &format!("{a}\n{a}"), Order::Ordered));
        assert!(!check(twice, &format!("{a}\n{b}"), Order::Ordered));
        assert!(!check("<id 7000>\n<id 7001>", &format!("{a}\n{a}"), Order::Ordered));
    }

    #[test]
    fn as_a_set_the_order_is_free() {
        let set = |expected, output| check(expected, output, Order::Unordered);
        assert!(set("1) \"a\"\n2) \"b\"", "1) \"b\"\n2) \"a\""));
        assert!(set("<any>\nx", "x\ny"));
        assert!(!set("x\nx", "x\ny"));
        assert!(set("x\n...", "y\nx\nz"));
        assert!(!set("x", "x\ny"));
    }

    #[test]
    fn what_is_escaped_expects_itself() {
        for output in ["OK", "> x", "$ x", "...", "<any>", "\\x", "unordered", "7000 > x", ""] {
            assert!(check(&escape(output), output, Order::Ordered), "{output}");
        }
    }
}
