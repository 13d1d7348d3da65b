//! The tools in the corner: the cut, with which a partition is drawn or written, and the way back.
//!
//! The cut is a mode, entered with its button or the key X, so that a plain drag across the stage
//! does nothing. In it a line is drawn between nodes, and those on either side of it are parted;
//! the same partition stands in a field, as text, and can be written there instead.

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions, EventListenerPhase};
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent, PointerEvent};
use yew::prelude::*;

use super::deeds::partition;
use super::drawn::Band;
use super::layout::Layout;
use super::links::band_path;
use super::measure::focus;
use super::plane::{Line, Place};
use crate::asker::use_asker;
use crate::lab::{Answer, Ask};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub layout: Rc<Layout>,
    pub ports: Vec<u16>,
    /// Whether a link is cut or slow, and whether messages are dropped.
    pub is_cut: bool,
    pub is_dropping: bool,
}

/// A drag shorter than this draws nothing.
const SHORTEST: f64 = 24.0;
const START: &str = "$ partition ";

/// The two ends of the line while it is drawn.
type Drag = Option<(Place, Place)>;

#[component]
pub fn Tools(props: &Props) -> Html {
    let asker = use_asker();
    let is_cutting = use_state_eq(|| false);
    let drag = use_state_eq(|| Drag::None);
    let text = use_state_eq(String::new);
    let trouble = use_state_eq(|| None::<AttrValue>);
    let root = use_node_ref();
    let toggle = {
        let (is_cutting, drag) = (is_cutting.clone(), drag.setter());
        let (text, trouble) = (text.setter(), trouble.setter());
        Callback::from(move |wanted: bool| {
            is_cutting.set(wanted);
            drag.set(None);
            text.set(String::new());
            trouble.set(None);
        })
    };
    use_key(*is_cutting, &toggle);
    {
        let root = root.clone();
        use_effect_with(*is_cutting, move |is_cutting| {
            if *is_cutting {
                focus(root.cast(), "#cut-groups");
            }
        });
    }
    let perform = {
        let (asker, toggle, trouble) = (asker.clone(), toggle.clone(), trouble.setter());
        Callback::from(move |line: String| {
            let (toggle, trouble) = (toggle.clone(), trouble.clone());
            asker.act_then(Ask::Do { line }, move |answer| match refusal(answer) {
                Some(why) => trouble.set(Some(why.into())),
                None => toggle.emit(false),
            });
        })
    };
    let heal = |line: &'static str| {
        let asker = asker.clone();
        Callback::from(move |_: MouseEvent| asker.act(Ask::Do { line: line.to_owned() }))
    };
    let onclick = {
        let (toggle, wanted) = (toggle.clone(), !*is_cutting);
        Callback::from(move |_: MouseEvent| toggle.emit(wanted))
    };
    html! {
        <div class={classes!("tools", is_cutting.then_some("cutting"))} ref={root}>
            if *is_cutting {
                <Drawing layout={props.layout.clone()} ports={props.ports.clone()}
                    drag={*drag} on_drag={set(&drag)} on_text={set(&text)}
                    on_draw={perform.clone()} on_trouble={set(&trouble)} />
                { form(&text, &trouble, &perform) }
            }
            <div class="corner">
                <button type="button" id="cut" aria-pressed={is_cutting.to_string()} {onclick}
                    title="Draw a partition (X)">{ "Cut" }</button>
                if props.is_cut {
                    <button type="button" id="heal" onclick={heal("$ heal")}
                        title="End all cuts, and slow no link">{ "Heal" }</button>
                }
                if props.is_dropping {
                    <button type="button" id="undrop" onclick={heal("$ drop none")}
                        title="Lose no messages any more">{ "Drop none" }</button>
                }
            </div>
        </div>
    }
}

fn set<T: 'static>(state: &UseStateHandle<T>) -> Callback<T> {
    let setter = state.setter();
    Callback::from(move |value| setter.set(value))
}

