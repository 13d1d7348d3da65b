//! Views: what a front end draws, as plain data in the learner's words.
//!
//! A front end reads views and sends steps; it holds no rule. Every view says *whose* view it is.

pub mod english;
mod events;
mod explain;
mod facts;
mod names;
mod sentence;
mod stage;
mod timeline;

pub use events::{named, sentence_of};
pub use explain::{Because, why};
pub use names::Names;
pub use sentence::{Sentence, counted, spoken_ms};
pub use stage::{
    Arc, Beliefs, NodeOnStage, OpinionOnStage, RoleOnStage, Stage, Truth, beliefs, stage,
};
pub use timeline::{Direction, Filter, Moment, Told, is_news, moments, next_shown, tell};

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
