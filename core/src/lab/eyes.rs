//! Whose eyes the stage is seen with, and which messages they see.

use crate::view::Traffic;
use crate::world::step::Port;

/// A choice of the person; nothing in the world depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eyes {
    /// A node; nothing for the world, which sees the truth and everybody's beliefs.
    pub by: Option<Port>,
    pub traffic: Traffic,
}
