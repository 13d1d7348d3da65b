//! A `lab` block: a console transcript that the learner runs step by step.

use hashslot_core::lesson::{Exchange, Lab};
use yew::prelude::*;

use crate::lab::{Ask, Exchanged, RunnerAsk};

/// The steps of a block: those that are done with what they printed, the next one as a button, and
/// the rest as they will come.
pub fn transcript(
    lab: &Lab,
    done: &[Exchanged],
    ask: Option<&RunnerAsk>,
    on_do: &Callback<Ask>,
) -> Html {
    let next_line = match ask {
        Some(RunnerAsk::Perform { line, .. }) => Some(*line),
        _ => None,
    };
    let step = |exchange: &Exchange| {
        let was = done.iter().find(|done| done.line == exchange.line);
        match was {
            Some(done) => run_step(done),
            None if next_line == Some(exchange.line) => next_step(exchange, on_do),
            None => later_step(exchange),
        }
    };
    html! {
        <div class="transcript" role="group" aria-label="Console">
            { for lab.exchanges.iter().map(step) }
        </div>
    }
}

fn run_step(done: &Exchanged) -> Html {
    html! {
        <div class="step done">
            <code class="prompt">{ &done.step }</code>
            { output(&done.printed) }
        </div>
    }
}

fn next_step(exchange: &Exchange, on_do: &Callback<Ask>) -> Html {
    let on_run = on_do.reform(|_| Ask::Continue);
    html! {
        <div class="step next">
            <button id="primary" class="primary run" type="button" onclick={on_run}>
                <span class="verb">{ "Run" }</span>
                <code>{ exchange.action.to_string() }</code>
            </button>
        </div>
    }
}

fn later_step(exchange: &Exchange) -> Html {
    let step = exchange.action.to_string();
    html! { <div class="step later"><code class="prompt">{ step }</code></div> }
}

/// Printed lines, as a console shows them.
pub fn output(lines: &[String]) -> Html {
    if lines.is_empty() {
        return Html::default();
    }
    html! { <pre class="output">{ lines.join("\n") }</pre> }
}
