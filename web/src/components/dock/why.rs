//! Why? The chain of causes behind an event: the effect first, "because" downwards; or as a story,
//! the oldest first. A line that is chosen shows its moment and rings who took part.

use std::rc::Rc;

use hashslot_core::lesson::Sight;
use hashslot_core::view::Told;
use hashslot_core::world::step::Port;
use yew::prelude::*;

use crate::asker::{Asker, use_asker};
use crate::components::spoken;
use crate::lab::{Ask, Reason, Shown};
use crate::model::Action;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Rc<Shown>,
    /// The last answer; nothing if nobody has asked.
    pub reasons: Option<Rc<Vec<Reason>>>,
}

#[component]
pub fn Why(props: &Props) -> Html {
    let asker = use_asker();
    let is_story = use_state_eq(|| false);
    let position = props.shown.now.as_ref().map(|told| told.position);
    let on_story = {
        let is_story = is_story.clone();
        move |_: Event| is_story.set(!*is_story)
    };
    let content = match props.reasons.as_deref() {
        None => html! {
            <p class="hint">
                { "Here stands why something happened: the effect first, and below it what it " }
                { "came from. Ask with the button Why? beside what was said last, in a cell of " }
                { "the beliefs, or here:" }
            </p>
        },
        Some(reasons) if reasons.is_empty() => html! {
            <p class="hint" role="status">
                { "Nothing has changed that since the start, and nobody has changed their mind " }
                { "about it: it is as it was when the cluster was formed." }
            </p>
        },
        Some(reasons) => html! {
            <>
                <label class="story">
                    <input type="checkbox" checked={*is_story} onchange={on_story} />
                    { "as a story" }
                </label>
                { chain(reasons, *is_story, position, &asker) }
            </>
        },
    };
    html! {
        <div class="why">
            { content }
            { askers(&props.shown, position, &asker) }
        </div>
    }
}

/// The other questions that can be asked: of the event that is shown, and of each node.
fn askers(shown: &Shown, position: Option<usize>, asker: &Asker) -> Html {
    let ask = |ask: Ask| {
        let asker = asker.clone();
        move |_: MouseEvent| asker.look(ask.clone())
    };
    let node = |&node: &u16| {
        html! {
            <li>
                <button type="button" onclick={ask(Ask::WhyNode { node })}
                    aria-label={format!("Why is {node} what it is?")}>{ node }</button>
            </li>
        }
    };
    html! {
        <div class="askers">
            <p>{ "Why is a node what it is?" }</p>
            <ul>{ for shown.ports.iter().map(node) }</ul>
            if let Some(position) = position {
                <button type="button" onclick={ask(Ask::Why { position })}>
                    { "Why did the shown event happen?" }
                </button>
            }
        </div>
    }
}

const RULE_TITLE: &str =
    "The function of Redis that decides it; docs/FIDELITY.md tells how it is modelled.";

fn chain(reasons: &[Reason], is_story: bool, shown: Option<usize>, asker: &Asker) -> Html {
    let line = |(index, reason): (usize, &Reason)| {
        let lead = match (index, is_story) {
            (0, _) => "",
            (_, false) => "because ",
            (_, true) => "so ",
        };
        html! {
            <li key={reason.told.position}>
                { told_button(&reason.told, lead, shown, asker) }
                if let Some(rule) = &reason.rule {
                    <p class="rule" title={RULE_TITLE}>
                        { "rule: " }<code>{ rule }</code>
                    </p>
                }
                { beside(&reason.also, shown, asker) }
            </li>
        }
    };
    let mut ordered: Vec<&Reason> = reasons.iter().collect();
    if is_story {
        ordered.reverse();
    }
    html! { <ol id="because">{ for ordered.into_iter().enumerate().map(line) }</ol> }
}

