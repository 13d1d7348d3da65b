//! What the page listens to besides its own parts: the address, the keyboard, and the clock.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::{Interval, Timeout};
use gloo::utils::{document, window};
use hashslot_core::view::{Direction, Filter};
use hashslot_core::words::Span;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, MediaQueryList};
use yew::prelude::*;

use crate::asker::{Asker, Came};
use crate::lab::{Answer, Ask, LINK_LEAD, RunnerAsk};
use crate::memory;
use crate::model::{Action, Model, Motion, Pace, Sheet, Tab};
use crate::moves::Move;
use crate::worlds::{self, Offer};

/// The lesson that a newcomer finds.
const DEFAULT_LESSON: &str = "first-five-minutes";

/// How long each event is shown in the story's pace, and how much longer after a silence: five
/// seconds in which only heartbeats went take no longer than a breath.
const STORY_MS: u32 = 600;
const SILENCE_MS: u32 = 200;
const SILENCE: Span = Span::from_secs(1);

/// How often the picture moves in a steady pace.
const TICK_MS: u32 = 100;

/// Opens what the address asks for: a lesson by its id, `#lesson=ID`, or a whole lab, `#lab=...`.
/// While it asks for the other world, all that is open stays as it is.
#[hook]
pub fn use_address(asker: &Asker, offer: Offer) {
    let asker = asker.clone();
    use_effect_with((), move |()| {
        open_address(&asker, offer);
        if window().location().search().is_ok_and(|search| search.contains("present")) {
            asker.tell(Action::TogglePresent);
        }
        let listener =
            EventListener::new(&window(), "hashchange", move |_| open_address(&asker, offer));
        move || drop(listener)
    });
}

fn open_address(asker: &Asker, offer: Offer) {
    let Some(asked) = worlds::wish(offer) else { return };
    // Whoever comes back from the other world finds what was open.
    if asker.come_to(&asked) == Came::Again {
        return;
    }
    if asked.starts_with(LINK_LEAD) {
        asker.tell(Action::Leave);
        return asker.play(Ask::OpenText { file: "link".to_owned(), source: asked });
    }
    match asked.strip_prefix("lesson=") {
        Some(id) if !id.is_empty() => open_lesson(id.to_owned(), asker),
        _ => {
            open_lesson(memory::last_lesson().unwrap_or_else(|| DEFAULT_LESSON.to_owned()), asker);
        }
    }
}

/// Opens a lesson where it was left, or from its beginning.
fn open_lesson(id: String, asker: &Asker) {
    asker.tell(Action::Leave);
    let begun = memory::Progress::of(&id).filter(|progress| !progress.is_done);
    let Some(progress) = begun else { return asker.play(Ask::Open { lesson: id }) };
    let source = progress.link;
    let again = asker.clone();
    asker.fetch(Ask::OpenText { file: id.clone(), source }, move |answer| match answer {
        // What was kept is of use only if the lesson is still the same.
        Answer::Opened { note: None, .. } => {
            again.tell(Action::Answered(answer));
            again.tell(Action::Resumed);
        }
        _ => again.play(Ask::Open { lesson: id }),
    });
}

/// Opens a lesson from its beginning.
pub fn start_again(id: &str, asker: &Asker) {
    asker.tell(Action::Leave);
    asker.play(Ask::Open { lesson: id.to_owned() });
}

/// The name of the page is that of what is open, so that tabs and bookmarks can be told apart.
#[hook]
pub fn use_title(model: &Model) {
    let title = model.lesson.as_ref().map(|lesson| lesson.front.title.clone());
    use_effect_with(title, |title| {
        let name = title.as_ref().map_or("hashslot".to_owned(), |it| format!("{it} - hashslot"));
        document().set_title(&name);
    });
}

/// Keeps how far the lesson is, after every deed; not over the person's own place in a lesson of
/// which they look at somebody else's link.
#[hook]
pub fn use_progress(model: &UseReducerHandle<Model>, asker: &Asker) {
    let asker = asker.clone();
    let id = model.lesson_id.clone();
    let deeds = model.shown.as_ref().map(|shown| {
        let lesson = &shown.lesson;
        (lesson.block, lesson.done.len(), shown.lanes.len(), shown.present, lesson.ask.clone())
    });
    use_effect_with((id, deeds), move |(id, deeds)| {
        let Some((block, done, lanes, _, ask)) = deeds else { return };
        let is_begun = *block > 0 && *done > 0 || *lanes > 1;
        let is_done = *ask == RunnerAsk::Done;
        let id = id.clone();
        let keeper = asker.clone();
        asker.fetch(Ask::Link, move |answer| {
            let Answer::Link { text: link } = answer else { return };
            if let (Some(id), true) = (id, is_begun) {
                let begun = || memory::Progress::of(&id).is_some_and(|own| !own.is_done);
                if !keeper.is_visit(begun) {
                    memory::Progress { is_done, link: link.clone() }.keep(&id);
                }
            }
            keeper.keep(link);
        });
    });
}

/// Above this many ms the page says that the simulation is busy, and offers to stop it.
const PATIENCE_MS: f64 = 2_000.0;

/// Watches whether the simulation is busy with one thing for too long.
#[hook]
pub fn use_patience(asker: &Asker) {
    let asker = asker.clone();
    use_effect_with((), move |()| {
        let mut was_busy = false;
        let interval = Interval::new(500, move || {
            let is_busy = asker.busy_ms() > PATIENCE_MS;
            if is_busy != was_busy {
                asker.tell(Action::Busy(is_busy));
            }
            was_busy = is_busy;
        });
        move || drop(interval)
    });
}

