//! The whole page: what it knows, what it asks, and where the parts stand.
//!
//! `App` is the only component that speaks to the worker. The others get plain data and report
//! intentions; so each can be read, and tested, by itself.

use yew::prelude::*;

use crate::carrier::Carrier;
use crate::components::header::Header;
use crate::components::lesson::LessonColumn;
use crate::components::says::Says;
use crate::components::stage::Stage;
use crate::components::timeline::{Move, Timeline};
use crate::components::why::Why;
use crate::hooks::{use_keys, use_lesson_of_address, use_motion};
use crate::lab::{Ask, RunnerAsk};
use crate::model::{Action, Model, Trouble};

/// The page.
#[component]
pub fn App() -> Html {
    let model = use_reducer(Model::default);
    let carrier = use_memo((), |_| {
        let dispatch = model.dispatcher();
        Carrier::start(move |why| dispatch.dispatch(Action::Lost(why)))
    });
    let (on_ask, on_do) = use_asks(&carrier, &model);
    let lesson_id = use_lesson_of_address();
    {
        let (on_ask, dispatch) = (on_ask.clone(), model.dispatcher());
        use_effect_with(lesson_id.clone(), move |id| {
            dispatch.dispatch(Action::Leave);
            on_ask.emit(Ask::Open { lesson: id.to_string() });
        });
    }
    use_reading(&model, &on_do);
    use_motion(&model, &on_ask);
    let on_move = use_moves(&model, &on_ask);
    use_keys(&model, &on_move);

    let on_why = use_callback((on_ask.clone(), model.dispatcher()), |position, (on_ask, model)| {
        model.dispatch(Action::Pause);
        on_ask.emit(Ask::Why { position });
    });
    let on_close_why =
        use_callback(model.dispatcher(), |(), model| model.dispatch(Action::CloseWhy));
    let shown = model.shown.as_ref();
    html! {
        <div class="lab">
            <Header lesson={model.lesson.clone()} lessons={model.lessons.clone()}
                open={lesson_id} block={shown.map(|shown| shown.lesson.block)}
                engine={model.engine.clone()} />
            <LessonColumn model={(*model).clone()} {on_do} />
            <section class="stage" aria-label="Stage">
                if let (Some(lesson), Some(shown)) = (&model.lesson, shown) {
                    <Stage stage={shown.stage.clone()} arrow={shown.arrow.clone()}
                        masters={lesson.front.cluster.masters} looked_at={looked_at(&model)} />
                }
            </section>
            if let (Some(reasons), Some(shown)) = (&model.why, shown) {
                <Why reasons={reasons.clone()} shown={shown.now.as_ref().map(|now| now.position)}
                    on_move={on_move.clone()} on_close={on_close_why} />
            }
            <Timeline shown={model.shown.clone()} motion={model.motion} {on_move} />
            <Says now={shown.and_then(|shown| shown.now.clone())}
                trouble={said_trouble(&model)} {on_why} />
        </div>
    }
}

/// How to ask: to look at something, and to do something in the lesson, after which the stage
/// follows. Both at first ask once which version answers, and which lessons there are.
#[hook]
fn use_asks(carrier: &Carrier, model: &UseReducerHandle<Model>) -> (Callback<Ask>, Callback<Ask>) {
    let to_look = use_callback((carrier.clone(), model.dispatcher()), |ask, (carrier, model)| {
        let model = model.clone();
        carrier.send(ask, move |answer| model.dispatch(Action::Answered(answer)));
    });
    let to_do = use_callback((carrier.clone(), model.dispatcher()), |ask, (carrier, model)| {
        let model = model.clone();
        carrier.send(ask, move |answer| model.dispatch(Action::Moved(answer)));
    });
    let ask_first = to_look.clone();
    use_effect_with((), move |()| {
        ask_first.emit(Ask::Version);
        ask_first.emit(Ask::Lessons);
    });
    (to_look, to_do)
}

/// Goes on by itself past text and pointers: once for each block, whatever else is answered
/// meanwhile.
#[hook]
fn use_reading(model: &UseReducerHandle<Model>, on_do: &Callback<Ask>) {
    let file = model.lesson.as_ref().map(|lesson| lesson.file.clone());
    let block = model.shown.as_ref().map(|shown| shown.lesson.block);
    let on_do = on_do.clone();
    use_effect_with((file, block, model.can_read_on()), move |&(_, _, can_read_on)| {
        if can_read_on {
            on_do.emit(Ask::Continue);
        }
    });
}

/// What the controls of time do.
#[hook]
fn use_moves(model: &UseReducerHandle<Model>, on_ask: &Callback<Ask>) -> Callback<Move> {
    let deps = (on_ask.clone(), model.dispatcher());
    use_callback(deps, |wanted: Move, (on_ask, model)| {
        let ask = match wanted {
            Move::Play => return model.dispatch(Action::Play),
            Move::Pause => return model.dispatch(Action::Pause),
            Move::Step(direction, filter) => Ask::Step { direction, filter },
            Move::Seek(elapsed) => Ask::Seek { elapsed },
            Move::ShowEvent(position) => Ask::ShowEvent { position },
            Move::BackToLesson => Ask::BackToLesson,
        };
        model.dispatch(Action::Pause);
        on_ask.emit(ask);
    })
}

/// What the says line has to say beyond events. A lesson that could not be opened is said where
/// the lesson would stand.
fn said_trouble(model: &Model) -> Option<AttrValue> {
    match &model.trouble {
        Some(Trouble::Lost(why)) => Some(
            format!(
                "The simulation has stopped. Reload the page to start again. What it said: {why}"
            )
            .into(),
        ),
        Some(Trouble::Refused(hint)) if model.lesson.is_some() => Some(hint.clone()),
        _ => None,
    }
}

/// The nodes that the lesson points at, until the next step is done.
fn looked_at(model: &Model) -> Vec<u16> {
    use hashslot_core::lesson::Block;
    let (Some(lesson), Some(shown)) = (&model.lesson, &model.shown) else { return Vec::new() };
    if matches!(shown.lesson.ask, RunnerAsk::Done) {
        return Vec::new();
    }
    let passed = lesson.blocks.iter().take(shown.lesson.block).rev();
    let texts = passed.take_while(|block| matches!(block, Block::Prose(_) | Block::Look(_)));
    let sights = texts.filter_map(|block| match block {
        Block::Look(look) => Some(&look.sights),
        _ => None,
    });
    sights.flatten().flat_map(|sight| sight.ports()).map(|port| port.number()).collect()
}
