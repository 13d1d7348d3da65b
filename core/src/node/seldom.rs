//! What is known of few nodes: something is or was wrong with them, or they announce a name.
//!
//! In a cluster of a thousand there are a million beliefs, nearly all of which have nothing of this
//! to tell; so it takes memory only where there is something.

use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Seldom {
    pub fail_time_ms: u64,
    pub voted_time_ms: u64,
    /// Since when this node, when it last looked for masters without replicas, held it for one.
    pub orphaned_ms: Option<u64>,
    /// Whether the last link to it ended without being restored.
    pub link_lost: bool,
    /// The count of verdicts at which a missed quorum was last noted.
    pub missed_quorum: u64,
    /// The end of the wait that was last noted for a failed master that answers again, in ms.
    pub kept_fail_ms: u64,
    /// The name that it announces.
    pub hostname: Option<Arc<str>>,
}

/// Of a node with which nothing was ever wrong.
pub static NOTHING: Seldom = Seldom {
    fail_time_ms: 0,
    voted_time_ms: 0,
    orphaned_ms: None,
    link_lost: false,
    missed_quorum: 0,
    kept_fail_ms: 0,
    hostname: None,
};
