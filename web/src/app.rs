//! The whole page: where the parts stand.
//!
//! The parts ask the lab through the [`Asker`] in the context, get plain data, and draw it; so each
//! can be read by itself.

use yew::prelude::*;

use crate::asker::Asker;
use crate::carrier::Carrier;
use crate::components::dock::Dock;
use crate::components::header::Header;
use crate::components::keys::Keys;
use crate::components::lesson::LessonColumn;
use crate::components::says::Says;
use crate::components::share::Share;
use crate::components::stage::StagePanel;
use crate::components::terminal::Terminal;
use crate::components::timeline::Timeline;
use crate::files::use_dropped_files;
use crate::hooks::{use_address, use_keys, use_motion, use_patience, use_progress};
use crate::lab::Ask;
use crate::model::{Action, Model, Sheet, Trouble};

/// The page.
#[component]
pub fn App() -> Html {
    let model = use_reducer(Model::default);
    let carrier = use_memo((), |_| {
        let dispatch = model.dispatcher();
        Carrier::start(move |why| dispatch.dispatch(Action::Lost(why)))
    });
    let asker = use_memo((), |_| Asker::new((*carrier).clone(), model.dispatcher()));
    let asker = (*asker).clone();
    use_first_questions(&asker);
    use_address(&asker);
    use_progress(&model, &asker);
    use_dropped_files(&asker);
    use_patience(&asker);
    use_reading(&model, &asker);
    use_motion(&model, &asker);
    use_keys(&model, &asker);

    let shown = model.shown.as_ref();
    let class = classes!(
        "lab",
        model.desk.tab.map(|_| "with-dock"),
        model.desk.is_presenting.then_some("presenting"),
    );
    html! {
        <ContextProvider<Asker> context={asker}>
            <div {class}>
                <Header lesson={model.lesson.clone()} lessons={model.lessons.clone()}
                    open={model.lesson_id.clone()} block={shown.map(|shown| shown.lesson.block)}
                    engine={model.engine.clone()} shown={model.shown.clone()} />
                <LessonColumn lesson={model.lesson.clone()} id={model.lesson_id.clone()}
                    lessons={model.lessons.clone()} state={shown.map(|it| it.lesson.clone())}
                    trouble={model.trouble.clone()} is_resumed={model.is_resumed}
                    is_presenting={model.desk.is_presenting} />
                <StagePanel shown={model.shown.clone()} lesson={model.lesson.clone()}
                    motion={model.motion} pace={model.pace} ringed={model.desk.ringed.clone()} />
                <Dock tab={model.desk.tab} shown={model.shown.clone()} why={model.why.clone()}
                    masters={model.lesson.as_ref().map_or(1, |it| it.front.cluster.masters)}
                    ringed={model.desk.ringed.clone()} />
                <Terminal is_open={model.desk.is_terminal_open} shown={model.shown.clone()}
                    lesson={model.lesson_id.clone()} motion={model.motion} />
                <Timeline shown={model.shown.clone()} motion={model.motion} pace={model.pace} />
                <Says now={shown.and_then(|shown| shown.now.clone())}
                    note={model.note.clone()} trouble={said_trouble(&model)}
                    is_busy={model.is_busy} />
                if model.desk.sheet == Some(Sheet::Share) { <Share /> }
                if model.desk.sheet == Some(Sheet::Keys) {
                    <Keys shown={model.shown.clone()} pace={model.pace} />
                }
            </div>
        </ContextProvider<Asker>>
    }
}

/// Asks once which version answers, and which lessons there are.
#[hook]
fn use_first_questions(asker: &Asker) {
    let asker = asker.clone();
    use_effect_with((), move |()| {
        asker.play(Ask::Version);
        asker.play(Ask::Lessons);
    });
}

/// Goes on by itself past text and pointers: once for each block, whatever else is answered
/// meanwhile.
#[hook]
fn use_reading(model: &UseReducerHandle<Model>, asker: &Asker) {
    let file = model.lesson.as_ref().map(|lesson| lesson.file.clone());
    let block = model.shown.as_ref().map(|shown| shown.lesson.block);
    let can_read_on = model.shown.as_ref().is_some_and(|shown| shown.lesson.can_read_on());
    let asker = asker.clone();
    use_effect_with((file, block, can_read_on), move |&(_, _, can_read_on)| {
        if can_read_on {
            asker.act(Ask::Continue);
        }
    });
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
