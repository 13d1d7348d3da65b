//! The lesson column: what was read and done so far, and the one thing to do next.
//!
//! The blocks up to the current one are shown. At any time there is at most one primary control,
//! marked `#primary`; when it changes it gets the focus, so that a lesson can be played through by
//! pressing Enter.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use hashslot_core::lesson::{Block, Sight};
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use super::behind::behind;
use super::look::LookBlock;
use super::prediction::Prediction;
use super::prose::prose;
use super::quiz::QuizBlock;
use super::transcript::transcript;
use crate::asker::{Asker, use_asker};
use crate::hooks::start_again;
use crate::lab::{Ask, Lesson, LessonState, Pause, RunnerAsk, Shelved, Shown};
use crate::model::{Action, Tab, Trouble};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Option<Arc<Lesson>>,
    /// Its id, if it comes with the program.
    pub id: Option<AttrValue>,
    pub lessons: Rc<Vec<Shelved>>,
    /// How far it is.
    pub state: Option<Arc<LessonState>>,
    /// What is shown, if the stage stands still before the lesson's moment.
    pub behind: Option<Rc<Shown>>,
    pub trouble: Option<Trouble>,
    /// Whether it goes on where it was left at another time.
    pub is_resumed: bool,
    /// Whether a room is looking, and answers stay covered.
    pub is_presenting: bool,
}

#[component]
pub fn LessonColumn(props: &Props) -> Html {
    let asker = use_asker();
    let on_do = &Callback::from({
        let asker = asker.clone();
        move |ask| asker.act(ask)
    });
    use_sights(props, &asker);
    let state = props.state.as_deref();
    let is_settled = !state.is_some_and(LessonState::can_read_on);
    let step = state.filter(|_| is_settled).map(|state| (state.block, state.ask.clone()));
    use_focus_on_primary(step);
    let is_away = state.is_some_and(|state| state.pause == Pause::Away);
    use_sight_of_notice(is_away, props.behind.is_some());
    html! {
        <main class="lesson" aria-label="Lesson" tabindex="-1">
            if let (Some(lesson), Some(state)) = (&props.lesson, state) {
                if props.is_resumed {
                    <p class="resumed dim">
                        { "You are where you left off. " }
                        { start_again_button(props, &asker) }
                    </p>
                }
                { for blocks(lesson, state, props.is_presenting, on_do) }
                if state.pause == Pause::Away {
                    { away(&asker) }
                } else if let Some(shown) = &props.behind {
                    { behind(&asker, shown) }
                }
                { ending(state, props, &asker) }
            } else if let Some(trouble) = &props.trouble {
                { nothing_open(trouble, &props.lessons) }
            } else {
                <p class="dim" role="status">{ "Opening the lesson ..." }</p>
            }
        </main>
    }
}

fn blocks<'a>(
    lesson: &'a Lesson,
    state: &'a LessonState,
    is_presenting: bool,
    on_do: &'a Callback<Ask>,
) -> impl Iterator<Item = Html> + 'a {
    let is_waiting = state.pause == Pause::Waiting;
    let passed = lesson.blocks.iter().enumerate().take(state.block + 1);
    passed.map(move |(index, block)| {
        let ask = (is_waiting && index == state.block).then_some(&state.ask);
        let verdict = state.verdicts.get(&index).cloned();
        let content = match block {
            Block::Prose(text) => prose(&text.text),
            Block::Lab(lab) => transcript(lab, &state.done, ask, on_do),
            Block::Predict(predict) => html! {
                <Prediction {index} predict={predict.clone()} {verdict}
                    is_current={ask.is_some()} is_covered={is_presenting} {on_do} />
            },
            Block::Quiz(quiz) => html! {
                <QuizBlock {index} quiz={quiz.clone()} {verdict}
                    is_current={ask.is_some()} {on_do} />
            },
            Block::Look(look) => html! { <LookBlock look={look.clone()} /> },
        };
        html! {
            <div class="lesson-block" data-block={index.to_string()} key={index}>{ content }</div>
        }
    })
}

/// What stands below the blocks while the learner is on a run of their own.
fn away(asker: &Asker) -> Html {
    let asker = asker.clone();
    let on_click = move |_: MouseEvent| asker.look(Ask::BackToLesson);
    html! {
        <p class="away">
            { "The lesson waits: you are on a run of your own. " }
            <button class="start-again" type="button" onclick={on_click}>
                { "Back to the lesson" }
            </button>
        </p>
    }
}

/// What stands below the last block: that the lesson is over, and where to go on.
fn ending(state: &LessonState, props: &Props, asker: &Asker) -> Html {
    if state.ask != RunnerAsk::Done {
        return Html::default();
    }
    let title = props.lesson.as_ref().map(|lesson| lesson.front.title.as_str());
    let others = props.lessons.iter().filter(|lesson| Some(lesson.title.as_str()) != title);
    html! {
        <div class="ending" id="the-end">
            <p>
                { "This was the whole lesson. The timeline keeps all that happened: \
                   go back, and ask why." }
            </p>
            <p>{ start_again_button(props, asker) }</p>
            { for others.map(link) }
        </div>
    }
}

