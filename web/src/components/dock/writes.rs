//! Writes: where did my write go? What was acknowledged, who has it, how far the replicas are, and
//! what was lost.

use std::rc::Rc;

use hashslot_core::view::{Copies, Fate, Follower, OwnWrite, Stream, Told, Truth, Writes, counted};
use yew::prelude::*;

use super::moment;
use crate::asker::{Asker, use_answer, use_asker};
use crate::components::spoken;
use crate::lab::{Answer, Ask, Shown};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
}

#[component]
pub fn WritesTab(props: &Props) -> Html {
    let asker = use_asker();
    let answer = use_answer(Some(Ask::Writes), moment(&props.shown));
    let Some(Answer::Writes(writes)) = answer.as_deref() else {
        return html! { <p class="empty" role="status">{ "Reading the ledger ..." }</p> };
    };
    html! {
        <div class="writes">
            { own(writes, &asker) }
            { workload(writes, &asker) }
            { streams(&writes.streams) }
            { keys(writes) }
        </div>
    }
}

/// The learner's own writes, newest first.
fn own(writes: &Writes, asker: &Asker) -> Html {
    let is_nothing = writes.own.is_empty() && !writes.is_loaded && writes.key_count == 0;
    let row = |write: &OwnWrite| {
        let position = write.position;
        let asker = asker.clone();
        let on_click = move |_: MouseEvent| asker.look(Ask::ShowEvent { position });
        let (class, said) = fate(&write.fate);
        html! {
            <li key={position} class={class}>
                <button type="button" class="told" onclick={on_click}>
                    <time>{ spoken(write.elapsed) }</time>
                    <span>
                        <code>{ &write.command }</code>
                        <span class="fate">{ said }</span>
                    </span>
                </button>
            </li>
        }
    };
    html! {
        <section>
            <h3>{ "Your writes" }</h3>
            if is_nothing {
                <p class="hint">
                    { "Nothing was written yet. Open the terminal and type " }
                    <code>{ "SET user:1 alice" }</code>{ ", or let clients write by themselves: " }
                    <code>{ "$ workload 50/s" }</code>{ "." }
                </p>
            } else if writes.own.is_empty() {
                <p class="hint">{ "You have written nothing up to this moment." }</p>
            } else {
                <ol class="rows own">{ for writes.own.iter().rev().map(row) }</ol>
            }
        </section>
    }
}

/// What became of a write: a class, and a sentence.
fn fate(fate: &Fate) -> (&'static str, String) {
    match fate {
        Fate::Open => ("open", "No answer yet.".to_owned()),
        Fate::Refused(why) => ("refused", format!("Not written: {why}")),
        Fate::Unanswered => (
            "open",
            "The connection ended without an answer: it may be written, or not.".to_owned(),
        ),
        Fate::Acknowledged { by } => ("kept", format!("{by} acknowledged it.")),
        Fate::Replaced { by } => {
            ("past", format!("{by} acknowledged it; a later write took its place."))
        }
        Fate::Kept { owner, copies } if copies.is_empty() => {
            ("alone", format!("Acknowledged; only {owner} has it, no replica."))
        }
        Fate::Kept { owner, copies } => {
            let replicas = counted(copies.len() as u64, "replica");
            ("kept", format!("Acknowledged; {owner} has it, and {replicas}: {}.", list(copies)))
        }
        Fate::Lost { by, owner, copies } => {
            let owner = match owner {
                Some(owner) => format!("{owner}, which owns the slot now, does not have it"),
                None => "nobody owns its slot now".to_owned(),
            };
            let copies = match copies.as_slice() {
                [] => String::new(),
                copies => format!("; {} still does", list(copies)),
            };
            ("lost", format!("Lost: {by} acknowledged it, but {owner}{copies}."))
        }
    }
}

