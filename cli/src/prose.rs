//! Prose for a terminal: Markdown as lines that fit, with light styling.
//!
//! Text becomes words, each of pieces that look alike (`**FAIL**.` is one word of two pieces), and
//! words fill lines. Without colours code keeps its backticks, so that nothing is lost.

use hashslot_core::lesson::{Colour, Inline, Markdown, Node};
use unicode_width::UnicodeWidthStr;

use crate::terminal::{Ink, Terminal, harmless};

/// What cannot be torn apart at the end of a line.
#[derive(Default)]
struct Word {
    pieces: Vec<(Ink, String)>,
    /// The line ends after it, full or not.
    is_last: bool,
}

impl Word {
    fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }

    fn painted(&self, terminal: &Terminal) -> String {
        self.pieces.iter().map(|(ink, text)| terminal.paint(*ink, text)).collect()
    }
}

/// What stands before the lines of a paragraph.
#[derive(Clone, Copy)]
struct Lead<'a> {
    first: &'a str,
    other: &'a str,
}

/// Markdown as lines, a blank one between blocks.
pub fn lines(markdown: &Markdown, terminal: &Terminal) -> Vec<String> {
    nodes_lines(&markdown.nodes, terminal, "")
}

/// A sentence as lines, each after `lead`.
pub fn sentence(text: &str, terminal: &Terminal, lead: &str) -> Vec<String> {
    hanging(text, terminal, lead, lead)
}

/// A sentence as lines, the first one after `first`, the others after `other`.
pub fn hanging(text: &str, terminal: &Terminal, first: &str, other: &str) -> Vec<String> {
    let inlines = [Inline::Text(text.to_owned())];
    fill(&inlines, Ink::Plain, terminal, Lead { first, other })
}

/// Markdown of one paragraph, as in a question or an option, after leads.
pub fn paragraph(md: &Markdown, terminal: &Terminal, first: &str, other: &str) -> Vec<String> {
    match md.nodes.as_slice() {
        [Node::Paragraph(inlines)] => fill(inlines, Ink::Plain, terminal, Lead { first, other }),
        _ => {
            let mut lines = nodes_lines(&md.nodes, terminal, other);
            if let Some(line) = lines.first_mut() {
                *line = format!("{first}{}", line.strip_prefix(other).unwrap_or(line));
            }
            lines
        }
    }
}

fn nodes_lines(nodes: &[Node], terminal: &Terminal, lead: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            lines.push(lead.trim_end().to_owned());
        }
        lines.extend(node_lines(node, terminal, lead));
    }
    lines
}

fn node_lines(node: &Node, terminal: &Terminal, lead: &str) -> Vec<String> {
    let same = Lead { first: lead, other: lead };
    match node {
        Node::Heading { level: 1, inlines } => fill(inlines, Ink::Title, terminal, same),
        Node::Heading { inlines, .. } => fill(inlines, Ink::Strong, terminal, same),
        Node::Paragraph(inlines) => fill(inlines, Ink::Plain, terminal, same),
        Node::Quote(nodes) => nodes_lines(nodes, terminal, &format!("{lead}| ")),
        Node::List { start, items } => list_lines(*start, items, terminal, lead),
        Node::Code { text, .. } => {
            let painted = |line: &str| terminal.paint(Ink::Code, &harmless(line));
            text.lines().map(|line| format!("{lead}    {}", painted(line))).collect()
        }
        Node::Table(rows) => table_lines(rows, terminal, lead),
        Node::Rule => vec![format!("{lead}{}", "-".repeat(terminal.width.min(20)))],
    }
}

fn list_lines(
    start: Option<u64>,
    items: &[Vec<Node>],
    terminal: &Terminal,
    lead: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let mark = match start {
            Some(first) => format!("{}. ", first + index as u64),
            None => "- ".to_owned(),
        };
        let inner = format!("{lead}{}", " ".repeat(mark.len()));
        let mut item = nodes_lines(item, terminal, &inner);
        if let Some(first) = item.first_mut() {
            *first = format!("{lead}{mark}{}", first.strip_prefix(&inner).unwrap_or(first));
        }
        lines.extend(item);
    }
    lines
}

