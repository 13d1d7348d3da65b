//! The terminal: a drawer in which one speaks to the cluster as with redis-cli.
//!
//! - `screen`: what stands on it; `speaker`: who asks, and what helps to type; `history`: the lines
//!   that were typed.
//!
//! A line is read here first, so that a mistake is shown at its place and the line is kept. What a
//! line prints comes from the lab, and is shown as it comes.

mod history;
mod screen;
mod speaker;

use std::rc::Rc;

use gloo::utils::document;
use hashslot_core::words::Span;
use hashslot_core::world::step::Party;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::behind::to_the_present;
use super::{chosen, spoken};
use crate::asker::{Asker, use_asker};
use crate::lab::{Ask, Shown};
use crate::model::{Action, Motion};
use crate::watching::present;
use screen::{Deed, Mistake, Row, Screen, mistake_in};
use speaker::Speaker;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub is_open: bool,
    pub shown: Option<Rc<Shown>>,
    /// The lesson that is open: with another one comes another cluster.
    pub lesson: Option<AttrValue>,
    pub motion: Motion,
}

#[component]
pub fn Terminal(props: &Props) -> Html {
    let asker = use_asker();
    let screen = use_reducer(Screen::default);
    let field = use_node_ref();
    use_focus(props.is_open, &field);
    {
        let dispatch = screen.dispatcher();
        use_effect_with(props.lesson.clone(), move |_| dispatch.dispatch(Deed::Reset));
    }
    let Some(shown) = props.shown.as_ref().filter(|_| props.is_open) else {
        return Html::default();
    };
    let ports = Rc::new(shown.ports.clone());
    let is_moving = props.motion != Motion::Still;
    let is_past = !shown.is_present && !is_moving && present(shown).is_none();
    let on_speaker = {
        let (screen, field) = (screen.clone(), field.clone());
        move |event: Event| {
            let value = chosen(&event).unwrap_or_default();
            screen.dispatch(Deed::Speak(Speaker::parse(&value)));
            focus(&field);
        }
    };
    let on_close = {
        let asker = asker.clone();
        move |_: MouseEvent| asker.tell(Action::ToggleTerminal)
    };
    html! {
        <section class="terminal" id="terminal" aria-label="Terminal">
            <header>
                <label>
                    { "Terminal " }
                    <select aria-label="Who asks" onchange={on_speaker}>
                        { for speakers(shown, &screen.speaker) }
                    </select>
                </label>
                <button class="close" type="button" aria-label="Close the terminal"
                    onclick={on_close}>{ "\u{d7}" }</button>
            </header>
            <Log rows={screen.rows.clone()} />
            <Prompt screen={screen.clone()} {ports} {field} is_moving={is_moving} />
            <p class={classes!("aside", is_past.then_some("past"))}>
                { where_it_acts(shown, is_past) }
                if is_past {
                    { " " }
                    { to_the_present(&asker, shown) }
                }
            </p>
        </section>
    }
}

/// What a line of the learner's own will do to the run.
fn where_it_acts(shown: &Shown, is_past: bool) -> String {
    if present(shown).is_some() {
        return "Your line acts on the served cluster itself: its clients notice.".to_owned();
    }
    let moment = match is_past {
        true => format!("Your line acts in the past that is shown, +{}. ", spoken(shown.elapsed)),
        false => String::new(),
    };
    let run = match shown.branch() {
        _ if shown.live.is_some() => {
            "It begins a run of your own, which your clients know nothing of."
        }
        Some(_) => "This is a run of your own: the button Back to the lesson leads back.",
        None => {
            "A command of your own leaves the lesson's run; a button on the timeline leads back."
        }
    };
    moment + run
}

/// Puts the focus into the field when the drawer opens, and back to where it was when it closes.
#[hook]
fn use_focus(is_open: bool, field: &NodeRef) {
    let field = field.clone();
    let before = use_mut_ref(|| None::<HtmlElement>);
    use_effect_with(is_open, move |&is_open| {
        if is_open {
            let active = document().active_element();
            *before.borrow_mut() = active.and_then(|it| it.dyn_into().ok());
            focus(&field);
        } else if let Some(element) = before.borrow_mut().take() {
            // What is gone needs no focus.
            let _ = element.focus();
        }
    });
}

