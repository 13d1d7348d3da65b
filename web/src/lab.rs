//! The laboratory of the core, by the names that the page uses for its questions and answers.
//!
//! The lab lives in the worker and owns everything that is simulated; the page only ever holds the
//! plain data that came back.

pub use hashslot_core::lab::{
    Answer, Arrow, Ask, Clock, Exchanged, LINK_LEAD, Lab, Lane, LessonState, Live, Mark, Pause,
    Reason, Request, Response, Served, Shelved, Shown, Watched,
};
pub use hashslot_core::lesson::{Lesson, RunnerAsk};
pub use hashslot_core::view::Redirected;
