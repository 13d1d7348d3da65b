//! Prose: the nodes of Markdown, drawn. Nothing but these nodes becomes an element, so a lesson
//! cannot bring markup of its own.

use hashslot_core::lesson::{Inline, Markdown, Node};
use yew::prelude::*;

/// The blocks of a text.
pub fn prose(text: &Markdown) -> Html {
    html! { <>{ for text.nodes.iter().map(block) }</> }
}

/// A text that stands in a line, such as an option: its paragraphs one after the other.
pub fn line_of(text: &Markdown) -> Html {
    let only = |node: &Node| match node {
        Node::Paragraph(parts) | Node::Heading { inlines: parts, .. } => inlines(parts),
        other => block(other),
    };
    html! { <>{ for text.nodes.iter().map(only) }</> }
}

fn block(node: &Node) -> Html {
    match node {
        // The page's own name is the first heading: those of lessons stand below it.
        Node::Heading { level: 1, inlines: parts } => html! { <h2>{ inlines(parts) }</h2> },
        Node::Heading { level: 2, inlines: parts } => html! { <h3>{ inlines(parts) }</h3> },
        Node::Heading { inlines: parts, .. } => html! { <h4>{ inlines(parts) }</h4> },
        Node::Paragraph(parts) => html! { <p>{ inlines(parts) }</p> },
        Node::List { start: None, items } => html! { <ul>{ for items.iter().map(item) }</ul> },
        Node::List { start: Some(start), items } => {
            html! { <ol start={start.to_string()}>{ for items.iter().map(item) }</ol> }
        }
        Node::Quote(nodes) => html! { <blockquote>{ for nodes.iter().map(block) }</blockquote> },
        Node::Code { text, .. } => {
            html! { <pre tabindex="0"><code>{ text.trim_end() }</code></pre> }
        }
        Node::Table(rows) => table(rows),
        Node::Rule => html! { <hr /> },
    }
}

/// An item whose only paragraph needs no room of its own.
fn item(nodes: &Vec<Node>) -> Html {
    match nodes.as_slice() {
        [Node::Paragraph(parts)] => html! { <li>{ inlines(parts) }</li> },
        nodes => html! { <li>{ for nodes.iter().map(block) }</li> },
    }
}

fn table(rows: &[Vec<Vec<Inline>>]) -> Html {
    let Some((head, body)) = rows.split_first() else { return Html::default() };
    let row = |cells: &Vec<Vec<Inline>>| {
        html! { <tr>{ for cells.iter().map(|cell| html! { <td>{ inlines(cell) }</td> }) }</tr> }
    };
    html! {
        <div class="scroll" tabindex="0">
            <table>
                <thead><tr>
                    { for head.iter().map(|cell| html! { <th scope="col">{ inlines(cell) }</th> }) }
                </tr></thead>
                <tbody>{ for body.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

fn inlines(parts: &[Inline]) -> Html {
    html! { <>{ for parts.iter().map(inline) }</> }
}

fn inline(part: &Inline) -> Html {
    match part {
        Inline::Text(text) => html! { { text } },
        Inline::Code(code) => html! { <code>{ code }</code> },
        Inline::Emphasis(parts) => html! { <em>{ inlines(parts) }</em> },
        Inline::Strong(parts) => html! { <strong>{ inlines(parts) }</strong> },
        Inline::Struck(parts) => html! { <s>{ inlines(parts) }</s> },
        Inline::Link { to, inlines: parts } if !to.is_empty() => {
            let content = inlines(parts);
            if let Some(id) = lesson_of(to) {
                return html! { <a href={format!("#lesson={id}")}>{ content }</a> };
            }
            html! {
                <a href={to.clone()} target="_blank" rel="noopener noreferrer">{ content }</a>
            }
        }
        Inline::Link { inlines: parts, .. } => inlines(parts),
        Inline::Image { about, .. } => html! { <em>{ about }</em> },
        Inline::Break => html! { <br /> },
    }
}

/// The lesson to which a link between lesson files leads: `08-a-master-dies.md` is `a-master-dies`.
fn lesson_of(to: &str) -> Option<&str> {
    let name = to.strip_suffix(".md")?;
    let (number, id) = name.split_once('-')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_between_files_of_lessons_lead_to_lessons() {
        assert_eq!(lesson_of("08-a-master-dies.md"), Some("a-master-dies"));
        assert_eq!(lesson_of("https://redis.io/a-b.md"), None);
        assert_eq!(lesson_of("../FIDELITY.md"), None);
    }
}
