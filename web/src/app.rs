//! The whole page: what it knows, what it asks, and where the parts stand.
//!
//! `App` is the only component that speaks to the worker. The others get plain data and report
//! intentions; so each can be read, and tested, by itself.

use yew::prelude::*;

use crate::carrier::Carrier;
use crate::components::header::Header;
use crate::components::lesson::Lesson;
use crate::components::says::{Says, Tone};
use crate::components::stage::Stage;
use crate::components::timeline::Timeline;
use crate::lab::{Answer, Ask, Found};

/// The page.
#[component]
pub fn App() -> Html {
    let lost = use_state(|| None::<AttrValue>);
    let engine = use_state(|| None::<AttrValue>);
    let found = use_state(|| None::<Found>);

    let carrier = use_memo((), |_| {
        let lost = lost.setter();
        Carrier::start(move |why| lost.set(Some(why.into())))
    });
    use_version(&carrier, &engine);

    let on_find = {
        let found = found.setter();
        use_callback(carrier, move |key: String, carrier| {
            let found = found.clone();
            carrier.send(Ask::FindSlot { key }, move |answer| {
                if let Answer::Slot(slot) = answer {
                    found.set(Some(slot));
                }
            });
        })
    };

    let (tone, sentence) = match (&*lost, &*found) {
        (Some(why), _) => (Tone::Alarm, lost_sentence(why)),
        (None, Some(found)) => (Tone::News, found.says.clone().into()),
        (None, None) => (Tone::Quiet, "Nothing has happened yet.".into()),
    };
    html! {
        <div class="lab">
            <Header title="Where a key lives" engine={(*engine).clone()} />
            <Lesson {on_find} />
            <Stage found={(*found).clone()} />
            <Timeline />
            <Says {tone} {sentence} />
        </div>
    }
}

/// Asks the worker once which version it is: the sign that it lives.
#[hook]
fn use_version(carrier: &Carrier, engine: &UseStateHandle<Option<AttrValue>>) {
    let carrier = carrier.clone();
    let engine = engine.setter();
    use_effect_with((), move |()| {
        carrier.send(Ask::Version, move |answer| {
            if let Answer::Version { version, .. } = answer {
                engine.set(Some(version.into()));
            }
        });
    });
}

fn lost_sentence(why: &str) -> AttrValue {
    format!("The simulation has stopped. Reload the page to start again. What it said: {why}")
        .into()
}
