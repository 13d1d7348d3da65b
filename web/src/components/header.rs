//! The top line: the product, the lesson and how far it is, the other lessons, and which engine
//! simulates.

use std::rc::Rc;
use std::sync::Arc;

use hashslot_core::lesson::{Block, Node};
use yew::prelude::*;

use crate::lab::{Lesson, Shelved};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Option<Arc<Lesson>>,
    pub lessons: Rc<Vec<Shelved>>,
    /// The id of the lesson that is open.
    pub open: AttrValue,
    /// The block at which the lesson stands.
    pub block: Option<usize>,
    /// The version that the worker gave; `None` until it answers.
    pub engine: Option<AttrValue>,
}

#[component]
pub fn Header(props: &Props) -> Html {
    let title = props.lesson.as_ref().map(|lesson| lesson.front.title.clone());
    html! {
        <header class="top">
            <h1 class="brand">{ "hashslot" }</h1>
            <p class="title">
                <span class="lesson-title">{ title }</span>
                if let (Some(lesson), Some(block)) = (&props.lesson, props.block) {
                    <span class="part">{ part(lesson, block) }</span>
                }
            </p>
            <Menu lessons={props.lessons.clone()} open={props.open.clone()} key={&*props.open} />
            <p class="engine" id="engine" data-ready={props.engine.is_some().to_string()}>
                if let Some(version) = &props.engine {
                    { "engine " }{ version }
                } else {
                    { "engine starting ..." }
                }
            </p>
        </header>
    }
}

/// How far the lesson is, in sections: `2 of 7`.
fn part(lesson: &Lesson, block: usize) -> Option<String> {
    let sections = |blocks: &[Block]| blocks.iter().map(headings).sum::<usize>();
    let total = sections(&lesson.blocks);
    let here = sections(&lesson.blocks[..lesson.blocks.len().min(block + 1)]);
    (total > 1).then(|| format!("{} of {total}", here.max(1)))
}

fn headings(block: &Block) -> usize {
    let Block::Prose(prose) = block else { return 0 };
    let is_heading = |node: &&Node| matches!(node, Node::Heading { level: 1 | 2, .. });
    prose.text.nodes.iter().filter(is_heading).count()
}

#[derive(Properties, PartialEq)]
struct MenuProps {
    lessons: Rc<Vec<Shelved>>,
    open: AttrValue,
}

#[component]
fn Menu(props: &MenuProps) -> Html {
    let entry = |lesson: &Shelved| {
        let is_open = (lesson.id == *props.open).then_some("page");
        html! {
            <li>
                <a href={format!("#lesson={}", lesson.id)} aria-current={is_open}>
                    <strong>{ &lesson.title }</strong>
                    <span class="minutes">{ format!("{} min", lesson.minutes) }</span>
                    <span class="about">{ &lesson.about }</span>
                </a>
            </li>
        }
    };
    html! {
        <details class="menu" id="lessons">
            <summary>{ "Lessons" }</summary>
            <ul>{ for props.lessons.iter().map(entry) }</ul>
        </details>
    }
}