/// The cells of a table side by side; rows that are too wide are the reader's to scroll.
fn table_lines(rows: &[Vec<Vec<Inline>>], terminal: &Terminal, lead: &str) -> Vec<String> {
    let cell = |inlines: &Vec<Inline>| {
        let words = words_of(inlines, Ink::Plain, terminal);
        let width = words.iter().map(|word| word.width() + 1).sum::<usize>().saturating_sub(1);
        let painted: Vec<String> = words.iter().map(|word| word.painted(terminal)).collect();
        (painted.join(" "), width)
    };
    let rows: Vec<Vec<(String, usize)>> =
        rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width_of = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|(_, width)| *width).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width_of).collect();
    let line = |row: &Vec<(String, usize)>| {
        let padded = row.iter().zip(&widths);
        let cells: Vec<String> = padded
            .map(|((text, width), wanted)| format!("{text}{}", " ".repeat(wanted - width)))
            .collect();
        format!("{lead}{}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Fills lines with words.
fn fill(inlines: &[Inline], ink: Ink, terminal: &Terminal, lead: Lead) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut width) = (lead.first.to_owned(), lead.first.width());
    let mut is_empty = true;
    for word in words_of(inlines, ink, terminal) {
        if !is_empty && width + 1 + word.width() > terminal.width {
            lines.push(std::mem::replace(&mut line, lead.other.to_owned()));
            width = lead.other.width();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
            width += 1;
        }
        line.push_str(&word.painted(terminal));
        width += word.width();
        is_empty = false;
        if word.is_last {
            lines.push(std::mem::replace(&mut line, lead.other.to_owned()));
            width = lead.other.width();
            is_empty = true;
        }
    }
    if !is_empty || lines.is_empty() {
        lines.push(line);
    }
    lines
}

fn words_of(inlines: &[Inline], ink: Ink, terminal: &Terminal) -> Vec<Word> {
    let mut words = vec![Word::default()];
    add_inlines(inlines, ink, terminal, &mut words);
    words.retain(|word| !word.pieces.is_empty());
    words
}

fn add_inlines(inlines: &[Inline], ink: Ink, terminal: &Terminal, words: &mut Vec<Word>) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => add_text(text, ink, words),
            Inline::Code(text) if terminal.colour == Colour::Plain => {
                add_text(&format!("`{text}`"), Ink::Code, words);
            }
            Inline::Code(text) => add_text(text, Ink::Code, words),
            Inline::Emphasis(inner) => add_inlines(inner, Ink::Emphasis, terminal, words),
            Inline::Strong(inner) => add_inlines(inner, Ink::Strong, terminal, words),
            Inline::Struck(inner) => add_inlines(inner, Ink::Dim, terminal, words),
            Inline::Link { to, inlines } => {
                add_inlines(inlines, ink, terminal, words);
                if !to.is_empty() {
                    add_text(&format!(" <{to}>"), Ink::Dim, words);
                }
            }
            Inline::Image { about, .. } => add_text(&format!("[{about}]"), Ink::Dim, words),
            Inline::Break => {
                if let Some(word) = words.last_mut() {
                    word.is_last = true;
                }
                words.push(Word::default());
            }
        }
    }
}

/// Adds a text to the last word, and more words after each space.
fn add_text(text: &str, ink: Ink, words: &mut Vec<Word>) {
    for (index, part) in text.split([' ', '\n', '\t']).enumerate() {
        if index > 0 {
            words.push(Word::default());
        }
        if let (false, Some(word)) = (part.is_empty(), words.last_mut()) {
            word.pieces.push((ink, harmless(part)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, width: usize) -> Vec<String> {
        let terminal = Terminal { colour: Colour::Plain, width };
        lines(&Markdown::parse(text), &terminal)
    }

    #[test]
    fn words_fill_lines_and_lists_hang() {
        let text = "# A title\n\nOne **two**, three `four five`.\n\n- six seven eight\n- nine";
        let expected = [
            "A title",
            "",
            "One two, three",
            "`four five`.",
            "",
            "- six seven",
            "  eight",
            "- nine",
        ];
        assert_eq!(plain(text, 15), expected);
    }

    #[test]
    fn colours_take_no_room() {
        let terminal = Terminal { colour: Colour::Ansi, width: 12 };
        let painted = lines(&Markdown::parse("aaaa **bbbb** cc"), &terminal);
        assert_eq!(painted, ["aaaa \u{1b}[1mbbbb\u{1b}[0m cc"]);
    }

    #[test]
    fn a_word_longer_than_the_line_stands_alone() {
        assert_eq!(plain("a bbbbbbbbbbbbb c", 5), ["a", "bbbbbbbbbbbbb", "c"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        assert!(!plain("a\u{1b}[31mb", 80)[0].contains('\u{1b}'));
    }
}
