//! The column beside the stage while a served cluster is watched: how to reach it, who is there,
//! and what was said to them last.

use std::rc::Rc;

use yew::prelude::*;

use super::spoken;
use crate::lab::{Clock, Redirected, Served, Shown};
use crate::model::FarEnd;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Option<Rc<Shown>>,
    /// Where real clients were sent last, the newest at the end.
    pub redirects: Rc<Vec<Redirected>>,
    pub far_end: FarEnd,
}

#[component]
pub fn ServedColumn(props: &Props) -> Html {
    let shown = props.shown.as_deref();
    let served = shown.and_then(|shown| shown.live.as_ref()).map(|live| &live.served);
    let port = shown.and_then(|shown| shown.ports.first().copied());
    html! {
        <main class="lesson" aria-label="Served cluster" tabindex="0">
          <div class="lesson-block">
            <h2>{ "Served cluster" }</h2>
            <p id="far-end" role="status">{ said(props.far_end, served) }</p>
            if let Some(port) = port {
                <p>{ "Connect a client of your own to any node, for example:" }</p>
                <pre><code>{ format!("redis-cli -c -p {port}") }</code></pre>
                <p class="dim">
                    { "What is done here is done to the cluster itself: kill a node on the stage, \
                       and your clients notice. They go on while you look at the past." }
                </p>
            }
            <h3>{ "Redirects" }</h3>
            if props.redirects.is_empty() {
                <p class="dim">{ "No client was sent to another node yet." }</p>
            } else {
                <ul class="redirects">{ for props.redirects.iter().rev().map(redirect) }</ul>
            }
          </div>
        </main>
    }
}

fn redirect(told: &Redirected) -> Html {
    let by = told.by.as_ref().map_or_else(String::new, |by| format!("by {by}, "));
    html! {
        <li key={told.position}>
            <code>{ &told.text }</code>
            <span class="dim">{ format!("{by}at {}", spoken(told.elapsed)) }</span>
        </li>
    }
}

/// Whether the server is there, and how its cluster goes on.
fn said(far_end: FarEnd, served: Option<&Served>) -> String {
    match (far_end, served) {
        (FarEnd::Away { retry_s }, _) => {
            format!("The server does not answer. The page tries again in {retry_s} s.")
        }
        (FarEnd::Coming, _) | (FarEnd::Here, None) => "Connecting to the server ...".to_owned(),
        (FarEnd::Here, Some(served)) => {
            let clients = match served.clients {
                0 => "No client is connected".to_owned(),
                1 => "1 client is connected".to_owned(),
                count => format!("{count} clients are connected"),
            };
            match served.clock {
                Clock::Running => format!("{clients}."),
                Clock::Paused => format!("{clients}. The clock is paused: they wait."),
            }
        }
    }
}
