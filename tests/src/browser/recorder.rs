//! Everything that the stage has shown: who was marked PFAIL or FAIL by whom, at which moment.
//!
//! The recorder looks once per frame after the page has changed, so that no picture that a person
//! could have seen is missed. A twin without a browser then says whether it was true.

use std::collections::BTreeSet;

use serde_json::Value;

use super::page::Page;

/// A mark on the stage: of whom, by whom, and what.
pub type Mark = (u16, u16, String);

/// What was to be seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Picture {
    /// Microseconds since the cluster was formed.
    pub elapsed: u64,
    pub marks: BTreeSet<Mark>,
}

const START: &str = "
    window.pictures = new Map();
    const look = () => {
        window.isLookDue = false;
        const track = document.querySelector('#track');
        const stage = document.querySelector('#stage');
        if (!track || !stage) return;
        const marks = [...stage.querySelectorAll('.node .opinion')]
            .filter((mark) => ['pfail', 'fail'].includes(mark.dataset.opinion))
            .map((mark) => [Number(mark.closest('.node').dataset.port), Number(mark.dataset.by),
                mark.dataset.opinion]);
        const picture = { elapsed: Number(track.getAttribute('aria-valuenow')), marks };
        window.pictures.set(JSON.stringify(picture), picture);
    };
    new MutationObserver(() => {
        if (window.isLookDue) return;
        window.isLookDue = true;
        requestAnimationFrame(look);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
    look();
    return true;";

impl Page {
    /// Begins to record.
    pub(super) async fn record(&self) {
        self.evaluate(START).await;
    }

    /// All that was seen since, without what was seen twice.
    pub(super) async fn pictures(&self) -> Vec<Picture> {
        let seen = self.evaluate("return [...window.pictures.values()];").await;
        let pictures: BTreeSet<Picture> = seen.as_array().into_iter().flatten().map(read).collect();
        pictures.into_iter().collect()
    }
}

fn read(picture: &Value) -> Picture {
    let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
    let mark = |mark: &Value| {
        Some((port(&mark[0])?, port(&mark[1])?, mark[2].as_str()?.to_owned()))
    };
    let elapsed = picture["elapsed"].as_u64().expect("the timeline says where it is");
    let marks = picture["marks"].as_array().expect("a list");
    let marks = marks.iter().map(|it| mark(it).expect("a mark says of whom and by whom")).collect();
    Picture { elapsed, marks }
}
