//! Views: what a front end draws, as plain data in the learner's words.
//!
//! A front end reads views and sends steps; it holds no rule. Every view says *whose* view it is.

mod back;
mod beliefs;
pub mod english;
mod events;
mod explain;
mod facts;
mod flights;
mod hashing;
mod list;
mod log;
mod names;
mod own_writes;
mod redirects;
mod rules;
mod sentence;
mod slot_map;
mod stage;
mod timeline;
pub mod typing;
mod writes;

pub use beliefs::{BeliefOf, Beliefs, beliefs};
pub use events::{named, sentence_of};
pub use explain::{Because, why, why_belief, why_node};
pub use flights::{Flight, Traffic, flights};
pub use hashing::{Hashing, POLYNOMIAL, hashing, shifts};
pub use list::{EventKinds, EventList, event_list};
pub use log::{log_lines_of, log_of};
pub use names::Names;
pub use own_writes::{Fate, OwnWrite, own_writes};
pub use redirects::{Redirected, redirects};
pub use rules::{RULES, rule_of};
pub use sentence::{Sentence, counted, spoken_ms};
pub use slot_map::{SlotMap, owner_in, slot_map};
pub use stage::{
    Arc, Fault, NodeOnStage, OpinionOnStage, RoleOnStage, Stage, Truth, stage, stage_seen_by,
};
pub use timeline::{Direction, Filter, Moment, Moments, Told, is_news, next_shown, tell};
pub use writes::{Copies, Follower, KEYS_MAX, Stream, Writes, writes};

use crate::world::World;

impl Names {
    /// The names of all who are, or were, in a world.
    pub fn of(world: &World) -> Names {
        let mut names = Names::default();
        for actor in world.actors() {
            names.add_actor(actor, world.name(actor));
        }
        for (actor, id) in world.node_ids() {
            names.add_id(id, actor);
        }
        names
    }
}