fn list(ports: &[u16]) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// What the workload was promised, and what of that was lost.
fn workload(writes: &Writes, asker: &Asker) -> Html {
    if !writes.is_loaded {
        return Html::default();
    }
    let row = |told: &Told| {
        let position = told.position;
        let asker = asker.clone();
        let on_click = move |_: MouseEvent| asker.look(Ask::ShowEvent { position });
        html! {
            <li key={position} class="lost">
                <button type="button" class="told" onclick={on_click}>
                    <time>{ spoken(told.elapsed) }</time><span>{ &told.text }</span>
                </button>
            </li>
        }
    };
    let lost = match writes.lost.len() as u64 {
        0 => "none lost".to_owned(),
        count => format!("{count} lost"),
    };
    html! {
        <section>
            <h3>{ "The workload" }</h3>
            <p>{ format!("{} acknowledged, {lost}.", counted(writes.acknowledged, "write")) }</p>
            <ol class="rows">{ for writes.lost.iter().rev().map(row) }</ol>
        </section>
    }
}

/// How far each replica is behind its master.
fn streams(streams: &[Stream]) -> Html {
    let follower = |stream: &Stream, follower: &Follower| {
        let lag = stream.offset.saturating_sub(follower.offset);
        let state = match (follower.truth, follower.is_linked) {
            (Truth::Gone, _) => "gone",
            (Truth::Paused, _) => "stands still",
            (Truth::Running, true) => "link up",
            (Truth::Running, false) => "link down",
        };
        let behind = match lag {
            0 => "level".to_owned(),
            lag => format!("{} behind", counted(lag, "byte")),
        };
        html! {
            <tr key={follower.port} class={classes!("replica", (lag > 0).then_some("behind"))}>
                <th scope="row">{ follower.port }</th>
                <td>{ follower.offset }</td><td>{ behind }</td>
                <td class={classes!((state != "link up").then_some("down"))}>{ state }</td>
            </tr>
        }
    };
    let one = |stream: &Stream| {
        let state = match stream.truth {
            Truth::Gone => "gone",
            Truth::Paused => "stands still",
            Truth::Running => "",
        };
        html! {
            <tbody key={stream.master}>
                <tr class="master">
                    <th scope="row">{ stream.master }</th>
                    <td>{ stream.offset }</td><td>{ "master" }</td><td class="down">{ state }</td>
                </tr>
                { for stream.replicas.iter().map(|replica| follower(stream, replica)) }
            </tbody>
        }
    };
    html! {
        <section>
            <h3>{ "Streams" }</h3>
            <p class="hint">{ "A master numbers the bytes that it sends to its replicas." }</p>
            <table class="streams">
                <thead><tr>
                    <th scope="col">{ "Node" }</th><th scope="col">{ "Offset" }</th>
                    <th scope="col">{ "Lag" }</th><th scope="col">{ "Link" }</th>
                </tr></thead>
                { for streams.iter().map(one) }
            </table>
        </section>
    }
}

/// Who has which key with which value.
fn keys(writes: &Writes) -> Html {
    let row = |copies: &Copies| {
        let owners = copies.held.iter().find(|(port, _)| Some(*port) == copies.owner);
        let value = owners.map(|(_, value)| value);
        let holder = |(port, held): &(u16, String)| {
            let is_owner = Some(*port) == copies.owner;
            let differs = value.is_some_and(|value| value != held);
            html! {
                <li class={classes!(is_owner.then_some("owner"), differs.then_some("differs"))}>
                    <b>{ port }</b>{ if is_owner { " (owner) " } else { " " } }<code>{ held }</code>
                </li>
            }
        };
        html! {
            <tr key={copies.key.clone()}>
                <th scope="row">
                    <code>{ &copies.key }</code><span>{ format!("slot {}", copies.slot) }</span>
                </th>
                <td>
                    <ul>{ for copies.held.iter().map(holder) }</ul>
                    if value.is_none() {
                        <p class="differs">{ match copies.owner {
                            Some(owner) => format!("{owner} owns the slot and does not have it"),
                            None => "nobody owns the slot".to_owned(),
                        } }</p>
                    }
                </td>
            </tr>
        }
    };
    let rest = writes.key_count.saturating_sub(writes.keys.len() as u64);
    html! {
        if writes.key_count > 0 {
            <section>
                <h3>{ "Keys" }</h3>
                <table class="copies"><tbody>{ for writes.keys.iter().map(row) }</tbody></table>
                if rest > 0 { <p class="hint">{ format!("and {rest} more keys") }</p> }
            </section>
        }
    }
}