/// Plays the lesson from its beginning; one that does not come with the program is opened again by
/// its owner.
fn start_again_button(props: &Props, asker: &Asker) -> Html {
    let Some(id) = props.id.clone() else { return Html::default() };
    let asker = asker.clone();
    let on_click = move |_: MouseEvent| start_again(&id, &asker);
    html! {
        <button class="start-again" type="button" onclick={on_click}>
            { "Start this lesson again" }
        </button>
    }
}

fn link(lesson: &Shelved) -> Html {
    html! {
        <p><a class="next" href={format!("#lesson={}", lesson.id)}>
            { "Lesson: " }{ &lesson.title }
        </a></p>
    }
}

/// Why no lesson is open, and which there are.
fn nothing_open(trouble: &Trouble, lessons: &[Shelved]) -> Html {
    let said = match trouble {
        Trouble::Lost(_) => html! { <p>{ "No lesson can be played now." }</p> },
        Trouble::Refused(hint) => html! { <p class="trouble">{ hint }</p> },
        Trouble::Broken(texts) => html! {
            <>
                <p class="trouble">{ "This lesson has mistakes, and cannot be played:" }</p>
                { for texts.iter().map(|text| html! { <pre tabindex="0">{ text }</pre> }) }
            </>
        },
    };
    html! { <div role="alert">{ said }{ for lessons.iter().map(link) }</div> }
}

/// Where the lesson points is opened and ringed, once, as the lesson comes to it; the rings go with
/// its next step.
#[hook]
fn use_sights(props: &Props, asker: &Asker) {
    let lesson = props.lesson.clone();
    let block = props.state.as_ref().map(|state| state.block);
    let asker = asker.clone();
    let file = lesson.as_ref().map(|lesson| lesson.file.clone());
    use_effect_with((file, block), move |(_, block)| {
        let (Some(lesson), Some(block)) = (lesson, *block) else { return };
        let passed = lesson.blocks.iter().take(block).rev();
        let texts = passed.take_while(|block| matches!(block, Block::Prose(_) | Block::Look(_)));
        let sights: Vec<Sight> = texts
            .filter_map(|block| match block {
                Block::Look(look) => Some(look.sights.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        if has_room_for_dock() {
            sights.iter().for_each(|&sight| open_sight(sight, &asker));
        }
        asker.tell(Action::Ring(sights));
    });
}

/// Whether the dock stands beside the lesson, and not over it; the style sheet has the same.
fn has_room_for_dock() -> bool {
    let query = gloo::utils::window().match_media("(min-width: 1280px)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Opens the tab in which a sight is to be seen.
pub fn open_sight(sight: Sight, asker: &Asker) {
    match sight {
        Sight::Beliefs(_) => asker.tell(Action::OpenTab(Some(Tab::Beliefs))),
        Sight::Events => asker.tell(Action::OpenTab(Some(Tab::Events))),
        Sight::Why(node) => asker.play(Ask::WhyNode { node: node.number() }),
        Sight::Node(_) | Sight::Link(..) | Sight::Timeline => {}
    }
}

/// The blocks up to this one stand at the top of the lesson, and need no scrolling.
const BEGINNING: usize = 1;

/// Brings what is new into view, and the focus to the primary control.
#[hook]
fn use_focus_on_primary(step: Option<(usize, RunnerAsk)>) {
    let seen = use_mut_ref(BTreeSet::<usize>::new);
    use_effect_with(step, move |step| {
        let Some((block, _)) = step else { return };
        let primary = element("#primary");
        if let Some(primary) = &primary {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            // It is an element of this page, and may have the focus already.
            let _ = primary.focus_with_options(&options);
        }
        let mut seen = seen.borrow_mut();
        let first_new = (0..=*block).find(|index| !seen.contains(index));
        let is_fresh = seen.is_empty() || *block == 0;
        if is_fresh {
            seen.clear();
        }
        seen.extend(0..=*block);
        let news = first_new.and_then(|index| element(&format!("[data-block='{index}']")));
        match news {
            // A lesson that was opened in its midst shows where it stands.
            _ if is_fresh && *block > BEGINNING => {
                let here = element(&format!("[data-block='{block}']"));
                here.iter().for_each(|it| scroll_to(it, ScrollLogicalPosition::Start));
            }
            _ if is_fresh => {}
            Some(news) => scroll_to(&news, ScrollLogicalPosition::Start),
            None => primary.iter().for_each(|it| scroll_to(it, ScrollLogicalPosition::Nearest)),
        }
    });
}

/// Whoever leaves the lesson sees that it waits, and whose stage is behind it, that.
#[hook]
fn use_sight_of_notice(is_away: bool, is_behind: bool) {
    use_effect_with((is_away, is_behind), |_| {
        let notice = element(".lesson .away, .lesson .behind");
        notice.iter().for_each(|it| scroll_to(it, ScrollLogicalPosition::Nearest));
    });
}

fn element(selector: &str) -> Option<HtmlElement> {
    let found = gloo::utils::document().query_selector(selector).ok().flatten();
    found.and_then(|element| element.dyn_into().ok())
}

/// How it moves there is up to the style sheet, which knows who wants no motion.
fn scroll_to(element: &HtmlElement, to: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(to);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
