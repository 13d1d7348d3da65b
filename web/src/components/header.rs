//! The top line: the product, the lesson and how far it is, the other lessons, and which engine
//! simulates.

use std::rc::Rc;
use std::sync::Arc;

use hashslot_core::lesson::{Block, Node};
use hashslot_core::view::Traffic;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::chosen;
use super::world_switch::WorldSwitch;
use crate::asker::{Asker, use_asker};
use crate::files;
use crate::lab::{Ask, Lesson, Shelved, Shown};
use crate::memory::Progress;
use crate::model::{Action, Sheet};
use crate::worlds::{Offer, World, Worlds};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Option<Arc<Lesson>>,
    pub lessons: Rc<Vec<Shelved>>,
    /// The id of the lesson that is open, if it comes with the program.
    pub open: Option<AttrValue>,
    /// The block at which the lesson stands.
    pub block: Option<usize>,
    /// The version that the worker gave; `None` until it answers.
    pub engine: Option<AttrValue>,
    pub shown: Option<Rc<Shown>>,
    pub worlds: Worlds,
}

#[component]
pub fn Header(props: &Props) -> Html {
    let asker = use_asker();
    let lesson = props.lesson.as_ref().filter(|_| props.worlds.shown == World::Page);
    let title = lesson.map(|lesson| lesson.front.title.clone());
    html! {
        <header class="top">
            <h1 class="brand">{ "hashslot" }</h1>
            if props.worlds.offer == Offer::Cluster {
                <WorldSwitch worlds={props.worlds.clone()} />
            }
            <p class="title">
                <span class="lesson-title">{ title }</span>
                if let (Some(lesson), Some(block)) = (lesson, props.block) {
                    <span class="part">{ part(lesson, block) }</span>
                }
            </p>
            if let Some(shown) = &props.shown {
                <Glasses seen_by={shown.stage.seen_by} traffic={shown.traffic}
                    ports={Rc::new(shown.ports.clone())} />
            }
            <Menu lessons={props.lessons.clone()} open={props.open.clone()}
                worlds={props.worlds.clone()}
                key={props.open.as_deref().unwrap_or_default().to_owned()} />
            <div class="tools">
                { terminal(&asker) }
                { tool(&asker, "share", "Share", "Share (s)", Sheet::Share) }
                { tool(&asker, "keys", "?", "Keys (?)", Sheet::Keys) }
            </div>
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

fn terminal(asker: &Asker) -> Html {
    let asker = asker.clone();
    let on_click = move |_: MouseEvent| asker.tell(Action::ToggleTerminal);
    html! {
        <button id="terminal-button" type="button" aria-label="Terminal (`)" title="Terminal (`)"
            onclick={on_click}><code>{ ">_" }</code></button>
    }
}

/// A button that opens a sheet.
fn tool(
    asker: &Asker,
    id: &'static str,
    sign: &'static str,
    name: &'static str,
    sheet: Sheet,
) -> Html {
    let asker = asker.clone();
    let on_click = move |_: MouseEvent| asker.tell(Action::OpenSheet(Some(sheet)));
    html! {
        <button {id} type="button" aria-label={name} title={name} onclick={on_click}>
            { sign }
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct GlassesProps {
    pub seen_by: Option<u16>,
    pub traffic: Traffic,
    pub ports: Rc<Vec<u16>>,
    /// What goes before the ids, where there are two of them.
    #[prop_or_default]
    pub lead: AttrValue,
}

/// Whose eyes the stage is seen with, and which messages are shown.
#[component]
pub fn Glasses(props: &GlassesProps) -> Html {
    let asker = use_asker();
    let on_see = {
        let asker = asker.clone();
        move |event: Event| {
            let by = chosen(&event).and_then(|value| value.parse().ok());
            asker.play(Ask::See { by });
        }
    };
    let on_traffic = move |event: Event| {
        let found = TRAFFICS.iter().find(|(name, _)| chosen(&event).as_deref() == Some(*name));
        if let Some(&(_, traffic)) = found {
            asker.play(Ask::ShowTraffic { traffic });
        }
    };
    let eye = |port: &u16| {
        let is_chosen = props.seen_by == Some(*port);
        html! { <option value={port.to_string()} selected={is_chosen}>{ port }</option> }
    };
    let traffic = |&(name, traffic): &(&'static str, Traffic)| {
        html! { <option value={name} selected={props.traffic == traffic}>{ name }</option> }
    };
    html! {
        <div class="glasses">
            <label>
                { "Seen by " }
                <select id={format!("{}seen-by", props.lead)} onchange={on_see}>
                    <option value="" selected={props.seen_by.is_none()}>{ "the world" }</option>
                    { for props.ports.iter().map(eye) }
                </select>
            </label>
            <label>
                { "Traffic " }
                <select id={format!("{}traffic", props.lead)} onchange={on_traffic}>
                    { for TRAFFICS.iter().map(traffic) }
                </select>
            </label>
        </div>
    }
}

const TRAFFICS: [(&str, Traffic); 3] =
    [("quiet", Traffic::Quiet), ("news", Traffic::News), ("all", Traffic::All)];

#[derive(Properties, PartialEq)]
struct MenuProps {
    lessons: Rc<Vec<Shelved>>,
    open: Option<AttrValue>,
    worlds: Worlds,
}

#[component]
fn Menu(props: &MenuProps) -> Html {
    let worlds = props.worlds.clone();
    let on_file = move |event: Event| {
        let input = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        files::open_first(input.and_then(|input| input.files()), &worlds);
    };
    let entry = |lesson: &Shelved| {
        let is_open = (Some(&*lesson.id) == props.open.as_deref()).then_some("page");
        html! {
            <li>
                <a href={format!("#lesson={}", lesson.id)} aria-current={is_open}>
                    <strong>{ &lesson.title }</strong>
                    <span class="minutes">
                        { match Progress::of(&lesson.id) {
                            Some(Progress { is_done: true, .. }) => "done \u{2713}".to_owned(),
                            Some(_) => "begun".to_owned(),
                            None => format!("{} min", lesson.minutes),
                        } }
                    </span>
                    <span class="about">{ &lesson.about }</span>
                </a>
            </li>
        }
    };
    html! {
        <details class="menu" id="lessons">
            <summary aria-label="Lessons">{ "Lessons" }</summary>
            <ul>
                { for props.lessons.iter().map(entry) }
                <li>
                    <label class="file">
                        { "Open a file: a lesson (.md), or what was saved or recorded" }
                        <input type="file" id="open-file" accept=".md,.lab,.session,text/*"
                            onchange={on_file} />
                    </label>
                </li>
            </ul>
        </details>
    }
}
