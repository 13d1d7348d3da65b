//! What the page listens to besides its own parts: the address, the keyboard, and the clock.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use gloo::utils::{document, window};
use hashslot_core::view::{Direction, Filter};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MediaQueryList};
use yew::prelude::*;

use crate::components::timeline::Move;
use crate::lab::Ask;
use crate::model::{Action, Model, Motion};

/// The lesson that a newcomer finds.
const DEFAULT_LESSON: &str = "a-master-dies";

/// How long each event is shown while the page plays. This is the story's pace, not the
/// simulation's: five seconds of silence take no longer than a message of a fifth of a millisecond.
const STORY_PACE_MS: u32 = 600;

/// The id of the lesson that the address asks for, `#lesson=ID`.
#[hook]
pub fn use_lesson_of_address() -> AttrValue {
    let id = use_state_eq(lesson_of_address);
    let setter = id.setter();
    use_effect_with((), move |()| {
        let listener =
            EventListener::new(&window(), "hashchange", move |_| setter.set(lesson_of_address()));
        move || drop(listener)
    });
    (*id).clone()
}

fn lesson_of_address() -> AttrValue {
    let hash = window().location().hash().unwrap_or_default();
    match hash.strip_prefix("#lesson=") {
        Some(id) if !id.is_empty() => id.to_owned().into(),
        _ => DEFAULT_LESSON.into(),
    }
}

/// Shows the next event after a while, again and again, as long as the page plays.
#[hook]
pub fn use_motion(model: &UseReducerHandle<Model>, on_ask: &Callback<Ask>) {
    let on_ask = on_ask.clone();
    use_effect_with((model.motion, model.shown.clone()), move |(motion, _)| {
        let pause_ms = match motion {
            Motion::Still => None,
            Motion::Starting => Some(0),
            Motion::Playing => Some(STORY_PACE_MS),
        };
        let ask = Ask::Step { direction: Direction::Forward, filter: Filter::News };
        let timeout = pause_ms.map(|pause| Timeout::new(pause, move || on_ask.emit(ask)));
        move || drop(timeout)
    });
}

/// The keys of time: space, `.` and `,`, `>` and `<`; and Escape, which closes what lies on top.
#[hook]
pub fn use_keys(model: &UseReducerHandle<Model>, on_move: &Callback<Move>) {
    let (is_still, dispatch) = (model.motion == Motion::Still, model.dispatcher());
    let on_move = on_move.clone();
    use_effect_with(is_still, move |&is_still| {
        // A space would scroll the page as well.
        let active = EventListenerOptions::enable_prevent_default();
        let listener =
            EventListener::new_with_options(&document(), "keydown", active, move |event| {
                let event: &KeyboardEvent = event.unchecked_ref();
                if event.ctrl_key() || event.alt_key() || event.meta_key() || is_for_text(event) {
                    return;
                }
                let step = |direction, filter| Some(Move::Step(direction, filter));
                let wanted = match event.key().as_str() {
                    " " if is_for_control(event) => None,
                    " " => Some(if is_still { Move::Play } else { Move::Pause }),
                    "." => step(Direction::Forward, Filter::News),
                    "," => step(Direction::Back, Filter::News),
                    ">" => step(Direction::Forward, Filter::Moments),
                    "<" => step(Direction::Back, Filter::Moments),
                    "Escape" => return dispatch.dispatch(Action::CloseWhy),
                    _ => None,
                };
                if let Some(wanted) = wanted {
                    event.prevent_default();
                    on_move.emit(wanted);
                }
            });
        move || drop(listener)
    });
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn is_for_text(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|it| it.matches("input[type=text], textarea").unwrap_or(false))
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