fn focus(field: &NodeRef) {
    if let Some(element) = field.cast::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Everybody who can ask.
fn speakers(shown: &Shown, current: &Speaker) -> Vec<Html> {
    let is_own = |name: &&String| {
        let is_port = name.parse::<u16>().is_ok() || name.starts_with("client of");
        !is_port && !matches!(name.as_str(), "cli" | Party::OUTSIDE)
    };
    let mut all = vec![(Speaker::Follow, "redis-cli -c".to_owned())];
    all.push((Speaker::Hand, "$ the world".to_owned()));
    let plain =
        shown.ports.iter().map(|&port| (Speaker::Node(port), format!("redis-cli -p {port}")));
    all.extend(plain);
    let named = shown.clients.iter().filter(is_own);
    all.extend(named.map(|name| (Speaker::Named(name.clone()), format!("client {name}"))));
    let option = |(speaker, text): (Speaker, String)| {
        let is_chosen = speaker == *current;
        html! { <option value={speaker.value()} selected={is_chosen}>{ text }</option> }
    };
    all.into_iter().map(option).collect()
}

#[derive(Properties, PartialEq)]
struct LogProps {
    rows: Vec<Row>,
}

/// What was typed and printed; it stays scrolled to its end.
#[component]
fn Log(props: &LogProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with(props.rows.last().map(|row| row.number), move |_| {
            if let Some(element) = node.cast::<Element>() {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    let row = |row: &Row| match &row.prompt {
        Some(prompt) => html! {
            <p key={row.number} class="entered"><b>{ prompt }</b>{ " " }{ &row.text }</p>
        },
        None => html! { <p key={row.number}>{ &row.text }</p> },
    };
    html! {
        <div class="log" id="terminal-log" role="log" aria-live="polite" aria-label="Output"
            tabindex="0" ref={node}>
            { for props.rows.iter().map(row) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PromptProps {
    screen: UseReducerHandle<Screen>,
    ports: Rc<Vec<u16>>,
    field: NodeRef,
    is_moving: bool,
}

/// The line that is being typed.
#[component]
fn Prompt(props: &PromptProps) -> Html {
    let asker = use_asker();
    let screen = &props.screen;
    let is_moving = props.is_moving;
    let first = props.ports.first().copied().unwrap_or_default();
    let prompt = screen.prompt(first);
    let on_text = {
        let screen = screen.clone();
        move |event: InputEvent| {
            let field = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            if let Some(field) = field {
                screen.dispatch(Deed::Type(field.value()));
            }
        }
    };
    let on_key = {
        let (screen, ports, prompt) = (screen.clone(), props.ports.clone(), prompt.clone());
        move |event: KeyboardEvent| {
            let deed = match (event.key().as_str(), event.ctrl_key()) {
                ("l", true) => Deed::Clear,
                // With something selected the key copies.
                ("c", true) if !is_selecting(&event) => Deed::Cancel(first),
                ("ArrowUp", _) => Deed::Older,
                ("ArrowDown", _) => Deed::Newer,
                ("Tab", _) if !event.shift_key() && !screen.typed.is_empty() => {
                    Deed::Complete(ports.clone())
                }
                ("`", _) if screen.typed.is_empty() => {
                    event.prevent_default();
                    return asker.tell(Action::ToggleTerminal);
                }
                ("Enter", _) if !event.is_composing() => {
                    event.prevent_default();
                    return enter(&screen, &prompt, is_moving, &asker);
                }
                _ => return,
            };
            event.prevent_default();
            screen.dispatch(deed);
        }
    };
    let hint = screen.speaker.hint(&screen.typed);
    html! {
        <>
            if let Some(mistake) = &screen.mistake { { wrong(mistake) } }
            <div class="entry">
                <label for="terminal-line">{ &prompt }</label>
                <div class="field">
                    <span class="ghost" aria-hidden="true">
                        <span>{ &screen.typed }</span>{ hint.clone() }
                    </span>
                    <input type="text" id="terminal-line" ref={props.field.clone()}
                        value={screen.typed.clone()} oninput={on_text} onkeydown={on_key}
                        aria-describedby="terminal-hint"
                        aria-invalid={screen.mistake.is_some().to_string()}
                        autocapitalize="off" autocomplete="off" autocorrect="off"
                        spellcheck="false" enterkeyhint="go" />
                    <span id="terminal-hint" class="unseen">{ hint }</span>
                </div>
            </div>
        </>
    }
}

fn wrong(mistake: &Mistake) -> Html {
    html! {
        <div class="mistake" role="alert">
            if let Some((line, marks)) = &mistake.place {
                <pre>{ line }{ "\n" }{ marks }</pre>
            }
            <p>{ &mistake.message }</p>
        </div>
    }
}

/// Does what was typed.
fn enter(screen: &UseReducerHandle<Screen>, prompt: &str, is_moving: bool, asker: &Asker) {
    let typed = screen.typed.trim();
    let (word, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let prompt = prompt.to_owned();
    match word.to_ascii_lowercase().as_str() {
        _ if screen.is_waiting => {}
        "" => screen.dispatch(Deed::Blank(prompt)),
        "clear" if rest.is_empty() => screen.dispatch(Deed::Clear),
        "exit" | "quit" if rest.is_empty() => {
            screen.dispatch(Deed::Type(String::new()));
            asker.tell(Action::ToggleTerminal);
        }
        "help" | "?" => screen.dispatch(Deed::Help(prompt, rest.to_owned())),
        _ => {
            let line = screen.speaker.line(typed);
            if let Some(mistake) = mistake_in(&line) {
                return screen.dispatch(Deed::Wrong(mistake));
            }
            screen.dispatch(Deed::Enter(prompt));
            // While the page still shows what the last line did, this one follows it; what is done
            // where the page stands still begins there.
            if is_moving {
                asker.look(Ask::Seek { elapsed: Span::MAX });
            }
            let dispatch = screen.dispatcher();
            asker.act_then(Ask::Do { line }, move |answer| {
                dispatch.dispatch(Deed::Heard(answer.clone()));
            });
        }
    }
}

/// Whether part of the line is selected.
fn is_selecting(event: &KeyboardEvent) -> bool {
    let field = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
    let ends = field.map(|field| (field.selection_start(), field.selection_end()));
    matches!(ends, Some((Ok(Some(start)), Ok(Some(end)))) if start < end)
}