/// Why a line was not done.
pub fn refusal(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Refused { hint } => Some(hint.clone()),
        Answer::Did { printed, .. } => {
            let lead = "(refused) ";
            printed.iter().find_map(|line| line.strip_prefix(lead)).map(str::to_owned)
        }
        _ => None,
    }
}

/// The same as text.
fn form(
    text: &UseStateHandle<String>,
    trouble: &UseStateHandle<Option<AttrValue>>,
    perform: &Callback<String>,
) -> Html {
    let oninput = {
        let (text, trouble) = (text.setter(), trouble.setter());
        Callback::from(move |event: InputEvent| {
            let field = event.target_dyn_into::<HtmlInputElement>();
            text.set(field.map(|field| field.value()).unwrap_or_default());
            trouble.set(None);
        })
    };
    let onsubmit = {
        let (text, perform) = (text.clone(), perform.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            perform.emit(format!("{START}{}", text.trim()));
        })
    };
    html! {
        <form class="cut-form" {onsubmit}>
            <label for="cut-groups">{ "Draw a line between nodes, or write the groups:" }</label>
            <div>
                <input type="text" id="cut-groups" value={(**text).clone()} {oninput}
                    autocomplete="off" spellcheck="false" placeholder="7001 | 7000 7002"
                    aria-describedby="cut-trouble" aria-invalid={trouble.is_some().to_string()} />
                <button type="submit">{ "Cut" }</button>
            </div>
            <p id="cut-trouble" role="status">{ for (**trouble).iter().cloned() }</p>
        </form>
    }
}

/// The key X enters the mode and leaves it; so does Escape. Both before the page's own keys.
#[hook]
fn use_key(is_cutting: bool, toggle: &Callback<bool>) {
    let toggle = toggle.clone();
    use_effect_with(is_cutting, move |&is_cutting| {
        let options = EventListenerOptions { phase: EventListenerPhase::Capture, passive: false };
        let listener =
            EventListener::new_with_options(&document(), "keydown", options, move |event| {
                let event: &KeyboardEvent = event.unchecked_ref();
                let has_more = event.ctrl_key() || event.alt_key() || event.meta_key();
                let wanted = match event.key().as_str() {
                    "x" | "X" if !has_more && !is_for_text(event) => !is_cutting,
                    "Escape" if is_cutting => false,
                    _ => return,
                };
                event.stop_propagation();
                event.prevent_default();
                toggle.emit(wanted);
            });
        move || drop(listener)
    });
}

fn is_for_text(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    let text = "input[type=text], input[type=search], textarea, select, [role=menuitem]";
    target.is_some_and(|it| it.matches(text).unwrap_or(false))
}

#[derive(Properties, PartialEq)]
struct DrawingProps {
    layout: Rc<Layout>,
    ports: Vec<u16>,
    drag: Drag,
    on_drag: Callback<Drag>,
    on_text: Callback<String>,
    on_draw: Callback<String>,
    on_trouble: Callback<Option<AttrValue>>,
}

