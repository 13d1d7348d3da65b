//! A `quiz` block: a question that the author answers, with feedback for each option.

use std::collections::BTreeSet;

use hashslot_core::lesson::{Marks, Quiz, QuizOption};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::prose::{line_of, prose};
use crate::lab::{Ask, RunnerAsk};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub index: usize,
    pub quiz: Quiz,
    /// The verdict, once there is one.
    pub verdict: Option<RunnerAsk>,
    /// Whether the lesson stands at this block.
    pub is_current: bool,
    pub on_do: Callback<Ask>,
}

#[component]
pub fn QuizBlock(props: &Props) -> Html {
    let marked = use_state(BTreeSet::<usize>::new);
    let committed = match &props.verdict {
        Some(RunnerAsk::QuizVerdict { chosen, is_right, .. }) => Some((chosen, *is_right)),
        _ => None,
    };
    let is_open = props.is_current && committed.is_none();
    let on_commit = {
        let (marked, on_do) = (marked.clone(), props.on_do.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if is_open && !marked.is_empty() {
                on_do.emit(Ask::ChooseAll { options: marked.iter().copied().collect() });
            }
        })
    };
    let option = |(index, option): (usize, &QuizOption)| {
        let is_marked = match committed {
            Some((chosen, _)) => chosen.contains(&index),
            None => marked.contains(&index),
        };
        let is_chosen = committed.is_some() && is_marked;
        let feedback = option.feedback.clone().filter(|_| is_chosen);
        let id = (index == 0 && is_open && marked.is_empty()).then_some("primary");
        let class = classes!(
            "option",
            (committed.is_some() && option.is_right).then_some("right"),
            (committed.is_some() && is_marked && !option.is_right).then_some("wrong"),
        );
        html! {
            <label {class}>
                <input {id} type={input_type(props.quiz.marks)}
                    name={format!("quiz-{}", props.index)}
                    value={index.to_string()} checked={is_marked} disabled={committed.is_some()}
                    onchange={on_mark(&marked, props.quiz.marks, index)} />
                <span>
                    { line_of(&option.text) }
                    if let Some(feedback) = &feedback {
                        <span class="feedback">{ line_of(feedback) }</span>
                    }
                </span>
            </label>
        }
    };
    let on_continue = props.on_do.reform(|_: MouseEvent| Ask::Continue);
    html! {
        <form class="card quiz" onsubmit={on_commit}>
            <fieldset>
                <legend>
                    <span class="kind">{ "Question" }</span>
                    { line_of(&props.quiz.question) }
                </legend>
                { for props.quiz.options.iter().enumerate().map(option) }
            </fieldset>
            if is_open {
                <button id={(!marked.is_empty()).then_some("primary")} class="primary commit"
                    type="submit" aria-disabled={marked.is_empty().to_string()}>
                    { "Commit" }
                </button>
            }
            if let Some((_, is_right)) = committed {
                <div class="verdict" role="status">
                    <p><strong>{ if is_right { "Right." } else { "No." } }</strong></p>
                    { prose(&props.quiz.explanation) }
                    if props.is_current {
                        <p class="buttons">
                            <button id="primary" class="primary continue" type="button"
                                onclick={on_continue}>
                                { "Continue" }
                            </button>
                        </p>
                    }
                </div>
            }
        </form>
    }
}

fn input_type(marks: Marks) -> &'static str {
    match marks {
        Marks::One => "radio",
        Marks::Several => "checkbox",
    }
}

fn on_mark(
    marked: &UseStateHandle<BTreeSet<usize>>,
    marks: Marks,
    index: usize,
) -> Callback<Event> {
    let marked = marked.clone();
    Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let mut next = match marks {
            Marks::One => BTreeSet::new(),
            Marks::Several => (*marked).clone(),
        };
        match input.checked() {
            true => next.insert(index),
            false => next.remove(&index),
        };
        marked.set(next);
    })
}
