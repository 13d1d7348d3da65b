//! A `predict` block: the learner commits to an answer, and the run decides.
//!
//! Nothing is marked right beforehand. After a wrong answer the page offers the run in which it
//! would have been right, or the rule that forbids it.

use hashslot_core::lesson::{Choice, ExpectedLine, Predict};
use yew::prelude::*;

use super::prose::{line_of, prose};
use super::transcript::output;
use crate::lab::{Ask, RunnerAsk};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub index: usize,
    pub predict: Predict,
    /// The verdict, once there is one.
    pub verdict: Option<RunnerAsk>,
    /// Whether the lesson stands at this block.
    pub is_current: bool,
    /// Whether the answer stays covered until it is asked for: the room is still thinking.
    pub is_covered: bool,
    pub on_do: Callback<Ask>,
}

#[component]
pub fn Prediction(props: &Props) -> Html {
    let chosen = use_state(|| None::<usize>);
    let uncovered = use_state(|| false);
    let has_verdict = props.verdict.is_some();
    let is_hidden = props.is_covered && has_verdict && !*uncovered;
    let on_commit = {
        let (chosen, on_do) = (chosen.clone(), props.on_do.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let (Some(option), false) = (*chosen, has_verdict) {
                on_do.emit(Ask::Choose { option });
            }
        })
    };
    let on_uncover = {
        let uncovered = uncovered.clone();
        move |_: MouseEvent| uncovered.set(true)
    };
    let committed = match &props.verdict {
        Some(RunnerAsk::Verdict { chosen, .. }) => Some(*chosen),
        _ => None,
    };
    let right = match &props.verdict {
        Some(RunnerAsk::Verdict { right, .. }) => *right,
        _ => None,
    };
    let option = |(index, option): (usize, &Choice)| {
        let setter = chosen.setter();
        let is_chosen = committed.or(*chosen) == Some(index);
        let is_judged = committed.is_some() && !is_hidden;
        let class = classes!(
            "option",
            (is_judged && right == Some(index)).then_some("right"),
            (is_judged && committed == Some(index) && right != Some(index)).then_some("wrong"),
        );
        // The first one takes the focus: the arrow keys choose, Enter commits.
        let id = (index == 0 && props.is_current && chosen.is_none() && !has_verdict)
            .then_some("primary");
        html! {
            <label {class}>
                <input {id} type="radio" name={format!("predict-{}", props.index)}
                    value={index.to_string()} checked={is_chosen}
                    disabled={has_verdict || !props.is_current}
                    onchange={move |_: Event| setter.set(Some(index))} />
                <code>{ text_of(&option.output) }</code>
                if is_judged { { sign(committed, right, index) } }
            </label>
        }
    };
    html! {
        <form class="card predict" onsubmit={on_commit}>
            <fieldset>
                <legend>
                    <span class="kind">{ "Predict" }</span>
                    { line_of(&props.predict.ask) }
                </legend>
                <code class="prompt question">{ props.predict.step.to_string() }</code>
                { for props.predict.options.iter().enumerate().map(option) }
            </fieldset>
            if props.is_current && !has_verdict {
                <button id={chosen.is_some().then_some("primary")} class="primary commit"
                    type="submit" aria-disabled={chosen.is_none().to_string()}>{ "Commit" }</button>
            }
            if is_hidden {
                <button id={props.is_current.then_some("primary")} class="primary uncover"
                    type="button" onclick={on_uncover}>{ "Show the answer" }</button>
            } else if let Some(RunnerAsk::Verdict { .. }) = &props.verdict {
                { verdict(props) }
            }
        </form>
    }
}

/// Said beside an option, for those who do not see its colour.
fn sign(committed: Option<usize>, right: Option<usize>, index: usize) -> Html {
    match committed {
        Some(_) if right == Some(index) => html! { <span class="sign">{ "the run" }</span> },
        Some(chosen) if chosen == index => html! { <span class="sign">{ "you" }</span> },
        _ => Html::default(),
    }
}

fn verdict(props: &Props) -> Html {
    let Some(RunnerAsk::Verdict { chosen, right, got, counter, .. }) = &props.verdict else {
        return Html::default();
    };
    let Some(choice) = props.predict.options.get(*chosen) else { return Html::default() };
    let is_right = *right == Some(*chosen);
    let can_ask = !is_right && !choice.counters.is_empty() && counter.is_none();
    let on_what_if = {
        let option = *chosen;
        props.on_do.reform(move |_: MouseEvent| Ask::WhatIf { option })
    };
    let on_continue = props.on_do.reform(|_: MouseEvent| Ask::Continue);
    html! {
        <div class="verdict" role="status">
            <p>
                <strong>{ if is_right { "Right." } else { "No." } }</strong>
                { " The run printed:" }
            </p>
            { output(got) }
            if let (false, Some(never)) = (is_right, &choice.never) {
                <div class="never">{ prose(never) }</div>
            }
            if let Some(counter) = counter {
                { counter_run(choice, &counter.got, counter.came_true) }
            }
            if props.is_current {
                <p class="buttons">
                    if can_ask {
                        <button id="primary" class="primary what-if" type="button"
                            onclick={on_what_if}>
                            { "What would have had to happen?" }
                        </button>
                    }
                    <button id={(!can_ask).then_some("primary")} type="button" onclick={on_continue}
                        class={classes!("continue", (!can_ask).then_some("primary"))}>
                        { "Continue" }
                    </button>
                </p>
            }
        </div>
    }
}

/// The other run, from the same moment, in which the answer would have been right.
fn counter_run(choice: &Choice, got: &[String], came_true: bool) -> Html {
    let steps = choice.counters.iter().map(|counter| {
        html! { <code class="prompt">{ counter.step.to_string() }</code> }
    });
    let outcome = match came_true {
        true => "Then your answer comes true:",
        false => "Even then it prints:",
    };
    html! {
        <div class="counter">
            <p>{ "From the same moment, on a run of its own, with this done first:" }</p>
            { for steps }
            <p>{ outcome }</p>
            { output(got) }
        </div>
    }
}

fn text_of(lines: &[ExpectedLine]) -> String {
    lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}