/// The ground on which the line is drawn, above the whole stage.
#[component]
fn Drawing(props: &DrawingProps) -> Html {
    let ground = use_node_ref();
    let place_of = {
        let ground = ground.clone();
        move |event: &PointerEvent| {
            let area = ground.cast::<Element>().map(|ground| ground.get_bounding_client_rect());
            let (left, top) = area.map_or((0.0, 0.0), |area| (area.left(), area.top()));
            Place::new(f64::from(event.client_x()) - left, f64::from(event.client_y()) - top)
        }
    };
    let onpointerdown = {
        let (place_of, ground, on_drag) = (place_of.clone(), ground.clone(), props.on_drag.clone());
        Callback::from(move |event: PointerEvent| {
            event.prevent_default();
            if let Some(ground) = ground.cast::<Element>() {
                // Without it the line ends where the pointer leaves the stage.
                ground.set_pointer_capture(event.pointer_id()).ok();
            }
            let place = place_of(&event);
            on_drag.emit(Some((place, place)));
        })
    };
    let onpointermove = {
        let (layout, drag, ports) = (props.layout.clone(), props.drag, props.ports.clone());
        let (on_drag, on_text) = (props.on_drag.clone(), props.on_text.clone());
        Callback::from(move |event: PointerEvent| {
            let Some((from, _)) = drag else { return };
            let to = place_of(&event);
            on_drag.emit(Some((from, to)));
            if let Some(line) = parted(from, to, &layout, &ports) {
                on_text.emit(line.strip_prefix(START).unwrap_or(&line).to_owned());
            }
        })
    };
    let onpointerup = {
        let (layout, drag, ports) = (props.layout.clone(), props.drag, props.ports.clone());
        let (on_drag, on_draw) = (props.on_drag.clone(), props.on_draw.clone());
        let on_trouble = props.on_trouble.clone();
        Callback::from(move |_: PointerEvent| {
            on_drag.emit(None);
            let Some((from, to)) = drag.filter(|(from, to)| from.distance(*to) >= SHORTEST) else {
                return;
            };
            match parted(from, to, &layout, &ports) {
                Some(line) => on_draw.emit(line),
                None => on_trouble.emit(Some(
                    "All nodes are on one side of that line: draw it between them.".into(),
                )),
            }
        })
    };
    let oncancel = props.on_drag.reform(|_: PointerEvent| None);
    let drawn = props.drag.filter(|(from, to)| from.distance(*to) >= SHORTEST);
    let band = drawn.map(|(from, to)| band_path(&Band::Across(Line { from, to })));
    let size = props.layout.size;
    html! {
        <svg class="drawing" ref={ground} viewBox={format!("0 0 {} {}", size.width, size.height)}
            aria-hidden="true" {onpointerdown} {onpointermove} {onpointerup}
            onpointercancel={oncancel}>
            <rect class="ground" width="100%" height="100%" />
            { for band }
        </svg>
    }
}

/// The step that parts the nodes on either side of a line; nothing if all are on one side.
fn parted(from: Place, to: Place, layout: &Layout, ports: &[u16]) -> Option<String> {
    let line = Line { from, to };
    let is_left = |port: &u16| layout.spot(*port).is_some_and(|it| line.side(it.place) < 0.0);
    let placed: Vec<u16> =
        ports.iter().copied().filter(|port| layout.spot(*port).is_some()).collect();
    let left: Vec<u16> = placed.iter().copied().filter(is_left).collect();
    let is_parted = from.distance(to) > 1.0 && !left.is_empty() && left.len() < placed.len();
    is_parted.then(|| partition(&left, &placed))
}

#[cfg(test)]
mod tests {
    use super::super::plane::Size;
    use super::super::seating::Seating;
    use super::super::tests::shown;
    use super::*;

    #[test]
    fn a_line_across_the_stage_parts_who_is_on_either_side() {
        let (shown, founding) = shown(3, 1, &[]);
        let size = Size { width: 1000.0, height: 660.0 };
        let layout = Layout::of(&Seating::of(&shown.stage, &founding), size);
        let (top, bottom) = (layout.spot(7000).unwrap().place, layout.spot(7001).unwrap().place);
        let y = f64::midpoint(top.y, bottom.y);
        let across = (Place::new(10.0, y), Place::new(900.0, y));
        let line = parted(across.0, across.1, &layout, &shown.ports);
        assert_eq!(line.as_deref(), Some("$ partition 7000 7003 | 7001 7002 7004 7005"));
        let beside = (Place::new(1.0, 1.0), Place::new(1.0, 600.0));
        assert_eq!(parted(beside.0, beside.1, &layout, &shown.ports), None);
    }

    #[test]
    fn what_was_refused_is_said() {
        let refused = Answer::Refused { hint: "no".to_owned() };
        assert_eq!(refusal(&refused).as_deref(), Some("no"));
        assert_eq!(refusal(&Answer::Why(Vec::new())), None);
    }
}
