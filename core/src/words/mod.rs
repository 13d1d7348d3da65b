//! The words that every other layer speaks: time, dice, ids, slots, digests.

mod dice;
mod digest;
mod id;
mod slot;
mod time;

pub use dice::Dice;
pub use digest::Digest;
pub use id::{ActorId, Addr, ConnId, EventId, NodeId};
pub use slot::{SLOT_COUNT, Slot, SlotRange, SlotSet, hash_tag, slot_of_key};
pub use time::{ParseSpanError, Span, Time};
