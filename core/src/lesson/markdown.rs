//! Prose: Markdown as plain data that any front end can draw.
//!
//! Raw HTML in a lesson is text: what is drawn is made from these nodes alone, so a lesson from a
//! stranger cannot carry a script. Links may lead to `http:`, `https:`, `mailto:`, and places
//! without a scheme; others lose their target.

use std::iter::Peekable;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag};
use serde::{Deserialize, Serialize};

/// Markdown, as written and as read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Markdown {
    pub source: String,
    pub nodes: Vec<Node>,
}

/// A block of prose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Node {
    /// Level 1 to 6.
    Heading {
        level: u8,
        inlines: Vec<Inline>,
    },
    Paragraph(Vec<Inline>),
    /// A list; one that is numbered has its first number.
    List {
        start: Option<u64>,
        items: Vec<Vec<Node>>,
    },
    Quote(Vec<Node>),
    Code {
        language: String,
        text: String,
    },
    /// A table; its first row is the head.
    Table(Vec<Vec<Vec<Inline>>>),
    Rule,
}

/// A run of text within a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inline {
    Text(String),
    Code(String),
    Emphasis(Vec<Inline>),
    Strong(Vec<Inline>),
    Struck(Vec<Inline>),
    Link { to: String, inlines: Vec<Inline> },
    Image { from: String, about: String },
    Break,
}

/// Deeper nesting than this is flattened to text.
const DEPTH_MAX: usize = 24;

/// The extensions that lessons use.
pub(super) fn extensions() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

impl Markdown {
    /// Reads any text; there is no wrong Markdown.
    pub fn parse(source: &str) -> Markdown {
        let mut events = Parser::new_ext(source, extensions()).peekable();
        Markdown { source: source.to_owned(), nodes: read_nodes(&mut events, 0) }
    }

    /// The words alone, for a list or a title.
    pub fn plain_text(&self) -> String {
        let mut text = String::new();
        self.nodes.iter().for_each(|node| node_text(node, &mut text));
        text.trim().to_owned()
    }
}

type Events<'a, P> = Peekable<P>;

/// Reads blocks up to the end of the block that holds them.
fn read_nodes<'a, P>(events: &mut Events<'a, P>, depth: usize) -> Vec<Node>
where
    P: Iterator<Item = Event<'a>>,
{
    let mut nodes = Vec::new();
    loop {
        match events.peek() {
            None => return nodes,
            Some(Event::End(_)) => {
                events.next();
                return nodes;
            }
            Some(Event::Rule) => {
                events.next();
                nodes.push(Node::Rule);
            }
            Some(Event::Start(tag)) if is_block(tag) => {
                let tag = tag.clone();
                events.next();
                nodes.extend(read_block(tag, events, depth + 1));
            }
            Some(_) => {
                let inlines = read_inlines(events, depth, Until::Block);
                nodes.push(Node::Paragraph(inlines));
            }
        }
    }
}

fn is_block(tag: &Tag) -> bool {
    !matches!(
        tag,
        Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    )
}

fn read_block<'a, P>(tag: Tag<'a>, events: &mut Events<'a, P>, depth: usize) -> Option<Node>
where
    P: Iterator<Item = Event<'a>>,
{
    if depth > DEPTH_MAX {
        return Some(Node::Paragraph(vec![Inline::Text(skip(events))]));
    }
    match tag {
        Tag::Paragraph => Some(Node::Paragraph(read_inlines(events, depth, Until::End))),
        Tag::Heading { level, .. } => Some(Node::Heading {
            level: level_number(level),
            inlines: read_inlines(events, depth, Until::End),
        }),
        Tag::BlockQuote(_) => Some(Node::Quote(read_nodes(events, depth))),
        Tag::CodeBlock(kind) => Some(read_code(kind, events)),
        Tag::List(start) => Some(Node::List {
            start,
            items: read_parts(events, |events| read_nodes(events, depth)),
        }),
        Tag::Table(_) => Some(Node::Table(read_parts(events, |events| {
            read_parts(events, |events| read_inlines(events, depth, Until::End))
        }))),
        Tag::HtmlBlock => Some(Node::Paragraph(vec![Inline::Text(skip(events))])),
        _ => {
            skip(events);
            None
        }
    }
}

/// Reads the items of a list, the rows of a table or the cells of a row.
fn read_parts<'a, P, T>(
    events: &mut Events<'a, P>,
    mut read: impl FnMut(&mut Events<'a, P>) -> T,
) -> Vec<T>
where
    P: Iterator<Item = Event<'a>>,
{
    let mut parts = Vec::new();
    while let Some(Event::Start(_)) = events.next() {
        parts.push(read(events));
    }
    parts
}

fn read_code<'a, P>(kind: CodeBlockKind<'a>, events: &mut Events<'a, P>) -> Node
where
    P: Iterator<Item = Event<'a>>,
{
    let language = match kind {
        CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or("").to_owned(),
        CodeBlockKind::Indented => String::new(),
    };
    Node::Code { language, text: skip(events) }
}

