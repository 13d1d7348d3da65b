//! What can be asked of a lab: plain data for serde.

use serde::{Deserialize, Serialize};

use crate::view::{Direction, EventKinds, Filter, Traffic};
use crate::words::Span;

/// One question, with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    pub ask: Ask,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Version,
    /// Which lessons come with the program.
    Lessons,
    /// Opens a lesson that comes with the program.
    Open {
        lesson: String,
    },
    /// Opens what a person has as a text: a lesson in Markdown, a run that `hashslot` saved, or a
    /// lab that was saved or shared ([`Ask::Link`]). The text itself says which it is.
    OpenText {
        file: String,
        source: String,
    },
    /// The learner has read, or seen, what the lesson showed, or wants its next step done.
    Continue,
    Choose {
        option: usize,
    },
    ChooseAll {
        options: Vec<usize>,
    },
    /// Plays the counter-run of an option.
    WhatIf {
        option: usize,
    },
    /// A line of the learner's own, as in a lesson's `lab`; a step leaves the lesson's run, at the
    /// moment that is shown.
    Do {
        line: String,
    },
    BackToLesson,
    /// Goes to another branch, as [`Lane::branch`](super::Lane) names it.
    Switch {
        branch: usize,
    },
    /// Gives a branch of the learner's own up.
    Drop {
        branch: usize,
    },
    Step {
        direction: Direction,
        filter: Filter,
    },
    Seek {
        elapsed: Span,
    },
    /// Shows the event at this position of the trace.
    ShowEvent {
        position: usize,
    },
    /// Moves on by a span of what is known already, at most to the next moment.
    Pass {
        span: Span,
    },
    /// Lets time pass after the present, until there is a moment to be shown, or for a minute.
    PlayOn,
    /// Whose eyes the stage is drawn with: a node's, or the world's.
    See {
        by: Option<u16>,
    },
    /// Which messages the stage shows.
    ShowTraffic {
        traffic: Traffic,
    },
    Show,
    /// Shows the cluster that is served to real clients.
    Watch,
    /// Back to the present of the served cluster; what was tried in the past is given up.
    Live,
    /// Sets the clock of the served cluster.
    Clock {
        /// How many hundredths of a virtual second go by in a real one.
        speed_percent: Option<u32>,
        paused: Option<bool>,
    },
    /// Why the event at this position of the trace happened.
    Why {
        position: usize,
    },
    /// Why one node holds of another what it does.
    WhyBelief {
        by: u16,
        of: u16,
    },
    /// Why a node is what it is: its last change of role or state, up to the moment that is shown.
    WhyNode {
        node: u16,
    },
    Beliefs,
    Events {
        kinds: EventKinds,
        /// Of one node or client, by its name.
        of: Option<String>,
        /// Only sentences with this in them, whatever its case.
        text: String,
    },
    Slots,
    Writes,
    /// The whole lab as a text for a link, or for a file.
    Link,
    /// The run that is shown as a text that the command line reads.
    SaveRun,
}
