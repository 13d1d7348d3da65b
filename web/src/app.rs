//! The whole page: where the parts stand.
//!
//! The parts ask the lab through the [`Asker`] in the context, get plain data, and draw it; so each
//! can be read by itself. There are two labs, one for each of the page's [`Worlds`]; the parts are
//! given that of the world which is shown, and know nothing of the other one.

use yew::prelude::*;

use crate::asker::Asker;
use crate::components::dock::Dock;
use crate::components::header::Header;
use crate::components::keys::Keys;
use crate::components::lesson::LessonColumn;
use crate::components::says::Says;
use crate::components::served::ServedColumn;
use crate::components::share::Share;
use crate::components::stage::StagePanel;
use crate::components::terminal::Terminal;
use crate::components::timeline::Timeline;
use crate::files::use_dropped_files;
use crate::hooks::{use_address, use_keys, use_motion, use_patience, use_progress, use_title};
use crate::lab::Ask;
use crate::model::{Model, Sheet, Trouble};
use crate::watching::use_watching;
use crate::worlds::{Offer, World, Worlds, use_world};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub offer: Offer,
}

/// The page.
#[component]
pub fn App(props: &Props) -> Html {
    let (here, page) = use_lab(World::Page);
    let (there, server) = use_lab(World::Served);
    let offer = props.offer;
    let worlds = Worlds { shown: use_world(offer), offer, page: page.clone() };
    use_first_questions(&page);
    use_address(&page, offer);
    use_progress(&here, &page);
    use_title(&here);
    use_dropped_files(&worlds);
    use_patience(&page);
    use_reading(&here, &page);
    use_watching(&there, &server, &worlds);
    let (model, asker) = match worlds.shown {
        World::Page => (&here, &page),
        World::Served => (&there, &server),
    };
    use_motion(model, asker);
    use_keys(model, asker);

    let class = classes!(
        "lab",
        model.desk.tab.map(|_| "with-dock"),
        model.desk.is_presenting.then_some("presenting"),
        (worlds.shown == World::Served).then_some("served"),
    );
    // Each terminal stays, closed or not, so that what stands in it is there when one comes back.
    let terminal = |world: World, model: &Model, asker: &Asker| {
        let is_open = model.desk.is_terminal_open && worlds.shown == world;
        html! {
            <ContextProvider<Asker> context={asker.clone()}>
                <Terminal {is_open} shown={model.shown.clone()} lesson={model.lesson_id.clone()}
                    motion={model.motion} />
            </ContextProvider<Asker>>
        }
    };
    html! {
        <div {class}>
            <ContextProvider<Asker> context={asker.clone()} key={worlds.shown.name()}>
                { parts(model, &here, &worlds) }
            </ContextProvider<Asker>>
            { terminal(World::Page, &here, &page) }
            { terminal(World::Served, &there, &server) }
        </div>
    }
}

/// All parts but the terminals, of the world that is shown.
fn parts(model: &Model, here: &Model, worlds: &Worlds) -> Html {
    let shown = model.shown.as_ref();
    let column = match worlds.shown {
        World::Page => html! {
            <LessonColumn lesson={model.lesson.clone()} id={model.lesson_id.clone()}
                lessons={model.lessons.clone()} state={shown.map(|it| it.lesson.clone())}
                behind={model.behind()}
                trouble={model.trouble.clone()} is_resumed={model.is_resumed}
                is_presenting={model.desk.is_presenting} />
        },
        World::Served => html! {
            <ServedColumn shown={model.shown.clone()} redirects={model.redirects.clone()}
                far_end={model.far_end} />
        },
    };
    html! {
        <>
            <Header lesson={model.lesson.clone()} lessons={here.lessons.clone()}
                open={here.lesson_id.clone()} block={shown.map(|shown| shown.lesson.block)}
                engine={model.engine.clone()} shown={model.shown.clone()}
                worlds={worlds.clone()} />
            { column }
            <StagePanel shown={model.shown.clone()} lesson={model.lesson.clone()}
                motion={model.motion} pace={model.pace} ringed={model.desk.ringed.clone()}
                redirects={model.redirects.clone()} />
            <Dock tab={model.desk.tab} shown={model.shown.clone()} why={model.why.clone()}
                masters={model.lesson.as_ref().map_or(1, |it| it.front.cluster.masters)}
                ringed={model.desk.ringed.clone()} />
            <Timeline shown={model.shown.clone()} motion={model.motion} pace={model.pace}
                far_end={model.far_end} />
            <Says now={shown.and_then(|shown| shown.now.clone())}
                note={model.note.clone()} trouble={said_trouble(model)}
                is_busy={model.is_busy} />
            if model.desk.sheet == Some(Sheet::Share) { <Share /> }
            if model.desk.sheet == Some(Sheet::Keys) {
                <Keys shown={model.shown.clone()} pace={model.pace} />
            }
        </>
    }
}

/// What is known of a world, and the way to its lab.
#[hook]
fn use_lab(world: World) -> (UseReducerHandle<Model>, Asker) {
    let model = use_reducer(Model::default);
    let asker = use_memo((), |_| Asker::new(world, model.dispatcher()));
    (model, (*asker).clone())
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
        // What was refused then was refused for this reason.
        _ if model.far_end.is_away() => Some(AWAY.into()),
        Some(Trouble::Refused(hint)) if model.lesson.is_some() => Some(hint.clone()),
        _ => None,
    }
}

const AWAY: &str = "The connection to the server is lost. What you see is what it said last. The \
                    page tries again by itself.";
