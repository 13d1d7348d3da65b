//! What a step waits for, while time passes.
//!
//! Most steps are done at once. `run` waits for a moment, `run until` for a condition, a command
//! for its reply. The waiting is apart from the doing, so that whoever drives the world can stop in
//! the middle of it (to keep a checkpoint, to show a moment, to let a page breathe) and go on
//! later: a run in slices is the same run.

use super::condition::Condition;
use super::event::EventKind;
use super::{Trace, World};
use crate::words::{ActorId, EventId, Time};

/// A step that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The event of the step.
    pub event: EventId,
    pub waits: Waits,
}

/// What a step that was begun waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    ForNothing,
    /// The client's last word on all that it was asked, at most until then.
    ForReply {
        client: ActorId,
        limit: Time,
    },
    ForTime {
        limit: Time,
    },
    ForCondition {
        condition: Condition,
        limit: Time,
    },
}

/// How far the waiting came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// What was waited for is there, or the limit is.
    ToTheEnd,
    /// The step still waits; the clock shows the moment at which it was to stop.
    ToTheStop,
}

impl World {
    /// Lets time pass until the step has what it waits for, but not beyond `stop`.
    pub fn wait(&mut self, begun: &Begun, stop: Time, trace: &mut Trace) -> Waited {
        let limit = match begun.waits {
            Waits::ForNothing => return Waited::ToTheEnd,
            Waits::ForReply { limit, .. }
            | Waits::ForTime { limit }
            | Waits::ForCondition { limit, .. } => limit,
        };
        let until = limit.min(stop);
        while !self.is_there(&begun.waits) {
            if self.next_at().is_none_or(|next| next > until) {
                self.run_until(until, trace);
                if until < limit {
                    return Waited::ToTheStop;
                }
                self.end_in_vain(begun, trace);
                break;
            }
            self.step_once(trace);
        }
        Waited::ToTheEnd
    }

    fn is_there(&self, waits: &Waits) -> bool {
        match waits {
            Waits::ForNothing => true,
            Waits::ForReply { client, .. } => !self.is_waiting(*client),
            Waits::ForTime { .. } => false,
            Waits::ForCondition { condition, .. } => self.holds(condition),
        }
    }

    /// The limit has come. Only a condition was waited for in vain; a reply may still come.
    fn end_in_vain(&mut self, begun: &Begun, trace: &mut Trace) {
        if let Waits::ForCondition { condition, .. } = &begun.waits {
            let hint = format!("{condition} did not come true in time");
            let kind = EventKind::Refused(hint.into_boxed_str());
            self.happen(ActorId::WORLD, Some(begun.event), kind, trace);
        }
    }
}
