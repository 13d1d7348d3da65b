//! The words that every other layer speaks: time, dice, ids, slots, digests, quoted text.

mod by_conn;
mod dice;
mod digest;
mod id;
mod quote;
mod slot;
mod text;
mod time;

pub use by_conn::ByConn;
pub use dice::Dice;
pub use digest::Digest;
pub use id::{ActorId, Addr, ConnId, EventId, NodeId};
pub use quote::{
    QuoteError, QuoteProblem, Word, push_quoted, quote_arg, split_args, split_bytes, split_words,
};
pub use slot::{SLOT_COUNT, Slot, SlotRange, SlotSet, hash_tag, slot_of_key};
pub use text::{TextError, nearest};
pub use time::{ParseSpanError, Span, Time};