/// Where a run of text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// At the end of what holds it, which is consumed.
    End,
    /// Before the next block, or before the end of what holds it (a tight list item).
    Block,
}

fn read_inlines<'a, P>(events: &mut Events<'a, P>, depth: usize, until: Until) -> Vec<Inline>
where
    P: Iterator<Item = Event<'a>>,
{
    let mut inlines = Vec::new();
    loop {
        match events.peek() {
            None => return inlines,
            Some(Event::End(_)) => {
                if until == Until::End {
                    events.next();
                }
                return inlines;
            }
            Some(Event::Start(tag)) if is_block(tag) && until == Until::Block => return inlines,
            Some(Event::Rule) if until == Until::Block => return inlines,
            Some(_) => {}
        }
        let event = events.next();
        inlines.extend(event.and_then(|event| read_inline(event, events, depth)));
    }
}

fn read_inline<'a, P>(event: Event<'a>, events: &mut Events<'a, P>, depth: usize) -> Option<Inline>
where
    P: Iterator<Item = Event<'a>>,
{
    match event {
        Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
            Some(Inline::Text(text.into_string()))
        }
        Event::Code(code) => Some(Inline::Code(code.into_string())),
        Event::SoftBreak => Some(Inline::Text(" ".to_owned())),
        Event::HardBreak => Some(Inline::Break),
        Event::Start(_) if depth >= DEPTH_MAX => Some(Inline::Text(skip(events))),
        Event::Start(tag) => {
            let inlines = read_inlines(events, depth + 1, Until::End);
            Some(span(tag, inlines))
        }
        _ => None,
    }
}

fn span(tag: Tag, inlines: Vec<Inline>) -> Inline {
    match tag {
        Tag::Strong => Inline::Strong(inlines),
        Tag::Strikethrough => Inline::Struck(inlines),
        Tag::Link { dest_url, .. } => Inline::Link { to: safe_target(dest_url), inlines },
        Tag::Image { dest_url, .. } => {
            let mut about = String::new();
            inlines_text(&inlines, &mut about);
            Inline::Image { from: safe_target(dest_url), about }
        }
        _ => Inline::Emphasis(inlines),
    }
}

/// The target of a link, or nothing if following it could run code.
fn safe_target(target: CowStr) -> String {
    let scheme = target
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase())
        .filter(|scheme| !scheme.contains(['/', '?', '#']));
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto") => target.into_string(),
        Some(_) => String::new(),
    }
}

/// Skips to the end of what is open and answers the text in it.
fn skip<'a, P>(events: &mut Events<'a, P>) -> String
where
    P: Iterator<Item = Event<'a>>,
{
    let mut text = String::new();
    let mut depth = 1usize;
    for event in events.by_ref() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Text(part) | Event::Html(part) | Event::Code(part) => text.push_str(&part),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    text
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

fn node_text(node: &Node, text: &mut String) {
    match node {
        Node::Heading { inlines, .. } | Node::Paragraph(inlines) => inlines_text(inlines, text),
        Node::List { items, .. } => {
            items.iter().flatten().for_each(|node| node_text(node, text));
        }
        Node::Quote(nodes) => nodes.iter().for_each(|node| node_text(node, text)),
        Node::Code { text: code, .. } => text.push_str(code),
        Node::Table(rows) => {
            rows.iter().flatten().for_each(|cell| inlines_text(cell, text));
        }
        Node::Rule => {}
    }
    text.push('\n');
}

fn inlines_text(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(part) | Inline::Code(part) => text.push_str(part),
            Inline::Emphasis(inner)
            | Inline::Strong(inner)
            | Inline::Struck(inner)
            | Inline::Link { inlines: inner, .. } => inlines_text(inner, text),
            Inline::Image { about, .. } => text.push_str(about),
            Inline::Break => text.push('\n'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_becomes_nodes() {
        let nodes = Markdown::parse("# A *b*\n\n1. one `k`\n2. two\n\n> q\n").nodes;
        assert_eq!(nodes.len(), 3, "{nodes:?}");
        assert!(matches!(&nodes[0], Node::Heading { level: 1, inlines } if inlines.len() == 2));
        assert!(matches!(&nodes[1], Node::List { start: Some(1), items } if items.len() == 2));
        let table = Markdown::parse("|a|b|\n|-|-|\n|1|2|\n").nodes;
        assert!(matches!(&table[0], Node::Table(rows) if rows.len() == 2 && rows[1].len() == 2));
    }

    #[test]
    fn html_is_text_and_scripts_are_no_targets() {
        let text = "<b>x</b> [y](javascript:alert(1)) [z](08-a-master-dies.md)";
        let nodes = Markdown::parse(text).nodes;
        let Node::Paragraph(inlines) = &nodes[0] else { panic!("{nodes:?}") };
        assert_eq!(inlines[0], Inline::Text("<b>".to_owned()));
        let targets: Vec<&str> = inlines
            .iter()
            .filter_map(|inline| match inline {
                Inline::Link { to, .. } => Some(to.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(targets, ["", "08-a-master-dies.md"]);
    }
}