fn told_button(told: &Told, lead: &'static str, shown: Option<usize>, asker: &Asker) -> Html {
    let position = told.position;
    let on_click = {
        let (asker, sights) = (asker.clone(), sights(told));
        move |_: MouseEvent| {
            asker.look(Ask::ShowEvent { position });
            asker.tell(Action::Ring(sights.clone()));
        }
    };
    html! {
        <button type="button" class="told" onclick={on_click}
            aria-current={(shown == Some(position)).then_some("step")}>
            <time>{ spoken(told.elapsed) }</time>
            <span>
                if !lead.is_empty() { <em>{ lead }</em> }
                { &told.text }
            </span>
        </button>
    }
}

/// What was part of the reason as well: one event as it is, several folded.
fn beside(also: &[Told], shown: Option<usize>, asker: &Asker) -> Html {
    match also {
        [] => Html::default(),
        [one] => html! { <div class="also">{ told_button(one, "and ", shown, asker) }</div> },
        many => {
            let is_shown = many.iter().any(|told| shown == Some(told.position));
            html! {
                <details class="also" open={is_shown}>
                    <summary>{ folded(many) }</summary>
                    { for many.iter().map(|told| told_button(told, "", shown, asker)) }
                </details>
            }
        }
    }
}

/// Who is to be ringed: the node of the event, and who sent the news.
fn sights(told: &Told) -> Vec<Sight> {
    let names = [Some(&told.node), told.from.as_ref()];
    names.into_iter().flatten().filter_map(|name| Port::parse(name)).map(Sight::Node).collect()
}

/// Parallel causes in one line: `2 votes: 7000, 7002`.
fn folded(many: &[Told]) -> String {
    let kinds = [("vote-received", "vote", "peer"), ("vote-refused", "refusal", "node")];
    let rest = ("", "more reason", "node");
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for told in many {
        let is_kind = |(lead, ..): &&(&str, &str, &str)| told.sentence.key.starts_with(lead);
        let (_, noun, field) = kinds.iter().find(is_kind).copied().unwrap_or(rest);
        let mut fields = told.sentence.fields.iter();
        let who = fields.find(|(name, _)| name == field).map_or(told.node.as_str(), |(_, who)| who);
        match groups.iter_mut().find(|(known, _)| *known == noun) {
            Some((_, names)) => names.push(who),
            None => groups.push((noun, vec![who])),
        }
    }
    let said = |(noun, names): &(&str, Vec<&str>)| {
        let counted = hashslot_core::view::counted(names.len() as u64, noun);
        format!("{counted}: {}", names.join(", "))
    };
    groups.iter().map(said).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Answer, Lab, Request};

    fn why(lines: &[&str], node: u16) -> Vec<Reason> {
        let mut lab = Lab::default();
        let mut ask = |ask: Ask| lab.handle(Request { id: 1, ask }).remove(0).answer;
        ask(Ask::Open { lesson: "a-master-dies".to_owned() });
        for line in lines {
            ask(Ask::Do { line: (*line).to_owned() });
        }
        ask(Ask::Seek { elapsed: hashslot_core::words::Span::MAX });
        match ask(Ask::WhyNode { node }) {
            Answer::Why(reasons) => reasons,
            other => panic!("expected reasons, got {other:?}"),
        }
    }

    #[test]
    fn votes_are_folded_and_rules_are_named() {
        let reasons = why(&["$ kill 7001", "$ run until 7004 is master"], 7004);
        let votes = reasons.iter().find(|reason| reason.also.len() == 2).unwrap();
        let said = folded(&votes.also);
        assert!(said == "2 votes: 7000, 7002" || said == "2 votes: 7002, 7000", "{said}");
        let rule = |reason: &Reason| reason.rule.clone().unwrap_or_default();
        assert_eq!(rule(&reasons[0]), "clusterFailoverReplaceYourMaster");
        assert!(sights(&reasons[0].told).contains(&Sight::Node(Port::new(7004).unwrap())));
    }

    #[test]
    fn of_what_never_changed_there_is_no_reason() {
        assert!(why(&[], 7001).is_empty());
    }
}
