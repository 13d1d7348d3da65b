//! The laboratory: what the page can ask, and what it is told.
//!
//! A `Lab` lives in the worker and owns everything that is simulated. Each request has a number,
//! and every answer carries the number of the request that it belongs to; a request may be
//! answered more than once. It answers for two things: which version it is, and where a key lives.

use hashslot_core::words::{SLOT_COUNT, Slot, hash_tag, slot_of_key};
use serde::{Deserialize, Serialize};

/// One question of the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    pub ask: Ask,
}

/// One answer, with the number of its request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub id: u64,
    pub answer: Answer,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Version,
    FindSlot { key: String },
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Version { version: String, slot_count: u16 },
    Slot(Found),
}

/// Where a key lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub key: String,
    pub slot: Slot,
    /// The same as one sentence.
    pub says: String,
}

/// Answers requests; owns all that is simulated.
#[derive(Debug, Default)]
pub struct Lab {}

impl Lab {
    /// The answers that are due at once, in order.
    pub fn handle(&mut self, request: Request) -> Vec<Response> {
        let answer = match request.ask {
            Ask::Version => Answer::Version {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                slot_count: SLOT_COUNT,
            },
            Ask::FindSlot { key } => Answer::Slot(find(key)),
        };
        vec![Response { id: request.id, answer }]
    }
}

fn find(key: String) -> Found {
    let slot = slot_of_key(key.as_bytes());
    let tag = hash_tag(key.as_bytes());
    let says = if tag.len() == key.len() {
        format!("The key \"{key}\" lives in slot {slot} of {SLOT_COUNT}.")
    } else {
        let tag = String::from_utf8_lossy(tag);
        format!("Only the hash tag \"{tag}\" counts: \"{key}\" lives in slot {slot}.")
    };
    Found { key, slot, says }
}