/// Shows what comes next after a while, again and again, as long as the page plays.
#[hook]
pub fn use_motion(model: &UseReducerHandle<Model>, asker: &Asker) {
    let pace = model.pace;
    let deps = (model.motion, pace, model.shown.clone(), asker.clone());
    use_effect_with(deps, move |(motion, pace, shown, asker)| {
        let asker = asker.clone();
        let silence = shown.as_ref().and_then(|shown| shown.passed).unwrap_or(Span::ZERO);
        let next = Ask::Step { direction: Direction::Forward, filter: Filter::Story };
        let (pause_ms, ask) = match pace {
            Pace::Story | Pace::Film if silence > SILENCE => (STORY_MS + SILENCE_MS, next),
            Pace::Story | Pace::Film => (STORY_MS, next),
            Pace::Steady(rate) => {
                let micros = rate * f64::from(TICK_MS) * 1000.0;
                (TICK_MS, Ask::Pass { span: Span::from_micros(micros as u64) })
            }
        };
        let pause_ms = match motion {
            Motion::Still => None,
            Motion::Starting => Some(0),
            Motion::Playing => Some(pause_ms),
        };
        let timeout = pause_ms.map(|pause| Timeout::new(pause, move || asker.play(ask)));
        move || drop(timeout)
    });
}

/// The keys of the page: space, `.` and `,`, `>` and `<`, Home; the terminal, the sheets, and
/// Escape, which closes what lies on top.
#[hook]
pub fn use_keys(model: &UseReducerHandle<Model>, asker: &Asker) {
    let is_still = model.motion == Motion::Still;
    let is_presenting = model.desk.is_presenting;
    let deps = (is_still, is_presenting, model.shown.clone(), asker.clone());
    use_effect_with(deps, move |(is_still, is_presenting, shown, asker)| {
        let (is_still, is_presenting) = (*is_still, *is_presenting);
        let (shown, asker) = (shown.clone(), asker.clone());
        // A space would scroll the page as well.
        let active = EventListenerOptions::enable_prevent_default();
        let listener =
            EventListener::new_with_options(&document(), "keydown", active, move |event| {
                let event: &KeyboardEvent = event.unchecked_ref();
                if event.ctrl_key() || event.alt_key() || event.meta_key() {
                    return;
                }
                if event.key() == "Escape" {
                    return asker.tell(Action::Escape);
                }
                if is_for_text(event) {
                    return;
                }
                if is_presenting && turn_page(event, &asker) {
                    event.prevent_default();
                } else if let Some(wanted) = move_of(event, is_still) {
                    event.prevent_default();
                    wanted.make(&asker, shown.as_deref());
                } else if let Some(action) = action_of(event) {
                    event.prevent_default();
                    asker.tell(action);
                }
            });
        move || drop(listener)
    });
}

fn move_of(event: &KeyboardEvent, is_still: bool) -> Option<Move> {
    let step = |direction, filter| Some(Move::Step(direction, filter));
    match event.key().as_str() {
        " " if is_for_control(event) => None,
        " " => Some(if is_still { Move::Play } else { Move::Pause }),
        "." => step(Direction::Forward, Filter::News),
        "," => step(Direction::Back, Filter::News),
        ">" => step(Direction::Forward, Filter::Moments),
        "<" => step(Direction::Back, Filter::Moments),
        "Home" => Some(Move::Back),
        _ => None,
    }
}

/// The keys of a clicker: on with the lesson, and back. Whether it was one. It cannot answer a
/// question.
fn turn_page(event: &KeyboardEvent, asker: &Asker) -> bool {
    let selector = match event.key().as_str() {
        "PageDown" => "button#primary",
        "PageUp" => "#previous-moment",
        _ => return false,
    };
    let find = |selector| document().query_selector(selector).ok().flatten();
    match find(selector).and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        Some(button) => button.click(),
        None if find("#primary").is_some() => asker.tell(Action::Say(
            "The lesson waits for an answer: choose one, and commit to it.".into(),
        )),
        None => {}
    }
    true
}

fn action_of(event: &KeyboardEvent) -> Option<Action> {
    let tab = |tab| Some(Action::OpenTab(Some(tab)));
    match event.key().as_str() {
        "`" => Some(Action::ToggleTerminal),
        "?" => Some(Action::OpenSheet(Some(Sheet::Keys))),
        "s" => Some(Action::OpenSheet(Some(Sheet::Share))),
        "p" => Some(Action::TogglePresent),
        "1" => tab(Tab::Events),
        "2" => tab(Tab::Beliefs),
        "3" => tab(Tab::Why),
        "4" => tab(Tab::Slots),
        "5" => tab(Tab::Writes),
        _ => None,
    }
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn is_for_text(event: &KeyboardEvent) -> bool {
    target(event)
        .is_some_and(|it| it.matches("input[type=text], textarea, select").unwrap_or(false))
}

/// Whether a space already means something where the focus is.
fn is_for_control(event: &KeyboardEvent) -> bool {
    let controls = "button, a, input, summary, [role=button]";
    target(event).is_some_and(|it| it.matches(controls).unwrap_or(false))
}

/// The screens on which lesson and stage stand one below the other; the style sheet has the same.
const NARROW: &str = "(max-width: 760px)";

/// Whether the screen is narrow, also when it is turned.
#[hook]
pub fn use_is_narrow() -> bool {
    let query = use_memo((), |()| window().match_media(NARROW).ok().flatten());
    let is_narrow = {
        let query = query.clone();
        move || query.as_ref().as_ref().is_some_and(MediaQueryList::matches)
    };
    let state = use_state_eq(is_narrow.clone());
    let setter = state.setter();
    use_effect_with((), move |()| {
        let on_change = move |_: &web_sys::Event| setter.set(is_narrow());
        let listener =
            query.as_ref().as_ref().map(|query| EventListener::new(query, "change", on_change));
        move || drop(listener)
    });
    *state
}
